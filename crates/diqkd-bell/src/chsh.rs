//! The CHSH value of a counts table, with its standard error for display.
//!
//! `E_xy = (N(a=b|xy) - N(a!=b|xy)) / N_xy`, `S = E00 + E01 + E10 - E11`, `omega = (4 + S)/8` (the mean winning
//! frequency over the four settings, so that unequal setting counts don't shift it). The standard error adds the
//! binomial variances `(1 - E^2)/N` of the four correlators; it assumes independent trials and is for display only:
//! thresholds and claims use [`crate::BellTest`].

use diqkd_core::WinProbability;

use crate::counts::Counts;

/// The CHSH value of a counts table in the labelling of the game, see [`Counts::relabelled`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ChshEstimate {
    /// `S`, from -4 to 4.
    pub s: f64,
    /// Standard error of `s`.
    pub s_standard_error: f64,
    /// The correlators, `correlators[x][y]`.
    pub correlators: [[Correlator; 2]; 2],
    /// `(4 + S) / 8`.
    pub omega: WinProbability,
    /// Trials with settings 0 and 1.
    pub trials: u64,
    /// Trials among them with `a XOR b = x AND y`.
    pub wins: u64,
}

/// The correlator of one pair of settings.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Correlator {
    /// `E = P(a = b) - P(a != b)`, from -1 to 1.
    pub value: f64,
    /// Standard error, `sqrt((1 - E^2)/N)`.
    pub standard_error: f64,
    /// Trials with these settings.
    pub trials: u64,
}

impl Counts {
    /// The CHSH value of the cells with settings 0 and 1; other settings (a key setting) are ignored.
    ///
    /// ```
    /// use diqkd_bell::Counts;
    ///
    /// let delft = Counts::from_csv("x,y,a,b,n\n0,0,0,0,23\n0,0,0,1,3\n0,0,1,0,4\n0,0,1,1,23\n0,1,0,0,33\n\
    ///     0,1,0,1,11\n0,1,1,0,5\n0,1,1,1,30\n1,0,0,0,22\n1,0,0,1,10\n1,0,1,0,6\n1,0,1,1,24\n\
    ///     1,1,0,0,4\n1,1,0,1,20\n1,1,1,0,21\n1,1,1,1,6\n")?;
    /// let chsh = delft.chsh()?;
    /// assert!((chsh.s - 2.42250).abs() < 1e-5 && (chsh.s_standard_error - 0.20383).abs() < 1e-5);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`ScenarioError::EmptySetting`] when one of the four settings has no trial,
    /// [`ScenarioError::ForeignOutcome`] when an outcome other than 0 and 1 occurs.
    pub fn chsh(&self) -> Result<ChshEstimate, ScenarioError> {
        self.require_binary_2x2()?;
        let correlators =
            [[self.correlator(0, 0), self.correlator(0, 1)], [self.correlator(1, 0), self.correlator(1, 1)]];
        let s = (correlators[0][0].value + correlators[0][1].value)
            + (correlators[1][0].value - correlators[1][1].value);
        let variance: f64 = correlators.iter().flatten().map(|c| c.standard_error * c.standard_error).sum();
        let test = self.bell_test();
        Ok(ChshEstimate {
            s,
            s_standard_error: libm::sqrt(variance),
            correlators,
            omega: WinProbability::new(((4.0 + s) / 8.0).clamp(0.0, 1.0))
                .expect("a clamped number lies in the range"),
            trials: test.tests(),
            wins: test.wins(),
        })
    }

    /// Fails unless all four pairs of settings 0 and 1 have trials and these have outcomes 0 and 1 only.
    pub(crate) fn require_binary_2x2(&self) -> Result<(), ScenarioError> {
        for (x, y) in FOUR_SETTINGS {
            if self.setting_total(x, y) == 0 {
                return Err(ScenarioError::EmptySetting { x, y });
            }
            if self.binary_total(x, y) != self.setting_total(x, y) {
                return Err(ScenarioError::ForeignOutcome { x, y });
            }
        }
        Ok(())
    }

    fn binary_total(&self, x: usize, y: usize) -> u64 {
        self.n(x, y, 0, 0) + self.n(x, y, 0, 1) + self.n(x, y, 1, 0) + self.n(x, y, 1, 1)
    }

    fn correlator(&self, x: usize, y: usize) -> Correlator {
        let like = (self.n(x, y, 0, 0) + self.n(x, y, 1, 1)) as f64;
        let unlike = (self.n(x, y, 0, 1) + self.n(x, y, 1, 0)) as f64;
        let trials = self.binary_total(x, y);
        let n = trials as f64;
        Correlator {
            value: (like - unlike) / n,
            // 1 - E^2 = 4 like unlike / n^2, without cancellation where E is near 1.
            standard_error: 2.0 * libm::sqrt(like / n * (unlike / n) / n),
            trials,
        }
    }
}

/// Why a table does not fit the scenario that a statistic is defined for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ScenarioError {
    /// A pair of settings without a trial.
    #[error(
        "no trials with settings x={x}, y={y}; this statistic needs all of them: record more, or check the labels"
    )]
    EmptySetting {
        /// Alice's setting.
        x: usize,
        /// Bob's setting.
        y: usize,
    },
    /// Outcomes outside the scenario: for CHSH other than 0 and 1.
    #[error(
        "settings x={x}, y={y} have outcomes outside the scenario; map every outcome (no click too) to one of it \
         (0 or 1 for CHSH) by a rule fixed beforehand"
    )]
    ForeignOutcome {
        /// Alice's setting.
        x: usize,
        /// Bob's setting.
        y: usize,
    },
}

/// The pairs of settings of the CHSH scenario.
pub(crate) const FOUR_SETTINGS: [(usize, usize); 4] = [(0, 0), (0, 1), (1, 0), (1, 1)];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::counts::Cell;

    #[test]
    fn missing_settings_and_third_outcomes_are_named() {
        let mut counts = Counts::new();
        for (x, y) in [(0, 0), (0, 1), (1, 1)] {
            counts.add(Cell { x, y, a: 0, b: 0 }, 5).unwrap();
        }
        assert_eq!(counts.chsh(), Err(ScenarioError::EmptySetting { x: 1, y: 0 }));
        counts.add(Cell { x: 1, y: 0, a: 2, b: 0 }, 5).unwrap();
        assert_eq!(counts.chsh(), Err(ScenarioError::ForeignOutcome { x: 1, y: 0 }));
    }

    #[test]
    fn a_key_setting_does_not_enter() {
        let mut counts = Counts::new();
        for (x, y) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
            counts.add(Cell { x, y, a: 0, b: x & y }, 5).unwrap();
        }
        let before = counts.chsh().unwrap();
        assert_eq!((before.s, before.omega.get(), before.wins), (4.0, 1.0, 20));
        counts.add(Cell { x: 0, y: 2, a: 1, b: 0 }, 1000).unwrap();
        assert_eq!(counts.chsh().unwrap(), before);
    }
}
