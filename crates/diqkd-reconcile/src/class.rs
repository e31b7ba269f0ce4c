//! Classes of positions that differ in their error probability, and what one frame of them costs.

use alloc::vec::Vec;

use diqkd_core::binary_entropy;

use crate::binomial::largest;
use crate::error::Error;

/// Positions of one kind, for instance key rounds or test rounds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ErrorClass {
    /// Expected fraction of the positions; the fractions of all classes sum to 1.
    pub fraction: f64,
    /// Probability that Alice's and Bob's bits differ, from 0 to 1/2.
    pub error_probability: f64,
}

impl ErrorClass {
    /// A class whose error probability was estimated: `errors` among `sample` positions compared in the open, which have to
    /// be left out of the string. Takes the largest probability that such a sample leaves possible: where it is higher,
    /// so few errors show with probability `doubt` at most (Clopper-Pearson, one-sided); no sample leaves 1/2.
    ///
    /// ```
    /// use diqkd_reconcile::ErrorClass;
    ///
    /// let class = ErrorClass::estimated(1.0, 200, 10_000, 1e-3)?;
    /// assert!(class.error_probability > 0.024 && class.error_probability < 0.025);
    /// # Ok::<(), diqkd_reconcile::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Option`] for more errors than positions and for a `doubt` outside 1e-15 to 0.5.
    pub fn estimated(fraction: f64, errors: u64, sample: u64, doubt: f64) -> Result<Self, Error> {
        for (name, value, low, high) in
            [("errors", errors as f64, 0.0, sample as f64), ("doubt", doubt, 1e-15, 0.5)]
        {
            if !(low..=high).contains(&value) {
                return Err(Error::Option { name, value, low, high });
            }
        }
        Ok(Self { fraction, error_probability: largest(errors, sample, doubt).min(0.5) })
    }
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
    fn a_sample_bounds_the_error_probability() {
        let estimated = |errors, sample, doubt| ErrorClass::estimated(1.0, errors, sample, doubt);
        let p = |errors, sample, doubt| estimated(errors, sample, doubt).unwrap().error_probability;
        assert!((p(0, 1000, 0.01) - (1.0 - libm::pow(0.01, 1e-3))).abs() < 1e-9);
        assert!(p(20, 1000, 0.01) > p(200, 10_000, 0.01) && p(200, 10_000, 0.01) > 0.02);
        assert!(p(200, 10_000, 1e-6) > p(200, 10_000, 1e-3));
        assert_eq!((p(0, 0, 0.01), p(900, 1000, 0.01)), (0.5, 0.5));
        for (errors, doubt) in [(11, 0.1), (1, 0.0), (1, f64::NAN), (1, 0.6)] {
            assert!(matches!(estimated(errors, 10, doubt), Err(Error::Option { .. })), "{errors} {doubt}");
        }
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
