//! Any sparse parity-check matrix, for codes that come from elsewhere.

use alloc::vec;
use alloc::vec::Vec;

use diqkd_gf2::{BitRef, Bits, bits_from_words};

use crate::code::{Edge, QcCode};
use crate::encoder::words;
use crate::error::Error;

/// A sparse binary matrix `H`: `m` rows (syndrome bits) by `n` columns (code bits).
///
/// ```
/// use diqkd_reconcile::{Bits, ParityMatrix};
///
/// let hamming = ParityMatrix::new(7, &[vec![0, 2, 4, 6], vec![1, 2, 5, 6], vec![3, 4, 5, 6]])?;
/// let word: Bits = [false, false, true, false, false, false, false].into_iter().collect();
/// assert_eq!(hamming.syndrome(&word)?, [true, true, false].into_iter().collect::<Bits>());
/// # Ok::<(), diqkd_reconcile::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParityMatrix {
    code: QcCode,
}

impl ParityMatrix {
    /// A matrix of `columns` columns with ones at the named columns of each row.
    ///
    /// # Errors
    /// [`Error::MatrixSize`] for more than 2^24 rows, columns or ones, or none; [`Error::MatrixEntry`] for a column
    /// that does not exist or that a row names twice.
    pub fn new(columns: usize, rows: &[Vec<u32>]) -> Result<Self, Error> {
        let ones = rows.iter().map(Vec::len).sum::<usize>();
        for count in [columns, rows.len(), ones] {
            if !(1..=MOST).contains(&count) {
                return Err(Error::MatrixSize { count, most: MOST });
            }
        }
        let mut last_row_of = vec![usize::MAX; columns];
        for (row, ones) in rows.iter().enumerate() {
            for &column in ones {
                match last_row_of.get_mut(column as usize) {
                    Some(last) if *last != row => *last = row,
                    _ => return Err(Error::MatrixEntry { row, column: column as usize, columns }),
                }
            }
        }
        let edges: Vec<Vec<Edge>> =
            rows.iter().map(|ones| ones.iter().map(|&column| Edge { column, shift: 0 }).collect()).collect();
        Ok(Self { code: QcCode::new(64, columns, &edges) })
    }

    /// Number of columns: bits of a frame.
    pub fn columns(&self) -> usize {
        self.code.columns()
    }

    /// Number of rows: bits of a syndrome.
    pub fn rows(&self) -> usize {
        self.code.rows()
    }

    /// The columns of the ones of row `row`; empty beyond the last row.
    pub fn row(&self, row: usize) -> impl Iterator<Item = u32> + '_ {
        let edges = if row < self.rows() { self.code.row(row) } else { &[] };
        edges.iter().map(|edge| edge.column)
    }

    /// `H · frame`, one bit a row.
    ///
    /// # Errors
    /// [`Error::Length`] unless the frame has a bit for each column.
    pub fn syndrome(&self, frame: &BitRef) -> Result<Bits, Error> {
        let words = words("the frame", frame, self.columns())?;
        let bit = |i: u32| words[i as usize / 64] >> (i % 64) & 1;
        let mut out = vec![0u64; self.rows().div_ceil(64)];
        for r in 0..self.rows() {
            out[r / 64] |= self.row(r).fold(0, |sum, column| sum ^ bit(column)) << (r % 64);
        }
        Ok(bits_from_words(&out, self.rows()))
    }

    /// The matrix with 64 lanes a column, one for each of 64 frames.
    pub(crate) fn code(&self) -> &QcCode {
        &self.code
    }
}

const MOST: usize = 1 << 24;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nonsense_is_refused() {
        assert!(matches!(ParityMatrix::new(0, &[vec![]]), Err(Error::MatrixSize { count: 0, .. })));
        assert!(matches!(ParityMatrix::new(3, &[]), Err(Error::MatrixSize { count: 0, .. })));
        assert!(matches!(ParityMatrix::new(3, &[vec![0, 3]]), Err(Error::MatrixEntry { column: 3, .. })));
        assert!(matches!(
            ParityMatrix::new(3, &[vec![1], vec![2, 2]]),
            Err(Error::MatrixEntry { row: 1, .. })
        ));
        assert!(ParityMatrix::new(3, &[vec![0, 2], vec![]]).is_ok());
    }
}
