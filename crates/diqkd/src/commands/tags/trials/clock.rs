//! The clock of the second station, from common events or as given.

use std::path::Path;

use clap::Args;
use diqkd_timetag::sync::{AcquireOptions, ClockFit, Lock, Tracker, acquire};
use serde_json::{Value, json};

use super::rule::Rule;
use crate::answer::{Failure, number};
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
        let reference = reading.times(a, |channel| rule.a.common.contains(&channel))?;
        let local = reading.times(b, |channel| rule.b.common.contains(&channel))?;
        let options = AcquireOptions {
            max_offset_ps: self.max_offset_ps,
            max_drift_ppb: self.max_drift_ppb,
            ..AcquireOptions::default()
        };
        let failed = |e| {
            Failure::because(
                "the clocks of the two recordings can't be matched; --max-offset-ps and --max-drift-ppb widen the search",
                e,
            )
        };
        let fit = acquire(&reference, &local, &options).map_err(failed)?;
        let span_ps = reference.last().zip(reference.first()).map_or(0, |(last, first)| last - first);
        if fit.span_ps as f64 >= WHOLE * span_ps as f64 {
            return Ok(Clock::line(fit));
        }
        let first = acquire(
            &reference[..ACQUISITION.min(reference.len())],
            &local[..(2 * ACQUISITION).min(local.len())],
            &options,
        );
        Clock::followed(first.map_err(failed)?, &reference, &local)
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

    /// Follows a clock that one line does not describe.
    fn followed(fit: ClockFit, reference: &[i64], local: &[i64]) -> Result<Self, Failure> {
        let mut tracker = Tracker::new(&fit);
        let mut pieces = vec![(tracker.newest_local_ps(), tracker.clone())];
        let start = reference.partition_point(|&time| time <= fit.anchor_reference_ps);
        for sample in reference[start..].chunks(SAMPLE) {
            let (Some(&first), Some(&last)) = (sample.first(), sample.last()) else { break };
            let place = |time: i64| local.partition_point(|&local| tracker.to_reference_ps(local) < time);
            let near = &local[place(first - MARGIN_PS)..place(last + MARGIN_PS)];
            if tracker.update(sample, near).lock == Lock::Lost {
                return Err(Failure::new(format!(
                    "the second station's clock was lost near {first} ps of the first one's; it jumps or runs too \
                     unevenly"
                )));
            }
            pieces.push((tracker.newest_local_ps(), tracker.clone()));
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
