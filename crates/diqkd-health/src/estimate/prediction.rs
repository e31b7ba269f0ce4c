//! What the four predictors of sections 6.3.7 to 6.3.10 share: from correct guesses to an entropy.
//!
//! The global performance is the frequency of correct guesses at its upper limit. The local one is the success
//! probability `p` at which the longest run of correct guesses, `r - 1`, stays below `r` in `N` guesses with
//! probability 0.99:
//! ```text
//! (1 - p x) / ((r + 1 - r x) q) x^-(N + 1) = 0.99,   q = 1 - p,   x = 1 + q p^r x^(r + 1)
//! ```
//! Everything is computed for `y = x - 1`, which is tiny, in logarithms, so that nothing cancels.

use super::confidence::{min_entropy, upper_limit};

/// Counts of correct guesses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) guesses: u64,
    pub(super) correct: u64,
    run: u64,
    pub(super) longest_run: u64,
}

impl Tally {
    /// Counts a guess (or the lack of one, which is not correct).
    pub(super) fn count(&mut self, correct: bool) {
        self.guesses += 1;
        self.run = if correct { self.run + 1 } else { 0 };
        self.correct += u64::from(correct);
        self.longest_run = self.longest_run.max(self.run);
    }

    /// The estimate for samples of `alphabet` values.
    pub(super) fn min_entropy(self, alphabet: usize) -> f64 {
        let n = self.guesses as f64;
        let global = if self.correct > 0 {
            upper_limit(self.correct as f64 / n, n)
        } else {
            -libm::expm1(libm::log(0.01) / n)
        };
        let at_least = global.max(1.0 / alphabet as f64);
        min_entropy(self.local(at_least).max(at_least).min(1.0))
    }

    /// The local performance, or `at_least` if it is no larger.
    fn local(self, at_least: f64) -> f64 {
        let ln_target = libm::log(0.99);
        // Where rounding leaves no number, `p` is so large that a longer run is certain.
        let too_low = |p: f64| self.ln_no_run(p) > ln_target;
        if at_least >= 1.0 || !too_low(at_least) {
            return at_least;
        }
        let (mut low, mut high) = (at_least, 1.0);
        loop {
            let p = 0.5 * (low + high);
            if p <= low || p >= high {
                return high;
            }
            if too_low(p) { low = p } else { high = p }
        }
    }

    /// `ln` of the probability that no run is longer than the longest seen, at success probability `p < 1`.
    fn ln_no_run(self, p: f64) -> f64 {
        let (q, r) = (1.0 - p, (self.longest_run + 1) as f64);
        let scale = q * libm::exp(r * libm::log(p));
        let mut y = 0.0;
        for _ in 0..ITERATIONS {
            let next = scale * libm::exp((r + 1.0) * libm::log1p(y));
            if next - y <= f64::EPSILON * next {
                break;
            }
            y = next;
        }
        libm::log1p(-p * y / q) - libm::log1p(-r * y) - (self.guesses as f64 + 1.0) * libm::log1p(y)
    }
}

/// As many as the reference implementation allows; the fixed point is reached after a few.
const ITERATIONS: usize = 66;

#[cfg(test)]
mod tests {
    use super::*;

    /// The probability of no run of `r` by recursion over the guesses.
    #[test]
    fn runs_by_recursion() {
        for (p, longest_run, guesses) in [(0.5, 19u64, 20_000u64), (0.8, 40, 5_000), (0.3, 7, 3_000)] {
            let r = longest_run as usize + 1;
            let mut running = alloc::vec![0.0f64; r];
            running[0] = 1.0;
            for _ in 0..guesses {
                let alive: f64 = running.iter().sum();
                running.rotate_right(1);
                running.iter_mut().for_each(|chance| *chance *= p);
                running[0] = alive * (1.0 - p);
            }
            let exact: f64 = running.iter().sum();
            let tally = Tally { guesses, correct: 0, run: 0, longest_run };
            assert!((libm::exp(tally.ln_no_run(p)) - exact).abs() < 1e-6, "{p} {exact}");
        }
    }
}
