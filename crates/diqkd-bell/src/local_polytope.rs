//! Projection of observed frequencies on the local polytope: how strong is a Bell experiment per trial?
//!
//! `D = min over local q of sum_xy s(xy) sum_ab f(ab|xy) log2( f(ab|xy) / q(ab|xy) )`, the statistical strength: no
//! valid test of local realism gains evidence faster than `D` bits a trial from trials with frequencies `f`, and
//! [`crate::TestFactors`] reach it. `q` is a mixture of deterministic strategies (16 for two settings and outcomes a
//! side); the weights are found by a primal-dual interior-point method, which takes 20 to 40 steps where the
//! multiplicative (EM) iteration stalls for photonic data with shares of 1e-5. At any weights the value exceeds the
//! minimum by at most `log2 max_l sum_c s f(c) d_l(c) / q(c)`, which is the stopping rule and is reported.
//!
//! Cost: `O(V^3)` a step for `V` strategies, `16 V^2` bytes.

use alloc::vec;
use alloc::vec::Vec;

use crate::chsh::ScenarioError;
use crate::counts::{Counts, Shape};
use crate::tail::deviance;

/// Which distribution of settings weighs the pairs of settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SettingWeights {
    /// The observed frequencies: `D` is then the log-likelihood ratio per trial.
    Observed,
    /// All pairs alike.
    Uniform,
}

/// The local distribution nearest to observed frequencies, in relative entropy.
#[derive(Clone, Debug, PartialEq)]
pub struct LocalProjection {
    /// The statistical strength `D` in bits per trial, as reached; the minimum lies at most `gap_bits` below.
    pub kl_bits: f64,
    /// Certified distance to the minimum, in bits per trial.
    pub gap_bits: f64,
    /// The scenario.
    pub shape: Shape,
    /// The nearest local distribution `q(ab|xy)`, indexed by [`Shape::place`].
    pub nearest: Vec<f64>,
}

impl Counts {
    /// Projects the conditional frequencies of the cells within `shape` on the local polytope.
    ///
    /// # Errors
    /// [`PolytopeError::Scenario`] when a pair of settings has no trial or an outcome lies outside the shape,
    /// [`PolytopeError::TooLarge`] beyond [`MAX_STRATEGIES`] deterministic strategies.
    pub fn local_projection(
        &self,
        shape: Shape,
        weights: SettingWeights,
    ) -> Result<LocalProjection, PolytopeError> {
        let target = Target::new(self, shape, weights, 0.0)?;
        Ok(target.project())
    }
}

/// Why there is no projection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PolytopeError {
    /// The table does not fill the scenario.
    #[error("the table does not fill the scenario")]
    Scenario(#[from] ScenarioError),
    /// Too many deterministic strategies.
    #[error(
        "the scenario has {strategies} deterministic strategies, more than {max}; use fewer settings or outcomes"
    )]
    TooLarge {
        /// Their number.
        strategies: u64,
        /// The limit.
        max: u64,
    },
}

/// The most deterministic strategies that are handled: four binary settings a side.
pub const MAX_STRATEGIES: u64 = 256;

/// A distribution to be projected: cells of settings weight `s` and conditional frequency `f`.
pub(crate) struct Target {
    shape: Shape,
    /// `s(xy)`, Bob's setting running fastest.
    setting_weight: Vec<f64>,
    /// `f(ab|xy)`, indexed as in [`LocalProjection::nearest`].
    frequency: Vec<f64>,
    strategies: Vec<Strategy>,
}

/// A deterministic strategy, as the cell it puts each pair of settings in.
pub(crate) struct Strategy {
    cells: Vec<(usize, usize)>,
}

impl Target {
    /// `prior` is added to every count within the shape.
    pub(crate) fn new(
        counts: &Counts,
        shape: Shape,
        weights: SettingWeights,
        prior: f64,
    ) -> Result<Self, PolytopeError> {
        let [sa, sb, oa, ob] =
            [shape.settings_a, shape.settings_b, shape.outcomes_a, shape.outcomes_b].map(usize::from);
        let strategies = strategies(shape)?;
        let inside: u64 =
            (0..sa).flat_map(|x| (0..sb).map(move |y| (x, y))).map(|(x, y)| counts.setting_total(x, y)).sum();
        let mut setting_weight = vec![0.0; sa * sb];
        let mut frequency = vec![0.0; shape.size()];
        for x in 0..sa {
            for y in 0..sb {
                let n = counts.setting_total(x, y);
                let covered: u64 = (0..oa)
                    .flat_map(|a| (0..ob).map(move |b| (a, b)))
                    .map(|(a, b)| counts.n(x, y, a, b))
                    .sum();
                if n == 0 {
                    return Err(ScenarioError::EmptySetting { x, y }.into());
                }
                if covered != n {
                    return Err(ScenarioError::ForeignOutcome { x, y }.into());
                }
                setting_weight[x * sb + y] = match weights {
                    SettingWeights::Observed => n as f64 / inside as f64,
                    SettingWeights::Uniform => 1.0 / (sa * sb) as f64,
                };
                let total = n as f64 + prior * (oa * ob) as f64;
                for a in 0..oa {
                    for b in 0..ob {
                        frequency[shape.place(x, y, a, b)] = (counts.n(x, y, a, b) as f64 + prior) / total;
                    }
                }
            }
        }
        Ok(Self { shape, setting_weight, frequency, strategies })
    }

    pub(crate) fn strategies(&self) -> &[Strategy] {
        &self.strategies
    }

    pub(crate) fn frequency(&self) -> &[f64] {
        &self.frequency
    }

    pub(crate) fn project(&self) -> LocalProjection {
        let count = self.strategies.len();
        let mut weights = vec![1.0 / count as f64; count];
        let mut slack = vec![1.0; count];
        let mut best = self.evaluate(&weights);
        let mut idle = 0;
        for _ in 0..MAX_STEPS {
            if best.1 <= GAP_GOAL * best.0 || idle == MAX_IDLE {
                break;
            }
            self.step(&mut weights, &mut slack);
            let now = self.evaluate(&weights);
            idle += 1;
            if now.1 < best.1 {
                best = now;
                idle = 0;
            }
        }
        let (kl_bits, gap_bits, nearest) = best;
        LocalProjection { kl_bits, gap_bits, shape: self.shape, nearest }
    }

    /// Value and gap in bits at the normalised weights, with the distribution.
    fn evaluate(&self, weights: &[f64]) -> (f64, f64, Vec<f64>) {
        let total: f64 = weights.iter().sum();
        let normalised: Vec<f64> = weights.iter().map(|w| w / total).collect();
        let mixture = self.mixture(&normalised);
        let mut kl = 0.0;
        let outcomes = usize::from(self.shape.outcomes_a) * usize::from(self.shape.outcomes_b);
        for (i, (&f, &q)) in self.frequency.iter().zip(&mixture).enumerate() {
            if q > 0.0 {
                kl += self.setting_weight[i / outcomes] * deviance(f, q, f - q);
            }
        }
        let excess = self.gains(&mixture).into_iter().fold(0.0, f64::max);
        (kl * core::f64::consts::LOG2_E, libm::log1p(excess) * core::f64::consts::LOG2_E, mixture)
    }

    fn mixture(&self, weights: &[f64]) -> Vec<f64> {
        let mut mixture = vec![0.0; self.frequency.len()];
        for (strategy, weight) in self.strategies.iter().zip(weights) {
            for &(_, cell) in &strategy.cells {
                mixture[cell] += weight;
            }
        }
        mixture
    }

    /// For each strategy `sum_xy s (f - q)/q` at its cells: what moving weight there gains, at total weight 1.
    fn gains(&self, mixture: &[f64]) -> Vec<f64> {
        let gain = |&(setting, cell): &(usize, usize)| {
            self.setting_weight[setting] * (self.frequency[cell] - mixture[cell]) / mixture[cell]
        };
        self.strategies.iter().map(|strategy| strategy.cells.iter().map(gain).sum()).collect()
    }

    /// One Newton step towards `w z = mu`, `z = 1 - G(w)`, `w, z >= 0`, whose limit `mu = 0` is the optimum of
    /// `sum w - sum_c s f ln q`.
    fn step(&self, weights: &mut [f64], slack: &mut [f64]) {
        let count = weights.len();
        let mixture = self.mixture(weights);
        let complementarity: f64 = weights.iter().zip(slack.iter()).map(|(w, z)| w * z).sum();
        let mu = CENTRING * complementarity / count as f64;
        let gains = self.gains(&mixture);
        let mut matrix = vec![0.0; count * count];
        for (i, first) in self.strategies.iter().enumerate() {
            for (j, second) in self.strategies.iter().enumerate().take(i + 1) {
                let mut entry = 0.0;
                for (&(setting, cell), &(_, other)) in first.cells.iter().zip(&second.cells) {
                    if cell == other {
                        let q = mixture[cell];
                        entry += self.setting_weight[setting] * self.frequency[cell] / (q * q);
                    }
                }
                matrix[i * count + j] = entry;
                matrix[j * count + i] = entry;
            }
            matrix[i * count + i] += slack[i] / weights[i];
        }
        let mut direction: Vec<f64> = gains.iter().zip(weights.iter()).map(|(g, w)| g + mu / w).collect();
        cholesky_solve(&mut matrix, &mut direction);
        let slack_direction: Vec<f64> =
            (0..count).map(|i| mu / weights[i] - slack[i] - slack[i] / weights[i] * direction[i]).collect();
        let length = |values: &[f64], steps: &[f64]| {
            values
                .iter()
                .zip(steps)
                .filter(|(_, step)| **step < 0.0)
                .map(|(value, step)| -TO_BOUNDARY * value / step)
                .fold(1.0, f64::min)
        };
        let (primal, dual) = (length(weights, &direction), length(slack, &slack_direction));
        for i in 0..count {
            weights[i] += primal * direction[i];
            slack[i] += dual * slack_direction[i];
        }
    }
}

impl Strategy {
    /// The cells as `(place of the pair of settings, place of the cell)`.
    pub(crate) fn cells(&self) -> &[(usize, usize)] {
        &self.cells
    }
}

fn strategies(shape: Shape) -> Result<Vec<Strategy>, PolytopeError> {
    let [sa, sb, oa, ob] =
        [shape.settings_a, shape.settings_b, shape.outcomes_a, shape.outcomes_b].map(usize::from);
    let counts = match shape.strategies() {
        (Some(alice), Some(bob)) => alice.checked_mul(bob).map(|both| (alice, bob, both)),
        _ => None,
    };
    let (alice, bob) = match counts {
        Some((alice, bob, both)) if both <= MAX_STRATEGIES => (alice as usize, bob as usize),
        _ => {
            let strategies = counts.map_or(u64::MAX, |(.., both)| both);
            return Err(PolytopeError::TooLarge { strategies, max: MAX_STRATEGIES });
        }
    };
    let mut all = Vec::with_capacity(alice * bob);
    for alice_code in 0..alice {
        for bob_code in 0..bob {
            let mut cells = Vec::with_capacity(sa * sb);
            for x in 0..sa {
                for y in 0..sb {
                    let a = alice_code / oa.pow(x as u32) % oa;
                    let b = bob_code / ob.pow(y as u32) % ob;
                    cells.push((x * sb + y, shape.place(x, y, a, b)));
                }
            }
            all.push(Strategy { cells });
        }
    }
    Ok(all)
}

/// Solves a positive definite system in place; the strict diagonal of the interior-point method keeps pivots positive.
fn cholesky_solve(matrix: &mut [f64], right: &mut [f64]) {
    let n = right.len();
    for i in 0..n {
        for j in 0..=i {
            let dot: f64 = (0..j).map(|k| matrix[i * n + k] * matrix[j * n + k]).sum();
            let value = matrix[i * n + j] - dot;
            matrix[i * n + j] =
                if i == j { libm::sqrt(value.max(f64::MIN_POSITIVE)) } else { value / matrix[j * n + j] };
        }
    }
    for i in 0..n {
        let dot: f64 = (0..i).map(|k| matrix[i * n + k] * right[k]).sum();
        right[i] = (right[i] - dot) / matrix[i * n + i];
    }
    for i in (0..n).rev() {
        let dot: f64 = (i + 1..n).map(|k| matrix[k * n + i] * right[k]).sum();
        right[i] = (right[i] - dot) / matrix[i * n + i];
    }
}

const MAX_STEPS: usize = 200;
const CENTRING: f64 = 0.1;
const TO_BOUNDARY: f64 = 0.99;
/// Gap, relative to the value, at which to stop.
const GAP_GOAL: f64 = 1e-10;
/// Steps without a smaller gap after which it is rounding noise.
const MAX_IDLE: u32 = 8;
