//! From parameters to a certified key length.

use diqkd_core::WinProbability;

use crate::certificate::{Certificate, Epsilons, Term, Witness};
use crate::check::{self, EnclosedTerm};
use crate::error::Error;
use crate::local_flags::LocalFlags;
use crate::no_key::NoKeyReason;
use crate::optimise::{eat2018, reat, second_order};
use crate::params::{ALWAYS_ASSUMED, Params};
use crate::shares::{self, Shares};
use crate::theorem::Theorem;

/// The answer to a key-length question.
#[derive(Clone, Debug, PartialEq)]
#[must_use]
#[expect(clippy::large_enum_variant, reason = "one is made a call, and its certificate is moved out")]
pub enum KeyLength {
    /// A positive certified length.
    Key(Certificate),
    /// No key can be certified: an expected outcome, not an error.
    NoKey(NoKeyReason),
}

impl KeyLength {
    /// The certified length in bits; 0 without a key.
    pub fn key_bits(&self) -> u64 {
        match self {
            Self::Key(certificate) => certificate.key_bits(),
            Self::NoKey(_) => 0,
        }
    }

    /// The certificate, if there is a key.
    pub fn certificate(&self) -> Option<&Certificate> {
        match self {
            Self::Key(certificate) => Some(certificate),
            Self::NoKey(_) => None,
        }
    }
}

/// The longest key that can be certified for these parameters.
///
/// Searches for the best orders, scores and shares of the theorem, then verifies them in interval arithmetic and rounds
/// the proved length down once. Deterministic; a few milliseconds.
///
/// # Errors
/// [`Error`] naming the first field that no run can have.
///
/// # Examples
/// ```
/// use diqkd_core::{Epsilon, LeakBits, WinProbability};
/// use diqkd_entropy::{EpsilonSplit, KeyLength, NoKeyReason, Params, SingleRound, Theorem, key_length};
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
/// assert_eq!(key_length(&params)?.key_bits(), 454_725);
///
/// let short = Params { rounds: 20_000, leak_bits: LeakBits(3_954), ..params };
/// let KeyLength::NoKey(reason) = key_length(&short)? else { panic!("too few rounds for a key") };
/// assert!(matches!(reason, NoKeyReason::TooFewRounds { .. }) && reason.best_bits() < 0.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn key_length(params: &Params) -> Result<KeyLength, Error> {
    answer(params, None)
}

/// The same for test flags drawn at both sites: `params.rounds` counts kept rounds, `params.gamma` is not used.
///
/// # Errors
/// As for [`key_length`]; [`Error::LocalFlagsNotAvailable`] under theorems for which local flags are not proved.
pub fn key_length_with_local_flags(params: &Params, flags: LocalFlags) -> Result<KeyLength, Error> {
    if !matches!(params.theorem, Theorem::Reat | Theorem::ReatBasic) {
        return Err(Error::LocalFlagsNotAvailable { theorem: params.theorem });
    }
    answer(&Params { gamma: flags.test_probability(), ..params.clone() }, Some(flags))
}

fn answer(params: &Params, flags: Option<LocalFlags>) -> Result<KeyLength, Error> {
    params.validate()?;
    let shares = shares::divide(params.eps_sound, params.split)?;
    if params.omega_threshold.get() <= WinProbability::LOCAL_MAX {
        return Ok(KeyLength::NoKey(NoKeyReason::NoViolation { omega_threshold: params.omega_threshold }));
    }
    Ok(match certify(params, &shares, flags)? {
        Ok(certificate) => KeyLength::Key(certificate),
        Err(Shortfall { best_bits }) => KeyLength::NoKey(NoKeyReason::explain(params, best_bits)),
    })
}

/// Too little was proved for a single bit.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shortfall {
    /// The best provable length; at most 0.
    pub(crate) best_bits: f64,
}

/// The proved length of the best choice, before rounding to whole bits.
pub(crate) fn certify(
    params: &Params,
    shares: &Shares,
    flags: Option<LocalFlags>,
) -> Result<Result<Certificate, Shortfall>, Error> {
    let assemble = |epsilons, witness| assemble(params, flags, epsilons, witness);
    // A threshold above the quantum maximum is never reached by more than luck; it proves no more than the maximum.
    let omega = params.omega_threshold.get().min(WinProbability::QUANTUM_MAX - 1e-6);
    let rounds = params.rounds as f64;
    let nothing = Err(Shortfall { best_bits: -(params.leak_bits.0 as f64) });
    match params.theorem {
        Theorem::Reat | Theorem::ReatBasic => {
            let epsilons = Epsilons {
                pa: shares.fixed_pa.unwrap_or(shares.secrecy),
                ev: shares.ev,
                auth: shares.auth,
                smoothing: None,
                accumulation: None,
            };
            let problem = reat::Problem {
                theorem: params.theorem,
                bound: params.bound,
                rounds,
                gamma: params.gamma,
                omega,
                eps_pa_log2: epsilons.pa.log2(),
            };
            let saddle = problem.settled(problem.best().1);
            let lowered = MARGINS
                .iter()
                .find_map(|&margin| assemble(epsilons, Witness::Reat(problem.witness(&saddle, margin))));
            Ok(lowered.unwrap_or(nothing))
        }
        Theorem::Df19 | Theorem::Df19FixedCPerp | Theorem::Geat => {
            let problem = second_order::Problem {
                theorem: params.theorem,
                bound: params.bound,
                rounds,
                gamma: params.gamma,
                omega,
                shares: *shares,
            };
            let (witness, epsilons) = problem.best().ok_or(no_room(params, shares))?;
            Ok(assemble(epsilons, Witness::SecondOrder(witness)).unwrap_or(nothing))
        }
        Theorem::Eat2018 => {
            let problem =
                eat2018::Problem { bound: params.bound, rounds, gamma: params.gamma, omega, shares: *shares };
            let (witness, epsilons) = problem.best().ok_or(no_room(params, shares))?;
            Ok(assemble(epsilons, Witness::Eat2018(witness)).unwrap_or(nothing))
        }
    }
}

fn no_room(params: &Params, shares: &Shares) -> Error {
    Error::BudgetExceeded { eps_sound: params.eps_sound, parts: shares.fixed_pa.unwrap_or(params.eps_sound) }
}

/// Verifies a choice; `None` when its conditions could not be proved.
fn assemble(
    params: &Params,
    local_flags: Option<LocalFlags>,
    epsilons: Epsilons,
    witness: Witness,
) -> Option<Result<Certificate, Shortfall>> {
    let mut assumptions = ALWAYS_ASSUMED.to_vec();
    assumptions.extend(params.assumptions.iter().filter(|a| !ALWAYS_ASSUMED.contains(a)));
    assumptions.dedup();
    let mut certificate = Certificate {
        theorem: params.theorem,
        bound: params.bound,
        rounds: params.rounds,
        gamma: params.gamma,
        local_flags,
        omega_threshold: params.omega_threshold,
        leak_bits: params.leak_bits,
        eps_sound: params.eps_sound,
        epsilons,
        assumptions,
        witness,
        terms: Vec::new(),
        key_bits: 0,
    };
    let terms = check::evaluate(&certificate).ok()?;
    let proved = check::total(&terms).lo();
    if !proved.is_finite() {
        return None;
    }
    if proved < 1.0 {
        return Some(Err(Shortfall { best_bits: proved.min(0.0) }));
    }
    // A round yields at most one bit, so that the conversion cannot overflow.
    certificate.key_bits = (proved.floor() as u64).min(params.rounds);
    certificate.terms = terms.iter().map(displayed).collect();
    Some(Ok(certificate))
}

fn displayed(term: &EnclosedTerm) -> Term {
    Term { name: term.name.to_owned(), bits: term.bits.lo() }
}

/// Bits per round by which scores are lowered until `K <= 1` can be proved.
const MARGINS: [f64; 10] = [1e-13, 1e-12, 1e-11, 1e-10, 1e-9, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3];
