//! Single shares: errors in key rounds (F1), trials among attempts (F7), latencies outside the audited window (F6).

use diqkd_core::Epsilon;

use crate::drift::{Band, Excursion, ShareDrift, Side};
use crate::{Alarm, Cause, HealthError, Signal};

/// Watches the share of unequal bits in compared key rounds.
#[derive(Clone, Debug)]
pub struct QberWatch {
    share: Watched,
}

impl QberWatch {
    /// A watch that is quiet up to an error share of `most`.
    ///
    /// # Errors
    /// [`HealthError::OutOfRange`] for a limit that is not a number.
    pub fn new(most: f64, alpha: Epsilon) -> Result<Self, HealthError> {
        Ok(Self { share: Watched::new(Band::at_most(most), alpha)? })
    }

    /// Takes a window of `compared` rounds with `errors` unequal bits.
    ///
    /// # Errors
    /// [`HealthError::ImpossibleCount`].
    pub fn push(&mut self, at: u64, errors: u64, compared: u64) -> Result<Option<Alarm>, HealthError> {
        self.share.push(at, errors, compared, |_| (Signal::Qber, Cause::Noise))
    }
}

/// Watches the share of attempts that gave a trial (a herald, a ready signal).
#[derive(Clone, Debug)]
pub struct TrialRateWatch {
    share: Watched,
}

impl TrialRateWatch {
    /// A watch that is quiet inside the band. More trials than it allows are heralds that mean nothing: background.
    ///
    /// # Errors
    /// [`HealthError::OutOfRange`] unless the band is one.
    pub fn new(band: Band, alpha: Epsilon) -> Result<Self, HealthError> {
        Ok(Self { share: Watched::new(band, alpha)? })
    }

    /// Takes a window of `attempts` with `trials`.
    ///
    /// # Errors
    /// [`HealthError::ImpossibleCount`].
    pub fn push(&mut self, at: u64, trials: u64, attempts: u64) -> Result<Option<Alarm>, HealthError> {
        self.share.push(at, trials, attempts, |side| match side {
            Side::Below => (Signal::TrialRate, Cause::Loss),
            Side::Above => (Signal::TrialRate, Cause::Background),
        })
    }
}

/// Audits the timing of trials: outcomes that come later than the locality budget allows, or settings that come
/// earlier, loosen the Bell test however good its statistics.
#[derive(Clone, Debug)]
pub struct TimingWatch {
    share: Watched,
}

impl TimingWatch {
    /// A watch that is quiet while at most a share `most` of the trials leaves the window (an honest share, such as
    /// that of dark counts at odd times).
    ///
    /// # Errors
    /// [`HealthError::OutOfRange`] for a limit that is not a number.
    pub fn new(most: f64, alpha: Epsilon) -> Result<Self, HealthError> {
        Ok(Self { share: Watched::new(Band::at_most(most), alpha)? })
    }

    /// Takes a window of `trials`, `outside` of which left the audited time window.
    ///
    /// # Errors
    /// [`HealthError::ImpossibleCount`].
    pub fn push(&mut self, at: u64, outside: u64, trials: u64) -> Result<Option<Alarm>, HealthError> {
        self.share.push(at, outside, trials, |_| (Signal::TimingWindow, Cause::TimingLoose))
    }
}

/// A share whose excursions become alarms.
#[derive(Clone, Debug)]
struct Watched {
    drift: ShareDrift,
    alpha: Epsilon,
}

impl Watched {
    fn new(band: Band, alpha: Epsilon) -> Result<Self, HealthError> {
        Ok(Self { drift: ShareDrift::new(band, alpha)?, alpha })
    }

    fn push(
        &mut self,
        at: u64,
        successes: u64,
        trials: u64,
        name: impl Fn(Side) -> (Signal, Cause),
    ) -> Result<Option<Alarm>, HealthError> {
        let excursion = self.drift.push(at, successes, trials)?;
        Ok(excursion.map(|excursion| {
            let (signal, cause) = name(excursion.side);
            alarm(excursion, at, signal, cause, self.alpha)
        }))
    }
}

pub(super) fn alarm(excursion: Excursion, at: u64, signal: Signal, cause: Cause, alpha: Epsilon) -> Alarm {
    Alarm {
        signal,
        observed: excursion.observed,
        threshold: excursion.limit,
        since: excursion.since,
        raised: at,
        cause,
        false_alarm: Some(alpha),
    }
}
