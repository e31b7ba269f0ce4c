//! Toeplitz products by square tiles of carry-less multiplication.
//!
//! A piece is `P` tiles of `s` words side by side, the output `R` tiles. In the notation of `engine`, with
//! `t'_k = t_(64 a c - 1 + k)`, the tile in row `r` and column `k` of the piece reads the `2s` words of `t'` from
//! `(r + P - 1 - k) s` on.
//!
//! Memory: output, piece and the seed of a piece, padded to whole tiles, and less than five tiles of scratch.

use diqkd_gf2::{Backend, Tile};

use crate::algorithm::Algorithm;
use crate::engine::Windows;
use crate::seed::SeedSource;

#[derive(Clone, Copy, Debug)]
pub(crate) struct Tiles {
    tile: Tile,
    /// Tiles of the output: `R`.
    rows: usize,
    /// Tiles of a piece: `P`.
    width: usize,
    pieces: usize,
}

impl Tiles {
    /// For a matrix of `rows` by `columns` bits.
    pub(crate) fn new(rows: usize, columns: usize, backend: Backend) -> Self {
        let (row_words, column_words) = (rows.div_ceil(64), columns.div_ceil(64));
        let tile = Tile::cheapest(backend, row_words, column_words);
        let rows = row_words.div_ceil(tile.words());
        let columns = column_words.div_ceil(tile.words());
        // Pieces about as long as the output, so that memory follows it, but not so short that overheads show.
        let width = rows.max(PIECE_WORDS.div_ceil(tile.words()));
        let pieces = columns.div_ceil(width);
        Self { tile, rows, width: columns.div_ceil(pieces), pieces }
    }

    /// About how long a product takes, cycles.
    pub(crate) fn cost(&self) -> u128 {
        self.tiles() as u128 * self.tile.cost()
    }

    pub(crate) fn algorithm(&self) -> Algorithm {
        let (tile_words, backend) = (self.tile.words(), self.tile.backend());
        match self.tile.levels() {
            0 => Algorithm::Quadratic { tile_words, tiles: self.tiles(), backend },
            levels => Algorithm::Winograd { tile_words, levels, tiles: self.tiles(), backend },
        }
    }

    pub(crate) fn piece_words(&self) -> usize {
        self.width * self.tile.words()
    }

    pub(crate) fn pieces(&self) -> usize {
        self.pieces
    }

    pub(crate) fn scratch_words(&self) -> usize {
        let tiles = 2 * self.rows + self.width + 1;
        tiles * self.tile.words() + self.tile.scratch_words()
    }

    pub(crate) fn prepared_words(&self) -> usize {
        self.rows * self.tile.words() + self.pieces * self.piece_words()
    }

    pub(crate) fn prepare<S: SeedSource>(&self, seed: &mut S, prepared: &mut [u64]) -> Result<(), S::Error> {
        read_from_one_before(seed, 0, prepared)
    }

    pub(crate) fn start(&self, scratch: &mut [u64]) {
        scratch[..self.rows * self.tile.words()].fill(0);
    }

    pub(crate) fn absorb<S: SeedSource>(
        &self,
        c: usize,
        x: &[u64],
        seed: &mut Windows<'_, S>,
        scratch: &mut [u64],
    ) -> Result<(), S::Error> {
        let s = self.tile.words();
        let (y, scratch) = scratch.split_at_mut(self.rows * s);
        let (window, scratch) = scratch.split_at_mut((self.rows + self.width) * s);
        let (part, scratch) = scratch.split_at_mut(s);
        let from = c * self.piece_words();
        let t = match seed {
            Windows::Prepared(t) => &t[from..from + window.len()],
            Windows::Read(seed) => {
                read_from_one_before(*seed, 64 * from as u64, window)?;
                &*window
            }
        };
        let last = self.width - 1;
        for (r, y) in y.chunks_exact_mut(s).enumerate() {
            for (k, x) in x.chunks_exact(s).enumerate() {
                let t = &t[(r + last - k) * s..][..2 * s];
                self.tile.apply(x, t, part, scratch).expect("all slices were cut to the tile's lengths");
                y.iter_mut().zip(&*part).for_each(|(y, part)| *y ^= part);
            }
        }
        Ok(())
    }

    pub(crate) fn finish<'a>(&self, scratch: &'a mut [u64]) -> &'a [u64] {
        &scratch[..self.rows * self.tile.words()]
    }

    fn tiles(&self) -> usize {
        self.rows * self.width * self.pieces
    }
}

/// Replaces `words` by the bits `from - 1 ..` of a seed; bit -1 counts as zero.
fn read_from_one_before<S: SeedSource>(seed: &mut S, from: u64, words: &mut [u64]) -> Result<(), S::Error> {
    if let Some(before) = from.checked_sub(1) {
        return seed.read(before, words);
    }
    seed.read(0, words)?;
    let mut carry = 0;
    for word in words {
        (*word, carry) = (*word << 1 | carry, *word >> 63);
    }
    Ok(())
}

/// The least length of a piece of a long input, words.
const PIECE_WORDS: usize = 1024;
