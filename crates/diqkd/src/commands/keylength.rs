//! `diqkd keylength`: a certified finite-key length from numbers alone.

mod picture;

use clap::Args;
use diqkd_core::{Chsh, Epsilon, LeakBits, WinProbability};
use diqkd_entropy::{
    Certificate, EpsilonSplit, KeyLength, LocalFlags, Params, SingleRound, Theorem, key_length,
    key_length_with_local_flags,
};
use serde_json::{Map, Value, json};

use crate::answer::{Answer, Failure, number};
use crate::numbers::{fraction, whole};
use crate::picture::PictureFile;

#[derive(Debug, Args)]
pub(crate) struct Keylength {
    /// Number of rounds; 1e6 is understood.
    #[arg(long, value_name = "N", value_parser = whole)]
    rounds: u64,
    /// Test-round probability, as a number or a fraction such as 13/256.
    #[arg(
        long,
        value_name = "G",
        value_parser = fraction,
        required_unless_present = "local_flags",
        conflicts_with = "local_flags",
        allow_negative_numbers = true
    )]
    gamma: Option<f64>,
    /// Instead of a shared test flag each side draws its own, up with these probabilities: both up is a test, both down a
    /// key round, others are dropped. --rounds counts kept rounds. Under reat and reat-basic.
    #[arg(long, value_name = "A,B", value_parser = pair)]
    local_flags: Option<(f64, f64)>,
    /// Acceptance threshold on the winning probability of the CHSH game.
    #[arg(
        long,
        value_name = "W",
        required_unless_present = "chsh",
        conflicts_with = "chsh",
        allow_negative_numbers = true
    )]
    omega_threshold: Option<f64>,
    /// The threshold as a CHSH value.
    #[arg(long, value_name = "S", allow_negative_numbers = true)]
    chsh: Option<f64>,
    /// Every bit sent about Alice's string, both directions, verification tag included.
    #[arg(long, value_name = "L", value_parser = whole)]
    leak_bits: u64,
    /// Total soundness, as 1e-10 or 2^-64.
    #[arg(long, value_name = "E")]
    eps_sound: Epsilon,
    /// Fix the share of privacy amplification.
    #[arg(long, value_name = "E")]
    eps_pa: Option<Epsilon>,
    /// Fix the share of verification.
    #[arg(long, value_name = "E")]
    eps_ev: Option<Epsilon>,
    /// Fix the share of authentication.
    #[arg(long, value_name = "E")]
    eps_auth: Option<Epsilon>,
    /// The accumulation theorem: reat, reat-basic, df19, df19-fixed, geat, eat2018.
    #[arg(long, default_value = "reat", value_name = "NAME")]
    theorem: Theorem,
    /// The bound for one round: chsh, chsh-two-basis-tests (same protocol, tighter test rounds), two-basis; each with
    /// --noise; npp is chsh.
    #[arg(long, default_value = "chsh", value_name = "NAME")]
    bound: String,
    /// Flip probability of noisy preprocessing of key rounds; the leak must be that of the flipped bits.
    #[arg(long, default_value_t = 0.0, value_name = "q", allow_negative_numbers = true)]
    noise: f64,
    /// Largest bias of a setting bit of test rounds: its probability lies within 1/2 +- tau. With --bound chsh or npp
    /// under reat and reat-basic.
    #[arg(long, default_value_t = 0.0, value_name = "tau", allow_negative_numbers = true)]
    setting_bias: f64,
    /// Draw the key per round against the number of rounds for every theorem, at the same leak per round.
    #[arg(long, value_name = "FILE.svg|png")]
    plot: Option<PictureFile>,
}

impl Keylength {
    pub(crate) fn run(self) -> Result<Answer, Failure> {
        let omega_threshold = match (self.omega_threshold, self.chsh) {
            (Some(omega), _) => WinProbability::new(omega),
            (None, s) => Chsh::new(s.unwrap_or(f64::NAN)).and_then(WinProbability::from_chsh),
        }
        .map_err(|e| Failure::usage("the threshold is out of range", e))?;
        if omega_threshold.chsh_s() > Chsh::TSIRELSON + 1e-9 {
            eprintln!(
                "warning: the threshold S = {:.4} lies above 2 sqrt 2, which no devices reach: every run would abort",
                omega_threshold.chsh_s()
            );
        }
        let bound = match bound_of(&self.bound, self.noise)? {
            bound if self.setting_bias == 0.0 => bound,
            SingleRound::Chsh | SingleRound::NoisyPreprocessing { .. } => {
                SingleRound::BiasedSettings { q: self.noise, tau: self.setting_bias }
            }
            _ => {
                return Err(Failure::Usage {
                    what: format!("--setting-bias is proved with --bound chsh or npp, not {}", self.bound),
                    source: None,
                });
            }
        };
        let flags = self.local_flags.map(|(alice, bob)| LocalFlags::new(alice, bob)).transpose();
        let out_of_range = |e| Failure::usage("no key length for these parameters", e);
        let flags = flags.map_err(out_of_range)?;
        let params = Params {
            rounds: self.rounds,
            gamma: flags.map_or(self.gamma.unwrap_or(f64::NAN), LocalFlags::test_probability),
            omega_threshold,
            leak_bits: LeakBits(self.leak_bits),
            eps_sound: self.eps_sound,
            split: self.split()?,
            theorem: self.theorem,
            bound,
            assumptions: Vec::new(),
        };
        let length = match flags {
            Some(flags) => key_length_with_local_flags(&params, flags),
            None => key_length(&params),
        };
        let length = length.map_err(out_of_range)?;
        if let Some(file) = &self.plot {
            file.write(&picture::figure(&params))?;
        }
        match length {
            KeyLength::Key(certificate) => answer(&certificate),
            KeyLength::NoKey(reason) => Ok(Answer::refused(
                format!("no key: {reason}"),
                json!({ "key_bits": 0, "theorem": self.theorem.name(), "best_bits": number(Some(reason.best_bits())) }),
                reason.label(),
                [Some(reason.observed()), reason.threshold()],
            )),
        }
    }

    fn split(&self) -> Result<EpsilonSplit, Failure> {
        match (self.eps_pa, self.eps_ev, self.eps_auth) {
            (None, None, None) => Ok(EpsilonSplit::Optimised),
            (None, Some(eps_ev), Some(eps_auth)) => Ok(EpsilonSplit::Remaining { eps_ev, eps_auth }),
            (Some(eps_pa), Some(eps_ev), Some(eps_auth)) => {
                Ok(EpsilonSplit::Fixed { eps_pa, eps_ev, eps_auth })
            }
            (Some(eps_pa), eps_ev, eps_auth) => {
                // What the caller leaves open takes 2^-64 of the budget each.
                let least = Epsilon::from_log2(self.eps_sound.log2() - 64.0)
                    .map_err(|e| Failure::usage("--eps-sound is out of range", e))?;
                let (eps_ev, eps_auth) = (eps_ev.unwrap_or(least), eps_auth.unwrap_or(least));
                Ok(EpsilonSplit::Fixed { eps_pa, eps_ev, eps_auth })
            }
            _ => Err(Failure::Usage {
                what: "give --eps-ev and --eps-auth together, or --eps-pa with either of them".to_owned(),
                source: None,
            }),
        }
    }
}

/// The bound by its name; noise other than 0 makes it that of flipped key bits.
pub(crate) fn bound_of(name: &str, q: f64) -> Result<SingleRound, Failure> {
    let flipped = q != 0.0;
    Ok(match name {
        "chsh" if !flipped => SingleRound::Chsh,
        "chsh-two-basis-tests" if !flipped => SingleRound::ChshTwoBasisTests,
        "two-basis" if !flipped => SingleRound::TwoBases,
        "chsh" | "npp" => SingleRound::NoisyPreprocessing { q },
        "chsh-two-basis-tests" | "npp-two-basis-tests" => SingleRound::NoisyTwoBasisTests { q },
        "two-basis" | "npp-two-basis" => SingleRound::NoisyTwoBases { q },
        other => {
            return Err(Failure::Usage {
                what: format!("--bound is {other}, expected chsh, chsh-two-basis-tests, two-basis or npp"),
                source: None,
            });
        }
    })
}

/// The certificate as the command prints it.
fn answer(certificate: &Certificate) -> Result<Answer, Failure> {
    let ledger = certificate.ledger().map_err(|e| Failure::because("the epsilons exceed their budget", e))?;
    let document: Value = serde_json::from_str(&certificate.to_json())
        .map_err(|e| Failure::because("the certificate can't be written", e))?;
    let terms: Vec<Value> =
        certificate.terms().iter().map(|t| json!({ "name": t.name, "bits": t.bits })).collect();
    let spent: Map<String, Value> = ledger
        .entries()
        .iter()
        .map(|entry| (entry.name.to_string(), json!(entry.epsilon.probability())))
        .collect();
    let mut text = format!("key length   {} bits by {}\n", certificate.key_bits(), certificate.theorem());
    for term in certificate.terms() {
        text.push_str(&format!("{:>16.2}  {}\n", term.bits, term.name));
    }
    text.push_str(&format!("{ledger}\nassumes      "));
    let assumed: Vec<&str> = certificate.assumptions().iter().map(|a| a.label()).collect();
    text.push_str(&assumed.join(", "));
    Ok(Answer::new(
        text,
        json!({
            "key_bits": certificate.key_bits(),
            "theorem": certificate.theorem().name(),
            "parameters": {
                "rounds": certificate.rounds(),
                "gamma": certificate.gamma(),
                "local_flags": certificate.local_flags().map(|flags| json!({
                    "alice": flags.alice(),
                    "bob": flags.bob(),
                    "kept_share": flags.kept_share(),
                })),
                "omega_threshold": certificate.omega_threshold().get(),
                "leak_bits": certificate.leak_bits().0,
                "eps_sound": certificate.eps_sound().probability(),
                "bound": certificate.bound().name(),
                "noise": certificate.bound().flip_probability(),
                "setting_bias": certificate.bound().setting_bias(),
                "witness": document.get("witness"),
            },
            "terms": terms,
            "ledger": spent,
            "assumptions": assumed,
            "certificate": document,
        }),
    ))
}

/// Reads two probabilities such as `0.2,0.25`.
pub(crate) fn pair(text: &str) -> Result<(f64, f64), String> {
    let (alice, bob) = text.split_once(',').ok_or("expected two probabilities such as 0.2,0.2")?;
    Ok((fraction(alice)?, fraction(bob)?))
}
