//! What can be wrong with a request.

use diqkd_core::{Epsilon, OutOfRange};

use crate::theorem::Theorem;

/// A request that no bound can answer: a field outside its range. Too little entropy is not an error but
/// [`KeyLength::NoKey`](crate::KeyLength::NoKey).
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No rounds.
    #[error("rounds is 0; state the number of rounds of the run, at least 1")]
    NoRounds,
    /// Test probability outside (0, 1).
    #[error("gamma is {gamma}, expected a test probability strictly between 0 and 1, such as 0.05")]
    Gamma {
        /// What was given.
        gamma: f64,
    },
    /// Flip probability outside [0, 1/2].
    #[error("the noisy-preprocessing probability q is {q}, expected a value from 0 to 0.5")]
    FlipProbability {
        /// What was given.
        q: f64,
    },
    /// Flip probability for which the functional of two key bases is not certified.
    #[error("the noisy-preprocessing probability q is {q}; with two key bases at most {most} is certified")]
    FlipProbabilityOfTwoBases {
        /// What was given.
        q: f64,
        /// The greatest that is certified.
        most: f64,
    },
    /// Setting bias outside [0, 1/2).
    #[error("the setting bias tau is {tau}, expected a value from 0 to below 0.5, such as 0.001")]
    SettingBias {
        /// What was given.
        tau: f64,
    },
    /// Probabilities of local test flags outside (0, 1).
    #[error(
        "the local test flags are up with probabilities {alice} and {bob}, expected values strictly between 0 and 1"
    )]
    LocalFlags {
        /// Alice's.
        alice: f64,
        /// Bob's.
        bob: f64,
    },
    /// Local test flags under a theorem for which they are not proved.
    #[error("local test flags are proved under reat and reat-basic, not under {theorem}")]
    LocalFlagsNotAvailable {
        /// The theorem.
        theorem: Theorem,
    },
    /// Rényi order outside (1, 2].
    #[error("alpha is {alpha}, expected a Rényi order above 1 and at most 2")]
    Alpha {
        /// What was given.
        alpha: f64,
    },
    /// Weight of the asymmetric CHSH functional outside the range in which it is of use.
    #[error("the weight of the asymmetric CHSH value is {weight}, expected a size from 0.05 to 20")]
    Weight {
        /// What was given.
        weight: f64,
    },
    /// Reconciliation efficiency below 1.
    #[error("f_ec is {f_ec}, expected the leak over the conditional entropy, at least 1")]
    ReconciliationEfficiency {
        /// What was given.
        f_ec: f64,
    },
    /// Bell value outside its algebraic range.
    #[error("the Bell value is {value}, expected a value from 0 to {algebraic_max}")]
    BellValue {
        /// What was given.
        value: f64,
        /// The greatest value that any behaviour has.
        algebraic_max: f64,
    },
    /// The supporting line of a bound that is not convex could not be proved.
    #[error(
        "the convex hull could not be certified at the Bell value {bell_value}; use a bound with a closed form"
    )]
    HullNotProved {
        /// The Bell value.
        bell_value: f64,
    },
    /// No observed Bell value.
    #[cfg(feature = "sdp")]
    #[error("nothing is observed; state at least one Bell expression and its value")]
    NothingObserved,
    /// Weights that do not form one scenario.
    #[cfg(feature = "sdp")]
    #[error(
        "a Bell expression has no consistent shape; give 1 to 6 settings a side, one row of correlators for each \
         setting of Alice, finite weights, and no expression that follows from the others"
    )]
    BellExpression,
    /// Observed expressions of different scenarios.
    #[cfg(feature = "sdp")]
    #[error("the observed expressions differ in their numbers of settings; state all in one scenario")]
    MixedScenarios,
    /// A key setting that Alice does not have.
    #[cfg(feature = "sdp")]
    #[error("the key setting is {setting}, expected one below {settings}")]
    KeySetting {
        /// What was given.
        setting: usize,
        /// Alice's number of settings.
        settings: usize,
    },
    /// A word with observables that the scenario does not have.
    #[cfg(feature = "sdp")]
    #[error("the extra word {word} has a setting that the scenario does not have")]
    OperatorWord {
        /// What was given.
        word: String,
    },
    /// Number of quadrature nodes out of range.
    #[cfg(feature = "sdp")]
    #[error("{nodes} quadrature nodes, expected 2 to 24")]
    QuadratureNodes {
        /// What was given.
        nodes: usize,
    },
    /// The solver found nothing that could be certified.
    #[cfg(feature = "sdp")]
    #[error("the semidefinite program has no usable solution; check that the observed values are quantum")]
    SemidefiniteProgram,
    /// The parts exceed the budget.
    #[error(
        "eps_sound is {eps_sound} but the stated parts need more ({parts}); raise eps_sound or lower eps_pa, eps_ev \
         or eps_auth"
    )]
    BudgetExceeded {
        /// The budget.
        eps_sound: Epsilon,
        /// A lower bound of what the parts need.
        parts: Epsilon,
    },
    /// A bound that is proved only under another theorem.
    #[error("the single-round bound {bound} is not proved under {theorem}; use it with reat, or use chsh")]
    BoundNotAvailable {
        /// The theorem asked for.
        theorem: Theorem,
        /// The bound asked for.
        bound: &'static str,
    },
    /// A probability or Bell value outside its range.
    #[error("a value is outside its range")]
    OutOfRange(#[from] OutOfRange),
}
