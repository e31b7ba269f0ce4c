//! Does the share of wins change in the course of a run?
//!
//! The greatest deviation of the wins so far from their even growth, in standard errors of the whole run (CUSUM). For
//! trials of equal winning probability it is the supremum of a Brownian bridge, with
//! `P[sup |B| >= z] = 2 sum_(k>=1) (-1)^(k-1) exp(-2 k^2 z^2)` for long runs. The run is kept as at most 2048 windows
//! whose length doubles when they are full; looking at their ends alone makes the test a little cautious.
//!
//! For a decision while the run goes on, with a guarantee at every length, use an e-detector (`diqkd-health`).

use alloc::vec::Vec;

use crate::tail::LogProbability;

/// The greatest deviation of the wins from even growth.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stationarity {
    /// The deviation in standard errors of the whole run.
    pub cusum: f64,
    /// The probability of a greater one if nothing changed, for long runs.
    pub p_value: LogProbability,
    /// After how many trials it is reached: where a change most likely happened.
    pub change_at: u64,
    /// Length of the windows that were compared, in trials.
    pub window: u64,
}

/// Wins in the course of a run.
#[derive(Clone, Debug)]
pub(super) struct Course {
    window: u64,
    closed: Vec<u64>,
    trials: u64,
    wins: u64,
}

impl Default for Course {
    fn default() -> Self {
        Self { window: 1, closed: Vec::new(), trials: 0, wins: 0 }
    }
}

impl Course {
    pub(super) fn push(&mut self, won: bool) {
        self.trials += 1;
        self.wins += u64::from(won);
        if self.trials < self.window {
            return;
        }
        self.closed.push(self.wins);
        (self.trials, self.wins) = (0, 0);
        if self.closed.len() == WINDOWS {
            self.closed = self.closed.chunks_exact(2).map(|two| two[0] + two[1]).collect();
            self.window *= 2;
        }
    }

    pub(super) fn test(&self) -> Option<Stationarity> {
        let trials = self.closed.len() as u64 * self.window + self.trials;
        let wins = self.closed.iter().sum::<u64>() + self.wins;
        if wins == 0 || wins == trials {
            return None;
        }
        let share = wins as f64 / trials as f64;
        let scale = libm::sqrt(trials as f64 * share * (1.0 - share));
        let (mut so_far, mut farthest, mut change_at) = (0u64, 0.0, 0);
        for (windows, won) in (1u64..).zip(&self.closed) {
            so_far += won;
            let deviation = (so_far as f64 - share * (windows * self.window) as f64).abs();
            if deviation > farthest {
                (farthest, change_at) = (deviation, windows * self.window);
            }
        }
        let cusum = farthest / scale;
        Some(Stationarity { cusum, p_value: bridge_tail(cusum), change_at, window: self.window })
    }
}

/// `P[sup |B| >= z]` of a Brownian bridge.
fn bridge_tail(z: f64) -> LogProbability {
    // Below, the probability is 1 to within 1e-12.
    if z < 0.2 {
        return LogProbability::ONE;
    }
    let first = -2.0 * z * z;
    let rest: f64 = (2..40)
        .map(|k| {
            let term = libm::exp(first * f64::from(k * k - 1));
            if k % 2 == 0 { -term } else { term }
        })
        .sum();
    LogProbability::from_ln(core::f64::consts::LN_2 + first + libm::log1p(rest))
}

const WINDOWS: usize = 2048;

#[cfg(test)]
mod tests {
    use super::*;

    /// Quantiles of Kolmogorov's distribution, from tables.
    #[test]
    fn quantiles() {
        for (z, p) in [(1.358_1, 0.05), (1.627_6, 0.01), (0.827_57, 0.5), (0.519_6, 0.95)] {
            let tail = bridge_tail(z).probability();
            assert!((tail - p).abs() < 3e-4, "{z}: {tail}");
        }
        assert!(
            (bridge_tail(10.0).log10() - (2.0f64.log10() - 200.0 * core::f64::consts::LOG10_E)).abs() < 1e-12
        );
        assert!((bridge_tail(0.2).probability() - 1.0).abs() < 1e-9);
    }

    #[test]
    fn windows_double_and_keep_the_sum() {
        let mut course = Course::default();
        for i in 0..1_000_003u64 {
            course.push(i % 3 == 0);
        }
        assert_eq!(course.window, 512);
        assert_eq!(course.closed.iter().sum::<u64>() + course.wins, 333_335);
        let even = course.test().unwrap();
        assert!(even.cusum < 0.01 && even.p_value == LogProbability::ONE);
        assert!(Course::default().test().is_none());
    }
}
