//! The records and their bytes.
//!
//! ```text
//! offset  0          2        3     4              12        14               14+len
//!         magic      version  kind  index          length    payload          checksum
//!         d1 4a      u8 = 1   u8    u64 LE         u16 LE    length bytes     16 bytes
//! ```
//! The checksum is the first 16 bytes of a BLAKE3 digest of everything before it. It finds torn and damaged records; a
//! journal holds no secrets, and whoever may write to it is trusted.

use diqkd_auth::PoolId;
use diqkd_core::{Role, SessionId};

/// One irreversible step.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Record {
    /// The bytes of a pool before `position` are spent: the first record of a journal that was written anew.
    Spent {
        /// The pool.
        pool: PoolId,
        /// Position after the last spent byte.
        position: u64,
    },
    /// A session uses the bytes of the pool from `from` to before `to`. Before it nothing of the session leaves.
    Opened {
        /// The session.
        session: SessionId,
        /// Whose side this is.
        role: Role,
        /// The pool.
        pool: PoolId,
        /// Position of the first byte.
        from: u64,
        /// Position after the last byte.
        to: u64,
    },
    /// Alice: her key is stored as prepared, and the seed of the hash is about to leave.
    SeedOut {
        /// The session.
        session: SessionId,
    },
    /// Bob: his key is stored as prepared, and from now on the session has a key at both sites.
    Held {
        /// The session.
        session: SessionId,
    },
    /// It is known at this site whether both sites hold the session's key, and that this will not change.
    Settled {
        /// The session.
        session: SessionId,
        /// Whether they do.
        has_key: bool,
    },
}

impl Record {
    /// Whether this is a step of an open session, which an abort makes pointless.
    pub(crate) fn is_step_of(&self, own: SessionId) -> bool {
        match self {
            Self::SeedOut { session } | Self::Held { session } | Self::Settled { session, .. } => {
                *session == own
            }
            Self::Spent { .. } | Self::Opened { .. } => false,
        }
    }

    /// The bytes of the record as the `index`-th of its journal, counted from 0.
    pub fn encode(&self, index: u64) -> Vec<u8> {
        let mut payload = Vec::with_capacity(PAYLOAD_MAX);
        let kind = match self {
            Self::Spent { pool, position } => {
                payload.extend_from_slice(&pool.0);
                payload.extend_from_slice(&position.to_le_bytes());
                1
            }
            Self::Opened { session, role, pool, from, to } => {
                payload.extend_from_slice(&session.0);
                payload.push(u8::from(*role == Role::Bob));
                payload.extend_from_slice(&pool.0);
                payload.extend_from_slice(&from.to_le_bytes());
                payload.extend_from_slice(&to.to_le_bytes());
                2
            }
            Self::SeedOut { session } => {
                payload.extend_from_slice(&session.0);
                3
            }
            Self::Held { session } => {
                payload.extend_from_slice(&session.0);
                4
            }
            Self::Settled { session, has_key } => {
                payload.extend_from_slice(&session.0);
                payload.push(u8::from(*has_key));
                5
            }
        };
        let mut bytes = Vec::with_capacity(HEADER_BYTES + payload.len() + CHECKSUM_BYTES);
        bytes.extend_from_slice(&MAGIC);
        bytes.extend_from_slice(&[VERSION, kind]);
        bytes.extend_from_slice(&index.to_le_bytes());
        bytes.extend_from_slice(&(payload.len() as u16).to_le_bytes());
        bytes.extend_from_slice(&payload);
        let checksum = checksum(&bytes);
        bytes.extend_from_slice(&checksum);
        bytes
    }

    /// Reads the record at the start of `bytes`: its index, itself, its length in bytes.
    ///
    /// # Errors
    /// [`RecordError`].
    pub fn decode(bytes: &[u8]) -> Result<(u64, Self, usize), RecordError> {
        let (header, rest) = bytes.split_first_chunk::<HEADER_BYTES>().ok_or(RecordError::Truncated)?;
        if header[..2] != MAGIC {
            return Err(RecordError::Magic);
        }
        let len = usize::from(u16::from_le_bytes([header[12], header[13]]));
        if len > PAYLOAD_MAX {
            return Err(RecordError::Length { found: len });
        }
        let whole = HEADER_BYTES + len;
        let (payload, rest) = rest.split_at_checked(len).ok_or(RecordError::Truncated)?;
        let found = rest.first_chunk::<CHECKSUM_BYTES>().ok_or(RecordError::Truncated)?;
        if *found != checksum(&bytes[..whole]) {
            return Err(RecordError::Checksum);
        }
        // What is whole and not understood was written by another version.
        if header[2] != VERSION {
            return Err(RecordError::Version { found: header[2] });
        }
        let mut index = [0; 8];
        index.copy_from_slice(&header[4..12]);
        let record =
            Self::from_payload(header[3], payload).ok_or(RecordError::Content { kind: header[3] })?;
        Ok((u64::from_le_bytes(index), record, whole + CHECKSUM_BYTES))
    }

    fn from_payload(kind: u8, mut payload: &[u8]) -> Option<Self> {
        let record = match kind {
            1 => Self::Spent { pool: PoolId(take(&mut payload)?), position: number(&mut payload)? },
            2 => Self::Opened {
                session: SessionId(take(&mut payload)?),
                role: if flag(&mut payload)? { Role::Bob } else { Role::Alice },
                pool: PoolId(take(&mut payload)?),
                from: number(&mut payload)?,
                to: number(&mut payload)?,
            },
            3 => Self::SeedOut { session: SessionId(take(&mut payload)?) },
            4 => Self::Held { session: SessionId(take(&mut payload)?) },
            5 => Self::Settled { session: SessionId(take(&mut payload)?), has_key: flag(&mut payload)? },
            _ => return None,
        };
        payload.is_empty().then_some(record)
    }
}

/// Why bytes are not a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// The bytes end inside the record.
    #[error("the record is cut off")]
    Truncated,
    /// No record starts here.
    #[error("no record starts here")]
    Magic,
    /// An impossible length.
    #[error("a record of {found} bytes is announced, longer than any")]
    Length {
        /// Announced length of the payload, bytes.
        found: usize,
    },
    /// The record was written only in part, or changed since.
    #[error("the record does not carry its checksum")]
    Checksum,
    /// A whole record of another version.
    #[error("a record of version {found}, expected {VERSION}; use the version that wrote it")]
    Version {
        /// The version found.
        found: u8,
    },
    /// A whole record that says nothing this version knows.
    #[error("a record of kind {kind} with unknown content; use the version that wrote it")]
    Content {
        /// The kind found.
        kind: u8,
    },
}

fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (field, rest) = bytes.split_first_chunk::<N>()?;
    *bytes = rest;
    Some(*field)
}

fn number(bytes: &mut &[u8]) -> Option<u64> {
    take(bytes).map(u64::from_le_bytes)
}

fn flag(bytes: &mut &[u8]) -> Option<bool> {
    match take::<1>(bytes)? {
        [0] => Some(false),
        [1] => Some(true),
        _ => None,
    }
}

fn checksum(bytes: &[u8]) -> [u8; CHECKSUM_BYTES] {
    let mut checksum = [0; CHECKSUM_BYTES];
    let digest = blake3::Hasher::new_derive_key("diqkd journal record v1").update(bytes).finalize();
    checksum.copy_from_slice(&digest.as_bytes()[..CHECKSUM_BYTES]);
    checksum
}

const MAGIC: [u8; 2] = [0xd1, 0x4a];
const VERSION: u8 = 1;
const HEADER_BYTES: usize = 14;
const CHECKSUM_BYTES: usize = 16;
const PAYLOAD_MAX: usize = 49;

/// Bytes of the longest record.
pub(super) const RECORD_BYTES_MAX: usize = HEADER_BYTES + PAYLOAD_MAX + CHECKSUM_BYTES;

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(crate) fn samples() -> Vec<Record> {
        let session = SessionId([7; 16]);
        vec![
            Record::Spent { pool: PoolId([3; 16]), position: 1 << 40 },
            Record::Opened { session, role: Role::Bob, pool: PoolId([3; 16]), from: 1 << 40, to: u64::MAX },
            Record::SeedOut { session },
            Record::Held { session },
            Record::Settled { session, has_key: true },
            Record::Settled { session, has_key: false },
        ]
    }

    #[test]
    fn records_read_back_and_no_changed_byte_does() {
        for (index, record) in samples().into_iter().enumerate() {
            let bytes = record.encode(index as u64);
            assert!(bytes.len() <= RECORD_BYTES_MAX);
            let longer = [&bytes[..], &[1, 2, 3]].concat();
            assert_eq!(Record::decode(&longer), Ok((index as u64, record, bytes.len())));
            for at in 0..bytes.len() {
                assert_eq!(Record::decode(&bytes[..at]), Err(RecordError::Truncated), "cut at {at}");
                let mut changed = bytes.clone();
                changed[at] ^= 0x10;
                assert!(Record::decode(&changed).is_err(), "byte {at}");
            }
        }
    }
}
