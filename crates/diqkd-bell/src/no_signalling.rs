//! Is one side's outcome independent of the other side's setting?
//!
//! For each side, setting and pair of settings of the other side: the two-proportion z-score of outcome 0 with pooled
//! variance. The z-scores share trials and are not independent, so the joint test uses their covariance: a Wald
//! statistic of all independent differences.

use alloc::vec;
use alloc::vec::Vec;

use diqkd_core::Role;

use crate::chsh::ScenarioError;
use crate::counts::Counts;
use crate::linear::solve_semidefinite;
use crate::tail::{LogProbability, ln_chi_squared_upper};

/// One comparison of a marginal under two settings of the other side.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MarginalTest {
    /// Whose outcome.
    pub side: Role,
    /// That side's setting.
    pub setting: usize,
    /// The two settings of the other side.
    pub remote: (usize, usize),
    /// `P(outcome 0)` at `remote.0` minus that at `remote.1`.
    pub difference: f64,
    /// The difference in pooled standard errors; 0 where both samples are constant and equal.
    pub z: f64,
}

/// A chi-squared statistic with its tail probability.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ChiSquared {
    /// The statistic.
    pub chi2: f64,
    /// Degrees of freedom.
    pub dof: u32,
    /// `P[C >= chi2]`, asymptotic in the number of trials.
    pub p_value: LogProbability,
}

impl ChiSquared {
    pub(crate) fn new(chi2: f64, dof: u32) -> Self {
        Self { chi2, dof, p_value: ln_chi_squared_upper(chi2, dof) }
    }
}

/// The no-signalling tests of a counts table with binary outcomes.
#[derive(Clone, Debug, PartialEq)]
pub struct NoSignalling {
    /// Every marginal; for two settings a side: Alice at x = 0 and 1, then Bob at y = 0 and 1.
    pub marginals: Vec<MarginalTest>,
    /// All independent comparisons at once.
    pub joint: ChiSquared,
}

impl Counts {
    /// The no-signalling tests over the `settings_a` by `settings_b` first settings.
    ///
    /// # Errors
    /// [`ScenarioError`] when a pair of these settings has no trial or other outcomes than 0 and 1 occur.
    pub fn no_signalling(&self, settings_a: usize, settings_b: usize) -> Result<NoSignalling, ScenarioError> {
        for x in 0..settings_a {
            for y in 0..settings_b {
                if self.setting_total(x, y) == 0 {
                    return Err(ScenarioError::EmptySetting { x, y });
                }
                let binary: u64 =
                    [(0, 0), (0, 1), (1, 0), (1, 1)].map(|(a, b)| self.n(x, y, a, b)).iter().sum();
                if binary != self.setting_total(x, y) {
                    return Err(ScenarioError::ForeignOutcome { x, y });
                }
            }
        }
        let mut marginals = vec![];
        let mut independent = vec![];
        for (side, own, remote) in
            [(Role::Alice, settings_a, settings_b), (Role::Bob, settings_b, settings_a)]
        {
            for setting in 0..own {
                for first in 0..remote {
                    for second in first + 1..remote {
                        let comparison = Comparison { side, setting, remote: (first, second) };
                        marginals.push(comparison.test(self));
                        if first == 0 {
                            independent.push(comparison);
                        }
                    }
                }
            }
        }
        Ok(NoSignalling { marginals, joint: joint(self, &independent) })
    }
}

struct Comparison {
    side: Role,
    setting: usize,
    remote: (usize, usize),
}

impl Comparison {
    /// The settings `(x, y)` of the two samples.
    fn samples(&self) -> [(usize, usize); 2] {
        [self.remote.0, self.remote.1].map(|remote| match self.side {
            Role::Alice => (self.setting, remote),
            Role::Bob => (remote, self.setting),
        })
    }

    /// Trials with outcome 0 on this side.
    fn zeros(&self, counts: &Counts, (x, y): (usize, usize)) -> u64 {
        match self.side {
            Role::Alice => counts.n(x, y, 0, 0) + counts.n(x, y, 0, 1),
            Role::Bob => counts.n(x, y, 0, 0) + counts.n(x, y, 1, 0),
        }
    }

    fn test(&self, counts: &Counts) -> MarginalTest {
        let [(k1, n1), (k2, n2)] =
            self.samples().map(|s| (self.zeros(counts, s) as f64, counts.setting_total(s.0, s.1) as f64));
        let difference = k1 / n1 - k2 / n2;
        let pooled = (k1 + k2) / (n1 + n2);
        let variance = pooled * (1.0 - pooled) * (1.0 / n1 + 1.0 / n2);
        let z = if variance > 0.0 { difference / libm::sqrt(variance) } else { 0.0 };
        MarginalTest { side: self.side, setting: self.setting, remote: self.remote, difference, z }
    }
}

/// `d' V^-1 d` over the differences `d` with their estimated covariance `V`; directions without variance are left out.
fn joint(counts: &Counts, comparisons: &[Comparison]) -> ChiSquared {
    let size = comparisons.len();
    let differences: Vec<f64> = comparisons.iter().map(|c| c.test(counts).difference).collect();
    let mut covariance = vec![0.0; size * size];
    for (i, first) in comparisons.iter().enumerate() {
        for (j, second) in comparisons.iter().enumerate() {
            for (sample, sign) in first.samples().into_iter().zip([1.0, -1.0]) {
                for (other, other_sign) in second.samples().into_iter().zip([1.0, -1.0]) {
                    if sample == other {
                        covariance[i * size + j] +=
                            sign * other_sign * covariance_of_means(counts, sample, first, second);
                    }
                }
            }
        }
    }
    let (solution, rank) = solve_semidefinite(covariance, &differences);
    let chi2: f64 = solution.iter().zip(&differences).map(|(s, d)| s * d).sum();
    ChiSquared::new(chi2.max(0.0), rank as u32)
}

/// Covariance of the shares of outcome 0 of two sides (or one) among the trials with settings `sample`.
fn covariance_of_means(
    counts: &Counts,
    sample: (usize, usize),
    first: &Comparison,
    second: &Comparison,
) -> f64 {
    let n = counts.setting_total(sample.0, sample.1) as f64;
    let p = first.zeros(counts, sample) as f64 / n;
    let q = second.zeros(counts, sample) as f64 / n;
    let both = if first.side == second.side { p } else { counts.n(sample.0, sample.1, 0, 0) as f64 / n };
    (both - p * q) / n
}
