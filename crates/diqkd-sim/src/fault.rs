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

    /// A failure that comes slowly, as fibres drift with the temperature: in `steps` equal steps (at least 1) from
    /// nothing to `severity` at the end of `slots`. Nothing is left of it after that.
    pub fn drift(kind: FaultKind, slots: Range<u64>, severity: f64, steps: u32) -> Vec<Self> {
        let steps = u64::from(steps.max(1));
        let length = slots.end.saturating_sub(slots.start);
        let at = |step: u64| slots.start + (u128::from(length) * u128::from(step) / u128::from(steps)) as u64;
        let pieces = (0..steps).map(|step| Self {
            kind,
            slots: at(step)..at(step + 1),
            severity: severity * (step + 1) as f64 / steps as f64,
        });
        pieces.filter(|piece| !piece.slots.is_empty()).collect()
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
/// skipped. A line that begins with `drift` is a fault that comes in [`DRIFT_STEPS`] steps and needs an end:
/// `drift F1 from 0 to 400000 severity 0.2`.
///
/// # Errors
/// [`ScenarioError`] with the line (from 1) and what is wrong there.
pub fn parse_scenario(text: &str) -> Result<Vec<Fault>, ScenarioError> {
    let mut faults = Vec::new();
    for (i, line) in text.lines().enumerate() {
        let line = line.split('#').next().unwrap_or_default().trim();
        if line.is_empty() {
            continue;
        }
        let failed = |source| ScenarioError { line: i + 1, source };
        match line.strip_prefix("drift").filter(|rest| rest.starts_with(char::is_whitespace)) {
            None => faults.push(line.parse().map_err(failed)?),
            Some(rest) => {
                let Fault { kind, slots, severity } = rest.parse().map_err(failed)?;
                if slots.end == u64::MAX {
                    return Err(failed(ParseFaultError::Endless));
                }
                faults.extend(Fault::drift(kind, slots, severity, DRIFT_STEPS));
            }
        }
        if faults.len() > MOST_FAULTS {
            return Err(failed(ParseFaultError::TooMany));
        }
    }
    Ok(faults)
}

/// Steps of a drift in a scenario.
pub const DRIFT_STEPS: u32 = 32;

/// Every slot that a fault begins or ends at is a table of probabilities in memory.
const MOST_FAULTS: usize = 1 << 12;

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
    /// A drift without an end.
    #[error("a drift needs an end; write it as `drift F1 from SLOT to SLOT severity 0.2`")]
    Endless,
    /// More faults than a scenario may have.
    #[error("a scenario has at most 4096 faults, and a drift counts as 32")]
    TooMany,
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
        let drifting = parse_scenario("drift F1 from 64 to 128 severity 0.32").unwrap();
        assert_eq!(drifting.len(), 32);
        assert_eq!(drifting[1], Fault { kind: FaultKind::Misalignment, slots: 66..68, severity: 0.02 });
        assert_eq!(drifting[31].slots.end, 128);
        assert!((drifting[31].severity - 0.32).abs() < 1e-15);
        let endless = ScenarioError { line: 2, source: ParseFaultError::Endless };
        assert_eq!(parse_scenario("\ndrift F6 severity 0.1"), Err(endless));
        let many = ScenarioError { line: 4097, source: ParseFaultError::TooMany };
        assert_eq!(parse_scenario(&"F1\n".repeat(5000)), Err(many));
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
