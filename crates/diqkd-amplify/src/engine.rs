//! The Toeplitz product piece by piece, whichever algorithm does it.
//!
//! The columns are cut into pieces of `a` words, counted from the last: piece `c` takes the bits
//! `n - 64 a (c+1) .. n - 64 a c` of the input, so that only the piece that comes first, `c = C - 1`, is filled up, with
//! zeros in front. With `l` the place within the piece, `j = n - 64 a (c+1) + l`, it adds
//!
//! ```text
//! y_i += XOR_l x_l t_(i - l + 64 a (c+1) - 1)
//! ```
//!
//! to the output: of the seed it needs the bits from `64 a c` on (or from one before), as many as the rows and the piece
//! have together.

use alloc::boxed::Box;

use diqkd_gf2::Backend;

use crate::algorithm::{Algorithm, Method};
use crate::blocks::Blocks;
use crate::piece::Piece;
use crate::seed::SeedSource;
use crate::tiles::Tiles;

/// An algorithm for a Toeplitz matrix of fixed size.
#[derive(Clone, Debug)]
pub(crate) enum Engine {
    Tiles(Tiles),
    Blocks(Box<Blocks>),
}

/// Where an engine takes its seed from.
pub(crate) enum Windows<'a, S> {
    /// From the seed itself.
    Read(&'a mut S),
    /// From what [`Engine::prepare`] left.
    Prepared(&'a [u64]),
}

impl Engine {
    /// For a matrix of `rows` by `columns` bits, neither zero.
    pub(crate) fn new(rows: usize, columns: usize, backend: Backend, method: Method) -> Self {
        let tiles = Tiles::new(rows, columns, backend);
        match method {
            Method::Tiles => return Self::Tiles(tiles),
            Method::Transform { elements_log } => {
                return Self::Blocks(Box::new(Blocks::new(rows, columns, backend, elements_log)));
            }
            Method::Cheapest => {}
        }
        match Blocks::cheapest(rows, columns, backend) {
            Some((blocks, cost)) if cost < tiles.cost() => Self::Blocks(Box::new(blocks)),
            _ => Self::Tiles(tiles),
        }
    }

    pub(crate) fn algorithm(&self) -> Algorithm {
        match self {
            Self::Tiles(tiles) => tiles.algorithm(),
            Self::Blocks(blocks) => blocks.algorithm(),
        }
    }

    /// Words of a piece: `a`.
    pub(crate) fn piece_words(&self) -> usize {
        match self {
            Self::Tiles(tiles) => tiles.piece_words(),
            Self::Blocks(blocks) => blocks.piece_words(),
        }
    }

    /// How many pieces cover the columns: `C`.
    pub(crate) fn pieces(&self) -> usize {
        match self {
            Self::Tiles(tiles) => tiles.pieces(),
            Self::Blocks(blocks) => blocks.pieces(),
        }
    }

    /// Words of scratch for all other methods.
    pub(crate) fn scratch_words(&self) -> usize {
        match self {
            Self::Tiles(tiles) => tiles.scratch_words(),
            Self::Blocks(blocks) => blocks.scratch_words(),
        }
    }

    /// Words that [`Engine::prepare`] fills.
    pub(crate) fn prepared_words(&self) -> usize {
        match self {
            Self::Tiles(tiles) => tiles.prepared_words(),
            Self::Blocks(blocks) => blocks.prepared_words(),
        }
    }

    /// Does once what all hashes with one seed have in common.
    pub(crate) fn prepare<S: SeedSource>(
        &self,
        seed: &mut S,
        prepared: &mut [u64],
        scratch: &mut [u64],
    ) -> Result<(), S::Error> {
        match self {
            Self::Tiles(tiles) => tiles.prepare(seed, prepared),
            Self::Blocks(blocks) => blocks.prepare(seed, prepared, scratch),
        }
    }

    /// Begins a product.
    pub(crate) fn start(&self, scratch: &mut [u64]) {
        match self {
            Self::Tiles(tiles) => tiles.start(scratch),
            // The first pieces overwrite what there is.
            Self::Blocks(_) => {}
        }
    }

    /// Adds piece `c` of the input, the highest first.
    pub(crate) fn absorb<S: SeedSource>(
        &self,
        c: usize,
        mut x: Piece<'_>,
        seed: &mut Windows<'_, S>,
        scratch: &mut [u64],
    ) -> Result<(), S::Error> {
        match self {
            Self::Tiles(tiles) => tiles.absorb(c, x.words(), seed, scratch),
            Self::Blocks(blocks) => blocks.absorb(c, x, seed, scratch),
        }
    }

    /// The words of the output after piece 0; bits beyond the last row are arbitrary.
    pub(crate) fn finish<'a>(&self, scratch: &'a mut [u64]) -> &'a [u64] {
        match self {
            Self::Tiles(tiles) => tiles.finish(scratch),
            Self::Blocks(blocks) => blocks.finish(scratch),
        }
    }
}
