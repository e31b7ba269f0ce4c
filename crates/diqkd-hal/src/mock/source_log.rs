//! A source that plays back a log.

use alloc::vec::Vec;
use core::fmt;
use core::str::FromStr;

use crate::entanglement_source::{Alignment, EntanglementSource, SourceState};
use crate::error::{ErrorKind, ErrorType};

/// Plays back the readings of a source that were written to a file, one a call, the last one again and again.
///
/// The file has a line `time_ps,rate_hz,visibility,alignment` and then a line for each reading, with an empty visibility
/// where none was measured and `aligned`, `drifted` or `unknown`:
///
/// ```
/// use diqkd_hal::mock::SourceLog;
/// use diqkd_hal::{Alignment, EntanglementSource, ErrorKind};
///
/// let mut source: SourceLog = "time_ps,rate_hz,visibility,alignment\n0,52.1,0.98,aligned\n9,50,,drifted\n".parse()?;
/// assert_eq!(source.state().unwrap().visibility, Some(0.98));
/// assert_eq!(source.state().unwrap().alignment, Alignment::Drifted);
/// assert_eq!(source.align(), Err(ErrorKind::Unsupported), "the past cannot be aligned");
/// # Ok::<(), diqkd_hal::mock::SourceLogError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct SourceLog {
    readings: Vec<SourceState>,
    next: usize,
}

impl FromStr for SourceLog {
    type Err = SourceLogError;

    fn from_str(text: &str) -> Result<Self, SourceLogError> {
        let mut lines = text.lines().enumerate();
        if lines.next().map(|(_, line)| line.trim()) != Some(HEADER) {
            return Err(SourceLogError { line: 1 });
        }
        let mut readings = Vec::new();
        for (index, line) in lines.filter(|(_, line)| !line.trim().is_empty()) {
            readings.push(reading(line).ok_or(SourceLogError { line: index + 1 })?);
        }
        if readings.is_empty() {
            return Err(SourceLogError { line: 2 });
        }
        Ok(Self { readings, next: 0 })
    }
}

impl ErrorType for SourceLog {
    type Error = ErrorKind;
}

impl EntanglementSource for SourceLog {
    fn state(&mut self) -> Result<SourceState, ErrorKind> {
        let state = self.readings.get(self.next).or(self.readings.last()).copied();
        self.next = self.next.saturating_add(1);
        state.ok_or(ErrorKind::Corrupt)
    }

    fn align(&mut self) -> Result<SourceState, ErrorKind> {
        Err(ErrorKind::Unsupported)
    }
}

fn reading(line: &str) -> Option<SourceState> {
    let mut fields = line.split(',').map(str::trim);
    let mut next = || fields.next();
    let time_ps = next()?.parse().ok()?;
    let rate_hz = next()?.parse().ok()?;
    let visibility = match next()? {
        "" => None,
        text => Some(text.parse().ok()?),
    };
    let alignment = match next()? {
        "aligned" => Alignment::Aligned,
        "drifted" => Alignment::Drifted,
        "unknown" => Alignment::Unknown,
        _ => return None,
    };
    next().is_none().then_some(SourceState { time_ps, rate_hz, visibility, alignment })
}

/// A line of a log that is no reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SourceLogError {
    /// The line, from 1.
    pub line: usize,
}

impl fmt::Display for SourceLogError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "line {} of the source's log: expected {HEADER} in line 1 and then readings such as 0,52.1,0.98,aligned",
            self.line
        )
    }
}

impl core::error::Error for SourceLogError {}

const HEADER: &str = "time_ps,rate_hz,visibility,alignment";
