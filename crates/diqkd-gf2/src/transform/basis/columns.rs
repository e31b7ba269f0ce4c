//! The steps within blocks of 2^12 bits.
//!
//! For those that shift bits eight blocks of 64 words are transposed to 64 rows, of which row `i` holds word `i` of every
//! block, so that no step moves anything from one lane to another; afterwards they are transposed back.

use zeroize::Zeroize;

use crate::backend::Lanes;
use crate::transform::basis::{CHANGE, INVERSE_TRANSPOSED, TRANSPOSED, cells};

/// Half and shift of the steps that end the substitution `y = s_8(x)`, as logarithms.
pub(super) const SUBSTITUTION: [(u32, u32); 4] = [(11, 3), (10, 2), (9, 1), (8, 0)];
/// The steps on powers of `y`, of which the units are cells of 2^8 bits; those within cells follow.
pub(super) const UNITS: [(u32, u32); 4] = [(11, 9), (10, 8), (11, 10), (9, 8)];

/// Words of a block.
const BLOCK: usize = 64;
/// Words of a cell.
const CELL: usize = 1 << CELL_LOG;
const CELL_LOG: usize = 2;
/// Words of the blocks that are done side by side.
const WORDS: usize = 8 * BLOCK;

/// Blocks side by side, aligned as registers are; parts of a secret pass through here.
#[repr(align(64))]
pub(super) struct Rows([[u64; 8]; BLOCK]);

impl Rows {
    pub(super) fn new() -> Self {
        Self([[0; 8]; BLOCK])
    }

    pub(super) fn wipe(&mut self) {
        self.0.as_flattened_mut().zeroize();
    }

    /// [`SUBSTITUTION`] and the steps within cells on whole blocks.
    #[inline(always)]
    pub(super) fn substitution_and_cells<L: Lanes, const MAP: u8>(&mut self, lanes: L, words: &mut [u64]) {
        for words in words.chunks_mut(WORDS) {
            self.take(lanes, words);
            if MAP == TRANSPOSED {
                self.cells::<L, MAP>(lanes);
                self.shifted::<L, MAP, 4, 0>(lanes);
                self.shifted::<L, MAP, 8, 1>(lanes);
                self.shifted::<L, MAP, 16, 2>(lanes);
                self.shifted::<L, MAP, 32, 3>(lanes);
            } else {
                self.shifted::<L, MAP, 32, 3>(lanes);
                self.shifted::<L, MAP, 16, 2>(lanes);
                self.shifted::<L, MAP, 8, 1>(lanes);
                self.shifted::<L, MAP, 4, 0>(lanes);
                self.cells::<L, MAP>(lanes);
            }
            self.give(lanes, words);
        }
    }

    #[inline(always)]
    fn take<L: Lanes>(&mut self, lanes: L, words: &[u64]) {
        for (i, rows) in self.0.as_chunks_mut::<8>().0.iter_mut().enumerate() {
            for (block, row) in words.chunks_exact(BLOCK).zip(&mut *rows) {
                row.copy_from_slice(&block[8 * i..][..8]);
            }
            lanes.transpose_words(rows);
        }
    }

    #[inline(always)]
    fn give<L: Lanes>(&mut self, lanes: L, words: &mut [u64]) {
        for (i, rows) in self.0.as_chunks_mut::<8>().0.iter_mut().enumerate() {
            lanes.transpose_words(rows);
            for (block, row) in words.chunks_exact_mut(BLOCK).zip(rows) {
                block[8 * i..][..8].copy_from_slice(row);
            }
        }
    }

    /// A step with halves of `HALF` rows and a shift of `2^SHIFT_LOG` bits, less than a word.
    #[inline(always)]
    fn shifted<L: Lanes, const MAP: u8, const HALF: usize, const SHIFT_LOG: u32>(&mut self, lanes: L) {
        let (by, back) = (1 << SHIFT_LOG, 64 - (1 << SHIFT_LOG));
        for block in self.0.chunks_exact_mut(2 * HALF) {
            let (low, high) = block.split_at_mut(HALF);
            for lane in (0..8).step_by(1 << L::LOG) {
                let (first, last) = (lanes.load(&high[0][lane..]), lanes.load(&high[HALF - 1][lane..]));
                if MAP == CHANGE {
                    lanes.store(lanes.xor(first, lanes.shr(last, back)), &mut high[0][lane..]);
                    let mut below = lanes.splat(0);
                    for (low, high) in low.iter_mut().zip(&*high) {
                        let here = lanes.load(&high[lane..]);
                        let sum = lanes.xor(lanes.shl(here, by), lanes.shr(below, back));
                        lanes.store(lanes.xor(lanes.load(&low[lane..]), sum), &mut low[lane..]);
                        below = here;
                    }
                    continue;
                }
                // The short move takes the first row of the upper half, before the long one or after it, as the row above
                // the last of the lower half.
                let mut above = first;
                if MAP == TRANSPOSED {
                    let (here, next) = (lanes.load(&low[0][lane..]), lanes.load(&low[1][lane..]));
                    let sum = lanes.xor(lanes.shr(here, by), lanes.shl(next, back));
                    above = lanes.xor(first, sum);
                }
                for (low, high) in low.iter().zip(&mut *high).rev() {
                    let here = lanes.load(&low[lane..]);
                    let sum = lanes.xor(lanes.shr(here, by), lanes.shl(above, back));
                    lanes.store(lanes.xor(lanes.load(&high[lane..]), sum), &mut high[lane..]);
                    above = here;
                }
            }
        }
    }

    #[inline(always)]
    fn cells<L: Lanes, const MAP: u8>(&mut self, lanes: L) {
        for [a, b, c, d] in self.0.as_chunks_mut::<4>().0 {
            for lane in (0..8).step_by(1 << L::LOG) {
                let (low, high) = (lanes.load(&a[lane..]), lanes.load(&b[lane..]));
                let mut w = [low, high, lanes.load(&c[lane..]), lanes.load(&d[lane..])];
                cells::all::<L, MAP>(lanes, &mut w);
                lanes.store(w[0], &mut a[lane..]);
                lanes.store(w[1], &mut b[lane..]);
                lanes.store(w[2], &mut c[lane..]);
                lanes.store(w[3], &mut d[lane..]);
            }
        }
    }
}

/// [`UNITS`] on whole blocks, which need no transposition.
#[inline(always)]
pub(super) fn units<L: Lanes, const MAP: u8>(lanes: L, words: &mut [u64]) {
    let mut units = [lanes.splat(0); 16];
    if 1 << L::LOG <= CELL {
        for block in words.chunks_exact_mut(BLOCK) {
            for word in (0..CELL).step_by(1 << L::LOG) {
                for (unit, v) in units.iter_mut().enumerate() {
                    *v = lanes.load(&block[CELL * unit + word..]);
                }
                sixteen_units::<L, MAP>(lanes, &mut units);
                for (unit, v) in units.into_iter().enumerate() {
                    lanes.store(v, &mut block[CELL * unit + word..]);
                }
            }
        }
        return;
    }
    // A register takes a cell each of two blocks, or of one block twice.
    for blocks in words.chunks_mut(2 * BLOCK) {
        let (first, second) = blocks.split_at_mut(BLOCK);
        for (i, pair) in units.chunks_exact_mut(2).enumerate() {
            let a = lanes.load(&first[2 * CELL * i..]);
            let b = if second.is_empty() { a } else { lanes.load(&second[2 * CELL * i..]) };
            (pair[0], pair[1]) = lanes.split(CELL_LOG, a, b);
        }
        sixteen_units::<L, MAP>(lanes, &mut units);
        for (i, pair) in units.chunks_exact(2).enumerate() {
            let (a, b) = lanes.join(CELL_LOG, pair[0], pair[1]);
            lanes.store(a, &mut first[2 * CELL * i..]);
            if !second.is_empty() {
                lanes.store(b, &mut second[2 * CELL * i..]);
            }
        }
    }
}

/// The steps `basis::steps(4, 0)` on units as large as registers.
#[inline(always)]
pub(super) fn sixteen_units<L: Lanes, const MAP: u8>(lanes: L, units: &mut [L::V; 16]) {
    if MAP == TRANSPOSED {
        unit_step::<L, MAP, 2, 1>(lanes, units);
        unit_step::<L, MAP, 8, 4>(lanes, units);
        unit_step::<L, MAP, 4, 1>(lanes, units);
        unit_step::<L, MAP, 8, 2>(lanes, units);
    } else {
        unit_step::<L, MAP, 8, 2>(lanes, units);
        unit_step::<L, MAP, 4, 1>(lanes, units);
        unit_step::<L, MAP, 8, 4>(lanes, units);
        unit_step::<L, MAP, 2, 1>(lanes, units);
    }
}

/// A step with halves of `HALF` units and a shift of `SHIFT`. Both moves are one if their order is minded.
#[inline(always)]
fn unit_step<L: Lanes, const MAP: u8, const HALF: usize, const SHIFT: usize>(
    lanes: L,
    units: &mut [L::V; 16],
) {
    for block in units.chunks_exact_mut(2 * HALF) {
        for i in 0..HALF {
            match MAP {
                CHANGE => {
                    let i = HALF - 1 - i;
                    block[SHIFT + i] = lanes.xor(block[SHIFT + i], block[HALF + i]);
                }
                INVERSE_TRANSPOSED => {
                    let i = HALF - 1 - i;
                    block[HALF + i] = lanes.xor(block[HALF + i], block[SHIFT + i]);
                }
                _ => block[HALF + i] = lanes.xor(block[HALF + i], block[SHIFT + i]),
            }
        }
    }
}
