//! `diqkd entropy`: certified single-round bounds.

mod scenario;

use clap::{Args, ValueEnum};
use diqkd_entropy::{EntropyBound, single_round};
use serde_json::json;

use crate::answer::{Answer, Failure};

#[derive(Debug, Args)]
pub(crate) struct Entropy {
    /// Which bound.
    #[arg(long, value_enum)]
    bound: Bound,
    /// The CHSH value; with --bound asymmetric the value of the asymmetric expression.
    #[arg(long, value_name = "S", allow_negative_numbers = true)]
    chsh: Option<f64>,
    /// Flip probability of noisy preprocessing.
    #[arg(long, value_name = "q", default_value_t = 0.0, allow_negative_numbers = true)]
    noise: f64,
    /// Rényi order, above 1 and at most 2.
    #[arg(long, value_name = "a", default_value_t = 1.01, allow_negative_numbers = true)]
    alpha: f64,
    /// Weight of the asymmetric CHSH value.
    #[arg(long, value_name = "a", default_value_t = 1.0, allow_negative_numbers = true)]
    weight: f64,
    /// Also compute the bound by semidefinite programming, which shares nothing with the closed form, and compare. With
    /// --bound chsh, npp, asymmetric and hmin.
    #[arg(long)]
    cross_check: bool,
    #[command(flatten)]
    scenario: scenario::Scenario,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Bound {
    /// Von Neumann entropy of one key basis.
    Chsh,
    /// The same after noisy preprocessing.
    Npp,
    /// From the asymmetric CHSH value.
    Asymmetric,
    /// Mean of two equally likely key bases.
    TwoBasis,
    /// Min-entropy.
    Hmin,
    /// Sandwiched Rényi entropy.
    Renyi,
    /// Mean of two equally likely key bases, the optimum over all behaviours: above two-basis.
    TwoBasisTight,
    /// Sandwiched Rényi entropy of two equally likely key bases.
    TwoBasisRenyi,
    /// From any Bell scenario, by semidefinite programming.
    Sdp,
}

#[cfg(fuzzing)]
pub(crate) use scenario::fuzz as fuzz_scenario;

impl Entropy {
    pub(crate) fn run(self) -> Result<Answer, Failure> {
        let q = self.noise;
        let flips = || match self.bound {
            Bound::Chsh => Some("npp"),
            Bound::Hmin => Some("sdp --quantity hmin"),
            _ => None,
        };
        if let (true, Some(other)) = (q != 0.0, flips()) {
            return Err(Failure::Usage {
                what: format!("this bound is of unflipped outcomes; with --noise {q} use --bound {other}"),
                source: None,
            });
        }
        if matches!(self.bound, Bound::Sdp) {
            return self.scenario.answer(self.chsh, q);
        }
        let Some(bell_value) = self.chsh else {
            return Err(Failure::Usage { what: "give the Bell value as --chsh S".to_owned(), source: None });
        };
        let bound = match self.bound {
            Bound::Chsh | Bound::Sdp => EntropyBound::Chsh,
            Bound::Npp => EntropyBound::NoisyPreprocessing { q },
            Bound::Asymmetric => EntropyBound::Asymmetric { weight: self.weight, q },
            Bound::TwoBasis => EntropyBound::TwoBases { q },
            Bound::Hmin => EntropyBound::MinEntropy,
            Bound::Renyi => EntropyBound::Renyi { alpha: self.alpha, q },
            Bound::TwoBasisTight => EntropyBound::TightTwoBases { q },
            Bound::TwoBasisRenyi => EntropyBound::TwoBasesRenyi { alpha: self.alpha, q },
        };
        let entropy =
            single_round(bound, bell_value).map_err(|e| Failure::usage("no bound for these values", e))?;
        let mut text = format!(
            "at least {:.12} bits a round, slope {:.6} bits per unit of the Bell value ({})",
            entropy.entropy_bits, entropy.slope, entropy.method
        );
        let mut json = json!({
            "bound": bound.name(),
            "bell_value": bell_value,
            "entropy_bits": entropy.entropy_bits,
            "slope": entropy.slope,
            "method": entropy.method,
        });
        if self.cross_check {
            let other = scenario::second_opinion(bound, bell_value)?;
            text.push_str(&format!("\nat least {:.9} bits a round ({})", other.entropy_bits, other.method));
            json["cross_check"] = json!({
                "entropy_bits": other.entropy_bits,
                "slope": other.slopes.first(),
                "method": other.method,
                "difference": entropy.entropy_bits - other.entropy_bits,
            });
        }
        Ok(Answer::new(text, json))
    }
}
