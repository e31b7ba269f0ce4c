//! What a caller can get wrong.

/// A request that cannot be served; nothing was sent and nothing leaked.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A string too short or too long for a scheme.
    #[error(
        "the string has {n_bits} bits, expected {least} to {most}; collect more rounds or split the block"
    )]
    StringLength {
        /// Its length, bits.
        n_bits: u64,
        /// The least length.
        least: u64,
        /// The greatest length.
        most: u64,
    },
    /// Not one or two error classes.
    #[error("{count} error classes, expected 1 or 2: the class map has one bit a position")]
    ClassCount {
        /// How many were given.
        count: usize,
    },
    /// A class fraction that is no probability, or fractions that do not sum to 1.
    #[error("the fractions of the error classes sum to {sum}, expected non-negative fractions that sum to 1")]
    Fractions {
        /// Their sum.
        sum: f64,
    },
    /// An error probability outside `[0, 1/2]`.
    #[error(
        "class {class} has error probability {value}, expected 0 to 0.5; flip Bob's bits of that class first"
    )]
    ErrorProbability {
        /// Index of the class.
        class: usize,
        /// What was given.
        value: f64,
    },
    /// An option outside its range.
    #[error("option {name} is {value}, expected {low} to {high}")]
    Option {
        /// Name of the field.
        name: &'static str,
        /// What was given.
        value: f64,
        /// The least allowed value.
        low: f64,
        /// The greatest allowed value.
        high: f64,
    },
    /// So much noise that a syndrome would be as long as the string.
    #[error("an entropy of {entropy} bit a position needs a leak rate above {most}: no key can come of it")]
    TooNoisy {
        /// Mean entropy of an error, bits a position.
        entropy: f64,
        /// The highest leak rate that codes exist for.
        most: f64,
    },
    /// A matrix without rows, columns or ones, or with too many.
    #[error("a parity-check matrix with {count} rows, columns or ones, expected 1 to {most} of each")]
    MatrixSize {
        /// How many there are.
        count: usize,
        /// The most that are taken.
        most: usize,
    },
    /// A one outside a matrix, or twice in the same place.
    #[error("row {row} names column {column} twice, or beyond the {columns} columns of the matrix")]
    MatrixEntry {
        /// The row, from 0.
        row: usize,
        /// The column, from 0.
        column: usize,
        /// Number of columns.
        columns: usize,
    },
    /// A bit string of the wrong length.
    #[error("{what} has {bits} bits, expected {expected}; both sides must design the same scheme")]
    Length {
        /// Which string.
        what: &'static str,
        /// Its length.
        bits: usize,
        /// The length that the scheme fixes.
        expected: usize,
    },
}

/// Why Alice does not answer a request for a retry: the leak cap would not hold, so the block is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RetryRefused {
    /// More frames failed than the reserve covers.
    #[error("{failed} frames failed, the leak cap has a reserve for {most}: abort the block")]
    TooManyFrames {
        /// How many failed.
        failed: usize,
        /// How many the reserve covers.
        most: u32,
    },
    /// A frame number that does not exist or is not above the one before.
    #[error(
        "frame {frame} is not a frame of this scheme in increasing order: {frames} frames, numbered from 0"
    )]
    NoSuchFrame {
        /// The offending number.
        frame: u32,
        /// Number of frames.
        frames: u32,
    },
    /// The string is not the one the scheme was designed for.
    #[error("the string has {bits} bits, expected {expected}")]
    Length {
        /// Its length.
        bits: usize,
        /// The length that the scheme fixes.
        expected: usize,
    },
}
