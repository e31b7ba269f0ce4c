//! The index as a file.
//!
//! ```text
//! all little-endian
//! magic:8 "DQKDTIDX"  version:4 (1)  format:16 (name, zeros; empty: recognised)  length:8  records:8  identity:4
//! marks:4, then for each:  offset:8  records:8  state:5x8  least_ps:8  greatest_ps:8
//! checksum:4, CRC-32 of all before
//! ```

use alloc::vec::Vec;

use super::{Mark, TimeIndex};
use crate::formats::decoder::{Carry, STATE};
use crate::formats::{Format, header::Fields};

const MAGIC: &[u8; 8] = b"DQKDTIDX";
const VERSION: u32 = 1;
const NAME: usize = 16;
const HEAD: usize = 52;
const MARK: usize = 8 * (4 + STATE);

/// Why bytes are no index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IndexError {
    /// They do not begin like one.
    #[error("this is no index of a recording; check the path")]
    NotAnIndex,
    /// The version is not the one that this reader knows.
    #[error("the index has version {found}, expected {VERSION}; make it anew")]
    Version {
        /// The version.
        found: u32,
    },
    /// The checksum is wrong, or the index contradicts itself.
    #[error("the index is damaged; make it anew")]
    Damaged,
}

impl TimeIndex {
    /// Greatest length of an encoded index, bytes.
    pub const MOST_BYTES: usize = HEAD + Self::MOST_MARKS * MARK + 4;

    /// The index as bytes for a file beside the recording: 56 bytes, and 72 for each mark.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(HEAD + self.marks.len() * MARK + 4);
        out.extend_from_slice(MAGIC);
        out.extend_from_slice(&VERSION.to_le_bytes());
        let mut name = [0; NAME];
        for (place, byte) in name.iter_mut().zip(self.format.map_or("", Format::name).bytes()) {
            *place = byte;
        }
        out.extend_from_slice(&name);
        out.extend_from_slice(&self.length.to_le_bytes());
        out.extend_from_slice(&self.records.to_le_bytes());
        out.extend_from_slice(&self.identity.to_le_bytes());
        out.extend_from_slice(&(self.marks.len() as u32).to_le_bytes());
        for mark in &self.marks {
            let Carry { offset, records, state } = mark.carry;
            for number in [offset, records].into_iter().chain(state) {
                out.extend_from_slice(&number.to_le_bytes());
            }
            out.extend_from_slice(&mark.least_ps.to_le_bytes());
            out.extend_from_slice(&mark.greatest_ps.to_le_bytes());
        }
        out.extend_from_slice(&checksum(&out).to_le_bytes());
        out
    }

    /// Reads what [`TimeIndex::encode`] wrote.
    ///
    /// # Errors
    /// [`IndexError`]; nothing is allocated beyond the length of `bytes`.
    pub fn decode(bytes: &[u8]) -> Result<Self, IndexError> {
        let fields = Fields(bytes);
        if !bytes.starts_with(MAGIC) {
            return Err(IndexError::NotAnIndex);
        }
        if fields.u32(8) != VERSION {
            return Err(IndexError::Version { found: fields.u32(8) });
        }
        let (body, sum) = bytes.split_last_chunk::<4>().ok_or(IndexError::Damaged)?;
        if body.len() < HEAD || checksum(body) != u32::from_le_bytes(*sum) {
            return Err(IndexError::Damaged);
        }
        let name = core::str::from_utf8(&bytes[12..12 + NAME]).map_err(|_| IndexError::Damaged)?;
        let format = match name.trim_end_matches('\0') {
            "" => None,
            name => Some(Format::from_name(name).ok_or(IndexError::Damaged)?),
        };
        let marks: Vec<Mark> = body[HEAD..].chunks_exact(MARK).map(mark).collect();
        let index =
            Self { format, length: fields.u64(28), records: fields.u64(36), identity: fields.u32(44), marks };
        let whole = (body.len() - HEAD).is_multiple_of(MARK) && fields.u32(48) as usize == index.marks.len();
        if whole && index.is_consistent() { Ok(index) } else { Err(IndexError::Damaged) }
    }

    fn is_consistent(&self) -> bool {
        let rises = |pair: &[Mark]| {
            pair[0].carry.offset < pair[1].carry.offset && pair[0].carry.records <= pair[1].carry.records
        };
        self.marks.len() <= Self::MOST_MARKS
            && self.marks.first().is_some_and(|mark| mark.carry == Carry::default())
            && self.marks.windows(2).all(rises)
            && self
                .marks
                .last()
                .is_some_and(|mark| mark.carry.offset <= self.length && mark.carry.records <= self.records)
    }
}

fn mark(bytes: &[u8]) -> Mark {
    let fields = Fields(bytes);
    let carry = Carry {
        offset: fields.u64(0),
        records: fields.u64(8),
        state: core::array::from_fn(|i| fields.u64(16 + 8 * i)),
    };
    Mark { carry, least_ps: fields.i64(16 + 8 * STATE), greatest_ps: fields.i64(24 + 8 * STATE) }
}

/// CRC-32 (ISO 3309, reflected polynomial 0xEDB88320).
pub(super) fn checksum(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |sum, &byte| {
        (0..8).fold(sum ^ u32::from(byte), |sum, _| sum >> 1 ^ (0xEDB8_8320 & (sum & 1).wrapping_neg()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_the_common_one() {
        assert_eq!(checksum(b"123456789"), 0xCBF4_3926);
    }
}
