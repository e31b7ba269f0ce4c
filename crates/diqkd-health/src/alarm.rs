//! What an operator is told: one value for one thing gone wrong.

mod cause;
mod signal;

pub use cause::Cause;
pub use signal::{FailureMode, Signal};

use core::fmt;

use diqkd_core::Epsilon;

/// Something left the range that a healthy link keeps.
///
/// Positions (`since`, `raised`) count whatever the caller counts when it feeds a monitor: trials, windows, samples or
/// milliseconds; one monitor, one unit.
#[derive(Clone, Copy, Debug, PartialEq)]
#[must_use]
pub struct Alarm {
    /// What was watched.
    pub signal: Signal,
    /// The value of the signal since the change, in the unit of [`Signal::unit`].
    pub observed: f64,
    /// The declared limit that it crossed, in the same unit.
    pub threshold: f64,
    /// The position at which the change began, by maximum likelihood.
    pub since: u64,
    /// The position at which the alarm was raised.
    pub raised: u64,
    /// What most likely happened.
    pub cause: Cause,
    /// The probability that a healthy link raises this alarm at one update (one feed of the monitor); over `n` updates
    /// at most `n` times as much. `None`: the signal is an exact count, which a healthy link keeps for certain.
    pub false_alarm: Option<Epsilon>,
}

impl Alarm {
    /// The failure mode that the alarm belongs to.
    pub fn mode(&self) -> FailureMode {
        self.signal.mode()
    }

    /// What to do next.
    pub fn next_step(&self) -> &'static str {
        self.cause.next_step()
    }

    /// The positions whose data are in doubt: from the change to the alarm, both included.
    pub fn affected(&self) -> core::ops::RangeInclusive<u64> {
        self.since..=self.raised
    }
}

impl fmt::Display for Alarm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} {}: {:.6} {} against a limit of {:.6}, since {}; likely {}; {}",
            self.mode(),
            self.signal,
            self.observed,
            self.signal.unit(),
            self.threshold,
            self.since,
            self.cause,
            self.next_step()
        )
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn an_alarm_says_what_why_and_what_next() {
        let alarm = Alarm {
            signal: Signal::Qber,
            observed: 0.031,
            threshold: 0.02,
            since: 17,
            raised: 21,
            cause: Cause::Noise,
            false_alarm: Epsilon::new(1e-9).ok(),
        };
        let text = alarm.to_string();
        assert!(text.starts_with("F1 qber: 0.031000 share against a limit of 0.020000, since 17; likely "));
        assert!(text.contains(Cause::Noise.next_step()) && alarm.affected().count() == 5);
    }

    /// The operator's page names every signal with its mode and its unit, and every cause with its next step.
    #[test]
    fn the_table_for_operators_is_complete() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/alarms.md");
        let Ok(page) = std::fs::read_to_string(path) else {
            std::println!("skipped: {path} is not there");
            return;
        };
        for signal in Signal::ALL {
            let row = std::format!("| {} | `{signal}` |", signal.mode());
            assert!(page.contains(&row), "no row {row}");
        }
        for cause in Cause::ALL {
            let row = std::format!("| {cause} | {} |", cause.next_step());
            assert!(page.contains(&row), "no row {row}");
        }
    }
}
