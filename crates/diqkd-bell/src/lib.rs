#![no_std]
#![forbid(unsafe_code)]
#![doc = include_str!("../README.md")]

extern crate alloc;

mod bell_test;
mod ch;
mod chsh;
mod chsh_lower;
mod combination;
mod confidence;
mod contingency;
mod convention;
mod counts;
mod e_value;
mod functional;
mod linear;
mod local_polytope;
mod no_signalling;
mod report;
mod series;
mod setting_bias;
mod settings;
mod tail;
mod test_factors;
mod trials_csv;
mod windows;

pub use bell_test::{BellTest, MoreWinsThanTests};
pub use ch::{ChEstimate, ChTest};
pub use chsh::{ChshEstimate, Correlator, ScenarioError};
pub use combination::combined_p_value;
pub use confidence::ConfidenceMethod;
pub use convention::{Convention, OddSetting, ParseConventionError, Sign};
pub use counts::csv::{CountsCsv, CsvError};
pub use counts::{Cell, ColumnError, Counts, CountsError, Shape, TrialColumns};
pub use e_value::EValue;
pub use functional::{BellFunctional, FunctionalError, FunctionalEstimate};
pub use local_polytope::{LocalProjection, MAX_STRATEGIES, PolytopeError, SettingWeights};
pub use no_signalling::{ChiSquared, MarginalTest, NoSignalling};
pub use report::{BellReport, BiasSource, LowerBoundMethod, ReportOptions};
pub use series::{Run, RunReport, RunTrial, Stationarity};
pub use setting_bias::SettingBias;
pub use settings::SettingBalance;
pub use tail::{
    Bernoulli, LogProbability, ln_binomial_lower, ln_binomial_pmf, ln_binomial_upper, ln_chi_squared_upper,
    ln_normal_two_sided, ln_normal_upper,
};
pub use test_factors::TestFactors;
pub use trials_csv::{TrialsCsv, TrialsCsvError};
pub use windows::Windows;
