//! F2: the clocks of the two sites drift apart, or lose each other.

use alloc::vec::Vec;

use diqkd_core::Epsilon;

use super::bell::share_of;
use super::quality::alarm;
use crate::drift::{Band, MeanDrift, ShareDrift};
use crate::{Alarm, Cause, HealthError, Signal};

/// What a healthy synchronisation keeps.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClockLimits {
    /// The residual of the clock offset that a slot rule bears, in ps, either way.
    pub offset_ps: f64,
    /// Standard deviation of the residual of one window, in ps.
    pub sigma_ps: f64,
    /// Share of rounds that the slot rule discards at most.
    pub discard_share: f64,
    /// Probability that a healthy window gives no clock fix.
    pub no_fix: f64,
    /// False-alarm probability an update, all alarms together.
    pub alpha: Epsilon,
}

/// One window of synchronisation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClockWindow {
    /// The residual of the offset in ps; `None` without a clock fix.
    pub residual_ps: Option<f64>,
    /// Rounds that the slot rule discarded.
    pub discarded: u64,
    /// Rounds in all.
    pub rounds: u64,
}

/// Watches clock offset, discarded rounds and loss of the clock fix.
#[derive(Clone, Debug)]
pub struct ClockWatch {
    limits: ClockLimits,
    offset: MeanDrift,
    discards: ShareDrift,
    missed: u64,
    allowed: u64,
}

impl ClockWatch {
    /// A watch that has seen nothing.
    ///
    /// # Errors
    /// [`HealthError::OutOfRange`] for limits that are none.
    pub fn new(limits: ClockLimits) -> Result<Self, HealthError> {
        let third = share_of(limits.alpha, 3.0);
        let band = Band { low: -limits.offset_ps, high: limits.offset_ps };
        Ok(Self {
            limits,
            offset: MeanDrift::new(band, limits.sigma_ps, third)?,
            discards: ShareDrift::new(Band::at_most(limits.discard_share), third)?,
            missed: 0,
            allowed: misses(limits.no_fix, third)?,
        })
    }

    /// Takes one window that ends at position `at`.
    ///
    /// # Errors
    /// [`HealthError::ImpossibleCount`] for more discarded rounds than rounds, [`HealthError::OutOfRange`] for a
    /// residual that is not finite.
    pub fn push(&mut self, at: u64, window: &ClockWindow) -> Result<Vec<Alarm>, HealthError> {
        let alpha = self.limits.alpha;
        let mut alarms = Vec::new();
        if let Some(excursion) = self.discards.push(at, window.discarded, window.rounds)? {
            alarms.push(alarm(excursion, at, Signal::DiscardShare, Cause::ClockDrift, alpha));
        }
        match window.residual_ps {
            Some(residual) => {
                self.missed = 0;
                if let Some(excursion) = self.offset.push(at, residual)? {
                    alarms.push(alarm(excursion, at, Signal::ClockOffset, Cause::ClockDrift, alpha));
                }
            }
            None => {
                self.missed = self.missed.saturating_add(1);
                if self.missed == self.allowed {
                    alarms.push(Alarm {
                        signal: Signal::LostSync,
                        observed: self.missed as f64,
                        threshold: self.allowed as f64,
                        since: at.saturating_sub(self.missed - 1),
                        raised: at,
                        cause: Cause::NoClockFix,
                        false_alarm: Some(alpha),
                    });
                }
            }
        }
        Ok(alarms)
    }
}

/// How many misses in a row of probability `p` each have probability at most `alpha`; at least 1.
pub(super) fn misses(p: f64, alpha: Epsilon) -> Result<u64, HealthError> {
    if !(0.0..1.0).contains(&p) {
        let range =
            diqkd_core::OutOfRange { quantity: "probability of a miss", value: p, low: 0.0, high: 1.0 };
        return Err(range.into());
    }
    Ok(libm::ceil(alpha.log2() / libm::log2(p.max(f64::MIN_POSITIVE))).max(1.0) as u64)
}
