//! What a key length is asked for: plain fields, checked once.

use diqkd_core::{Assumption, Epsilon, LeakBits, WinProbability};

use crate::error::Error;
use crate::theorem::Theorem;

/// Everything that fixes a key length. There is no `Default`: the caller says every security parameter.
#[derive(Clone, Debug, PartialEq)]
pub struct Params {
    /// Number of rounds `n`, key and test rounds together.
    pub rounds: u64,
    /// Probability `gamma` with which a round is a test, strictly between 0 and 1; taken exactly as given.
    pub gamma: f64,
    /// Winning frequency in the test rounds from which the run is accepted.
    pub omega_threshold: WinProbability,
    /// log2 of the number of transcripts that could have been sent about Alice's string after the run: syndromes,
    /// retries and tags of both directions.
    pub leak_bits: LeakBits,
    /// Total soundness budget.
    pub eps_sound: Epsilon,
    /// How the budget is divided.
    pub split: EpsilonSplit,
    /// The accumulation theorem.
    pub theorem: Theorem,
    /// The bound for one round.
    pub bound: SingleRound,
    /// Assumptions of this run beyond those that the theorem always needs (which are added).
    pub assumptions: Vec<Assumption>,
}

impl Params {
    /// # Errors
    /// [`Error`] naming the first field that no run can have.
    pub(crate) fn validate(&self) -> Result<(), Error> {
        if self.rounds == 0 {
            return Err(Error::NoRounds);
        }
        if !(self.gamma > 0.0 && self.gamma < 1.0) {
            return Err(Error::Gamma { gamma: self.gamma });
        }
        self.bound.validate()?;
        let biased = matches!(self.bound, SingleRound::BiasedSettings { .. });
        if (self.bound != SingleRound::Chsh && !biased && self.theorem == Theorem::ReatBasic)
            || (biased && !matches!(self.theorem, Theorem::Reat | Theorem::ReatBasic))
        {
            return Err(Error::BoundNotAvailable { theorem: self.theorem, bound: self.bound.name() });
        }
        Ok(())
    }
}

/// How the soundness budget is divided among privacy amplification, verification and authentication.
///
/// Theorems with smoothing (`df19`, `df19-fixed`, `geat`, `eat2018`) always choose the smoothing parameters
/// themselves, inside what verification and authentication leave.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum EpsilonSplit {
    /// Verification and authentication get 2^-20 of the budget each, secrecy the rest: a fraction of a bit below the
    /// best split. The verification tag must be long enough for its share.
    Optimised,
    /// Verification and authentication as given, secrecy gets the rest.
    Remaining {
        /// Verification: the probability that differing strings pass.
        eps_ev: Epsilon,
        /// Authentication of the classical channel.
        eps_auth: Epsilon,
    },
    /// All as given. Under `reat` the sum may stay below the budget; under theorems with smoothing the rest of the
    /// budget is smoothing.
    Fixed {
        /// Privacy amplification.
        eps_pa: Epsilon,
        /// Verification: the probability that differing strings pass.
        eps_ev: Epsilon,
        /// Authentication of the classical channel.
        eps_auth: Epsilon,
    },
}

/// The certified bound on one round that an accumulation theorem builds on. [`Theorem::ReatBasic`] takes only
/// [`SingleRound::Chsh`]: it does not count the entropy of test rounds.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum SingleRound {
    /// One key basis, outcomes as they come.
    Chsh,
    /// One key basis; in test rounds, where Alice's setting is uniform, her outcome is bounded by the mean over both.
    /// Longer than [`SingleRound::Chsh`] for the same protocol.
    ChshTwoBasisTests,
    /// Two key bases: Alice's key setting is uniform too, Bob has a key setting for each.
    TwoBases,
    /// One key basis; Alice flips each key-round bit with probability `q` before everything else. Test rounds are
    /// not flipped.
    NoisyPreprocessing {
        /// Flip probability, from 0 to 1/2.
        q: f64,
    },
    /// [`SingleRound::NoisyPreprocessing`] with the test rounds of [`SingleRound::ChshTwoBasisTests`].
    NoisyTwoBasisTests {
        /// Flip probability, from 0 to 1/2.
        q: f64,
    },
    /// [`SingleRound::NoisyPreprocessing`] (with `q = 0`: [`SingleRound::Chsh`]) with setting bits of the test rounds that
    /// are independent of everything else but biased: each is 1 with some probability between `1/2 - tau` and
    /// `1/2 + tau`, which need not be known and may differ from round to round. Only with [`Theorem::Reat`] and
    /// [`Theorem::ReatBasic`].
    BiasedSettings {
        /// Flip probability, from 0 to 1/2.
        q: f64,
        /// Largest bias of a setting bit, from 0 to below 1/2.
        tau: f64,
    },
    /// [`SingleRound::TwoBases`] with noisy preprocessing: Alice flips each key-round bit with probability `q`.
    NoisyTwoBases {
        /// Flip probability, from 0 to 0.3: beyond, the checker's enclosures are too wide to prove anything.
        q: f64,
    },
}

impl SingleRound {
    /// The name used in certificates.
    pub fn name(self) -> &'static str {
        match self {
            Self::Chsh => "chsh",
            Self::ChshTwoBasisTests => "chsh-two-basis-tests",
            Self::TwoBases => "two-basis",
            Self::NoisyPreprocessing { .. } => "npp",
            Self::NoisyTwoBasisTests { .. } => "npp-two-basis-tests",
            Self::NoisyTwoBases { .. } => "npp-two-basis",
            Self::BiasedSettings { .. } => "biased-settings",
        }
    }

    /// The flip probability of key rounds.
    pub fn flip_probability(self) -> f64 {
        match self {
            Self::Chsh | Self::ChshTwoBasisTests | Self::TwoBases => 0.0,
            Self::NoisyPreprocessing { q }
            | Self::NoisyTwoBasisTests { q }
            | Self::NoisyTwoBases { q }
            | Self::BiasedSettings { q, .. } => q,
        }
    }

    /// The same with another flip probability of key rounds.
    #[must_use]
    pub fn with_flips(self, q: f64) -> Self {
        let flipped = q != 0.0;
        match self {
            Self::Chsh | Self::NoisyPreprocessing { .. } if flipped => Self::NoisyPreprocessing { q },
            Self::Chsh | Self::NoisyPreprocessing { .. } => Self::Chsh,
            Self::ChshTwoBasisTests | Self::NoisyTwoBasisTests { .. } if flipped => {
                Self::NoisyTwoBasisTests { q }
            }
            Self::ChshTwoBasisTests | Self::NoisyTwoBasisTests { .. } => Self::ChshTwoBasisTests,
            Self::TwoBases | Self::NoisyTwoBases { .. } if flipped => Self::NoisyTwoBases { q },
            Self::TwoBases | Self::NoisyTwoBases { .. } => Self::TwoBases,
            Self::BiasedSettings { tau, .. } => Self::BiasedSettings { q, tau },
        }
    }

    /// Largest bias of a setting bit of the test rounds.
    pub fn setting_bias(self) -> f64 {
        match self {
            Self::BiasedSettings { tau, .. } => tau,
            _ => 0.0,
        }
    }

    /// Whether test rounds count the outcomes of both of Alice's settings although the key comes from one.
    pub(crate) fn counts_both_test_settings(self) -> bool {
        matches!(self, Self::ChshTwoBasisTests | Self::NoisyTwoBasisTests { .. })
    }

    /// The same key rounds with test rounds bounded by the key setting alone; `None` where both have one bound anyway.
    pub(crate) fn with_one_bound_for_tests(self) -> Option<Self> {
        match self {
            Self::ChshTwoBasisTests => Some(Self::Chsh),
            Self::NoisyTwoBasisTests { q } => Some(Self::NoisyPreprocessing { q }),
            _ => None,
        }
    }

    pub(crate) fn validate(self) -> Result<(), Error> {
        let q = self.flip_probability();
        match self {
            Self::NoisyTwoBases { .. } if q > MOST_NOISE_OF_TWO_BASES && q <= 0.5 => {
                Err(Error::FlipProbabilityOfTwoBases { q, most: MOST_NOISE_OF_TWO_BASES })
            }
            Self::BiasedSettings { tau, .. } if !(0.0..0.5).contains(&tau) => Err(Error::SettingBias { tau }),
            _ if (0.0..=0.5).contains(&q) => Ok(()),
            _ => Err(Error::FlipProbability { q }),
        }
    }
}

/// The greatest flip probability for which the functional of two key bases is certified.
pub(crate) const MOST_NOISE_OF_TWO_BASES: f64 = 0.3;

/// The assumptions that every certificate rests on, whatever the theorem.
pub(crate) const ALWAYS_ASSUMED: [Assumption; 7] = [
    Assumption::QuantumTheory,
    Assumption::IsolatedLaboratories,
    Assumption::TrustedSettingRng,
    Assumption::AuthenticatedChannel,
    Assumption::TrustedClassicalEndpoints,
    Assumption::DataIndependentEmission,
    Assumption::NoDeviceReuse,
];
