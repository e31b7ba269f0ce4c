//! Both parties of the protocol in one process, without sockets, clocks or threads: bytes go in, bytes come out.
//!
//! ```sh
//! cargo run --release --example two_party_in_memory           # honest devices
//! cargo run --release --example two_party_in_memory -- lhv    # devices without entanglement: no key
//! ```

use std::error::Error;

use diqkd_core::Role;
use diqkd_examples::{listen, session, session_params, trials};
use diqkd_protocol::Event;
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

    // A session never waits: whoever drives it hears what it says and carries frames both ways until nobody has one.
    let (mut alice_has, mut bob_has, mut bytes) = (None, None, 0);
    loop {
        listen(&mut alice, |event| tell("alice", event, &mut alice_has));
        listen(&mut bob, |event| tell("bob", event, &mut bob_has));
        let before = bytes;
        while let Some(frame) = alice.poll_transmit(0) {
            bytes += frame.len();
            bob.handle_frame(&frame, 0);
        }
        while let Some(frame) = bob.poll_transmit(0) {
            bytes += frame.len();
            alice.handle_frame(&frame, 0);
        }
        if bytes == before {
            break;
        }
    }
    println!("{bytes} bytes went over the channel");
    println!("equal at both sites: {}", alice_has.is_some() && alice_has == bob_has);
    Ok(())
}

/// Tells how a session ended and keeps its keys.
fn tell(site: &str, event: Event, keys: &mut Option<Vec<Vec<u8>>>) {
    match event {
        Event::Key { key, report } => {
            println!("{site}: {} bits, leak {} bits", key.length_bits(), report.leak.0);
            // Bob scores the game; Alice never learns his outcomes.
            if let Some(seen) = report.observed {
                println!("{} of {} tests won, Q = {:.4}", seen.wins, seen.tests, seen.qber());
            }
            *keys = Some(key.into_keys(256).into_iter().map(|key| key.secret.to_vec()).collect());
        }
        Event::Aborted(abort) => println!("{site}: no key: {abort}"),
        _ => {}
    }
}
