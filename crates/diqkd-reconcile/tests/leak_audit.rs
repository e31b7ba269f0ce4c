//! Counts what is on the wire, bit by bit, and compares it with what is reported.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use diqkd_reconcile::Bits;
use diqkd_reconcile::bench::random_pair;
use diqkd_reconcile::interactive::{
    Alice, Blind, Bob, Cascade, Interactive, Message, Reaction, SymmetricBlind, converse,
};

/// The messages of one conversation.
#[derive(Debug, Default, PartialEq, Eq)]
struct Transcript {
    from_alice: Vec<Message>,
    from_bob: Vec<Message>,
}

fn values(messages: &[Message]) -> u64 {
    messages.iter().map(|message| message.values.len() as u64).sum()
}

fn bits(messages: &[Message]) -> u64 {
    values(messages) + messages.iter().map(|message| message.differences.len() as u64).sum::<u64>()
}

/// Carries messages itself, so that nothing that is not in the transcript passes.
fn tap(alice: &mut dyn Alice, mut bob: Box<dyn Bob + '_>) -> (Transcript, Bits) {
    let mut transcript = Transcript::default();
    let mut said = alice.open();
    loop {
        transcript.from_alice.push(said.clone());
        match bob.hear(&said).unwrap() {
            Reaction::Ask(question) => {
                said = alice.answer(&question).unwrap();
                transcript.from_bob.push(question);
            }
            Reaction::Finish(last) => {
                transcript.from_bob.push(last);
                return (transcript, bob.estimate());
            }
        }
    }
}

fn schemes(n: u64, qber: f64) -> Vec<(&'static str, Box<dyn Interactive>)> {
    vec![
        ("cascade-original", Box::new(Cascade::original(n, qber, 1).unwrap())),
        ("cascade", Box::new(Cascade::modified(n, qber, 1).unwrap())),
        ("blind", Box::new(Blind::design(n, qber).unwrap())),
        ("symmetric-blind", Box::new(SymmetricBlind::design(n, qber).unwrap())),
        ("cascade-frugal", Box::new(Cascade::modified(n, qber, 1).unwrap().frugal())),
    ]
}

#[test]
fn every_bit_on_the_wire_is_reported() {
    for qber in [0.02, 0.07] {
        for (name, scheme) in schemes(10_000, qber) {
            for seed in 0..3 {
                let (a, b) = random_pair(10_000, qber, seed);
                let outcome = converse(&mut *scheme.alice(&a).unwrap(), scheme.bob(&b).unwrap()).unwrap();
                let (wire, estimate) = tap(&mut *scheme.alice(&a).unwrap(), scheme.bob(&b).unwrap());
                assert_eq!(bits(&wire.from_alice), outcome.leak.from_alice_bits(), "{name}");
                assert_eq!(bits(&wire.from_bob), outcome.leak.from_bob_bits(), "{name}");
                assert_eq!(values(&wire.from_alice) + values(&wire.from_bob), outcome.leak.bits(), "{name}");
                assert_eq!(wire.from_alice.len(), outcome.round_trips as usize, "{name}");
                assert!(estimate == outcome.estimate, "{name}");
            }
        }
    }
}

/// Replays the transcript to a fresh Bob: what he finds, he finds from those bits alone.
#[test]
fn the_transcript_is_all_that_bob_needs() {
    for (name, scheme) in schemes(10_000, 0.03) {
        let (a, b) = random_pair(10_000, 0.03, 7);
        let (wire, estimate) = tap(&mut *scheme.alice(&a).unwrap(), scheme.bob(&b).unwrap());
        let mut bob = scheme.bob(&b).unwrap();
        for (said, expected) in wire.from_alice.iter().zip(&wire.from_bob) {
            let (Reaction::Ask(reply) | Reaction::Finish(reply)) = bob.hear(said).unwrap();
            assert!(&reply == expected, "{name}");
        }
        assert!(bob.estimate() == estimate, "{name}");
        assert!(estimate == a, "{name}");
    }
}

/// What is not counted as leak depends on the errors alone: it is the same under another key, for which other values
/// are told about as many positions.
#[test]
fn what_is_not_counted_does_not_depend_on_the_key() {
    for (name, scheme) in schemes(10_000, 0.03) {
        let (a, b) = random_pair(10_000, 0.03, 8);
        let (mask, _) = random_pair(10_000, 0.03, 9);
        let masked = |string: &Bits| string.clone() ^ &*mask;
        let (wire, _) = tap(&mut *scheme.alice(&a).unwrap(), scheme.bob(&b).unwrap());
        let (other, _) = tap(&mut *scheme.alice(&masked(&a)).unwrap(), scheme.bob(&masked(&b)).unwrap());
        let pairs = |ends: fn(&Transcript) -> &[Message]| ends(&wire).iter().zip(ends(&other));
        assert_eq!(wire.from_alice.len(), other.from_alice.len(), "{name}");
        for (one, two) in pairs(|wire| &wire.from_alice).chain(pairs(|wire| &wire.from_bob)) {
            assert!(one.differences == two.differences, "{name}");
            assert_eq!(one.values.len(), two.values.len(), "{name}");
            assert!(one.values.len() < 40 || one.values != two.values, "{name}");
        }
    }
}
