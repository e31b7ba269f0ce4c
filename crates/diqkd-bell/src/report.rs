//! Everything that a counts table says, in one call.

use diqkd_core::Epsilon;

use crate::bell_test::BellTest;
use crate::ch::ChEstimate;
use crate::chsh::ChshEstimate;
use crate::confidence::ConfidenceMethod;
use crate::convention::Convention;
use crate::counts::{Counts, Shape};
use crate::local_polytope::{LocalProjection, PolytopeError, SettingWeights};
use crate::no_signalling::{ChiSquared, NoSignalling};
use crate::setting_bias::SettingBias;
use crate::settings::SettingBalance;
use crate::tail::LogProbability;

/// What is fixed before the data are looked at.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ReportOptions {
    /// Which of the eight CHSH expressions is meant.
    pub convention: Convention,
    /// Where the bound on setting predictability of [`BellReport::p_value_biased`] comes from.
    pub bias: BiasSource,
    /// Failure probability of [`BellReport::s_lower`]; 0.05 for the usual 95 %.
    pub eps: Epsilon,
}

/// Where a bound on setting predictability comes from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum BiasSource {
    /// From a characterisation of the generators, as published with an experiment.
    Declared(SettingBias),
    /// From the setting frequencies of the table itself, at this failure probability, which is added to the p-value
    /// ([`Counts::setting_bias_bound`]). Small tables say little about their generators: expect p-values near 1.
    Observed(Epsilon),
}

/// The statistics of a CHSH table.
#[derive(Clone, Debug, PartialEq)]
pub struct BellReport {
    /// The options that were given.
    pub options: ReportOptions,
    /// S, omega, correlators, wins.
    pub chsh: ChshEstimate,
    /// The same trials as a game.
    pub test: BellTest,
    /// Clauser-Horne-Eberhard J; meaningful where outcome 0 is "detected".
    pub ch: ChEstimate,
    /// p-value of the game for local models with memory, if the settings are uniform.
    pub p_value: LogProbability,
    /// p-value of the game for local models with memory that predict settings as [`BellReport::setting_bias_used`]
    /// allows.
    pub p_value_biased: LogProbability,
    /// The bound on setting predictability behind [`BellReport::p_value_biased`].
    pub setting_bias_used: SettingBias,
    /// A number that exceeds S with probability at most `options.eps`.
    pub s_lower: f64,
    /// How `s_lower` was obtained.
    pub s_lower_method: LowerBoundMethod,
    /// Is anything signalled?
    pub no_signalling: NoSignalling,
    /// Were the settings chosen independently of each other?
    pub settings_independence: ChiSquared,
    /// Were they chosen evenly?
    pub setting_balance: SettingBalance,
    /// Distance to the local polytope: statistical strength in bits per trial.
    pub pbr: LocalProjection,
}

/// How a lower bound on S was obtained.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LowerBoundMethod {
    /// Clopper-Pearson on the wins of the game, which needs uniform settings; used unless the observed setting
    /// frequencies refute uniformity at `1e-6`.
    Game,
    /// Chernoff's bound given the settings ([`Counts::chsh_lower`]), which holds for any setting frequencies.
    GivenSettings,
}

impl Counts {
    /// The report on settings 0 and 1 with outcomes 0 and 1.
    ///
    /// # Errors
    /// [`PolytopeError::Scenario`] when a pair of settings has no trial or other outcomes occur.
    pub fn report(&self, options: ReportOptions) -> Result<BellReport, PolytopeError> {
        self.require_binary_2x2()?;
        let game = self.relabelled(options.convention);
        let chsh = game.chsh()?;
        let test = game.bell_test();
        let setting_balance =
            self.setting_balance().ok_or(crate::chsh::ScenarioError::EmptySetting { x: 0, y: 0 })?;
        let (setting_bias_used, ln_eps_bias) = match options.bias {
            BiasSource::Declared(bias) => (bias, f64::NEG_INFINITY),
            BiasSource::Observed(eps) => (
                self.setting_bias_bound(eps).expect("every pair of settings has trials"),
                eps.log2() * core::f64::consts::LN_2,
            ),
        };
        let (s_lower, s_lower_method) = if setting_balance.uniform.p_value.log10() < UNIFORMITY_LOG10 {
            (game.chsh_lower(options.eps)?, LowerBoundMethod::GivenSettings)
        } else {
            // The frequencies that equal numbers of trials a setting would have shown, where they are lower.
            let even = libm::floor(chsh.omega.get() * test.tests() as f64) as u64;
            let cautious =
                BellTest::new(test.tests(), test.wins().min(even)).expect("fewer wins than before");
            let omega = cautious.omega_lower(ConfidenceMethod::ClopperPearson, options.eps);
            (omega.chsh_s(), LowerBoundMethod::Game)
        };
        Ok(BellReport {
            options,
            p_value: test.p_value(SettingBias::UNBIASED),
            p_value_biased: test.p_value(setting_bias_used).plus_ln(ln_eps_bias),
            setting_bias_used,
            s_lower,
            s_lower_method,
            ch: game.ch()?,
            no_signalling: self.no_signalling(2, 2)?,
            settings_independence: self.settings_independence(2, 2),
            setting_balance,
            pbr: self.local_projection(Shape::CHSH, SettingWeights::Observed)?,
            chsh,
            test,
        })
    }
}

const UNIFORMITY_LOG10: f64 = -6.0;
