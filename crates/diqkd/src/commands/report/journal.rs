//! All lines of a node's logs that fall into the period, without repetition.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use super::calendar::{Time, Window};
use super::line::{Begun, Block, Level, Line};
use crate::answer::Failure;
use crate::input::Input;

/// What the logs say about the period.
#[derive(Debug, Default)]
pub(super) struct Journal {
    /// Blocks by session, with the end that the log gives them.
    pub(super) blocks: BTreeMap<String, Block>,
    pub(super) begun: BTreeMap<String, Begun>,
    /// Warnings and errors by level, words and what they are about.
    pub(super) troubles: BTreeMap<(Level, String, String), Times>,
    pub(super) links: BTreeMap<String, Vec<(Time, bool)>>,
    pub(super) stops: Vec<Time>,
    /// First and last line of the period.
    pub(super) seen: Option<(Time, Time)>,
    pub(super) lines: u64,
    /// Lines that are none of the log, as what a supervisor or the command itself writes among them.
    pub(super) foreign: u64,
}

/// How often, and between when.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Times {
    pub(super) at: Vec<Time>,
}

impl Journal {
    /// Reads a file to its end. Only what lies within `period` counts.
    pub(super) fn read(&mut self, path: &Path, period: Window) -> Result<(), Failure> {
        let mut reader = BufReader::new(Input::open(path)?);
        let mut first_foreign = None;
        let (mut number, mut understood) = (0_u64, 0_u64);
        let mut bytes = Vec::new();
        loop {
            bytes.clear();
            let read = reader.by_ref().take(LONGEST_LINE + 1).read_until(b'\n', &mut bytes);
            let read = read.map_err(|error| {
                Failure::because(format!("can't read {} after line {number}", path.display()), error)
            })?;
            if read == 0 {
                break;
            }
            number += 1;
            if bytes.len() as u64 > LONGEST_LINE {
                return Err(Failure::new(format!(
                    "{}, line {number}: longer than {LONGEST_LINE} bytes; expected a log of `diqkd node --log json`",
                    path.display()
                )));
            }
            if bytes.trim_ascii().is_empty() {
                continue;
            }
            match Line::read(&bytes) {
                Some(line) => {
                    understood += 1;
                    self.take(line, period, Place { path: path.to_path_buf(), number })?;
                }
                None => {
                    self.foreign += 1;
                    first_foreign.get_or_insert((number, bytes.clone()));
                }
            }
        }
        match first_foreign {
            Some((line, bytes)) if understood == 0 => {
                let start: String = String::from_utf8_lossy(&bytes).trim().chars().take(60).collect();
                Err(Failure::new(format!(
                    "{}, line {line}: {start:?} is no line of a node's log in JSON, and no other line is; \
                     start the node with `--log json` and give what it writes on standard error",
                    path.display()
                )))
            }
            _ => Ok(()),
        }
    }

    fn take(&mut self, line: Line, period: Window, place: Place) -> Result<(), Failure> {
        let at = line.at();
        if !period.contains(at) {
            return Ok(());
        }
        self.lines += 1;
        self.seen = Some(self.seen.map_or((at, at), |(first, last)| (first.min(at), last.max(at))));
        match line {
            Line::Begins(begun) => {
                place.room(self.begun.len())?;
                self.begun.insert(begun.session.clone(), begun);
            }
            Line::Ended(block) => {
                place.room(self.blocks.len())?;
                // Rotated logs may overlap: the same line twice is one block.
                if let Some(before) = self.blocks.get(&block.session)
                    && *before != block
                {
                    return Err(Failure::new(format!(
                        "{}, line {}: session {} ended before, at {}, and differently; give the logs of one site only, \
                         and make the other site's report from its own",
                        place.path.display(),
                        place.number,
                        block.session,
                        before.at
                    )));
                }
                self.blocks.insert(block.session.clone(), block);
            }
            Line::Trouble { at, level, what, about } => {
                let times = self.troubles.entry((level, what, about)).or_default();
                place.room(times.at.len())?;
                times.at.push(at);
            }
            Line::Link { at, link, up } => {
                let events = self.links.entry(link).or_default();
                place.room(events.len())?;
                events.push((at, up));
            }
            Line::Stopped { at } => self.stops.push(at),
            Line::Other { .. } => {}
        }
        Ok(())
    }

    /// Puts the events in order, whatever the order of the files, and counts each once.
    pub(super) fn settle(&mut self) {
        let lists = self.troubles.values_mut().map(|times| &mut times.at).chain([&mut self.stops]);
        for times in lists {
            times.sort_unstable();
            times.dedup();
        }
        for events in self.links.values_mut() {
            events.sort_unstable();
            events.dedup();
        }
    }
}

/// A line of a file.
struct Place {
    path: PathBuf,
    number: u64,
}

impl Place {
    /// Nothing grows without bound.
    fn room(&self, used: usize) -> Result<(), Failure> {
        if used < MOST_ENTRIES {
            return Ok(());
        }
        Err(Failure::new(format!(
            "{}, line {}: more than {MOST_ENTRIES} entries of one kind; report a shorter period",
            self.path.display(),
            self.number
        )))
    }
}

const LONGEST_LINE: u64 = 1 << 16;
const MOST_ENTRIES: usize = 2_000_000;
