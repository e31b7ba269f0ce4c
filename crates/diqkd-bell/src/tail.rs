//! Tail probabilities in the log domain, so that `log10 p = -108.51` and far below come out right.
//!
//! General libraries evaluate the regularised incomplete beta function in the linear domain: at 1e10 trials they lose
//! ten digits, and below about 1e-308 they return 0. Here the binomial tail is Loader's saddle-point form of the
//! probability mass times a short Gauss-Legendre quadrature, at constant cost for any number of trials.

mod binomial;
mod chi_squared;
mod deviance;
mod normal;
mod quadrature_table;

pub use binomial::{ln_binomial_lower, ln_binomial_pmf, ln_binomial_upper};
pub use chi_squared::ln_chi_squared_upper;
pub use normal::{ln_normal_two_sided, ln_normal_upper};

pub(crate) use binomial::ln_upper_with_slope;
pub(crate) use deviance::deviance;

use diqkd_core::OutOfRange;

/// A probability held as its natural logarithm, from minus infinity to 0.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct LogProbability(f64);

impl LogProbability {
    /// Certainty.
    pub const ONE: Self = Self(0.0);
    /// Impossibility.
    pub const ZERO: Self = Self(f64::NEG_INFINITY);

    /// The probability `exp(ln)`; positive values of `ln` count as 0, so that rounding never exceeds certainty.
    pub fn from_ln(ln: f64) -> Self {
        Self(ln.min(0.0))
    }

    /// The natural logarithm.
    pub fn ln(self) -> f64 {
        self.0
    }

    /// The logarithm to base 10, the form in which p-values are published.
    pub fn log10(self) -> f64 {
        self.0 * core::f64::consts::LOG10_E
    }

    /// The logarithm to base 2.
    pub fn log2(self) -> f64 {
        self.0 * core::f64::consts::LOG2_E
    }

    /// The probability itself; 0 where `f64` underflows.
    pub fn probability(self) -> f64 {
        libm::exp(self.0)
    }

    /// One minus this probability.
    #[must_use]
    pub fn complement(self) -> Self {
        if self.0 > -core::f64::consts::LN_2 {
            Self(libm::log(-libm::expm1(self.0)))
        } else {
            Self(libm::log1p(-libm::exp(self.0)))
        }
    }

    /// The sum with the probability `exp(ln)`, at most 1.
    #[must_use]
    pub(crate) fn plus_ln(self, ln: f64) -> Self {
        let (high, low) = if self.0 >= ln { (self.0, ln) } else { (ln, self.0) };
        if high == f64::NEG_INFINITY {
            return Self::ZERO;
        }
        Self::from_ln(high + libm::log1p(libm::exp(low - high)))
    }

    /// A value that is not below the exact one: widened by ten times the stated error of the tail functions,
    /// `1e-11 |ln p| + 1e-12`.
    #[must_use]
    pub fn widened_up(self) -> Self {
        Self::from_ln(self.0 + self.0.abs() * 1e-11 + 1e-12)
    }
}

/// A success probability `p` and its complement `q`, both accurate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bernoulli {
    p: f64,
    q: f64,
}

impl Bernoulli {
    /// Success with probability `p`.
    ///
    /// # Errors
    /// [`OutOfRange`] unless `0 <= p <= 1`.
    pub fn new(p: f64) -> Result<Self, OutOfRange> {
        if !(0.0..=1.0).contains(&p) {
            return Err(OutOfRange { quantity: "the success probability", value: p, low: 0.0, high: 1.0 });
        }
        Ok(Self { p, q: 1.0 - p })
    }

    /// Failure with probability `q`.
    ///
    /// # Errors
    /// [`OutOfRange`] unless `0 <= q <= 1`.
    pub fn from_failure(q: f64) -> Result<Self, OutOfRange> {
        Self::new(q).map(Self::complement)
    }

    /// The probability of success.
    pub fn success(self) -> f64 {
        self.p
    }

    /// The probability of failure.
    pub fn failure(self) -> f64 {
        self.q
    }

    /// Success and failure exchanged.
    #[must_use]
    pub fn complement(self) -> Self {
        Self { p: self.q, q: self.p }
    }
}
