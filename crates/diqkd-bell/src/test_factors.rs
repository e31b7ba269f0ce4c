//! The prediction-based-ratio test: evidence that uses the whole table, not one Bell expression.
//!
//! From earlier trials take frequencies `f` and project them on the local polytope (`q`, uniform settings). The
//! factors `R(abxy) = f(ab|xy)/q(ab|xy)` have mean at most 1 under every local model, so the product of the factors
//! of *later* trials is an e-value; it grows by the statistical strength a trial, faster than any Bell expression
//! fixed beforehand. Biased settings are covered by dividing by the greatest mean that any local strategy reaches at
//! the corners of the allowed setting distributions.

use alloc::vec::Vec;

use crate::chsh::FOUR_SETTINGS;
use crate::counts::{Counts, Shape};
use crate::e_value::EValue;
use crate::local_polytope::{PolytopeError, SettingWeights, Target};
use crate::setting_bias::SettingBias;

/// Factors trained on earlier trials of a CHSH scenario, to be applied to later ones.
///
/// ```
/// use diqkd_bell::{Cell, Counts, SettingBias, TestFactors};
///
/// let mut table = Counts::new();
/// for (x, y) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
///     for (a, b) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
///         table.add(Cell { x, y, a, b }, if a ^ b == x & y { 425 } else { 75 })?;
///     }
/// }
/// let factors = TestFactors::train(&table, SettingBias::UNBIASED)?;
/// let evidence = factors.evidence(&table);
/// assert!(evidence.log2() > 160.0 && evidence.log2() < 180.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct TestFactors {
    ln_factors: Vec<f64>,
}

impl TestFactors {
    /// Trains on a table; half a count is added to every cell, so that an outcome not seen in training can't wipe
    /// out the evidence.
    ///
    /// # Errors
    /// [`PolytopeError::Scenario`] unless all four pairs of settings have trials, with outcomes 0 and 1.
    ///
    /// # References
    /// Y. Zhang, S. Glancy, E. Knill, Phys. Rev. A 84, 062118 (2011).
    pub fn train(earlier: &Counts, bias: SettingBias) -> Result<Self, PolytopeError> {
        let target = Target::new(earlier, Shape::CHSH, SettingWeights::Uniform, 0.5)?;
        let nearest = target.project().nearest;
        let mut factors: Vec<f64> = target
            .frequency()
            .iter()
            .zip(&nearest)
            .map(|(f, q)| if *q > 0.0 { f / q } else { 0.0 })
            .collect();
        let mut greatest_mean = 0.0f64;
        for sign_a in [-1.0, 1.0] {
            for sign_b in [-1.0, 1.0] {
                let (p_x, p_y) = (0.5 + sign_a * bias.tau_a(), 0.5 + sign_b * bias.tau_b());
                for strategy in target.strategies() {
                    let mean: f64 = strategy
                        .cells()
                        .iter()
                        .zip(FOUR_SETTINGS)
                        .map(|(&(_, cell), (x, y))| [1.0 - p_x, p_x][x] * [1.0 - p_y, p_y][y] * factors[cell])
                        .sum();
                    greatest_mean = greatest_mean.max(mean);
                }
            }
        }
        let scale = greatest_mean * (1.0 + 1e-14);
        for factor in &mut factors {
            *factor = libm::log(*factor / scale);
        }
        Ok(Self { ln_factors: factors })
    }

    /// The evidence of trials that came after the training ones, over settings and outcomes 0 and 1; valid for
    /// devices with memory and any stopping rule.
    ///
    /// The table holds trials of a run during which the factors were not changed; multiply with
    /// [`EValue::times`] after retraining.
    pub fn evidence(&self, later: &Counts) -> EValue {
        let mut ln = 0.0;
        for (x, y) in FOUR_SETTINGS {
            for (a, b) in FOUR_SETTINGS {
                let n = later.n(x, y, a, b);
                if n > 0 {
                    ln += n as f64 * self.ln_factors[Shape::CHSH.place(x, y, a, b)];
                }
            }
        }
        EValue::from_ln(ln)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::counts::Cell;

    fn noisy_box(wins: u64, losses: u64) -> Counts {
        let mut counts = Counts::new();
        for (x, y) in FOUR_SETTINGS {
            for (a, b) in FOUR_SETTINGS {
                let n = if a ^ b == x & y { wins } else { losses };
                counts.add(Cell { x: x as u8, y: y as u8, a: a as u8, b: b as u8 }, n).unwrap();
            }
        }
        counts
    }

    #[test]
    fn no_local_strategy_gains_whatever_the_allowed_bias() {
        for tau in [0.0, 0.02] {
            let bias = SettingBias::new(tau, tau / 2.0).unwrap();
            let factors = TestFactors::train(&noisy_box(420, 80), bias).unwrap();
            for corner in 0..4 {
                let p_x = 0.5 + if corner & 1 == 0 { tau } else { -tau };
                let p_y = 0.5 + if corner & 2 == 0 { tau / 2.0 } else { -tau / 2.0 };
                for strategy in 0..16u8 {
                    let mut mean = 0.0;
                    for (x, y) in FOUR_SETTINGS {
                        let cell =
                            Cell { x: x as u8, y: y as u8, a: strategy >> x & 1, b: strategy >> (2 + y) & 1 };
                        let mut one = Counts::new();
                        one.add(cell, 1).unwrap();
                        mean +=
                            [1.0 - p_x, p_x][x] * [1.0 - p_y, p_y][y] * factors.evidence(&one).log2().exp2();
                    }
                    assert!(mean <= 1.0, "{tau} {strategy}: {mean}");
                }
            }
        }
    }

    #[test]
    fn evidence_grows_by_the_statistical_strength() {
        let data = noisy_box(42_500, 7_500);
        let strength = data.local_projection(Shape::CHSH, SettingWeights::Uniform).unwrap().kl_bits;
        let gained = TestFactors::train(&data, SettingBias::UNBIASED).unwrap().evidence(&data).log2();
        let per_trial = gained / data.total() as f64;
        assert!((per_trial / strength - 1.0).abs() < 1e-3, "{per_trial} {strength}");
        let biased = TestFactors::train(&data, SettingBias::new(0.01, 0.01).unwrap()).unwrap();
        assert!(biased.evidence(&data).log2() < gained);
    }
}
