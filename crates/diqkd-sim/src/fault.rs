//! Injected failures F1 to F7, with an onset, an end and a severity; and scenarios of several.

use core::fmt;
use core::ops::Range;
use core::str::FromStr;

/// A failure of honest hardware.
///
/// | | name | effect at severity `s` (0 to 1) |
/// |---|---|---|
/// | F1 | misalignment | outcomes of the two sides become independent with probability `s`: correlators shrink by `1 - s` |
/// | F2 | clock-step | Bob's clock jumps ahead by `s` microseconds at the onset and runs `10 s` ppm faster |
/// | F3 | setting-bias | Alice's modulator applies setting 0 in place of 1 with probability `s`; 1 is a stuck line |
/// | F4 | saturation | background light makes each of Bob's detectors click in the window with probability `s`, and once a slot outside of it with probability `s` |
/// | F5 | outage | Bob's tagger is blind and reports a gap; the severity plays no role |
/// | F6 | timing-shift | Alice's clicks come later by `s` of the length of the detection window |
/// | F7 | low-rate | heralds (or pairs, when clocked) come with probability `1 - s` times the usual one |
///
/// F2, F6 and the stray half of F4 exist in the tags only; [`Experiment::trials`](crate::Experiment::trials) does not
/// show them. F1 and F4 act on honest devices only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FaultKind {
    /// F1: the analysers of the two sides no longer match.
    Misalignment,
    /// F2: Bob's clock jumps and drifts.
    ClockStep,
    /// F3: Alice's settings are biased or stuck.
    SettingBias,
    /// F4: background light at Bob.
    Saturation,
    /// F5: Bob is blind.
    Outage,
    /// F6: Alice's detector timing has changed.
    TimingShift,
    /// F7: too few rounds.
    LowRate,
}

impl FaultKind {
    /// Every kind, F1 first.
    pub const ALL: [Self; 7] = [
        Self::Misalignment,
        Self::ClockStep,
        Self::SettingBias,
        Self::Saturation,
        Self::Outage,
        Self::TimingShift,
        Self::LowRate,
    ];

    /// The code, `F1` to `F7`.
    pub fn code(self) -> &'static str {
        ["F1", "F2", "F3", "F4", "F5", "F6", "F7"][self as usize]
    }

    /// The name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Misalignment => "misalignment",
            Self::ClockStep => "clock-step",
            Self::SettingBias => "setting-bias",
            Self::Saturation => "saturation",
            Self::Outage => "outage",
            Self::TimingShift => "timing-shift",
            Self::LowRate => "low-rate",
        }
    }

    /// A severity that a monitor should notice within thousands of rounds.
    pub fn typical_severity(self) -> f64 {
        match self {
            Self::Misalignment => 0.2,
            Self::ClockStep => 0.5,
            Self::SettingBias => 0.3,
            Self::Saturation => 0.3,
            Self::Outage => 1.0,
            Self::TimingShift => 0.5,
            Self::LowRate => 0.9,
        }
    }
}

impl fmt::Display for FaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl FromStr for FaultKind {
    type Err = ParseFaultError;

    /// Reads the code or the name.
    fn from_str(text: &str) -> Result<Self, ParseFaultError> {
        let named = |kind: &Self| kind.code().eq_ignore_ascii_case(text) || kind.name() == text;
        Self::ALL.into_iter().find(named).ok_or(ParseFaultError::Kind)
    }
}

/// A failure during some slots.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    /// What fails.
    pub kind: FaultKind,
    /// During which slots.
    pub slots: Range<u64>,
    /// How badly, from 0 to 1; values outside count as the nearest end, a NaN as 0.
    pub severity: f64,
}

impl Fault {
    /// A failure from `onset` on, of typical severity. An outage lasts a million slots.
    pub fn typical(kind: FaultKind, onset: u64) -> Self {
        let end = if kind == FaultKind::Outage { onset.saturating_add(1_000_000) } else { u64::MAX };
        Self { kind, slots: onset..end, severity: kind.typical_severity() }
    }

    pub(crate) fn clamped_severity(&self) -> f64 {
        if self.severity.is_nan() { 0.0 } else { self.severity.clamp(0.0, 1.0) }
    }
}

impl fmt::Display for Fault {
    /// The form that [`Fault::from_str`] reads.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} from {}", self.kind, self.slots.start)?;
        if self.slots.end != u64::MAX {
            write!(f, " to {}", self.slots.end)?;
        }
        write!(f, " severity {}", self.severity)
    }
}

impl FromStr for Fault {
    type Err = ParseFaultError;

    /// Reads `F4 from 100000 to 200000 severity 0.3`; all but the kind may be missing: from slot 0, without end (an
    /// outage: a million slots), typical severity.
    fn from_str(text: &str) -> Result<Self, ParseFaultError> {
        let mut words = text.split_whitespace();
        let kind: FaultKind = words.next().ok_or(ParseFaultError::Kind)?.parse()?;
        let (mut from, mut to, mut severity) = (0, None, kind.typical_severity());
        while let Some(word) = words.next() {
            let value = words.next().ok_or(ParseFaultError::Value)?;
            let slot = || value.parse::<u64>().map_err(|_| ParseFaultError::Value);
            match word {
                "from" => from = slot()?,
                "to" => to = Some(slot()?),
                "severity" => severity = value.parse().map_err(|_| ParseFaultError::Value)?,
                _ => return Err(ParseFaultError::Word),
            }
        }
        if !(0.0..=1.0).contains(&severity) {
            return Err(ParseFaultError::Severity);
        }
        let slots = from..to.unwrap_or(Self::typical(kind, from).slots.end);
        if slots.is_empty() {
            return Err(ParseFaultError::Order);
        }
        Ok(Self { kind, slots, severity })
    }
}

/// Reads a scenario: one fault a line, in the form of [`Fault::from_str`]; empty lines and what follows a `#` are
/// skipped.
///
/// # Errors
/// [`ScenarioError`] with the line (from 1) and what is wrong there.
pub fn parse_scenario(text: &str) -> Result<Vec<Fault>, ScenarioError> {
    let lines = text.lines().map(|line| line.split('#').next().unwrap_or_default().trim()).enumerate();
    let faults = lines.filter(|(_, line)| !line.is_empty());
    faults.map(|(i, line)| line.parse().map_err(|source| ScenarioError { line: i + 1, source })).collect()
}

/// Why a text is no fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseFaultError {
    /// The first word names no fault.
    #[error(
        "no such fault; the names are F1 misalignment, F2 clock-step, F3 setting-bias, F4 saturation, F5 outage, \
         F6 timing-shift, F7 low-rate"
    )]
    Kind,
    /// A word other than `from`, `to`, `severity`.
    #[error("a fault is written as `F4 from SLOT to SLOT severity 0.3`")]
    Word,
    /// A missing or malformed number.
    #[error("`from` and `to` take a slot number, `severity` a number from 0 to 1")]
    Value,
    /// A severity outside 0 to 1.
    #[error("the severity lies outside 0 to 1")]
    Severity,
    /// The end does not lie after the onset.
    #[error("the fault ends before it begins")]
    Order,
}

/// A line of a scenario that is no fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of the scenario")]
pub struct ScenarioError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong.
    pub source: ParseFaultError,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_round_trip() {
        for kind in FaultKind::ALL {
            let fault = Fault { kind, slots: 5..900, severity: 0.25 };
            assert_eq!(fault.to_string().parse(), Ok(fault));
            assert_eq!(kind.name().parse(), Ok(kind));
            assert!(ParseFaultError::Kind.to_string().contains(&format!("{kind} {}", kind.name())));
            assert_eq!(kind.code().parse::<Fault>(), Ok(Fault::typical(kind, 0)));
        }
    }

    #[test]
    fn a_scenario_names_its_bad_line() {
        let good = "# game day\nF1 from 10\n\nlow-rate severity 0.5 # at night\n";
        assert_eq!(parse_scenario(good).unwrap().len(), 2);
        let bad = "F1\nF9 from 3\n";
        assert_eq!(parse_scenario(bad), Err(ScenarioError { line: 2, source: ParseFaultError::Kind }));
        for (text, error) in [
            ("F1 until 3", ParseFaultError::Word),
            ("F1 from", ParseFaultError::Value),
            ("F1 severity 2", ParseFaultError::Severity),
            ("F1 severity NaN", ParseFaultError::Severity),
            ("F1 from 9 to 9", ParseFaultError::Order),
        ] {
            assert_eq!(text.parse::<Fault>(), Err(error), "{text}");
        }
    }
}
