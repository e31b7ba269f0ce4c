//! Change detection with a stated false-alarm probability at every update, whatever the length of the run.
//!
//! For each of a grid of worse values the sum over all possible beginnings of the likelihood ratio since then is kept
//! (Shiryaev and Roberts): `R <- (1 + R) L`. Where the declared range holds, `L` has conditional mean at most 1, so the
//! mean of `R - t` never grows, and by Doob's inequality the average over the grid reaches `A` within `t` updates with
//! probability at most `t/A`: the false-alarm probability is `alpha = 1/A` an update, exactly and with memory allowed.
//! Beside it runs the CUSUM of each worse value, whose last return to zero is the likely beginning.
//!
//! Constant memory; an update costs about a dozen exponentials.
//!
//! # References
//! M. Pollak, Ann. Stat. 13, 206 (1985); J. Shin, A. Ramdas, A. Rinaldo, arXiv:2203.03532 (e-detectors).

use diqkd_core::{Epsilon, OutOfRange};

use crate::HealthError;

/// Which end of the declared range was left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// The value is too small.
    Below,
    /// The value is too large.
    Above,
}

/// A change that was found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Excursion {
    /// Which end was left.
    pub side: Side,
    /// The mean value since the change.
    pub observed: f64,
    /// The end of the range that was left.
    pub limit: f64,
    /// The position at which the change began, by maximum likelihood.
    pub since: u64,
}

/// The range that a healthy value keeps; either end may be left open with an infinite value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Band {
    /// Least healthy value.
    pub low: f64,
    /// Greatest healthy value.
    pub high: f64,
}

impl Band {
    /// No greatest value.
    pub fn at_least(low: f64) -> Self {
        Self { low, high: f64::INFINITY }
    }

    /// No least value.
    pub fn at_most(high: f64) -> Self {
        Self { low: f64::NEG_INFINITY, high }
    }

    fn check(self, quantity: &'static str) -> Result<Self, HealthError> {
        if self.low <= self.high {
            return Ok(self);
        }
        Err(OutOfRange { quantity, value: self.low, low: f64::NEG_INFINITY, high: self.high }.into())
    }
}

/// Watches a share: `successes` of `trials` a window, each trial a success with a probability inside the band.
#[derive(Clone, Debug)]
pub struct ShareDrift {
    detectors: TwoSided,
}

impl ShareDrift {
    /// A watch that has seen nothing; a false alarm has probability `alpha` an update, both ends together.
    ///
    /// # Errors
    /// [`HealthError::OutOfRange`] unless the band is one.
    pub fn new(band: Band, alpha: Epsilon) -> Result<Self, HealthError> {
        Ok(Self { detectors: TwoSided::new(band.check("share")?, alpha) })
    }

    /// Takes one window that ends at position `at`.
    ///
    /// # Errors
    /// [`HealthError::ImpossibleCount`] for more successes than trials.
    pub fn push(&mut self, at: u64, successes: u64, trials: u64) -> Result<Option<Excursion>, HealthError> {
        if successes > trials {
            return Err(HealthError::ImpossibleCount { ones: successes, bits: trials });
        }
        let (k, n) = (successes as f64, trials as f64);
        Ok(self.detectors.push(at, k, n, |limit, strength| {
            let p = limit.clamp(SMALLEST_SHARE, 1.0 - SMALLEST_SHARE);
            let odds = p / (1.0 - p) * libm::exp(strength);
            let q = odds / (1.0 + odds);
            k * libm::log(q / p) + (n - k) * libm::log1p((p - q) / (1.0 - p))
        }))
    }
}

/// Watches a rate: `count` events a window of a given exposure, Poisson with a mean inside `band * exposure` or, for
/// the upper end, any distribution with a lighter tail (a dead time thins the counts).
#[derive(Clone, Debug)]
pub struct CountDrift {
    detectors: TwoSided,
}

impl CountDrift {
    /// A watch that has seen nothing; the band is per unit of exposure.
    ///
    /// # Errors
    /// [`HealthError::OutOfRange`] unless the band is one.
    pub fn new(band: Band, alpha: Epsilon) -> Result<Self, HealthError> {
        Ok(Self { detectors: TwoSided::new(band.check("rate")?, alpha) })
    }

    /// Takes one window that ends at position `at`.
    ///
    /// # Errors
    /// [`HealthError::OutOfRange`] unless the exposure is positive and finite.
    pub fn push(&mut self, at: u64, count: u64, exposure: f64) -> Result<Option<Excursion>, HealthError> {
        if !(exposure > 0.0 && exposure.is_finite()) {
            return Err(OutOfRange {
                quantity: "exposure of a window",
                value: exposure,
                low: 0.0,
                high: f64::MAX,
            }
            .into());
        }
        let c = count as f64;
        Ok(self.detectors.push(at, c, exposure, |limit, strength| {
            let mean = (limit * exposure).max(SMALLEST_SHARE);
            c * strength - mean * libm::expm1(strength)
        }))
    }
}

/// Watches a mean: values whose deviations from a mean inside the band are sub-Gaussian with the declared `sigma`
/// (normal, or bounded within plus or minus `sigma`).
#[derive(Clone, Debug)]
pub struct MeanDrift {
    detectors: TwoSided,
    sigma: f64,
}

impl MeanDrift {
    /// A watch that has seen nothing.
    ///
    /// # Errors
    /// [`HealthError::OutOfRange`] unless the band is one and `sigma` positive and finite.
    pub fn new(band: Band, sigma: f64, alpha: Epsilon) -> Result<Self, HealthError> {
        if !(sigma > 0.0 && sigma.is_finite()) {
            return Err(OutOfRange {
                quantity: "standard deviation",
                value: sigma,
                low: 0.0,
                high: f64::MAX,
            }
            .into());
        }
        Ok(Self { detectors: TwoSided::new(band.check("mean")?, alpha), sigma })
    }

    /// Takes one value at position `at`.
    ///
    /// # Errors
    /// [`HealthError::OutOfRange`] for a value that is not finite.
    pub fn push(&mut self, at: u64, value: f64) -> Result<Option<Excursion>, HealthError> {
        if !value.is_finite() {
            return Err(
                OutOfRange { quantity: "measured value", value, low: f64::MIN, high: f64::MAX }.into()
            );
        }
        let sigma = self.sigma;
        Ok(self.detectors.push(at, value, 1.0, |limit, strength| {
            strength * (value - limit) / sigma - 0.5 * strength * strength
        }))
    }
}

/// Bets against a claim that bounded values are at most 0 on average, given the past: a share of the capital that the
/// worst value can lose is staked on each, so the capital's mean never grows while the claim holds, whatever the
/// distribution.
#[derive(Clone, Debug)]
pub(crate) struct ExcessDrift {
    detector: Detector,
}

impl ExcessDrift {
    pub(crate) fn new(alpha: Epsilon) -> Self {
        Self { detector: Detector::new(-alpha.log2() * core::f64::consts::LN_2) }
    }

    /// Takes a value that is at least `-most_below`, a bound known before it; the likely beginning once the claim is
    /// refuted.
    pub(crate) fn push(&mut self, at: u64, value: f64, most_below: f64) -> Option<u64> {
        let relative = value / most_below.max(f64::MIN_POSITIVE);
        let ln_capital = |strength: f64| libm::log1p(-libm::expm1(-strength) * relative);
        self.detector.push(at, value, 1.0, ln_capital).map(|(since, _)| since)
    }
}

/// A detector at each end that is not open.
#[derive(Clone, Debug)]
struct TwoSided {
    band: Band,
    below: Detector,
    above: Detector,
}

impl TwoSided {
    fn new(band: Band, alpha: Epsilon) -> Self {
        let ends = u32::from(band.low.is_finite()) + u32::from(band.high.is_finite());
        let ln_limit = -alpha.log2() * core::f64::consts::LN_2 + libm::log(f64::from(ends.max(1)));
        Self { band, below: Detector::new(ln_limit), above: Detector::new(ln_limit) }
    }

    /// `ln_ratio(limit, strength)`: the logarithm of the likelihood ratio of the window, of a value beyond `limit` by
    /// `strength` (negative: below) against `limit`.
    fn push(
        &mut self,
        at: u64,
        amount: f64,
        size: f64,
        ln_ratio: impl Fn(f64, f64) -> f64,
    ) -> Option<Excursion> {
        let Band { low, high } = self.band;
        let above = if high.is_finite() {
            self.above.push(at, amount, size, |strength| ln_ratio(high, strength))
        } else {
            None
        };
        let below = if low.is_finite() {
            self.below.push(at, amount, size, |strength| ln_ratio(low, -strength))
        } else {
            None
        };
        let excursion = |side, limit| move |(since, observed)| Excursion { side, observed, limit, since };
        above.map(excursion(Side::Above, high)).or_else(|| below.map(excursion(Side::Below, low)))
    }
}

/// The sums of all worse values on the grid.
#[derive(Clone, Debug)]
struct Detector {
    ln_limit: f64,
    tracks: [Track; GRID],
}

#[derive(Clone, Copy, Debug)]
struct Track {
    ln_sum: f64,
    cusum: f64,
    since: u64,
    amount: f64,
    size: f64,
}

impl Track {
    const fn from(position: u64) -> Self {
        Self { ln_sum: f64::NEG_INFINITY, cusum: 0.0, since: position, amount: 0.0, size: 0.0 }
    }
}

impl Detector {
    fn new(ln_limit: f64) -> Self {
        Self { ln_limit, tracks: [Track::from(0); GRID] }
    }

    /// Beginning and mean value of a change, after which everything starts afresh.
    fn push(&mut self, at: u64, amount: f64, size: f64, ln_ratio: impl Fn(f64) -> f64) -> Option<(u64, f64)> {
        let mut strength = WEAKEST;
        let mut greatest = f64::NEG_INFINITY;
        for track in &mut self.tracks {
            let ln = ln_ratio(strength);
            strength *= STEP;
            // ln(1 + R), without overflow.
            let one_more = if track.ln_sum > 0.0 {
                track.ln_sum + libm::log1p(libm::exp(-track.ln_sum))
            } else {
                libm::log1p(libm::exp(track.ln_sum))
            };
            track.ln_sum = one_more + ln;
            greatest = greatest.max(track.ln_sum);
            track.cusum += ln;
            if track.cusum <= 0.0 {
                *track = Track { ln_sum: track.ln_sum, ..Track::from(at.saturating_add(1)) };
            } else {
                track.amount += amount;
                track.size += size;
            }
        }
        let spread: f64 = self.tracks.iter().map(|track| libm::exp(track.ln_sum - greatest)).sum();
        let reached = greatest + libm::log(spread / GRID as f64) >= self.ln_limit;
        if !reached {
            return None;
        }
        let best = self
            .tracks
            .iter()
            .copied()
            .reduce(|best, track| if track.cusum > best.cusum { track } else { best });
        let (since, observed) = match best {
            Some(track) if track.size > 0.0 => (track.since, track.amount / track.size),
            _ => (at, amount / size.max(f64::MIN_POSITIVE)),
        };
        self.tracks = [Track::from(at.saturating_add(1)); GRID];
        Some((since.min(at), observed))
    }
}

/// Worse values on the grid: `WEAKEST * STEP^i` apart from the limit, in log-odds, in the logarithm of a rate, or in
/// standard deviations.
const GRID: usize = 12;
const WEAKEST: f64 = 0.003;
const STEP: f64 = 2.0;

/// Shares are kept this far from 0 and 1, so that one event where none is declared is strong evidence, not a proof.
const SMALLEST_SHARE: f64 = 1e-12;

#[cfg(test)]
mod tests {
    use rand::rngs::StdRng;
    use rand::{RngExt, SeedableRng};

    use super::*;

    fn alpha(p: f64) -> Epsilon {
        Epsilon::new(p).expect("in range")
    }

    fn binomial(rng: &mut StdRng, n: u64, p: f64) -> u64 {
        (0..n).map(|_| u64::from(rng.random_bool(p))).sum()
    }

    /// At the very end of the band, where false alarms are likeliest: at most `alpha` an update.
    #[test]
    fn false_alarms_keep_their_probability() {
        let mut rng = StdRng::seed_from_u64(1);
        let mut share = ShareDrift::new(Band { low: 0.1, high: 0.1 }, alpha(1e-3)).expect("a band");
        let mut mean = MeanDrift::new(Band { low: 0.0, high: 0.0 }, 1.0, alpha(1e-3)).expect("a band");
        let (mut shares, mut means) = (0, 0);
        let windows = 50_000u64;
        for at in 0..windows {
            let k = binomial(&mut rng, 50, 0.1);
            shares += u32::from(share.push(at, k, 50).expect("possible").is_some());
            let value: f64 = if rng.random_bool(0.5) { 1.0 } else { -1.0 };
            means += u32::from(mean.push(at, value).expect("finite").is_some());
        }
        // Expected at most 50 each; more than 95 has probability below 1e-8.
        assert!(shares <= 95 && means <= 95, "{shares} {means}");
        assert!(shares > 2 && means > 2, "not needlessly deaf: {shares} {means}");
    }

    #[test]
    fn a_change_is_found_and_dated() {
        let mut rng = StdRng::seed_from_u64(2);
        let mut share = ShareDrift::new(Band { low: 0.84, high: 0.86 }, alpha(1e-6)).expect("a band");
        let change = 700u64;
        let mut found = None;
        for at in 0..2000 {
            let p = if at < change { 0.85 } else { 0.80 };
            let k = binomial(&mut rng, 200, p);
            if let Some(excursion) = share.push(at, k, 200).expect("possible") {
                found = Some((at, excursion));
                break;
            }
        }
        let (at, excursion) = found.expect("a fall by four standard errors of ten windows");
        assert!(at >= change && at < change + 40, "{at}");
        assert_eq!((excursion.side, excursion.limit), (Side::Below, 0.84));
        assert!(excursion.since.abs_diff(change) < 15, "{excursion:?}");
        assert!((excursion.observed - 0.80).abs() < 0.02, "{excursion:?}");
    }

    #[test]
    fn a_rate_in_either_direction() {
        for (factor, side) in [(1.3, Side::Above), (0.7, Side::Below)] {
            let mut rate = CountDrift::new(Band { low: 95.0, high: 105.0 }, alpha(1e-6)).expect("a band");
            let mut found = None;
            for at in 0..200u64 {
                let count = if at < 50 { 100.0 } else { 100.0 * factor } * 2.0;
                if let Some(excursion) = rate.push(at, count as u64, 2.0).expect("an exposure") {
                    found = Some((at, excursion));
                    break;
                }
            }
            let (at, excursion) = found.expect("a change by a third");
            assert!((50..60).contains(&at) && excursion.since == 50 && excursion.side == side);
            assert!((excursion.observed - 100.0 * factor).abs() < 1e-9);
        }
    }

    #[test]
    fn impossible_input_is_refused() {
        assert!(ShareDrift::new(Band { low: 0.5, high: 0.4 }, alpha(0.1)).is_err());
        assert!(ShareDrift::new(Band { low: f64::NAN, high: 0.4 }, alpha(0.1)).is_err());
        assert!(MeanDrift::new(Band::at_most(1.0), 0.0, alpha(0.1)).is_err());
        let mut share = ShareDrift::new(Band::at_most(0.4), alpha(0.1)).expect("a band");
        assert!(share.push(0, 2, 1).is_err());
        assert_eq!(share.push(0, 0, 0).expect("nothing happened"), None);
        let mut rate = CountDrift::new(Band::at_most(0.4), alpha(0.1)).expect("a band");
        assert!(rate.push(0, 1, f64::NAN).is_err() && rate.push(0, 1, 0.0).is_err());
        let mut mean = MeanDrift::new(Band::at_most(1.0), 1.0, alpha(0.1)).expect("a band");
        assert!(mean.push(0, f64::INFINITY).is_err());
    }
}
