//! Every variant of the protocol gives both sites the same key under its own bound, and none that has no proof runs.

use std::collections::VecDeque;
use std::sync::Arc;

use diqkd_auth::KeyPool;
use diqkd_core::{Assumption, Role, SessionId, TestProbability};
use diqkd_entropy::Theorem;
use diqkd_protocol::wire::{ChunkKind, Frame, Message};
use diqkd_protocol::{
    Abort, Agreement, Event, FlagSource, FlipProbability, KeyBases, LinkConfig, Report, Session,
    SessionParams, SetupError, Stage, Variant,
};
use rand::SeedableRng;
use rand::rngs::StdRng;

use crate::devices;

type Keys = Vec<(diqkd_core::KeyId, Vec<u8>)>;

fn params(variant: Variant) -> SessionParams {
    SessionParams { rounds: 8192, variant, ..devices::params(SessionId([3; 16])) }
}

fn session(role: Role, params: &SessionParams, agreement: &Arc<Agreement>) -> Session {
    let bytes = agreement.key_pool_bytes(params);
    let mut pool = KeyPool::new((0..bytes).map(|i| (i * 131 % 251) as u8).collect());
    let rng = Box::new(StdRng::seed_from_u64(role as u64));
    let session = Session::with_agreement(
        role,
        params.clone(),
        Arc::clone(agreement),
        &mut pool,
        rng,
        LinkConfig::stream(),
        0,
    );
    let session = session.unwrap().unwrap();
    assert_eq!(pool.remaining_bits(), 0, "the agreement says how much key a session takes");
    session
}

/// Runs both sites over a perfect stream; their keys, reports or aborts, and the wire.
#[expect(clippy::type_complexity, reason = "what a run gives, taken apart at once by its callers")]
fn run(mut sites: [Session; 2]) -> ([Result<(Keys, Report), Abort>; 2], Vec<(Role, Vec<u8>)>) {
    let mut ends = [const { None }; 2];
    let mut wire = Vec::new();
    let mut queue = VecDeque::new();
    for site in &mut sites {
        if site.params().variant.flags == FlagSource::Expanded {
            site.finish_recording(devices::record(site, 11, false));
        } else {
            let (table, raised) = devices::record_with_flags(site, 11, false);
            site.finish_recording_with_flags(table, &raised);
        }
    }
    loop {
        for (site, end) in sites.iter_mut().zip(&mut ends) {
            loop {
                while site.poll_journal().is_some() {}
                site.journalled();
                match site.poll_event() {
                    Some(Event::Key { key, report }) => {
                        let keys = key.into_keys(64).into_iter().map(|key| (key.id, key.secret.to_vec()));
                        *end = Some(Ok((keys.collect(), *report)));
                        site.key_stored();
                    }
                    Some(Event::Aborted(abort)) => *end = Some(Err(abort)),
                    Some(_) => {}
                    None => break,
                }
            }
            while let Some(frame) = site.poll_transmit(0) {
                queue.push_back((site.role(), frame));
            }
        }
        let Some((sender, frame)) = queue.pop_front() else { break };
        sites[1 - sender as usize].handle_frame(&frame, 0);
        wire.push((sender, frame));
    }
    (ends.map(|end| end.expect("the session ended")), wire)
}

fn local(alice: f64, bob: f64) -> FlagSource {
    let [alice, bob] = [alice, bob].map(|p| TestProbability::nearest(p).unwrap());
    FlagSource::Local { alice, bob }
}

fn flips(q: f64) -> FlipProbability {
    FlipProbability::nearest(q).unwrap()
}

#[test]
fn every_variant_ends_with_the_same_key_under_its_own_bound() {
    let mut lengths = Vec::new();
    for (variant, bound) in [
        (Variant::default(), "chsh"),
        (Variant { both_test_settings: true, ..Variant::default() }, "chsh-two-basis-tests"),
        (Variant { flips: flips(0.01), ..Variant::default() }, "npp"),
        (
            Variant { flips: flips(0.01), both_test_settings: true, ..Variant::default() },
            "npp-two-basis-tests",
        ),
        (Variant { key_bases: KeyBases::Two, ..Variant::default() }, "two-basis"),
        (Variant { key_bases: KeyBases::Two, flips: flips(0.01), ..Variant::default() }, "npp-two-basis"),
        (Variant { padded: true, ..Variant::default() }, "chsh"),
        (Variant { flags: local(0.25, 0.25), ..Variant::default() }, "chsh"),
        (Variant { flags: local(0.2, 0.3), flips: flips(0.01), padded: true, ..Variant::default() }, "npp"),
    ] {
        let params = params(variant);
        let agreement = Arc::new(Agreement::derive(&params).unwrap().unwrap());
        assert_eq!(agreement.certificate.bound().name(), bound);
        let (ends, _) = run([Role::Alice, Role::Bob].map(|role| session(role, &params, &agreement)));
        let [alice, bob] = ends.map(|end| end.unwrap_or_else(|abort| panic!("{bound}: {abort}")));
        assert_eq!(alice.0, bob.0, "{bound}");
        assert_eq!(alice.0.len() as u64, agreement.certificate.key_bits() / 64, "{bound}");
        // Alice flips key rounds and leaves the tests alone. 7400 key rounds: standard deviation at most 0.0013.
        let observed = bob.1.observed.clone().unwrap();
        assert!(
            (observed.qber() - variant.flips.get() - 0.001).abs() < 0.008,
            "{bound}: {}",
            observed.qber()
        );
        assert!(observed.omega() > 0.98, "{bound}: {}", observed.omega());
        assert_eq!(observed.tests + observed.key_rounds, params.rounds);
        let drawn_at_the_sites = variant.flags != FlagSource::Expanded;
        for report in [&alice.1, &bob.1] {
            assert_eq!(report.unlike_flags > 0, drawn_at_the_sites);
            assert_eq!(report.dropped_rounds > 0, drawn_at_the_sites);
        }
        assert_eq!(alice.1.unlike_flags, bob.1.unlike_flags);
        // What the proof counts as tests is what happens: standard deviation at most 32 of 8192 rounds.
        let expected = agreement.certificate.gamma() * params.rounds as f64;
        assert!((observed.tests as f64 - expected).abs() < 6.0 * 32.0, "{} {expected}", observed.tests);
        assert_eq!(agreement.certificate.local_flags().is_some(), drawn_at_the_sites);
        let expanded = agreement.certificate.assumptions().contains(&Assumption::ExpandedTestFlags);
        assert_eq!(expanded, !drawn_at_the_sites, "{bound}");
        assert_eq!(alice.1.padding_bits > 0, variant.padded);
        lengths.push(agreement.certificate.key_bits());
    }
    // The bounds that count more of what Alice does are longer.
    assert!(lengths[1] > lengths[0] && lengths[4] > lengths[1], "{lengths:?}");
    assert_eq!(lengths[6], lengths[0]);
}

#[test]
fn a_padded_session_says_nothing_about_the_string() {
    let said = |padded: bool| {
        let params = params(Variant { padded, ..Variant::default() });
        let agreement = Arc::new(Agreement::derive(&params).unwrap().unwrap());
        let (ends, wire) = run([Role::Alice, Role::Bob].map(|role| session(role, &params, &agreement)));
        let report = ends[0].as_ref().unwrap().1.clone();
        let mut about = Vec::new();
        let mut bits = 0;
        for (sender, frame) in wire {
            let Ok(Frame::Data { kind, payload, .. }) = Frame::parse(&frame, sender, params.session) else {
                continue;
            };
            match Message::decode(kind, payload).unwrap() {
                Message::Chunk {
                    kind: ChunkKind::Syndrome | ChunkKind::FailedFrames | ChunkKind::RetryBits,
                    bytes,
                    ..
                } => {
                    bits += 8 * bytes.len() as u64;
                    about.extend(bytes);
                }
                Message::VerificationTag { tag, .. } => {
                    bits += 128;
                    about.extend(tag.to_le_bytes());
                }
                _ => {}
            }
        }
        (about, bits, report)
    };
    let (clear, _, plain) = said(false);
    let (padded, bits, report) = said(true);
    assert_eq!(
        (plain.padding_bits, report.padding_bits),
        (0, bits),
        "every bit about the string has its pad"
    );
    assert_eq!(clear.len(), padded.len());
    // The pads of the tests are the bytes i * 131 % 251 from where the lanes end.
    let from = params(Variant::default()).key_pool_bytes();
    let syndrome: Vec<u8> = clear.iter().zip(&padded).map(|(a, b)| a ^ b).take(20).collect();
    let pads: Vec<u8> = (from..from + 20).map(|i| (i * 131 % 251) as u8).collect();
    assert_eq!(syndrome, pads);
    assert!(report.unpadded_outcomes >= 2);
}

#[test]
fn sites_with_different_variants_part_by_name() {
    let plain = params(Variant::default());
    for (field, variant) in [
        ("key_bases", Variant { key_bases: KeyBases::Two, ..Variant::default() }),
        ("flips", Variant { flips: flips(0.01), ..Variant::default() }),
        ("both_test_settings", Variant { both_test_settings: true, ..Variant::default() }),
        ("padded", Variant { padded: true, ..Variant::default() }),
        ("test_flags", Variant { flags: local(0.25, 0.25), ..Variant::default() }),
    ] {
        let other = params(variant);
        let agreements = [&plain, &other].map(|params| Arc::new(Agreement::derive(params).unwrap().unwrap()));
        let (ends, _) =
            run([session(Role::Alice, &plain, &agreements[0]), session(Role::Bob, &other, &agreements[1])]);
        let named =
            ends.iter().any(|end| matches!(end, Err(Abort::ParametersDiffer { field: f }) if *f == field));
        assert!(named, "{field}: {ends:?}");
    }
}

#[test]
fn a_variant_without_a_proof_is_refused() {
    let variant = Variant { flips: flips(0.01), ..Variant::default() };
    let unproved = SessionParams { theorem: Theorem::ReatBasic, ..params(variant) };
    assert!(matches!(Agreement::derive(&unproved), Err(SetupError::Entropy(_))));
    let noisy = params(Variant { key_bases: KeyBases::Two, flips: flips(0.4), ..Variant::default() });
    assert!(matches!(Agreement::derive(&noisy), Err(SetupError::Entropy(_))));
    let flags = local(0.25, 0.25);
    let expanded_bases = params(Variant { key_bases: KeyBases::Two, flags, ..Variant::default() });
    assert!(matches!(Agreement::derive(&expanded_bases), Err(SetupError::Variant { .. })));
    let unproved =
        SessionParams { theorem: Theorem::Geat, ..params(Variant { flags, ..Variant::default() }) };
    assert!(matches!(Agreement::derive(&unproved), Err(SetupError::Entropy(_))));
    let agreement = Arc::new(Agreement::derive(&params(Variant::default())).unwrap().unwrap());
    let mut pool = KeyPool::new(vec![1; 100_000]);
    let rng = Box::new(StdRng::seed_from_u64(0));
    let other = params(Variant { both_test_settings: true, ..Variant::default() });
    let refused =
        Session::with_agreement(Role::Alice, other, agreement, &mut pool, rng, LinkConfig::stream(), 0);
    assert!(matches!(refused, Err(SetupError::Agreement)));
}

/// A site's flags leave it only when both stations have stopped, a recording without flags is not taken for one with, and
/// one whose settings contradict its flags ends the session.
#[test]
fn flags_are_revealed_after_the_run_and_have_to_fit() {
    let params = params(Variant { flags: local(0.25, 0.25), ..Variant::default() });
    let agreement = Arc::new(Agreement::derive(&params).unwrap().unwrap());
    let sites = || [Role::Alice, Role::Bob].map(|role| session(role, &params, &agreement));
    let reason = |mut site: Session| loop {
        while site.poll_journal().is_some() {}
        site.journalled();
        if let Some(Event::Aborted(abort)) = site.poll_event() {
            return abort.reason();
        }
    };
    let [mut alice, mut bob] = sites();
    let (table, raised) = devices::record_with_flags(&alice, 11, false);
    alice.finish_recording(table.clone());
    assert_eq!(reason(alice), "invalid-recording");
    let (_, others) = devices::record_with_flags(&bob, 12, false);
    bob.finish_recording_with_flags(table.clone(), &others);
    assert_eq!(reason(bob), "settings-inconsistent");

    let [mut alice, mut bob] = sites();
    let exchange = |alice: &mut Session, bob: &mut Session| {
        let mut kinds = Vec::new();
        loop {
            let before = kinds.len();
            for from in [Role::Alice, Role::Bob] {
                let (sender, receiver) =
                    if from == Role::Alice { (&mut *alice, &mut *bob) } else { (&mut *bob, &mut *alice) };
                while sender.poll_journal().is_some() {}
                sender.journalled();
                while sender.poll_event().is_some() {}
                while let Some(frame) = sender.poll_transmit(0) {
                    if let Ok(Frame::Data { kind, .. }) = Frame::parse(&frame, from, params.session) {
                        kinds.push(kind);
                    }
                    receiver.handle_frame(&frame, 0);
                }
            }
            if kinds.len() == before {
                return kinds;
            }
        }
    };
    alice.finish_recording_with_flags(table, &raised);
    let while_bob_records = exchange(&mut alice, &mut bob);
    assert!(while_bob_records.iter().all(|&kind| kind < 32), "{while_bob_records:?}");
    let (table, raised) = devices::record_with_flags(&bob, 11, false);
    bob.finish_recording_with_flags(table, &raised);
    assert_eq!(exchange(&mut alice, &mut bob).iter().filter(|&&kind| kind == 39).count(), 2);
}

/// Runs both sites in steps of a millisecond; decoding takes `decoding_ms` of Bob's clock. When each of his frames left, with
/// the time at which the frame before had reached him, and how he ended.
fn times_of_bob(answer_after_ms: u32, decoding_ms: u64) -> (Vec<(u64, u64)>, Result<Keys, Abort>) {
    let variant = Variant { answer_after_ms, ..Variant::default() };
    let params = params(variant);
    let agreement = Arc::new(Agreement::derive(&params).unwrap().unwrap());
    let [mut alice, mut bob] = [Role::Alice, Role::Bob].map(|role| session(role, &params, &agreement));
    for site in [&mut alice, &mut bob] {
        site.finish_recording(devices::record(site, 11, false));
    }
    let (mut times, mut end, mut heard_ms, mut busy_until) = (Vec::new(), None, 0, 0);
    for now in 0..3000 {
        for site in [&mut alice, &mut bob] {
            loop {
                while site.poll_journal().is_some() {}
                site.journalled();
                match (site.poll_event(), site.role()) {
                    (Some(Event::Key { key, .. }), role) => {
                        let keys = key.into_keys(64).into_iter().map(|key| (key.id, key.secret.to_vec()));
                        if role == Role::Bob {
                            end = Some(Ok(keys.collect()));
                        }
                        site.key_stored();
                    }
                    (Some(Event::Aborted(abort)), Role::Bob) => end = Some(Err(abort)),
                    (Some(_), _) => {}
                    (None, _) => break,
                }
            }
        }
        while let Some(frame) = alice.poll_transmit(now) {
            let before = bob.stage();
            bob.handle_frame(&frame, now);
            heard_ms = now;
            if (before, bob.stage()) == (Stage::Reconciling, Stage::Verifying) {
                busy_until = now + decoding_ms;
            }
        }
        if now >= busy_until {
            while let Some(frame) = bob.poll_transmit(now) {
                times.push((heard_ms, now));
                alice.handle_frame(&frame, now);
            }
        }
    }
    (times, end.expect("the session ended"))
}

#[test]
fn the_time_of_an_answer_says_nothing_about_the_decoder() {
    let (at_once, key) = times_of_bob(0, 40);
    let bits = |keys: &Keys| keys.iter().map(|(_, bits)| bits.clone()).collect::<Vec<_>>();
    let key = bits(&key.unwrap());
    assert!(
        at_once.iter().any(|&(heard, left)| left == heard + 40),
        "without a fixed time the decoder is seen: {at_once:?}"
    );
    let runs = [1, 40, 300].map(|decoding_ms| times_of_bob(300, decoding_ms));
    for (times, same) in &runs {
        assert_eq!(times, &runs[0].0);
        assert_eq!(times.iter().filter(|(heard, left)| left - heard == 300).count(), 1, "{times:?}");
        assert_eq!(same.as_ref().map(bits).ok(), Some(key.clone()));
    }
    let (_, late) = times_of_bob(300, 301);
    assert_eq!(late, Err(Abort::AnswerLate { took_ms: 301, limit_ms: 300 }));
}
