//! Re-verification of a certificate in outward-rounded interval arithmetic.
//!
//! Nothing here searches for good parameters: every number that an optimiser chose is read from the certificate, the
//! conditions of its theorem are proved for it, and its key length is recomputed as a lower bound. The code shares
//! nothing with the optimisers but the types. Cost: well under a millisecond.

mod eat2018;
mod reat;
mod second_order;
mod tangent;

use diqkd_core::{ExtractCertificate, Overspent};

use crate::certificate::{Certificate, Term, Witness};
use crate::error::Error;
use crate::interval::Interval;
use crate::params::{ALWAYS_ASSUMED, EpsilonSplit, Params};
use crate::theorem::Theorem;

/// Re-derives the key length of a certificate.
///
/// # Errors
/// [`CheckError`] naming the first condition that could not be proved.
///
/// # Examples
/// ```
/// use diqkd_core::{Epsilon, LeakBits, WinProbability};
/// use diqkd_entropy::{EpsilonSplit, KeyLength, Params, SingleRound, Theorem, check, key_length};
///
/// let params = Params {
///     rounds: 1_500_000,
///     gamma: 13.0 / 256.0,
///     omega_threshold: WinProbability::new(0.83)?,
///     leak_bits: LeakBits(296_581),
///     eps_sound: Epsilon::new(1e-10)?,
///     split: EpsilonSplit::Optimised,
///     theorem: Theorem::Reat,
///     bound: SingleRound::Chsh,
///     assumptions: vec![],
/// };
/// let KeyLength::Key(certificate) = key_length(&params)? else { panic!("a key is possible here") };
/// assert_eq!(check::check(&certificate)?.key_bits(), certificate.key_bits());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn check(certificate: &Certificate) -> Result<CheckedLength, CheckError> {
    let terms = evaluate(certificate)?;
    if let Some(assumption) = ALWAYS_ASSUMED.iter().find(|known| !certificate.assumptions.contains(known)) {
        return Err(CheckError::AssumptionMissing { assumption: assumption.label() });
    }
    let stated = &certificate.terms;
    if stated.len() != terms.len()
        || !stated.iter().zip(&terms).all(|(stated, term)| is_as_stated(stated, term))
    {
        return Err(CheckError::Terms);
    }
    let proved = total(&terms).lo();
    if certificate.key_bits == 0 || certificate.key_bits as f64 > proved {
        return Err(CheckError::LengthNotProved { claimed: certificate.key_bits, proved });
    }
    Ok(CheckedLength { rounds: certificate.rounds, key_bits: certificate.key_bits, proved_bits: proved })
}

/// A key length whose certificate has been verified: what a string of one bit a round may be hashed to. Only [`check`] makes
/// one.
///
/// ```compile_fail,E0451
/// let length = diqkd_entropy::check::CheckedLength { rounds: 1000, key_bits: 1000, proved_bits: 1000.0 };
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CheckedLength {
    rounds: u64,
    key_bits: u64,
    proved_bits: f64,
}

impl ExtractCertificate for CheckedLength {
    fn input_bits(&self) -> u64 {
        self.rounds
    }

    fn key_bits(&self) -> u64 {
        self.key_bits
    }
}

impl CheckedLength {
    /// The number of rounds of the block.
    pub fn rounds(self) -> u64 {
        self.rounds
    }

    /// The certified number of key bits.
    pub fn key_bits(self) -> u64 {
        self.key_bits
    }

    /// The lower bound before rounding down to whole bits.
    pub fn proved_bits(self) -> f64 {
        self.proved_bits
    }
}

/// Why a certificate was refused.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum CheckError {
    /// A field is outside the range of any protocol run.
    #[error("a field of the certificate is impossible")]
    Field(#[from] Error),
    /// The witness belongs to another theorem.
    #[error("the certificate names {theorem} but its witness is for another theorem; re-issue it")]
    WitnessOfAnotherTheorem {
        /// The theorem named.
        theorem: Theorem,
    },
    /// A chosen number is outside the range in which the theorem holds.
    #[error("{field} is {value}, outside the range in which the theorem holds; re-issue the certificate")]
    WitnessOutOfRange {
        /// Which number.
        field: &'static str,
        /// Its value.
        value: f64,
    },
    /// A condition of the theorem could not be proved.
    #[error("could not prove that {condition}; re-issue the certificate")]
    NotProved {
        /// The condition.
        condition: &'static str,
    },
    /// The epsilons exceed the budget.
    #[error("the epsilons exceed the soundness budget")]
    Ledger(#[from] Overspent),
    /// An assumption that every certificate rests on is not listed.
    #[error("the certificate does not list the assumption {assumption}, on which it rests")]
    AssumptionMissing {
        /// Its label.
        assumption: &'static str,
    },
    /// The terms listed are not those of the length.
    #[error("the terms that the certificate lists are not those of its length; re-issue it")]
    Terms,
    /// The length is more than what could be proved.
    #[error("the certificate claims {claimed} bits but only {proved} could be proved")]
    LengthNotProved {
        /// The claim.
        claimed: u64,
        /// The lower bound that was proved, in bits.
        proved: f64,
    },
}

/// Proves the conditions of the certificate's theorem and encloses the terms of its length.
pub(crate) fn evaluate(certificate: &Certificate) -> Result<Vec<EnclosedTerm>, CheckError> {
    inputs(certificate).validate()?;
    certificate.ledger()?;
    if let Some(flags) = certificate.local_flags {
        let proved_for = matches!(certificate.theorem, Theorem::Reat | Theorem::ReatBasic);
        prove("local test flags are proved for the theorem", proved_for)?;
        let exact = flags.enclosure();
        let agrees = (exact.lo()..=exact.hi()).contains(&certificate.gamma);
        prove("gamma is the test probability of the local flags", agrees)?;
    }
    match (certificate.theorem, &certificate.witness) {
        (Theorem::Reat | Theorem::ReatBasic, Witness::Reat(witness)) => reat::evaluate(certificate, witness),
        (Theorem::Df19 | Theorem::Df19FixedCPerp | Theorem::Geat, Witness::SecondOrder(witness)) => {
            second_order::evaluate(certificate, witness)
        }
        (Theorem::Eat2018, Witness::Eat2018(witness)) => eat2018::evaluate(certificate, witness),
        (theorem, _) => Err(CheckError::WitnessOfAnotherTheorem { theorem }),
    }
}

/// A summand of the key length and its enclosure in bits.
#[derive(Clone, Debug)]
pub(crate) struct EnclosedTerm {
    pub(crate) name: &'static str,
    pub(crate) bits: Interval,
}

/// Terms are for the reader: as printed, they must agree with what is proved.
fn is_as_stated(stated: &Term, term: &EnclosedTerm) -> bool {
    let room = TERM_ROOM * term.bits.lo().abs().max(1.0);
    stated.name == term.name && (stated.bits - term.bits.lo()).abs() <= room
}

/// Relative difference between a printed term and the lower end of its enclosure.
const TERM_ROOM: f64 = 1e-9;

pub(crate) fn total(terms: &[EnclosedTerm]) -> Interval {
    terms.iter().fold(Interval::point(0.0), |sum, term| sum + term.bits)
}

fn term(name: &'static str, bits: Interval) -> EnclosedTerm {
    EnclosedTerm { name, bits }
}

fn prove(condition: &'static str, holds: bool) -> Result<(), CheckError> {
    if holds { Ok(()) } else { Err(CheckError::NotProved { condition }) }
}

fn in_range(
    field: &'static str,
    value: f64,
    allowed: core::ops::RangeInclusive<f64>,
) -> Result<(), CheckError> {
    if allowed.contains(&value) { Ok(()) } else { Err(CheckError::WitnessOutOfRange { field, value }) }
}

fn inputs(certificate: &Certificate) -> Params {
    Params {
        rounds: certificate.rounds,
        gamma: certificate.gamma,
        omega_threshold: certificate.omega_threshold,
        leak_bits: certificate.leak_bits,
        eps_sound: certificate.eps_sound,
        split: EpsilonSplit::Fixed {
            eps_pa: certificate.epsilons.pa,
            eps_ev: certificate.epsilons.ev,
            eps_auth: certificate.epsilons.auth,
        },
        theorem: certificate.theorem,
        bound: certificate.bound,
        assumptions: Vec::new(),
    }
}
