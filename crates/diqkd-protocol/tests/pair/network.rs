//! Virtual time and a bad network: either both sites hold the same keys, or somebody says why not. Never different
//! keys, never a hang.

use std::collections::BTreeMap;

use rand::RngExt;

use super::*;

#[derive(Clone, Copy, Debug)]
struct Network {
    drop: f64,
    corrupt: f64,
    duplicate: f64,
    max_delay_ms: u64,
}

/// Runs both sessions until neither has anything to do before `until_ms`.
fn run(mut alice: Session, mut bob: Session, network: Network, seed: u64) -> (Option<End>, Option<End>) {
    let mut rng = StdRng::seed_from_u64(seed);
    let mut on_the_way: BTreeMap<(u64, u64), (Role, Vec<u8>)> = BTreeMap::new();
    let mut ends = [None, None];
    let (mut now, mut serial) = (0, 0);
    while now < VIRTUAL_LIMIT_MS {
        for (session, end) in [&mut alice, &mut bob].into_iter().zip(&mut ends) {
            events(session, end);
            while let Some(mut frame) = session.poll_transmit(now) {
                let copies = 1 + usize::from(rng.random_bool(network.duplicate));
                for _ in 0..copies {
                    if rng.random_bool(network.drop) {
                        continue;
                    }
                    if rng.random_bool(network.corrupt) {
                        let at = rng.random_range(0..frame.len());
                        frame[at] ^= 1 << rng.random_range(0..8);
                    }
                    let arrives = now + 1 + rng.random_range(0..=network.max_delay_ms);
                    serial += 1;
                    on_the_way.insert((arrives, serial), (session.role(), frame.clone()));
                }
            }
        }
        let arrival = on_the_way.keys().next().map(|&(time, _)| time);
        let Some(next) = [arrival, alice.poll_timeout(), bob.poll_timeout()].into_iter().flatten().min()
        else {
            break;
        };
        now = now.max(next);
        while on_the_way.keys().next().is_some_and(|&(time, _)| time <= now) {
            if let Some((_, (sender, frame))) = on_the_way.pop_first() {
                match sender {
                    Role::Alice => bob.handle_frame(&frame, now),
                    Role::Bob => alice.handle_frame(&frame, now),
                }
            }
        }
        for session in [&mut alice, &mut bob] {
            if session.poll_timeout().is_some_and(|due| due <= now) {
                session.handle_timeout(now);
            }
        }
        if alice.is_flushed() && bob.is_flushed() && ends.iter().all(Option::is_some) {
            break;
        }
    }
    let [alice_end, bob_end] = ends;
    (alice_end, bob_end)
}

fn recorded(seed: u64) -> (Session, Session) {
    let params = params(ROUNDS);
    let mut alice = session(Role::Alice, &params, LinkConfig::lossy(), seed);
    let mut bob = session(Role::Bob, &params, LinkConfig::lossy(), seed + 1);
    let (a, b) = tables(&alice, Strategy::Honest, seed);
    alice.finish_recording(a);
    bob.finish_recording(b);
    (alice, bob)
}

#[test]
fn a_bad_network_delays_the_same_key() {
    for seed in 0..4 {
        let network = Network { drop: 0.2, corrupt: 0.1, duplicate: 0.1, max_delay_ms: 300 };
        let (alice, bob) = recorded(seed);
        let (alice, bob) = run(alice, bob, network, seed);
        let (Some(alice), Some(bob)) = (alice, bob) else { panic!("seed {seed}: a site never ended") };
        let (alice, bob) = (alice.key_bytes(), bob.key_bytes());
        assert!(alice.is_some(), "seed {seed}: no key at alice");
        assert_eq!(alice, bob, "seed {seed}");
    }
}

#[test]
fn a_hopeless_network_ends_in_an_abort_or_the_same_key() {
    // The last network loses everything.
    let mut aborted = 0;
    for seed in 0..6 {
        let network =
            Network { drop: 0.4 + 0.12 * seed as f64, corrupt: 0.3, duplicate: 0.2, max_delay_ms: 5000 };
        let (alice, bob) = recorded(40 + seed);
        let (alice, bob) = run(alice, bob, network, seed);
        for end in [&alice, &bob].into_iter().flatten() {
            if let End::Aborted(abort) = end {
                aborted += 1;
                assert!(!abort.to_string().is_empty());
            }
        }
        if let (Some(alice), Some(bob)) = (alice.and_then(End::key_bytes), bob.and_then(End::key_bytes)) {
            assert_eq!(alice, bob, "seed {seed}");
        }
    }
    assert!(aborted > 0, "the network was not bad enough to abort anything");
}

const VIRTUAL_LIMIT_MS: u64 = 24 * 3600 * 1000;
