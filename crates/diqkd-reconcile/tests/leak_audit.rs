//! Counts what is on the wire, bit by bit, and compares it with what is reported.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use diqkd_reconcile::Bits;
use diqkd_reconcile::bench::random_pair;
use diqkd_reconcile::interactive::{
    Alice, Blind, Bob, Cascade, Interactive, Reaction, SymmetricBlind, converse,
};

/// The messages of one conversation.
#[derive(Debug, Default, PartialEq, Eq)]
struct Transcript {
    from_alice: Vec<Bits>,
    from_bob: Vec<Bits>,
}

fn bits(messages: &[Bits]) -> u64 {
    messages.iter().map(|message| message.len() as u64).sum()
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

/// Bob's messages depend on the errors alone: the same errors under another key give the same questions.
#[test]
fn what_bob_says_does_not_depend_on_the_key() {
    for (name, scheme) in schemes(10_000, 0.03) {
        let (a, b) = random_pair(10_000, 0.03, 8);
        let (mask, _) = random_pair(10_000, 0.03, 9);
        let masked = |string: &Bits| string.clone() ^ &*mask;
        let (wire, _) = tap(&mut *scheme.alice(&a).unwrap(), scheme.bob(&b).unwrap());
        let (other, _) = tap(&mut *scheme.alice(&masked(&a)).unwrap(), scheme.bob(&masked(&b)).unwrap());
        assert!(wire.from_bob == other.from_bob, "{name}");
        assert!(wire.from_alice != other.from_alice, "{name}");
    }
}
