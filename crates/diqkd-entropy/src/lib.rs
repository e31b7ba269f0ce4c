#![forbid(unsafe_code)]
#![doc = include_str!("../README.md")]

mod acceptance;
mod certificate;
pub mod check;
mod completeness;
mod enclosure;
mod error;
mod interval;
mod key_length;
mod local_flags;
mod no_key;
mod optimise;
mod params;
mod planner;
#[cfg(feature = "sdp")]
pub mod sdp;
mod shares;
mod single_round;
mod theorem;
mod variable_length;

pub use acceptance::Acceptance;
pub use certificate::{
    Accumulation, Certificate, Eat2018Witness, Epsilons, MalformedCertificate, ReatWitness,
    SecondOrderWitness, Term, Witness,
};
pub use completeness::completeness;
pub use error::Error;
pub use key_length::{KeyLength, key_length, key_length_with_local_flags};
pub use local_flags::LocalFlags;
pub use no_key::NoKeyReason;
pub use params::{EpsilonSplit, Params, SingleRound};
pub use planner::{
    Plan, PlanRequest, plan, plan_under, plan_with_best_noise, plan_with_bound, plan_with_noise,
    rounds_for_rate,
};
pub use single_round::{
    AsymmetricChsh, ChshEntropy, EntropyBound, MinEntropy, Minorant, RenyiEntropy, SingleRoundBound,
    SingleRoundEntropy, TightTwoBases, TwoBases, TwoBasesRenyi, single_round,
};
pub use theorem::{Theorem, UnknownTheorem};
pub use variable_length::{VariableLength, VariableLengthError};
