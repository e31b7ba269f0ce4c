//! Every variant of the protocol gives both sites the same key under its own bound, and none that has no proof runs.

use std::collections::VecDeque;
use std::sync::Arc;

use diqkd_auth::KeyPool;
use diqkd_core::{Role, SessionId};
use diqkd_entropy::Theorem;
use diqkd_protocol::wire::{ChunkKind, Frame, Message};
use diqkd_protocol::{
    Abort, Agreement, Event, FlipProbability, KeyBases, LinkConfig, Report, Session, SessionParams,
    SetupError, Variant,
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
        let table = devices::record(site, 11, false);
        site.finish_recording(table);
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
    ] {
        let params = params(variant);
        let agreement = Arc::new(Agreement::derive(&params).unwrap().unwrap());
        assert_eq!(agreement.certificate.bound().name(), bound);
        let (ends, _) = run([Role::Alice, Role::Bob].map(|role| session(role, &params, &agreement)));
        let [alice, bob] = ends.map(|end| end.unwrap_or_else(|abort| panic!("{bound}: {abort}")));
        assert_eq!(alice.0, bob.0, "{bound}");
        assert_eq!(alice.0.len() as u64, agreement.certificate.key_bits() / 64, "{bound}");
        // Alice flips key rounds and leaves the tests alone. 7400 key rounds: standard deviation at most 0.0013.
        let observed = bob.1.observed.unwrap();
        assert!(
            (observed.qber() - variant.flips.get() - 0.001).abs() < 0.008,
            "{bound}: {}",
            observed.qber()
        );
        assert!(observed.omega() > 0.98, "{bound}: {}", observed.omega());
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
    let agreement = Arc::new(Agreement::derive(&params(Variant::default())).unwrap().unwrap());
    let mut pool = KeyPool::new(vec![1; 100_000]);
    let rng = Box::new(StdRng::seed_from_u64(0));
    let other = params(Variant { both_test_settings: true, ..Variant::default() });
    let refused =
        Session::with_agreement(Role::Alice, other, agreement, &mut pool, rng, LinkConfig::stream(), 0);
    assert!(matches!(refused, Err(SetupError::Agreement)));
}
