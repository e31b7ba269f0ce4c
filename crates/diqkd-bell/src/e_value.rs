//! E-values: evidence that stays valid when the experiment is watched and stopped at will.
//!
//! An e-value has mean at most 1 under every local model at every stopping time, so that `1/E` is a p-value whenever
//! one stops (Ville's inequality), and e-values of successive runs multiply. The one used for games is the likelihood
//! ratio against the local bound `beta`, averaged over winning probabilities uniform on `[beta, 1]`:
//! `E = 1/(1-beta) int_beta^1 (t/beta)^k ((1-t)/(1-beta))^(n-k) dt`
//! `  = P[Bin(n+1, beta) <= k] / ((n+1) (1-beta) P[Bin(n, beta) = k])`, in the log domain at constant cost.
//! Each factor `t/beta` or `(1-t)/(1-beta)` has conditional mean at most 1 where the conditional winning probability
//! is at most `beta`, so `E` is a supermartingale for devices with memory.

use crate::tail::{Bernoulli, LogProbability, ln_binomial_lower, ln_binomial_pmf};

/// Evidence against a hypothesis, held as its base-2 logarithm ("bits of evidence").
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct EValue {
    ln: f64,
}

impl EValue {
    /// No evidence.
    pub const ONE: Self = Self { ln: 0.0 };

    pub(crate) fn from_ln(ln: f64) -> Self {
        Self { ln }
    }

    /// The logarithm to base 2; negative where the data favour the hypothesis.
    pub fn log2(self) -> f64 {
        self.ln * core::f64::consts::LOG2_E
    }

    /// The p-value `min(1, 1/E)`, valid whenever one stops.
    pub fn p_value(self) -> LogProbability {
        LogProbability::from_ln(-self.ln).widened_up()
    }

    /// The evidence of this run and of a later one, whose hypothesis may depend on this one's outcome.
    #[must_use]
    pub fn times(self, later: Self) -> Self {
        Self { ln: self.ln + later.ln }
    }
}

/// The e-value of `k` wins in `n` trials against a conditional winning probability of at most `bound`.
pub(crate) fn mixture_e_value(n: u64, k: u64, bound: Bernoulli) -> EValue {
    if bound.failure() == 0.0 {
        return EValue::ONE;
    }
    let ln = ln_binomial_lower(n + 1, k, bound).ln()
        - libm::log((n + 1) as f64)
        - libm::log(bound.failure())
        - ln_binomial_pmf(n, k, bound).ln();
    EValue::from_ln(ln)
}

/// The greatest `beta` such that every smaller one has an e-value of at least `exp(-ln_eps)`; the e-value falls with
/// `beta` up to `k/(n+1)` and is at most about 1 there.
pub(crate) fn mixture_lower_bound(n: u64, k: u64, ln_eps: f64) -> f64 {
    let (mut low, mut high) = (0.0, k as f64 / (n + 1) as f64);
    for _ in 0..100 {
        let middle = 0.5 * (low + high);
        let Ok(bound) = Bernoulli::new(middle) else { break };
        if middle <= low || middle >= high {
            break;
        }
        if mixture_e_value(n, k, bound).ln * (1.0 - 1e-10) - 1e-10 >= -ln_eps {
            low = middle;
        } else {
            high = middle;
        }
    }
    low
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_trial_by_hand() {
        // E(win) = int_{3/4}^1 t dt / (1/4) / (3/4) = 7/6, E(loss) = int (1-t) dt / (1/4) / (1/4) = 1/2.
        let bound = Bernoulli::new(0.75).unwrap();
        assert!((mixture_e_value(1, 1, bound).ln - (7.0f64 / 6.0).ln()).abs() < 1e-14);
        assert!((mixture_e_value(1, 0, bound).ln - 0.5f64.ln()).abs() < 1e-14);
    }

    #[test]
    fn the_mean_over_all_outcomes_is_one_at_the_bound() {
        let bound = Bernoulli::new(0.75).unwrap();
        for n in [1u64, 7, 60] {
            let mean: f64 = (0..=n)
                .map(|k| (mixture_e_value(n, k, bound).ln + ln_binomial_pmf(n, k, bound).ln()).exp())
                .sum();
            assert!((mean - 1.0).abs() < 1e-12, "{n}: {mean}");
        }
    }

    #[test]
    fn an_enormous_violation_does_not_overflow() {
        let e = mixture_e_value(10_000_000_000, 8_500_000_000, Bernoulli::new(0.75).unwrap());
        assert!(e.log2() > 4e8 && e.log2().is_finite());
        assert_eq!(e.p_value().probability(), 0.0);
    }

    #[test]
    fn bounds_that_hold_at_all_times_are_weaker_but_close() {
        let ln_eps = 0.05f64.ln();
        let bound = mixture_lower_bound(100_000, 80_000, ln_eps);
        let fixed = crate::confidence::clopper_pearson_lower(100_000, 80_000, ln_eps);
        assert!(bound < fixed && bound > 0.795, "{bound} {fixed}");
    }
}
