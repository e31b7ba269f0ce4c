//! What can be wrong with the data or the parameters.

use diqkd_core::OutOfRange;

use crate::SampleWidth;

/// Why a health test or an estimate could not be made.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum HealthError {
    /// A parameter lies outside its range.
    #[error(transparent)]
    OutOfRange(#[from] OutOfRange),
    /// A sample has bits above the declared width.
    #[error(
        "sample {position} has the value {value}, wider than the declared {width} bits; declare the width of the source, or unpack the file to one sample a byte"
    )]
    SampleTooWide {
        /// Index of the sample, from 0.
        position: u64,
        /// Its value.
        value: u8,
        /// The declared width.
        width: SampleWidth,
    },
    /// The estimators need more data.
    #[error("{samples} samples are too few for the estimators; collect at least {needed}")]
    TooFewSamples {
        /// Samples given.
        samples: u64,
        /// Samples needed at this width.
        needed: u64,
    },
    /// The estimators would need more memory than they promise.
    #[error("{samples} samples are more than the estimators hold in memory; give at most {limit}")]
    TooManySamples {
        /// Samples given.
        samples: u64,
        /// The most that are accepted at this width.
        limit: u64,
    },
    /// More ones than bits.
    #[error(
        "{ones} ones were counted among {bits} bits; the counts belong to different data, or there are none"
    )]
    ImpossibleCount {
        /// Bits of value 1.
        ones: u64,
        /// Bits in all.
        bits: u64,
    },
}
