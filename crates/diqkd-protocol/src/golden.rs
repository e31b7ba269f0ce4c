//! The test vectors of `docs/protocol.md`: bytes that other implementations can be held against.

use std::collections::BTreeMap;
use std::fmt::Write;

use diqkd_auth::{KeyPool, PoolId, Signer, Verifier};
use diqkd_core::{Role, SessionId};
use zeroize::Zeroizing;

use crate::journal::Record;
use crate::link::{Link, LinkConfig, LinkKeys};
use crate::params::SessionParams;
use crate::params::tests::oxford;
use crate::secret_key::key_id;
use crate::wire::{CHECK_BYTES, ChunkKind, HEADER_BYTES, Message, TAG_BYTES};

const VECTORS: &str = include_str!("../tests/vectors/wire-v3.txt");
const HASH_KEY: [u8; 16] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];
const CHECK_KEY: [u8; 32] = [0xc5; 32];

fn pad(index: u8) -> [u8; 16] {
    std::array::from_fn(|i| 0x40 + 16 * index + i as u8)
}

fn params() -> SessionParams {
    SessionParams { session: SessionId(*b"session of tests"), ..oxford(1_500_000) }
}

fn link(role: Role) -> Link {
    let pads = || KeyPool::new([pad(0), pad(1)].concat());
    let keys = LinkKeys {
        signer: Signer::new(Zeroizing::new(HASH_KEY), pads()),
        verifier: Verifier::new(Zeroizing::new(HASH_KEY), pads()),
        check_key: Zeroizing::new(CHECK_KEY),
    };
    Link::new(&params(), role, LinkConfig::lossy(), keys, 0)
}

fn messages() -> Vec<Message> {
    let session = SessionId([0xa5; 16]);
    let chunk = |kind| Message::Chunk { kind, last: true, bytes: vec![0xde, 0xad] };
    vec![
        Message::Hello(vec![1, 2, 3]),
        Message::SyncSample(vec![-1, 0, 1_000_000_000_000]),
        Message::Recorded { rounds: 1_500_000 },
        Message::VerificationTag { seed: HASH_KEY, tag: 0x1122_3344_5566_7788 },
        Message::Passed,
        Message::Done,
        Message::Abort,
        Message::Unresolved(vec![session]),
        Message::Outcomes(vec![(session, true)]),
        chunk(ChunkKind::Rounds),
        chunk(ChunkKind::Dropped),
        chunk(ChunkKind::TestSettings),
        chunk(ChunkKind::Syndrome),
        chunk(ChunkKind::FailedFrames),
        chunk(ChunkKind::RetryBits),
        chunk(ChunkKind::HashSeed),
        chunk(ChunkKind::Flags),
    ]
}

fn records() -> Vec<Record> {
    let (session, pool) = (SessionId([0xa5; 16]), PoolId([0x50; 16]));
    vec![
        Record::Spent { pool, position: 4096 },
        Record::Opened { session, role: Role::Bob, pool, from: 4096, to: 8192 },
        Record::SeedOut { session },
        Record::Held { session },
        Record::Settled { session, has_key: true },
    ]
}

/// Two frames of Alice in one batch, Bob's acknowledgement.
fn frames() -> [Vec<u8>; 3] {
    let (mut alice, mut bob) = (link(Role::Alice), link(Role::Bob));
    alice.send(&Message::Recorded { rounds: 258 }).unwrap();
    alice.send(&Message::Abort).unwrap();
    let frames = [alice.poll_transmit(0).unwrap(), alice.poll_transmit(0).unwrap()];
    assert!(bob.receive(&frames[0], 0).unwrap().is_empty(), "nothing is believed before the seal");
    assert_eq!(bob.receive(&frames[1], 0).unwrap(), [Message::Recorded { rounds: 258 }, Message::Abort]);
    let [first, second] = frames;
    [first, second, bob.poll_transmit(0).unwrap()]
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn found() -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for message in messages() {
        let name = message.name().replace(' ', "-");
        found.insert(format!("message.{:03}.{name}", message.kind()), hex(&message.encode()));
    }
    for (index, record) in records().iter().enumerate() {
        found.insert(format!("journal.{index}"), hex(&record.encode(index as u64)));
    }
    for (name, frame) in ["frame.0", "frame.1-with-seal", "frame.acknowledgement"].into_iter().zip(frames()) {
        found.insert(name.to_owned(), hex(&frame));
    }
    found.insert("params.encoding".to_owned(), hex(&params().encode()));
    found.insert("params.digest".to_owned(), hex(&params().digest()));
    found.insert("key-id.7".to_owned(), hex(&key_id(&[0x11; 32], 7).0));
    found
}

#[test]
fn the_bytes_are_those_of_the_vectors() {
    let lines = VECTORS.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let listed: BTreeMap<String, String> = lines
        .map(|line| line.split_once(" = ").map(|(name, hex)| (name.to_owned(), hex.to_owned())).unwrap())
        .collect();
    let found = found();
    let lines = found.iter().map(|(name, hex)| format!("{name} = {hex}\n")).collect::<String>();
    assert!(listed == found, "the vectors should read\n{lines}");
}

#[test]
fn every_message_of_the_vectors_reads_back() {
    for message in messages() {
        assert_eq!(Message::decode(message.kind(), &message.encode()), Ok(message));
    }
}

/// The tag as the text defines it, bit by bit: an implementation that shares nothing with the one in use.
#[test]
fn the_tag_is_the_one_in_the_text() {
    fn times(mut a: u128, b: u128) -> u128 {
        let mut product = 0;
        for bit in 0..128 {
            if b >> bit & 1 == 1 {
                product ^= a;
            }
            a = (a << 1) ^ if a >> 127 == 1 { 0x87 } else { 0 };
        }
        product
    }
    let [first, second, _] = frames();
    let parts = [&first[..first.len() - CHECK_BYTES], &second[..HEADER_BYTES]];
    let mut coefficients = Vec::new();
    for part in parts {
        for block in part.chunks(16) {
            let mut bytes = [0; 16];
            bytes[..block.len()].copy_from_slice(block);
            coefficients.push(u128::from_le_bytes(bytes));
        }
        coefficients.push(8 * part.len() as u128);
    }
    coefficients.push(1 << 127 | parts.len() as u128);
    let key = u128::from_le_bytes(HASH_KEY);
    let hash = coefficients.into_iter().fold(0, |sum, coefficient| times(sum ^ coefficient, key));
    let tag = hash ^ u128::from_le_bytes(pad(0));
    assert_eq!(second[HEADER_BYTES..HEADER_BYTES + TAG_BYTES], tag.to_le_bytes());
    for frame in frames() {
        let (checked, check) = frame.split_at(frame.len() - CHECK_BYTES);
        assert_eq!(check, &blake3::keyed_hash(&CHECK_KEY, checked).as_bytes()[..CHECK_BYTES]);
    }
}
