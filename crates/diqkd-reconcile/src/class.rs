//! Classes of positions that differ in their error probability, and what one frame of them costs.

use alloc::vec::Vec;

use diqkd_core::binary_entropy;

use crate::error::Error;

/// Positions of one kind, for instance key rounds or test rounds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ErrorClass {
    /// Expected fraction of the positions; the fractions of all classes sum to 1.
    pub fraction: f64,
    /// Probability that Alice's and Bob's bits differ, from 0 to 1/2.
    pub error_probability: f64,
}

/// One or two classes that have been checked.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Mixture {
    classes: Vec<ErrorClass>,
}

impl Mixture {
    pub(crate) fn new(classes: &[ErrorClass]) -> Result<Self, Error> {
        if !(1..=2).contains(&classes.len()) {
            return Err(Error::ClassCount { count: classes.len() });
        }
        let sum = classes.iter().map(|c| c.fraction).sum::<f64>();
        if classes.iter().any(|c| !(0.0..=1.0).contains(&c.fraction))
            || sum.is_nan()
            || (sum - 1.0).abs() > 1e-9
        {
            return Err(Error::Fractions { sum });
        }
        for (class, c) in classes.iter().enumerate() {
            if !(0.0..=0.5).contains(&c.error_probability) {
                return Err(Error::ErrorProbability { class, value: c.error_probability });
            }
        }
        Ok(Self { classes: classes.to_vec() })
    }

    pub(crate) fn classes(&self) -> &[ErrorClass] {
        &self.classes
    }

    /// Probability that a position differs whose class is not known.
    pub(crate) fn mean_error_probability(&self) -> f64 {
        self.classes.iter().map(|c| c.fraction * c.error_probability).sum()
    }

    /// Mean entropy of an error, bits a position.
    pub(crate) fn entropy(&self) -> f64 {
        self.classes.iter().map(|c| c.fraction * binary_entropy(c.error_probability)).sum()
    }

    /// Variance of `-log2 P(error)` of one position, with the class drawn too: how much the information that one
    /// honest block needs fluctuates around its mean.
    pub(crate) fn variance(&self) -> f64 {
        let mean = self.entropy();
        let second: f64 = self.classes.iter().map(|c| c.fraction * second_moment(c.error_probability)).sum();
        (second - mean * mean).max(0.0)
    }
}

fn second_moment(p: f64) -> f64 {
    let term = |p: f64| if p > 0.0 { p * libm::log2(p) * libm::log2(p) } else { 0.0 };
    term(p) + term(1.0 - p)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oxford_mixture() {
        let gamma = 13.0 / 256.0;
        let mix = Mixture::new(&[
            ErrorClass { fraction: 1.0 - gamma, error_probability: 0.0144 },
            ErrorClass { fraction: gamma, error_probability: 0.165 },
        ])
        .unwrap();
        assert!((mix.entropy() * 1.5e6 - 204_017.0).abs() < 1.0, "{}", mix.entropy() * 1.5e6);
        assert!((mix.variance() - 0.5530).abs() < 1e-4, "{}", mix.variance());
    }

    #[test]
    fn nonsense_is_refused() {
        let class = |fraction, error_probability| ErrorClass { fraction, error_probability };
        assert!(matches!(Mixture::new(&[]), Err(Error::ClassCount { count: 0 })));
        assert!(matches!(Mixture::new(&[class(0.5, 0.1)]), Err(Error::Fractions { .. })));
        assert!(matches!(Mixture::new(&[class(f64::NAN, 0.1)]), Err(Error::Fractions { .. })));
        assert!(matches!(Mixture::new(&[class(1.5, 0.1), class(-0.5, 0.1)]), Err(Error::Fractions { .. })));
        assert!(matches!(Mixture::new(&[class(1.0, 0.6)]), Err(Error::ErrorProbability { class: 0, .. })));
        assert!(matches!(Mixture::new(&[class(1.0, f64::NAN)]), Err(Error::ErrorProbability { .. })));
    }
}
