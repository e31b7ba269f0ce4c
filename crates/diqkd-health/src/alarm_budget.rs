//! From how often an operator accepts a false alarm to the probability that one test may spend.

use diqkd_core::{Epsilon, OutOfRange};

/// How many false alarms a healthy source may raise.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AlarmBudget {
    /// Expected false alarms a year, both continuous tests together.
    pub alarms_per_year: f64,
    /// Samples a second that the source delivers.
    pub samples_per_second: f64,
}

impl AlarmBudget {
    /// The false-alarm probability for [`crate::Cutoffs::new`] that keeps the budget.
    ///
    /// The repetition count test raises an alarm at a sample, the adaptive proportion test in a window of at least 512
    /// samples, with probability at most `alpha` each: together at most `alpha (1 + 1/512)` a sample. (A cut-off that
    /// had to be capped at the window exceeds this: see [`crate::Cutoffs::apt_false_alarm_log2`].)
    ///
    /// # Errors
    /// [`OutOfRange`] unless both numbers are finite and positive.
    pub fn alpha(self) -> Result<Epsilon, OutOfRange> {
        let positive = |quantity, value: f64| {
            if value > 0.0 && value.is_finite() {
                Ok(value)
            } else {
                Err(OutOfRange { quantity, value, low: f64::MIN_POSITIVE, high: f64::MAX })
            }
        };
        let alarms = positive("alarms per year", self.alarms_per_year)?;
        let rate = positive("samples per second", self.samples_per_second)?;
        let log2 = libm::log2(alarms) - libm::log2(rate) - libm::log2(TESTS_PER_SAMPLE * SECONDS_PER_YEAR);
        Epsilon::from_log2((log2 - 1e-12).min(LARGEST_LOG2_ALPHA))
    }
}

/// One repetition count test, and a share of a window.
const TESTS_PER_SAMPLE: f64 = 1.0 + 1.0 / 512.0;

/// A Julian year.
const SECONDS_PER_YEAR: f64 = 365.25 * 86_400.0;

/// A more generous budget gains nothing: an alarm at every second sample or so is no test.
const LARGEST_LOG2_ALPHA: f64 = -1.0;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_alarm_a_year_at_a_megahertz() {
        let alpha = AlarmBudget { alarms_per_year: 1.0, samples_per_second: 1e6 }.alpha().expect("positive");
        let spent = alpha.probability() * (513.0 / 512.0) * 1e6 * 31_557_600.0;
        assert!(spent <= 1.0 + 1e-9 && spent > 1.0 - 1e-9, "{spent}");
        assert!(AlarmBudget { alarms_per_year: 0.0, samples_per_second: 1e6 }.alpha().is_err());
        assert!(AlarmBudget { alarms_per_year: 1.0, samples_per_second: f64::NAN }.alpha().is_err());
    }
}
