//! The three kinds of input of `diqkd bell`, told apart by their first line.

use std::io::{BufRead, BufReader, Read};
use std::num::NonZeroU64;
use std::path::Path;

use diqkd_bell::{Counts, CountsCsv, Run, RunTrial, Shape, TrialsCsv, TrialsCsvError, Windows};
use diqkd_timetag::formats::recognise;

use super::event_ready::{self, Event};
use crate::answer::Failure;
use crate::input::Input;

/// What was read.
pub(super) struct Data {
    /// `counts`, `trials` or `event-ready`.
    pub(super) format: &'static str,
    pub(super) counts: Counts,
    /// The trials in order, unless only counts were given.
    pub(super) run: Option<Run>,
    /// Windows of a run, the last one perhaps shorter.
    pub(super) windows: Option<Vec<Counts>>,
    /// Events of the herald, of which the trials are those where both stations were ready.
    pub(super) event_ready: Option<u64>,
}

/// What is wanted of trials in order.
#[derive(Clone, Copy)]
pub(super) struct Choice {
    /// Only the trials of this kind of herald.
    pub(super) herald: Option<u8>,
    /// Windows of this many trials.
    pub(super) window: Option<NonZeroU64>,
}

/// Reads the whole input.
pub(super) fn read(path: &Path, choice: Choice) -> Result<Data, Failure> {
    let mut input = BufReader::with_capacity(1 << 16, Input::open(path)?);
    let unreadable = |e| Failure::because(format!("{}: can't be read", path.display()), e);
    // Enough for a few lines of comments; what is longer is told apart by the parser of counts, with an error.
    let mut start = Vec::new();
    while start.len() < MOST_BEFORE_HEADER && first_line(&start).is_none() {
        let before = start.len();
        input.by_ref().take(MAX_LINE).read_until(b'\n', &mut start).map_err(unreadable)?;
        if start.len() == before {
            break;
        }
    }
    if let (true, Some(format)) = (start.contains(&0), recognise(&start)) {
        return Err(Failure::new(format!(
            "{}: this is a recording of time tags ({}), not counts; look at it with `diqkd tags info`, and make trials of \
             two sites' recordings with `diqkd tags trials`",
            path.display(),
            format.name()
        )));
    }
    let line = String::from_utf8_lossy(first_line(&start).unwrap_or(&start)).into_owned();
    let mut whole = start.chain(input);
    if TrialsCsv::is_header(&line) {
        return trials(path, &mut whole, choice);
    }
    if event_ready::is_line(&line) {
        return events(path, whole, choice);
    }
    if choice.window.is_some() || choice.herald.is_some() {
        return Err(Failure::new(format!(
            "{}: --window and --herald need trials in order, expected the header round,x,y,a,b,herald; \
             counts have neither order nor heralds: leave the option out",
            path.display()
        )));
    }
    let mut csv = CountsCsv::new(Shape::FULL);
    let refused = |e| Failure::because(format!("{}: not a counts table", path.display()), e);
    pieces(path, &mut whole, |bytes| csv.feed(bytes).map_err(refused))?;
    let counts = csv.finish().map_err(refused)?;
    Ok(Data { format: "counts", counts, run: None, windows: None, event_ready: None })
}

fn trials(path: &Path, whole: &mut impl Read, choice: Choice) -> Result<Data, Failure> {
    let refused = |e| Failure::because(format!("{}: not a list of trials", path.display()), e);
    let (mut csv, mut course) = (TrialsCsv::new(), Course::new(choice));
    pieces(path, whole, |bytes| csv.feed(bytes, |trial| course.push(trial)).map_err(refused))?;
    csv.finish(|trial| course.push(trial)).map_err(refused)?;
    course.data(path, "trials", None)
}

fn events(path: &Path, whole: impl BufRead, choice: Choice) -> Result<Data, Failure> {
    let (mut course, mut heralds) = (Course::new(choice), 0);
    let mut lines = whole;
    let mut line = Vec::new();
    for number in 1u64.. {
        line.clear();
        let read = lines
            .by_ref()
            .take(MAX_LINE)
            .read_until(b'\n', &mut line)
            .map_err(|e| Failure::because(format!("{}: can't be read", path.display()), e))?;
        if read == 0 {
            break;
        }
        let text = String::from_utf8_lossy(&line);
        if text.trim().is_empty() {
            continue;
        }
        let event = event_ready::event(&text).ok_or_else(|| {
            Failure::new(format!(
                "{}: line {number}: expected a date and 16 whole numbers, settings and detectors 0 or 1; \
                 repair or remove the line",
                path.display()
            ))
        })?;
        match event {
            Event::Trial(trial) => {
                heralds += 1;
                course
                    .push(trial)
                    .map_err(|e| Failure::because(format!("{}: too many trials", path.display()), e))?;
            }
            Event::NotReady => heralds += 1,
            Event::NoHerald => {}
        }
    }
    course.data(path, "event-ready", Some(heralds))
}

/// A run with its windows.
struct Course {
    herald: Option<u8>,
    run: Run,
    windows: Option<(Windows, Vec<Counts>)>,
}

impl Course {
    fn new(Choice { herald, window }: Choice) -> Self {
        Self { herald, run: Run::new(), windows: window.map(|length| (Windows::new(length), Vec::new())) }
    }

    fn push(&mut self, trial: RunTrial) -> Result<(), TrialsCsvError> {
        if self.herald.is_some_and(|herald| herald != trial.herald) {
            return Ok(());
        }
        self.run.push(trial)?;
        if let Some((windows, closed)) = &mut self.windows {
            let full = windows.push(trial.cell)?;
            // One more than is accepted is kept, to know that there are too many.
            closed.extend(full.filter(|_| closed.len() <= MOST_WINDOWS));
        }
        Ok(())
    }

    fn data(self, path: &Path, format: &'static str, event_ready: Option<u64>) -> Result<Data, Failure> {
        let windows = self.windows.map(|(windows, mut closed)| {
            if windows.open().total() > 0 {
                closed.push(windows.open().clone());
            }
            closed
        });
        if windows.as_ref().is_some_and(|windows| windows.len() > MOST_WINDOWS) {
            return Err(Failure::new(format!(
                "{}: more than {MOST_WINDOWS} windows; choose a longer --window",
                path.display()
            )));
        }
        Ok(Data { format, counts: self.run.counts().clone(), run: Some(self.run), windows, event_ready })
    }
}

/// Feeds a reader's bytes piece by piece.
fn pieces(
    path: &Path,
    whole: &mut impl Read,
    mut feed: impl FnMut(&[u8]) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut buffer = vec![0; 1 << 16];
    loop {
        let read = whole
            .read(&mut buffer)
            .map_err(|e| Failure::because(format!("{}: can't be read", path.display()), e))?;
        if read == 0 {
            return Ok(());
        }
        feed(&buffer[..read])?;
    }
}

/// The first whole line that is neither blank nor a comment.
fn first_line(bytes: &[u8]) -> Option<&[u8]> {
    let lines = bytes.split_inclusive(|&byte| byte == b'\n').filter(|line| line.ends_with(b"\n"));
    lines.map(<[u8]>::trim_ascii).find(|line| !line.is_empty() && !line.starts_with(b"#"))
}

const MAX_LINE: u64 = 4096;
const MOST_BEFORE_HEADER: usize = 1 << 20;
const MOST_WINDOWS: usize = 10_000;
