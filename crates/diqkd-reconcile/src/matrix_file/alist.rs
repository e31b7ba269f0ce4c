//! The alist format.

use alloc::vec::Vec;

use super::words::{Lines, within};
use super::{MOST, MatrixFileError};
use crate::matrix::ParityMatrix;

pub(super) fn read(
    line: usize,
    columns: i64,
    rows: i64,
    mut lines: Lines<'_>,
) -> Result<ParityMatrix, MatrixFileError> {
    let columns = within(line, "the number of columns", columns, 1, MOST)?;
    let rows = within(line, "the number of rows", rows, 1, MOST)?;
    let (line, largest) = lines.next("the largest degrees of a column and of a row")?;
    let [column_degree, row_degree] = largest[..] else {
        let (what, found) = ("the largest degrees of a column and of a row", largest.len());
        return Err(MatrixFileError::Count { line, what, found, expected: 2 });
    };
    let column_degree = within(line, "the largest degree of a column", column_degree, 0, rows as i64)?;
    let row_degree = within(line, "the largest degree of a row", row_degree, 0, columns as i64)?;
    let column_degrees = degrees(&mut lines, "the degrees of the columns", columns, column_degree)?;
    let row_degrees = degrees(&mut lines, "the degrees of the rows", rows, row_degree)?;

    // Ones by column; each is crossed off when the list of its row comes.
    let mut rows_of = Vec::new();
    for &degree in &column_degrees {
        rows_of.push(ones(&mut lines, "the rows of a column", degree, column_degree, rows)?.1);
    }
    let mut matrix = Vec::new();
    for (row, &degree) in row_degrees.iter().enumerate() {
        let (line, columns) = ones(&mut lines, "the columns of a row", degree, row_degree, columns)?;
        for &column in &columns {
            let of_column: &mut Vec<u32> = &mut rows_of[column as usize];
            let Some(at) = of_column.iter().position(|&r| r as usize == row) else {
                let column = column as usize + 1;
                return Err(MatrixFileError::Contradiction { line, row: row + 1, column });
            };
            of_column.swap_remove(at);
        }
        matrix.push(columns);
    }
    let left = (1..).zip(&rows_of).find_map(|(column, rows)| Some((column, *rows.first()?)));
    if let Some((column, row)) = left {
        return Err(MatrixFileError::Missing { row: row as usize + 1, column });
    }
    lines.end()?;
    Ok(ParityMatrix::new(columns, &matrix)?)
}

fn degrees(
    lines: &mut Lines<'_>,
    what: &'static str,
    count: usize,
    most: usize,
) -> Result<Vec<usize>, MatrixFileError> {
    let (line, degrees) = lines.next(what)?;
    if degrees.len() != count {
        return Err(MatrixFileError::Count { line, what, found: degrees.len(), expected: count });
    }
    degrees.into_iter().map(|degree| within(line, "a degree", degree, 0, most as i64)).collect()
}

/// A list of `degree` indices below `end`, from 0, out of a line that may be padded with zeros to `padded`.
fn ones(
    lines: &mut Lines<'_>,
    what: &'static str,
    degree: usize,
    padded: usize,
    end: usize,
) -> Result<(usize, Vec<u32>), MatrixFileError> {
    let (line, mut list) = lines.next(what)?;
    let padding = list.len().saturating_sub(degree);
    if padding > 0 && list.len() <= padded.max(1) && list[degree..].iter().all(|&one| one == 0) {
        list.truncate(degree);
    }
    if list.len() != degree {
        return Err(MatrixFileError::Count { line, what, found: list.len(), expected: degree });
    }
    let index = |one| within(line, "an index", one, 1, end as i64).map(|one| one as u32 - 1);
    Ok((line, list.into_iter().map(index).collect::<Result<_, _>>()?))
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    const HAMMING: &str = "7 3\n3 4\n1 1 2 1 2 2 3\n4 4 4\n1 0 0\n2 0 0\n1 2 0\n3 0 0\n1 3 0\n2 3 0\n1 2 3\n\
                           1 3 5 7\n2 3 6 7\n4 5 6 7\n";

    fn with_line(line: usize, text: &str) -> Result<ParityMatrix, MatrixFileError> {
        let mut lines: Vec<&str> = HAMMING.lines().collect();
        lines[line - 1] = text;
        ParityMatrix::from_text(&lines.join("\n"))
    }

    #[test]
    fn the_hamming_code_with_and_without_padding() {
        let rows = [vec![0, 2, 4, 6], vec![1, 2, 5, 6], vec![3, 4, 5, 6]];
        let expected = ParityMatrix::new(7, &rows).unwrap();
        assert_eq!(ParityMatrix::from_text(HAMMING).unwrap(), expected);
        assert_eq!(ParityMatrix::from_text(&HAMMING.replace(" 0", "")).unwrap(), expected);
        assert_eq!(ParityMatrix::from_text(&HAMMING.replace('\n', "\r\n\n")).unwrap(), expected);
    }

    #[test]
    fn errors_name_the_line() {
        use MatrixFileError as E;
        let error = |line, text| with_line(line, text).unwrap_err();
        assert_eq!(error(1, "7"), E::Header { line: 1, found: 1 });
        assert_eq!(error(1, "7 x"), E::NotANumber { line: 1, word: 2 });
        assert!(matches!(error(1, "0 3"), E::OutOfRange { line: 1, value: 0, .. }));
        assert!(matches!(error(1, "99999999 3"), E::OutOfRange { line: 1, .. }));
        assert!(matches!(error(1, "999999999999999999999999 3"), E::NotANumber { line: 1, word: 1 }));
        assert!(matches!(error(2, "3 4 5"), E::Count { line: 2, found: 3, expected: 2, .. }));
        assert!(matches!(error(3, "1 1 2 1 2 2"), E::Count { line: 3, found: 6, expected: 7, .. }));
        assert!(matches!(error(3, "1 1 2 1 2 2 4"), E::OutOfRange { line: 3, value: 4, .. }));
        assert!(matches!(error(5, "4 0 0"), E::OutOfRange { line: 5, value: 4, .. }));
        assert!(matches!(error(7, "1 2 3"), E::Count { line: 7, found: 3, expected: 2, .. }));
        assert!(matches!(error(12, "1 3 5 6"), E::Contradiction { line: 12, row: 1, column: 6 }));
        assert!(matches!(error(13, "2 3 3 7"), E::Contradiction { line: 13, row: 2, column: 3 }));
        let cut = HAMMING.rsplit_once("4 5").unwrap().0;
        assert!(matches!(ParityMatrix::from_text(cut), Err(E::EndsEarly { line: 13, .. })));
        let more = [HAMMING, "\n1 2\n"].concat();
        assert!(matches!(ParityMatrix::from_text(&more), Err(E::GoesOn { line: 16 })));
        let short = HAMMING.replace("4 4 4", "3 4 4").replace("1 3 5 7", "1 3 5");
        assert!(matches!(ParityMatrix::from_text(&short), Err(E::Missing { row: 1, column: 7 })));
        assert!(matches!(ParityMatrix::from_text(""), Err(E::EndsEarly { line: 0, .. })));
    }
}
