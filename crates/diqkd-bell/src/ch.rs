//! The Clauser-Horne-Eberhard value and its game, for photonic experiments with outcome 0 = "detected".
//!
//! `J = P(00|00) - P(01|01) - P(10|10) - P(00|11)` with `P(ab|xy)`; local models have `J <= 0`, and `S = 2 + 4 J`
//! where nothing is signalled. In a finite sample the two differ by the signalling noise, which J does without: that
//! is why it is the far better statistic at low detection rates.

use diqkd_core::Epsilon;

use crate::chsh::ScenarioError;
use crate::confidence::ConfidenceMethod;
use crate::counts::Counts;
use crate::e_value::{EValue, mixture_e_value};
use crate::setting_bias::SettingBias;
use crate::tail::{LogProbability, ln_binomial_upper};

/// The Clauser-Horne-Eberhard value of a counts table.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ChEstimate {
    /// `J`; local models have at most 0.
    pub j: f64,
    /// Standard error of `j`, for display.
    pub j_standard_error: f64,
    /// The trials that count, as a game.
    pub test: ChTest,
}

impl Counts {
    /// The Clauser-Horne-Eberhard value of settings 0 and 1, with outcome 0 as "detected".
    ///
    /// # Errors
    /// [`ScenarioError`] as for [`Counts::chsh`].
    ///
    /// # References
    /// P. H. Eberhard, Phys. Rev. A 47, R747 (1993); in the form of M. Giustina et al., Phys. Rev. Lett. 115, 250401
    /// (2015), whose published counts give `J = 7.27e-6`.
    pub fn ch(&self) -> Result<ChEstimate, ScenarioError> {
        self.require_binary_2x2()?;
        let share = |(x, y, a, b): (usize, usize, usize, usize)| {
            let n = self.setting_total(x, y) as f64;
            let p = self.n(x, y, a, b) as f64 / n;
            (p, p * (1.0 - p) / n)
        };
        let (mut j, mut variance) = share(WIN);
        for cell in LOSSES {
            let (p, v) = share(cell);
            j -= p;
            variance += v;
        }
        let count = |(x, y, a, b): (usize, usize, usize, usize)| self.n(x, y, a, b);
        let wins = count(WIN);
        let relevant = wins + LOSSES.into_iter().map(count).sum::<u64>();
        Ok(ChEstimate { j, j_standard_error: libm::sqrt(variance), test: ChTest { relevant, wins } })
    }
}

/// The Clauser-Horne game: of all trials only those with `(x,y,a,b)` in 0000 (a win), 0101, 1010 and 1100 (losses)
/// count, and local models win at most half of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChTest {
    relevant: u64,
    wins: u64,
}

impl ChTest {
    /// Trials that count.
    pub fn relevant(self) -> u64 {
        self.relevant
    }

    /// Wins among them.
    pub fn wins(self) -> u64 {
        self.wins
    }

    /// The probability that a local model with memory wins at least as many of the trials that count.
    ///
    /// Valid only where the number of trials *that count* was fixed beforehand as the stopping rule: with any other
    /// rule a local model can go silent while it is ahead. Otherwise use [`ChTest::e_value`].
    ///
    /// # References
    /// P. Bierhorst, arXiv:1312.2999; L. K. Shalm et al., Phys. Rev. Lett. 115, 250402 (2015), whose published
    /// `5.9e-9` is the tail for 6378 wins of 12127.
    pub fn p_value(self, bias: SettingBias) -> LogProbability {
        ln_binomial_upper(self.relevant, self.wins, bias.ch_local_bound()).widened_up()
    }

    /// Evidence against local models that is valid whenever the experiment stops.
    pub fn e_value(self, bias: SettingBias) -> EValue {
        mixture_e_value(self.relevant, self.wins, bias.ch_local_bound())
    }

    /// A number that exceeds the share of wins with probability at most `eps`, for independent trials.
    pub fn share_lower(self, eps: Epsilon) -> f64 {
        if self.relevant == 0 {
            return 0.0;
        }
        let ln_eps = eps.log2() * core::f64::consts::LN_2;
        ConfidenceMethod::ClopperPearson.lower(self.relevant, self.wins, ln_eps)
    }
}

const WIN: (usize, usize, usize, usize) = (0, 0, 0, 0);
const LOSSES: [(usize, usize, usize, usize); 3] = [(0, 1, 0, 1), (1, 0, 1, 0), (1, 1, 0, 0)];
