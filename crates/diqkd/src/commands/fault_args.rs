//! Failures on the command line: one by `--fault`, or a game day's worth from a file.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::Args;
use diqkd_sim::{Fault, FaultKind, parse_scenario};

use crate::answer::Failure;
use crate::input::Input;

/// What fails, when, and how badly.
#[derive(Clone, Debug, Args)]
pub(crate) struct FaultArgs {
    /// A failure: F1 misalignment, F2 clock-step, F3 setting-bias, F4 saturation, F5 outage, F6 timing-shift,
    /// F7 low-rate.
    #[arg(long, value_name = "F1..F7")]
    fault: Option<FaultKind>,
    /// When it begins: a slot, or a share of the run as in `50%` (the default).
    #[arg(long, value_name = "SLOT|PERCENT%", requires = "fault")]
    onset: Option<Onset>,
    /// When it ends; without it never (an outage: after a million slots).
    #[arg(long, value_name = "SLOT|PERCENT%", requires = "fault")]
    end: Option<Onset>,
    /// How bad it is, from 0 to 1; without it what a monitor should notice within thousands of rounds.
    #[arg(long, value_name = "S", requires = "fault", value_parser = severity)]
    severity: Option<f64>,
    /// A file of failures, one a line as in `F4 from 100000 to 200000 severity 0.3`; `#` begins a comment.
    #[arg(long, value_name = "FILE")]
    scenario: Option<PathBuf>,
}

impl FaultArgs {
    /// The failures of a run that takes about so many slots.
    pub(crate) fn faults(&self, expected_slots: u64) -> Result<Vec<Fault>, Failure> {
        let mut faults = match &self.scenario {
            Some(path) => scenario(path)?,
            None => Vec::new(),
        };
        if let Some(kind) = self.fault {
            let mut fault = Fault::typical(kind, self.onset.unwrap_or(HALF).slot(expected_slots));
            if let Some(end) = self.end {
                fault.slots.end = end.slot(expected_slots);
            }
            if fault.slots.is_empty() {
                let (start, end) = (fault.slots.start, fault.slots.end);
                return Err(Failure::Usage {
                    what: format!("the fault ends in slot {end}, before it begins in slot {start}"),
                    source: None,
                });
            }
            fault.severity = self.severity.unwrap_or(fault.severity);
            faults.push(fault);
        }
        Ok(faults)
    }
}

fn scenario(path: &Path) -> Result<Vec<Fault>, Failure> {
    let shown = path.display();
    let bytes = Input::open(path)?.read_limited(1 << 20, "a scenario")?;
    let text = String::from_utf8(bytes)
        .map_err(|e| Failure::because(format!("{shown}: a scenario is text in UTF-8"), e.utf8_error()))?;
    parse_scenario(&text).map_err(|e| {
        let line = text.lines().nth(e.line - 1).unwrap_or_default().trim();
        Failure::because(format!("{shown}:{}: `{line}` is no fault", e.line), e.source)
    })
}

/// A point of time in a run.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Onset {
    Slot(u64),
    Share(f64),
}

const HALF: Onset = Onset::Share(0.5);

impl Onset {
    fn slot(self, expected_slots: u64) -> u64 {
        match self {
            Self::Slot(slot) => slot,
            Self::Share(share) => (share * expected_slots as f64) as u64,
        }
    }
}

impl FromStr for Onset {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let share = text.strip_suffix('%').map(|percent| percent.parse().map(|percent: f64| percent / 100.0));
        match share {
            Some(Ok(share)) if (0.0..=1.0).contains(&share) => Ok(Self::Share(share)),
            None => text.parse().map(Self::Slot).map_err(|_| expected(text)),
            _ => Err(expected(text)),
        }
    }
}

fn expected(text: &str) -> String {
    format!("`{text}` is no point of time; expected a slot as in 250000, or a share of the run as in 50%")
}

fn severity(text: &str) -> Result<f64, String> {
    let parsed = text.parse().ok().filter(|severity| (0.0..=1.0).contains(severity));
    parsed.ok_or_else(|| format!("`{text}` is no severity; expected a number from 0 to 1"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_of_time_are_slots_or_shares() {
        assert_eq!("250".parse(), Ok(Onset::Slot(250)));
        assert_eq!("12.5%".parse(), Ok(Onset::Share(0.125)));
        assert_eq!(Onset::Share(0.125).slot(800), 100);
        for text in ["", "-1", "101%", "NaN%", "1e3", "%"] {
            assert!(text.parse::<Onset>().is_err_and(|e| e.contains(text)), "{text}");
        }
        assert!(severity("1.0").is_ok() && severity("1.01").is_err() && severity("NaN").is_err());
    }
}
