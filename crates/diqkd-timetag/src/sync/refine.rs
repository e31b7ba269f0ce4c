//! From a coarse peak to a line over the whole recording.
//!
//! Each stage widens the span of reference time and narrows the bins: among lines through the span, on a grid of lags
//! and drifts around the last estimate, the one with the most pairs in two neighbouring bins is kept (a Hough
//! transform). In the end the line is fitted to the pairs near it as a mixture of a normal distribution and a uniform
//! background (expectation maximisation), so that accidental pairs do not pull it towards the middle of the window.

use super::line::{Line, Pair};
use super::poisson::ln_tail;

/// A line with bounds on its errors.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Estimate {
    pub(crate) line: Line,
    pub(crate) lag_error_ps: f64,
    pub(crate) drift_error: f64,
}

/// A fitted line.
#[derive(Clone, Debug)]
pub(crate) struct Fitted {
    pub(crate) line: Line,
    pub(crate) rms_ps: f64,
    pub(crate) pairs: f64,
    /// Reference times of the first and the last pair.
    pub(crate) span: (i64, i64),
}

/// Reference events used in a stage.
const STAGE_EVENTS: usize = 8192;
/// Bins from the middle to the edge of the grid.
const HALF_GRID: i64 = 64;
/// Each stage looks at a span so many times as long.
const GROWTH: f64 = 4.0;
/// Pairs used in the final fit, about.
const FIT_PAIRS: usize = 1 << 20;
const FIT_ROUNDS: usize = 40;

/// Refines `estimate`, which holds over `span_ps` around its centre. `None` when the first stage finds no line: the
/// peak was none.
///
/// Where the stages end before the whole recording is covered, they begin again once more from the fitted line, which
/// is far closer than the grid of a stage: a stage may have missed because the one before was off by more than its
/// bounds, not because the clock is not straight.
pub(crate) fn refine(
    reference: &[i64],
    local: &[i64],
    estimate: Estimate,
    span_ps: f64,
    resolution_ps: f64,
) -> Option<Fitted> {
    let (estimate, mut window) = climb(reference, local, estimate, span_ps, resolution_ps)?;
    let mut fitted = fit(window, local, &estimate, resolution_ps)?;
    while window.len() < reference.len() {
        let (first, last) = (*window.first()?, *window.last()?);
        let span_ps = ((last - first) as f64).max(1.0);
        let centre_ps = first + (last - first) / 2;
        let error_ps = (6.0 * fitted.rms_ps / fitted.pairs.max(1.0).sqrt()).max(1.0);
        let estimate = Estimate {
            line: fitted.line.around(centre_ps),
            lag_error_ps: error_ps,
            drift_error: 4.0 * error_ps / span_ps,
        };
        let longer = climb(reference, local, estimate, GROWTH * span_ps, resolution_ps);
        let Some((estimate, wider)) = longer.filter(|(_, wider)| wider.len() > window.len()) else { break };
        let Some(again) = fit(wider, local, &estimate, resolution_ps) else { break };
        (fitted, window) = (again, wider);
    }
    Some(fitted)
}

/// Widens the span stage by stage, as long as the line holds; the last estimate and the events that it covers.
fn climb<'a>(
    reference: &'a [i64],
    local: &[i64],
    estimate: Estimate,
    span_ps: f64,
    resolution_ps: f64,
) -> Option<(Estimate, &'a [i64])> {
    let (mut estimate, mut span_ps) = (estimate, span_ps);
    let mut settled: Option<(Estimate, &[i64], f64)> = None;
    loop {
        let window = window(reference, estimate.line.centre_ps, span_ps);
        let whole = window.len() == reference.len();
        let Some(stage) = stage(window, local, &estimate, resolution_ps) else { break };
        // A clock that is not straight over the longer span loses pairs: stay with the shorter one.
        if settled.is_some_and(|(_, _, share)| stage.share < 0.6 * share) {
            break;
        }
        let sharp = stage.bin_ps <= resolution_ps;
        estimate = stage.estimate;
        settled = Some((estimate, window, stage.share));
        if whole && sharp {
            break;
        }
        if !whole {
            span_ps *= GROWTH;
        }
    }
    settled.map(|(estimate, window, _)| (estimate, window))
}

/// The reference events within half a span of the centre.
fn window(reference: &[i64], centre_ps: i64, span_ps: f64) -> &[i64] {
    let half = (span_ps / 2.0).min(i64::MAX as f64 / 4.0) as i64 + 1;
    let low = reference.partition_point(|&time| time < centre_ps.saturating_sub(half));
    let high = reference.partition_point(|&time| time <= centre_ps.saturating_add(half));
    &reference[low..high]
}

struct Stage {
    estimate: Estimate,
    bin_ps: f64,
    /// Pairs on the line beyond the accidental ones, per reference event.
    share: f64,
}

fn stage(window: &[i64], local: &[i64], estimate: &Estimate, resolution_ps: f64) -> Option<Stage> {
    let (&first, &last) = (window.first()?, window.last()?);
    let centre_ps = first + (last - first) / 2;
    let half_ps = ((last - first) as f64 / 2.0).max(1.0);
    let shift_ps = (centre_ps - estimate.line.centre_ps).abs() as f64;
    let lag_error_ps = estimate.lag_error_ps + estimate.drift_error * shift_ps;
    let reach_ps = lag_error_ps + estimate.drift_error * half_ps;
    let bin_ps = (reach_ps / HALF_GRID as f64).max(resolution_ps);
    let line = estimate.line.around(centre_ps);
    let stride = window.len().div_ceil(STAGE_EVENTS);
    let events = window.len().div_ceil(stride);
    let pairs = line.pairs(window, local, stride, reach_ps + 2.0 * bin_ps);
    let steps = (estimate.drift_error * half_ps / bin_ps).ceil() as i64;
    let half_bins = (lag_error_ps / bin_ps).ceil() as i64 + 1;
    let bins = 2 * half_bins as usize + 1;
    let mut histogram = std::vec![0u32; bins];
    let (mut most, mut place) = (0, (0, 0));
    for step in -steps..=steps {
        histogram.fill(0);
        let slope = step as f64 / half_ps;
        for pair in &pairs {
            let bin = pair.distance_ps / bin_ps - slope * pair.time_ps + half_bins as f64 + 0.5;
            if let Some(count) = (bin >= 0.0).then(|| histogram.get_mut(bin as usize)).flatten() {
                *count += 1;
            }
        }
        for (i, two) in histogram.windows(2).enumerate() {
            if two[0] + two[1] > most {
                most = two[0] + two[1];
                place = (step, i as i64);
            }
        }
    }
    let mean = pairs.len() as f64 * 2.0 * bin_ps / (2.0 * reach_ps + 4.0 * bin_ps);
    let tests = bins as f64 * (2 * steps + 1) as f64;
    if most < 5 || ln_tail(f64::from(most), mean) + tests.ln() > LEAST_LN_P {
        return None;
    }
    let (step, bin) = place;
    Some(Stage {
        estimate: Estimate {
            line: Line {
                centre_ps,
                // The boundary between the two bins.
                lag_ps: line.lag_ps + ((bin - half_bins) as f64 + 0.5) * bin_ps,
                drift: line.drift + step as f64 * bin_ps / half_ps,
            },
            lag_error_ps: 1.5 * bin_ps,
            drift_error: 1.5 * bin_ps / half_ps,
        },
        bin_ps,
        share: (f64::from(most) - mean).max(1.0) / events as f64,
    })
}

/// A stage's line is accepted when chance makes it in fewer than e^-10 of cases; the search has excluded chance before.
const LEAST_LN_P: f64 = -10.0;

fn fit(window: &[i64], local: &[i64], estimate: &Estimate, resolution_ps: f64) -> Option<Fitted> {
    let mut line = estimate.line;
    let first = *window.first()?;
    let half_ps = ((window.last()? - first) as f64 / 2.0).max(1.0);
    let reach_ps = 4.0 * (estimate.lag_error_ps + estimate.drift_error * half_ps) + 4.0 * resolution_ps;
    let stride = window.len().div_ceil(FIT_PAIRS);
    let pairs = line.pairs(window, local, stride, reach_ps);
    let mut mixture =
        Mixture { sigma_ps: estimate.lag_error_ps, share: 0.5, lag_ps: 0.0, slope: 0.0, weight: 0.0 };
    for _ in 0..FIT_ROUNDS {
        let before = mixture;
        mixture.improve(&pairs, reach_ps)?;
        let change = (mixture.lag_ps - before.lag_ps).abs() + (mixture.slope - before.slope).abs() * half_ps;
        if change < 1e-3 && (mixture.sigma_ps - before.sigma_ps).abs() < 1e-3 {
            break;
        }
    }
    line.lag_ps += mixture.lag_ps;
    line.drift += mixture.slope;
    let times = |pair: &Pair| line.centre_ps + pair.time_ps as i64;
    let near = |pair: &&Pair| {
        (pair.distance_ps - mixture.lag_ps - mixture.slope * pair.time_ps).abs() <= 4.0 * mixture.sigma_ps
    };
    let span = (pairs.iter().find(near).map(times)?, pairs.iter().rev().find(near).map(times)?);
    Some(Fitted { line, rms_ps: mixture.sigma_ps, pairs: mixture.weight * stride as f64, span })
}

/// Pairs near a line: normally distributed around it, or anywhere in the window.
#[derive(Clone, Copy, Debug)]
struct Mixture {
    sigma_ps: f64,
    /// Share of pairs that belong to the line.
    share: f64,
    lag_ps: f64,
    slope: f64,
    /// Number of pairs that belong to the line.
    weight: f64,
}

impl Mixture {
    /// One round of expectation maximisation.
    fn improve(&mut self, pairs: &[Pair], reach_ps: f64) -> Option<()> {
        let background = (1.0 - self.share).max(1e-9) / (2.0 * reach_ps);
        let height = self.share / (self.sigma_ps * (2.0 * core::f64::consts::PI).sqrt());
        let scale = -0.5 / (self.sigma_ps * self.sigma_ps);
        let mut sums = Sums::default();
        for pair in pairs {
            let residual = pair.distance_ps - self.lag_ps - self.slope * pair.time_ps;
            let on = height * (scale * residual * residual).exp();
            sums.add(on / (on + background), pair.time_ps, residual);
        }
        let (shift, slope) = sums.solve()?;
        self.lag_ps += shift;
        self.slope += slope;
        self.sigma_ps = sums.variance(shift, slope).sqrt().max(LEAST_SIGMA_PS);
        self.weight = sums.weight;
        self.share = (sums.weight / pairs.len() as f64).min(1.0);
        Some(())
    }
}

/// Below this the rounding of times to whole picoseconds dominates.
const LEAST_SIGMA_PS: f64 = 0.3;

/// Weighted sums for a straight line.
#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    weight: f64,
    t: f64,
    tt: f64,
    r: f64,
    tr: f64,
    rr: f64,
}

impl Sums {
    fn add(&mut self, weight: f64, t: f64, r: f64) {
        self.weight += weight;
        self.t += weight * t;
        self.tt += weight * t * t;
        self.r += weight * r;
        self.tr += weight * t * r;
        self.rr += weight * r * r;
    }

    /// Intercept and slope.
    fn solve(&self) -> Option<(f64, f64)> {
        if self.weight < 2.0 {
            return None;
        }
        let spread = self.tt - self.t * self.t / self.weight;
        let slope = if spread > 0.0 { (self.tr - self.t * self.r / self.weight) / spread } else { 0.0 };
        Some(((self.r - slope * self.t) / self.weight, slope))
    }

    fn variance(&self, shift: f64, slope: f64) -> f64 {
        let sum = self.rr - 2.0 * (shift * self.r + slope * self.tr)
            + shift * shift * self.weight
            + 2.0 * shift * slope * self.t
            + slope * slope * self.tt;
        (sum / self.weight).max(0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{RngExt, SeedableRng, rngs::StdRng};
    use std::vec::Vec;

    /// A peak two bins wide in the coarse search fixes lag and drift no better than this; every corner must settle.
    #[test]
    fn estimates_at_the_edge_of_their_bounds_settle_on_the_whole_recording() {
        let mut rng = StdRng::seed_from_u64(21);
        let mut time = 0.0;
        let (mut reference, mut local) = (Vec::new(), Vec::new());
        for _ in 0..160_000 {
            time += -6.25e6 * (1.0 - rng.random::<f64>()).ln();
            if rng.random_bool(0.11) {
                reference.push(time as i64);
                local.push(time as i64 + rng.random_range(-200..=200));
            } else if rng.random_bool(0.5) {
                reference.push(time as i64);
            } else {
                local.push(time as i64);
            }
        }
        local.sort_unstable();
        let (span_ps, bin_ps) = (12.5e9, 763e3);
        let centre_ps = reference[reference.len() / 2];
        for (lag, drift) in [(-1.9, 1.9), (1.9, -1.9), (1.9, 1.9), (0.0, -1.5), (-1.0, 0.0)] {
            let estimate = Estimate {
                line: Line { centre_ps, lag_ps: lag * bin_ps, drift: drift * bin_ps / span_ps },
                lag_error_ps: 2.0 * bin_ps,
                drift_error: 2.0 * bin_ps / span_ps,
            };
            let fitted = refine(&reference, &local, estimate, span_ps, 250.0).unwrap();
            assert!(fitted.line.lag_at(centre_ps).abs() < 20.0, "{lag} {drift} {fitted:?}");
            assert!(fitted.span.1 - fitted.span.0 > 900_000_000_000, "{lag} {drift} {fitted:?}");
            assert!(fitted.line.drift.abs() < 1e-10, "{lag} {drift} {fitted:?}");
        }
    }
}
