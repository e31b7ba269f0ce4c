//! A peer who holds the key and says what he likes. Authentication is no help against him: whatever he says, in whatever
//! state, ends in an abort or goes on, and no key comes out that has not passed what its own site checks.

#![cfg(test)]

use std::sync::{Arc, OnceLock};

use diqkd_auth::KeyPool;
use diqkd_core::{
    LocalTable, LocalTrial, Outcome, Qber, Role, SessionId, Setting, TestProbability, WinProbability,
};
use proptest::prelude::*;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::agreement::Agreement;
use crate::event::Event;
use crate::lanes::Lanes;
use crate::link::{Link, LinkConfig, LinkKeys};
use crate::params::SessionParams;
use crate::params::tests::oxford;
use crate::session::Session;
use crate::wire::{ChunkKind, Message};

const MAX_BATCHES: u32 = 40;

/// As in `tests/simulation`: the smallest block that gives a key, of devices that none can have.
fn params() -> SessionParams {
    SessionParams {
        session: SessionId([9; 16]),
        gamma: TestProbability::nearest(0.1).unwrap(),
        omega_threshold: WinProbability::new(0.8535).unwrap(),
        qber_design: Qber::new(0.002).unwrap(),
        omega_design: WinProbability::new(0.99).unwrap(),
        max_codeword_bits: 1 << 14,
        eps_sound: diqkd_core::Epsilon::new(0.01).unwrap(),
        verification_tag_bits: 32,
        key_length_bits: 64,
        max_batches: MAX_BATCHES,
        ..oxford(4096)
    }
}

fn pool() -> KeyPool {
    KeyPool::new((0..params().key_pool_bytes()).map(|i| (i * 131 % 251) as u8).collect())
}

fn session(role: Role) -> Session {
    static AGREEMENT: OnceLock<Arc<Agreement>> = OnceLock::new();
    let agreement = AGREEMENT.get_or_init(|| Arc::new(Agreement::derive(&params()).unwrap().unwrap()));
    let rng = Box::new(StdRng::seed_from_u64(role as u64));
    let (agreement, link) = (Arc::clone(agreement), LinkConfig::stream());
    let session = Session::with_agreement(role, params(), agreement, &mut pool(), rng, link, 0);
    let mut session = session.unwrap().unwrap();
    let (mut flags, mut rng, mut table) = (session.test_flags(), StdRng::seed_from_u64(7), LocalTable::new());
    for round in 0..params().rounds {
        let (x, y, a) = (rng.random::<bool>(), rng.random::<bool>(), rng.random::<bool>());
        let slip = rng.random_bool(0.001);
        let (setting, outcome) = match (flags.is_test(round), role) {
            (true, Role::Alice) => (Setting::from_bit(x), a),
            (true, Role::Bob) => (Setting::from_bit(y), a ^ (x && y) ^ slip),
            (false, Role::Alice) => (Setting::ALICE_KEY, a),
            (false, Role::Bob) => (Setting::BOB_KEY, a ^ slip),
        };
        table.push(LocalTrial { round, setting, outcome: Outcome::from_bit(outcome) }).unwrap();
    }
    session.finish_recording(table);
    session
}

/// Reads what one site says, and says something else to the other one in its name.
struct Between {
    ear: Link,
    mouth: Link,
}

impl Between {
    fn new(speaker: Role) -> Self {
        let link = |role| {
            let Lanes { signer, verifier, check_key, .. } =
                Lanes::split(&mut pool(), role, MAX_BATCHES).unwrap();
            let keys = LinkKeys { signer, verifier, check_key };
            Link::new(&params(), role, LinkConfig::stream(), keys, 0)
        };
        Self { ear: link(speaker.peer()), mouth: link(speaker) }
    }
}

/// What is done to one message.
#[derive(Clone, Debug)]
enum Deed {
    Drop,
    Twice,
    /// One byte of its payload is another one.
    Alter {
        at: usize,
        xor: u8,
    },
    Cut {
        to: usize,
    },
    Extend {
        by: Vec<u8>,
    },
    /// Something else comes before it.
    Before {
        kind: u8,
        payload: Vec<u8>,
    },
    /// The last piece is not the last, or the other way round.
    Last,
}

fn deed() -> impl Strategy<Value = Deed> {
    let bytes = || prop::collection::vec(any::<u8>(), 0..48);
    let kinds = prop_oneof![1..=9u8, 32..=39u8];
    prop_oneof![
        Just(Deed::Drop),
        Just(Deed::Twice),
        (any::<usize>(), 1..=255u8).prop_map(|(at, xor)| Deed::Alter { at, xor }),
        any::<usize>().prop_map(|to| Deed::Cut { to }),
        bytes().prop_map(|by| Deed::Extend { by }),
        (kinds, bytes()).prop_map(|(kind, payload)| Deed::Before { kind, payload }),
        Just(Deed::Last),
    ]
}

/// The messages that come of one; none where its bytes are no message any more.
fn done_to(message: &Message, deed: &Deed) -> Vec<Message> {
    let read = |kind, payload: &[u8]| Message::decode(kind, payload).ok();
    let mut payload = message.encode();
    match deed {
        Deed::Drop => return Vec::new(),
        Deed::Twice => return vec![message.clone(), message.clone()],
        Deed::Before { kind, payload } => {
            return read(*kind, payload).into_iter().chain([message.clone()]).collect();
        }
        Deed::Last => {
            if let Message::Chunk { kind, last, bytes } = message.clone() {
                return vec![Message::Chunk { kind, last: !last, bytes }];
            }
        }
        Deed::Alter { at, xor } => {
            let len = payload.len().max(1);
            payload.get_mut(at % len).into_iter().for_each(|byte| *byte ^= xor);
        }
        Deed::Cut { to } => payload.truncate(to % (payload.len() + 1)),
        Deed::Extend { by } => payload.extend_from_slice(by),
    }
    read(message.kind(), &payload).into_iter().collect()
}

/// How a conversation ended at each site: whether there is a key, and whether it may be used.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct End {
    key: bool,
    usable: bool,
    aborted: bool,
}

/// Runs a conversation in which the messages of these numbers, counted over both directions, are altered. The messages as they
/// were heard, and how it ended.
fn converse(deeds: &[(usize, Deed)]) -> (Vec<Message>, [End; 2]) {
    let mut sites = [Role::Alice, Role::Bob].map(session);
    let mut between = [Role::Alice, Role::Bob].map(Between::new);
    let (mut ends, mut heard) = ([End::default(); 2], Vec::new());
    loop {
        let before = heard.len();
        for from in 0..2 {
            loop {
                while sites[from].poll_journal().is_some() {}
                sites[from].journalled();
                match sites[from].poll_event() {
                    Some(Event::Key { key, report }) => {
                        assert_eq!(key.length_bits() as u64, report.key_bits);
                        ends[from].key = true;
                        sites[from].key_stored();
                    }
                    Some(Event::Confirmed) => ends[from].usable = true,
                    Some(Event::Aborted(_)) => ends[from].aborted = true,
                    Some(_) => {}
                    None => break,
                }
            }
            while let Some(frame) = sites[from].poll_transmit(0) {
                for message in between[from].ear.receive(&frame, 0).unwrap() {
                    let number = heard.len();
                    heard.push(message.clone());
                    let altered = deeds.iter().find(|(at, _)| *at == number);
                    let said =
                        altered.map_or_else(|| vec![message.clone()], |(_, deed)| done_to(&message, deed));
                    // With his pads used up he has to be silent.
                    said.iter().for_each(|message| drop(between[from].mouth.send(message)));
                }
                while let Some(frame) = between[from].mouth.poll_transmit(0) {
                    sites[1 - from].handle_frame(&frame, 0);
                }
            }
        }
        if heard.len() == before {
            return (heard, ends);
        }
    }
}

#[test]
fn whoever_repeats_what_he_hears_lets_a_key_through() {
    let (heard, ends) = converse(&[]);
    assert_eq!(ends, [End { key: true, usable: true, aborted: false }; 2]);
    // Every kind of message but the aborts, the tries of frames that failed, and the questions about earlier sessions.
    assert!(heard.len() >= 12, "{heard:?}");
    assert!(heard.iter().any(|message| matches!(message, Message::Chunk { kind: ChunkKind::HashSeed, .. })));
}

#[test]
fn each_message_that_is_missing_ends_in_no_key_that_may_be_used() {
    let (heard, _) = converse(&[]);
    for (number, message) in heard.iter().enumerate() {
        let (_, ends) = converse(&[(number, Deed::Drop)]);
        // Alice's `recorded` tells how many rounds there are; Bob's last word is not missed by him.
        let last = *message == Message::Done;
        assert!(!ends[0].usable, "without message {number}, {message:?}");
        assert_eq!(ends[1].usable, last, "without message {number}, {message:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn whatever_he_says_there_is_no_panic_and_no_key_without_the_checks(
        deeds in prop::collection::vec((0..16usize, deed()), 1..4),
    ) {
        let (heard, ends) = converse(&deeds);
        for end in ends {
            prop_assert!(!end.usable || end.key);
            prop_assert!(!(end.usable && end.aborted));
        }
        // Bob makes a key of a string that he has verified and scored, and says so before.
        prop_assert!(!ends[1].key || heard.contains(&Message::Passed));
    }
}
