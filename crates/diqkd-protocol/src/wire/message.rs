//! The messages of the protocol. Alice's outcomes are in none of them.

use diqkd_core::SessionId;

use super::{MAX_PAYLOAD_BYTES, Reader, Writer};

/// A message; see `docs/protocol.md` for who sends which when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// The digest of the parameter set, and the set, field by field, in canonical encoding.
    Hello(Vec<u8>),
    /// Times of events that both sites saw, on Alice's clock in picoseconds, non-decreasing.
    SyncSample(Vec<i64>),
    /// The sender has recorded all its rounds and stopped its devices.
    Recorded {
        /// Number of rounds recorded.
        rounds: u64,
    },
    /// A piece of a longer string of bytes; pieces arrive in order and `last` closes the string.
    Chunk {
        /// Which string.
        kind: ChunkKind,
        /// Whether this is the last piece.
        last: bool,
        /// The piece.
        bytes: Vec<u8>,
    },
    /// Tag of Alice's string, with the seed that selects the hash function.
    VerificationTag {
        /// Drawn after both stations have stopped.
        seed: [u8; 16],
        /// The tag, in the low bits.
        tag: u128,
    },
    /// Bob's string is verified and the Bell test passed.
    Passed,
    /// Bob holds the key.
    Done,
    /// Alice holds the keys of these sessions and does not know whether Bob does.
    Unresolved(Vec<SessionId>),
    /// Bob's answer for each of them.
    Outcomes(Vec<(SessionId, bool)>),
    /// The session is over without a key. Carries no reason: an abort reveals nothing but itself.
    Abort,
}

/// The strings that travel in chunks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ChunkKind {
    /// Alice's round ids, gap-coded.
    Rounds,
    /// Indices into Alice's rounds that Bob does not have, gap-coded.
    Dropped,
    /// Alice's settings of the test rounds, one bit each.
    TestSettings,
    /// The syndromes of all frames.
    Syndrome,
    /// One bit a frame: 1 where Bob's decoder did not converge.
    FailedFrames,
    /// Alice's additional bits for those frames.
    RetryBits,
    /// The seed of the privacy-amplification hash.
    HashSeed,
    /// The sender's test flags, where each site draws its own: one bit for each of Alice's rounds; one for each of them that
    /// Bob has, up to the last of the block.
    Flags,
}

impl Message {
    /// The kind byte of the frame header.
    pub(crate) fn kind(&self) -> u8 {
        match self {
            Self::Hello(_) => 1,
            Self::SyncSample(_) => 2,
            Self::Recorded { .. } => 3,
            Self::Chunk { kind, .. } => CHUNK_BASE + kind.index(),
            Self::VerificationTag { .. } => 4,
            Self::Passed => 5,
            Self::Done => 6,
            Self::Abort => 7,
            Self::Unresolved(_) => 8,
            Self::Outcomes(_) => 9,
        }
    }

    /// The payload of the frame.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut w = Writer::new();
        match self {
            Self::Hello(params) => w.bytes(params).finish(),
            Self::SyncSample(times) => {
                for time in times {
                    w.u64(*time as u64);
                }
                w.finish()
            }
            Self::Recorded { rounds } => w.u64(*rounds).finish(),
            Self::Chunk { last, bytes, .. } => w.u8(u8::from(*last)).bytes(bytes).finish(),
            Self::VerificationTag { seed, tag } => w.bytes(seed).bytes(&tag.to_le_bytes()).finish(),
            Self::Unresolved(sessions) => {
                for session in sessions {
                    w.bytes(&session.0);
                }
                w.finish()
            }
            Self::Outcomes(outcomes) => {
                for (session, has_key) in outcomes {
                    w.bytes(&session.0).u8(u8::from(*has_key));
                }
                w.finish()
            }
            Self::Passed | Self::Done | Self::Abort => Vec::new(),
        }
    }

    /// Reads the payload of an authenticated frame.
    ///
    /// # Errors
    /// [`MessageError`] with the byte offset in the payload.
    pub fn decode(kind: u8, payload: &[u8]) -> Result<Self, MessageError> {
        let mut r = Reader::new(payload);
        let message = match kind {
            1 => Self::Hello(r.rest().to_vec()),
            2 => {
                if !payload.len().is_multiple_of(8) {
                    return Err(MessageError::Truncated { offset: payload.len() / 8 * 8, wanted: 8 });
                }
                let mut times = Vec::with_capacity(payload.len() / 8);
                for _ in 0..payload.len() / 8 {
                    let offset = r.offset();
                    let time = r.u64()? as i64;
                    if times.last().is_some_and(|&before| before > time) {
                        return Err(MessageError::Invalid { offset, field: "time that runs backwards" });
                    }
                    times.push(time);
                }
                Self::SyncSample(times)
            }
            3 => Self::Recorded { rounds: r.u64()? },
            4 => Self::VerificationTag { seed: r.array()?, tag: u128::from_le_bytes(r.array()?) },
            5 => Self::Passed,
            6 => Self::Done,
            7 => Self::Abort,
            8 => {
                let sessions = entries(payload.len(), 16)?;
                Self::Unresolved((0..sessions).map(|_| r.array().map(SessionId)).collect::<Result<_, _>>()?)
            }
            9 => {
                let mut outcomes = Vec::new();
                for _ in 0..entries(payload.len(), 17)? {
                    let session = SessionId(r.array()?);
                    let offset = r.offset();
                    match r.u8()? {
                        flag @ (0 | 1) => outcomes.push((session, flag == 1)),
                        _ => return Err(MessageError::Invalid { offset, field: "outcome" }),
                    }
                }
                Self::Outcomes(outcomes)
            }
            _ => {
                let kind = ChunkKind::from_index(kind.wrapping_sub(CHUNK_BASE))
                    .ok_or(MessageError::UnknownKind { kind })?;
                let last = match r.u8()? {
                    0 => false,
                    1 => true,
                    _ => return Err(MessageError::Invalid { offset: 0, field: "last-piece flag" }),
                };
                Self::Chunk { kind, last, bytes: r.rest().to_vec() }
            }
        };
        r.end()?;
        Ok(message)
    }

    /// Cuts a string of bytes into chunks that fit a frame; an empty string is one empty last chunk.
    pub(crate) fn chunks(kind: ChunkKind, bytes: &[u8]) -> Vec<Self> {
        let pieces: Vec<&[u8]> =
            if bytes.is_empty() { vec![&[]] } else { bytes.chunks(MAX_PAYLOAD_BYTES - 1).collect() };
        let count = pieces.len();
        let chunk =
            |(i, piece): (usize, &[u8])| Self::Chunk { kind, last: i + 1 == count, bytes: piece.to_vec() };
        pieces.into_iter().enumerate().map(chunk).collect()
    }

    /// A name for reports of unexpected messages.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Hello(_) => "hello",
            Self::SyncSample(_) => "sync sample",
            Self::Recorded { .. } => "recorded",
            Self::Chunk { kind, .. } => kind.name(),
            Self::VerificationTag { .. } => "verification tag",
            Self::Passed => "passed",
            Self::Done => "done",
            Self::Abort => "abort",
            Self::Unresolved(_) => "unresolved sessions",
            Self::Outcomes(_) => "outcomes",
        }
    }
}

impl ChunkKind {
    const ALL: [Self; 8] = [
        Self::Rounds,
        Self::Dropped,
        Self::TestSettings,
        Self::Syndrome,
        Self::FailedFrames,
        Self::RetryBits,
        Self::HashSeed,
        Self::Flags,
    ];

    fn index(self) -> u8 {
        self as u8
    }

    fn from_index(index: u8) -> Option<Self> {
        Self::ALL.get(usize::from(index)).copied()
    }

    fn name(self) -> &'static str {
        match self {
            Self::Rounds => "rounds",
            Self::Dropped => "dropped rounds",
            Self::TestSettings => "test settings",
            Self::Syndrome => "syndrome",
            Self::FailedFrames => "failed frames",
            Self::RetryBits => "retry bits",
            Self::HashSeed => "hash seed",
            Self::Flags => "test flags",
        }
    }
}

/// Why an authenticated payload is not a message: the peer runs other software.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MessageError {
    /// No such message.
    #[error("unknown message kind {kind}; both sites must run the same version")]
    UnknownKind {
        /// The kind byte.
        kind: u8,
    },
    /// The payload ends inside a field.
    #[error("payload ends at byte {offset} where {wanted} more bytes were expected")]
    Truncated {
        /// Where the field starts.
        offset: usize,
        /// Length of the field.
        wanted: usize,
    },
    /// Bytes after the last field.
    #[error("{count} unexpected bytes from byte {offset} of the payload")]
    TrailingBytes {
        /// Where they start.
        offset: usize,
        /// How many there are.
        count: usize,
    },
    /// A field with an impossible value.
    #[error("invalid {field} at byte {offset} of the payload")]
    Invalid {
        /// Where the field starts.
        offset: usize,
        /// The field.
        field: &'static str,
    },
}

/// Number of entries of a list that fills a payload.
fn entries(payload: usize, entry: usize) -> Result<usize, MessageError> {
    let count = payload / entry;
    if !payload.is_multiple_of(entry) {
        return Err(MessageError::Truncated { offset: count * entry, wanted: entry });
    }
    if count > MOST_OUTCOMES {
        return Err(MessageError::Invalid { offset: MOST_OUTCOMES * entry, field: "list longer than 4096" });
    }
    Ok(count)
}

const CHUNK_BASE: u8 = 32;

/// Sessions in one question.
pub(crate) const MOST_OUTCOMES: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn round_trip(message: Message) {
        assert_eq!(Message::decode(message.kind(), &message.encode()), Ok(message));
    }

    #[test]
    fn messages_read_back() {
        round_trip(Message::Hello(vec![1, 2, 3]));
        round_trip(Message::SyncSample(vec![-5, 0, 0, i64::MAX]));
        round_trip(Message::Recorded { rounds: 1 << 40 });
        round_trip(Message::Unresolved(vec![SessionId([1; 16]), SessionId([2; 16])]));
        round_trip(Message::Outcomes(vec![(SessionId([1; 16]), true), (SessionId([2; 16]), false)]));
        assert!(Message::decode(9, &[2; 17]).is_err());
        assert!(Message::decode(8, &[0; 17]).is_err());
        assert!(Message::decode(8, &vec![0; 16 * (MOST_OUTCOMES + 1)]).is_err());
        round_trip(Message::VerificationTag { seed: [3; 16], tag: u128::MAX });
        for message in [Message::Passed, Message::Done, Message::Abort] {
            round_trip(message);
        }
        for kind in ChunkKind::ALL {
            round_trip(Message::Chunk { kind, last: true, bytes: vec![1, 2] });
        }
    }

    #[test]
    fn long_strings_are_cut_and_closed_once() {
        let bytes: Vec<u8> = (0..2 * MAX_PAYLOAD_BYTES + 7).map(|i| i as u8).collect();
        let mut whole = Vec::new();
        let mut closed = 0;
        for message in Message::chunks(ChunkKind::Syndrome, &bytes) {
            assert!(message.encode().len() <= MAX_PAYLOAD_BYTES);
            let Message::Chunk { last, bytes, .. } = message else { panic!("not a chunk") };
            closed += usize::from(last);
            whole.extend(bytes);
        }
        assert_eq!((whole, closed), (bytes, 1));
        assert_eq!(Message::chunks(ChunkKind::RetryBits, &[]).len(), 1);
    }

    #[test]
    fn times_never_run_backwards() {
        let payload = Message::SyncSample(vec![5, 4]).encode();
        assert!(matches!(Message::decode(2, &payload), Err(MessageError::Invalid { offset: 8, .. })));
    }

    proptest! {
        #[test]
        fn any_bytes_decode_or_fail_cleanly(kind in any::<u8>(), payload in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(message) = Message::decode(kind, &payload) {
                prop_assert_eq!(message.kind(), kind);
                prop_assert_eq!(message.encode(), payload);
            }
        }
    }
}
