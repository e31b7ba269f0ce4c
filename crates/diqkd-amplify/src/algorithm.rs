//! What a plan has chosen.

use core::fmt;

use diqkd_gf2::Backend;

/// The algorithm of a plan; for reports and benchmark records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Algorithm {
    /// Nothing to multiply: the modified family with `m = n` is the identity.
    Identity,
    /// One carry-less product for every pair of input and output words.
    Quadratic {
        /// Side of a square tile, words of 64 bits.
        tile_words: usize,
        /// Tiles that cover the matrix.
        tiles: usize,
        /// Instruction set.
        backend: Backend,
    },
    /// Winograd's recursion, three half tiles for four, over the quadratic kernel.
    Winograd {
        /// Side of a square tile, words of 64 bits.
        tile_words: usize,
        /// Halvings before the quadratic kernel.
        levels: u32,
        /// Tiles that cover the matrix.
        tiles: usize,
        /// Instruction set.
        backend: Backend,
    },
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Identity => f.write_str("identity"),
            Self::Quadratic { tile_words, tiles, backend } => {
                write!(f, "quadratic, {tiles} tiles of {tile_words} words ({backend})")
            }
            Self::Winograd { tile_words, levels, tiles, backend } => {
                write!(f, "winograd, {tiles} tiles of {tile_words} words, {levels} levels ({backend})")
            }
        }
    }
}
