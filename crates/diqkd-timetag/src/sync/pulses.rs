//! The clock of a site from pulses or timestamps of a common time scale: pulses per second of a GNSS receiver, or the
//! timestamps of a White Rabbit or PTP node.
//!
//! The model and the result are those of [`acquire`](super::acquire): `local = reference + offset + drift * reference`, fitted by least
//! squares. Pulses may be missing and others may stand between them. Follow the clock from there with a
//! [`Tracker`](super::Tracker), given the later pulses and the times at which they were due.
//!
//! Which second a pulse stands for is the caller's to know: pulses fix the offset up to a whole number of periods.
//!
//! Cost: linear in the number of pulses; 16 bytes a pulse.

use alloc::vec::Vec;

use super::fit::ClockFit;

/// What the pulses are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PulseOptions {
    /// Time between pulses on the reference scale, ps.
    pub period_ps: i64,
    /// Reference time of the first pulse that is none of the spurious ones, ps.
    pub first_reference_ps: i64,
    /// Greatest absolute drift of the local clock, parts per billion.
    pub max_drift_ppb: f64,
    /// Greatest distance of a pulse from where it is due, beyond what the drift explains, ps.
    pub max_jitter_ps: i64,
}

impl Default for PulseOptions {
    /// One pulse a second, the first at 0; 122 ppm; 1 us.
    fn default() -> Self {
        Self {
            period_ps: 1_000_000_000_000,
            first_reference_ps: 0,
            max_drift_ppb: 122_000.0,
            max_jitter_ps: 1_000_000,
        }
    }
}

/// A clock from pulses.
#[derive(Clone, Debug, PartialEq)]
pub struct PulseFit {
    /// The clock. Its significance is infinite: the pulses are taken to be what they are said to be.
    pub fit: ClockFit,
    /// The pulses that were used: how many periods after the first, and when on the local clock, ps.
    pub pulses: Vec<(u64, i64)>,
    /// Pulses that were due between the first and the last and did not come.
    pub missing: u64,
    /// Events that came when none was due.
    pub spurious: u64,
}

/// Why pulses or timestamps give no clock.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PulseError {
    /// A line needs more.
    #[error(
        "{found} pulses fit the period, at least {needed} are needed; record longer or check the channel"
    )]
    TooFew {
        /// Pulses found.
        found: usize,
        /// Pulses needed.
        needed: usize,
    },
    /// The pulses are not in time order.
    #[error("the pulses are not sorted at index {index}; sort them by time")]
    Unsorted {
        /// Index of the pulse that lies before its predecessor.
        index: usize,
    },
    /// Timestamps come in pairs.
    #[error(
        "{reference} reference and {local} local timestamps were given; give one of each for every event"
    )]
    Unpaired {
        /// Reference timestamps.
        reference: usize,
        /// Local timestamps.
        local: usize,
    },
    /// The options or times are impossible.
    #[error(
        "pulses every {period_ps} ps with a drift of up to {max_drift_ppb} ppb and a jitter of up to {max_jitter_ps} ps \
         can't be told apart; expected a period above 0 that drift and jitter together reach less than a quarter of"
    )]
    Options {
        /// Period, ps.
        period_ps: i64,
        /// Greatest drift, ppb.
        max_drift_ppb: f64,
        /// Greatest jitter, ps.
        max_jitter_ps: i64,
    },
    /// A time is so large that differences of times overflow.
    #[error("a timestamp lies beyond +-2^61 ps (26 days); subtract the start of the recording")]
    TimeOutOfRange,
}

/// Fewest pulses or timestamps: two fix a line, one more shows whether it is one.
const LEAST: usize = 3;
/// Events at the start each of which is tried as the first pulse.
const STARTS: usize = 16;
/// Beyond this many missing pulses in a row the drift would make the number of periods uncertain.
const LONGEST_GAP: i64 = 1000;

/// The clock from pulses at a fixed period.
///
/// ```
/// use diqkd_timetag::sync::{PulseOptions, fit_pulses};
///
/// // A clock that is 40 us ahead and 2 ppm fast; the pulse of the third second is missing, a stray event came.
/// let pulses = [40_000_000, 1_000_042_000_000, 1_500_000_000_000, 3_000_046_000_000, 4_000_048_000_000];
/// let found = fit_pulses(&pulses, &PulseOptions::default())?;
/// assert_eq!((found.fit.offset_ps, found.missing, found.spurious), (40_000_000, 1, 1));
/// assert!((found.fit.drift_ppb - 2000.0).abs() < 1e-6);
/// # Ok::<(), diqkd_timetag::sync::PulseError>(())
/// ```
///
/// # Errors
/// [`PulseError`] for impossible options, unsorted or too large times and when fewer than three pulses fit the period.
pub fn fit_pulses(local_ps: &[i64], options: &PulseOptions) -> Result<PulseFit, PulseError> {
    let PulseOptions { period_ps, max_drift_ppb, max_jitter_ps, .. } = *options;
    let slack =
        |periods: i64| (periods as f64 * period_ps as f64 * max_drift_ppb * 1e-9) as i64 + max_jitter_ps;
    let possible = (1..1 << 50).contains(&period_ps)
        && (0.0..=1e6).contains(&max_drift_ppb)
        && (0..1 << 50).contains(&max_jitter_ps)
        && slack(1) < period_ps / 4;
    if !possible {
        return Err(PulseError::Options { period_ps, max_drift_ppb, max_jitter_ps });
    }
    check_range(local_ps)?;
    check_range(&[options.first_reference_ps])?;
    if let Some(index) = local_ps.windows(2).position(|pair| pair[1] < pair[0]) {
        return Err(PulseError::Unsorted { index: index + 1 });
    }
    let pulses = (0..STARTS.min(local_ps.len()))
        .map(|start| chain(&local_ps[start..], period_ps, slack))
        .max_by_key(|pulses| (pulses.len(), core::cmp::Reverse(pulses.first().map(|pulse| pulse.1))))
        .unwrap_or_default();
    let (Some(&(_, first)), Some(&(last, _))) = (pulses.first(), pulses.last()) else {
        return Err(PulseError::TooFew { found: 0, needed: LEAST });
    };
    if pulses.len() < LEAST {
        return Err(PulseError::TooFew { found: pulses.len(), needed: LEAST });
    }
    let lag_ps = first - options.first_reference_ps;
    let points = pulses.iter().map(|&(periods, local)| {
        let elapsed = periods as i64 * period_ps;
        (options.first_reference_ps + elapsed, (local - first - elapsed) as f64)
    });
    let mut fit = line(points, lag_ps, pulses.len());
    fit.share = pulses.len() as f64 / (last + 1) as f64;
    let (missing, spurious) = (last + 1 - pulses.len() as u64, (local_ps.len() - pulses.len()) as u64);
    Ok(PulseFit { fit, missing, spurious, pulses })
}

/// The clock from timestamps of the same events on both time scales, such as a White Rabbit node gives them.
///
/// ```
/// use diqkd_timetag::sync::fit_timestamps;
///
/// let fit = fit_timestamps(&[1_000, 2_000_000, 3_000_000], &[1_500, 2_000_500, 3_000_500])?;
/// assert_eq!((fit.offset_ps, fit.pairs), (500, 3));
/// # Ok::<(), diqkd_timetag::sync::PulseError>(())
/// ```
///
/// # Errors
/// [`PulseError`] when there are fewer than three, not as many of one as of the other, or too large ones.
pub fn fit_timestamps(reference_ps: &[i64], local_ps: &[i64]) -> Result<ClockFit, PulseError> {
    let (reference, local) = (reference_ps.len(), local_ps.len());
    if reference != local {
        return Err(PulseError::Unpaired { reference, local });
    }
    check_range(reference_ps)?;
    check_range(local_ps)?;
    let (Some(first_reference), Some(first_local)) = (reference_ps.first(), local_ps.first()) else {
        return Err(PulseError::TooFew { found: 0, needed: LEAST });
    };
    if reference < LEAST {
        return Err(PulseError::TooFew { found: reference, needed: LEAST });
    }
    let lag_ps = first_local - first_reference;
    let points = reference_ps
        .iter()
        .zip(local_ps)
        .map(|(&reference, &local)| (reference, (local - reference - lag_ps) as f64));
    Ok(line(points, lag_ps, reference))
}

fn check_range(times: &[i64]) -> Result<(), PulseError> {
    if times.iter().any(|time| time.unsigned_abs() > 1 << 61) {
        return Err(PulseError::TimeOutOfRange);
    }
    Ok(())
}

/// The events that come when a pulse is due, if the first one is a pulse, and their number of periods.
fn chain(local: &[i64], period_ps: i64, slack: impl Fn(i64) -> i64) -> Vec<(u64, i64)> {
    let mut pulses: Vec<(u64, i64)> = Vec::new();
    for &time in local {
        let Some(&(periods, last)) = pulses.last() else {
            pulses.push((0, time));
            continue;
        };
        let elapsed = time - last;
        let more = (elapsed + period_ps / 2) / period_ps;
        let distance = elapsed - more * period_ps;
        if (1..=LONGEST_GAP).contains(&more) && distance.abs() <= slack(more).min(period_ps / 2 - 1) {
            pulses.push((periods + more as u64, time));
        }
    }
    pulses
}

/// Least squares through points: reference time, and lag beyond `lag_ps`.
fn line(points: impl Iterator<Item = (i64, f64)> + Clone, lag_ps: i64, count: usize) -> ClockFit {
    let n = count as f64;
    let (mut first, mut last) = (i64::MAX, i64::MIN);
    for (time, _) in points.clone() {
        (first, last) = (first.min(time), last.max(time));
    }
    let centre = first + (last - first) / 2;
    let x = |time: i64| (time - centre) as f64;
    let (mut sx, mut sy) = (0.0, 0.0);
    for (time, lag) in points.clone() {
        sx += x(time);
        sy += lag;
    }
    let (mx, my) = (sx / n, sy / n);
    let (mut sxx, mut sxy, mut syy) = (0.0, 0.0, 0.0);
    for (time, lag) in points {
        let (dx, dy) = (x(time) - mx, lag - my);
        sxx += dx * dx;
        sxy += dx * dy;
        syy += dy * dy;
    }
    let drift = if sxx > 0.0 { sxy / sxx } else { 0.0 };
    let extra_at = |time: i64| my + drift * (x(time) - mx);
    ClockFit {
        offset_ps: lag_ps + libm::round(extra_at(0)) as i64,
        drift_ppb: drift * 1e9,
        peak_significance: f64::INFINITY,
        residual_rms_ps: libm::sqrt(((syy - drift * sxy) / n).max(0.0)),
        pairs: count as u64,
        share: 1.0,
        anchor_reference_ps: last,
        anchor_local_ps: last + lag_ps + libm::round(extra_at(last)) as i64,
        span_ps: last - first,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sync::Tracker;
    use rand::{RngExt, SeedableRng, rngs::StdRng};

    const SECOND: i64 = 1_000_000_000_000;

    fn pulses(seconds: i64, offset: i64, ppb: f64, rng: &mut StdRng) -> Vec<i64> {
        (0..seconds)
            .map(|k| {
                let due = k * SECOND;
                due + offset + (due as f64 * ppb * 1e-9).round() as i64 + rng.random_range(-20_000..=20_000)
            })
            .collect()
    }

    #[test]
    fn gaps_and_stray_events_do_not_move_the_clock() {
        let mut rng = StdRng::seed_from_u64(1);
        for ppb in [0.0, 121_900.0, -98_765.4] {
            let all = pulses(120, 345_678_901, ppb, &mut rng);
            let mut found: Vec<i64> = all.iter().copied().filter(|_| rng.random_bool(0.8)).collect();
            let kept = found.len();
            found.extend((0..40).map(|_| rng.random_range(0..120 * SECOND)));
            found.push(-5 * SECOND / 2);
            found.sort_unstable();
            let start =
                (found.iter().find(|time| all.contains(time)).unwrap() + SECOND / 2) / SECOND * SECOND;
            let options = PulseOptions { first_reference_ps: start, ..PulseOptions::default() };
            let fit = fit_pulses(&found, &options).unwrap();
            assert_eq!(fit.pulses.len(), kept, "{ppb} {fit:?}");
            assert_eq!(fit.spurious, 41);
            assert!((fit.fit.drift_ppb - ppb).abs() < 0.1, "{ppb} {:?}", fit.fit);
            assert!((fit.fit.offset_ps - 345_678_901).abs() < 10_000, "{ppb} {:?}", fit.fit);
            assert!((8_000.0..16_000.0).contains(&fit.fit.residual_rms_ps), "{:?}", fit.fit);
        }
    }

    #[test]
    fn a_tracker_takes_over() {
        let mut rng = StdRng::seed_from_u64(2);
        let local = pulses(60, -77_000, 350.0, &mut rng);
        let reference: Vec<i64> = (0..60).map(|k| k * SECOND).collect();
        let fit = fit_pulses(&local[..20], &PulseOptions::default()).unwrap();
        let mut tracker = Tracker::new(&fit.fit);
        for start in [20, 30, 40, 50] {
            let report = tracker.update_paired(&reference[start..start + 10], &local[start..start + 10]);
            assert!(report.is_locked() && report.correction_ps.abs() < 60_000, "{report:?}");
            assert!((5_000..20_000).contains(&report.rms_ps), "{report:?}");
        }
        let at = 60 * SECOND;
        assert!((tracker.to_reference_ps(at - 77_000 + 21_000_000) - at).abs() < 40_000);
    }

    #[test]
    fn impossible_input_is_refused() {
        let options = PulseOptions::default();
        assert_eq!(fit_pulses(&[], &options), Err(PulseError::TooFew { found: 0, needed: 3 }));
        let stray = [0, SECOND / 3, SECOND / 2];
        assert_eq!(fit_pulses(&stray, &options), Err(PulseError::TooFew { found: 1, needed: 3 }));
        assert_eq!(fit_pulses(&[2, 1], &options), Err(PulseError::Unsorted { index: 1 }));
        assert_eq!(fit_pulses(&[i64::MIN, 0, i64::MAX], &options), Err(PulseError::TimeOutOfRange));
        for bad in [
            PulseOptions { period_ps: 0, ..options },
            PulseOptions { period_ps: i64::MAX, ..options },
            PulseOptions { max_drift_ppb: f64::NAN, ..options },
            PulseOptions { max_jitter_ps: SECOND, ..options },
        ] {
            assert!(matches!(fit_pulses(&[0, SECOND, 2 * SECOND], &bad), Err(PulseError::Options { .. })));
        }
        assert_eq!(fit_timestamps(&[1], &[]), Err(PulseError::Unpaired { reference: 1, local: 0 }));
        assert_eq!(fit_timestamps(&[1], &[1]), Err(PulseError::TooFew { found: 1, needed: 3 }));
        assert!(fit_timestamps(&[0, 0, 0], &[5, 5, 5]).unwrap().drift_ppb == 0.0);
    }
}
