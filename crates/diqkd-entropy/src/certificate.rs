//! A key length with everything needed to re-derive it.

mod json;

use diqkd_core::{Assumption, Epsilon, EpsilonLedger, LeakBits, Overspent, SecurityModel, WinProbability};

pub use json::MalformedCertificate;

use crate::acceptance::Acceptance;
use crate::interval::Interval;
use crate::local_flags::LocalFlags;
use crate::params::SingleRound;
use crate::theorem::Theorem;

/// A certified key length: inputs, the numbers an optimiser chose, every term and the epsilon ledger.
///
/// The optimiser is not trusted: [`check::check`](crate::check::check) re-derives the length from the other fields in
/// interval arithmetic. Certificates are deterministic, and serialise to JSON and back without loss.
#[derive(Clone, Debug, PartialEq)]
pub struct Certificate {
    pub(crate) theorem: Theorem,
    pub(crate) bound: SingleRound,
    pub(crate) rounds: u64,
    pub(crate) gamma: f64,
    pub(crate) local_flags: Option<LocalFlags>,
    pub(crate) omega_threshold: WinProbability,
    pub(crate) leak_bits: LeakBits,
    pub(crate) eps_sound: Epsilon,
    pub(crate) epsilons: Epsilons,
    pub(crate) assumptions: Vec<Assumption>,
    pub(crate) witness: Witness,
    pub(crate) terms: Vec<Term>,
    pub(crate) key_bits: u64,
}

impl Certificate {
    /// Certified number of key bits; at least 1.
    pub fn key_bits(&self) -> u64 {
        self.key_bits
    }

    /// The accumulation theorem.
    pub fn theorem(&self) -> Theorem {
        self.theorem
    }

    /// The bound for one round.
    pub fn bound(&self) -> SingleRound {
        self.bound
    }

    /// Number of rounds.
    pub fn rounds(&self) -> u64 {
        self.rounds
    }

    /// Test probability, exact.
    pub fn gamma(&self) -> f64 {
        self.gamma
    }

    /// The test flags of both sites, where they are drawn there; `rounds` and `gamma` are then those of kept rounds.
    pub fn local_flags(&self) -> Option<LocalFlags> {
        self.local_flags
    }

    /// The test probability as an interval: that of local flags is no floating-point number.
    pub(crate) fn test_probability(&self) -> Interval {
        self.local_flags.map_or(Interval::point(self.gamma), LocalFlags::enclosure)
    }

    /// The acceptance threshold.
    pub fn omega_threshold(&self) -> WinProbability {
        self.omega_threshold
    }

    /// The leak that was subtracted.
    pub fn leak_bits(&self) -> LeakBits {
        self.leak_bits
    }

    /// The soundness budget.
    pub fn eps_sound(&self) -> Epsilon {
        self.eps_sound
    }

    /// How the budget was spent.
    pub fn epsilons(&self) -> &Epsilons {
        &self.epsilons
    }

    /// The model that the length is proved in: every theorem here is device-independent.
    pub fn security_model(&self) -> SecurityModel {
        SecurityModel::DeviceIndependent
    }

    /// What the key rests on.
    pub fn assumptions(&self) -> &[Assumption] {
        &self.assumptions
    }

    /// The numbers the optimiser chose.
    pub fn witness(&self) -> &Witness {
        &self.witness
    }

    /// The terms whose sum, rounded down, is the key length.
    pub fn terms(&self) -> &[Term] {
        &self.terms
    }

    /// The composed soundness, consumption by consumption.
    ///
    /// # Errors
    /// [`Overspent`] when the epsilons exceed the budget, which only a tampered certificate does.
    pub fn ledger(&self) -> Result<EpsilonLedger, Overspent> {
        self.epsilons.ledger(self.eps_sound)
    }

    /// The rule that says from how many wins on a run is accepted.
    pub fn acceptance(&self) -> Acceptance {
        Acceptance {
            rounds: self.rounds,
            gamma: self.gamma,
            omega_threshold: self.omega_threshold,
            none_position: self.witness.none_position(),
        }
    }

    /// The least number of wins with which a run with `tests` test rounds is accepted; above `tests` when none is.
    ///
    /// Under `reat` and `reat-basic` this is exactly `omega_threshold x tests` rounded up.
    pub fn min_wins(&self, tests: u64) -> u64 {
        self.acceptance().min_wins(tests)
    }

    /// Whether a run with this many wins in this many test rounds is accepted.
    pub fn accepts(&self, wins: u64, tests: u64) -> bool {
        self.acceptance().accepts(wins, tests)
    }
}

/// The shares of the soundness budget.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Epsilons {
    /// Privacy amplification.
    pub pa: Epsilon,
    /// Verification of equality after reconciliation.
    pub ev: Epsilon,
    /// Authentication of the classical channel.
    pub auth: Epsilon,
    /// Smoothing of the min-entropy, for theorems that smooth.
    pub smoothing: Option<Epsilon>,
    /// Probability of acceptance below which nothing is claimed about the key, for theorems that condition.
    pub accumulation: Option<Accumulation>,
}

/// How the probability of a run that is hardly ever accepted enters the soundness.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Accumulation {
    /// As an alternative to smoothing and privacy amplification: either acceptance is this unlikely or the key is
    /// that good.
    Alternative(Epsilon),
    /// The same where verification counts on this side too and the smoothing is used once: either acceptance has at most
    /// this probability and that of a wrong string together, or the key is that good.
    AlternativeWithVerification(Epsilon),
    /// Added to the other shares.
    Added(Epsilon),
}

impl Accumulation {
    /// The probability.
    pub fn epsilon(self) -> Epsilon {
        match self {
            Self::Alternative(epsilon)
            | Self::AlternativeWithVerification(epsilon)
            | Self::Added(epsilon) => epsilon,
        }
    }
}

impl Epsilons {
    pub(crate) fn ledger(&self, budget: Epsilon) -> Result<EpsilonLedger, Overspent> {
        let either = match self.accumulation {
            Some(Accumulation::Alternative(unlikely)) => Some((unlikely, None)),
            Some(Accumulation::AlternativeWithVerification(unlikely)) => Some((unlikely, Some(self.ev))),
            _ => None,
        };
        if let Some((unlikely, wrong)) = either {
            let mut other_case = EpsilonLedger::new(budget);
            other_case.spend("probability of acceptance", unlikely)?;
            if let Some(wrong) = wrong {
                other_case.spend("acceptance of a wrong string", wrong)?;
            }
            self.spend_classical(&mut other_case)?;
        }
        let mut ledger = EpsilonLedger::new(budget);
        ledger.spend("privacy amplification", self.pa)?;
        if let Some(smoothing) = self.smoothing {
            match self.accumulation {
                Some(Accumulation::Added(unlikely)) => {
                    ledger.spend("smoothing", smoothing)?;
                    ledger.spend("probability of acceptance", unlikely)?;
                }
                Some(Accumulation::AlternativeWithVerification(_)) => ledger.spend("smoothing", smoothing)?,
                _ => {
                    ledger.spend("smoothing", smoothing)?;
                    ledger.spend("smoothing, second time", smoothing)?;
                }
            }
        }
        self.spend_classical(&mut ledger)?;
        Ok(ledger)
    }

    fn spend_classical(&self, ledger: &mut EpsilonLedger) -> Result<(), Overspent> {
        ledger.spend("verification", self.ev)?;
        ledger.spend("authentication", self.auth)
    }
}

/// One summand of the key length.
#[derive(Clone, Debug, PartialEq)]
pub struct Term {
    /// What it is.
    pub name: String,
    /// Its value in bits, negative for a cost; rounded towards a shorter key.
    pub bits: f64,
}

/// The numbers that an optimiser chose and a checker verifies.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Witness {
    /// For `reat` and `reat-basic`.
    Reat(ReatWitness),
    /// For `df19`, `df19-fixed` and `geat`.
    SecondOrder(SecondOrderWitness),
    /// For `eat2018`.
    Eat2018(Eat2018Witness),
}

impl Witness {
    /// The score of a round without test on the scale where a loss is 0 and a win is 1.
    fn none_position(&self) -> Option<f64> {
        match self {
            Self::Reat(_) => None,
            Self::SecondOrder(witness) => Some(witness.none_position),
            Self::Eat2018(_) => Some(0.0),
        }
    }
}

/// Scores of the fully Rényi theorems, in bits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ReatWitness {
    /// Rényi order, in (1, 2].
    pub alpha: f64,
    /// Score of a round without test; at most `omega_threshold s_win + (1 - omega_threshold) s_lose`.
    pub s_none: f64,
    /// Score of a win.
    pub s_win: f64,
    /// Score of a loss.
    pub s_lose: f64,
    /// Weight of a win in the distribution over forgotten test outcomes; a loss has the rest.
    pub q_win: f64,
    /// Accepted total score; at most `rounds x s_none`.
    pub kappa: f64,
}

/// Choices of the second-order theorems.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SecondOrderWitness {
    /// Winning probability at which the entropy bound is touched by the min-tradeoff function.
    pub tangent_at: f64,
    /// `c_perp` on the scale where the tangent's value at 0 is 0 and its value at 1 is 1.
    pub none_position: f64,
    /// Rényi order minus 1 of the entropy of both outcomes.
    pub order_entropy: f64,
    /// Rényi order minus 1 of the bound on Bob's test outcomes.
    pub order_outcomes: f64,
    /// Part of the smoothing used for the entropy of both outcomes.
    pub smoothing_entropy: f64,
    /// Part of the smoothing used, twice, for the bound on Bob's test outcomes.
    pub smoothing_outcomes: f64,
}

/// Choice of the first accumulation theorem.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Eat2018Witness {
    /// Winning probability at which the entropy bound is continued by its tangent.
    pub tangent_at: f64,
}
