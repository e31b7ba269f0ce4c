//! The steps within a chunk that stays in the first-level cache.
//!
//! A step adds bit `H + i` of every block to bit `S + i`, `i < H`, with `H` the half and `S` the shift; or the other way.
//! As `S <= H / 2`, both of its moves are done by going through `i` once, from above if the short move is the first.

use crate::backend::{Lanes, Vectorized};
use crate::transform::basis::columns::{self, Rows};
use crate::transform::basis::{CHANGE, Direction, INVERSE_TRANSPOSED, Step, TRANSPOSED};

/// The steps of a chunk: those on blocks of more than 2^12 bits before and after those of [`columns::SUBSTITUTION`]; at
/// the end come those of [`columns::UNITS`] and within cells. From `between` on steps add cells to cells, whatever is done
/// within all of them, so that the steps within cells can be done at any time after the substitution.
#[derive(Clone, Debug)]
pub(super) struct Steps {
    pub(super) before: alloc::vec::Vec<Step>,
    pub(super) between: alloc::vec::Vec<Step>,
    pub(super) words: usize,
}

/// All steps on one chunk after the other.
pub(super) struct Chunks<'a> {
    pub(super) direction: Direction,
    pub(super) steps: &'a Steps,
    pub(super) words: &'a mut [u64],
}

impl Vectorized for Chunks<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let Self { direction, steps, words } = self;
        match direction {
            Direction::Change => chunks::<L, CHANGE>(lanes, steps, words),
            Direction::InverseTransposed => chunks::<L, INVERSE_TRANSPOSED>(lanes, steps, words),
            Direction::Transposed => chunks::<L, TRANSPOSED>(lanes, steps, words),
        }
    }
}

// No closures around registers: they would not be compiled for the instructions unless they happen to be inlined.

#[inline(always)]
fn chunks<L: Lanes, const MAP: u8>(lanes: L, steps: &Steps, words: &mut [u64]) {
    let mut rows = Rows::new();
    // Those of a whole chunk end with four steps on sixteen units of blocks, which are done in registers.
    let whole = steps.words == UNITS * UNIT;
    let between = &steps.between[..steps.between.len() - if whole { 4 } else { 0 }];
    for chunk in words.chunks_exact_mut(steps.words) {
        if MAP == TRANSPOSED {
            columns::units::<L, MAP>(lanes, chunk);
            if whole {
                units::<L, MAP>(lanes, chunk);
            }
            for step in between.iter().rev() {
                step_on_blocks::<L, MAP>(lanes, *step, chunk);
            }
            rows.substitution_and_cells::<L, MAP>(lanes, chunk);
            for step in steps.before.iter().rev() {
                step_on_blocks::<L, MAP>(lanes, *step, chunk);
            }
        } else {
            for step in &steps.before {
                step_on_blocks::<L, MAP>(lanes, *step, chunk);
            }
            rows.substitution_and_cells::<L, MAP>(lanes, chunk);
            for step in between {
                step_on_blocks::<L, MAP>(lanes, *step, chunk);
            }
            if whole {
                units::<L, MAP>(lanes, chunk);
            }
            columns::units::<L, MAP>(lanes, chunk);
        }
    }
    rows.wipe();
}

#[inline(always)]
fn units<L: Lanes, const MAP: u8>(lanes: L, chunk: &mut [u64]) {
    for word in (0..UNIT).step_by(1 << L::LOG) {
        let mut units = [lanes.splat(0); UNITS];
        for (unit, v) in units.iter_mut().enumerate() {
            *v = lanes.load(&chunk[UNIT * unit + word..]);
        }
        columns::sixteen_units::<L, MAP>(lanes, &mut units);
        for (unit, v) in units.into_iter().enumerate() {
            lanes.store(v, &mut chunk[UNIT * unit + word..]);
        }
    }
}

/// A step on all blocks of a chunk, with halves of at least 16 words.
#[inline(always)]
fn step_on_blocks<L: Lanes, const MAP: u8>(lanes: L, step: Step, chunk: &mut [u64]) {
    let half = 1 << (step.half_log - 6);
    for block in chunk.chunks_exact_mut(2 * half) {
        if step.shift_log >= 6 {
            words::<L, MAP>(lanes, 1 << (step.shift_log - 6), block);
        } else {
            bits::<L, MAP>(lanes, 1 << step.shift_log, block);
        }
    }
}

/// A shift of whole words.
#[inline(always)]
fn words<L: Lanes, const MAP: u8>(lanes: L, shift: usize, block: &mut [u64]) {
    let half = block.len() / 2;
    let (from, to) = if MAP == CHANGE { (half, shift) } else { (shift, half) };
    for i in (0..half).step_by(1 << L::LOG) {
        let i = if MAP == TRANSPOSED { i } else { half - (1 << L::LOG) - i };
        let sum = lanes.xor(lanes.load(&block[to + i..]), lanes.load(&block[from + i..]));
        lanes.store(sum, &mut block[to + i..]);
    }
}

/// A shift of less than a word.
#[inline(always)]
fn bits<L: Lanes, const MAP: u8>(lanes: L, by: u32, block: &mut [u64]) {
    let (half, back) = (block.len() / 2, 64 - by);
    if MAP == CHANGE {
        block[half] ^= block[2 * half - 1] >> back;
        // The word below the upper half belongs to the lower one.
        block[0] ^= block[half - 1] >> back;
        for i in (0..half).step_by(1 << L::LOG) {
            let (here, below) = (lanes.load(&block[half + i..]), lanes.load(&block[half + i - 1..]));
            let sum = lanes.xor(lanes.shl(here, by), lanes.shr(below, back));
            lanes.store(lanes.xor(lanes.load(&block[i..]), sum), &mut block[i..]);
        }
        return;
    }
    for i in (0..half).step_by(1 << L::LOG) {
        let i = if MAP == TRANSPOSED { i } else { half - (1 << L::LOG) - i };
        let (here, above) = (lanes.load(&block[i..]), lanes.load(&block[i + 1..]));
        let sum = lanes.xor(lanes.shr(here, by), lanes.shl(above, back));
        lanes.store(lanes.xor(lanes.load(&block[half + i..]), sum), &mut block[half + i..]);
    }
}

/// Units of a whole chunk that are done in registers, and words of one.
const UNITS: usize = 16;
const UNIT: usize = 64;
