//! `diqkd tags info`: counts of a recording, as far as it can be read.

use std::path::PathBuf;

use clap::Args;
use diqkd_timetag::formats::{Epoch, FaultKind, RecordType, SYNC_INPUT, TagSummary};
use serde_json::{Map, Value, json};

use super::reading::{Reading, channel_name};
use crate::answer::{Answer, Failure, number};

#[derive(Debug, Args)]
pub(crate) struct Info {
    /// The recording; `-` is standard input.
    file: PathBuf,
    #[command(flatten)]
    reading: Reading,
}

impl Info {
    pub(crate) fn run(self) -> Result<Answer, Failure> {
        let mut summary = TagSummary::default();
        let recording = self.reading.read(&self.file, &mut summary)?;
        summary.complete(&recording);
        if let (None, Some(fault)) = (summary.format, summary.fatal) {
            let what = match fault.kind {
                FaultKind::UnknownFormat => "not a recording",
                _ => "the header can't be read",
            };
            return Err(Failure::because(format!("{}: {what}", self.file.display()), fault));
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
        summary.channels.iter().map(|(channel, count)| (channel_name(*channel), json!(count))).collect();
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
        "lost": summary.lost,
        "channels": channels,
        "channel_numbering": summary.record_type.map(numbering),
        "sync_channel": summary.record_type.filter(|r| has_sync_input(*r)).map(|_| SYNC_INPUT),
        "first_ps": summary.first_ps,
        "last_ps": summary.last_ps,
        "sum_ps_mod_2_64": summary.sum_ps_mod_2_64.to_string(),
        "resolution_ps": number(summary.resolution_ps),
        "epoch": summary.format.map(|format| match format.epoch() {
            Epoch::RecordingStart => "start of the recording",
            _ => "the clock of the device",
        }),
        "truncated": summary.truncated,
        "errors": errors,
        "error_count": summary.error_count,
    })
}

/// What the numbers of channels mean.
fn numbering(record_type: RecordType) -> &'static str {
    match record_type {
        _ if has_sync_input(record_type) => "the code in the record: inputs from 0, 64 the sync input",
        RecordType::Timestamp7 | RecordType::Card49 => {
            "the detector pattern: a sum of 1, 2, 4, 8 where detectors fired together"
        }
        RecordType::Spc130 | RecordType::Spc600x256 | RecordType::Spc600x4096 => {
            "the routing bits in the record, from 0"
        }
        RecordType::SwabianTag => "as the device counts, from 1; negative for falling edges",
        RecordType::QuTag | RecordType::Nist | RecordType::PhotonHdf5 | RecordType::ParquetRow => {
            "the number in the record"
        }
        _ => "the code in the record",
    }
}

/// T2 records of the HydraHarp and later devices hold events of the sync input.
fn has_sync_input(record_type: RecordType) -> bool {
    matches!(
        record_type,
        RecordType::HydraHarpV1T2
            | RecordType::HydraHarpV2T2
            | RecordType::TimeHarp260NT2
            | RecordType::TimeHarp260PT2
            | RecordType::GenericT2
    )
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
    if summary.lost > 0 {
        lines.push(format!("lost        {} tags, says the device", summary.lost));
    }
    for (channel, count) in &summary.channels {
        lines.push(format!("channel {:<3} {count}", channel_name(*channel)));
    }
    if let Some(record_type) = summary.record_type {
        lines.push(format!("            channels are {}", numbering(record_type)));
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
