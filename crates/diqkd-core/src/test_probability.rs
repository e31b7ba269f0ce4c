//! The test-round probability gamma as an exact dyadic rational, so that the proof and the devices use the same number.

use core::fmt;

use crate::probability::OutOfRange;

/// Test-round probability `gamma = threshold / 65536`, strictly between 0 and 1.
///
/// A round is a test iff its 16-bit test word is below the threshold; the probability that enters the entropy bound
/// is therefore exactly the probability with which uniform words make tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TestProbability {
    threshold: u16,
}

impl TestProbability {
    /// `threshold / 65536`.
    ///
    /// # Errors
    /// [`OutOfRange`] when `threshold` is 0.
    pub fn from_threshold(threshold: u16) -> Result<Self, OutOfRange> {
        if threshold == 0 {
            return Err(Self::out_of_range(0.0));
        }
        Ok(Self { threshold })
    }

    /// The nearest representable probability to `gamma`.
    ///
    /// # Errors
    /// [`OutOfRange`] unless the nearest multiple of 1/65536 lies strictly between 0 and 1.
    pub fn nearest(gamma: f64) -> Result<Self, OutOfRange> {
        let steps = libm::round(gamma * Self::DENOMINATOR);
        if !(1.0..Self::DENOMINATOR).contains(&steps) {
            return Err(Self::out_of_range(gamma));
        }
        Ok(Self { threshold: steps as u16 })
    }

    /// The numerator over 65536.
    pub fn threshold(self) -> u16 {
        self.threshold
    }

    /// The probability; exact in `f64`.
    pub fn get(self) -> f64 {
        f64::from(self.threshold) / Self::DENOMINATOR
    }

    /// Whether a round with this uniform test word is a test round.
    pub fn is_test(self, test_word: u16) -> bool {
        test_word < self.threshold
    }

    const DENOMINATOR: f64 = 65_536.0;

    fn out_of_range(value: f64) -> OutOfRange {
        OutOfRange {
            quantity: "the test-round probability gamma",
            value,
            low: 1.0 / Self::DENOMINATOR,
            high: 1.0 - 1.0 / Self::DENOMINATOR,
        }
    }
}

impl fmt::Display for TestProbability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shift = self.threshold.trailing_zeros();
        write!(f, "{}/{}", self.threshold >> shift, 65_536u32 >> shift)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn the_published_value_is_exact() {
        let gamma = TestProbability::nearest(13.0 / 256.0).unwrap();
        assert_eq!(gamma.get(), 13.0 / 256.0);
        assert_eq!(gamma.to_string(), "13/256");
        assert_eq!((0..=u16::MAX).filter(|&w| gamma.is_test(w)).count(), 3328);
    }

    #[test]
    fn nothing_outside_the_open_interval() {
        for bad in [0.0, 1.0, -0.1, f64::NAN, 1e-9] {
            assert!(TestProbability::nearest(bad).is_err(), "{bad}");
        }
    }
}
