//! Evidence that two samples differ by more than a tolerance, with no assumption on their sizes.
//!
//! The probability of both samples under separate Krichevsky-Trofimov mixtures (`Beta(1/2, 1/2)` priors), divided by
//! the greatest likelihood that the tolerance allows them together. Whatever the true parameters, the denominator is
//! not smaller than their likelihood, so the mean of the ratio is at most 1 if they keep the tolerance, and by Markov's
//! inequality it reaches `1/alpha` with probability at most `alpha`. Exact at any size; about `ln n` of evidence is the
//! price.

/// A share observed: `successes` of `trials`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Observed {
    pub(crate) successes: f64,
    pub(crate) trials: f64,
}

impl Observed {
    pub(crate) fn new(successes: u64, trials: u64) -> Self {
        Self { successes: successes as f64, trials: trials as f64 }
    }

    fn failures(self) -> f64 {
        self.trials - self.successes
    }

    fn share(self) -> f64 {
        if self.trials > 0.0 { self.successes / self.trials } else { 0.5 }
    }

    /// `ln` of the likelihood of the sequence at success probability `p`.
    fn ln_likelihood(self, p: f64) -> f64 {
        let part = |count: f64, p: f64| if count > 0.0 { count * libm::log(p) } else { 0.0 };
        part(self.successes, p) + part(self.failures(), 1.0 - p)
    }

    /// `ln` of its probability under the mixture.
    fn ln_mixture(self) -> f64 {
        libm::lgamma(self.successes + 0.5) + libm::lgamma(self.failures() + 0.5)
            - libm::lgamma(self.trials + 1.0)
            - LN_PI
    }
}

/// `ln` of the evidence that two shares differ by more than `tolerance`; `O(1)`.
pub(crate) fn ln_shares_differ(before: Observed, after: Observed, tolerance: f64) -> f64 {
    let difference = after.share() - before.share();
    let together = if difference.abs() <= tolerance {
        before.ln_likelihood(before.share()) + after.ln_likelihood(after.share())
    } else {
        // At the edge of the tolerance, where the likelihood is concave in the one share that is left.
        let shift = if difference > 0.0 { tolerance } else { -tolerance };
        let both = |p: f64| before.ln_likelihood(p) + after.ln_likelihood((p + shift).clamp(0.0, 1.0));
        let (mut low, mut high) = ((-shift).max(0.0), (1.0 - shift).min(1.0));
        for _ in 0..100 {
            let (third, two_thirds) = (low + (high - low) / 3.0, high - (high - low) / 3.0);
            if both(third) < both(two_thirds) { low = third } else { high = two_thirds }
        }
        both(0.5 * (low + high))
    };
    before.ln_mixture() + after.ln_mixture() - together
}

/// `ln` of the evidence that two rates differ by more than a factor `1 + tolerance`, of Poisson counts in given
/// exposures: given their sum, the later count is binomial.
pub(crate) fn ln_rates_differ(before: (f64, f64), after: (f64, f64), tolerance: f64) -> f64 {
    let ((count_before, exposure_before), (count_after, exposure_after)) = (before, after);
    if !(exposure_before > 0.0 && exposure_after > 0.0) {
        return 0.0;
    }
    let later = Observed { successes: count_after, trials: count_before + count_after };
    let share = |factor: f64| factor * exposure_after / (factor * exposure_after + exposure_before);
    let allowed = later.share().clamp(share(1.0 / (1.0 + tolerance)), share(1.0 + tolerance));
    later.ln_mixture() - later.ln_likelihood(allowed)
}

/// `ln pi`, twice the logarithm of `Gamma(1/2)`.
const LN_PI: f64 = 1.144_729_885_849_400_2;

#[cfg(test)]
mod tests {
    use super::*;

    fn choose(n: u64, k: u64) -> f64 {
        (0..k).fold(1.0, |c, i| c * (n - i) as f64 / (i + 1) as f64)
    }

    /// By brute force over all outcomes: the mean under every allowed pair of shares is at most 1.
    #[test]
    fn the_mean_over_all_outcomes_is_at_most_one() {
        let (n, m) = (12u64, 9u64);
        for (p, q, tolerance) in
            [(0.3, 0.3, 0.0), (0.85, 0.85, 0.0), (0.5, 0.6, 0.1), (0.95, 0.85, 0.1), (0.2, 0.25, 0.1)]
        {
            let mut mean = 0.0;
            for k in 0..=n {
                for l in 0..=m {
                    let (before, after) = (Observed::new(k, n), Observed::new(l, m));
                    let chance = choose(n, k)
                        * choose(m, l)
                        * libm::exp(before.ln_likelihood(p) + after.ln_likelihood(q));
                    mean += chance * libm::exp(ln_shares_differ(before, after, tolerance));
                }
            }
            assert!(mean <= 1.0 + 1e-9 && mean > 0.005, "{p} {q} {tolerance}: {mean}");
        }
    }

    #[test]
    fn evidence_grows_with_the_difference() {
        let before = Observed::new(85_000, 100_000);
        let same = ln_shares_differ(before, Observed::new(8_500, 10_000), 0.0);
        let small = ln_shares_differ(before, Observed::new(8_300, 10_000), 0.0);
        let large = ln_shares_differ(before, Observed::new(7_900, 10_000), 0.0);
        assert!(same < 0.0 && small > 0.0 && large > 80.0, "{same} {small} {large}");
        assert!(ln_shares_differ(before, Observed::new(8_300, 10_000), 0.03) < 0.0);
    }

    #[test]
    fn rates() {
        assert!(ln_rates_differ((1e6, 10.0), (1e5, 1.0), 0.0) < 0.0);
        assert!(ln_rates_differ((1e6, 10.0), (1.03e5, 1.0), 0.0) > 30.0);
        assert!(ln_rates_differ((1e6, 10.0), (1.03e5, 1.0), 0.05) < 0.0);
        assert!(ln_rates_differ((1e6, 10.0), (0.9e5, 1.0), 0.05) > 30.0);
        assert_eq!(ln_rates_differ((0.0, 0.0), (5.0, 1.0), 0.0), 0.0);
    }
}
