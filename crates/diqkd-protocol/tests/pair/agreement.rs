//! Honest sites over a perfect stream.

use super::*;

#[test]
fn honest_sites_get_the_same_keys_under_the_same_ids() {
    let params = params(ROUNDS);
    let mut alice = session(Role::Alice, &params, LinkConfig::stream(), 1);
    let mut bob = session(Role::Bob, &params, LinkConfig::stream(), 2);
    let certified = alice.agreement().certificate.key_bits();
    let assumptions = alice.agreement().certificate.assumptions().to_vec();
    assert_eq!(certified, bob.agreement().certificate.key_bits());
    let leak = alice.agreement().leak.total();
    let (a, b) = tables(&alice, Strategy::Honest, 3);
    alice.send_sync_sample(&[1, 2, 3]);
    alice.finish_recording(a);
    bob.finish_recording(b);
    let (alice_end, bob_end, wire) = over_a_stream(alice, bob);
    let End::Key(_, report) = &bob_end else { panic!("bob has no key: {bob_end:?}") };
    assert_eq!((report.key_bits, report.leak), (certified, leak));
    let observed = report.observed.as_ref().expect("bob observes");
    // 12,700 test rounds: sigma of omega 0.0033; 237,000 key rounds: sigma of Q 0.00025. Six sigma: 2e-9 each.
    assert!((observed.omega() - 0.834_625).abs() < 0.02, "{}", observed.omega());
    assert!((observed.qber() - 0.0144).abs() < 0.0015, "{}", observed.qber());
    assert_eq!(observed.tests, report.test_rounds);
    // Nothing was dropped, and what stays open has its name among the certificate's assumptions.
    assert_eq!(report.dropped_rounds, 0);
    let open: Vec<_> = report.loopholes.open().collect();
    assert_eq!(open, [Loophole::Locality, Loophole::SettingIndependence]);
    for (loophole, status) in report.loopholes.iter() {
        if let LoopholeStatus::Assumed { under, .. } = status {
            let named = under.is_some_and(|assumption| assumptions.contains(&assumption));
            assert!(named, "{loophole}: {status}");
        }
    }
    assert_eq!(observed.tests + observed.key_rounds, ROUNDS);

    let (alice_keys, bob_keys) =
        (alice_end.key_bytes().expect("alice has a key"), bob_end.key_bytes().unwrap());
    assert_eq!(alice_keys, bob_keys);
    assert_eq!(alice_keys.len() as u64, certified / 256);
    assert!(wire.len() < 64, "{} frames", wire.len());
}

#[test]
fn a_site_with_swapped_outcomes_gets_no_key() {
    let params = params(ROUNDS);
    let mut alice = session(Role::Alice, &params, LinkConfig::stream(), 1);
    let mut bob = session(Role::Bob, &params, LinkConfig::stream(), 2);
    let (a, b) = tables(&alice, Strategy::Honest, 3);
    alice.finish_recording(a);
    bob.finish_recording(swapped(&b));
    let (alice_end, bob_end, _) = over_a_stream(alice, bob);
    assert!(matches!(bob_end, End::Aborted(Abort::ReconciliationFailed { .. })), "{bob_end:?}");
    assert!(matches!(alice_end, End::Aborted(Abort::PeerAborted)), "{alice_end:?}");
}

#[test]
fn different_parameters_abort_by_name() {
    let ours = params(ROUNDS);
    let theirs = SessionParams { omega_threshold: WinProbability::new(0.83).unwrap(), ..ours.clone() };
    let alice = session(Role::Alice, &ours, LinkConfig::stream(), 1);
    let bob = session(Role::Bob, &theirs, LinkConfig::stream(), 2);
    let (alice_end, bob_end, _) = over_a_stream(alice, bob);
    let named = |end: &End| matches!(end, End::Aborted(Abort::ParametersDiffer { field: "omega_threshold" }));
    assert!(named(&alice_end) || named(&bob_end), "{alice_end:?} {bob_end:?}");
}

#[test]
fn too_few_rounds_and_wrong_settings_abort() {
    let params = params(ROUNDS);
    let mut alice = session(Role::Alice, &params, LinkConfig::stream(), 1);
    let (a, b) = tables(&alice, Strategy::Honest, 3);
    let mut short = LocalTable::new();
    a.iter().take(ROUNDS as usize - 1).for_each(|trial| short.push(trial).unwrap());
    alice.finish_recording(short);
    let mut end = None;
    events(&mut alice, &mut end);
    assert!(
        matches!(end, Some(End::Aborted(Abort::TooFewRounds { observed, needed })) if observed + 1 == needed),
        "{end:?}"
    );

    let mut bob = session(Role::Bob, &params, LinkConfig::stream(), 2);
    let mut shifted = LocalTable::new();
    b.iter().for_each(|trial| shifted.push(LocalTrial { round: trial.round + 1, ..trial }).unwrap());
    bob.finish_recording(shifted);
    events(&mut bob, &mut end);
    assert!(
        matches!(end, Some(End::Aborted(Abort::SettingsInconsistent { role: Role::Bob, .. }))),
        "{end:?}"
    );
}

#[test]
fn too_few_rounds_for_a_key_are_refused_before_the_first_round() {
    let params = params(20_000);
    let rng = Box::new(StdRng::seed_from_u64(0));
    let refused =
        Session::new(Role::Alice, params.clone(), &mut pool(&params), rng, LinkConfig::stream(), 0).unwrap();
    let abort = refused.expect_err("no key from so few rounds");
    assert!(matches!(abort, Abort::NoPositiveKey(_)));
    assert_eq!(abort.observed(), Some(20_000.0));
    assert!(abort.threshold().is_some_and(|least| least > 20_000.0), "{abort}");
}

#[test]
fn a_short_key_pool_is_an_error_of_the_caller() {
    let params = params(ROUNDS);
    let mut pool = KeyPool::new(vec![7; params.key_pool_bytes() - 1]);
    let rng = Box::new(StdRng::seed_from_u64(0));
    assert!(Session::new(Role::Alice, params, &mut pool, rng, LinkConfig::stream(), 0).is_err());
}

#[test]
fn a_round_that_one_site_lacks_is_dropped_at_both() {
    let params = params(ROUNDS);
    let mut alice = session(Role::Alice, &params, LinkConfig::stream(), 1);
    let mut bob = session(Role::Bob, &params, LinkConfig::stream(), 2);
    let (a, b) = tables(&alice, Strategy::Honest, 3);
    let thin = |table: &LocalTable, lost: u64| {
        let mut kept = LocalTable::new();
        table
            .iter()
            .enumerate()
            .filter(|&(i, _)| i as u64 % 1000 != lost)
            .for_each(|(_, t)| kept.push(t).unwrap());
        kept
    };
    alice.finish_recording(thin(&a, 17));
    bob.finish_recording(thin(&b, 400));
    let (alice_end, bob_end, _) = over_a_stream(alice, bob);
    let End::Key(_, report) = &bob_end else { panic!("bob has no key: {bob_end:?}") };
    // Of the first 250,000 shared rounds' neighbourhood, Bob lacks one in a thousand.
    assert!((240..=260).contains(&report.dropped_rounds), "{}", report.dropped_rounds);
    assert_eq!(alice_end.key_bytes(), bob_end.key_bytes());
}
