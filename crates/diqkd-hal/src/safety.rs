//! Tamper sensors and interlocks.

use crate::error::ErrorType;

/// Reports that somebody opened, moved, heated or illuminated what they should not.
///
/// The contract: an event that occurred is reported exactly once, also when it occurred before the first call or
/// while the host was off, as far as the hardware can remember it.
pub trait Tamper: ErrorType {
    /// The next unreported event, or `None`.
    ///
    /// # Errors
    /// The driver's error. A sensor that cannot be read is itself a reason to stop.
    fn poll(&mut self) -> Result<Option<TamperEvent>, Self::Error>;
}

/// One tamper event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TamperEvent {
    /// What the sensor saw.
    pub cause: TamperCause,
    /// Number of the sensor, as in the station's documentation.
    pub sensor: u16,
    /// Picoseconds on the tagger's clock; `None` when it happened outside a recording.
    pub time_ps: Option<i64>,
}

/// What a tamper sensor saw.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TamperCause {
    /// The enclosure was opened.
    Enclosure,
    /// Light where it should be dark, or brighter than allowed.
    Light,
    /// Supply voltage out of range.
    Power,
    /// Temperature out of range.
    Temperature,
    /// Movement or vibration.
    Motion,
    /// Somebody attached a debugger or changed the firmware.
    Firmware,
    /// Anything else.
    Other,
}

impl TamperCause {
    /// A short name in snake case, as audit chains and reports use it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Enclosure => "enclosure",
            Self::Light => "light",
            Self::Power => "power",
            Self::Temperature => "temperature",
            Self::Motion => "motion",
            Self::Firmware => "firmware",
            Self::Other => "other",
        }
    }
}

/// Allows or forbids light: shutters, laser enables, high voltage.
///
/// The contract: after `trip` returns, and whenever the state is not [`InterlockState::Closed`], no signal light
/// enters or leaves the station. Only a person on site can reset a tripped interlock.
pub trait Interlock: ErrorType {
    /// The present state.
    ///
    /// # Errors
    /// The driver's error.
    fn state(&mut self) -> Result<InterlockState, Self::Error>;

    /// Opens the loop at once.
    ///
    /// # Errors
    /// The driver's error; the caller then treats the station as compromised.
    fn trip(&mut self) -> Result<(), Self::Error>;
}

/// State of an interlock loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum InterlockState {
    /// All contacts are closed: operation is allowed.
    Closed,
    /// A contact is open, for example a door.
    Open,
    /// Tripped; needs a reset on site.
    Tripped,
}

impl<T: Tamper + ?Sized> Tamper for &mut T {
    fn poll(&mut self) -> Result<Option<TamperEvent>, Self::Error> {
        (**self).poll()
    }
}

impl<T: Interlock + ?Sized> Interlock for &mut T {
    fn state(&mut self) -> Result<InterlockState, Self::Error> {
        (**self).state()
    }

    fn trip(&mut self) -> Result<(), Self::Error> {
        (**self).trip()
    }
}
