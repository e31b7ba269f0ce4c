//! The trial table and what is said about it.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use diqkd_timetag::slot::SlotReport;
use serde_json::{Value, json};

use super::join::JoinedTrial;
use super::rule::Rule;
use crate::answer::Failure;

/// Writes the trial table: lines of `#` with the rule, the header `round,x,y,a,b,herald`, one trial a line. Outcome 0
/// stands for +1; `round` is the slot on the reference clock.
pub(super) fn table(path: &Path, rule: &Rule, trials: &[JoinedTrial]) -> Result<(), Failure> {
    write(path, |out| {
        writeln!(out, "# diqkd trial table 1")?;
        writeln!(out, "# rule {}", rule.text)?;
        writeln!(out, "round,x,y,a,b,herald")?;
        trials.iter().try_for_each(|JoinedTrial { trial, herald }| {
            let [x, y, a, b] = cell(trial);
            writeln!(out, "{},{x},{y},{a},{b},{herald}", trial.round)
        })
    })
}

/// Writes the counts with the header `x,y,a,b,n`.
pub(super) fn counts(path: &Path, trials: &[JoinedTrial]) -> Result<(), Failure> {
    write(path, |out| {
        writeln!(out, "x,y,a,b,n")?;
        cells(trials).try_for_each(|([x, y, a, b], n)| writeln!(out, "{x},{y},{a},{b},{n}"))
    })
}

/// Trials by settings and outcomes, without empty cells.
pub(super) fn cells(trials: &[JoinedTrial]) -> impl Iterator<Item = ([u8; 4], u64)> {
    let mut cells = BTreeMap::new();
    for JoinedTrial { trial, .. } in trials {
        *cells.entry(cell(trial)).or_insert(0) += 1;
    }
    cells.into_iter()
}

fn cell(trial: &diqkd_core::Trial) -> [u8; 4] {
    [trial.x.index(), trial.y.index(), u8::from(trial.a.bit()), u8::from(trial.b.bit())]
}

fn write(
    path: &Path,
    content: impl FnOnce(&mut BufWriter<Box<dyn Write>>) -> std::io::Result<()>,
) -> Result<(), Failure> {
    let failed = |e| Failure::because(format!("can't write {}", path.display()), e);
    let out: Box<dyn Write> = if path == Path::new("-") {
        Box::new(std::io::stdout().lock())
    } else {
        Box::new(File::create(path).map_err(failed)?)
    };
    let mut out = BufWriter::new(out);
    content(&mut out).and_then(|()| out.flush()).map_err(failed)
}

/// Heralds or slots of a station that made no trial, by reason.
pub(super) fn discards(report: &SlotReport) -> Value {
    let discards = &report.discards;
    json!({
        "before_epoch": discards.before_epoch,
        "near_edge": discards.near_edge,
        "second_in_slot": discards.second_in_slot,
        "overlapping": discards.overlapping,
        "open_at_end": discards.open_at_end,
        "invalid_setting": discards.invalid_setting,
    })
}

/// How a station's tags became trials.
pub(super) fn station(report: &SlotReport) -> Value {
    json!({
        "heralds": report.heralds,
        "trials": report.trials,
        "settings": report.settings,
        "no_click": report.no_click,
        "multi_click": report.multi_click,
        "repeated_clicks": report.repeated_clicks,
        "clicks_in_dead_time": report.clicks_in_dead_time,
        "clicks_outside_windows": report.clicks_outside_windows,
        "noise_hz": report.noise_hz(),
        "other_tags": report.other_tags,
        "settings_before_first_herald": report.settings_before_first_herald,
        "slots_without_setting": report.slots_without_setting,
    })
}
