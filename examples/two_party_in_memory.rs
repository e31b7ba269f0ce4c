//! Both parties of the protocol in one process, without sockets, clocks or threads: bytes go in, bytes come out.
//!
//! ```sh
//! cargo run --release --example two_party_in_memory           # honest devices
//! cargo run --release --example two_party_in_memory -- lhv    # devices without entanglement: no key
//! ```

use std::error::Error;

use diqkd_core::Role;
use diqkd_examples::{session, session_params, trials};
use diqkd_protocol::{Event, Session};
use diqkd_sim::Strategy;

fn main() -> Result<(), Box<dyn Error>> {
    let strategy = std::env::args().nth(1).map_or(Ok(Strategy::Honest), |name| name.parse())?;
    let params = session_params(250_000)?;
    // Both sites derive code, leak cap and key length from the parameters, before the first round.
    let mut alice = session(Role::Alice, &params, 1)?;
    let mut bob = session(Role::Bob, &params, 2)?;
    println!(
        "{} rounds, {} key bits certified beforehand",
        params.rounds,
        alice.agreement().certificate.key_bits()
    );

    let (recorded_by_alice, recorded_by_bob) = trials(&alice, strategy, 3)?;
    alice.finish_recording(recorded_by_alice);
    bob.finish_recording(recorded_by_bob);

    // A session never waits: whoever drives it carries frames both ways until nobody has one.
    let mut bytes = 0;
    loop {
        let mut idle = true;
        while let Some(frame) = alice.poll_transmit(0) {
            (idle, bytes) = (false, bytes + frame.len());
            bob.handle_frame(&frame, 0);
        }
        while let Some(frame) = bob.poll_transmit(0) {
            (idle, bytes) = (false, bytes + frame.len());
            alice.handle_frame(&frame, 0);
        }
        if idle {
            break;
        }
    }
    println!("{bytes} bytes went over the channel");
    let (alice, bob) = (ending(&mut alice), ending(&mut bob));
    println!("equal at both sites: {}", alice.is_some() && alice == bob);
    Ok(())
}

/// Tells how a session ended and gives its keys.
fn ending(session: &mut Session) -> Option<Vec<Vec<u8>>> {
    let mut keys = None;
    while let Some(event) = session.poll_event() {
        match event {
            Event::Key { key, report } => {
                println!("{}: {} bits, leak {} bits", session.role(), key.length_bits(), report.leak.0);
                // Bob scores the game; Alice never learns his outcomes.
                if let Some(seen) = report.observed {
                    println!("{} of {} tests won, Q = {:.4}", seen.wins, seen.tests, seen.qber());
                }
                keys = Some(key.into_keys(256).into_iter().map(|key| key.secret.to_vec()).collect());
            }
            Event::Aborted(abort) => println!("{}: no key: {abort}", session.role()),
            _ => {}
        }
    }
    keys
}
