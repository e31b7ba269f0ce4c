//! Choices of the second-order theorems `df19`, `df19-fixed` and `geat`.

use diqkd_core::WinProbability;

use super::scalar::{SEARCH_OMEGA, argmax, entropy_per_round};
use crate::certificate::{Accumulation, Epsilons, SecondOrderWitness};
use crate::params::SingleRound;
use crate::shares::{Shares, minus, scaled};
use crate::theorem::Theorem;

/// What the search needs to know.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Problem {
    pub(crate) theorem: Theorem,
    pub(crate) bound: SingleRound,
    pub(crate) rounds: f64,
    pub(crate) gamma: f64,
    pub(crate) omega: f64,
    pub(crate) shares: Shares,
}

impl Problem {
    /// Alternates between the choices until they settle. `None` when a fixed share of privacy amplification leaves
    /// nothing for smoothing.
    pub(crate) fn best(&self) -> Option<(SecondOrderWitness, Epsilons)> {
        let accumulation = self.shares.secrecy;
        let mut pa = self.shares.fixed_pa.unwrap_or(scaled(accumulation, FIRST_SHARE_LOG2));
        let mut witness = SecondOrderWitness {
            tangent_at: self.omega.clamp(SEARCH_OMEGA.0, SEARCH_OMEGA.1),
            none_position: if self.theorem == Theorem::Df19FixedCPerp { 1.0 } else { 0.5 },
            order_entropy: 1e-4,
            order_outcomes: 1e-3,
            smoothing_entropy: 0.8,
            smoothing_outcomes: 0.05,
        };
        for _ in 0..SWEEPS {
            let smoothing = scaled(minus(accumulation, pa)?, -1.0);
            let lasting = |fraction: f64| {
                let theta = 1.0 - 2.0 * (smoothing.log2() + libm::log2(fraction));
                theta - accumulation.log2()
            };
            witness.order_outcomes = (lasting(witness.smoothing_outcomes) / (self.rounds * LOG2_5_SQUARED))
                .sqrt()
                .clamp(1e-12, 0.43);
            let lasting_entropy = lasting(witness.smoothing_entropy);
            self.place(&mut witness, lasting_entropy);
            let (entropy, outcomes) = (2.0 / witness.order_entropy, 2.0 / witness.order_outcomes);
            let all = entropy + outcomes + CHAIN_RULE;
            witness.smoothing_entropy = entropy / all;
            witness.smoothing_outcomes = outcomes / all / 2.0;
            // The length grows by 2 log2 of this share and by `all` times log2 of the smoothing.
            if self.shares.fixed_pa.is_none() {
                pa = scaled(accumulation, libm::log2(2.0 / (2.0 + all)));
            }
        }
        let epsilons = Epsilons {
            pa,
            ev: self.shares.ev,
            auth: self.shares.auth,
            smoothing: Some(scaled(minus(accumulation, pa)?, -1.0)),
            accumulation: Some(Accumulation::Alternative(accumulation)),
        };
        Some((witness, epsilons))
    }

    /// Best tangent, position and order of the entropy term for a fixed numerator `lasting` of its smoothing term.
    fn place(&self, witness: &mut SecondOrderWitness, lasting: f64) {
        let order_for = |tangent: f64, position: f64| {
            let most = if self.theorem == Theorem::Geat { 0.49f64 } else { 0.99 };
            libm::exp(argmax(libm::log(1e-12), libm::log(most), 45, |ln_order| {
                self.entropy(tangent, position, libm::exp(ln_order), lasting)
            }))
        };
        let best_at = |tangent: f64, position: f64| {
            let order = order_for(tangent, position);
            self.entropy(tangent, position, order, lasting)
        };
        let (low, high) = SEARCH_OMEGA;
        for _ in 0..3 {
            let position = witness.none_position;
            witness.tangent_at = argmax(low, high, 32, |tangent| best_at(tangent, position));
            if self.theorem != Theorem::Df19FixedCPerp {
                let tangent = witness.tangent_at;
                witness.none_position = argmax(0.0, 1.0, 24, |position| best_at(tangent, position));
            }
        }
        witness.order_entropy = order_for(witness.tangent_at, witness.none_position);
    }

    /// The terms that depend on tangent, position and order.
    fn entropy(&self, tangent: f64, position: f64, order: f64, lasting: f64) -> f64 {
        let (value, slope) = entropy_per_round(self.bound, self.gamma, tangent);
        let (least, most) = (1.0 - WinProbability::QUANTUM_MAX, WinProbability::QUANTUM_MAX);
        let tilt = 1.0 - 2.0 * position;
        let at = (position + tilt / (2.0 * self.gamma)).clamp(least, most);
        let variance = (at * tilt + position * position) / self.gamma - (at - position) * (at - position);
        let range = slope * (position + (1.0 - position) / self.gamma - least);
        let generalised = self.theorem == Theorem::Geat;
        let step = if generalised { order / (1.0 - order) } else { order };
        let root = libm::log2(33.0) + (2.0 + variance * slope * slope).sqrt();
        let range = range + if generalised { 4.0 } else { 2.0 };
        let ln_of_sum =
            range * core::f64::consts::LN_2 + libm::log1p(libm::exp(2.0 - range * core::f64::consts::LN_2));
        let below_two = if generalised { (1.0 - 2.0 * order) / (1.0 - order) } else { 1.0 - order };
        let third = libm::exp2(step * range) * ln_of_sum * ln_of_sum * ln_of_sum
            / (6.0 * core::f64::consts::LN_2 * below_two * below_two * below_two);
        self.rounds
            * (value + slope * (self.omega - tangent)
                - step * core::f64::consts::LN_2 / 2.0 * root * root
                - step * step * third)
            - lasting / order
    }
}

/// log2 of the share of privacy amplification from which the search starts.
const FIRST_SHARE_LOG2: f64 = -10.0;
const SWEEPS: usize = 4;
const LOG2_5_SQUARED: f64 = 5.391_347_911_684_61;
/// Exponent with which the last part of the smoothing enters: three times theta.
const CHAIN_RULE: f64 = 6.0;
