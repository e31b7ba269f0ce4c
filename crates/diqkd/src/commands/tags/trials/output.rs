//! The trial table and what is said about it.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use diqkd_timetag::slot::SlotReport;
use serde_json::{Value, json};

use super::join::{Joined, join};
use super::rule::Rule;
use super::station::Station;
use crate::answer::Failure;

/// Joins both stations and writes the trial table: lines of `#` with the rule, the header `round,x,y,a,b,herald`, one
/// trial a line. Outcome 0 stands for +1; `round` is the slot on the reference clock.
pub(super) fn table(path: &Path, rule: &Rule, a: &Station, b: &Station) -> Result<Joined, Failure> {
    write(path, |out| {
        writeln!(out, "# diqkd trial table 1")?;
        writeln!(out, "# rule {}", rule.text)?;
        writeln!(out, "round,x,y,a,b,herald")?;
        join(a, b, |joined| {
            let [x, y, a, b] = joined.cell();
            writeln!(out, "{},{x},{y},{a},{b},{}", joined.trial.round, joined.herald)
        })
    })
}

/// Writes the counts with the header `x,y,a,b,n`.
pub(super) fn counts(path: &Path, joined: &Joined) -> Result<(), Failure> {
    write(path, |out| {
        writeln!(out, "x,y,a,b,n")?;
        joined.cells.iter().try_for_each(|([x, y, a, b], n)| writeln!(out, "{x},{y},{a},{b},{n}"))
    })
}

fn write<T>(
    path: &Path,
    content: impl FnOnce(&mut BufWriter<Box<dyn Write>>) -> std::io::Result<T>,
) -> Result<T, Failure> {
    let failed = |e| {
        Failure::because(
            format!("can't write {}; check that its folder exists and may be written", path.display()),
            e,
        )
    };
    let out: Box<dyn Write> = if path == Path::new("-") {
        Box::new(std::io::stdout().lock())
    } else {
        Box::new(File::create(path).map_err(failed)?)
    };
    let mut out = BufWriter::new(out);
    let written = content(&mut out).map_err(failed)?;
    out.flush().map_err(failed)?;
    Ok(written)
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
