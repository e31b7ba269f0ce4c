//! A name for a scheme that both sides can compare.

use core::fmt;

use super::Parts;
use crate::check_rule::MESSAGE_SHIFT;
use crate::splitmix::mix;

/// Shape of a scheme and a checksum of everything that it consists of. Compare it, print it, hash it into a
/// transcript; it is public and no security rests on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SchemeId {
    n_bits: u64,
    frames: u32,
    lift: u32,
    rows: u32,
    columns: u32,
    checksum: u64,
}

impl SchemeId {
    /// Placeholder while a scheme is put together.
    pub(super) const UNKNOWN: Self = Self { n_bits: 0, frames: 0, lift: 0, rows: 0, columns: 0, checksum: 0 };

    pub(super) fn of(parts: &Parts) -> Self {
        let retry = parts.retry.as_ref().map_or([0; 2], |r| [u64::from(r.most_frames), r.code().checksum()]);
        let [strong, weak] = parts.priors.map(|prior| prior as u64);
        let numbers = [
            FORMAT,
            parts.n_bits,
            u64::from(parts.frames),
            parts.stride,
            MESSAGE_SHIFT as u64,
            strong,
            weak,
            parts.code.whole().checksum(),
            parts.code.split_lanes() as u64,
            retry[0],
            retry[1],
        ];
        Self {
            n_bits: parts.n_bits,
            frames: parts.frames,
            lift: parts.code.whole().lift() as u32,
            rows: parts.code.whole().rows() as u32,
            columns: parts.code.whole().columns() as u32,
            checksum: numbers.into_iter().fold(0, |sum, number| mix(sum ^ number).wrapping_add(number)),
        }
    }

    /// The 64-bit checksum, for a place in a transcript.
    pub fn checksum(&self) -> u64 {
        self.checksum
    }
}

impl fmt::Display for SchemeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { n_bits, frames, lift, rows, columns, checksum } = self;
        write!(
            f,
            "qc-ldpc/{FORMAT} n={n_bits} frames={frames} base={rows}x{columns} lift={lift} {checksum:016x}"
        )
    }
}

/// Changes whenever the same arguments give another scheme.
const FORMAT: u64 = 10;
