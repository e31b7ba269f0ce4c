//! Messages of density evolution in the Gaussian approximation: normal, with a variance of twice their mean.

use alloc::vec;
use alloc::vec::Vec;

/// Expectations of `tanh(x / 2)`, the certainty of a message `x`.
pub(crate) struct NormalMessages {
    /// (deviation, weight) of a normal variable.
    points: Vec<(f64, f64)>,
    /// The certainty for the means `mean(i)`.
    table: Vec<f64>,
}

impl NormalMessages {
    pub(crate) fn new() -> Self {
        let deviations = (-10..=10).map(|k| f64::from(k) * 0.4);
        let mut points: Vec<(f64, f64)> = deviations.map(|g| (g, libm::exp(-0.5 * g * g))).collect();
        let sum: f64 = points.iter().map(|p| p.1).sum();
        points.iter_mut().for_each(|p| p.1 /= sum);
        let mut messages = Self { points, table: vec![] };
        messages.table =
            (0..TABLE).map(|i| messages.certainty(mean(i as f64), 2.0 * mean(i as f64))).collect();
        messages
    }

    /// Of a normal message with any variance.
    pub(crate) fn certainty(&self, mean: f64, variance: f64) -> f64 {
        let deviation = libm::sqrt(variance);
        self.points.iter().map(|&(g, weight)| weight * libm::tanh(0.5 * (mean + deviation * g))).sum()
    }

    /// Of a message of that mean, read from a table.
    pub(crate) fn certainty_of(&self, mean: f64) -> f64 {
        let place = libm::sqrt(mean.max(0.0) / MOST) * (TABLE - 1) as f64;
        let below = (place as usize).min(TABLE - 2);
        let share = (place - below as f64).min(1.0);
        self.table[below] + share * (self.table[below + 1] - self.table[below])
    }

    /// The mean whose certainty is given.
    pub(crate) fn mean_of(&self, certainty: f64) -> f64 {
        let above = self.table.partition_point(|&c| c < certainty).clamp(1, TABLE - 1);
        let (low, high) = (self.table[above - 1], self.table[above]);
        let share = if high > low { ((certainty - low) / (high - low)).clamp(0.0, 1.0) } else { 0.0 };
        mean((above - 1) as f64 + share)
    }
}

/// Means are denser where they are small.
fn mean(index: f64) -> f64 {
    let share = index / (TABLE - 1) as f64;
    MOST * share * share
}

const TABLE: usize = 512;
/// The greatest mean of the table.
const MOST: f64 = 80.0;
