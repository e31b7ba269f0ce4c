//! The clock that a tagger counts by.

use crate::error::ErrorType;

/// Tells how the station's time base is disciplined and whether it holds.
pub trait ReferenceClock: ErrorType {
    /// The present state. A caller that needs hardware timestamps refuses sources whose uncertainty exceeds its
    /// budget.
    ///
    /// # Errors
    /// The driver's error.
    fn state(&mut self) -> Result<ClockState, Self::Error>;
}

/// What a clock knows about itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockState {
    /// What disciplines it.
    pub source: ClockSource,
    /// Whether the discipline holds.
    pub lock: Lock,
    /// Offset to the reference in picoseconds (positive: this clock is ahead); `None` for a free-running clock.
    pub offset_ps: Option<i64>,
    /// One standard deviation of the time error against the reference in picoseconds; `None` when unknown.
    pub uncertainty_ps: Option<u64>,
}

/// What disciplines a clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ClockSource {
    /// Nothing: an oscillator of its own.
    FreeRunning,
    /// A pulse per second.
    Pps,
    /// White Rabbit.
    WhiteRabbit,
    /// A satellite navigation receiver.
    Gnss,
    /// The precision time protocol with hardware timestamps.
    Ptp,
    /// The network time protocol: too coarse for slots, fit for log entries.
    Ntp,
}

/// Whether a clock follows its reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Lock {
    /// There is no reference to lock to.
    NotApplicable,
    /// Locked.
    Locked,
    /// The reference is gone, the clock coasts.
    Holdover,
    /// Not locked.
    Unlocked,
}

impl<T: ReferenceClock + ?Sized> ReferenceClock for &mut T {
    fn state(&mut self) -> Result<ClockState, Self::Error> {
        (**self).state()
    }
}
