//! `diqkd report`: what a site has done in a day, a week or a month, from the logs of its node.

mod calendar;
mod document;
mod figures;
mod findings;
mod journal;
mod keys;
mod line;
mod object;
mod page;
mod pictures;

use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::Args;

use crate::answer::{Answer, Failure};
use crate::picture::PictureFile;
use calendar::{Every, Span, Time, Window};
use document::Document;
use findings::Findings;

/// What a site did in a period: blocks, S and error rate with their course, key bits, aborts, alarms, keys.
///
/// The same logs give the same bytes, in any order and with overlaps; nothing of today's date is in a report.
#[derive(Debug, Args)]
pub(crate) struct Report {
    /// Logs of one site, as `diqkd node --log json` writes them on standard error; rotated ones together, `-` for standard input.
    #[arg(required = true, value_name = "LOG")]
    logs: Vec<PathBuf>,
    /// Key store of a source, to verify and count; its node must not be running.
    #[arg(long = "store", value_name = "FOLDER")]
    stores: Vec<PathBuf>,
    /// A day 2026-11-26, a week 2026-W48, a month 2026-11 or a year 2026, in UTC; default: all that the logs hold.
    #[arg(long, value_name = "PERIOD", conflicts_with_all = ["from", "to"])]
    period: Option<Span>,
    /// Begin here: a date, or 2026-11-26T14:00:00Z.
    #[arg(long, value_name = "TIME")]
    from: Option<Time>,
    /// End before this.
    #[arg(long, value_name = "TIME")]
    to: Option<Time>,
    /// What a row of the tables stands for; default: what fits the period.
    #[arg(long, value_name = "LENGTH")]
    every: Option<Every>,
    /// Write the report, with its pictures, as .md or .html instead of printing it.
    #[arg(long, value_name = "FILE")]
    out: Option<PageFile>,
    /// Draw S against time, or key bits where the logs have no S; .svg or .png.
    #[arg(long, value_name = "FILE")]
    plot: Option<PictureFile>,
}

/// A file whose name says which form the report has; checked before any work is done.
#[derive(Clone, Debug)]
struct PageFile {
    path: PathBuf,
    form: Form,
}

#[derive(Clone, Copy, Debug)]
enum Form {
    Markdown,
    Html,
}

impl FromStr for PageFile {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let path = PathBuf::from(name);
        let ending = path.extension().and_then(|ending| ending.to_str()).map(str::to_ascii_lowercase);
        let form = match ending.as_deref() {
            Some("md") => Form::Markdown,
            Some("html" | "htm") => Form::Html,
            _ => return Err("expected a name that ends in .md or .html".to_owned()),
        };
        Ok(Self { path, form })
    }
}

impl Report {
    pub(crate) fn run(self) -> Result<Answer, Failure> {
        let findings = Findings::gather(&self.logs, &self.stores, self.window()?, self.every)?;
        if let Some(picture) = &self.plot {
            let (sources, origin) = (findings.by_source(), findings.origin());
            let figure = pictures::chsh(&sources, origin, findings.every)
                .or_else(|| pictures::key_bits(&sources, origin, findings.every))
                .ok_or_else(|| Failure::new("no block ended in this period, so there is nothing to draw"))?;
            picture.write(&figure)?;
        }
        let document = page::document(&findings);
        let text = match &self.out {
            Some(file) => {
                write(&document, file)?;
                format!("wrote {}", file.path.display())
            }
            None => document.text(),
        };
        Ok(Answer::new(text, object::object(&findings)))
    }

    fn window(&self) -> Result<Window, Failure> {
        if let Some(period) = self.period {
            return Ok(period.into());
        }
        if let (Some(from), Some(to)) = (self.from, self.to)
            && from >= to
        {
            let what = format!("--from {from} is not before --to {to}; exchange them");
            return Err(Failure::Usage { what, source: None });
        }
        Ok(Window { from: self.from, to: self.to })
    }
}

/// The report of a log, in all its forms.
#[cfg(fuzzing)]
pub(crate) fn fuzz(log: &Path) {
    let Ok(findings) = Findings::gather(&[log.to_path_buf()], &[], Window::default(), None) else { return };
    let document = page::document(&findings);
    assert!(!document.text().is_empty() && object::object(&findings).is_object());
    document.html().expect("pictures of any findings");
    document.markdown("report").expect("pictures of any findings");
}

fn write(document: &Document, file: &PageFile) -> Result<(), Failure> {
    let undrawn = |error| Failure::because(format!("{}: no pictures", file.path.display()), error);
    match file.form {
        Form::Html => save(&file.path, &document.html().map_err(undrawn)?),
        Form::Markdown => {
            let stem =
                file.path.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
            let written = document.markdown(&stem).map_err(undrawn)?;
            for (name, picture) in &written.pictures {
                save(&file.path.with_file_name(name), picture)?;
            }
            save(&file.path, &written.page)
        }
    }
}

fn save(path: &Path, text: &str) -> Result<(), Failure> {
    std::fs::write(path, text).map_err(|error| {
        let what = format!("can't write {}; check that its folder exists and may be written", path.display());
        Failure::because(what, error)
    })
}
