//! The last steps of the change of basis, those within cells of 2^8 bits, on many cells side by side.
//!
//! A block of 8 × 8 words is transposed, so that a register holds the same word of different cells and no step moves
//! anything from one lane to another; afterwards it is transposed back.

use crate::backend::Lanes;
use crate::transform::basis::Direction;

/// Half and shift of every step, as logarithms; the order of `basis::steps(8, 0)`.
pub(crate) const STEPS: [(u32, u32); 12] =
    [(7, 3), (6, 2), (5, 1), (4, 0), (7, 5), (6, 4), (7, 6), (5, 4), (3, 1), (2, 0), (3, 2), (1, 0)];

/// All steps on all cells of `words`, whole blocks of 64.
#[inline(always)]
pub(crate) fn all<L: Lanes>(lanes: L, direction: Direction, words: &mut [u64]) {
    match direction {
        Direction::Change => blocks::<L, CHANGE>(lanes, words),
        Direction::InverseTransposed => blocks::<L, INVERSE_TRANSPOSED>(lanes, words),
        Direction::Transposed => blocks::<L, TRANSPOSED>(lanes, words),
    }
}

#[inline(always)]
fn blocks<L: Lanes, const MAP: u8>(lanes: L, words: &mut [u64]) {
    for block in words.as_chunks_mut::<64>().0 {
        let Ok(rows) = <&mut [[u64; 8]; 8]>::try_from(block.as_chunks_mut::<8>().0) else { return };
        lanes.transpose_words(rows);
        for [a, b, c, d] in rows.as_chunks_mut::<4>().0 {
            for lane in (0..8).step_by(1 << L::LOG) {
                let (low, high) = (lanes.load(&a[lane..]), lanes.load(&b[lane..]));
                let mut w = [low, high, lanes.load(&c[lane..]), lanes.load(&d[lane..])];
                cell_steps::<L, MAP>(lanes, &mut w);
                lanes.store(w[0], &mut a[lane..]);
                lanes.store(w[1], &mut b[lane..]);
                lanes.store(w[2], &mut c[lane..]);
                lanes.store(w[3], &mut d[lane..]);
            }
        }
        lanes.transpose_words(rows);
    }
}

/// Written out, so that every shift is a constant of its instruction.
#[inline(always)]
fn cell_steps<L: Lanes, const MAP: u8>(lanes: L, w: &mut [L::V; 4]) {
    if MAP == TRANSPOSED {
        step::<L, MAP, 11>(lanes, w);
        step::<L, MAP, 10>(lanes, w);
        step::<L, MAP, 9>(lanes, w);
        step::<L, MAP, 8>(lanes, w);
        step::<L, MAP, 7>(lanes, w);
        step::<L, MAP, 6>(lanes, w);
        step::<L, MAP, 5>(lanes, w);
        step::<L, MAP, 4>(lanes, w);
        step::<L, MAP, 3>(lanes, w);
        step::<L, MAP, 2>(lanes, w);
        step::<L, MAP, 1>(lanes, w);
        step::<L, MAP, 0>(lanes, w);
    } else {
        step::<L, MAP, 0>(lanes, w);
        step::<L, MAP, 1>(lanes, w);
        step::<L, MAP, 2>(lanes, w);
        step::<L, MAP, 3>(lanes, w);
        step::<L, MAP, 4>(lanes, w);
        step::<L, MAP, 5>(lanes, w);
        step::<L, MAP, 6>(lanes, w);
        step::<L, MAP, 7>(lanes, w);
        step::<L, MAP, 8>(lanes, w);
        step::<L, MAP, 9>(lanes, w);
        step::<L, MAP, 10>(lanes, w);
        step::<L, MAP, 11>(lanes, w);
    }
}

#[inline(always)]
fn step<L: Lanes, const MAP: u8, const I: usize>(lanes: L, w: &mut [L::V; 4]) {
    let (half_log, shift_log) = STEPS[I];
    match half_log {
        7 => two_words::<L, MAP>(lanes, shift_log, w),
        6 => {
            let [a, b, c, d] = w;
            one_word::<L, MAP>(lanes, shift_log, a, b);
            one_word::<L, MAP>(lanes, shift_log, c, d);
        }
        _ => {
            for w in w {
                within::<L, MAP>(lanes, half_log, shift_log, w);
            }
        }
    }
}

/// Halves of two words: `(w0, w1)` and `(w2, w3)`.
#[inline(always)]
fn two_words<L: Lanes, const MAP: u8>(lanes: L, shift_log: u32, w: &mut [L::V; 4]) {
    let whole = shift_log == 6;
    let (by, back) = ((1 << shift_log) % 64, 64 - (1 << shift_log));
    let long = |w: &mut [L::V; 4]| match (MAP, whole) {
        (CHANGE, true) => w[1] = lanes.xor(w[1], w[2]),
        (CHANGE, false) => {
            let up = lanes.xor(lanes.shl(w[3], by), lanes.shr(w[2], back));
            w[0] = lanes.xor(w[0], lanes.shl(w[2], by));
            w[1] = lanes.xor(w[1], up);
        }
        (_, true) => w[2] = lanes.xor(w[2], w[1]),
        (_, false) => {
            let down = lanes.xor(lanes.shr(w[0], by), lanes.shl(w[1], back));
            w[2] = lanes.xor(w[2], down);
            w[3] = lanes.xor(w[3], lanes.shr(w[1], by));
        }
    };
    let short = |w: &mut [L::V; 4]| match MAP {
        CHANGE => w[2] = lanes.xor(w[2], if whole { w[3] } else { lanes.shr(w[3], back) }),
        _ => w[3] = lanes.xor(w[3], if whole { w[2] } else { lanes.shl(w[2], back) }),
    };
    if MAP == TRANSPOSED {
        long(w);
        short(w);
    } else {
        short(w);
        long(w);
    }
}

/// Halves of one word.
#[inline(always)]
fn one_word<L: Lanes, const MAP: u8>(lanes: L, shift_log: u32, low: &mut L::V, high: &mut L::V) {
    let (by, back) = (1 << shift_log, 64 - (1 << shift_log));
    match MAP {
        CHANGE => {
            *high = lanes.xor(*high, lanes.shr(*high, back));
            *low = lanes.xor(*low, lanes.shl(*high, by));
        }
        INVERSE_TRANSPOSED => {
            *high = lanes.xor(*high, lanes.shl(*high, back));
            *high = lanes.xor(*high, lanes.shr(*low, by));
        }
        _ => {
            *high = lanes.xor(*high, lanes.shr(*low, by));
            *high = lanes.xor(*high, lanes.shl(*high, back));
        }
    }
}

/// Blocks of at most a word.
#[inline(always)]
fn within<L: Lanes, const MAP: u8>(lanes: L, half_log: u32, shift_log: u32, w: &mut L::V) {
    let (half, shift) = (1u32 << half_log, 1u32 << shift_log);
    let distance = half - shift;
    // The targets of the two moves in every block: the upper half's lowest places; the lower half but for its lowest.
    let repeat = u64::MAX / (u64::MAX >> (64 - 2 * half));
    let block = |from: u32, to: u32| lanes.splat((repeat * ((1 << (to - from)) - 1)) << from);
    let (short, long) = (block(half, half + shift), block(shift, half));
    let down = |w, mask| lanes.xor(w, lanes.and(lanes.shr(w, distance), mask));
    let up = |w, mask| lanes.xor(w, lanes.shl(lanes.and(w, mask), distance));
    *w = match MAP {
        CHANGE => down(down(*w, short), long),
        INVERSE_TRANSPOSED => up(up(*w, short), long),
        _ => up(up(*w, long), short),
    };
}

const CHANGE: u8 = 0;
const INVERSE_TRANSPOSED: u8 = 1;
const TRANSPOSED: u8 = 2;
