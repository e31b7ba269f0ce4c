//! A lower confidence bound on S that does not trust the setting generators: it is conditional on the settings.
//!
//! Given the settings, the winning counts `k_xy` of the four pairs are independent binomials, and
//! `S = 2 sum w_xy - 4`. For the statistic `T = sum k_xy/n_xy` and any `lambda > 0`
//! `P[T >= t] <= exp(-lambda t) prod (1 + w_xy (exp(lambda/n_xy) - 1))^n_xy`. A tenth of eps pays for Clopper-Pearson
//! intervals of the four `w_xy`; a hypothesis `sum w_xy <= W` is refuted when the maximum of the right-hand side over
//! all `w` in these intervals with that sum is at most the rest of eps. By concavity the maximum is bounded, for every
//! `nu >= 0`, by `nu W + sum max_w [n ln(1 + w c) - nu w]`. Every `lambda` and `nu` gives a valid bound, so the search
//! for good ones needs no guarantee. About 2.5 standard errors at eps = 0.05, also where the four `w` are very
//! different as in photonic experiments; the normal approximation would take 1.64 and hold for large samples only.

use diqkd_core::Epsilon;

use crate::chsh::{FOUR_SETTINGS, ScenarioError};
use crate::confidence::{clopper_pearson_lower, clopper_pearson_upper};
use crate::counts::Counts;

impl Counts {
    /// A number that exceeds S with probability at most `eps`, whatever the distribution of the settings; assumes
    /// trials that are independent given the settings.
    ///
    /// # Errors
    /// [`ScenarioError`] as for [`Counts::chsh`].
    pub fn chsh_lower(&self, eps: Epsilon) -> Result<f64, ScenarioError> {
        self.require_binary_2x2()?;
        let ln_eps = eps.log2() * core::f64::consts::LN_2;
        let ln_side = ln_eps + libm::log(INTERVALS_SHARE / 8.0);
        let target = ln_eps + libm::log1p(-INTERVALS_SHARE);
        let mut statistic = 0.0;
        let cells = FOUR_SETTINGS.map(|(x, y)| {
            let trials = self.setting_total(x, y);
            let wins = self.n(x, y, 0, x & y) + self.n(x, y, 1, 1 - (x & y));
            statistic += wins as f64 / trials as f64;
            Games {
                trials: trials as f64,
                low: clopper_pearson_lower(trials, wins, ln_side),
                high: clopper_pearson_upper(trials, wins, ln_side),
            }
        });
        let (mut low, mut high) = (cells.iter().map(|g| g.low).sum(), statistic);
        for _ in 0..48 {
            let sum = 0.5 * (low + high);
            if ln_chance(&cells, statistic, sum, target) <= target {
                low = sum;
            } else {
                high = sum;
            }
        }
        Ok(2.0 * low - 4.0)
    }
}

struct Games {
    trials: f64,
    low: f64,
    high: f64,
}

/// An upper bound on the logarithm of the probability that `T >= statistic` when the winning probabilities add up to
/// `sum`; the search over `lambda` ends early once it falls below `target`.
fn ln_chance(cells: &[Games; 4], statistic: f64, sum: f64, target: f64) -> f64 {
    let bound = |ln_lambda: f64| {
        let lambda = libm::exp(ln_lambda);
        worst_ln_mean(cells, lambda, sum) - lambda * statistic
    };
    // The bound is convex in lambda with its minimum between the scales of one count and of all of them.
    let smallest = cells.iter().map(|g| g.trials).fold(f64::INFINITY, f64::min);
    let (mut left, mut right) = (libm::log(smallest * 1e-9), libm::log(smallest * 700.0));
    for _ in 0..45 {
        let (third, two_thirds) = (left + (right - left) / 3.0, right - (right - left) / 3.0);
        let (at_third, at_two_thirds) = (bound(third), bound(two_thirds));
        if at_third.min(at_two_thirds) <= target {
            return target;
        }
        if at_third < at_two_thirds {
            right = two_thirds;
        } else {
            left = third;
        }
    }
    bound(0.5 * (left + right))
}

/// `max { sum n ln(1 + w c) : sum w = sum, low <= w <= high }` with `c = exp(lambda/n) - 1`, from above: the dual
/// function at the multiplier `1/share` whose `w = n share - 1/c`, clamped, add up to `sum`.
fn worst_ln_mean(cells: &[Games; 4], lambda: f64, sum: f64) -> f64 {
    let gains = [0, 1, 2, 3].map(|i| libm::expm1(lambda / cells[i].trials));
    let weights = |share: f64| {
        [0, 1, 2, 3].map(|i| (cells[i].trials * share - 1.0 / gains[i]).clamp(cells[i].low, cells[i].high))
    };
    let mut kinks = [0.0; 8];
    for (i, games) in cells.iter().enumerate() {
        kinks[i] = (games.low + 1.0 / gains[i]) / games.trials;
        kinks[i + 4] = (games.high + 1.0 / gains[i]) / games.trials;
    }
    kinks.sort_by(f64::total_cmp);
    let total = |share: f64| weights(share).iter().sum::<f64>();
    let above = kinks.partition_point(|&share| total(share) < sum).clamp(1, 7);
    let (left, right) = (kinks[above - 1], kinks[above]);
    let (at_left, at_right) = (total(left), total(right));
    let part =
        if at_right > at_left { ((sum - at_left) / (at_right - at_left)).clamp(0.0, 1.0) } else { 1.0 };
    let share = left + part * (right - left);
    let weights = weights(share);
    let used: f64 = weights.iter().sum();
    let at = |i: usize| cells[i].trials * libm::log1p(weights[i] * gains[i]);
    (sum - used) / share + at(0) + at(1) + at(2) + at(3)
}

/// The part of eps that pays for the intervals.
const INTERVALS_SHARE: f64 = 0.1;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::counts::Cell;

    fn table(cells: [(u64, u64); 4]) -> Counts {
        let mut counts = Counts::new();
        for ((x, y), (n, k)) in FOUR_SETTINGS.into_iter().zip(cells) {
            let (x, y) = (x as u8, y as u8);
            counts.add(Cell { x, y, a: 0, b: x & y }, k).unwrap();
            counts.add(Cell { x, y, a: 1, b: x & y }, n - k).unwrap();
        }
        counts
    }

    #[test]
    fn equal_settings_give_the_pooled_chernoff_bound() {
        let counts = table([(1000, 850); 4]);
        let eps = Epsilon::new(0.05).unwrap();
        let rest = Epsilon::new(0.045).unwrap();
        let pooled = counts.bell_test().omega_lower(crate::ConfidenceMethod::KlChernoff, rest).chsh_s();
        let ours = counts.chsh_lower(eps).unwrap();
        assert!((ours - pooled).abs() < 1e-6 && ours <= pooled + 1e-9, "{ours} {pooled}");
    }

    #[test]
    fn nearly_certain_outcomes_are_bounded_by_their_own_variance() {
        let n = 10_000_000;
        let counts = table([(n, n - 1_500), (n, n - 6_000), (n, n - 5_600), (n, n - 13_000)]);
        let chsh = counts.chsh().unwrap();
        let bound = counts.chsh_lower(Epsilon::new(0.05).unwrap()).unwrap();
        let errors = (chsh.s - bound) / chsh.s_standard_error;
        assert!(errors > 2.4 && errors < 2.6, "{errors}");
    }

    #[test]
    fn biased_settings_do_not_lift_the_bound() {
        // A local strategy that loses at (1,1) only, offered that pair in one trial of a hundred.
        let counts = table([(3300, 3300), (3300, 3300), (3300, 3300), (100, 0)]);
        let eps = Epsilon::new(0.05).unwrap();
        assert!(counts.chsh_lower(eps).unwrap() <= 2.0);
        let trusting = counts.bell_test().omega_lower(crate::ConfidenceMethod::ClopperPearson, eps);
        assert!(trusting.chsh_s() > 3.8);
    }
}
