//! Failure probabilities, held as their base-2 logarithm so that `2^-300` is as exact as `2^-3`.

use core::fmt;
use core::str::FromStr;

use crate::probability::OutOfRange;

/// A failure probability strictly between 0 and 1, held as `log2`.
///
/// The stored value is never below the probability that was asked for: conversions widen upward by a few units in
/// the last place, so that a sum of epsilons is a promise.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Epsilon {
    log2: f64,
}

impl Epsilon {
    /// The largest epsilon: what fails with it is not promised at all.
    pub const LARGEST: Self = Self { log2: -f64::MIN_POSITIVE };

    /// The epsilon of probability `p`.
    ///
    /// # Errors
    /// [`OutOfRange`] unless `0 < p < 1`.
    pub fn new(p: f64) -> Result<Self, OutOfRange> {
        if !(p > 0.0 && p < 1.0) {
            return Err(OutOfRange { quantity: "epsilon", value: p, low: 0.0, high: 1.0 });
        }
        Self::from_log2(widen_up(libm::log2(p)).min(-f64::MIN_POSITIVE))
    }

    /// The epsilon `2^log2`.
    ///
    /// # Errors
    /// [`OutOfRange`] unless `log2` is finite and negative.
    pub fn from_log2(log2: f64) -> Result<Self, OutOfRange> {
        if !(log2 < 0.0 && log2.is_finite()) {
            return Err(OutOfRange { quantity: "log2 of epsilon", value: log2, low: f64::MIN, high: 0.0 });
        }
        Ok(Self { log2 })
    }

    /// The base-2 logarithm; negative. Exact for an epsilon made by [`Epsilon::from_log2`].
    pub fn log2(self) -> f64 {
        self.log2
    }

    /// The probability, rounded upward by a few units in the last place (0 underflows to the least positive number).
    pub fn probability(self) -> f64 {
        let p = libm::exp2(self.log2);
        (p * (1.0 + 4.0 * f64::EPSILON)).max(f64::from_bits(1))
    }

    /// `count` times this epsilon, as a union bound spends it. `None` when the product reaches 1 or `count` is 0.
    pub fn times(self, count: u64) -> Option<Self> {
        if count == 0 {
            return None;
        }
        let log2 = widen_up(self.log2 + widen_up(libm::log2(count as f64)));
        Self::from_log2(log2).ok()
    }

    /// The sum of two epsilons, rounded upward. `None` when it reaches 1.
    pub fn plus(self, other: Self) -> Option<Self> {
        let (high, low) =
            if self.log2 >= other.log2 { (self.log2, other.log2) } else { (other.log2, self.log2) };
        let log2 = widen_up(high + libm::log1p(libm::exp2(low - high)) * core::f64::consts::LOG2_E);
        Self::from_log2(log2).ok()
    }
}

impl fmt::Display for Epsilon {
    /// Writes the probability in scientific notation, or as a power of two where `f64` underflows.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.log2 > -1000.0 {
            write!(f, "{:.4e}", self.probability())
        } else {
            write!(f, "2^{:.2}", self.log2)
        }
    }
}

impl FromStr for Epsilon {
    type Err = ParseEpsilonError;

    /// Reads `1e-10` or `2^-64`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let number = |t: &str| t.trim().parse::<f64>().map_err(|_| ParseEpsilonError::NotANumber);
        let parsed = match text.trim().strip_prefix("2^") {
            Some(exponent) => Self::from_log2(number(exponent)?),
            None => Self::new(number(text)?),
        };
        parsed.map_err(ParseEpsilonError::OutOfRange)
    }
}

/// Why a text is not an epsilon.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum ParseEpsilonError {
    /// Neither a decimal number nor `2^-k`.
    #[error("not a number; write an epsilon as 1e-10 or as 2^-64")]
    NotANumber,
    /// A number, but not a probability strictly between 0 and 1.
    #[error("an epsilon lies strictly between 0 and 1")]
    OutOfRange(#[source] OutOfRange),
}

/// A value a few units in the last place above `x`; covers the error of the `libm` functions used here (under 1 ulp).
fn widen_up(x: f64) -> f64 {
    x + x.abs() * (4.0 * f64::EPSILON)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probabilities_never_round_down() {
        for p in [1e-300, 1e-10, 3e-7, 0.1, 0.5, 0.999_999] {
            assert!(Epsilon::new(p).unwrap().probability() >= p, "{p}");
        }
    }

    #[test]
    fn both_spellings_parse() {
        assert_eq!("2^-64".parse::<Epsilon>().unwrap().log2(), -64.0);
        let e = "1e-10".parse::<Epsilon>().unwrap();
        assert!((e.log2() + 33.219_280_948_873_62).abs() < 1e-12);
        for bad in ["0", "1", "-1e-3", "nan", "inf", "2^0", "2^3", "ten", ""] {
            assert!(bad.parse::<Epsilon>().is_err(), "{bad}");
        }
    }

    #[test]
    fn sums_are_upper_bounds() {
        let e = Epsilon::from_log2(-64.0).unwrap();
        assert!(e.plus(e).unwrap().log2() >= -63.0);
        assert!(e.times(2).unwrap().log2() >= -63.0);
        assert!(e.times(3).unwrap().log2() - (-64.0 + 3f64.log2()) < 1e-12);
        assert_eq!(Epsilon::new(0.6).unwrap().plus(Epsilon::new(0.6).unwrap()), None);
    }
}
