//! How a matrix is cut into blocks.

use diqkd_gf2::{Backend, Transform};

use crate::blocks::{BATCH, WORKERS};

/// How blocks of one size cover a matrix.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    /// Words of a piece of the input: `a`.
    pub(super) column_words: usize,
    /// Words of a chunk of the output: `b`.
    pub(super) row_words: usize,
    pub(super) columns: usize,
    pub(super) rows: usize,
}

impl Shape {
    /// The shapes for a matrix of `rows` by `columns` words and transforms of `k` words.
    pub(super) fn candidates(rows: usize, columns: usize, k: usize) -> impl Iterator<Item = Self> {
        let shape = move |row_words: usize, column_words: usize| Self {
            column_words,
            row_words,
            columns: columns.div_ceil(column_words),
            rows: rows.div_ceil(row_words),
        };
        // Equal blocks, no longer than needed, so that they may fit into a half or a quarter of a transform.
        let even = |words: usize, most: usize| words.div_ceil(words.div_ceil(most));
        let square = shape(k / 2, k / 2);
        let one_row = (rows < k).then(|| shape(rows, even(columns, k - rows)));
        let one_column = (columns < k).then(|| shape(even(rows, k - columns), columns));
        [one_row, one_column, Some(square)].into_iter().flatten()
    }

    /// Do windows of equal `r + c` coincide?
    pub(super) fn shared(self) -> bool {
        self.rows > 1 && self.columns > 1
    }

    /// How many windows there are.
    pub(super) fn windows(self) -> usize {
        if self.shared() { self.rows + self.columns - 1 } else { self.rows * self.columns }
    }

    pub(super) fn cost(self, backend: Backend, log: u32) -> u128 {
        let transforms =
            |count: usize, words| Transform::cost(backend, log, words).saturating_mul(count as u128);
        let products = self.rows as u128 * self.columns as u128;
        // The sums, the pieces of a batch, and their windows.
        let operands = 2 * (self.rows + self.batch());
        transforms(self.windows(), 1 << log)
            .saturating_add(transforms(self.columns, self.column_words))
            .saturating_add(transforms(self.rows, self.row_words))
            .saturating_add(products.saturating_mul(Transform::product_cost(backend, log, operands)))
    }

    pub(super) fn batch(self) -> usize {
        self.columns.min(if self.rows > 1 { BATCH } else { WORKERS })
    }
}
