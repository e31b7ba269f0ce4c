//! Slices whose lengths do not belong together.

/// A slice of the wrong length was handed to a kernel; nothing was computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{operand} has {found} words where {expected} are needed; size it with the function named in the docs"
)]
pub struct LengthError {
    /// Which argument.
    pub operand: &'static str,
    /// Its required length (a minimum for scratch), words.
    pub expected: usize,
    /// Its length, words.
    pub found: usize,
}

impl LengthError {
    /// Accepts `found == expected` only.
    pub(crate) fn exact(operand: &'static str, expected: usize, found: usize) -> Result<(), Self> {
        if found == expected { Ok(()) } else { Err(Self { operand, expected, found }) }
    }

    /// Accepts `found >= expected`.
    pub(crate) fn at_least(operand: &'static str, expected: usize, found: usize) -> Result<(), Self> {
        if found >= expected { Ok(()) } else { Err(Self { operand, expected, found }) }
    }
}
