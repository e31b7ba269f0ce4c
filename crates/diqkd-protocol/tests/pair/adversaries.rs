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

/// A strategy that wins 0.85 of the test rounds where Alice's setting is stuck at 0 in 60 % of those that ask for 1:
/// the Bell test alone would pass, and everything be known.
#[test]
fn a_biased_setting_ends_the_session_before_the_bell_test_is_fooled() {
    for role in [Role::Alice, Role::Bob] {
        let params = params(ROUNDS);
        let mut alice = session(Role::Alice, &params, LinkConfig::stream(), 50);
        let mut bob = session(Role::Bob, &params, LinkConfig::stream(), 51);
        let (mut a, mut b) = tables(&alice, Strategy::BiasedSettings, 50);
        let own = if role == Role::Alice { &mut a } else { &mut b };
        let mut stuck = LocalTable::new();
        for mut trial in own.iter() {
            if trial.setting == Setting::from_bit(true) && trial.round % 5 < 3 {
                trial.setting = Setting::from_bit(false);
            }
            stuck.push(trial).unwrap();
        }
        *own = stuck;
        alice.finish_recording(a);
        bob.finish_recording(b);
        let (alice_end, bob_end, _) = over_a_stream(alice, bob);
        let (own_end, peer_end) =
            if role == Role::Alice { (alice_end, bob_end) } else { (bob_end, alice_end) };
        assert!(
            matches!(own_end, End::Aborted(Abort::SettingsBiased { role: of, .. }) if of == role),
            "{own_end:?}"
        );
        assert!(matches!(peer_end, End::Aborted(_)), "{peer_end:?}");
    }
}
