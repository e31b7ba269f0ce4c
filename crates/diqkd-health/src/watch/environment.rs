//! F1, before it happens: the surroundings leave their range; and which of them moves along with the correlations.

use alloc::vec::Vec;

use diqkd_core::Epsilon;

use crate::drift::{Band, MeanDrift, Side};
use crate::{Alarm, Cause, HealthError, Signal};

/// What one sensor shows around a healthy link.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EnvironmentLimits {
    /// Range of the mean, in the unit of the sensor.
    pub band: Band,
    /// Standard deviation of a reading about its mean.
    pub sigma: f64,
    /// False-alarm probability a reading.
    pub alpha: Epsilon,
}

/// Watches the mean of one sensor.
#[derive(Clone, Debug)]
pub struct EnvironmentWatch {
    drift: MeanDrift,
    alpha: Epsilon,
}

impl EnvironmentWatch {
    /// A watch that has seen nothing.
    ///
    /// # Errors
    /// [`HealthError::OutOfRange`] unless the band is one and `sigma` positive and finite.
    pub fn new(limits: EnvironmentLimits) -> Result<Self, HealthError> {
        let EnvironmentLimits { band, sigma, alpha } = limits;
        Ok(Self { drift: MeanDrift::new(band, sigma, alpha)?, alpha })
    }

    /// Takes a reading at position `at`.
    ///
    /// # Errors
    /// [`HealthError::OutOfRange`] for a value that is not finite.
    pub fn push(&mut self, at: u64, value: f64) -> Result<Option<Alarm>, HealthError> {
        Ok(self.drift.push(at, value)?.map(|excursion| Alarm {
            signal: match excursion.side {
                Side::Below => Signal::EnvironmentLow,
                Side::Above => Signal::EnvironmentHigh,
            },
            observed: excursion.observed,
            threshold: excursion.limit,
            since: excursion.since,
            raised: at,
            cause: Cause::Surroundings,
            false_alarm: Some(self.alpha),
        }))
    }
}

/// The last [`EnvironmentCorrelation::WINDOWS`] windows of one sensor beside a share of the link (wins, errors), to say
/// which sensor moves along when the share falls.
///
/// A hint for operators, not evidence: two things that drift slowly correlate without one causing the other.
#[derive(Clone, Debug, Default)]
pub struct EnvironmentCorrelation {
    pairs: Vec<(f64, f64)>,
    oldest: usize,
}

/// Spearman's rank correlation of a sensor with a share.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Correlated {
    /// From -1 to 1; its sign says whether the share rises or falls with the sensor.
    pub coefficient: f64,
    /// Windows that it rests on.
    pub windows: usize,
    /// Probability of a coefficient at least this far from 0 where windows are independent and the sensor plays no
    /// role; for many windows (normal approximation, variance `1/(windows - 1)`).
    pub p_value: f64,
}

impl EnvironmentCorrelation {
    /// Windows kept.
    pub const WINDOWS: usize = 256;

    /// Takes the sensor's mean over a window and the share in the same window; a value that is not finite is left out.
    pub fn push(&mut self, sensor: f64, share: f64) {
        if !(sensor.is_finite() && share.is_finite()) {
            return;
        }
        if self.pairs.len() < Self::WINDOWS {
            self.pairs.push((sensor, share));
        } else {
            self.pairs[self.oldest] = (sensor, share);
            self.oldest = (self.oldest + 1) % Self::WINDOWS;
        }
    }

    /// The correlation so far; `None` with fewer than 16 windows or when one side never changes.
    pub fn correlation(&self) -> Option<Correlated> {
        let windows = self.pairs.len();
        if windows < LEAST_WINDOWS {
            return None;
        }
        let sensors = ranks(self.pairs.iter().map(|pair| pair.0));
        let shares = ranks(self.pairs.iter().map(|pair| pair.1));
        let mean = (windows - 1) as f64 / 2.0;
        let sum = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(x, y)| (x - mean) * (y - mean)).sum::<f64>();
        let spread = sum(&sensors, &sensors) * sum(&shares, &shares);
        if spread <= 0.0 {
            return None;
        }
        let coefficient = (sum(&sensors, &shares) / libm::sqrt(spread)).clamp(-1.0, 1.0);
        let deviations = libm::fabs(coefficient) * libm::sqrt((windows - 1) as f64);
        Some(Correlated { coefficient, windows, p_value: libm::erfc(deviations / core::f64::consts::SQRT_2) })
    }
}

/// The place of each value in the sorted list, from 0; equal values share the mean of their places.
fn ranks(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut sorted: Vec<(f64, usize)> = values.zip(0..).collect();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut ranks = alloc::vec![0.0; sorted.len()];
    let mut from = 0;
    for equal in sorted.chunk_by(|a, b| a.0 == b.0) {
        let place = from as f64 + (equal.len() - 1) as f64 / 2.0;
        for &(_, index) in equal {
            ranks[index] = place;
        }
        from += equal.len();
    }
    ranks
}

const LEAST_WINDOWS: usize = 16;

#[cfg(test)]
mod tests {
    use rand::rngs::StdRng;
    use rand::{RngExt, SeedableRng};

    use super::*;

    #[test]
    fn a_warm_room_is_found_and_dated() {
        let band = Band { low: 293.0, high: 293.5 };
        let alpha = Epsilon::new(1e-9).expect("in range");
        let mut watch = EnvironmentWatch::new(EnvironmentLimits { band, sigma: 0.1, alpha }).expect("a band");
        for at in 0..100 {
            let value = if at < 60 { 293.4 } else { 293.8 };
            if let Some(alarm) = watch.push(at, value).expect("finite") {
                assert!(at > 60 && at < 70);
                assert_eq!(
                    (alarm.signal, alarm.since, alarm.cause),
                    (Signal::EnvironmentHigh, 60, Cause::Surroundings)
                );
                return;
            }
        }
        panic!("three standard deviations go unnoticed");
    }

    /// Ranks with ties against values worked out by hand: (1, 2, 2, 4) has ranks 0, 1.5, 1.5, 3.
    #[test]
    fn ranks_share_ties() {
        assert_eq!(ranks([2.0, 4.0, 1.0, 2.0].into_iter()), [1.5, 3.0, 0.0, 1.5]);
    }

    #[test]
    fn the_sensor_that_moves_along_stands_out() {
        let mut rng = StdRng::seed_from_u64(3);
        let (mut warm, mut humid) = (EnvironmentCorrelation::default(), EnvironmentCorrelation::default());
        for window in 0..400 {
            let temperature = f64::from(window) * 0.01 + rng.random::<f64>();
            warm.push(temperature, 0.83 - 0.01 * temperature + 0.01 * rng.random::<f64>());
            humid.push(rng.random(), 0.83 - 0.01 * temperature);
        }
        humid.push(f64::NAN, 0.8);
        let warm = warm.correlation().expect("enough windows");
        assert!(warm.coefficient < -0.8 && warm.p_value < 1e-12 && warm.windows == 256, "{warm:?}");
        let humid = humid.correlation().expect("enough windows");
        assert!(humid.p_value > 1e-3, "{humid:?}");
    }

    /// Where nothing is correlated, p-values are uniform: 5 % of them lie below 0.05.
    #[test]
    fn p_values_keep_their_word() {
        let mut rng = StdRng::seed_from_u64(4);
        let below = (0..1000)
            .filter(|_| {
                let mut pairs = EnvironmentCorrelation::default();
                (0..64).for_each(|_| pairs.push(rng.random(), rng.random()));
                pairs.correlation().expect("enough windows").p_value < 0.05
            })
            .count();
        // 50 expected, standard deviation 7.
        assert!((15..95).contains(&below), "{below}");
    }

    #[test]
    fn too_little_says_nothing() {
        let mut pairs = EnvironmentCorrelation::default();
        (0..15).for_each(|i| pairs.push(f64::from(i), f64::from(i)));
        assert_eq!(pairs.correlation(), None);
        (0..15).for_each(|_| pairs.push(1.0, 1.0));
        assert!(pairs.correlation().is_some());
        let mut constant = EnvironmentCorrelation::default();
        (0..50).for_each(|i| constant.push(1.0, f64::from(i)));
        assert_eq!(constant.correlation(), None);
    }
}
