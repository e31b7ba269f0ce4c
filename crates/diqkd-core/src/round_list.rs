//! A strictly increasing list of round ids as variable-length gaps: the form in memory is the form on the wire.

use alloc::vec::Vec;

/// Strictly increasing round ids, stored as LEB128 gaps (one byte each where rounds are dense, ten at most).
///
/// The first gap is the first id plus one, each later gap the difference to the id before; a gap is never 0.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RoundList {
    gaps: Vec<u8>,
    len: u64,
    next: u64,
}

impl RoundList {
    /// An empty list.
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends an id.
    ///
    /// # Errors
    /// [`RoundListError::NotIncreasing`] when `round` is not above the last id or is `u64::MAX`.
    pub fn push(&mut self, round: u64) -> Result<(), RoundListError> {
        if round < self.next || round == u64::MAX {
            return Err(RoundListError::NotIncreasing { entry: self.len, round });
        }
        let mut gap = round - self.next + 1;
        while gap >= 0x80 {
            self.gaps.push(gap as u8 | 0x80);
            gap >>= 7;
        }
        self.gaps.push(gap as u8);
        self.len += 1;
        self.next = round + 1;
        Ok(())
    }

    /// Number of ids.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether the list is empty.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The last id.
    pub fn last(&self) -> Option<u64> {
        (self.len > 0).then(|| self.next - 1)
    }

    /// The ids in order.
    pub fn iter(&self) -> RoundListIter<'_> {
        RoundListIter { gaps: &self.gaps, next: 0 }
    }

    /// The encoded gaps.
    pub fn as_bytes(&self) -> &[u8] {
        &self.gaps
    }

    /// Appends encoded gaps that continue this list, as they arrive from a peer in pieces cut between entries.
    ///
    /// # Errors
    /// [`RoundListError`] at the first entry that is torn, zero, longer than ten bytes or beyond `u64`; what was
    /// valid before it has been appended.
    pub fn extend_from_bytes(&mut self, mut bytes: &[u8]) -> Result<(), RoundListError> {
        while !bytes.is_empty() {
            let (gap, rest) = read_gap(bytes).ok_or(RoundListError::Malformed { entry: self.len })?;
            let round = self.next.checked_add(gap - 1).filter(|&round| round != u64::MAX);
            self.push(round.ok_or(RoundListError::Malformed { entry: self.len })?)?;
            bytes = rest;
        }
        Ok(())
    }

    /// Pieces of the encoding of at most `max_bytes` bytes (at least 10), each cut between entries.
    pub fn chunks(&self, max_bytes: usize) -> impl Iterator<Item = &[u8]> {
        let mut rest = self.gaps.as_slice();
        core::iter::from_fn(move || {
            if rest.is_empty() {
                return None;
            }
            let mut cut = rest.len().min(max_bytes.max(10));
            while cut < rest.len() && cut > 1 && rest[cut - 1] & 0x80 != 0 {
                cut -= 1;
            }
            let (chunk, after) = rest.split_at(cut);
            rest = after;
            Some(chunk)
        })
    }
}

/// Iterator over the ids of a [`RoundList`].
#[derive(Clone, Debug)]
pub struct RoundListIter<'a> {
    gaps: &'a [u8],
    next: u64,
}

impl Iterator for RoundListIter<'_> {
    type Item = u64;

    fn next(&mut self) -> Option<u64> {
        let (gap, rest) = read_gap(self.gaps)?;
        self.gaps = rest;
        let round = self.next + gap - 1;
        self.next = round + 1;
        Some(round)
    }
}

/// Why a round list could not grow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RoundListError {
    /// Ids must increase strictly.
    #[error("round {round} at entry {entry} does not lie above the round before it")]
    NotIncreasing {
        /// Index of the entry.
        entry: u64,
        /// The offending id.
        round: u64,
    },
    /// The encoding is torn, zero, overlong or overflows.
    #[error("entry {entry} of the encoded round list is malformed")]
    Malformed {
        /// Index of the entry.
        entry: u64,
    },
}

/// A non-zero, minimally encoded gap and the bytes after it.
fn read_gap(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut gap = 0u64;
    for (i, &byte) in bytes.iter().enumerate().take(10) {
        let part = u64::from(byte & 0x7f);
        if i == 9 && part > 1 {
            return None;
        }
        gap |= part << (7 * i);
        if byte & 0x80 == 0 {
            return (part != 0).then_some((gap, &bytes[i + 1..]));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn pieces_rebuild_the_list(gaps in proptest::collection::vec(1u64..1 << 40, 0..200), max in 10usize..64) {
            let mut list = RoundList::new();
            let mut round = 0;
            let mut ids = Vec::new();
            for gap in gaps {
                round += gap;
                ids.push(round);
                list.push(round).unwrap();
            }
            prop_assert_eq!(list.iter().collect::<Vec<_>>(), ids);
            let mut rebuilt = RoundList::new();
            for chunk in list.chunks(max) {
                prop_assert!(chunk.len() <= max);
                rebuilt.extend_from_bytes(chunk).unwrap();
            }
            prop_assert_eq!(rebuilt, list);
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let mut list = RoundList::new();
            let _ = list.extend_from_bytes(&bytes);
            prop_assert_eq!(list.iter().count() as u64, list.len());
        }
    }

    #[test]
    fn ids_must_increase() {
        let mut list = RoundList::new();
        list.push(0).unwrap();
        assert!(list.push(0).is_err());
        list.push(u64::MAX - 1).unwrap();
        assert!(list.push(u64::MAX).is_err());
        assert_eq!(list.last(), Some(u64::MAX - 1));
    }
}
