//! Certified bounds on the entropy of one round.
//!
//! Each bound is a lower bound on Eve's ignorance about Alice's key bit, given a Bell value that the devices reach on
//! average over whatever the devices and Eve share: every value and every tangent comes from a function that is convex
//! in the Bell value (or from its convex hull), so that it survives mixtures. Values are enclosed in interval
//! arithmetic and the lower end is returned. Derivations are in `docs/theory.md`, section 3.

mod asymmetric;
mod both_bases;
mod chsh;
mod hull;
mod min_entropy;
mod renyi;
mod two_basis;

pub use asymmetric::AsymmetricChsh;
pub use both_bases::{TightTwoBases, TwoBasesRenyi};
pub use chsh::ChshEntropy;
pub use min_entropy::MinEntropy;
pub use renyi::RenyiEntropy;
pub use two_basis::TwoBases;

use crate::error::Error;

/// A lower bound on the entropy of one round as a function of a Bell value.
pub trait SingleRoundBound {
    /// The entropy at a Bell value: a certified lower bound in bits, and the slope of the bound there.
    ///
    /// Values above the quantum maximum, which finite samples reach, count as the maximum; values within reach of
    /// local models give the entropy that remains then.
    ///
    /// # Errors
    /// [`Error`] when a parameter or the Bell value is outside its range, or when the hull of a bound that is not
    /// convex could not be certified.
    fn entropy(&self, bell_value: f64) -> Result<SingleRoundEntropy, Error>;

    /// A certified affine minorant: `value + slope (S - at)` is at most the bound for every quantum Bell value `S`,
    /// and touches it up to rounding at `at` (moved below the quantum maximum, where the slope diverges).
    ///
    /// # Errors
    /// As for [`SingleRoundBound::entropy`].
    fn minorant(&self, at: f64) -> Result<Minorant, Error>;

    /// The greatest Bell value that quantum devices reach.
    fn quantum_max(&self) -> f64;
}

/// The entropy of one round at a Bell value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SingleRoundEntropy {
    /// Certified lower bound in bits; not negative.
    pub entropy_bits: f64,
    /// Slope of the bound in bits per unit of the Bell value; 0 within reach of local models.
    pub slope: f64,
    /// How the value was proved.
    pub method: &'static str,
}

/// An affine function below an entropy bound.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Minorant {
    /// The Bell value where it touches the bound.
    pub at: f64,
    /// Its value there, in bits.
    pub value_bits: f64,
    /// Its slope in bits per unit of the Bell value.
    pub slope: f64,
}

impl Minorant {
    /// The value at another Bell value, rounded down.
    pub fn at(&self, bell_value: f64) -> f64 {
        use crate::interval::Interval;
        let offset = Interval::point(bell_value) - self.at;
        (Interval::point(self.value_bits) + offset * self.slope).lo()
    }
}

/// The single-round bounds by name, with their parameters.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum EntropyBound {
    /// Von Neumann entropy of one key basis from the CHSH value.
    Chsh,
    /// The same after Alice flips her bit with probability `q`.
    NoisyPreprocessing {
        /// Flip probability, from 0 to 1/2.
        q: f64,
    },
    /// Von Neumann entropy from the asymmetric CHSH value `a<A0B0> + a<A0B1> + <A1B0> - <A1B1>`.
    Asymmetric {
        /// The weight `a`.
        weight: f64,
        /// Flip probability, from 0 to 1/2.
        q: f64,
    },
    /// Mean von Neumann entropy of two equally likely key bases from the CHSH value.
    TwoBases {
        /// Flip probability, from 0 to 1/2.
        q: f64,
    },
    /// Min-entropy from the CHSH value.
    MinEntropy,
    /// Sandwiched Rényi entropy of order `alpha` ("down": relative to Eve's state) from the CHSH value.
    Renyi {
        /// The order, above 1 and at most 2.
        alpha: f64,
        /// Flip probability, from 0 to 1/2.
        q: f64,
    },
    /// The same for two equally likely key bases.
    TwoBasesRenyi {
        /// The order, above 1 and at most 2.
        alpha: f64,
        /// Flip probability, from 0 to 0.3.
        q: f64,
    },
    /// Mean von Neumann entropy of two equally likely key bases from the CHSH value: the optimum over all behaviours,
    /// above [`EntropyBound::TwoBases`].
    TightTwoBases {
        /// Flip probability, from 0 to 0.3.
        q: f64,
    },
}

impl EntropyBound {
    /// The name used on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Chsh => "chsh",
            Self::NoisyPreprocessing { .. } => "npp",
            Self::Asymmetric { .. } => "asymmetric",
            Self::TwoBases { .. } => "two-basis",
            Self::MinEntropy => "hmin",
            Self::Renyi { .. } => "renyi",
            Self::TwoBasesRenyi { .. } => "two-basis-renyi",
            Self::TightTwoBases { .. } => "two-basis-tight",
        }
    }

    fn with<R>(self, f: impl FnOnce(&dyn SingleRoundBound) -> R) -> R {
        match self {
            Self::Chsh => f(&ChshEntropy { q: 0.0 }),
            Self::NoisyPreprocessing { q } => f(&ChshEntropy { q }),
            Self::Asymmetric { weight, q } => f(&AsymmetricChsh { weight, q }),
            Self::TwoBases { q } => f(&TwoBases { q }),
            Self::MinEntropy => f(&MinEntropy),
            Self::Renyi { alpha, q } => f(&RenyiEntropy { alpha, q }),
            Self::TwoBasesRenyi { alpha, q } => f(&TwoBasesRenyi { alpha, q }),
            Self::TightTwoBases { q } => f(&TightTwoBases { q }),
        }
    }
}

impl SingleRoundBound for EntropyBound {
    fn entropy(&self, bell_value: f64) -> Result<SingleRoundEntropy, Error> {
        self.with(|bound| bound.entropy(bell_value))
    }

    fn minorant(&self, at: f64) -> Result<Minorant, Error> {
        self.with(|bound| bound.minorant(at))
    }

    fn quantum_max(&self) -> f64 {
        self.with(|bound| bound.quantum_max())
    }
}

/// The certified entropy of one round at a Bell value.
///
/// # Errors
/// As for [`SingleRoundBound::entropy`].
///
/// # Examples
/// ```
/// use diqkd_entropy::{EntropyBound, single_round};
///
/// let plain = single_round(EntropyBound::Chsh, 2.6)?;
/// assert!((plain.entropy_bits - 0.581_579_9).abs() < 1e-6);
/// let noisy = single_round(EntropyBound::NoisyPreprocessing { q: 0.05 }, 2.6)?;
/// assert!(noisy.entropy_bits > plain.entropy_bits);
/// assert!(single_round(EntropyBound::Chsh, 5.0).is_err());
/// # Ok::<(), diqkd_entropy::Error>(())
/// ```
pub fn single_round(bound: EntropyBound, bell_value: f64) -> Result<SingleRoundEntropy, Error> {
    bound.entropy(bell_value)
}

/// # Errors
/// [`Error::BellValue`] unless the value lies between 0 and the algebraic maximum.
fn check_bell_value(value: f64, algebraic_max: f64) -> Result<(), Error> {
    if value >= 0.0 && value <= algebraic_max {
        Ok(())
    } else {
        Err(Error::BellValue { value, algebraic_max })
    }
}

/// # Errors
/// [`Error::FlipProbability`] unless `q` lies between 0 and 1/2.
fn check_flip_probability(q: f64) -> Result<(), Error> {
    if (0.0..=0.5).contains(&q) { Ok(()) } else { Err(Error::FlipProbability { q }) }
}

/// `2 sqrt 2`, rounded down.
const TSIRELSON: f64 = diqkd_core::Chsh::TSIRELSON;

/// Distance to the quantum maximum within which no tangent is taken.
const EDGE: f64 = 1e-6;

/// A slope inside an enclosure, never negative, and how far the exact slope may be from it.
fn chosen_slope(slope: crate::interval::Interval) -> (f64, f64) {
    let chosen = (slope.lo() + (slope.hi() - slope.lo()) / 2.0).max(0.0);
    (chosen, (slope.hi() - chosen).max(chosen - slope.lo()).next_up())
}
