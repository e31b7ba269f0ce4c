//! Exponents of a quasi-cyclic matrix.

use alloc::vec;
use alloc::vec::Vec;

use super::words::{Lines, within};
use super::{MOST, MatrixFileError};
use crate::error::Error;
use crate::matrix::ParityMatrix;

pub(super) fn read(
    line: usize,
    columns: i64,
    rows: i64,
    lift: i64,
    mut lines: Lines<'_>,
) -> Result<ParityMatrix, MatrixFileError> {
    let lift = within(line, "the lift", lift, 1, MOST)?;
    let most = MOST / lift as i64;
    let columns = within(line, "the number of block columns", columns, 1, most)?;
    let rows = within(line, "the number of block rows", rows, 1, most)?;
    let mut ones = 0;
    let mut matrix: Vec<Vec<u32>> = Vec::new();
    for _ in 0..rows {
        let what = "the exponents of a block row";
        let (line, exponents) = lines.next(what)?;
        if exponents.len() != columns {
            return Err(MatrixFileError::Count { line, what, found: exponents.len(), expected: columns });
        }
        let mut block = vec![Vec::new(); lift];
        for (column, &exponent) in exponents.iter().enumerate() {
            within(line, "an exponent", exponent, -1, lift as i64 - 1)?;
            if exponent < 0 {
                continue;
            }
            ones += lift;
            if ones > MOST_ONES {
                return Err(Error::MatrixSize { count: ones, most: MOST_ONES }.into());
            }
            for (z, row) in block.iter_mut().enumerate() {
                row.push((column * lift + (z + exponent as usize) % lift) as u32);
            }
        }
        matrix.append(&mut block);
    }
    lines.end()?;
    Ok(ParityMatrix::new(columns * lift, &matrix)?)
}

const MOST_ONES: usize = 1 << 24;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_name_the_line() {
        use MatrixFileError as E;
        let error = |text| ParityMatrix::from_text(text).unwrap_err();
        assert!(matches!(error("2 1 4\n0\n"), E::Count { line: 2, found: 1, expected: 2, .. }));
        assert!(matches!(error("2 1 4\n\n0 4\n"), E::OutOfRange { line: 3, value: 4, .. }));
        assert!(matches!(error("2 1 4\n0 -2\n"), E::NotANumber { line: 2, word: 2 }));
        assert!(matches!(error("2 2 4\n0 1\n"), E::EndsEarly { line: 2, .. }));
        assert!(matches!(error("2 1 4\n0 1\n0 1"), E::GoesOn { line: 3 }));
        assert!(matches!(error("2 1 4194305\n"), E::OutOfRange { line: 1, .. }));
        assert!(matches!(error("9000 1 9000\n"), E::OutOfRange { line: 1, .. }));
        assert!(matches!(error("1 1 4\n-1\n"), E::Matrix(Error::MatrixSize { count: 0, .. })));
    }

    /// A short header must not buy a large allocation.
    #[test]
    fn many_circulants_are_refused_before_they_are_expanded() {
        let row = "0 ".repeat(16);
        let text = ["16 16 262144\n", &[row.as_str(); 16].join("\n")].concat();
        let error = ParityMatrix::from_text(&text).unwrap_err();
        assert!(matches!(error, MatrixFileError::Matrix(Error::MatrixSize { .. })), "{error}");
    }
}
