//! Counts as CSV text: the header names the columns `x,y,a,b,n` in any order, then one cell a line.
//!
//! Blank lines and lines that start with `#` are skipped, CRLF and a byte order mark are accepted. A cell that occurs
//! twice is refused, since it is more often a file pasted together twice than two counts to be added: parse the
//! parts and [`Counts::merge`] them where adding is meant. Memory is bounded: one line of at most
//! [`CountsCsv::MAX_LINE`] bytes and one table.

use alloc::collections::BTreeMap;

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
    columns: Option<[usize; NAMES.len()]>,
    rows: u64,
    seen: BTreeMap<Cell, u64>,
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
            rows: 0,
            seen: BTreeMap::new(),
            counts: Counts::new(),
        }
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
            None => self.columns = Some(header(line, text)?),
            Some(columns) => self.row(line, text, columns)?,
        }
        Ok(())
    }

    fn row(&mut self, line: u64, text: &str, columns: [usize; NAMES.len()]) -> Result<(), CsvError> {
        let found = text.split(',').count();
        if found != NAMES.len() {
            return Err(CsvError::FieldCount { line, found });
        }
        let mut fields = [0u64; NAMES.len()];
        let mut start = 0;
        for (position, field) in text.split(',').enumerate() {
            let place =
                columns.iter().position(|&p| p == position).ok_or(CsvError::FieldCount { line, found })?;
            fields[place] = number(line, start + 1, NAMES[place], field)?;
            start += field.len() + 1;
        }
        let index = |place: usize, limit: u8| {
            let value = fields[place];
            if value >= u64::from(limit) {
                let max = limit.saturating_sub(1);
                return Err(CsvError::OutOfRange { line, field: NAMES[place], value, max });
            }
            Ok(value as u8)
        };
        let cell = Cell {
            x: index(0, self.shape.settings_a)?,
            y: index(1, self.shape.settings_b)?,
            a: index(2, self.shape.outcomes_a)?,
            b: index(3, self.shape.outcomes_b)?,
        };
        self.counts.add(cell, fields[4]).map_err(|source| CsvError::Count { line, source })?;
        if let Some(&first_line) = self.seen.get(&cell) {
            return Err(CsvError::Duplicate { line, first_line, cell });
        }
        if self.seen.len() == Counts::MAX_CELLS {
            let source = CountsError::TooManyCells { max: Counts::MAX_CELLS };
            return Err(CsvError::Count { line, source });
        }
        self.seen.insert(cell, line);
        self.rows += 1;
        Ok(())
    }
}

impl Counts {
    /// Reads a whole CSV text with binary outcomes; see [`CountsCsv`] for streams.
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
        "the file is empty, expected the header x,y,a,b,n; check the path and whether the export finished"
    )]
    Empty,
    /// A header and nothing else.
    #[error(
        "no rows after the header, expected one line x,y,a,b,n for every cell; check whether the export finished"
    )]
    NoRows,
    /// The header lacks a column.
    #[error("line {line}: the header has no column `{name}`, expected x,y,a,b,n; add the column or name it")]
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
    #[error("line {line}: {found} fields, expected 5 (x,y,a,b,n); complete or remove the row")]
    FieldCount {
        /// Line of the row.
        line: u64,
        /// Fields found.
        found: usize,
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

const NAMES: [&str; 5] = ["x", "y", "a", "b", "n"];

/// For each of [`NAMES`] its position in the header.
fn header(line: u64, text: &str) -> Result<[usize; NAMES.len()], CsvError> {
    let mut columns = [None; NAMES.len()];
    let mut start = 0;
    for (position, field) in text.split(',').enumerate() {
        let place = NAMES
            .iter()
            .position(|name| *name == field.trim())
            .ok_or(CsvError::UnknownColumn { line, column: start + 1 })?;
        if columns[place].replace(position).is_some() {
            return Err(CsvError::RepeatedColumn { line, name: NAMES[place] });
        }
        start += field.len() + 1;
    }
    let mut found = [0; NAMES.len()];
    for ((slot, column), name) in found.iter_mut().zip(columns).zip(NAMES) {
        *slot = column.ok_or(CsvError::MissingColumn { line, name })?;
    }
    Ok(found)
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
            ("x,y,a,b,n\n0,0,0,0\n", FieldCount { line: 2, found: 4 }),
            ("x,y,a,b,n\n0,0,0,0,1,2\n", FieldCount { line: 2, found: 6 }),
            ("x,y,a,b,n\n0,0,0,0,\n", NotANumber { line: 2, column: 9, field: "n" }),
            ("x,y,a,b,n\n0,0,0,0, 1.5\n", NotANumber { line: 2, column: 10, field: "n" }),
            ("x,y,a,b,n\n0,0,0,0,nan\n", NotANumber { line: 2, column: 9, field: "n" }),
            ("x,y,a,b,n\n0,0,0,0,-1\n", Negative { line: 2, column: 9, field: "n" }),
            ("x,y,a,b,n\n0,-1,0,0,1\n", Negative { line: 2, column: 3, field: "y" }),
            ("x,y,a,b,n\n0,0,0,0,18446744073709551616\n", TooLarge { line: 2, column: 9, field: "n" }),
            ("x,y,a,b,n\n255,0,0,0,1\n", OutOfRange { line: 2, field: "x", value: 255, max: 254 }),
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
