//! Test flags drawn at both sites instead of shared.

use crate::error::Error;
use crate::interval::Interval;

/// Alice and Bob each draw a flag of their own, independent of everything, and reveal it after the run. Both up is a test
/// round, both down a key round, anything else is dropped: its outcome leaves Alice's string and is announced nowhere.
///
/// A run goes on until the certificate's number of rounds is *kept*; among those the test probability is
/// `a b / (a b + (1-a)(1-b))` (`docs/theory.md`, section 5.8, proved for `reat` and `reat-basic`). Nothing need be kept
/// from devices or source about a pre-shared seed; the price is the dropped rounds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LocalFlags {
    alice: f64,
    bob: f64,
}

impl LocalFlags {
    /// The probabilities with which a flag is up.
    ///
    /// # Errors
    /// [`Error::LocalFlags`] unless both lie strictly between 0 and 1.
    ///
    /// # Examples
    /// ```
    /// use diqkd_entropy::LocalFlags;
    ///
    /// let flags = LocalFlags::new(0.2, 0.2)?;
    /// assert!((flags.test_probability() - 0.04 / 0.68).abs() < 1e-15);
    /// assert!((flags.kept_share() - 0.68).abs() < 1e-15);
    /// assert!(LocalFlags::new(0.2, 1.0).is_err());
    /// # Ok::<(), diqkd_entropy::Error>(())
    /// ```
    pub fn new(alice: f64, bob: f64) -> Result<Self, Error> {
        let proper = |p: f64| p > 0.0 && p < 1.0;
        let flags = Self { alice, bob };
        let gamma = flags.test_probability();
        if proper(alice) && proper(bob) && proper(gamma) {
            Ok(flags)
        } else {
            Err(Error::LocalFlags { alice, bob })
        }
    }

    /// The probability of Alice's flag.
    pub fn alice(self) -> f64 {
        self.alice
    }

    /// The probability of Bob's flag.
    pub fn bob(self) -> f64 {
        self.bob
    }

    /// The probability that a kept round is a test, to the nearest few units in the last place.
    pub fn test_probability(self) -> f64 {
        let exact = self.enclosure();
        exact.lo() + (exact.hi() - exact.lo()) / 2.0
    }

    /// The share of rounds that is kept.
    pub fn kept_share(self) -> f64 {
        self.alice * self.bob + (1.0 - self.alice) * (1.0 - self.bob)
    }

    /// Encloses the test probability of kept rounds.
    pub(crate) fn enclosure(self) -> Interval {
        let (alice, bob) = (Interval::point(self.alice), Interval::point(self.bob));
        let tests = alice * bob;
        tests / (tests + (1.0 - alice) * (1.0 - bob))
    }
}
