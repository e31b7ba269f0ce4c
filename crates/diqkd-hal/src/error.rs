//! Errors that generic code can act on without knowing the vendor.

use core::convert::Infallible;
use core::fmt;

use alloc::boxed::Box;

/// A vendor's error, with a kind that generic code decides on: whether to retry, to resynchronise or to stop.
pub trait Error: fmt::Debug {
    /// The class of this error.
    fn kind(&self) -> ErrorKind;
}

/// Gives every trait of this crate one error type per driver.
pub trait ErrorType {
    /// The driver's error.
    type Error: Error;
}

/// What kind of failure a driver reports.
///
/// | kind | what the caller may do |
/// |---|---|
/// | `Timeout` | ask again; nothing was lost |
/// | `Disconnected` | close the recording, reconnect, start a new one |
/// | `Overflow` | note a loss of unknown size; a known loss is a [`Status::Overflow`](crate::Status::Overflow), not an error |
/// | `SyncLost` | stop making trials until the clock is found again |
/// | `OutOfRange` | a request the hardware cannot meet: change the request |
/// | `Unsupported` | never ask this driver again |
/// | `Tamper` | stop, destroy keys in progress, tell the operator |
/// | `FirmwareMismatch` | stop until the station is requalified |
/// | `Corrupt` | discard what this call returned; a repeated case ends the recording |
/// | `Other` | stop |
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The device did not answer in time.
    Timeout,
    /// The device is gone.
    Disconnected,
    /// Data were lost and the driver cannot say how many.
    Overflow,
    /// The reference clock is not locked.
    SyncLost,
    /// An argument lies outside what the hardware can do.
    OutOfRange,
    /// The hardware has no such function, or not in its present state.
    Unsupported,
    /// A tamper sensor has fired.
    Tamper,
    /// The firmware is not the one that was qualified.
    FirmwareMismatch,
    /// The device sent data that contradict themselves.
    Corrupt,
    /// Anything else.
    Other,
}

impl ErrorKind {
    /// Whether the same call may succeed when it is repeated without any other action.
    pub fn is_transient(self) -> bool {
        self == Self::Timeout
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Timeout => "the device did not answer in time",
            Self::Disconnected => "the device is disconnected",
            Self::Overflow => "an unknown number of events was lost",
            Self::SyncLost => "the reference clock is not locked",
            Self::OutOfRange => "the request is outside the range of the hardware",
            Self::Unsupported => "the hardware does not support the request in its present state",
            Self::Tamper => "a tamper sensor has fired",
            Self::FirmwareMismatch => "the firmware is not the qualified one",
            Self::Corrupt => "the device sent corrupt data",
            Self::Other => "the device failed",
        })
    }
}

impl core::error::Error for ErrorKind {}

impl Error for ErrorKind {
    fn kind(&self) -> ErrorKind {
        *self
    }
}

impl Error for Infallible {
    fn kind(&self) -> ErrorKind {
        match *self {}
    }
}

impl<T: ErrorType + ?Sized> ErrorType for &mut T {
    type Error = T::Error;
}

impl<T: ErrorType + ?Sized> ErrorType for Box<T> {
    type Error = T::Error;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_timeout_is_worth_repeating_unchanged() {
        let kinds = [
            ErrorKind::Timeout,
            ErrorKind::Disconnected,
            ErrorKind::Overflow,
            ErrorKind::SyncLost,
            ErrorKind::OutOfRange,
            ErrorKind::Unsupported,
            ErrorKind::Tamper,
            ErrorKind::FirmwareMismatch,
            ErrorKind::Corrupt,
            ErrorKind::Other,
        ];
        assert!(kinds.iter().filter(|kind| kind.is_transient()).eq([&ErrorKind::Timeout]));
    }
}
