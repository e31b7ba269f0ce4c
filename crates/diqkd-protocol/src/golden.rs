//! The test vectors of `docs/protocol.md`: bytes that other implementations can be held against, and what they say.
//! `tests/second_language.rs` has them read by a program in another language.

#![cfg(test)]

use std::fmt::{Display, Write};

use diqkd_auth::{KeyPool, PoolId, VerificationHash};
use diqkd_core::{Role, RoundList, SessionId};
use diqkd_gf2::Bits;
use zeroize::Zeroizing;

use crate::bits;
use crate::journal::Record;
use crate::lanes::Lanes;
use crate::link::{Link, LinkConfig, LinkKeys};
use crate::params::SessionParams;
use crate::params::tests::oxford;
use crate::secret_key::SecretKey;
use crate::settings::TestFlags;
use crate::variant::KeyBases;
use crate::wire::{CHECK_BYTES, ChunkKind, HEADER_BYTES, Message, TAG_BYTES};

const VECTORS: &str = include_str!("../tests/vectors/wire-v4.txt");
const CERTIFICATE: &str = include_str!("../tests/vectors/certificate-v1.json");
const MAX_BATCHES: u32 = 2;
const STRING_BITS: usize = 317;
const KEY_BITS: usize = 77;
const SEED: [u8; 16] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];

fn params() -> SessionParams {
    let session = SessionId(*b"session of tests");
    SessionParams { session, max_batches: MAX_BATCHES, ..oxford(1_500_000) }
}

/// Bytes without a pattern that a wrong offset or order would keep.
fn bytes(len: usize, a: usize, b: usize) -> Vec<u8> {
    (0..len).map(|i| (a * i * i + b * i + 7) as u8).collect()
}

fn pre_shared_key() -> Vec<u8> {
    bytes(params().key_pool_bytes(), 3, 29)
}

fn lanes(role: Role) -> Lanes {
    Lanes::split(&mut KeyPool::new(pre_shared_key()), role, MAX_BATCHES).unwrap()
}

fn link(role: Role) -> Link {
    let Lanes { signer, verifier, check_key, .. } = lanes(role);
    Link::new(&params(), role, LinkConfig::lossy(), LinkKeys { signer, verifier, check_key }, 0)
}

/// The bits of a string of the vectors, those beyond its end zero.
fn string(len: usize, a: usize, b: usize) -> Bits {
    let mut bits = diqkd_gf2::bits_from_bytes(&bytes(len.div_ceil(8), a, b));
    bits.truncate(len);
    bits
}

fn hash_seed() -> Bits {
    string(STRING_BITS + KEY_BITS - 1, 5, 11)
}

fn rounds() -> [u64; 6] {
    [0, 1, 5, 300, 301, 1 << 40]
}

fn messages() -> Vec<Message> {
    let [one, other] = [0xa5, 0x5a].map(|byte| SessionId([byte; 16]));
    let chunk = |kind, bytes: &[u8]| Message::Chunk { kind, last: true, bytes: bytes.to_vec() };
    let mut list = RoundList::new();
    rounds().iter().for_each(|&round| list.push(round).unwrap());
    let tag = VerificationHash::new(SEED, 64).unwrap().hash(&string(STRING_BITS, 7, 13));
    vec![
        Message::Hello(params().hello()),
        Message::SyncSample(vec![-1, 0, 1_000_000_000_000]),
        Message::Recorded { rounds: 1_500_000 },
        Message::VerificationTag { seed: SEED, tag },
        Message::Passed,
        Message::Done,
        Message::Abort,
        Message::Unresolved(vec![one, other]),
        Message::Outcomes(vec![(one, true), (other, false)]),
        chunk(ChunkKind::Rounds, list.as_bytes()),
        chunk(ChunkKind::Dropped, list.as_bytes()),
        chunk(ChunkKind::TestSettings, &[0xde, 0xad]),
        chunk(ChunkKind::Syndrome, &[0xbe, 0xef]),
        chunk(ChunkKind::FailedFrames, &[4]),
        Message::Chunk { kind: ChunkKind::RetryBits, last: false, bytes: vec![0xca, 0xfe] },
        chunk(ChunkKind::HashSeed, &bits::to_bytes(&hash_seed())),
        chunk(ChunkKind::Flags, &[0x81]),
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

/// Two batches of Alice and two of Bob, his acknowledgement among them, in the order in which they leave; and the transcript.
fn conversation() -> (Vec<Vec<u8>>, [u8; 32]) {
    let mut sites = [link(Role::Alice), link(Role::Bob)];
    let chunk = |kind| Message::Chunk { kind, last: true, bytes: vec![1, 0x82, 3] };
    let batches = [
        (0, vec![Message::Recorded { rounds: 258 }, chunk(ChunkKind::Rounds)]),
        (1, vec![]),
        (1, vec![Message::Recorded { rounds: 256 }]),
        (0, vec![chunk(ChunkKind::Syndrome)]),
        (1, vec![chunk(ChunkKind::FailedFrames), Message::Passed]),
    ];
    let mut frames = Vec::new();
    for (from, batch) in batches {
        batch.iter().for_each(|message| sites[from].send(message).unwrap());
        let mut received = Vec::new();
        // An acknowledgement where there is nothing else.
        for _ in 0..batch.len().max(1) {
            let frame = sites[from].poll_transmit(0).unwrap();
            assert!(received.is_empty(), "nothing is believed before the seal");
            received = sites[1 - from].receive(&frame, 0).unwrap();
            frames.push(frame);
        }
        assert_eq!(received, batch);
    }
    assert_eq!(sites[0].transcript(), sites[1].transcript());
    (frames, sites[0].transcript())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn words<T: Display>(items: impl IntoIterator<Item = T>) -> String {
    items.into_iter().map(|item| item.to_string()).collect::<Vec<_>>().join(" ")
}

/// What a message says, from its fields.
fn message_text(message: &Message) -> String {
    match message {
        Message::Hello(_) => {
            let p = params();
            format!(
                "digest={} session={} rounds={} gamma={}/65536 omega_threshold={:?} qber_design={:?} omega_design={:?} \
                 max_codeword_bits={} eps_sound=2^{:?} verification_tag_bits={} theorem={} key_length_bits={} \
                 least_key_bits={} max_batches={} max_refused_frames={} pre_shared_key={} key_bases={} flips={}/65536 \
                 both_test_settings={} test_flags=expanded padded={} answer_after_ms={}",
                hex(&p.digest()),
                hex(&p.session.0),
                p.rounds,
                p.gamma.threshold(),
                p.omega_threshold.get(),
                p.qber_design.get(),
                p.omega_design.get(),
                p.max_codeword_bits,
                p.eps_sound.log2(),
                p.verification_tag_bits,
                p.theorem,
                p.key_length_bits,
                p.least_key_bits,
                p.max_batches,
                p.max_refused_frames,
                p.pre_shared_key.label(),
                p.variant.key_bases as u8,
                p.variant.flips.threshold(),
                u8::from(p.variant.both_test_settings),
                u8::from(p.variant.padded),
                p.variant.answer_after_ms,
            )
        }
        Message::SyncSample(times) => format!("times_ps {}", words(times)),
        Message::Recorded { rounds } => format!("rounds {rounds}"),
        Message::VerificationTag { seed, tag } => format!("seed {} tag {tag:#x}", hex(seed)),
        Message::Passed | Message::Done | Message::Abort => "nothing".to_owned(),
        Message::Unresolved(sessions) => words(sessions.iter().map(|session| hex(&session.0))),
        Message::Outcomes(outcomes) => {
            words(outcomes.iter().map(|(session, key)| format!("{}:{}", hex(&session.0), u8::from(*key))))
        }
        Message::Chunk { kind: ChunkKind::Rounds | ChunkKind::Dropped, .. } => {
            format!("last entries {}", words(rounds()))
        }
        Message::Chunk { last, bytes, .. } => {
            format!("{} bytes {}", if *last { "last" } else { "more" }, hex(bytes))
        }
    }
}

/// What a record says, from its fields.
fn record_text(record: &Record) -> String {
    match record {
        Record::Spent { pool, position } => format!("spent pool {} position {position}", hex(&pool.0)),
        Record::Opened { session, role, pool, from, to } => {
            let (session, pool) = (hex(&session.0), hex(&pool.0));
            format!("opened session {session} role {} pool {pool} from {from} to {to}", *role as u8)
        }
        Record::SeedOut { session } => format!("seed-out session {}", hex(&session.0)),
        Record::Held { session } => format!("held session {}", hex(&session.0)),
        Record::Settled { session, has_key } => {
            format!("settled session {} key {}", hex(&session.0), u8::from(*has_key))
        }
    }
}

fn found() -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut push = |name: String, text: String| found.push((name, text));
    push("given.max-batches".to_owned(), MAX_BATCHES.to_string());
    push("given.pre-shared-key".to_owned(), hex(&pre_shared_key()));
    push("given.string-bits".to_owned(), STRING_BITS.to_string());
    push("given.string".to_owned(), hex(&bits::to_bytes(&string(STRING_BITS, 7, 13))));
    push("given.key-bits".to_owned(), KEY_BITS.to_string());
    push("given.key-length-bits".to_owned(), "32".to_owned());
    for message in messages() {
        let name = message.name().replace(' ', "-");
        push(format!("message.{:03}.{name}", message.kind()), hex(&message.encode()));
        push(format!("message.{:03}.{name}.says", message.kind()), message_text(&message));
    }
    for (index, record) in records().iter().enumerate() {
        push(format!("journal.{index}"), hex(&record.encode(index as u64)));
        push(format!("journal.{index}.says"), record_text(record));
    }
    let (frames, transcript) = conversation();
    for (index, frame) in frames.iter().enumerate() {
        push(format!("frame.{index}"), hex(frame));
    }
    push("transcript".to_owned(), hex(&transcript));
    let seed = lanes(Role::Alice).test_flag_seed;
    let mut flags = TestFlags::new(&seed, params().gamma).with_key_bases(&seed, KeyBases::Two);
    let of_rounds =
        |flag: &mut dyn FnMut(u64) -> bool| hex(&bits::to_bytes(&(0..256).map(flag).collect::<Bits>()));
    push("test-flags.first-256-rounds".to_owned(), of_rounds(&mut |round| flags.is_test(round)));
    push("key-bases.first-256-rounds".to_owned(), of_rounds(&mut |round| flags.key_basis(round)));
    for key in key(transcript).into_keys(32) {
        push(format!("key.{}.id", key.index), hex(&key.id.0));
        push(format!("key.{}.bits", key.index), hex(&key.secret));
    }
    push(
        "certificate-v1.json.digest".to_owned(),
        hex(blake3::hash(CERTIFICATE.trim_end().as_bytes()).as_bytes()),
    );
    found
}

/// The string of the vectors, hashed.
fn key(transcript: [u8; 32]) -> SecretKey {
    let plan =
        diqkd_amplify::Plan::uncertified(STRING_BITS, KEY_BITS, diqkd_amplify::Family::Toeplitz).unwrap();
    let mut key = Bits::new();
    plan.hash(&string(STRING_BITS, 7, 13), &hash_seed(), &mut plan.scratch(), &mut key).unwrap();
    SecretKey::new(Zeroizing::new(key.into_vec()), KEY_BITS, params().session, transcript)
}

#[test]
fn the_bytes_are_those_of_the_vectors() {
    let lines = VECTORS.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let listed: Vec<(String, String)> = lines
        .map(|line| line.split_once(" = ").map(|(name, hex)| (name.to_owned(), hex.to_owned())).unwrap())
        .collect();
    let found = found();
    let lines = found.iter().map(|(name, hex)| format!("{name} = {hex}\n")).collect::<String>();
    assert!(listed == found, "the vectors should read\n{lines}");
}

#[test]
fn the_certificate_of_the_vectors_is_one() {
    let certificate = diqkd_entropy::Certificate::from_json(CERTIFICATE).unwrap();
    assert_eq!(format!("{}\n", certificate.to_json()), CERTIFICATE);
    let checked = diqkd_entropy::check::check(&certificate).unwrap();
    assert_eq!(checked.key_bits(), certificate.key_bits());
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
    let (frames, _) = conversation();
    let (first, second) = (&frames[0], &frames[1]);
    let parts = [&first[..first.len() - CHECK_BYTES], &second[..second.len() - CHECK_BYTES - TAG_BYTES]];
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
    let pool = pre_shared_key();
    let number = |from: usize| u128::from_le_bytes(pool[from..from + 16].try_into().unwrap());
    let hash = coefficients.into_iter().fold(0, |sum, coefficient| times(sum ^ coefficient, number(0)));
    let tag = hash ^ number(BEFORE_PADS);
    let at = second.len() - CHECK_BYTES - TAG_BYTES;
    assert_eq!(second[at..at + TAG_BYTES], tag.to_le_bytes());
    assert!(second.len() > HEADER_BYTES + TAG_BYTES + CHECK_BYTES);
    let check_key: [u8; 32] = pool[64..96].try_into().unwrap();
    for frame in frames {
        let (checked, check) = frame.split_at(frame.len() - CHECK_BYTES);
        assert_eq!(check, &blake3::keyed_hash(&check_key, checked).as_bytes()[..CHECK_BYTES]);
    }
}

/// Bytes of the pre-shared key before the pads.
const BEFORE_PADS: usize = 96;
