//! From the powers of `x` to the products `X_j(x) = prod s_b(x)^(j_b)` over the bits of `j`, and the transposes of it.
//!
//! Let `k` bits number the coefficients and let `Q` be the greatest power of two below `k`. With `q = 2^Q` and
//! `y = s_Q(x) = x^q + x` a polynomial in `x` is written as one in `y` whose coefficients are polynomials in `x` of
//! degree below `q`; then the same is done to the powers of `y` (because `s_(Q+i)(x) = s_i(y)`) and to every
//! coefficient. Writing it in `y` takes one step for every bit above `Q`, the highest first: as
//! `x^(q 2^i) = y^(2^i) + x^(2^i)`, the upper half of every block of `2 q 2^i` coefficients is added to the same block
//! `(q-1) 2^i` places below. A step is two moves, first the part that lands in the upper half itself, so that in each
//! move no place is both read and written. Hence every move is its own inverse, its transpose adds the other way, and
//! the inverse transpose is the moves in their order, each the other way.
//!
//! Cost: about `k log2(k) / 2` additions for every coefficient, 64 coefficients to a word; no scratch.
//!
//! Reference: S.-J. Lin, T. Y. Al-Naffouri, Y. S. Han, "FFT algorithm for binary extension finite fields and its
//! application to Reed-Solomon codes", IEEE Trans. Inf. Theory 62, 5343 (2016).

mod cells;
mod chunk;
mod columns;

use alloc::vec::Vec;
use core::ops::Range;

use crate::backend::{Kernel, Lanes, Vectorized};
use crate::transform::NEAR_LOG;
use crate::transform::pool::Team;

/// The steps for `2^k` coefficients.
#[derive(Clone, Debug)]
pub(crate) struct BasisChange {
    /// Steps that reach further than a chunk; none up to 2^16 coefficients.
    wide: Vec<Step>,
    /// Steps within chunks, all blocks of which are done one chunk after the other.
    local: chunk::Steps,
}

/// Which of the maps that are made of the same moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    /// The change of basis.
    Change,
    /// The transpose of its inverse.
    InverseTransposed,
    /// Its transpose.
    Transposed,
}

/// Adds the upper half of every block of `2^(half_log + 1)` bits `2^half_log - 2^shift_log` places below.
#[derive(Clone, Copy, Debug)]
struct Step {
    half_log: u32,
    shift_log: u32,
}

impl BasisChange {
    /// For `2^k` coefficients, `12 <= k <= 32`.
    pub(crate) fn new(k: u32) -> Self {
        let (mut wide, mut all) = (Vec::new(), Vec::new());
        if k > CHUNK_LOG {
            substitute(k, CHUNK_LOG, 0, &mut wide);
            steps(k - CHUNK_LOG, CHUNK_LOG, &mut wide);
        }
        let chunk = k.min(CHUNK_LOG);
        steps(chunk, 0, &mut all);
        all.truncate(all.len() - columns::UNITS.len() - cells::STEPS.len());
        let mut between = all.split_off(chunk as usize - BLOCK_LOG);
        between.drain(..columns::SUBSTITUTION.len());
        Self { wide, local: chunk::Steps { before: all, between, words: CHUNK_WORDS.min(1 << (k - 6)) } }
    }

    /// How many words of a transform the first `words` have to do with: a power of two, at least a chunk.
    ///
    /// A change of basis takes a polynomial to one of the same degree. So no step adds anything to these words that comes from
    /// others or is zero, in the transposed order as well, and steps on longer blocks have nothing to do.
    pub(crate) fn part_of(&self, words: usize) -> usize {
        words.next_power_of_two().max(self.local.words)
    }

    /// Maps `2^k` bits in place, or a [part](Self::part_of) of them if the others are zero ([`Direction::Change`]) or
    /// nobody's business ([`Direction::Transposed`]).
    pub(crate) fn apply<K: Kernel>(&self, kernel: K, team: Team, direction: Direction, words: &mut [u64]) {
        self.part(kernel, team, direction, &self.wide, true, words);
    }

    /// Some of the wide steps, and perhaps all local ones, on a part of the bits that no block of theirs exceeds.
    ///
    /// Steps whose blocks fit into a half are done together, each half by itself, for another thread or as long as a half
    /// is more than what stays near.
    fn part<K: Kernel>(
        &self,
        kernel: K,
        team: Team,
        direction: Direction,
        wide: &[Step],
        local: bool,
        words: &mut [u64],
    ) {
        let back = direction == Direction::Transposed;
        let indivisible = if team.is_alone() { 1 << NEAR_LOG } else { self.local.words };
        if words.len() <= indivisible {
            if back && local {
                self.chunks(kernel, direction, words);
            }
            let each = |step: &Step| step.everywhere(kernel, team, direction, words);
            if back {
                wide.iter().rev().for_each(each)
            } else {
                wide.iter().for_each(each)
            }
            if !back && local {
                self.chunks(kernel, direction, words);
            }
            return;
        }
        let whole = words.len();
        let fits = |step: &Step| step.block_words() < whole;
        // The local steps join the last of the wide ones, if those fit.
        let last = if local { wide.iter().rev().take_while(|step| fits(step)).count() } else { 0 };
        let (wide, last) = wide.split_at(wide.len() - last);
        let halves = |words: &mut [u64], steps: &[Step], local| {
            let (low, high) = words.split_at_mut(whole / 2);
            team.both(
                |team| self.part(kernel, team, direction, steps, local, low),
                |team| self.part(kernel, team, direction, steps, local, high),
            );
        };
        if back && local {
            halves(words, last, true);
        }
        let mut runs = wide.chunk_by(|a, b| fits(a) && fits(b));
        while let Some(steps) = if back { runs.next_back() } else { runs.next() } {
            if !team.is_alone() && steps.len() * whole < WORTH_WAITING {
                let each = |step: &Step| step.everywhere(kernel, Team::ALONE, direction, words);
                if back { steps.iter().rev().for_each(each) } else { steps.iter().for_each(each) }
            } else if fits(&steps[0]) {
                halves(words, steps, false);
            } else {
                steps[0].everywhere(kernel, team, direction, words);
            }
        }
        if !back && local {
            halves(words, last, true);
        }
    }

    fn chunks<K: Kernel>(&self, kernel: K, direction: Direction, words: &mut [u64]) {
        kernel.vectorize(chunk::Chunks { direction, steps: &self.local, words });
    }
}

/// The steps for `2^k` units of `2^unit_log` bits each.
fn steps(k: u32, unit_log: u32, out: &mut Vec<Step>) {
    if k < 2 {
        return;
    }
    let q_log = 1 << (k - 1).ilog2();
    substitute(k, q_log, unit_log, out);
    steps(k - q_log, unit_log + q_log, out);
    steps(q_log, unit_log, out);
}

/// The steps that write `2^k` units in powers of `y = x^q + x`.
fn substitute(k: u32, q_log: u32, unit_log: u32, out: &mut Vec<Step>) {
    out.extend(
        (0..k - q_log).rev().map(|i| Step { half_log: q_log + i + unit_log, shift_log: i + unit_log }),
    );
}

impl Step {
    /// Words of a block.
    fn block_words(self) -> usize {
        2 << (self.half_log - 6)
    }

    /// The step on blocks longer than a chunk.
    fn everywhere<K: Kernel>(self, kernel: K, team: Team, direction: Direction, words: &mut [u64]) {
        for block in words.chunks_exact_mut(self.block_words()) {
            let (low, high) = block.split_at_mut(block.len() / 2);
            // In the transposed order the long move comes first.
            if direction != Direction::Transposed {
                spill(self.shift_log, direction, high);
            }
            let (target, source) =
                if direction == Direction::Change { (low, &*high) } else { (&mut *high, &*low) };
            team.chunks(target, ADD_GRAIN, &|from, target| {
                kernel.vectorize(Add { shift_log: self.shift_log, direction, from, target, source });
            });
            if direction == Direction::Transposed {
                spill(self.shift_log, direction, high);
            }
        }
    }
}

/// The long move of a step on a piece of one half.
struct Add<'a> {
    shift_log: u32,
    direction: Direction,
    from: usize,
    target: &'a mut [u64],
    source: &'a [u64],
}

impl Vectorized for Add<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, _: L) {
        let Self { shift_log, direction, from, target, source } = self;
        if direction == Direction::Change {
            add_up(shift_log, from, target, source);
        } else {
            add_down(shift_log, from, target, source);
        }
    }
}

/// The short move: the top bits of the upper half onto its lowest ones, or the other way.
#[inline(always)]
fn spill(shift_log: u32, direction: Direction, high: &mut [u64]) {
    let n = high.len();
    if shift_log >= 6 {
        let words = 1 << (shift_log - 6);
        let (bottom, top) = high.split_at_mut(n - words);
        let bottom = &mut bottom[..words];
        if direction == Direction::Change { add(bottom, top) } else { add(top, bottom) }
    } else {
        let by = 64 - (1 << shift_log);
        if direction == Direction::Change {
            high[0] ^= high[n - 1] >> by
        } else {
            high[n - 1] ^= high[0] << by
        }
    }
}

/// `target += source << shift`, where `target` begins at word `from` of a half as long as `source`.
#[inline(always)]
fn add_up(shift_log: u32, from: usize, target: &mut [u64], source: &[u64]) {
    if shift_log >= 6 {
        let words = 1usize << (shift_log - 6);
        let skip = words.saturating_sub(from).min(target.len());
        let target = &mut target[skip..];
        add(target, &source[(from + skip).saturating_sub(words)..]);
        return;
    }
    let (up, down) = (1u32 << shift_log, 64 - (1 << shift_log));
    let n = target.len();
    let source_here = &source[from..from + n];
    target[0] ^= source_here[0] << up ^ if from == 0 { 0 } else { source[from - 1] >> down };
    let mut add = |range: Range<usize>| {
        let below = &source_here[range.start - 1..];
        for ((target, here), below) in target[range.clone()].iter_mut().zip(&source_here[range]).zip(below) {
            *target ^= here << up | below >> down;
        }
    };
    // Up to the end of a line, so that no register of the target straddles two.
    let head = LINE.min(n);
    add(1..head);
    add(head..n);
}

/// `target += source >> shift`, where `target` begins at word `from` of a half as long as `source`.
#[inline(always)]
fn add_down(shift_log: u32, from: usize, target: &mut [u64], source: &[u64]) {
    if shift_log >= 6 {
        let words = 1usize << (shift_log - 6);
        add(target, source.get(from + words..).unwrap_or_default());
        return;
    }
    let (down, up) = (1u32 << shift_log, 64 - (1 << shift_log));
    let n = target.len();
    let source_here = &source[from..from + n];
    target[n - 1] ^= source_here[n - 1] >> down ^ source.get(from + n).map_or(0, |above| above << up);
    for ((target, here), above) in target.iter_mut().zip(source_here).zip(&source_here[1..]) {
        *target ^= here >> down | above << up;
    }
}

/// `sum += v` over the shorter of the two.
#[inline(always)]
fn add(sum: &mut [u64], v: &[u64]) {
    for (sum, v) in sum.iter_mut().zip(v) {
        *sum ^= v;
    }
}

/// [`Direction::Change`]
const CHANGE: u8 = 0;
/// [`Direction::InverseTransposed`]
const INVERSE_TRANSPOSED: u8 = 1;
/// [`Direction::Transposed`]
const TRANSPOSED: u8 = 2;

/// Chunks of 2^16 bits, 8 KiB; `s_16(x) = x^65536 + x`.
const CHUNK_LOG: u32 = 16;
/// Words of a chunk.
pub(super) const CHUNK_WORDS: usize = 1 << (CHUNK_LOG - 6);
/// Blocks of 2^12 bits are done side by side.
const BLOCK_LOG: usize = 12;
/// Steps times words that take longer than to wait for another thread.
const WORTH_WAITING: usize = 1 << 16;
/// Words of a line of the cache.
const LINE: usize = 8;
/// The fewest words of a half that one thread takes.
const ADD_GRAIN: usize = 1 << 9;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_steps_of_a_chunk_are_all_there_in_their_order() {
        for k in 12..=16 {
            let mut all = Vec::new();
            steps(k, 0, &mut all);
            let chunk::Steps { before, between, .. } = BasisChange::new(k).local;
            let apart = |steps: &[Step]| -> Vec<_> {
                steps.iter().map(|step| (step.half_log, step.shift_log)).collect()
            };
            let (before, between) = (apart(&before), apart(&between));
            assert!(before.iter().chain(&between).all(|(half, _)| *half >= 12), "{k}");
            let (substitution, units) = (columns::SUBSTITUTION.to_vec(), columns::UNITS.to_vec());
            assert_eq!(
                [before, substitution, between, units, cells::STEPS.to_vec()].concat(),
                apart(&all),
                "{k}"
            );
        }
    }
}
