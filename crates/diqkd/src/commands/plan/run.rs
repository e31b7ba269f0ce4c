//! The plan of one run.

use core::str::FromStr;

use clap::Args;
use diqkd_core::{Chsh, Epsilon, Qber};
use diqkd_entropy::{
    EpsilonSplit, KeyLength, Params, Plan, PlanRequest, SingleRound, Theorem, key_length, plan_under,
    plan_with_best_noise, rounds_for_rate,
};
use serde_json::{Value, json};

use super::picture;
use crate::answer::{Answer, Failure};
use crate::commands::keylength::bound_of;
use crate::numbers::whole;
use crate::picture::PictureFile;

#[derive(Debug, Args)]
pub(super) struct Run {
    /// Expected CHSH value.
    #[arg(long, value_name = "S", allow_negative_numbers = true)]
    chsh: f64,
    /// Expected error rate of key rounds.
    #[arg(long, value_name = "Q", allow_negative_numbers = true)]
    qber: f64,
    /// Total soundness, as 1e-10 or 2^-64.
    #[arg(long, value_name = "E")]
    eps_sound: Epsilon,
    /// Probability with which an honest run may abort.
    #[arg(long, value_name = "C")]
    eps_complete: Epsilon,
    /// Number of rounds; without it ten times the least.
    #[arg(long, value_name = "N", value_parser = whole)]
    rounds: Option<u64>,
    /// Efficiency of reconciliation.
    #[arg(long, value_name = "F", default_value_t = 1.1)]
    f_ec: f64,
    /// Flip probability of noisy preprocessing, or `best` for the one that needs the fewest rounds (some seconds; up to a
    /// minute under df19 and geat).
    #[arg(long, value_name = "q", default_value = "0")]
    noise: Noise,
    /// The bound for one round: chsh, chsh-two-basis-tests (same protocol, tighter test rounds) or two-basis, where the
    /// error rate is the mean of both bases.
    #[arg(long, default_value = "chsh", value_name = "NAME")]
    bound: String,
    /// The accumulation theorem: reat, reat-basic, df19, df19-fixed, geat, eat2018.
    #[arg(long, default_value = "reat", value_name = "NAME")]
    theorem: Theorem,
    /// Also find the least rounds that give this key rate, in bits a round.
    #[arg(long, value_name = "R")]
    key_rate: Option<f64>,
    /// Draw the best key per round against the number of rounds.
    #[arg(long, value_name = "FILE.svg|png")]
    plot: Option<PictureFile>,
}

/// How much noise Alice adds.
#[derive(Clone, Copy, Debug)]
enum Noise {
    Best,
    Fixed(f64),
}

impl FromStr for Noise {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "best" {
            return Ok(Self::Best);
        }
        text.parse().map(Self::Fixed).map_err(|_| "expected a probability or best".to_owned())
    }
}

impl Run {
    pub(super) fn run(self) -> Result<Answer, Failure> {
        let out_of_range = |e| Failure::usage("a value is out of range", e);
        let request = PlanRequest {
            chsh: Chsh::new(self.chsh).map_err(out_of_range)?,
            qber: Qber::new(self.qber).map_err(out_of_range)?,
            eps_sound: self.eps_sound,
            eps_complete: self.eps_complete,
            rounds: self.rounds,
            f_ec: self.f_ec,
        };
        let planned = match self.noise {
            Noise::Best => plan_with_best_noise(&request, self.theorem, bound_of(&self.bound, 0.0)?),
            Noise::Fixed(q) => plan_under(&request, self.theorem, bound_of(&self.bound, q)?),
        };
        let plan = planned.map_err(|e| Failure::usage("no plan for these values", e))?;
        let bound = bound_of(&self.bound, plan.noise)?;
        if let Some(file) = &self.plot {
            file.write(&picture::figure(&request, &plan, self.theorem, bound))?;
        }
        let wanted = match self.key_rate {
            Some(rate) => rounds_for_rate(&request, self.theorem, bound, rate)
                .map_err(|e| Failure::usage("no plan for these values", e))?,
            None => None,
        };
        let mut json = json!({
            "rounds": plan.rounds,
            "key_bits": plan.key_bits,
            "gamma": plan.gamma,
            "omega_threshold": plan.omega_threshold.get(),
            "chsh_threshold": plan.omega_threshold.chsh_s(),
            "honest_abort": plan.honest_abort,
            "leak_bits": plan.leak_bits.0,
            "noise": plan.noise,
            "theorem": self.theorem.name(),
            "bound": bound.name(),
            "certificate": certificate(&request, &plan, self.theorem, bound)?,
            "min_rounds": plan.min_rounds,
            "key_rate_per_round": plan.key_rate_per_round,
        });
        let least = plan.min_rounds.map_or("no number below 10^14".to_owned(), |rounds| rounds.to_string());
        let mut lines = vec![
            format!("rounds      {} (least for a key: {least})", plan.rounds),
            format!("gamma       {:.6}", plan.gamma),
            format!(
                "threshold   omega {:.6}, S {:.4}; honest devices miss it with probability {:.2e}",
                plan.omega_threshold.get(),
                plan.omega_threshold.chsh_s(),
                plan.honest_abort
            ),
            format!("leak        {} bits assumed", plan.leak_bits.0),
            format!("key         {} bits, {:.4} a round", plan.key_bits, plan.key_rate_per_round),
        ];
        if plan.noise > 0.0 {
            lines.insert(2, format!("noise       Alice flips key bits with probability {:.4}", plan.noise));
        }
        if let Some(rate) = self.key_rate {
            json["rounds_for_key_rate"] = json!(wanted);
            let found = wanted.map_or("no number below 10^14".to_owned(), |rounds| rounds.to_string());
            lines.push(format!("{rate} bits a round need {found} rounds"));
        }
        let text = lines.join("\n");
        if plan.key_bits > 0 {
            return Ok(Answer::new(text, json));
        }
        // No device without entanglement exceeds 2: then the number of rounds is not what is missing.
        if self.chsh <= 2.0 {
            let text = format!(
                "no key: S = {} does not exceed 2, which devices without entanglement reach; no number of rounds helps",
                self.chsh
            );
            return Ok(Answer::refused(text, json, "no-violation", [Some(self.chsh), Some(2.0)]));
        }
        let Some(least) = plan.min_rounds else {
            let text = format!(
                "no key at any number of rounds: reconciliation gives away more than S certifies\n{text}"
            );
            return Ok(Answer::refused(text, json, "leak-exceeds-entropy", [Some(plan.rounds as f64), None]));
        };
        let numbers = [Some(plan.rounds as f64), Some(least as f64)];
        Ok(Answer::refused(format!("no key: too few rounds\n{text}"), json, "too-few-rounds", numbers))
    }
}

/// The certificate behind the planned key, with the parameters of the theorem; null without a key.
fn certificate(
    request: &PlanRequest,
    plan: &Plan,
    theorem: Theorem,
    bound: SingleRound,
) -> Result<Value, Failure> {
    let params = Params {
        rounds: plan.rounds,
        gamma: plan.gamma,
        omega_threshold: plan.omega_threshold,
        leak_bits: plan.leak_bits,
        eps_sound: request.eps_sound,
        split: EpsilonSplit::Optimised,
        theorem,
        bound,
        assumptions: Vec::new(),
    };
    match key_length(&params).map_err(|e| Failure::usage("no certificate for this plan", e))? {
        KeyLength::Key(certificate) if plan.key_bits > 0 => serde_json::from_str(&certificate.to_json())
            .map_err(|e| Failure::because("the certificate can't be written", e)),
        _ => Ok(Value::Null),
    }
}
