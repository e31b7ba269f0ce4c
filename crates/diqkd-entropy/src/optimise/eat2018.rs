//! Choices of the first accumulation theorem.

use super::scalar::{SEARCH_OMEGA, argmax, entropy_per_round};
use crate::certificate::{Accumulation, Eat2018Witness, Epsilons};
use crate::params::SingleRound;
use crate::shares::{Shares, minus, scaled};

/// What the search needs to know.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Problem {
    pub(crate) bound: SingleRound,
    pub(crate) rounds: f64,
    pub(crate) gamma: f64,
    pub(crate) omega: f64,
    pub(crate) shares: Shares,
}

impl Problem {
    /// Best tangent and split. `None` when a fixed share of privacy amplification leaves nothing for smoothing.
    pub(crate) fn best(&self) -> Option<(Eat2018Witness, Epsilons)> {
        let secrecy = self.shares.secrecy;
        let mut pa = self.shares.fixed_pa.unwrap_or(scaled(secrecy, -10.0));
        // Smoothing and probability of acceptance enter almost alike, as a product under the same root.
        let mut half = scaled(minus(secrecy, pa)?, -1.0);
        let mut tangent_at = SEARCH_OMEGA.1;
        for _ in 0..4 {
            let root = (1.0 - 2.0 * (2.0 * half.log2() - 2.0)).sqrt();
            let entropy = |tangent: f64| entropy_per_round(self.bound, self.gamma, tangent);
            let deviation = |tangent: f64| {
                2.0 * self.rounds.sqrt() * (libm::log2(13.0) + entropy(tangent).1 / self.gamma)
            };
            tangent_at = argmax(SEARCH_OMEGA.0, SEARCH_OMEGA.1, 50, |tangent| {
                let (value, slope) = entropy(tangent);
                self.rounds * (value + slope * (self.omega - tangent)) - deviation(tangent) * root
            });
            if self.shares.fixed_pa.is_none() {
                let weight = (deviation(tangent_at) + 2.0 * self.rounds.sqrt() * libm::log2(7.0)) / root;
                pa = scaled(secrecy, libm::log2(2.0 / (4.0 * weight + 8.0)));
                half = scaled(minus(secrecy, pa)?, -1.0);
            }
        }
        let epsilons = Epsilons {
            pa,
            ev: self.shares.ev,
            auth: self.shares.auth,
            smoothing: Some(half),
            accumulation: Some(Accumulation::Added(half)),
        };
        Some((Eat2018Witness { tangent_at }, epsilons))
    }
}
