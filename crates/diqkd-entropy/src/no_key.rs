//! Why no key can be certified, and what would change it.

use diqkd_core::{LeakBits, WinProbability, binary_entropy};

use crate::key_length::certify;
use crate::optimise::scalar::one_basis_correlation;
use crate::params::{Params, SingleRound};
use crate::shares;
use crate::theorem::Theorem;

/// Why no key can be certified.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum NoKeyReason {
    /// The threshold is within reach of local models.
    #[error("the threshold {} is within reach of local models; it must lie above 0.75", omega_threshold.get())]
    NoViolation {
        /// The threshold.
        omega_threshold: WinProbability,
    },
    /// Every round gives away more than it contains: no number of rounds helps.
    #[error(
        "{leak_bits} are leaked, but at this threshold even infinitely many rounds allow less than {most_bits:.0}"
    )]
    LeakTooLarge {
        /// The best provable length in bits; at most 0.
        best_bits: f64,
        /// The leak.
        leak_bits: LeakBits,
        /// The asymptotic entropy of so many rounds: the leak must stay below it.
        most_bits: f64,
    },
    /// The finite-size cost exceeds what the rounds contain.
    #[error("{rounds} rounds are too few for a key at this threshold and leak per round")]
    TooFewRounds {
        /// The best provable length in bits; at most 0.
        best_bits: f64,
        /// The number of rounds.
        rounds: u64,
        /// Rounds from which a key is possible with the same leak per round, to about 1 %; `None` beyond 10^15.
        least_rounds: Option<u64>,
    },
}

impl NoKeyReason {
    /// The best provable length in bits; never positive.
    pub fn best_bits(&self) -> f64 {
        match *self {
            Self::NoViolation { .. } => 0.0,
            Self::LeakTooLarge { best_bits, .. } | Self::TooFewRounds { best_bits, .. } => best_bits,
        }
    }

    /// The name of the reason in reports.
    pub fn label(&self) -> &'static str {
        match self {
            Self::NoViolation { .. } => "threshold-within-local-models",
            Self::LeakTooLarge { .. } => "leak-exceeds-entropy",
            Self::TooFewRounds { .. } => "too-few-rounds",
        }
    }

    /// The number that failed: the threshold, the leak in bits, or the rounds.
    pub fn observed(&self) -> f64 {
        match *self {
            Self::NoViolation { omega_threshold } => omega_threshold.get(),
            Self::LeakTooLarge { leak_bits, .. } => leak_bits.0 as f64,
            Self::TooFewRounds { rounds, .. } => rounds as f64,
        }
    }

    /// What it is compared with: 3/4, the asymptotic entropy in bits, or the least rounds where known.
    pub fn threshold(&self) -> Option<f64> {
        match *self {
            Self::NoViolation { .. } => Some(WinProbability::LOCAL_MAX),
            Self::LeakTooLarge { most_bits, .. } => Some(most_bits),
            Self::TooFewRounds { least_rounds, .. } => least_rounds.map(|rounds| rounds as f64),
        }
    }

    pub(crate) fn explain(params: &Params, best_bits: f64) -> Self {
        let leak_per_round = params.leak_bits.0 as f64 / params.rounds as f64;
        let scaled = |rounds: u64| Params {
            rounds,
            leak_bits: LeakBits((leak_per_round * rounds as f64).ceil() as u64),
            ..params.clone()
        };
        let has_key = |rounds: u64| {
            let params = scaled(rounds);
            shares::divide(params.eps_sound, params.split)
                .and_then(|shares| certify(&params, &shares, None))
                .is_ok_and(|certified| certified.is_ok())
        };
        let most_bits = params.rounds as f64 * asymptotic_rate(params);
        if params.leak_bits.0 as f64 >= most_bits {
            return Self::LeakTooLarge { best_bits, leak_bits: params.leak_bits, most_bits };
        }
        let mut low = params.rounds;
        let mut high = low;
        while !has_key(high) {
            low = high;
            high = high.saturating_mul(4);
            if high > MOST_ROUNDS {
                return Self::TooFewRounds { best_bits, rounds: params.rounds, least_rounds: None };
            }
        }
        while high - low > high / 100 {
            let middle = low + (high - low) / 2;
            if has_key(middle) { high = middle } else { low = middle }
        }
        Self::TooFewRounds { best_bits, rounds: params.rounds, least_rounds: Some(high) }
    }
}

/// Bits per round before the leak, for infinitely many rounds.
fn asymptotic_rate(params: &Params) -> f64 {
    let omega = params.omega_threshold.get().min(WinProbability::QUANTUM_MAX - 1e-9);
    let gamma = params.gamma;
    let entropy = |x: f64| 1.0 - binary_entropy((1.0 + x) / 2.0);
    let one = entropy(one_basis_correlation(omega).0);
    let flipped = |q: f64, x: f64| {
        let mixed = ((1.0 - 2.0 * q) * (1.0 - 2.0 * q) + 4.0 * q * (1.0 - q) * x * x).sqrt();
        entropy(x) + binary_entropy((1.0 + mixed) / 2.0)
    };
    // Both settings under reat: equal correlations S/(2 sqrt 2), or the line from the local point that touches there,
    // which is lower; the other setting of test rounds is as good as unknown to Eve.
    let equal = (8.0 * omega - 4.0) / 8f64.sqrt();
    let x = one_basis_correlation(omega).0;
    match (params.theorem, params.bound) {
        (Theorem::Reat, bound) => {
            let (key, test) = match bound {
                SingleRound::Chsh => (one, one),
                SingleRound::ChshTwoBasisTests => (one, f64::midpoint(one, 1.0)),
                SingleRound::TwoBases => (entropy(equal), entropy(equal)),
                SingleRound::NoisyPreprocessing { q } => (flipped(q, x), one),
                SingleRound::BiasedSettings { q, tau } => {
                    let rest = 1.0 - 2.0 * tau;
                    let fair = (1.0 - (1.0 - omega) / (rest * rest)).max(WinProbability::LOCAL_MAX);
                    let x = one_basis_correlation(fair).0;
                    (flipped(q, x), entropy(x))
                }
                SingleRound::NoisyTwoBasisTests { q } => (flipped(q, x), f64::midpoint(one, 1.0)),
                SingleRound::NoisyTwoBases { q } => (flipped(q, equal), entropy(equal)),
            };
            (1.0 - gamma) * key + gamma * (test - binary_entropy(omega))
        }
        (Theorem::ReatBasic, _) => (1.0 - gamma) * one - gamma,
        _ => one - gamma,
    }
}

const MOST_ROUNDS: u64 = 1_000_000_000_000_000;
