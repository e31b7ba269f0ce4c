//! Counts as CSV text: the header names the columns `x,y,a,b,n` in any order, then one cell a line. Or a trial table:
//! `round,x,y,a,b` and, if the source has several kinds of heralds, `herald`; then one trial a line, rounds rising.
//!
//! Blank lines and lines that start with `#` are skipped, CRLF and a byte order mark are accepted. A cell that occurs
//! twice is refused, since it is more often a file pasted together twice than two counts to be added: parse the
//! parts and [`Counts::merge`] them where adding is meant. Memory is bounded: one line of at most
//! [`CountsCsv::MAX_LINE`] bytes and one table.

use super::{Cell, Counts, CountsError, Shape};

/// An incremental parser: feed it the bytes of a file in pieces of any size, then [`CountsCsv::finish`].
///
/// ```
/// use diqkd_bell::{CountsCsv, Shape};
///
/// let mut csv = CountsCsv::new(Shape::BINARY);
/// csv.feed(b"x,y,a,b,n\n0,1,0,0,3")?;
/// csv.feed(b"3\n")?;
/// assert_eq!(csv.finish()?.n(0, 1, 0, 0), 33);
/// # Ok::<(), diqkd_bell::CsvError>(())
/// ```
pub struct CountsCsv {
    shape: Shape,
    line: [u8; Self::MAX_LINE],
    line_len: usize,
    line_number: u64,
    columns: Option<Columns>,
    herald: Option<u64>,
    last_round: Option<u64>,
    rows: u64,
    seen: [u64; 256],
    counts: Counts,
}

impl CountsCsv {
    /// The longest accepted line in bytes.
    pub const MAX_LINE: usize = 1024;

    /// A parser that accepts settings and outcomes within `shape`.
    pub fn new(shape: Shape) -> Self {
        Self {
            shape,
            line: [0; Self::MAX_LINE],
            line_len: 0,
            line_number: 1,
            columns: None,
            herald: None,
            last_round: None,
            rows: 0,
            seen: [0; 256],
            counts: Counts::new(),
        }
    }

    /// A parser that counts only the trials with this herald flag. Which flag must be fixed before the data. A trial
    /// table without the column `herald` holds flag 0, and counts have none.
    pub fn with_herald(shape: Shape, herald: u8) -> Self {
        Self { herald: Some(herald.into()), ..Self::new(shape) }
    }

    /// Takes the next bytes of the file.
    ///
    /// # Errors
    /// [`CsvError`] at the first line that is not as described; the parser is of no use afterwards.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<(), CsvError> {
        for &byte in bytes {
            if byte == b'\n' {
                self.end_line()?;
            } else {
                let slot = self
                    .line
                    .get_mut(self.line_len)
                    .ok_or(CsvError::LongLine { line: self.line_number, max: Self::MAX_LINE })?;
                *slot = byte;
                self.line_len += 1;
            }
        }
        Ok(())
    }

    /// Ends the file and gives the table.
    ///
    /// # Errors
    /// [`CsvError`] for a bad last line, a missing header or a file without rows.
    pub fn finish(mut self) -> Result<Counts, CsvError> {
        self.end_line()?;
        if self.columns.is_none() {
            return Err(CsvError::Empty);
        }
        if self.rows == 0 {
            return Err(CsvError::NoRows);
        }
        Ok(self.counts)
    }

    fn end_line(&mut self) -> Result<(), CsvError> {
        let (line, bytes, len) = (self.line_number, self.line, self.line_len);
        self.line_number += 1;
        self.line_len = 0;
        let text = core::str::from_utf8(&bytes[..len])
            .map_err(|error| CsvError::NotText { line, column: error.valid_up_to() + 1 })?;
        let text = if line == 1 { text.trim_start_matches('\u{feff}') } else { text };
        if text.trim().is_empty() || text.starts_with('#') {
            return Ok(());
        }
        match self.columns {
            None => self.columns = Some(Columns::of(line, text, self.herald.is_some())?),
            Some(columns) => self.row(line, text, columns)?,
        }
        Ok(())
    }

    fn row(&mut self, line: u64, text: &str, columns: Columns) -> Result<(), CsvError> {
        let (found, expected) = (text.split(',').count(), columns.count);
        if found != expected {
            return Err(CsvError::FieldCount { line, found, expected });
        }
        let mut fields = [0u64; COLUMNS];
        let mut start = 0;
        for (position, field) in text.split(',').enumerate() {
            let place = columns
                .places
                .iter()
                .position(|&place| place == Some(position))
                .ok_or(CsvError::FieldCount { line, found, expected })?;
            fields[place] = number(line, start + 1, columns.names[place], field)?;
            start += field.len() + 1;
        }
        let index = |place: usize, limit: u8| {
            let value = fields[place];
            if value >= u64::from(limit) {
                let max = limit.saturating_sub(1);
                return Err(CsvError::OutOfRange { line, field: columns.names[place], value, max });
            }
            Ok(value as u8)
        };
        let cell = Cell {
            x: index(0, self.shape.settings_a)?,
            y: index(1, self.shape.settings_b)?,
            a: index(2, self.shape.outcomes_a)?,
            b: index(3, self.shape.outcomes_b)?,
        };
        if columns.are_trials() {
            return self.trial(line, cell, fields[LAST], fields[HERALD]);
        }
        self.counts.add(cell, fields[LAST]).map_err(|source| CsvError::Count { line, source })?;
        let seen = &mut self.seen[super::index(cell.x.into(), cell.y.into(), cell.a.into(), cell.b.into())];
        if *seen != 0 {
            return Err(CsvError::Duplicate { line, first_line: *seen, cell });
        }
        *seen = line;
        self.rows += 1;
        Ok(())
    }

    fn trial(&mut self, line: u64, cell: Cell, round: u64, herald: u64) -> Result<(), CsvError> {
        if let Some(previous) = self.last_round.replace(round).filter(|&previous| previous >= round) {
            return Err(CsvError::RoundOrder { line, round, previous });
        }
        self.rows += 1;
        if self.herald.is_some_and(|wanted| wanted != herald) {
            return Ok(());
        }
        self.counts.add(cell, 1).map_err(|source| CsvError::Count { line, source })
    }
}

impl Counts {
    /// Reads a whole CSV text with up to four settings a side and binary outcomes; see [`CountsCsv`] for streams.
    ///
    /// # Errors
    /// [`CsvError`] at the first line that is not as described.
    pub fn from_csv(text: &str) -> Result<Self, CsvError> {
        let mut csv = CountsCsv::new(Shape::BINARY);
        csv.feed(text.as_bytes())?;
        csv.finish()
    }
}

/// Why a text is not a table of counts. Lines and columns (bytes) are counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CsvError {
    /// Nothing but blank lines and comments.
    #[error(
        "the file is empty, expected the header x,y,a,b,n or round,x,y,a,b,herald; check the path and whether the export finished"
    )]
    Empty,
    /// A header and nothing else.
    #[error(
        "no rows after the header, expected one line for every cell or trial; check whether the export finished"
    )]
    NoRows,
    /// The header lacks a column.
    #[error(
        "line {line}: the header has no column `{name}`, expected x,y,a,b,n or round,x,y,a,b,herald; add it"
    )]
    MissingColumn {
        /// Line of the header.
        line: u64,
        /// The missing name.
        name: &'static str,
    },
    /// The header names a column twice.
    #[error("line {line}: the header names the column `{name}` twice, expected x,y,a,b,n; remove one")]
    RepeatedColumn {
        /// Line of the header.
        line: u64,
        /// The repeated name.
        name: &'static str,
    },
    /// The header names something else.
    #[error(
        "line {line}, column {column}: unknown column in the header, expected x,y,a,b,n; remove or rename it"
    )]
    UnknownColumn {
        /// Line of the header.
        line: u64,
        /// Byte at which the name starts.
        column: usize,
    },
    /// A row with too few or too many fields.
    #[error(
        "line {line}: {found} fields, expected the {expected} that the header names; complete or remove the row"
    )]
    FieldCount {
        /// Line of the row.
        line: u64,
        /// Fields found.
        found: usize,
        /// Columns of the header.
        expected: usize,
    },
    /// A trial whose round is not after the one before it.
    #[error(
        "line {line}: round {round} follows round {previous}, rounds must rise; a trial that stands twice counts \
         twice, so write the table again"
    )]
    RoundOrder {
        /// Line of the row.
        line: u64,
        /// Its round.
        round: u64,
        /// The round before.
        previous: u64,
    },
    /// One kind of herald was asked for, and the file has counts.
    #[error("line {line}: counts name no heralds; give the trial table (round,x,y,a,b,herald) instead")]
    NoHeralds {
        /// Line of the header.
        line: u64,
    },
    /// A field that is not a whole number.
    #[error(
        "line {line}, column {column}: `{field}` is not a whole number, expected digits only; correct the field"
    )]
    NotANumber {
        /// Line of the row.
        line: u64,
        /// Byte at which the field starts.
        column: usize,
        /// `x`, `y`, `a`, `b` or `n`.
        field: &'static str,
    },
    /// A negative number.
    #[error(
        "line {line}, column {column}: `{field}` is negative, expected 0 or more; \
         counts are raw numbers of trials, without background subtracted"
    )]
    Negative {
        /// Line of the row.
        line: u64,
        /// Byte at which the field starts.
        column: usize,
        /// `x`, `y`, `a`, `b` or `n`.
        field: &'static str,
    },
    /// A number beyond 64 bits.
    #[error(
        "line {line}, column {column}: `{field}` is too large, at most 2^53 trials fit a table; split the data"
    )]
    TooLarge {
        /// Line of the row.
        line: u64,
        /// Byte at which the field starts.
        column: usize,
        /// `x`, `y`, `a`, `b` or `n`.
        field: &'static str,
    },
    /// A setting or outcome outside the scenario.
    #[error(
        "line {line}: `{field}` is {value}, expected 0 to {max} (outcome 0 stands for +1); relabel the table"
    )]
    OutOfRange {
        /// Line of the row.
        line: u64,
        /// `x`, `y`, `a` or `b`.
        field: &'static str,
        /// What was given.
        value: u64,
        /// The greatest accepted value.
        max: u8,
    },
    /// A cell that has a row already.
    #[error(
        "line {line}: the cell x={},y={},a={},b={} has a row already in line {first_line}; \
         remove one, or give the parts as separate files",
        cell.x, cell.y, cell.a, cell.b
    )]
    Duplicate {
        /// Line of the second row.
        line: u64,
        /// Line of the first row.
        first_line: u64,
        /// The cell.
        cell: Cell,
    },
    /// The count does not fit the table.
    #[error("line {line}: the count does not fit")]
    Count {
        /// Line of the row.
        line: u64,
        /// Why.
        source: CountsError,
    },
    /// A line beyond [`CountsCsv::MAX_LINE`].
    #[error("line {line} is longer than {max} bytes; this is not a table of counts x,y,a,b,n")]
    LongLine {
        /// The line.
        line: u64,
        /// The limit in bytes.
        max: usize,
    },
    /// Bytes that are not UTF-8.
    #[error(
        "line {line}, column {column}: not text, expected UTF-8; this is not a table of counts x,y,a,b,n"
    )]
    NotText {
        /// The line.
        line: u64,
        /// The byte.
        column: usize,
    },
}

/// Places of the columns in [`COUNTS`] and [`TRIALS`] after the cell.
const LAST: usize = 4;
const HERALD: usize = 5;
const COLUMNS: usize = 6;
const COUNTS: [&str; COLUMNS] = ["x", "y", "a", "b", "n", ""];
const TRIALS: [&str; COLUMNS] = ["x", "y", "a", "b", "round", "herald"];

/// What the header names.
#[derive(Clone, Copy, Debug)]
struct Columns {
    names: [&'static str; COLUMNS],
    /// For each name its position in the header.
    places: [Option<usize>; COLUMNS],
    count: usize,
}

impl Columns {
    fn of(line: u64, text: &str, heralds_needed: bool) -> Result<Self, CsvError> {
        let trials = text.split(',').any(|field| field.trim() == TRIALS[LAST]);
        let names = if trials { TRIALS } else { COUNTS };
        let known = if trials { &names[..] } else { &names[..HERALD] };
        let mut places = [None; COLUMNS];
        let (mut start, mut count) = (0, 0);
        for (position, field) in text.split(',').enumerate() {
            let place = known
                .iter()
                .position(|name| *name == field.trim())
                .ok_or(CsvError::UnknownColumn { line, column: start + 1 })?;
            if places[place].replace(position).is_some() {
                return Err(CsvError::RepeatedColumn { line, name: names[place] });
            }
            start += field.len() + 1;
            count += 1;
        }
        if let Some(name) = (0..HERALD).find(|&place| places[place].is_none()).map(|place| names[place]) {
            return Err(CsvError::MissingColumn { line, name });
        }
        if heralds_needed && !trials {
            return Err(CsvError::NoHeralds { line });
        }
        Ok(Self { names, places, count })
    }

    fn are_trials(&self) -> bool {
        self.names[LAST] == TRIALS[LAST]
    }
}

fn number(line: u64, column: usize, field: &'static str, text: &str) -> Result<u64, CsvError> {
    let column = column + text.len() - text.trim_start().len();
    let text = text.trim();
    let digits = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit());
    if text.strip_prefix('-').is_some_and(|rest| digits(rest) && rest.bytes().any(|b| b != b'0')) {
        return Err(CsvError::Negative { line, column, field });
    }
    if !digits(text) {
        return Err(CsvError::NotANumber { line, column, field });
    }
    text.parse().map_err(|_| CsvError::TooLarge { line, column, field })
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;
    use proptest::prelude::*;

    #[test]
    fn columns_in_any_order_with_comments() {
        let text = "\u{feff}# Bell test\r\n\r\n n , x,y,a,b\r\n7,0,1,1,0\r\n 8 ,3,2,0,1\r\n";
        let counts = Counts::from_csv(text).unwrap();
        assert_eq!((counts.n(0, 1, 1, 0), counts.n(3, 2, 0, 1), counts.total()), (7, 8, 15));
    }

    #[test]
    fn every_mistake_is_named() {
        use CsvError::*;
        let max_line = CountsCsv::MAX_LINE;
        for (text, error) in [
            ("", Empty),
            ("\n# nothing\n", Empty),
            ("x,y,a,b,n\n", NoRows),
            ("x,y,a,n\n0,0,0,1\n", MissingColumn { line: 1, name: "b" }),
            ("x,y,a,a,n\n", RepeatedColumn { line: 1, name: "a" }),
            ("0,0,0,0,1\n", UnknownColumn { line: 1, column: 1 }),
            ("x,y,a,b,n,note\n", UnknownColumn { line: 1, column: 11 }),
            ("x,y,a,b,n\n0,0,0,0\n", FieldCount { line: 2, found: 4, expected: 5 }),
            ("x,y,a,b,n\n0,0,0,0,1,2\n", FieldCount { line: 2, found: 6, expected: 5 }),
            ("x,y,a,b,n\n0,0,0,0,\n", NotANumber { line: 2, column: 9, field: "n" }),
            ("x,y,a,b,n\n0,0,0,0, 1.5\n", NotANumber { line: 2, column: 10, field: "n" }),
            ("x,y,a,b,n\n0,0,0,0,nan\n", NotANumber { line: 2, column: 9, field: "n" }),
            ("x,y,a,b,n\n0,0,0,0,-1\n", Negative { line: 2, column: 9, field: "n" }),
            ("x,y,a,b,n\n0,-1,0,0,1\n", Negative { line: 2, column: 3, field: "y" }),
            ("x,y,a,b,n\n0,0,0,0,18446744073709551616\n", TooLarge { line: 2, column: 9, field: "n" }),
            ("x,y,a,b,n\n4,0,0,0,1\n", OutOfRange { line: 2, field: "x", value: 4, max: 3 }),
            ("x,y,a,b,n\n0,0,0,2,1\n", OutOfRange { line: 2, field: "b", value: 2, max: 1 }),
            (
                "x,y,a,b,n\n0,0,0,0,1\n\n0,0,0,0,1\n",
                Duplicate { line: 4, first_line: 2, cell: Cell { x: 0, y: 0, a: 0, b: 0 } },
            ),
            (
                "x,y,a,b,n\n0,0,0,0,9007199254740993\n",
                Count { line: 2, source: CountsError::Overflow { total: 0, added: 9_007_199_254_740_993 } },
            ),
            (&" ".repeat(max_line + 1), LongLine { line: 1, max: max_line }),
        ] {
            assert_eq!(Counts::from_csv(text), Err(error), "{text:?}");
        }
        let mut csv = CountsCsv::new(Shape::BINARY);
        assert_eq!(csv.feed(b"x,\xff\n"), Err(NotText { line: 1, column: 3 }));
        assert_eq!(
            Counts::from_csv("x,y,a,b,n\n0,0,0,0,-1\n").unwrap_err().to_string(),
            "line 2, column 9: `n` is negative, expected 0 or more; \
             counts are raw numbers of trials, without background subtracted"
        );
    }

    #[test]
    fn a_trial_table_is_counted() {
        let text = "# diqkd trial table 1\n# rule {\"a\":1}\nround,x,y,a,b,herald\n3,0,1,1,0,0\n7,0,1,1,0,1\n8,1,1,0,0,1\n";
        let counts = Counts::from_csv(text).unwrap();
        assert_eq!((counts.n(0, 1, 1, 0), counts.n(1, 1, 0, 0), counts.total()), (2, 1, 3));
        let mut one = CountsCsv::with_herald(Shape::BINARY, 1);
        one.feed(text.as_bytes()).unwrap();
        let one = one.finish().unwrap();
        assert_eq!((one.n(0, 1, 1, 0), one.total()), (1, 2));
        assert_eq!(Counts::from_csv("x,round,y,b,a\n1,5,0,1,0\n").unwrap().n(1, 0, 0, 1), 1);

        for (text, error) in [
            (
                "round,x,y,a,b\n4,0,0,0,0\n4,0,0,0,0\n",
                CsvError::RoundOrder { line: 3, round: 4, previous: 4 },
            ),
            ("round,x,y,a,b,n\n", CsvError::UnknownColumn { line: 1, column: 15 }),
            ("round,x,y,a\n", CsvError::MissingColumn { line: 1, name: "b" }),
            ("round,x,y,a,b\n1,0,0,0\n", CsvError::FieldCount { line: 2, found: 4, expected: 5 }),
            ("round,x,y,a,b\n-1,0,0,0,0\n", CsvError::Negative { line: 2, column: 1, field: "round" }),
        ] {
            assert_eq!(Counts::from_csv(text), Err(error), "{text:?}");
        }
        let mut counts = CountsCsv::with_herald(Shape::CHSH, 0);
        assert_eq!(counts.feed(b"x,y,a,b,n\n"), Err(CsvError::NoHeralds { line: 1 }));
    }

    proptest! {
        #[test]
        fn pieces_of_any_size_give_the_same(text in "[xyabn0-3,\n\r#. -]{0,200}", cut in 0usize..200) {
            let whole = Counts::from_csv(&text);
            let cut = cut.min(text.len());
            let mut csv = CountsCsv::new(Shape::BINARY);
            let pieces = csv
                .feed(&text.as_bytes()[..cut])
                .and_then(|()| csv.feed(&text.as_bytes()[cut..]))
                .and_then(|()| csv.finish());
            prop_assert_eq!(pieces, whole);
        }
    }
}
