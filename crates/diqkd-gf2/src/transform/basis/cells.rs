//! The last steps of the change of basis, those within cells of 2^8 bits: four words, in registers that hold the same word
//! of different cells, so that no step moves anything from one lane to another.

use crate::backend::Lanes;
use crate::transform::basis::{CHANGE, INVERSE_TRANSPOSED, TRANSPOSED};

/// Half and shift of every step, as logarithms; the order of `basis::steps(8, 0)`.
pub(super) const STEPS: [(u32, u32); 12] =
    [(7, 3), (6, 2), (5, 1), (4, 0), (7, 5), (6, 4), (7, 6), (5, 4), (3, 1), (2, 0), (3, 2), (1, 0)];

/// All steps on the words of some cells. Written out, so that every shift is a constant of its instruction.
#[inline(always)]
pub(super) fn all<L: Lanes, const MAP: u8>(lanes: L, w: &mut [L::V; 4]) {
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
    if MAP == TRANSPOSED {
        two_words_long::<L, MAP>(lanes, shift_log, w);
        two_words_short::<L, MAP>(lanes, shift_log, w);
    } else {
        two_words_short::<L, MAP>(lanes, shift_log, w);
        two_words_long::<L, MAP>(lanes, shift_log, w);
    }
}

#[inline(always)]
fn two_words_long<L: Lanes, const MAP: u8>(lanes: L, shift_log: u32, w: &mut [L::V; 4]) {
    if shift_log == 6 {
        let (to, from) = if MAP == CHANGE { (1, 2) } else { (2, 1) };
        w[to] = lanes.xor(w[to], w[from]);
        return;
    }
    let (by, back) = (1 << shift_log, 64 - (1 << shift_log));
    if MAP == CHANGE {
        let up = lanes.xor(lanes.shl(w[3], by), lanes.shr(w[2], back));
        w[0] = lanes.xor(w[0], lanes.shl(w[2], by));
        w[1] = lanes.xor(w[1], up);
    } else {
        let down = lanes.xor(lanes.shr(w[0], by), lanes.shl(w[1], back));
        w[2] = lanes.xor(w[2], down);
        w[3] = lanes.xor(w[3], lanes.shr(w[1], by));
    }
}

#[inline(always)]
fn two_words_short<L: Lanes, const MAP: u8>(lanes: L, shift_log: u32, w: &mut [L::V; 4]) {
    let (to, from) = if MAP == CHANGE { (2, 3) } else { (3, 2) };
    let moved = match (shift_log, MAP) {
        (6, _) => w[from],
        (_, CHANGE) => lanes.shr(w[from], 64 - (1 << shift_log)),
        _ => lanes.shl(w[from], 64 - (1 << shift_log)),
    };
    w[to] = lanes.xor(w[to], moved);
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
    let (short, long) = ((repeat * ((1 << shift) - 1)) << half, (repeat * ((1 << distance) - 1)) << shift);
    let (short, long) = (lanes.splat(short), lanes.splat(long));
    *w = match MAP {
        CHANGE => add_down(lanes, add_down(lanes, *w, distance, short), distance, long),
        INVERSE_TRANSPOSED => add_up(lanes, add_up(lanes, *w, distance, short), distance, long),
        _ => add_up(lanes, add_up(lanes, *w, distance, long), distance, short),
    };
}

/// Adds to the places of `mask` what lies above them.
#[inline(always)]
fn add_down<L: Lanes>(lanes: L, w: L::V, distance: u32, mask: L::V) -> L::V {
    lanes.xor(w, lanes.and(lanes.shr(w, distance), mask))
}

/// The other way.
#[inline(always)]
fn add_up<L: Lanes>(lanes: L, w: L::V, distance: u32, mask: L::V) -> L::V {
    lanes.xor(w, lanes.shl(lanes.and(w, mask), distance))
}
