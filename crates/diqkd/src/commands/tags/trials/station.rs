//! One station's tags to its trials.

use std::collections::VecDeque;
use std::path::Path;

use diqkd_core::LocalTable;
use diqkd_timetag::formats::{Fault, FaultKind, TagSink};
use diqkd_timetag::slot::{SlotError, SlotReport, Slotter};

use super::clock::Clock;
use super::rule::Side;
use crate::answer::Failure;
use crate::commands::tags::reading::Reading;

/// What a station recorded.
pub(super) struct Station {
    pub(super) table: LocalTable,
    pub(super) report: SlotReport,
}

/// Reads a recording as trials, on the reference clock if one is given.
pub(super) fn read(
    reading: &Reading,
    path: &Path,
    side: &Side,
    clock: Option<&Clock>,
) -> Result<Station, Failure> {
    let named = |what: &str| format!("{}: {what}", path.display());
    let slotter = Slotter::with_heralds(side.rule.clone(), &side.more_heralds)
        .map_err(|e| Failure::because(named("the rule contradicts itself"), e))?;
    let mut sink = Placed {
        slotter,
        clock,
        table: LocalTable::new(),
        pending: VecDeque::new(),
        fault: None,
        wrong: None,
    };
    let recording = reading.read(path, &mut sink)?;
    let Placed { mut slotter, mut table, pending, fault, mut wrong, .. } = sink;
    if let Some(fault) = recording.fatal.or(fault) {
        let what = named(
            "the recording is damaged; rounds that it hides could depend on outcomes, so it makes no trials",
        );
        return Err(Failure::because(what, fault));
    }
    for (time, channel) in pending {
        if wrong.is_none() {
            wrong = slotter.push(&[time], &[channel], &mut table).err();
        }
    }
    let finished = match wrong {
        Some(error) => Err(error),
        None => slotter.finish(&mut table),
    };
    let report = finished.map_err(|e| Failure::because(named("the tags contradict the rule"), e))?;
    Ok(Station { table, report })
}

struct Placed<'a> {
    slotter: Slotter,
    clock: Option<&'a Clock>,
    table: LocalTable,
    /// Tags in order of time whose predecessors may still come: markers may lie slightly out of order.
    pending: VecDeque<(i64, u16)>,
    fault: Option<Fault>,
    wrong: Option<SlotError>,
}

/// By how much a marker may come late in the file: marker inputs have a resolution of some tens of nanoseconds.
const LATE_PS: i64 = 1_000_000;

impl TagSink for Placed<'_> {
    fn tags(&mut self, time_ps: &[i64], channel: &[u16]) {
        for (&time, &channel) in time_ps.iter().zip(channel) {
            let time = self.clock.map_or(time, |clock| clock.to_reference_ps(time));
            let place = self.pending.iter().rposition(|&(earlier, _)| earlier <= time).map_or(0, |i| i + 1);
            self.pending.insert(place, (time, channel));
            while self.wrong.is_none()
                && let Some(&(first, channel)) = self.pending.front()
                && first < time.saturating_sub(LATE_PS)
            {
                self.pending.pop_front();
                self.wrong = self.slotter.push(&[first], &[channel], &mut self.table).err();
            }
        }
    }

    fn fault(&mut self, fault: &Fault) {
        // A recording that ends early is whole up to there, and photons a little out of order are put in order.
        let harmless = match fault.kind {
            FaultKind::RecordCount { .. } | FaultKind::TruncatedRecord { .. } => true,
            FaultKind::TimeBackwards { previous_ps, time_ps } => {
                time_ps.abs_diff(previous_ps) <= LATE_PS.unsigned_abs()
            }
            _ => false,
        };
        if !harmless {
            self.fault.get_or_insert(*fault);
        }
    }
}
