//! Choices of the first accumulation theorem.

use super::scalar::{SEARCH_OMEGA, argmax, entropy_per_round};
use diqkd_core::Epsilon;

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
        // Either acceptance has at most this probability and that of a wrong string, or the key is good.
        let either = minus(secrecy, self.shares.ev);
        let parts = |pa: Epsilon| {
            let room = minus(secrecy, pa)?;
            Some(either.map_or_else(
                || (scaled(room, -1.0), Accumulation::Added(scaled(room, -1.0))),
                |unlikely| (room, Accumulation::AlternativeWithVerification(unlikely)),
            ))
        };
        let mut pa = self.shares.fixed_pa.unwrap_or(scaled(secrecy, -10.0));
        let (mut smoothing, mut accumulation) = parts(pa)?;
        let mut tangent_at = SEARCH_OMEGA.1;
        for _ in 0..4 {
            let unlikely = accumulation.epsilon().plus(self.shares.ev)?;
            let root = (1.0 - 2.0 * (smoothing.log2() - 2.0 + unlikely.log2())).sqrt();
            let entropy = |tangent: f64| entropy_per_round(self.bound, self.gamma, tangent);
            let deviation = |tangent: f64| {
                2.0 * self.rounds.sqrt() * (libm::log2(13.0) + entropy(tangent).1 / self.gamma)
            };
            tangent_at = argmax(SEARCH_OMEGA.0, SEARCH_OMEGA.1, 50, |tangent| {
                let (value, slope) = entropy(tangent);
                self.rounds * (value + slope * (self.omega - tangent)) - deviation(tangent) * root
            });
            if self.shares.fixed_pa.is_none() {
                // How the length grows with log2 of the smoothing; the share of privacy amplification enters twice.
                let weight = (deviation(tangent_at) + 2.0 * self.rounds.sqrt() * libm::log2(7.0)) / root;
                pa = scaled(secrecy, libm::log2(2.0 / (weight + 8.0)));
                (smoothing, accumulation) = parts(pa)?;
            }
        }
        let epsilons = Epsilons {
            pa,
            ev: self.shares.ev,
            auth: self.shares.auth,
            smoothing: Some(smoothing),
            accumulation: Some(accumulation),
        };
        Some((Eat2018Witness { tangent_at }, epsilons))
    }
}
