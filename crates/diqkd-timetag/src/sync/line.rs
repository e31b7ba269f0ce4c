//! A clock near a point: a lag and a drift, each with a bound on its error.

use std::vec::Vec;

/// `local - reference = lag + drift * (reference - centre)`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line {
    /// Reference time at which the lag holds, ps.
    pub(crate) centre_ps: i64,
    /// Lag at the centre, ps.
    pub(crate) lag_ps: f64,
    /// Relative drift.
    pub(crate) drift: f64,
}

/// A pair of events near a line.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pair {
    /// Reference time from the centre, ps.
    pub(crate) time_ps: f64,
    /// Distance from the line, ps.
    pub(crate) distance_ps: f64,
}

impl Line {
    pub(crate) fn lag_at(&self, reference_ps: i64) -> f64 {
        self.lag_ps + self.drift * (reference_ps - self.centre_ps) as f64
    }

    /// The same line around another centre.
    pub(crate) fn around(&self, centre_ps: i64) -> Self {
        Self { centre_ps, lag_ps: self.lag_at(centre_ps), drift: self.drift }
    }

    /// All pairs within `reach_ps` of the line, of every `stride`-th reference event.
    pub(crate) fn pairs(&self, reference: &[i64], local: &[i64], stride: usize, reach_ps: f64) -> Vec<Pair> {
        let mut pairs = Vec::new();
        let mut first = 0;
        for &time in reference.iter().step_by(stride.max(1)) {
            let lag = self.lag_at(time);
            let whole = lag.floor();
            let expected = time.saturating_add(whole as i64);
            let fraction = lag - whole;
            let low = expected.saturating_sub(reach_ps as i64);
            let high = expected.saturating_add(reach_ps as i64);
            first += advance(&local[first..], low);
            for &found in local[first..].iter().take_while(|&&found| found <= high) {
                let distance_ps = (found - expected) as f64 - fraction;
                pairs.push(Pair { time_ps: (time - self.centre_ps) as f64, distance_ps });
            }
        }
        pairs
    }
}

/// Number of leading times before `low`, by galloping.
fn advance(times: &[i64], low: i64) -> usize {
    let mut step = 1;
    while step < times.len() && times[step] < low {
        step *= 2;
    }
    let end = step.min(times.len());
    times[..end].partition_point(|&time| time < low)
}
