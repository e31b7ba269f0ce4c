//! Parity-check matrices out of text files.

mod alist;
mod exponents;
mod words;

use crate::error::Error;
use crate::matrix::ParityMatrix;
use words::Lines;

/// What is wrong with a matrix file, and in which line (counted from 1).
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum MatrixFileError {
    /// The first line is neither header.
    #[error(
        "line {line} has {found} numbers, expected 2 (alist: columns rows) or 3 (exponents: columns rows lift)"
    )]
    Header {
        /// The first line that is not blank.
        line: usize,
        /// Numbers in it.
        found: usize,
    },
    /// Something that is no whole number, or too large for one.
    #[error("line {line}, word {word} is no whole number from -1 to 4294967295")]
    NotANumber {
        /// The line.
        line: usize,
        /// The word in the line, from 1.
        word: usize,
    },
    /// A number outside its range.
    #[error("line {line}: {what} is {value}, expected {least} to {most}")]
    OutOfRange {
        /// The line.
        line: usize,
        /// What the number stands for.
        what: &'static str,
        /// The number.
        value: i64,
        /// The least that is allowed.
        least: i64,
        /// The most that is allowed.
        most: i64,
    },
    /// Too many or too few numbers.
    #[error("line {line} has {found} numbers, expected {expected} for {what}")]
    Count {
        /// The line.
        line: usize,
        /// What the numbers stand for.
        what: &'static str,
        /// How many there are.
        found: usize,
        /// How many there should be.
        expected: usize,
    },
    /// The file is too short.
    #[error("the file ends after line {line}, expected {what}; was it cut off?")]
    EndsEarly {
        /// The last line.
        line: usize,
        /// What is missing.
        what: &'static str,
    },
    /// The file goes on.
    #[error("line {line} stands after the end of the matrix; remove it or correct the header")]
    GoesOn {
        /// The first line too many.
        line: usize,
    },
    /// The lists of an alist contradict each other.
    #[error(
        "line {line} gives row {row} a one in column {column}, which the list of that column does not have"
    )]
    Contradiction {
        /// The line.
        line: usize,
        /// The row, from 1.
        row: usize,
        /// The column, from 1.
        column: usize,
    },
    /// A one that only the list of its column has.
    #[error("column {column} has a one in row {row}, which the list of that row does not have")]
    Missing {
        /// The row, from 1.
        row: usize,
        /// The column, from 1.
        column: usize,
    },
    /// A matrix that no decoder takes.
    #[error("the file is well-formed but its matrix is not usable")]
    Matrix(#[from] Error),
}

impl ParityMatrix {
    /// Reads a matrix from the text of an alist file or of a quasi-cyclic exponent file; the first line tells which.
    ///
    /// *alist* (as described by D. J. C. MacKay): columns and rows; the largest degree of each; the degrees of all
    /// columns; of all rows; then a line for each column with the rows of its ones, from 1, and a line for each row
    /// with its columns. Lists may be padded with zeros.
    ///
    /// *Exponents*: block columns, block rows and lift; then a line for each block row with one number a block column:
    /// -1 for no entry, `s` for a circulant that connects row lane `z` to column lane `(z + s) mod lift`.
    ///
    /// Blank lines do not count. Memory is bounded by the size of the text and, for exponents, by
    /// [`Error::MatrixSize`].
    ///
    /// ```
    /// use diqkd_reconcile::ParityMatrix;
    ///
    /// let from_exponents = ParityMatrix::from_text("3 1 2\n0 1 -1\n")?;
    /// let from_alist = ParityMatrix::from_text("6 2\n1 2\n1 1 1 1 0 0\n2 2\n1\n2\n2\n1\n0\n0\n1 4\n2 3\n")?;
    /// assert_eq!(from_exponents, from_alist);
    /// let error = ParityMatrix::from_text("3 1 2\n0 7 -1\n").unwrap_err();
    /// assert_eq!(error.to_string(), "line 2: an exponent is 7, expected -1 to 1");
    /// # Ok::<(), diqkd_reconcile::MatrixFileError>(())
    /// ```
    ///
    /// # Errors
    /// [`MatrixFileError`], which names the line.
    pub fn from_text(text: &str) -> Result<Self, MatrixFileError> {
        let mut lines = Lines::new(text);
        let (line, header) = lines.next("a header")?;
        match header[..] {
            [columns, rows] => alist::read(line, columns, rows, lines),
            [columns, rows, lift] => exponents::read(line, columns, rows, lift, lines),
            _ => Err(MatrixFileError::Header { line, found: header.len() }),
        }
    }
}

/// The most rows or columns.
const MOST: i64 = 1 << 22;
