//! What a plan may choose from, and what it has chosen.

use core::fmt;

use diqkd_gf2::Backend;

/// How a plan gets its algorithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Method {
    /// The one that is likely to take the least time.
    Cheapest,
    /// Carry-less multiplication: [`Algorithm::Quadratic`] or [`Algorithm::Winograd`].
    Tiles,
    /// [`Algorithm::Transform`] of `2^(elements_log + 6)` bits; for tests and measurements. The exponent is taken as the
    /// nearest that there is.
    Transform {
        /// Logarithm of the number of elements of GF(2^64).
        elements_log: u32,
    },
}

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
    /// Middle products by an additive Fourier transform; sums over the columns are taken of the transforms.
    Transform {
        /// Length of the transforms, bits.
        bits: usize,
        /// Pieces of the output.
        rows: usize,
        /// Pieces of the input.
        columns: usize,
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
            Self::Transform { bits, rows, columns, backend } => {
                write!(f, "transform of 2^{} bits, {rows} x {columns} blocks ({backend})", bits.ilog2())
            }
        }
    }
}
