//! `diqkd tags index`: where the times of a recording stand in it.

use std::io::Read;
use std::path::{Path, PathBuf};

use clap::Args;
use diqkd_timetag::formats::TimeIndex;
use serde_json::json;

use super::reading::Reading;
use crate::answer::{Answer, Failure};
use crate::input::Input;

#[derive(Debug, Args)]
pub(crate) struct Index {
    /// The recording. The index is written beside it, with `.index` added to its name.
    file: PathBuf,
    /// Records from one mark to the next.
    #[arg(long, value_name = "N", default_value_t = TimeIndex::SPACING, value_parser = clap::value_parser!(u64).range(1..))]
    spacing: u64,
    #[command(flatten)]
    reading: Reading,
}

impl Index {
    pub(crate) fn run(self) -> Result<Answer, Failure> {
        let named = |what: &str| format!("{}: {what}", self.file.display());
        if self.reading.resync {
            return Err(Failure::new(named(
                "an index can't skip damage; read the recording with `tags dump --resync` and without one",
            )));
        }
        let mut input = Input::open(&self.file)?;
        let index = TimeIndex::build(self.reading.format, self.spacing, |buffer| input.read(buffer))
            .map_err(|e| Failure::because(named("reading failed"), e))?;
        let Some((first_ps, last_ps)) = index.span_ps() else {
            return Err(Failure::new(named(
                "there are no tags to index, or the format is not recognised; `tags info` says which",
            )));
        };
        let out = path_beside(&self.file);
        std::fs::write(&out, index.encode()).map_err(|e| {
            Failure::because(format!("can't write {}; check the folder's permissions", out.display()), e)
        })?;
        Ok(Answer::new(
            format!("{}: {} marks for {} records", out.display(), index.marks(), index.records()),
            json!({
                "out": out,
                "marks": index.marks(),
                "records": index.records(),
                "least_ps": first_ps,
                "greatest_ps": last_ps,
            }),
        ))
    }
}

/// The index of a recording, if there is one. Not for resynchronised readings, whose tags are others.
pub(super) fn beside(file: &Path, reading: &Reading) -> Result<Option<TimeIndex>, Failure> {
    let path = path_beside(file);
    if reading.resync || file == Path::new("-") || !path.exists() {
        return Ok(None);
    }
    let bytes = Input::open(&path)?.read_limited(TimeIndex::MOST_BYTES as u64, "an index")?;
    let index = TimeIndex::decode(&bytes)
        .map_err(|e| Failure::because(format!("{}: remove the file or make it anew", path.display()), e))?;
    Ok(Some(index))
}

fn path_beside(file: &Path) -> PathBuf {
    let mut path = file.as_os_str().to_owned();
    path.push(".index");
    path.into()
}
