//! Devices without entanglement never yield a key.

use super::*;

fn run(strategy: Strategy, seed: u64) -> (End, End) {
    let params = params(ROUNDS);
    let mut alice = session(Role::Alice, &params, LinkConfig::stream(), seed);
    let mut bob = session(Role::Bob, &params, LinkConfig::stream(), seed + 1);
    let (a, b) = tables(&alice, strategy, seed);
    alice.finish_recording(a);
    bob.finish_recording(b);
    let (alice_end, bob_end, _) = over_a_stream(alice, bob);
    (alice_end, bob_end)
}

#[test]
fn local_hidden_variables_get_no_key() {
    for strategy in [Strategy::LocalHiddenVariables, Strategy::LocalWithMemory] {
        for seed in 0..2 {
            let (alice, bob) = run(strategy, 100 + seed);
            assert!(matches!(alice, End::Aborted(Abort::PeerAborted)), "{strategy} {seed}: {alice:?}");
            assert!(
                matches!(
                    bob,
                    End::Aborted(Abort::BellViolationTooLow { .. } | Abort::ReconciliationFailed { .. })
                ),
                "{strategy} {seed}: {bob:?}"
            );
        }
    }
}

#[test]
fn a_detection_loophole_station_gets_no_key() {
    let (alice, bob) = run(Strategy::DetectionLoophole, 7);
    assert!(matches!(alice, End::Aborted(_)) && matches!(bob, End::Aborted(_)), "{alice:?} {bob:?}");
}
