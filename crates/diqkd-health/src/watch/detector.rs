//! F4: a detector saturates, is blinded, or is not the one that was characterised.

use alloc::vec::Vec;

use diqkd_core::Epsilon;

use super::bell::share_of;
use super::quality::alarm;
use crate::drift::{Band, CountDrift, ShareDrift, Side};
use crate::{Alarm, Cause, HealthError, Signal};

/// What a healthy detector keeps.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DetectorLimits {
    /// Clicks a window of exposure 1.
    pub clicks: Band,
    /// Clicks a window of exposure 1 while nothing should arrive.
    pub dark: Band,
    /// Dead time as a share of a window of exposure 1.
    pub dead_time: f64,
    /// Share of the time that the detector may be dead.
    pub busy: f64,
    /// Share of click intervals that may be shorter than the dead time (afterpulses, jitter).
    pub too_short: f64,
    /// Least share of click intervals that are between one and two dead times.
    pub just_after: f64,
    /// False-alarm probability an update, all alarms together.
    pub alpha: Epsilon,
}

/// One window of a detector.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DetectorWindow<'a> {
    /// Length of the window, in the unit of the limits.
    pub exposure: f64,
    /// Clicks.
    pub clicks: u64,
    /// Exposure of the time when nothing should arrive.
    pub dark_exposure: f64,
    /// Clicks in that time.
    pub dark_clicks: u64,
    /// Intervals between neighbouring clicks shorter than the declared dead time.
    pub too_short: u64,
    /// Intervals between one and two declared dead times.
    pub just_after: u64,
    /// Clicks of equal bins of the window, a few hundred of them; empty where not known.
    pub bins: &'a [u32],
}

/// Watches one detector.
#[derive(Clone, Debug)]
pub struct DetectorWatch {
    limits: DetectorLimits,
    clicks: CountDrift,
    dark: CountDrift,
    busy: Option<CountDrift>,
    too_short: ShareDrift,
    just_after: ShareDrift,
}

impl DetectorWatch {
    /// A watch that has seen nothing.
    ///
    /// # Errors
    /// [`HealthError::OutOfRange`] for bands that are none.
    pub fn new(limits: DetectorLimits) -> Result<Self, HealthError> {
        let part = share_of(limits.alpha, 6.0);
        let busy = if limits.dead_time > 0.0 {
            Some(CountDrift::new(Band::at_most(limits.busy / limits.dead_time), part)?)
        } else {
            None
        };
        Ok(Self {
            limits,
            clicks: CountDrift::new(limits.clicks, part)?,
            dark: CountDrift::new(limits.dark, part)?,
            busy,
            too_short: ShareDrift::new(Band::at_most(limits.too_short), part)?,
            just_after: ShareDrift::new(Band::at_least(limits.just_after), part)?,
        })
    }

    /// Takes one window that ends at position `at`.
    ///
    /// # Errors
    /// [`HealthError::OutOfRange`] unless exposures are positive and finite, [`HealthError::ImpossibleCount`] for more
    /// short intervals than clicks.
    pub fn push(&mut self, at: u64, window: &DetectorWindow<'_>) -> Result<Vec<Alarm>, HealthError> {
        let alpha = self.limits.alpha;
        let mut alarms = Vec::new();
        if let Some(excursion) = self.clicks.push(at, window.clicks, window.exposure)? {
            let cause = match excursion.side {
                Side::Below => Cause::DetectorBlind,
                Side::Above => Cause::TooMuchLight,
            };
            alarms.push(alarm(excursion, at, Signal::ClickRate, cause, alpha));
        }
        if window.dark_exposure > 0.0
            && let Some(excursion) = self.dark.push(at, window.dark_clicks, window.dark_exposure)?
        {
            let cause = match excursion.side {
                Side::Below => Cause::DetectorBlind,
                Side::Above => Cause::Background,
            };
            alarms.push(alarm(excursion, at, Signal::DarkCounts, cause, alpha));
        }
        if let Some(busy) = &mut self.busy
            && let Some(mut excursion) = busy.push(at, window.clicks, window.exposure)?
        {
            excursion.observed *= self.limits.dead_time;
            excursion.limit *= self.limits.dead_time;
            alarms.push(alarm(excursion, at, Signal::Saturation, Cause::TooMuchLight, alpha));
        }
        let intervals = window.clicks.saturating_sub(1);
        let shares = [
            self.too_short.push(at, window.too_short, intervals)?,
            self.just_after.push(at, window.just_after, intervals)?,
        ];
        for excursion in shares.into_iter().flatten() {
            alarms.push(alarm(excursion, at, Signal::DeadTime, Cause::DeadTimeChanged, alpha));
        }
        alarms.extend(self.fano(at, window.bins));
        Ok(alarms)
    }

    /// Variance over mean of the bins against `(1 - busy)^2` of a Poisson process with the dead time, by the tails of
    /// the chi-squared distribution of B. Laurent and P. Massart, Ann. Stat. 28, 1302 (2000), Eqs. (4.3) and (4.4);
    /// normal approximation of the bins, so nothing is said below 16 clicks a bin.
    fn fano(&self, at: u64, bins: &[u32]) -> Option<Alarm> {
        if bins.len() < 2 {
            return None;
        }
        let n = bins.len() as f64;
        let mean = bins.iter().map(|&bin| f64::from(bin)).sum::<f64>() / n;
        if mean < 16.0 {
            return None;
        }
        let squares: f64 = bins.iter().map(|&bin| (f64::from(bin) - mean) * (f64::from(bin) - mean)).sum();
        let freedom = n - 1.0;
        let fano = squares / freedom / mean;
        // `exp(-x)` is the sixth of alpha, halved for two sides.
        let x = (libm::log2(12.0) - self.limits.alpha.log2()) * core::f64::consts::LN_2;
        let most_busy = self.limits.busy.clamp(0.0, 1.0);
        let least = (1.0 - most_busy) * (1.0 - most_busy);
        let low = least * (1.0 - 2.0 * libm::sqrt(x / freedom));
        let high = 1.0 + 2.0 * libm::sqrt(x / freedom) + 2.0 * x / freedom;
        let (threshold, cause) = if fano < low {
            (low, Cause::TooMuchLight)
        } else if fano > high {
            (high, Cause::DetectorBlind)
        } else {
            return None;
        };
        Some(Alarm {
            signal: Signal::Fano,
            observed: fano,
            threshold,
            since: at,
            raised: at,
            cause,
            false_alarm: Some(self.limits.alpha),
        })
    }
}
