//! `diqkd tags trials`: a trial table from the recordings of two stations and a slot rule.
//!
//! The rule is a file that was fixed before the data (see [`rule`]); it is repeated at the head of the table. The
//! clock of the second station is put on that of the first from common events, each station's tags become trials by
//! its own side of the rule, and the rounds that both have are joined. Nothing is dropped because of an outcome.

mod clock;
mod join;
mod output;
mod rule;
mod station;

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::reading::Reading;
use crate::answer::{Answer, Failure};
use clock::ClockArgs;
use rule::Rule;

#[derive(Debug, Args)]
pub(crate) struct Trials {
    /// The recording of the first station; its clock is the reference.
    a: PathBuf,
    /// The recording of the second station.
    b: PathBuf,
    /// The slot rule, a JSON file: station, epoch_ps, slot_period_ps, setting_window_ps, detection_window_ps, no_click,
    /// multi_click, and for a and b the channels of heralds, settings and detectors; see the documentation.
    #[arg(long, value_name = "FILE")]
    rule: PathBuf,
    /// The trial table, CSV with the header round,x,y,a,b,herald.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Also write the counts, CSV with the header x,y,a,b,n, as `diqkd bell` reads it.
    #[arg(long, value_name = "FILE")]
    counts: Option<PathBuf>,
    #[command(flatten)]
    clock: ClockArgs,
    #[command(flatten)]
    reading: Reading,
}

/// Trials of two equal recordings of a quTAU by a rule, or what is wrong.
#[cfg(fuzzing)]
pub(crate) fn fuzz(rule: PathBuf, recording: &std::path::Path, offset_ps: i64) {
    let (a, b) = (recording.to_path_buf(), recording.to_path_buf());
    let reading = Reading { format: Some(diqkd_timetag::formats::Format::QuTau), resync: false };
    let clock = ClockArgs::fuzz(offset_ps);
    let _ = Trials { a, b, rule, out: "/dev/null".into(), counts: None, clock, reading }.run();
}

impl Trials {
    pub(crate) fn run(self) -> Result<Answer, Failure> {
        let rule = Rule::load(&self.rule)?;
        let clock = self.clock.find(&self.reading, &self.a, &self.b, &rule)?;
        let a = station::read(&self.reading, &self.a, &rule.a, None)?;
        let b = station::read(&self.reading, &self.b, &rule.b, Some(&clock))?;
        let joined = output::table(&self.out, &rule, &a, &b)?;
        if let Some(path) = &self.counts {
            output::counts(path, &joined)?;
        }
        let discarded = a.report.discards.total() + b.report.discards.total() + joined.only_a + joined.only_b;
        let counts: Vec<_> = joined
            .cells
            .iter()
            .map(|([x, y, a, b], n)| json!({ "x": x, "y": y, "a": a, "b": b, "n": n }))
            .collect();
        let text = format!(
            "{} trials; {discarded} rounds discarded by the rule, {} of them seen by one station only",
            joined.trials,
            joined.only_a + joined.only_b,
        );
        Ok(Answer::new(
            text,
            json!({
                "trials": joined.trials,
                "discarded_by_rule": discarded,
                "discards": {
                    "a": output::discards(&a.report),
                    "b": output::discards(&b.report),
                    "only_a": joined.only_a,
                    "only_b": joined.only_b,
                },
                "stations": { "a": output::station(&a.report), "b": output::station(&b.report) },
                "clock": clock.json(),
                "counts": counts,
                "out": self.out,
            }),
        ))
    }
}
