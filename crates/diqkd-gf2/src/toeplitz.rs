//! Products of square Toeplitz matrices with vectors, as middle products of binary polynomials.
//!
//! A *tile* of `w` words takes `x` (`w` words) and `t` (`2w` words) and gives the words `w .. 2w` of the polynomial
//! product `x t`: `y_i = XOR_j x_j t_(i-j+64w)` for `0 <= i, j < 64w`.
//!
//! With halves `x = (x0, x1)`, `y = (y0, y1)` of `h = w/2` words and the windows `a = t[0..2h]`, `b = t[h..3h]`,
//! `c = t[2h..4h]` the tile is `y0 = b x0 + a x1`, `y1 = c x0 + b x1`. Over GF(2) three half tiles do it instead of
//! four (Winograd's trick for Toeplitz matrices, the transpose of Karatsuba's):
//!
//! ```text
//! p = b (x0 + x1),   y0 = p + (a + b) x1,   y1 = p + (b + c) x0
//! ```
//!
//! and both window sums come from one sequence, `s_i = t_i + t_(i+h)`, `3h` words. The recursion ends in a quadratic
//! block kernel. Cost: `O(w^1.585)` time, less than `5w` words of scratch, no allocation. Branches and addresses depend
//! on `w` alone.

use crate::backend::{Backend, Kernel, Task};
use crate::length_error::LengthError;

/// The shape of a square Toeplitz product: blocks of `base` words, doubled `levels` times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tile {
    backend: Backend,
    base: usize,
    levels: u32,
}

impl Tile {
    /// The tile with which covering `rows` by `columns` words, padded with zeros to whole tiles, costs least.
    ///
    /// The tile is less than twice as long as the shorter side, or one block. Zero rows or columns count as one.
    pub fn cheapest(backend: Backend, rows: usize, columns: usize) -> Self {
        backend.run(Cheapest { backend, rows: rows.max(1), columns: columns.max(1) })
    }

    /// Side of the tile, words.
    pub fn words(self) -> usize {
        self.base << self.levels
    }

    /// Side of the blocks that the quadratic kernel computes, words.
    pub fn base_words(self) -> usize {
        self.base
    }

    /// How often the tile is halved before the quadratic kernel takes over.
    pub fn levels(self) -> u32 {
        self.levels
    }

    /// The backend that the tile was chosen for and runs on.
    pub fn backend(self) -> Backend {
        self.backend
    }

    /// About how long [`Tile::apply`] takes, in units of about a cycle.
    pub fn cost(self) -> u128 {
        self.backend.run(Cost(self))
    }

    /// Scratch that [`Tile::apply`] needs, words.
    pub fn scratch_words(self) -> usize {
        5 * (self.words() - self.base)
    }

    /// `y =` words `w .. 2w` of the product of the polynomials `x` and `t`, where `w = self.words()`.
    ///
    /// `x`: `w` words; `t`: `2w` words, its bit 0 is not used; `y`: `w` words; `scratch`: at least
    /// [`Tile::scratch_words`], any content, left with intermediate results (wipe it if `x` is secret).
    ///
    /// # Errors
    /// [`LengthError`] if a slice has another length.
    pub fn apply(self, x: &[u64], t: &[u64], y: &mut [u64], scratch: &mut [u64]) -> Result<(), LengthError> {
        let w = self.words();
        LengthError::exact("x", w, x.len())?;
        LengthError::exact("t", 2 * w, t.len())?;
        LengthError::exact("y", w, y.len())?;
        LengthError::at_least("scratch", self.scratch_words(), scratch.len())?;
        self.backend.run(Apply { base: self.base, x, t, y, scratch });
        Ok(())
    }
}

struct Apply<'a> {
    base: usize,
    x: &'a [u64],
    t: &'a [u64],
    y: &'a mut [u64],
    scratch: &'a mut [u64],
}

impl Task for Apply<'_> {
    type Output = ();

    fn run<K: Kernel>(self, kernel: K) {
        halve(kernel, self.base, self.x, self.t, self.y, self.scratch);
    }
}

fn halve<K: Kernel>(kernel: K, base: usize, x: &[u64], t: &[u64], y: &mut [u64], scratch: &mut [u64]) {
    if x.len() == base {
        kernel.toeplitz_block(x, t, y);
        return;
    }
    let h = x.len() / 2;
    let (s, scratch) = scratch.split_at_mut(3 * h);
    let (v, scratch) = scratch.split_at_mut(h);
    let (p, scratch) = scratch.split_at_mut(h);
    kernel.split(x, t, v, s);
    halve(kernel, base, v, &t[h..3 * h], p, scratch);
    halve(kernel, base, &x[h..], &s[..2 * h], &mut y[..h], scratch);
    halve(kernel, base, &x[..h], &s[h..], &mut y[h..], scratch);
    kernel.merge(p, y);
}

struct Cheapest {
    backend: Backend,
    rows: usize,
    columns: usize,
}

impl Task for Cheapest {
    type Output = Tile;

    fn run<K: Kernel>(self, _: K) -> Tile {
        let Self { backend, rows, columns } = self;
        let side = rows.min(columns);
        let mut best = (u128::MAX, Tile { backend, base: K::GRAIN, levels: 0 });
        for base in (K::GRAIN..=K::BASE_MAX).step_by(K::GRAIN) {
            let mut cost = K::block_cost(base);
            for levels in 0..usize::BITS {
                let words = base << levels;
                let tiles = rows.div_ceil(words) as u128 * columns.div_ceil(words) as u128;
                let total = cost.saturating_mul(tiles);
                if total < best.0 {
                    best = (total, Tile { backend, base, levels });
                }
                if words >= side {
                    break;
                }
                cost = doubled(cost, words);
            }
        }
        best.1
    }
}

struct Cost(Tile);

impl Task for Cost {
    type Output = u128;

    fn run<K: Kernel>(self, _: K) -> u128 {
        let Self(Tile { base, levels, .. }) = self;
        (0..levels).fold(K::block_cost(base), |cost, level| doubled(cost, base << level))
    }
}

/// The cost of a tile made of three of `words` words that cost `cost` each.
fn doubled(cost: u128, words: usize) -> u128 {
    cost.saturating_mul(3).saturating_add(HALVING_FIXED + HALVING_PER_WORD * words as u128)
}

/// Cost of one halving step apart from its length, cycles.
const HALVING_FIXED: u128 = 10;
/// Cost of one halving step for every word of the half tile, cycles: six words read, added and written.
const HALVING_PER_WORD: u128 = 3;

#[cfg(test)]
mod tests {
    use alloc::vec;
    use alloc::vec::Vec;

    use proptest::prelude::*;

    use super::*;
    use crate::product::multiply;

    fn check(tile: Tile, x: &[u64], t: &[u64]) {
        let w = tile.words();
        let mut y = vec![u64::MAX; w];
        let mut scratch = vec![u64::MAX; tile.scratch_words()];
        tile.apply(x, t, &mut y, &mut scratch).unwrap();
        let mut full = vec![0; 3 * w];
        multiply(Backend::soft(), x, t, &mut full, &mut vec![0; crate::multiply_scratch_words(w, 2 * w)])
            .unwrap();
        assert_eq!(y, full[w..2 * w], "{tile:?}");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]
        #[test]
        fn tiles_are_middle_products(base in 1usize..9, levels in 0u32..5, seed in any::<u64>()) {
            for backend in Backend::available() {
                let grain = Tile::cheapest(backend, 1, 1).words();
                let tile = Tile { backend, base: base * grain, levels };
                let mut state = seed;
                let mut next = |_| {
                    state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
                    state ^ state >> 29
                };
                let x: Vec<u64> = (0..tile.words()).map(&mut next).collect();
                let t: Vec<u64> = (0..2 * tile.words()).map(&mut next).collect();
                check(tile, &x, &t);
            }
        }

        #[test]
        fn the_cheapest_tile_is_less_than_twice_the_shorter_side_or_one_block(rows in 0usize..100_000, columns in 0usize..100_000) {
            for backend in Backend::available() {
                let tile = Tile::cheapest(backend, rows, columns);
                prop_assert!(tile.words() < 2 * rows.min(columns).max(1) || tile.levels() == 0, "{tile:?}");
            }
        }
    }

    #[test]
    fn wrong_lengths_are_refused() {
        let tile = Tile::cheapest(Backend::soft(), 4, 4);
        let w = tile.words();
        let mut y = vec![0; w];
        let refused =
            tile.apply(&vec![0; w + 1], &vec![0; 2 * w], &mut y, &mut vec![0; tile.scratch_words()]);
        assert_eq!(refused, Err(LengthError { operand: "x", expected: w, found: w + 1 }));
        assert!(
            tile.apply(&vec![0; w], &vec![0; 2 * w - 1], &mut y, &mut vec![0; tile.scratch_words()]).is_err()
        );
    }
}
