//! Trials as CSV text, one a line and in order: the header names the columns `x,y,a,b`, and `round` and `herald` where
//! they are known, in any order.
//!
//! Blank lines and lines that start with `#` are skipped, CRLF and a byte order mark are accepted. Rounds must
//! increase: a file in another order would hide what settings depend on. Memory: one line.

use crate::counts::{Cell, Counts};
use crate::series::RunTrial;

/// An incremental parser: feed it the bytes of a file in pieces of any size, then [`TrialsCsv::finish`].
///
/// ```
/// use diqkd_bell::{Run, TrialsCsv};
///
/// let (mut csv, mut run) = (TrialsCsv::new(), Run::new());
/// csv.feed(b"round,x,y,a,b,herald\n17,0,1,1,1,0\n19,1,1,", |trial| run.push(trial).map_err(Into::into))?;
/// csv.feed(b"0,1,0\n", |trial| run.push(trial).map_err(Into::into))?;
/// assert_eq!(csv.finish(|trial| run.push(trial).map_err(Into::into))?, 2);
/// assert_eq!(run.counts().n(1, 1, 0, 1), 1);
/// # Ok::<(), diqkd_bell::TrialsCsvError>(())
/// ```
pub struct TrialsCsv {
    line: [u8; MAX_LINE],
    line_len: usize,
    line_number: u64,
    header: Option<Header>,
    last_round: Option<u64>,
    rows: u64,
}

/// Positions of the columns [`NAMES`], and how many there are.
#[derive(Clone, Copy)]
struct Header {
    places: [Option<usize>; NAMES.len()],
    columns: usize,
}

impl Default for TrialsCsv {
    fn default() -> Self {
        Self::new()
    }
}

impl TrialsCsv {
    /// A parser that has read nothing.
    pub fn new() -> Self {
        Self { line: [0; MAX_LINE], line_len: 0, line_number: 1, header: None, last_round: None, rows: 0 }
    }

    /// Whether a first line (blank lines and comments apart) is the header of a list of trials, not of counts.
    pub fn is_header(line: &str) -> bool {
        let names = || line.trim_start_matches('\u{feff}').split(',').map(str::trim);
        ["x", "y", "a", "b"].iter().all(|wanted| names().any(|name| name == *wanted))
            && names().all(|name| NAMES.contains(&name))
    }

    /// Takes the next bytes of the file; gives each trial to `take`.
    ///
    /// # Errors
    /// [`TrialsCsvError`] at the first line that is not as described, or of `take`; the parser is of no use afterwards.
    pub fn feed(
        &mut self,
        bytes: &[u8],
        mut take: impl FnMut(RunTrial) -> Result<(), TrialsCsvError>,
    ) -> Result<(), TrialsCsvError> {
        for &byte in bytes {
            if byte == b'\n' {
                self.end_line(&mut take)?;
            } else {
                let slot = self
                    .line
                    .get_mut(self.line_len)
                    .ok_or(TrialsCsvError::LongLine { line: self.line_number, max: MAX_LINE })?;
                *slot = byte;
                self.line_len += 1;
            }
        }
        Ok(())
    }

    /// Ends the file; the number of trials.
    ///
    /// # Errors
    /// [`TrialsCsvError`] for a bad last line, a missing header or a file without trials.
    pub fn finish(
        mut self,
        mut take: impl FnMut(RunTrial) -> Result<(), TrialsCsvError>,
    ) -> Result<u64, TrialsCsvError> {
        self.end_line(&mut take)?;
        match (self.header, self.rows) {
            (None, _) => Err(TrialsCsvError::Empty),
            (_, 0) => Err(TrialsCsvError::NoTrials),
            (_, rows) => Ok(rows),
        }
    }

    fn end_line(
        &mut self,
        take: &mut impl FnMut(RunTrial) -> Result<(), TrialsCsvError>,
    ) -> Result<(), TrialsCsvError> {
        let line = self.line_number;
        let bytes = self.line;
        let text = core::str::from_utf8(&bytes[..self.line_len])
            .map_err(|error| TrialsCsvError::NotText { line, column: error.valid_up_to() + 1 })?;
        self.line_number += 1;
        self.line_len = 0;
        let text = if line == 1 { text.trim_start_matches('\u{feff}') } else { text };
        if text.trim().is_empty() || text.starts_with('#') {
            return Ok(());
        }
        let Some(header) = self.header else {
            self.header = Some(Header::read(line, text)?);
            return Ok(());
        };
        let mut fields = [0u64; NAMES.len()];
        let found = text.split(',').count();
        if found != header.columns {
            return Err(TrialsCsvError::FieldCount { line, found, expected: header.columns });
        }
        for (position, field) in text.split(',').enumerate() {
            let Some(place) = header.places.iter().position(|&place| place == Some(position)) else {
                continue;
            };
            let name = NAMES[place];
            let digits = field.trim();
            if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
                return Err(TrialsCsvError::NotANumber { line, field: name });
            }
            let most = if name == "round" { u64::MAX } else { Counts::MAX_INDEX.into() };
            fields[place] = digits
                .parse()
                .ok()
                .filter(|&value| value <= most)
                .ok_or(TrialsCsvError::TooLarge { line, field: name, most })?;
        }
        let [x, y, a, b, herald] = [fields[0], fields[1], fields[2], fields[3], fields[4]].map(|n| n as u8);
        if header.places[ROUND].is_some() {
            let round = fields[ROUND];
            if let Some(last) = self.last_round.filter(|&last| last >= round) {
                return Err(TrialsCsvError::Order { line, round, last });
            }
            self.last_round = Some(round);
        }
        self.rows += 1;
        take(RunTrial { cell: Cell { x, y, a, b }, herald })
    }
}

impl Header {
    fn read(line: u64, text: &str) -> Result<Self, TrialsCsvError> {
        let (mut places, mut columns) = ([None; NAMES.len()], 0);
        for (position, field) in text.split(',').enumerate() {
            let place = NAMES
                .iter()
                .position(|name| *name == field.trim())
                .ok_or(TrialsCsvError::UnknownColumn { line, position: position + 1 })?;
            if places[place].replace(position).is_some() {
                return Err(TrialsCsvError::RepeatedColumn { line, name: NAMES[place] });
            }
            columns += 1;
        }
        for (place, name) in NAMES.iter().enumerate().take(NEEDED) {
            if places[place].is_none() {
                return Err(TrialsCsvError::MissingColumn { line, name });
            }
        }
        Ok(Self { places, columns })
    }
}

/// Why a text is not a list of trials. Lines and columns are counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TrialsCsvError {
    /// Nothing but blank lines and comments.
    #[error(
        "the file is empty, expected the header round,x,y,a,b,herald; check the path and whether the export finished"
    )]
    Empty,
    /// A header and nothing else.
    #[error("no trials after the header, expected one a line; check whether the export finished")]
    NoTrials,
    /// The header lacks a column.
    #[error("line {line}: the header has no column `{name}`, expected x,y,a,b (and round, herald); add it")]
    MissingColumn {
        /// Line of the header.
        line: u64,
        /// The missing name.
        name: &'static str,
    },
    /// The header names a column twice.
    #[error("line {line}: the header names the column `{name}` twice; remove one")]
    RepeatedColumn {
        /// Line of the header.
        line: u64,
        /// The repeated name.
        name: &'static str,
    },
    /// The header names something else.
    #[error(
        "line {line}: unknown column number {position} in the header, expected round, x, y, a, b, herald; \
         remove or rename it"
    )]
    UnknownColumn {
        /// Line of the header.
        line: u64,
        /// Which column.
        position: usize,
    },
    /// A row with too few or too many fields.
    #[error("line {line}: {found} fields, expected {expected} as in the header; complete or remove the row")]
    FieldCount {
        /// Line of the row.
        line: u64,
        /// Fields found.
        found: usize,
        /// Columns of the header.
        expected: usize,
    },
    /// A field that is not a whole number.
    #[error("line {line}: `{field}` is not a whole number of 0 or more; correct the field")]
    NotANumber {
        /// Line of the row.
        line: u64,
        /// Name of the column.
        field: &'static str,
    },
    /// A number beyond what is counted.
    #[error("line {line}: `{field}` is above {most}; relabel settings and outcomes from 0 up")]
    TooLarge {
        /// Line of the row.
        line: u64,
        /// Name of the column.
        field: &'static str,
        /// The greatest accepted value.
        most: u64,
    },
    /// Rounds that do not increase.
    #[error(
        "line {line}: round {round} comes after round {last}, expected increasing rounds; sort the trials by round"
    )]
    Order {
        /// Line of the row.
        line: u64,
        /// Its round.
        round: u64,
        /// The round before.
        last: u64,
    },
    /// A line that no trial can have.
    #[error("line {line} is longer than {max} bytes; this is not a list of trials")]
    LongLine {
        /// The line.
        line: u64,
        /// The limit in bytes.
        max: usize,
    },
    /// Bytes that are not UTF-8.
    #[error("line {line}, column {column}: not text, expected UTF-8; this is not a list of trials")]
    NotText {
        /// The line.
        line: u64,
        /// The byte.
        column: usize,
    },
    /// The table of counts is full.
    #[error("the trials fit no table of counts")]
    Counts(#[from] crate::counts::CountsError),
}

const NAMES: [&str; 6] = ["x", "y", "a", "b", "herald", "round"];
/// How many of them a header needs.
const NEEDED: usize = 4;
const ROUND: usize = 5;
const MAX_LINE: usize = 1024;

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Result<Vec<RunTrial>, TrialsCsvError> {
        let mut trials = Vec::new();
        let mut csv = TrialsCsv::new();
        let mut take = |trial| {
            trials.push(trial);
            Ok(())
        };
        csv.feed(text.as_bytes(), &mut take)?;
        csv.finish(&mut take)?;
        Ok(trials)
    }

    #[test]
    fn columns_in_any_order() {
        let trial = |x, y, a, b, herald| RunTrial { cell: Cell { x, y, a, b }, herald };
        let text = "\u{feff}# rule\r\nherald,b , a,y,x,round\r\n1,0,1,2,3,7\r\n\n0,9,0,0,0,8";
        assert_eq!(read(text), Ok(alloc::vec![trial(3, 2, 1, 0, 1), trial(0, 0, 0, 9, 0)]));
        assert_eq!(read("x,y,a,b\n0,1,0,1\n0,1,0,1\n"), Ok(alloc::vec![trial(0, 1, 0, 1, 0); 2]));
        assert!(TrialsCsv::is_header("x,y, a,b\r") && TrialsCsv::is_header("\u{feff}round,x,y,a,b,herald"));
        assert!(!TrialsCsv::is_header("x,y,a,b,n") && !TrialsCsv::is_header("x,y,a"));
    }

    #[test]
    fn every_mistake_is_named() {
        use TrialsCsvError::*;
        for (text, error) in [
            ("", Empty),
            ("x,y,a,b\n", NoTrials),
            ("x,y,a\n", MissingColumn { line: 1, name: "b" }),
            ("x,y,a,b,x\n", RepeatedColumn { line: 1, name: "x" }),
            ("x,y,a,b,n\n", UnknownColumn { line: 1, position: 5 }),
            ("x,y,a,b\n0,0,0\n", FieldCount { line: 2, found: 3, expected: 4 }),
            ("x,y,a,b\n0,0,-1,0\n", NotANumber { line: 2, field: "a" }),
            ("x,y,a,b\n0,255,0,0\n", TooLarge { line: 2, field: "y", most: 254 }),
            ("round,x,y,a,b\n5,0,0,0,0\n5,0,0,0,0\n", Order { line: 3, round: 5, last: 5 }),
            (&"x".repeat(MAX_LINE + 1), LongLine { line: 1, max: MAX_LINE }),
        ] {
            assert_eq!(read(text), Err(error), "{text:?}");
        }
        assert_eq!(TrialsCsv::new().feed(b"\xff\n", |_| Ok(())), Err(NotText { line: 1, column: 1 }));
    }

    proptest! {
        #[test]
        fn pieces_of_any_size_give_the_same(text in "[xyab0-3,\n\r#. -]{0,200}", cut in 0usize..200) {
            let whole = read(&text);
            let cut = cut.min(text.len());
            let mut csv = TrialsCsv::new();
            let mut trials = Vec::new();
            let mut take = |trial| { trials.push(trial); Ok(()) };
            let pieces = csv
                .feed(&text.as_bytes()[..cut], &mut take)
                .and_then(|()| csv.feed(&text.as_bytes()[cut..], &mut take))
                .and_then(|()| csv.finish(&mut take));
            prop_assert_eq!(pieces.map(|_| trials), whole);
        }
    }
}
