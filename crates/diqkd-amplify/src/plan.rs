//! The Toeplitz product of a fixed size.
//!
//! `y_i` is the coefficient of `z^(i+n-1)` in `x(z) t(z)`. With `N = ceil(n/64)` words of input and `t` moved up by
//! `64 N - n + 1` bits these coefficients begin at word `N` of the product, on a word boundary. The matrix is then cut
//! into square tiles of `s` words, `R` rows of `C` tiles; the tile in row `r` and column `c` reads the `2s` words of
//! `t` from `N + (r-c-1) s` on. The `C s - N` words of `t` that lie before word 0 meet only the padding of `x`.
//!
//! Memory: `x`, `t` and `y` padded to whole tiles, one tile of output and less than five of scratch: `O(n + m)`.

use diqkd_gf2::{Backend, BitRef, Bits, LengthError, Tile, copy_to_words, fill_from_words};

use crate::algorithm::Algorithm;
use crate::error::Error;
use crate::family::Family;
use crate::scratch::Scratch;

/// A Toeplitz product of `n` bits to `m` bits whose algorithm is chosen; good for any number of hashes.
///
/// ```
/// use diqkd_amplify::{Family, Plan};
///
/// let plan = Plan::new(1_500_000, 450_000, Family::ModifiedToeplitz)?;
/// assert_eq!(plan.seed_bits(), 1_499_999);
/// assert!(plan.scratch().bytes() < 2_000_000);
/// # Ok::<(), diqkd_amplify::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    in_bits: usize,
    out_bits: usize,
    family: Family,
    /// `None` for a matrix without columns.
    grid: Option<Grid>,
}

/// How square tiles cover the Toeplitz matrix.
#[derive(Clone, Copy, Debug)]
struct Grid {
    tile: Tile,
    rows: usize,
    columns: usize,
    /// Bit of the padded `t` at which bit 0 of the seed lies.
    seed_offset: usize,
}

impl Plan {
    /// A plan for inputs of `in_bits` (n) and outputs of `out_bits` (m), on the fastest backend of this processor.
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::Lengthens`] (modified family with m > n) or [`Error::TooLong`].
    pub fn new(in_bits: usize, out_bits: usize, family: Family) -> Result<Self, Error> {
        Self::with_backend(in_bits, out_bits, family, Backend::detect())
    }

    /// A plan for a chosen backend.
    ///
    /// # Errors
    /// As [`Plan::new`].
    pub fn with_backend(
        in_bits: usize,
        out_bits: usize,
        family: Family,
        backend: Backend,
    ) -> Result<Self, Error> {
        if in_bits == 0 || out_bits == 0 {
            return Err(Error::Empty { in_bits, out_bits });
        }
        if in_bits.max(out_bits) > MAX_BITS {
            return Err(Error::TooLong { in_bits, out_bits });
        }
        let columns = match family {
            Family::Toeplitz => in_bits,
            Family::ModifiedToeplitz => {
                in_bits.checked_sub(out_bits).ok_or(Error::Lengthens { in_bits, out_bits })?
            }
        };
        let grid = (columns > 0).then(|| Grid::new(columns, out_bits, backend));
        Ok(Self { in_bits, out_bits, family, grid })
    }

    /// Length of the input, bits (n).
    pub fn in_bits(&self) -> usize {
        self.in_bits
    }

    /// Length of the output, bits (m).
    pub fn out_bits(&self) -> usize {
        self.out_bits
    }

    /// The hash family.
    pub fn family(&self) -> Family {
        self.family
    }

    /// Length of the seed, bits: `n + m - 1` for [`Family::Toeplitz`]; for [`Family::ModifiedToeplitz`] `n - 1`, or 0
    /// if `m = n`.
    pub fn seed_bits(&self) -> usize {
        match self.columns() {
            0 => 0,
            columns => columns + self.out_bits - 1,
        }
    }

    /// The algorithm chosen.
    pub fn algorithm(&self) -> Algorithm {
        let Some(grid) = self.grid else { return Algorithm::Identity };
        let (tile_words, tiles) = (grid.tile.words(), grid.rows * grid.columns);
        let backend = grid.tile.backend();
        match grid.tile.levels() {
            0 => Algorithm::Quadratic { tile_words, tiles, backend },
            levels => Algorithm::Winograd { tile_words, levels, tiles, backend },
        }
    }

    /// Working memory for [`Plan::hash`]; the only allocation, a few times `n + m` bits.
    pub fn scratch(&self) -> Scratch {
        Scratch::new(self.scratch_words())
    }

    /// Replaces `output` by the `m`-bit hash of `input`.
    ///
    /// `input`: `n` bits; `seed`: [`Plan::seed_bits`] bits. Nothing is allocated if `output` has room for `m` bits.
    ///
    /// # Errors
    /// [`Error::InputLength`], [`Error::SeedLength`] or [`Error::ScratchSize`]; `output` is then unchanged.
    pub fn hash(
        &self,
        input: &BitRef,
        seed: &BitRef,
        scratch: &mut Scratch,
        output: &mut Bits,
    ) -> Result<(), Error> {
        let check = |found, expected, error: Error| if found == expected { Ok(()) } else { Err(error) };
        let (expected, found) = (self.in_bits, input.len());
        check(found, expected, Error::InputLength { expected, found })?;
        let (expected, found) = (self.seed_bits(), seed.len());
        check(found, expected, Error::SeedLength { expected, found })?;
        let (expected, found) = (self.scratch_words(), scratch.words().len());
        check(found, expected, Error::ScratchSize { expected, found })?;

        let (kept, hashed) = input.split_at(self.in_bits - self.columns());
        let Some(grid) = self.grid else {
            output.clear();
            output.extend_from_bitslice(kept);
            return Ok(());
        };
        let words = scratch.words();
        let mismatch = |_: LengthError| Error::ScratchSize { expected, found };
        let y = grid.product(hashed, seed, words).map_err(mismatch)?;
        fill_from_words(output, y, self.out_bits);
        if !kept.is_empty() {
            *output ^= kept;
        }
        Ok(())
    }

    /// Columns of the Toeplitz part.
    fn columns(&self) -> usize {
        match self.family {
            Family::Toeplitz => self.in_bits,
            Family::ModifiedToeplitz => self.in_bits - self.out_bits,
        }
    }

    fn scratch_words(&self) -> usize {
        self.grid.map_or(0, Grid::scratch_words)
    }
}

impl Grid {
    fn new(columns: usize, rows: usize, backend: Backend) -> Self {
        let (column_words, row_words) = (columns.div_ceil(64), rows.div_ceil(64));
        let tile = Tile::cheapest(backend, row_words, column_words);
        let grid_columns = column_words.div_ceil(tile.words());
        Self {
            tile,
            rows: row_words.div_ceil(tile.words()),
            columns: grid_columns,
            seed_offset: 64 * grid_columns * tile.words() - columns + 1,
        }
    }

    fn scratch_words(self) -> usize {
        let tiles = 2 * (self.rows + self.columns) + 1;
        tiles * self.tile.words() + self.tile.scratch_words()
    }

    /// The words of `T x`; bits beyond the last row are arbitrary.
    fn product<'a>(
        self,
        input: &BitRef,
        seed: &BitRef,
        scratch: &'a mut [u64],
    ) -> Result<&'a [u64], LengthError> {
        let s = self.tile.words();
        let (x, scratch) = scratch.split_at_mut(self.columns * s);
        let (t, scratch) = scratch.split_at_mut((self.rows + self.columns) * s);
        let (y, scratch) = scratch.split_at_mut(self.rows * s);
        let (part, scratch) = scratch.split_at_mut(s);
        copy_to_words(input, x, 0);
        copy_to_words(seed, t, self.seed_offset);
        for (r, y) in y.chunks_exact_mut(s).enumerate() {
            for (c, x) in x.chunks_exact(s).enumerate() {
                let from = (r + self.columns - 1 - c) * s;
                let t = &t[from..from + 2 * s];
                if c == 0 {
                    self.tile.apply(x, t, y, scratch)?;
                } else {
                    self.tile.apply(x, t, part, scratch)?;
                    y.iter_mut().zip(&*part).for_each(|(y, part)| *y ^= part);
                }
            }
        }
        Ok(y)
    }
}

/// Up to this length no sum here overflows, and strings fit a `BitVec`.
const MAX_BITS: usize = usize::MAX >> 5;
