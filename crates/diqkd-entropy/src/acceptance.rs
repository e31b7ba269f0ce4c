//! From how many wins on a run is accepted, as an exact integer.

use diqkd_core::WinProbability;

/// The acceptance rule of a certificate: an accepted run has at least the certified total score.
///
/// With the score of a round without test at position `c` between a loss (0) and a win (1), the rule reads
/// `wins >= gamma n omega + (tests - gamma n) c`. Under `reat` the position is the threshold itself, so that the rule
/// is `wins >= omega x tests` whatever the number of tests.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Acceptance {
    pub(crate) rounds: u64,
    pub(crate) gamma: f64,
    pub(crate) omega_threshold: WinProbability,
    pub(crate) none_position: Option<f64>,
}

impl Acceptance {
    /// The rule `wins >= omega_threshold x tests`.
    pub fn ratio(rounds: u64, gamma: f64, omega_threshold: WinProbability) -> Self {
        Self { rounds, gamma, omega_threshold, none_position: None }
    }

    /// The least number of wins with which a run with `tests` test rounds is accepted; above `tests` when none is.
    pub fn min_wins(&self, tests: u64) -> u64 {
        match self.none_position {
            None => ceil_product(self.omega_threshold.get(), tests),
            Some(position) => self.least_by_score(position, tests),
        }
    }

    /// Whether a run with this many wins in this many test rounds is accepted. Impossible counts never are.
    pub fn accepts(&self, wins: u64, tests: u64) -> bool {
        tests <= self.rounds && wins <= tests && wins >= self.min_wins(tests)
    }

    fn least_by_score(&self, position: f64, tests: u64) -> u64 {
        use crate::interval::Interval;
        let expected_tests = Interval::point(self.gamma) * Interval::count(self.rounds);
        let least = expected_tests * self.omega_threshold.get()
            + (Interval::count(tests) - expected_tests) * Interval::point(position);
        let least = least.hi().ceil();
        if least <= 0.0 {
            0
        } else if least < TWO_POW_63 {
            least as u64
        } else {
            u64::MAX
        }
    }
}

const TWO_POW_63: f64 = 9_223_372_036_854_775_808.0;

/// `x` times `count` rounded up, exactly, for `x` in [0, 1].
fn ceil_product(x: f64, count: u64) -> u64 {
    let bits = x.to_bits();
    let exponent = (bits >> 52) as i32;
    let fraction = bits & ((1 << 52) - 1);
    let (mantissa, shift) =
        if exponent == 0 { (fraction, 1074) } else { (fraction | 1 << 52, 1075 - exponent) };
    let product = u128::from(mantissa) * u128::from(count);
    if product == 0 {
        return 0;
    }
    if shift >= 128 {
        return 1;
    }
    let whole = product >> shift;
    let up = u128::from(whole << shift != product);
    (whole + up) as u64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ratio(omega: f64) -> Acceptance {
        Acceptance::ratio(1 << 40, 0.05, WinProbability::new(omega).unwrap())
    }

    #[test]
    fn the_ratio_rule_is_exact() {
        assert_eq!(ratio(0.75).min_wins(1000), 750);
        assert_eq!(ratio(0.75).min_wins(1001), 751);
        assert_eq!(ratio(1.0).min_wins(u64::MAX), u64::MAX);
        assert_eq!(ratio(0.0).min_wins(u64::MAX), 0);
        assert_eq!(ratio(f64::MIN_POSITIVE / 2.0).min_wins(7), 1);
        // 0.83 in binary lies above 83/100 by 8.9e-18 or below it; the rule follows the binary number.
        let least = ratio(0.83).min_wins(100);
        assert_eq!(least, 83);
        assert!(
            ratio(0.83).accepts(83, 100) && !ratio(0.83).accepts(82, 100) && !ratio(0.83).accepts(101, 100)
        );
    }

    proptest! {
        #[test]
        fn one_win_fewer_is_below_the_ratio(omega in 0.0f64..=1.0, tests in 0u64..1 << 40) {
            let least = ratio(omega).min_wins(tests);
            // Exact comparison of integers scaled by 2^60: omega has at most 60 fractional bits here.
            let scaled = (omega * 2f64.powi(60)).trunc();
            prop_assume!(scaled == omega * 2f64.powi(60));
            let product = scaled as u128 * u128::from(tests);
            prop_assert!(u128::from(least) << 60 >= product);
            prop_assert!(least == 0 || (u128::from(least) - 1) << 60 < product);
        }

        #[test]
        fn a_position_at_the_threshold_is_the_ratio_rule(omega in 0.75f64..0.85, tests in 1u64..1_000_000) {
            let mut by_score = ratio(omega);
            by_score.none_position = Some(omega);
            let (a, b) = (by_score.min_wins(tests), ratio(omega).min_wins(tests));
            prop_assert!(a == b || a == b + 1);
        }
    }
}
