//! What makes a question about a link meaningless.

use diqkd_core::OutOfRange;

/// A plan could not be made from these numbers.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A field lies outside what any link can have.
    #[error("{field} is {value}, expected {expected}")]
    Field {
        /// The field as it is written in the structure.
        field: &'static str,
        /// What was given.
        value: f64,
        /// The permitted range in words.
        expected: &'static str,
    },
    /// Something a probability or Bell value can't be.
    #[error(transparent)]
    OutOfRange(#[from] OutOfRange),
    /// The key-length planner refused.
    #[error(transparent)]
    Plan(#[from] diqkd_entropy::Error),
    /// A table with more points than anybody reads.
    #[error("the table has {points} points, at most {most} are computed at once: give fewer values")]
    TableTooLarge {
        /// Points asked for.
        points: usize,
        /// The limit.
        most: usize,
    },
}

/// # Errors
/// [`Error::Field`] unless `0 < value < infinity`.
pub(crate) fn positive(field: &'static str, value: f64) -> Result<f64, Error> {
    if value > 0.0 && value.is_finite() {
        Ok(value)
    } else {
        Err(Error::Field { field, value, expected: "a finite number above 0" })
    }
}

/// # Errors
/// [`Error::Field`] unless `0 <= value <= 1`.
pub(crate) fn probability(field: &'static str, value: f64) -> Result<f64, Error> {
    if (0.0..=1.0).contains(&value) {
        Ok(value)
    } else {
        Err(Error::Field { field, value, expected: "a probability from 0 to 1" })
    }
}
