//! The CHSH game as a hypothesis test: wins among tests against what local models reach.
//!
//! Local models win a trial with probability at most `beta` given everything before it ([`SettingBias`]), whatever
//! they remember, so that the number of wins is dominated by a binomial one: `p = P[Bin(n, beta) >= wins]`, for a
//! number of trials fixed beforehand. Online, or where the experiment may stop on seeing the data, use the e-value.

use diqkd_core::{Epsilon, WinProbability};

use crate::confidence::ConfidenceMethod;
use crate::counts::Counts;
use crate::e_value::{EValue, mixture_e_value, mixture_lower_bound};
use crate::setting_bias::SettingBias;
use crate::tail::{LogProbability, ln_binomial_upper};

/// Wins among test rounds of the CHSH game, win iff `a XOR b = x AND y`.
///
/// ```
/// use diqkd_bell::{BellTest, ConfidenceMethod, SettingBias};
/// use diqkd_core::Epsilon;
///
/// let delft = BellTest::new(245, 196)?;
/// assert!((delft.p_value(SettingBias::UNBIASED).probability() - 0.03908).abs() < 1e-5);
/// let bound = delft.omega_lower(ConfidenceMethod::ClopperPearson, Epsilon::new(0.05)?);
/// assert!((bound.chsh_s() - 2.02631).abs() < 1e-5);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BellTest {
    tests: u64,
    wins: u64,
}

impl BellTest {
    /// `wins` among `tests`.
    ///
    /// # Errors
    /// [`MoreWinsThanTests`].
    pub fn new(tests: u64, wins: u64) -> Result<Self, MoreWinsThanTests> {
        if wins > tests {
            return Err(MoreWinsThanTests { tests, wins });
        }
        Ok(Self { tests, wins })
    }

    /// Number of test rounds.
    pub fn tests(self) -> u64 {
        self.tests
    }

    /// Number of wins.
    pub fn wins(self) -> u64 {
        self.wins
    }

    /// The winning frequency; `None` without tests.
    pub fn omega(self) -> Option<WinProbability> {
        WinProbability::new(self.wins as f64 / self.tests as f64).ok()
    }

    /// Both runs together, when their numbers of trials were fixed beforehand.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self { tests: self.tests + other.tests, wins: self.wins + other.wins }
    }

    /// The probability that a local model with memory wins at least as often, rounded up by 1e-11 of its logarithm.
    ///
    /// Valid for a number of tests fixed beforehand.
    ///
    /// # References
    /// D. Elkouss and S. Wehner, npj Quantum Inf. 2, 16026 (2016); the bound on what biased settings allow as stated
    /// in docs/theory, section 4.
    pub fn p_value(self, bias: SettingBias) -> LogProbability {
        ln_binomial_upper(self.tests, self.wins, bias.chsh_local_bound()).widened_up()
    }

    /// A number that exceeds the winning probability at uniform settings with probability at most `eps`.
    ///
    /// Assumes independent trials and uniform settings; for biased settings see [`Counts::chsh_lower`].
    pub fn omega_lower(self, method: ConfidenceMethod, eps: Epsilon) -> WinProbability {
        let bound = if self.tests == 0 { 0.0 } else { method.lower(self.tests, self.wins, ln(eps)) };
        WinProbability::new(bound).expect("confidence bounds are probabilities")
    }

    /// A number that lies below the winning probability with probability at most `eps`; assumptions as for
    /// [`BellTest::omega_lower`].
    pub fn omega_upper(self, method: ConfidenceMethod, eps: Epsilon) -> WinProbability {
        let bound = if self.tests == 0 { 1.0 } else { method.upper(self.tests, self.wins, ln(eps)) };
        WinProbability::new(bound).expect("confidence bounds are probabilities")
    }

    /// Evidence against local models that may be looked at after every trial and stopped on.
    pub fn e_value(self, bias: SettingBias) -> EValue {
        mixture_e_value(self.tests, self.wins, bias.chsh_local_bound())
    }

    /// A lower bound on the winning probability that holds at all times at once, except with probability `eps`:
    /// every threshold below it has an e-value of at least `1/eps`. For devices with memory it is a bound on the
    /// greatest winning probability of a round so far.
    pub fn omega_lower_any_time(self, eps: Epsilon) -> WinProbability {
        WinProbability::new(mixture_lower_bound(self.tests, self.wins, ln(eps)))
            .expect("a bound below wins/tests")
    }
}

impl Counts {
    /// The CHSH game played by the trials with settings 0 and 1; outcomes other than 0 and 1 lose.
    pub fn bell_test(&self) -> BellTest {
        let (mut tests, mut wins) = (0, 0);
        for (x, y) in crate::chsh::FOUR_SETTINGS {
            tests += self.setting_total(x, y);
            wins += self.n(x, y, 0, x & y) + self.n(x, y, 1, 1 - (x & y));
        }
        BellTest { tests, wins }
    }
}

/// More wins than tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{wins} wins in {tests} tests; wins are among the tests: pass tests first, wins second")]
pub struct MoreWinsThanTests {
    /// Number of tests.
    pub tests: u64,
    /// Number of wins.
    pub wins: u64,
}

fn ln(eps: Epsilon) -> f64 {
    eps.log2() * core::f64::consts::LN_2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_tests_no_claims() {
        let nothing = BellTest::default();
        let eps = Epsilon::new(0.05).unwrap();
        assert_eq!(nothing.omega(), None);
        assert_eq!(nothing.p_value(SettingBias::UNBIASED), LogProbability::ONE);
        assert_eq!(nothing.omega_lower(ConfidenceMethod::Hoeffding, eps).get(), 0.0);
        assert_eq!(nothing.omega_upper(ConfidenceMethod::ClopperPearson, eps).get(), 1.0);
        assert_eq!(nothing.e_value(SettingBias::UNBIASED).log2(), 0.0);
        assert_eq!(nothing.omega_lower_any_time(eps).get(), 0.0);
        assert!(BellTest::new(1, 2).is_err());
    }

    #[test]
    fn published_setting_bias_of_delft() {
        let delft = BellTest::new(245, 196).unwrap();
        let biased = delft.p_value(SettingBias::new(1.08e-5, 1.08e-5).unwrap()).probability();
        assert!((biased - 0.039_109_972).abs() < 1e-8, "{biased}");
    }
}
