//! `diqkd tags dump`: tags as CSV.

use std::io::{BufWriter, Read, Write};
use std::path::PathBuf;

use clap::Args;
use diqkd_timetag::formats::{Fault, TagSink};

use super::reading::{Reading, channel_name};
use crate::answer::{Answer, Failure};
use crate::console::Console;
use crate::input::Input;

#[derive(Debug, Args)]
pub(crate) struct Dump {
    /// The recording; `-` is standard input.
    file: PathBuf,
    /// Stop after this many tags.
    #[arg(long, value_name = "N")]
    limit: Option<u64>,
    #[command(flatten)]
    reading: Reading,
}

impl Dump {
    /// CSV, or with `--json` one object whose `tags` are pairs of time and channel. Markers are written with their
    /// bits and an `m` before: `m3`, falling edges with a minus sign: `-3`.
    pub(crate) fn run(self, console: &Console) -> Result<Answer, Failure> {
        let mut input = Input::open(&self.file)?;
        let form = if console.is_json() { Form::Json } else { Form::Csv };
        let mut rows = Rows {
            out: BufWriter::new(std::io::stdout().lock()),
            form,
            count: 0,
            left: self.limit.unwrap_or(u64::MAX),
            written: Ok(()),
            fault: None,
        };
        rows.written = match form {
            Form::Csv => writeln!(rows.out, "time_ps,channel"),
            Form::Json => write!(rows.out, "{{\"tags\":["),
        };
        let named = |what: &str| format!("{}: {what}", self.file.display());
        // A source that claims its end stops the reader once the limit is reached.
        let done = std::cell::Cell::new(rows.left == 0);
        let recording = self.reading.read_from(
            &self.file,
            |buffer| if done.get() { Ok(0) } else { input.read(buffer) },
            &mut Limited { rows: &mut rows, done: &done },
        )?;
        let end = if form == Form::Json { "]}\n" } else { "" };
        rows.written
            .and_then(|()| write!(rows.out, "{end}"))
            .and_then(|()| rows.out.flush())
            .map_err(|e| Failure::because("can't write the tags", e))?;
        match recording.fatal.or(rows.fault).filter(|_| rows.left > 0) {
            Some(fault) => {
                Err(Failure::because(named("the recording is damaged; the tags before are written"), fault))
            }
            None => Ok(Answer::printed()),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Csv,
    Json,
}

struct Rows<W: Write> {
    out: W,
    form: Form,
    count: u64,
    left: u64,
    written: std::io::Result<()>,
    fault: Option<Fault>,
}

struct Limited<'a, W: Write> {
    rows: &'a mut Rows<W>,
    done: &'a std::cell::Cell<bool>,
}

impl<W: Write> TagSink for Limited<'_, W> {
    fn tags(&mut self, time_ps: &[i64], channel: &[u16]) {
        for (time, channel) in time_ps.iter().zip(channel) {
            if self.rows.left == 0 || self.rows.written.is_err() {
                self.done.set(true);
                return;
            }
            let channel = channel_name(*channel);
            let comma = if self.rows.count == 0 { "" } else { "," };
            self.rows.written = match self.rows.form {
                Form::Csv => writeln!(self.rows.out, "{time},{channel}"),
                Form::Json => write!(self.rows.out, "{comma}[{time},\"{channel}\"]"),
            };
            self.rows.count += 1;
            self.rows.left -= 1;
        }
    }

    fn fault(&mut self, fault: &Fault) {
        self.rows.fault.get_or_insert(*fault);
    }
}
