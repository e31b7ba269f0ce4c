//! One-sided confidence bounds on a success probability, rounded outward.
//!
//! Clopper-Pearson inverts the exact binomial tail and is the tightest that holds for every success probability;
//! KL-Chernoff solves `n D(k/n || p) = ln(1/eps)` and Hoeffding takes `k/n - sqrt(ln(1/eps)/2n)`. All hold for
//! independent trials with one success probability; for independent trials with different ones they bound the mean
//! (for Clopper-Pearson by Hoeffding's comparison of 1956, whenever the bound lies below `(k-1)/n`). No lower bound
//! exceeds `k/n`. Cost: about ten tail evaluations, independent of `n`.

use crate::tail::{Bernoulli, deviance, ln_upper_with_slope};

/// How a confidence bound is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ConfidenceMethod {
    /// The exact binomial tail, inverted.
    ClopperPearson,
    /// Chernoff's bound with the relative entropy.
    KlChernoff,
    /// Hoeffding's bound.
    Hoeffding,
}

impl ConfidenceMethod {
    /// A number that exceeds the success probability with probability at most `exp(ln_eps)` when `k` of `n` trials
    /// succeed.
    pub(crate) fn lower(self, n: u64, k: u64, ln_eps: f64) -> f64 {
        match self {
            Self::ClopperPearson => clopper_pearson_lower(n, k, ln_eps),
            Self::KlChernoff => kl_chernoff_lower(n, k, ln_eps),
            Self::Hoeffding => hoeffding_lower(n, k, ln_eps),
        }
    }

    /// A number that lies below the success probability with probability at most `exp(ln_eps)`.
    pub(crate) fn upper(self, n: u64, k: u64, ln_eps: f64) -> f64 {
        up(1.0 - self.lower(n, n - k, ln_eps))
    }
}

pub(crate) fn clopper_pearson_upper(n: u64, k: u64, ln_eps: f64) -> f64 {
    ConfidenceMethod::ClopperPearson.upper(n, k, ln_eps)
}

/// The root of `ln P[X >= k; p] = ln_eps`, by bracketed Newton steps; `ln P` is concave and increasing in `p`.
pub(crate) fn clopper_pearson_lower(n: u64, k: u64, ln_eps: f64) -> f64 {
    if k == 0 || ln_eps == f64::NEG_INFINITY {
        return 0.0;
    }
    // Ten times the error of the tail functions, so that rounding works against the bound.
    let target = ln_eps - 1e-11 * ln_eps.abs() - 1e-12;
    let (mut low, mut high) = (kl_chernoff_lower(n, k, ln_eps), k as f64 / n as f64);
    let mut p = low.max(0.5 * high * f64::EPSILON);
    for _ in 0..200 {
        let Ok(success) = Bernoulli::new(p) else { return 0.0 };
        let (tail, slope) = ln_upper_with_slope(n, k, success);
        let miss = tail.ln() - target;
        if miss <= 0.0 {
            low = low.max(p);
        } else {
            high = high.min(p);
        }
        if high - low <= 1e-15 * high || (miss <= 0.0 && miss > -1e-12 * (1.0 + target.abs())) {
            break;
        }
        let newton = p - miss / slope;
        p = if newton > low && newton < high { newton } else { 0.5 * (low + high) };
    }
    down(low)
}

fn kl_chernoff_lower(n: u64, k: u64, ln_eps: f64) -> f64 {
    let (trials, wins) = (n as f64, k as f64);
    let (mut low, mut high) = (0.0, wins / trials);
    let cost = |p: f64| {
        let delta = wins - trials * p;
        deviance(wins, trials * p, delta) + deviance(trials - wins, trials * (1.0 - p), -delta)
    };
    for _ in 0..200 {
        let middle = 0.5 * (low + high);
        if middle <= low || middle >= high {
            break;
        }
        if cost(middle) * (1.0 - 1e-12) >= -ln_eps {
            low = middle;
        } else {
            high = middle;
        }
    }
    down(low)
}

fn hoeffding_lower(n: u64, k: u64, ln_eps: f64) -> f64 {
    let trials = n as f64;
    down((k as f64 / trials - libm::sqrt(-ln_eps / (2.0 * trials))).max(0.0))
}

/// A little below, never negative.
fn down(p: f64) -> f64 {
    (p * (1.0 - 4.0 * f64::EPSILON)).max(0.0)
}

/// A little above, at most 1.
fn up(p: f64) -> f64 {
    (p * (1.0 + 4.0 * f64::EPSILON)).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tail::ln_binomial_upper;
    use proptest::prelude::*;

    const LN_5_PERCENT: f64 = -2.995_732_273_553_991;

    /// SOURCE: mpmath 1.3, 40 digits: root of the incomplete beta function by the secant method.
    const KAT: [(u64, u64, f64, f64); 6] = [
        (245, 196, LN_5_PERCENT, 0.753_289_200_572_114_9),
        (10, 1, LN_5_PERCENT, 0.005_116_196_891_823_702),
        (1 << 20, 796_223, -700.0, 0.743_542_483_755_151_1),
        (10_000_000_000, 7_500_300_000, -23.0, 0.750_002_472_150_788_1),
        (10_000_000_000, 5, -23.0, 2.630_176_060_005_411e-12),
        (1_500_000, 1_252_000, -44.25, 0.831_903_601_400_285_6),
    ];

    #[test]
    fn forty_digit_values() {
        for (n, k, eps_ln, bound) in KAT {
            let ours = clopper_pearson_lower(n, k, eps_ln);
            assert!(ours <= bound && (ours / bound - 1.0).abs() < 5e-11, "{n} {k}: {ours} {bound}");
        }
    }

    #[test]
    fn ends_of_the_range() {
        for method in
            [ConfidenceMethod::ClopperPearson, ConfidenceMethod::KlChernoff, ConfidenceMethod::Hoeffding]
        {
            assert_eq!(method.lower(10, 0, LN_5_PERCENT), 0.0);
            assert_eq!(method.upper(10, 10, LN_5_PERCENT), 1.0);
            assert!(method.lower(10, 10, LN_5_PERCENT) < 1.0);
        }
        let all_won = clopper_pearson_lower(10, 10, LN_5_PERCENT);
        let exact = libm::pow(0.05, 0.1);
        assert!((all_won - exact).abs() < 1e-10 && all_won <= exact, "{all_won} {exact}");
    }

    proptest! {
        #[test]
        fn the_exact_bound_is_the_tightest_and_is_never_crossed(
            n in 1u64..10_000_000_000, at in 0.0..1.0f64, ln_eps in -700.0..-0.7f64,
        ) {
            let k = ((n as f64 * at) as u64).min(n);
            let exact = clopper_pearson_lower(n, k, ln_eps);
            let kl = kl_chernoff_lower(n, k, ln_eps);
            prop_assert!(hoeffding_lower(n, k, ln_eps) <= kl * (1.0 + 1e-12));
            prop_assert!(kl <= exact * (1.0 + 1e-12));
            prop_assert!(exact <= k as f64 / n as f64);
            let tail = ln_binomial_upper(n, k, Bernoulli::new(exact).unwrap()).ln();
            prop_assert!(k == 0 || tail <= ln_eps, "{} {}", tail, ln_eps);
            prop_assert!(k == 0 || tail > ln_eps - 1e-9 * (1.0 + ln_eps.abs()), "{} {}", tail, ln_eps);
        }
    }
}
