//! The clock of the second station, from common events or as given.

use std::path::Path;

use clap::Args;
use diqkd_timetag::sync::{AcquireOptions, ClockFit, Lock, Tracker, acquire};
use serde_json::{Value, json};

use super::rule::Rule;
use crate::answer::{Failure, number};
use crate::commands::tags::events::{Events, side_by_side};
use crate::commands::tags::reading::Reading;

#[derive(Debug, Args)]
pub(crate) struct ClockArgs {
    /// What the second station's clock shows more than the first one's when that shows 0; with --drift-ppb instead of
    /// clock recovery.
    #[arg(long, value_name = "PS", requires = "drift_ppb", allow_hyphen_values = true)]
    offset_ps: Option<i64>,
    /// By how much the second station's clock is fast.
    #[arg(long, value_name = "PPB", requires = "offset_ps", allow_hyphen_values = true)]
    drift_ppb: Option<f64>,
    /// Greatest offset searched, ps.
    #[arg(long, value_name = "PS", default_value_t = 1_000_000_000_000)]
    max_offset_ps: i64,
    /// Greatest drift searched, ppb.
    #[arg(long, value_name = "PPB", default_value_t = 122_000.0)]
    max_drift_ppb: f64,
}

/// How the second station's clock runs.
#[derive(Debug)]
pub(super) struct Clock {
    fit: ClockFit,
    recovered: bool,
    /// Pieces of the recording, each up to a local time; the last one holds from there on.
    pieces: Vec<(i64, Tracker)>,
}

/// Events of each recording among which one line is sought for all of it; longer recordings are followed from their beginning.
const SEARCHED: usize = 1 << 20;
/// Events by which the clock is acquired and then followed, where one line does not hold.
const ACQUISITION: usize = 1 << 16;
const SAMPLE: usize = 1 << 12;
/// Share of the recording that one line has to cover to hold for all of it.
const WHOLE: f64 = 0.9;

impl ClockArgs {
    /// Finds the clock from the events that both stations saw.
    pub(super) fn find(&self, reading: &Reading, a: &Path, b: &Path, rule: &Rule) -> Result<Clock, Failure> {
        if let (Some(offset_ps), Some(drift_ppb)) = (self.offset_ps, self.drift_ppb) {
            return Ok(Clock::given(offset_ps, drift_ppb));
        }
        let options = AcquireOptions {
            max_offset_ps: self.max_offset_ps,
            max_drift_ppb: self.max_drift_ppb,
            ..AcquireOptions::default()
        };
        let wanted_a = |channel| rule.a.common.contains(&channel);
        let wanted_b = |channel| rule.b.common.contains(&channel);
        side_by_side(reading, [(a, &wanted_a), (b, &wanted_b)], |reference, local| {
            reference.read_up_to(SEARCHED);
            local.read_up_to(SEARCHED);
            Clock::of(reference, local, &options)
        })?
    }
}

#[cfg(fuzzing)]
impl ClockArgs {
    pub(super) fn fuzz(offset_ps: i64) -> Self {
        let (max_offset_ps, max_drift_ppb) = (0, 0.0);
        Self { offset_ps: Some(offset_ps), drift_ppb: Some(0.0), max_offset_ps, max_drift_ppb }
    }
}

impl Clock {
    fn given(offset_ps: i64, drift_ppb: f64) -> Self {
        let fit = ClockFit {
            offset_ps,
            drift_ppb,
            peak_significance: f64::INFINITY,
            residual_rms_ps: 0.0,
            pairs: 0,
            share: 1.0,
            anchor_reference_ps: 0,
            anchor_local_ps: offset_ps,
            span_ps: 0,
        };
        Self { recovered: false, ..Self::line(fit) }
    }

    fn line(fit: ClockFit) -> Self {
        Self { pieces: vec![(i64::MAX, Tracker::new(&fit))], recovered: true, fit }
    }

    /// The clock of the recordings whose first events are at hand.
    fn of(reference: &mut Events, local: &mut Events, options: &AcquireOptions) -> Result<Self, Failure> {
        let acquired = |reference: &[i64], local: &[i64]| {
            acquire(reference, local, options).map_err(|e| {
                Failure::because(
                    "the clocks of the two recordings can't be matched; --max-offset-ps and --max-drift-ppb widen the \
                     search",
                    e,
                )
            })
        };
        if reference.has_ended() && local.has_ended() {
            let times = reference.times();
            let fit = acquired(times, local.times())?;
            let span_ps = times.last().zip(times.first()).map_or(0, |(last, first)| last - first);
            if fit.span_ps as f64 >= WHOLE * span_ps as f64 {
                return Ok(Self::line(fit));
            }
        }
        let times = &reference.times()[..ACQUISITION.min(reference.times().len())];
        let latest = times
            .last()
            .map_or(0, |last| last.saturating_add(options.max_offset_ps).saturating_add(MARGIN_PS));
        let near = local.times().partition_point(|&local| local <= latest);
        let fit = acquired(times, &local.times()[..near])?;
        Self::followed(fit, reference, local)
    }

    /// Follows a clock that one line does not describe, and forgets the events on the way.
    fn followed(fit: ClockFit, reference: &mut Events, local: &mut Events) -> Result<Self, Failure> {
        let mut tracker = Tracker::new(&fit);
        let mut pieces = vec![(tracker.newest_local_ps(), tracker.clone())];
        reference.forget(reference.times().partition_point(|&time| time <= fit.anchor_reference_ps));
        loop {
            reference.read_up_to(SAMPLE);
            let sample = &reference.times()[..SAMPLE.min(reference.times().len())];
            let (Some(&first), Some(&last)) = (sample.first(), sample.last()) else { break };
            let is_before = |time: i64, local: i64| tracker.to_reference_ps(local) < time;
            while local.times().last().is_none_or(|&newest| is_before(last + MARGIN_PS, newest))
                && local.read_on()
            {}
            let place = |time: i64| local.times().partition_point(|&local| is_before(time, local));
            let (start, end) = (place(first - MARGIN_PS), place(last + MARGIN_PS));
            if tracker.update(sample, &local.times()[start..end]).lock == Lock::Lost {
                return Err(Failure::new(format!(
                    "the second station's clock was lost near {first} ps of the first one's; it jumps or runs too \
                     unevenly"
                )));
            }
            pieces.push((tracker.newest_local_ps(), tracker.clone()));
            let done = sample.len();
            reference.forget(done);
            local.forget(start);
        }
        if let Some(last) = pieces.last_mut() {
            last.0 = i64::MAX;
        }
        Ok(Self { fit, recovered: true, pieces })
    }

    /// A local time on the reference clock, ps.
    pub(super) fn to_reference_ps(&self, local_ps: i64) -> i64 {
        let piece = self.pieces.partition_point(|&(until, _)| until < local_ps);
        self.pieces.get(piece).map_or(local_ps, |(_, tracker)| tracker.to_reference_ps(local_ps))
    }

    pub(super) fn json(&self) -> Value {
        json!({
            "recovered": self.recovered,
            "offset_ps": self.fit.offset_ps,
            "drift_ppb": self.fit.drift_ppb,
            "residual_rms_ps": self.fit.residual_rms_ps,
            "peak_significance": number(Some(self.fit.peak_significance)),
            "pieces": self.pieces.len(),
        })
    }
}

/// By how much the clock may be off the prediction of the last sample.
const MARGIN_PS: i64 = 100_000_000;
