//! `diqkd entropy --bound sdp`: any Bell scenario.

mod file;

use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, ValueEnum};
use diqkd_entropy::EntropyBound;
use diqkd_entropy::sdp::{
    BellExpression, Level, OperatorWord, OutcomesQuery, SdpBound, SdpQuery, min_entropy, von_neumann,
};
use serde_json::json;

use crate::answer::{Answer, Failure};

/// Options of `--bound sdp`.
#[derive(Debug, Args)]
#[command(next_help_heading = "Semidefinite programs (--bound sdp)")]
pub(super) struct Scenario {
    /// The Bell expression whose value is --value: chsh, i3322, tilted:BETA, asymmetric:WEIGHT or chained:SETTINGS.
    #[arg(long, value_name = "NAME", requires = "value", conflicts_with_all = ["chsh", "scenario"])]
    expression: Option<Named>,
    /// The value of --expression.
    #[arg(long, value_name = "V", requires = "expression", allow_negative_numbers = true)]
    value: Option<f64>,
    /// A scenario as JSON: an object with "observed", a list of objects with "value" and either "expression" (a name as
    /// above) or weights "alice", "bob", "correlators"; and optionally "key_setting". With "outcomes", lists "alice" and
    /// "bob" of numbers of outcomes, each observed value has "terms" instead: objects with "weight" and "x", "a", or
    /// "y", "b", or all four.
    #[arg(long, value_name = "FILE", conflicts_with = "chsh")]
    scenario: Option<PathBuf>,
    /// Alice's key setting, from 0.
    #[arg(long, value_name = "X")]
    key_setting: Option<usize>,
    /// Which products of observables index the moment matrix.
    #[arg(long, value_enum, default_value_t = LevelName::OnePlusAbAa)]
    level: LevelName,
    /// Further products such as A0A1B0.
    #[arg(long, value_name = "WORD", value_delimiter = ',')]
    extra: Vec<OperatorWord>,
    /// Quadrature nodes of the von Neumann entropy, 2 to 24 [default: 16 for two settings a side, else 8].
    #[arg(long, value_name = "M")]
    nodes: Option<usize>,
    /// Which entropy.
    #[arg(long, value_enum, default_value_t = Quantity::VonNeumann)]
    quantity: Quantity,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum LevelName {
    /// Single observables.
    #[value(name = "1")]
    One,
    /// And products of one observable of each party.
    #[value(name = "1+ab")]
    OnePlusAb,
    /// And products of two of Alice's.
    #[value(name = "1+ab+aa")]
    OnePlusAbAa,
    /// And all products of two.
    #[value(name = "2")]
    Two,
}

impl LevelName {
    fn level(self) -> Level {
        match self {
            Self::One => Level::One,
            Self::OnePlusAb => Level::OnePlusAb,
            Self::OnePlusAbAa => Level::OnePlusAbAa,
            Self::Two => Level::Two,
        }
    }
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Quantity {
    /// Von Neumann entropy, by Gauss-Radau quadrature.
    VonNeumann,
    /// Min-entropy, from the guessing probability.
    Hmin,
}

/// A Bell expression by name.
#[derive(Clone, Debug)]
struct Named(BellExpression);

impl FromStr for Named {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, argument) = text.split_once(':').map_or((text, None), |(name, rest)| (name, Some(rest)));
        let number = || {
            argument
                .and_then(|text| text.parse::<f64>().ok())
                .filter(|x| x.is_finite())
                .ok_or_else(|| format!("{name} needs a number, as in {name}:0.5"))
        };
        Ok(Self(match (name, argument) {
            ("chsh", None) => BellExpression::chsh(),
            ("i3322", None) => BellExpression::i3322(),
            ("tilted", _) => BellExpression::tilted_chsh(number()?),
            ("asymmetric", _) => BellExpression::asymmetric_chsh(number()?),
            ("chained", Some(settings)) => match settings.parse() {
                Ok(settings @ 2..=6) => BellExpression::chained(settings),
                _ => return Err("chained takes 2 to 6 settings, as in chained:3".to_owned()),
            },
            _ => {
                return Err(
                    "expected chsh, i3322, tilted:BETA, asymmetric:WEIGHT or chained:SETTINGS".to_owned()
                );
            }
        }))
    }
}

impl Scenario {
    pub(super) fn answer(self, chsh: Option<f64>, q: f64) -> Result<Answer, Failure> {
        let mut key_setting = self.key_setting;
        let mut observed = match (&self.scenario, self.expression.as_ref(), self.value, chsh) {
            (Some(path), ..) => {
                let file = file::read(path)?;
                key_setting = key_setting.or(file.key_setting);
                match file.observed {
                    file::Observed::Expressions(observed) => observed,
                    file::Observed::Sums(outcomes, observed) => {
                        let key_setting = key_setting.unwrap_or(0);
                        return self.of_outcomes(
                            OutcomesQuery {
                                outcomes,
                                observed,
                                key_setting,
                                level: self.level.level(),
                                nodes: self.nodes.unwrap_or(8),
                            },
                            q,
                        );
                    }
                }
            }
            (None, Some(Named(expression)), Some(value), _) => vec![(expression.clone(), value)],
            (None, _, _, Some(value)) => vec![(BellExpression::chsh(), value)],
            _ => {
                return Err(Failure::Usage {
                    what: "--bound sdp needs --chsh, --expression with --value, or --scenario".to_owned(),
                    source: None,
                });
            }
        };
        let stated = observed.first().map_or(f64::NAN, |(_, value)| *value);
        // What finite samples reach above the quantum maximum counts as the maximum; at it no solver converges.
        if let (Some(_), Some((_, value))) = (chsh, observed.first_mut())
            && *value <= 4.0
        {
            *value = value.min(LARGEST_CHSH);
        }
        let few =
            observed.iter().all(|(expression, _)| expression.alice.len().max(expression.bob.len()) <= 2);
        let query = SdpQuery {
            observed,
            key_setting: key_setting.unwrap_or(0),
            q,
            level: self.level.level(),
            extra: self.extra,
            nodes: self.nodes.unwrap_or(if few { 16 } else { 8 }),
        };
        let bound = match self.quantity {
            Quantity::VonNeumann => von_neumann(&query),
            Quantity::Hmin => min_entropy(&query),
        }
        .map_err(|e| Failure::usage("no bound for these values", e))?;
        Ok(answer(&bound, stated))
    }

    fn of_outcomes(&self, query: OutcomesQuery, q: f64) -> Result<Answer, Failure> {
        if q != 0.0 || !self.extra.is_empty() {
            return Err(Failure::Usage {
                what: "--noise and --extra are for scenarios with two outcomes, stated in correlators"
                    .to_owned(),
                source: None,
            });
        }
        let stated = query.observed.first().map_or(f64::NAN, |sum| sum.value);
        let bound = match self.quantity {
            Quantity::VonNeumann => query.von_neumann(),
            Quantity::Hmin => query.min_entropy(),
        };
        Ok(answer(&bound.map_err(|e| Failure::usage("no bound for these values", e))?, stated))
    }
}

/// Reads a scenario, and bounds its min-entropy where that is quick.
#[cfg(fuzzing)]
pub(crate) fn fuzz(path: &std::path::Path) {
    let Ok(file) = file::read(path) else { return };
    let is_small = match &file.observed {
        file::Observed::Expressions(observed) => {
            observed.len() <= 4 && observed.iter().all(|(e, _)| e.alice.len().max(e.bob.len()) <= 3)
        }
        file::Observed::Sums(outcomes, observed) => {
            let mut counts = outcomes.alice.iter().chain(&outcomes.bob);
            observed.len() <= 4 && counts.try_fold(10_usize, |left, count| left.checked_sub(*count)).is_some()
        }
    };
    let scenario = Scenario {
        expression: None,
        value: None,
        scenario: Some(path.to_path_buf()),
        key_setting: None,
        level: LevelName::One,
        extra: Vec::new(),
        nodes: None,
        quantity: Quantity::Hmin,
    };
    if is_small && let Ok(answer) = scenario.answer(None, 0.0) {
        assert!(answer.json["entropy_bits"].as_f64().is_some_and(|bits| bits >= 0.0));
    }
}

fn answer(bound: &SdpBound, stated: f64) -> Answer {
    let slope = bound.slopes.first().copied().unwrap_or(0.0);
    Answer::new(
        format!(
            "at least {:.9} bits a round, slope {slope:.6} bits per unit of the Bell value ({})",
            bound.entropy_bits, bound.method
        ),
        json!({
            "bound": "sdp",
            "bell_value": stated,
            "entropy_bits": bound.entropy_bits,
            "slope": slope,
            "slopes": bound.slopes,
            "method": bound.method,
        }),
    )
}

/// The same bound by a semidefinite program.
pub(super) fn second_opinion(bound: EntropyBound, bell_value: f64) -> Result<SdpBound, Failure> {
    let (weight, q) = match bound {
        EntropyBound::Chsh | EntropyBound::MinEntropy => (1.0, 0.0),
        EntropyBound::NoisyPreprocessing { q } => (1.0, q),
        EntropyBound::Asymmetric { weight, q } => (weight.abs(), q),
        other => {
            return Err(Failure::Usage {
                what: format!("--cross-check serves chsh, npp, asymmetric and hmin, not {}", other.name()),
                source: None,
            });
        }
    };
    let most = (1.0 + weight * weight).sqrt() * 2.0 - 3e-5;
    let query = SdpQuery {
        observed: vec![(BellExpression::asymmetric_chsh(weight), bell_value.min(most))],
        key_setting: 0,
        q,
        level: Level::OnePlusAbAa,
        extra: Vec::new(),
        nodes: 16,
    };
    let bound = if bound == EntropyBound::MinEntropy { min_entropy(&query) } else { von_neumann(&query) };
    bound.map_err(|e| Failure::because("the semidefinite program gave no bound to compare with", e))
}

const LARGEST_CHSH: f64 = 2.828_4;
