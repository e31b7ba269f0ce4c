//! `diqkd tags dump`: tags as CSV.

use std::fs::File;
use std::io::{BufWriter, Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::PathBuf;

use clap::Args;
use diqkd_timetag::formats::{Fault, TagSink};

use super::index;
use super::reading::{Reading, channel_name};
use crate::answer::{Answer, Failure};
use crate::console::Console;
use crate::input::Input;

#[derive(Debug, Args)]
pub(crate) struct Dump {
    /// The recording; `-` is standard input.
    file: PathBuf,
    /// Only tags at this time or later, ps. With an index (`diqkd tags index`), what lies before is not read.
    #[arg(long, value_name = "A", allow_hyphen_values = true)]
    from_ps: Option<i64>,
    /// Only tags before this time, ps.
    #[arg(long, value_name = "B", allow_hyphen_values = true)]
    to_ps: Option<i64>,
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
        let range = self.from_ps.unwrap_or(i64::MIN)..self.to_ps.unwrap_or(i64::MAX);
        let all = self.from_ps.is_none() && self.to_ps.is_none();
        let index = if all { None } else { index::beside(&self.file, &self.reading)? };
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
        let mut sink = Limited { rows: &mut rows, done: &done, range: (!all).then_some(range.clone()) };
        let fatal = match index {
            Some(index) => {
                let file =
                    File::open(&self.file).map_err(|e| Failure::because(named("can't be opened"), e))?;
                let source =
                    |at, buffer: &mut [u8]| if done.get() { Ok(0) } else { read_at(&file, at, buffer) };
                index
                    .read_range(range, source, &mut sink)
                    .map_err(|e| Failure::because(named("can't be read by its index"), e))?
                    .fatal
            }
            None => {
                let source = |buffer: &mut [u8]| if done.get() { Ok(0) } else { input.read(buffer) };
                self.reading.read_from(&self.file, source, &mut sink)?.fatal
            }
        };
        let end = if form == Form::Json { "]}\n" } else { "" };
        rows.written
            .and_then(|()| write!(rows.out, "{end}"))
            .and_then(|()| rows.out.flush())
            .map_err(|e| Failure::because("can't write the tags", e))?;
        match fatal.or(rows.fault).filter(|_| rows.left > 0) {
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
    range: Option<Range<i64>>,
}

fn read_at(mut file: &File, at: u64, buffer: &mut [u8]) -> std::io::Result<usize> {
    file.seek(SeekFrom::Start(at))?;
    file.read(buffer)
}

impl<W: Write> TagSink for Limited<'_, W> {
    fn tags(&mut self, time_ps: &[i64], channel: &[u16]) {
        for (time, channel) in time_ps.iter().zip(channel) {
            if self.range.as_ref().is_some_and(|range| !range.contains(time)) {
                continue;
            }
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
