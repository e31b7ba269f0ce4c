//! `diqkd tags info`: counts of a recording, as far as it can be read.

use std::io::Read;
use std::path::PathBuf;

use clap::Args;
use diqkd_timetag::formats::{TagSummary, read_all};
use serde_json::{Map, Value, json};

use crate::answer::{Answer, Failure, number};
use crate::input::Input;

#[derive(Debug, Args)]
pub(crate) struct Info {
    /// The recording; `-` is standard input.
    file: PathBuf,
}

impl Info {
    pub(crate) fn run(self) -> Result<Answer, Failure> {
        let mut input = Input::open(&self.file)?;
        let mut summary = TagSummary::default();
        let recording = read_all(|buffer| input.read(buffer), &mut summary)
            .map_err(|e| Failure::because(format!("{}: reading failed", self.file.display()), e))?;
        summary.complete(&recording);
        if let (None, Some(fault)) = (summary.format, summary.fatal) {
            return Err(Failure::because(format!("{}: not a recording", self.file.display()), fault));
        }
        let answer = Answer::new(text(&summary), json(&summary));
        Ok(match summary.fatal {
            Some(fault) => answer.with_failure(format!("{}: {fault}", self.file.display())),
            None => answer,
        })
    }
}

fn json(summary: &TagSummary) -> Value {
    let channels: Map<String, Value> =
        summary.channels.iter().map(|(channel, count)| (channel.to_string(), json!(count))).collect();
    let errors: Vec<Value> =
        summary.errors.iter().map(|e| json!({ "offset": e.offset, "what": e.kind.to_string() })).collect();
    json!({
        "format": summary.format.map(|f| f.name()),
        "record_type": summary.record_type.map(|r| r.name()),
        "verified_against_sample": summary.format.map(|f| f.is_verified()),
        "records": summary.records,
        "photons": summary.photons,
        "overflows": summary.overflows,
        "markers": summary.markers,
        "channels": channels,
        "first_ps": summary.first_ps,
        "last_ps": summary.last_ps,
        "sum_ps_mod_2_64": summary.sum_ps_mod_2_64.to_string(),
        "resolution_ps": number(summary.resolution_ps),
        "truncated": summary.truncated,
        "errors": errors,
        "error_count": summary.error_count,
    })
}

fn text(summary: &TagSummary) -> String {
    let name = |name: Option<&'static str>| name.unwrap_or("unknown");
    let mut lines = vec![
        format!("format      {}", name(summary.format.map(|f| f.name()))),
        format!("records     {} of type {}", summary.records, name(summary.record_type.map(|r| r.name()))),
        format!("photons     {}", summary.photons),
        format!("overflows   {}", summary.overflows),
        format!("markers     {}", summary.markers),
    ];
    if summary.format.is_some_and(|format| !format.is_verified()) {
        lines.push("            this layout has not been checked against a real sample".to_owned());
    }
    for (channel, count) in &summary.channels {
        lines.push(format!("channel {channel:<3} {count}"));
    }
    if let (Some(first), Some(last)) = (summary.first_ps, summary.last_ps) {
        lines.push(format!("times       {first} ps to {last} ps"));
    }
    if let Some(resolution) = summary.resolution_ps {
        lines.push(format!("resolution  {resolution} ps"));
    }
    if summary.truncated {
        lines.push("truncated   yes: the last record is incomplete or records are missing".to_owned());
    }
    for fault in &summary.errors {
        lines.push(format!("error       {fault}"));
    }
    if summary.error_count > summary.errors.len() as u64 {
        lines.push(format!("            {} errors in all", summary.error_count));
    }
    lines.join("\n")
}
