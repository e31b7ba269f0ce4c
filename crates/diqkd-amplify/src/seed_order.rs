//! How other programs write down a Toeplitz matrix.

use diqkd_gf2::{BitRef, Bits};

/// In which order the `n + m - 1` bits of a Toeplitz matrix of `m` rows and `n` columns are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SeedOrder {
    /// The diagonals from the top right corner to the bottom left one: `t_0 .. t_(n+m-2)`, the order of this crate.
    TopRightFirst,
    /// The diagonals from the bottom left corner to the top right one.
    BottomLeftFirst,
    /// The first column from the top, then the rest of the first row from its end:
    /// `T_(0,0) .. T_(m-1,0), T_(0,n-1) .. T_(0,1)`; the first column of a circulant matrix that contains `T`.
    ColumnThenReversedRow,
    /// The first column from the top, then the rest of the first row from its beginning:
    /// `T_(0,0) .. T_(m-1,0), T_(0,1) .. T_(0,n-1)`.
    ColumnThenRow,
}

impl SeedOrder {
    /// The seed in the order of this crate, of a matrix with `rows` rows; `rows` is taken as at most the length.
    ///
    /// ```
    /// use diqkd_amplify::SeedOrder;
    /// use diqkd_gf2::bits_from_bytes;
    ///
    /// // Two rows, three columns: first column (1, 0), first row (1, 1, 0).
    /// let ours = &bits_from_bytes(&[0b0110])[..4]; // t = 0 1 1 0, T_(i,j) = t_(i-j+2)
    /// let theirs = &bits_from_bytes(&[0b1001])[..4]; // 1 0, then 0 1
    /// assert_eq!(SeedOrder::ColumnThenReversedRow.to_top_right_first(theirs, 2), ours);
    /// ```
    pub fn to_top_right_first(self, seed: &BitRef, rows: usize) -> Bits {
        let (column, row) = seed.split_at(rows.min(seed.len()));
        let reversed = |bits: &BitRef| bits.iter().by_vals().rev().collect::<Bits>();
        match self {
            Self::TopRightFirst => seed.to_bitvec(),
            Self::BottomLeftFirst => reversed(seed),
            Self::ColumnThenReversedRow => {
                let mut bits = row.to_bitvec();
                bits.extend_from_bitslice(column);
                bits
            }
            Self::ColumnThenRow => {
                let mut bits = reversed(row);
                bits.extend_from_bitslice(column);
                bits
            }
        }
    }
}
