//! Keys whose length follows the observed wins: no threshold has to be guessed before the run.

use crate::certificate::{Certificate, Witness};
use crate::check::{self, CheckError};
use crate::interval::Interval;
use crate::theorem::Theorem;

/// A table of certified key lengths, one for each class of observed wins, fixed before the run.
///
/// The scores of a `reat` certificate stay; only the accepted total score varies. Class `j` of `J` holds the runs with
/// `wins - min_wins(tests)` from `(j - centre) step` on; its length is what the certificate would give at that score,
/// minus `log2 J` bits. Secrecy holds for the whole table with the certificate's `eps_pa` (`docs/theory.md`,
/// section 5.6); the class is announced with the length, which the table already covers.
#[derive(Clone, Debug, PartialEq)]
pub struct VariableLength {
    certificate: Certificate,
    classes: u32,
    step: u64,
    centre: u64,
    lengths: Vec<u64>,
}

impl VariableLength {
    /// A table of `classes` classes of `step` wins each, centred on the certificate's own threshold.
    ///
    /// # Errors
    /// [`VariableLengthError`] unless the certificate is a valid `reat` or `reat-basic` certificate and there are
    /// between 1 and 2^20 classes of at least one win.
    pub fn new(certificate: Certificate, classes: u32, step: u64) -> Result<Self, VariableLengthError> {
        if !(1..=MOST_CLASSES).contains(&classes) || step == 0 {
            return Err(VariableLengthError::Classes { classes, step });
        }
        let (Theorem::Reat | Theorem::ReatBasic, Witness::Reat(witness)) =
            (certificate.theorem(), certificate.witness())
        else {
            return Err(VariableLengthError::Theorem { theorem: certificate.theorem() });
        };
        check::check(&certificate)?;
        let centre = u64::from(classes / 2);
        let score_gap = Interval::point(witness.s_win) - witness.s_lose;
        let at_threshold = check::total(&check::evaluate(&certificate)?);
        let price = Interval::count(u64::from(classes)).log2();
        let length = |class: u32| {
            let wins = Interval::count(u64::from(class)) - Interval::count(centre);
            let bits = at_threshold + score_gap * wins * Interval::count(step) - price;
            bits.lo().clamp(0.0, certificate.rounds() as f64) as u64
        };
        let lengths = (0..classes).map(length).collect();
        Ok(Self { classes, step, centre, lengths, certificate })
    }

    /// The certificate whose scores are used.
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// The lengths of all classes in bits, shortest first; 0 is an abort.
    pub fn lengths(&self) -> &[u64] {
        &self.lengths
    }

    /// The certified key length of a run, in bits; 0 is an abort. Impossible counts abort.
    pub fn key_bits(&self, wins: u64, tests: u64) -> u64 {
        if wins > tests || tests > self.certificate.rounds() {
            return 0;
        }
        let least =
            i128::from(self.certificate.min_wins(tests)) - i128::from(self.centre) * i128::from(self.step);
        let above = i128::from(wins) - least;
        if above < 0 {
            return 0;
        }
        let class = (above / i128::from(self.step)).min(i128::from(self.classes) - 1);
        self.lengths[class as usize]
    }
}

/// Why there is no table.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum VariableLengthError {
    /// The statement is proved for the fully Rényi theorems.
    #[error("variable lengths are not proved under {theorem}; issue the certificate under reat")]
    Theorem {
        /// The certificate's theorem.
        theorem: Theorem,
    },
    /// A size outside its range.
    #[error("{classes} classes of {step} wins, expected 1 to 1048576 classes of at least one win")]
    Classes {
        /// Number of classes.
        classes: u32,
        /// Wins per class.
        step: u64,
    },
    /// The certificate does not hold.
    #[error("the certificate does not hold")]
    Certificate(#[from] CheckError),
}

const MOST_CLASSES: u32 = 1 << 20;
