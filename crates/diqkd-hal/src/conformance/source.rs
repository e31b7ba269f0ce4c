//! Checks for [`EntanglementSource`] implementers.

use crate::conformance::violation::Violation;
use crate::entanglement_source::{Alignment, EntanglementSource, SourceState};
use crate::error::{Error, ErrorKind};

/// Reads the source `readings` times, aligns it and reads it once more: possible numbers, times in order, and an
/// alignment that holds. A source without an alignment hook answers `Unsupported` and passes.
///
/// # Errors
/// [`Violation::Source`] with the index of the reading; the alignment's answer counts as one. [`Violation::Driver`] when
/// a call fails.
pub fn check_source<S: EntanglementSource>(source: &mut S, readings: usize) -> Result<(), Violation> {
    let mut before_ps = i64::MIN;
    let mut check = |index, state: SourceState| {
        let violation = |rule| Err(Violation::Source { index, rule });
        if !(state.rate_hz.is_finite() && state.rate_hz >= 0.0) {
            return violation("the rate is negative or no number");
        }
        if state.visibility.is_some_and(|visibility| !(0.0..=1.0).contains(&visibility)) {
            return violation("the visibility is not between 0 and 1");
        }
        if state.time_ps < before_ps {
            return violation("the time lies before that of an earlier reading");
        }
        before_ps = state.time_ps;
        Ok(())
    };
    for index in 0..readings {
        check(index, source.state().map_err(Violation::driver("state"))?)?;
    }
    let aligned = match source.align() {
        Err(error) if error.kind() == ErrorKind::Unsupported => return Ok(()),
        answer => answer.map_err(Violation::driver("align"))?,
    };
    let after = source.state().map_err(Violation::driver("state"));
    for (index, state) in [(readings, Ok(aligned)), (readings + 1, after)] {
        let state = state?;
        check(index, state)?;
        if state.alignment != Alignment::Aligned {
            return Err(Violation::Source { index, rule: "an alignment that succeeded left it unaligned" });
        }
    }
    Ok(())
}
