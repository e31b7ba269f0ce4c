//! The probability that honest devices abort.

mod binomial;

use diqkd_core::WinProbability;

use crate::acceptance::Acceptance;
use crate::certificate::Certificate;

/// An upper bound on the probability that devices which win each test independently with probability `omega_honest`
/// miss the certificate's acceptance rule. It tells how often a good setup aborts and is no part of any security
/// claim.
///
/// `rounds` and `gamma` describe the honest run (usually those of the certificate). The number of tests and, given
/// it, the number of wins are binomial; the sum runs over narrow classes of the number of tests, each bounded by its
/// worst member, so that the result is at most a few per cent above the exact value.
pub fn completeness(rounds: u64, gamma: f64, omega_honest: WinProbability, certificate: &Certificate) -> f64 {
    certificate.acceptance().honest_abort(rounds, gamma, omega_honest)
}

impl Acceptance {
    /// See [`completeness`].
    pub fn honest_abort(&self, rounds: u64, gamma: f64, omega_honest: WinProbability) -> f64 {
        let (n, omega) = (rounds as f64, omega_honest.get());
        if rounds == 0 || !(gamma > 0.0 && gamma < 1.0) || omega <= 0.0 {
            return 1.0;
        }
        let (mean, deviation) = (n * gamma, (n * gamma * (1.0 - gamma)).sqrt().max(1.0));
        let step = (deviation / CLASSES_PER_DEVIATION).floor().max(1.0);
        let first = (mean - REACH * deviation).floor().max(0.0);
        let last = (mean + REACH * deviation).ceil().min(n);
        // Numbers of tests outside the visited range count as aborts.
        let mut abort =
            binomial::at_most(n, gamma, first - 1.0) + binomial::at_most(n, 1.0 - gamma, n - last - 1.0);
        let mut from = first;
        while from <= last {
            let to = (from + step - 1.0).min(last);
            let likeliest = ((n + 1.0) * gamma).floor().clamp(from, to);
            let mass = (to - from + 1.0) * libm::exp(binomial::ln_mass(n, gamma, likeliest));
            let missed = self.min_wins(to as u64) as f64 - 1.0;
            let miss =
                if omega >= 1.0 { f64::from(missed >= from) } else { binomial::at_most(from, omega, missed) };
            abort += mass * miss;
            from = to + 1.0;
        }
        (abort * (1.0 + ROUNDING)).min(1.0)
    }
}

const CLASSES_PER_DEVIATION: f64 = 50.0;
const REACH: f64 = 9.0;
const ROUNDING: f64 = 1e-9;

#[cfg(test)]
mod tests {
    use super::*;

    fn omega(w: f64) -> WinProbability {
        WinProbability::new(w).unwrap()
    }

    /// The exact sum over both binomials for a small run.
    fn exact(n: u64, gamma: f64, threshold: f64, honest: f64) -> f64 {
        let rule = Acceptance::ratio(n, gamma, omega(threshold));
        (0..=n)
            .map(|tests| {
                let mass = binomial::ln_mass(n as f64, gamma, tests as f64).exp();
                let missed: f64 = (0..rule.min_wins(tests))
                    .map(|wins| binomial::ln_mass(tests as f64, honest, wins as f64).exp())
                    .sum();
                mass * missed
            })
            .sum()
    }

    #[test]
    fn bounds_the_exact_sum_closely() {
        for (n, gamma, threshold, honest) in
            [(2_000, 0.2, 0.8, 0.84), (5_000, 0.05, 0.75, 0.83), (300, 0.5, 0.7, 0.85)]
        {
            let exact = exact(n, gamma, threshold, honest);
            let bound = Acceptance::ratio(n, gamma, omega(threshold)).honest_abort(n, gamma, omega(honest));
            assert!(bound >= exact && bound <= exact * 1.05 + 1e-15, "{bound} {exact}");
        }
    }

    #[test]
    fn three_standard_deviations_of_room() {
        let (n, gamma, honest) = (1_500_000u64, 13.0 / 256.0, 0.834_625f64);
        let room = 3.0 * (honest * (1.0 - honest) / (n as f64 * gamma)).sqrt();
        let abort = Acceptance::ratio(n, gamma, omega(honest - room)).honest_abort(n, gamma, omega(honest));
        assert!((0.0012..0.0017).contains(&abort), "{abort}");
    }

    #[test]
    fn impossible_runs_abort() {
        let rule = Acceptance::ratio(100, 0.1, omega(0.8));
        assert_eq!(rule.honest_abort(0, 0.1, omega(0.85)), 1.0);
        assert_eq!(rule.honest_abort(100, 0.0, omega(0.85)), 1.0);
        assert_eq!(rule.honest_abort(100, 0.1, omega(0.0)), 1.0);
    }
}
