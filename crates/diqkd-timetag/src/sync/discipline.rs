//! What a site says about its own clock, and whether that is enough.

/// Where a site's time comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TimeSource {
    /// Packets over a network, time-stamped by software.
    Ntp,
    /// Packets time-stamped by hardware (IEEE 1588).
    Ptp,
    /// White Rabbit.
    WhiteRabbit,
    /// Pulses of a satellite receiver.
    Gnss,
    /// The photons or heralds themselves.
    CommonEvents,
}

impl TimeSource {
    /// Whether hardware takes the timestamps. Software does not know when a pulse arrived.
    pub fn is_hardware(self) -> bool {
        self != Self::Ntp
    }
}

/// Whether a clock follows its source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Discipline {
    /// It follows.
    Locked,
    /// It has followed and runs on alone.
    Holdover,
    /// It has never followed.
    Free,
}

/// What a site says about its own clock.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClockState {
    /// Where its time comes from.
    pub source: TimeSource,
    /// Whether it follows.
    pub discipline: Discipline,
    /// Bound on its error, ps; for a clock that runs on alone, as it has grown until now.
    pub uncertainty_ps: f64,
}

impl ClockState {
    /// Whether the clock is good enough for slots whose guards are `budget_ps` wide.
    ///
    /// ```
    /// use diqkd_timetag::sync::{ClockRefused, ClockState, Discipline, TimeSource};
    ///
    /// let mut state =
    ///     ClockState { source: TimeSource::Ntp, discipline: Discipline::Locked, uncertainty_ps: 1e9 };
    /// assert_eq!(
    ///     state.check(5_000.0),
    ///     Err(ClockRefused::Uncertain { uncertainty_ps: 1e9, budget_ps: 5_000.0, hardware: false })
    /// );
    /// state = ClockState { source: TimeSource::WhiteRabbit, uncertainty_ps: 500.0, ..state };
    /// assert_eq!(state.check(5_000.0), Ok(()));
    /// ```
    ///
    /// # Errors
    /// [`ClockRefused`] when the clock follows nothing or its error may exceed the budget.
    pub fn check(&self, budget_ps: f64) -> Result<(), ClockRefused> {
        if self.discipline == Discipline::Free && self.source != TimeSource::CommonEvents {
            return Err(ClockRefused::Undisciplined);
        }
        // A NaN is no bound.
        if self.uncertainty_ps.is_nan() || self.uncertainty_ps > budget_ps || self.uncertainty_ps < 0.0 {
            let (uncertainty_ps, hardware) = (self.uncertainty_ps, self.source.is_hardware());
            return Err(ClockRefused::Uncertain { uncertainty_ps, budget_ps, hardware });
        }
        Ok(())
    }
}

/// Why a clock is not good enough.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ClockRefused {
    /// It follows nothing.
    #[error(
        "the clock has never followed its source; wait for it to lock, or recover the clock from common events"
    )]
    Undisciplined,
    /// Its error may be too large.
    #[error(
        "the clock may be off by {uncertainty_ps} ps, the budget is {budget_ps} ps{}",
        if *hardware { "; wait for it to settle" } else { "; software timestamps are not enough, use hardware ones" }
    )]
    Uncertain {
        /// Bound on its error, ps.
        uncertainty_ps: f64,
        /// What is allowed, ps.
        budget_ps: f64,
        /// Whether hardware takes the timestamps.
        hardware: bool,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_bounded_error_passes() {
        let state = |source, discipline, uncertainty_ps| ClockState { source, discipline, uncertainty_ps };
        let locked = Discipline::Locked;
        assert!(state(TimeSource::Ptp, locked, 99.0).check(100.0).is_ok());
        assert!(state(TimeSource::Gnss, Discipline::Holdover, 100.0).check(100.0).is_ok());
        for bad in [101.0, f64::NAN, f64::INFINITY, -1.0] {
            assert!(state(TimeSource::Gnss, locked, bad).check(100.0).is_err(), "{bad}");
        }
        assert_eq!(
            state(TimeSource::Ptp, Discipline::Free, 1.0).check(100.0),
            Err(ClockRefused::Undisciplined)
        );
        assert!(state(TimeSource::CommonEvents, Discipline::Free, 1.0).check(100.0).is_ok());
    }
}
