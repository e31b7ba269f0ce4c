//! The first and the last part of a transform: constant linear maps between 64 bits and an element of GF(2^64).
//!
//! The bits `a_(cK+j)`, `c < 64`, of coefficient vectors become element `j`, `sum_c a_(cK+j) w_c`; see `transform` for
//! the constants. Word `cK/64 + v` holds one bit for each of 64 neighbouring elements, so these words are planes: a
//! constant map is a sum of planes for every bit of the result (by tables of the sums of four planes, whose indices are
//! bits of the constants and therefore public), and a transposition of 64 × 64 bits makes elements of them. Eight
//! groups of 64 elements are done side by side.
//!
//! Cost: some 19 additions and 6 exchanges for every element.

use zeroize::Zeroize;

use crate::backend::{Lanes, Vectorized};
use crate::transform::cantor;

/// A linear map of 64 bits: the sums that make each of the 64 results.
pub(crate) struct PlaneMap {
    /// For every result the numbers of four inputs to add, in four bits, for 16 fours.
    fours: [[u8; 16]; 64],
}

impl PlaneMap {
    /// The map whose result `i` is the sum of the inputs `c` for which bit `c` of `rows[i]` is set.
    const fn new(rows: &[u64; 64]) -> Self {
        let mut fours = [[0; 16]; 64];
        let mut i = 0;
        while i < 64 * 16 {
            fours[i / 16][i % 16] = (rows[i / 16] >> (4 * (i % 16)) & 15) as u8;
            i += 1;
        }
        Self { fours }
    }

    #[inline(always)]
    fn apply<L: Lanes>(&self, lanes: L, work: &mut Work) {
        let register = 1 << L::LOG;
        for (four, table) in work.sums.iter_mut().enumerate() {
            for i in 1..16usize {
                let plane = &work.planes[4 * four + i.trailing_zeros() as usize];
                let (done, rest) = table.split_at_mut(i);
                let (from, to) = (&done[i & (i - 1)], &mut rest[0]);
                for lane in (0..LANES).step_by(register) {
                    let sum = lanes.xor(lanes.load(&from[lane..]), lanes.load(&plane[lane..]));
                    lanes.store(sum, &mut to[lane..]);
                }
            }
        }
        // Registers written out: left to itself the compiler gathers one word from each table.
        for (plane, fours) in work.planes.iter_mut().zip(&self.fours) {
            for lane in (0..LANES).step_by(register) {
                let mut sum = lanes.splat(0);
                for (table, four) in work.sums.iter().zip(fours) {
                    sum = lanes.xor(sum, lanes.load(&table[usize::from(four & 15)][lane..]));
                }
                lanes.store(sum, &mut plane[lane..]);
            }
        }
    }
}

/// Makes elements of coefficients: `elements` is a piece of the result, beginning at element `from`.
pub(crate) struct Encode<'a> {
    pub(crate) map: &'a PlaneMap,
    /// All coefficients, as many words as the whole result has elements.
    pub(crate) words: &'a [u64],
    pub(crate) from: usize,
    pub(crate) elements: &'a mut [u64],
}

impl Vectorized for Encode<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let stride = self.words.len() / 64;
        let mut work = Work::new();
        for (i, block) in self.elements.chunks_mut(64 * LANES).enumerate() {
            let groups = block.len() / 64;
            let at = self.from / 64 + i * LANES;
            for (plane, row) in work.planes.iter_mut().zip(self.words.chunks_exact(stride)) {
                // Of known length, because a call would take longer than the copy.
                match row[at..].first_chunk() {
                    Some(words) => *plane = *words,
                    None => plane[..groups].copy_from_slice(&row[at..at + groups]),
                }
            }
            self.map.apply(lanes, &mut work);
            transpose(lanes, &mut work.planes);
            for (eight, planes) in work.planes.as_chunks_mut::<8>().0.iter_mut().enumerate() {
                lanes.transpose_words(planes);
                for (group, elements) in block.chunks_exact_mut(64).zip(planes) {
                    group[8 * eight..][..8].copy_from_slice(elements);
                }
            }
        }
        work.wipe();
    }
}

/// Undoes [`Encode`]'s grouping for another map, in place: the words of one plane lie together in every block.
pub(crate) struct Decode<'a> {
    pub(crate) map: &'a PlaneMap,
    pub(crate) elements: &'a mut [u64],
}

impl Vectorized for Decode<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, lanes: L) {
        let mut work = Work::new();
        for block in self.elements.chunks_mut(64 * LANES) {
            let groups = block.len() / 64;
            for (eight, planes) in work.planes.as_chunks_mut::<8>().0.iter_mut().enumerate() {
                for (group, elements) in block.chunks_exact(64).zip(&mut *planes) {
                    elements.copy_from_slice(&group[8 * eight..][..8]);
                }
                lanes.transpose_words(planes);
            }
            transpose(lanes, &mut work.planes);
            self.map.apply(lanes, &mut work);
            for (words, plane) in block.chunks_exact_mut(groups).zip(&work.planes) {
                match words.first_chunk_mut() {
                    Some(words) => *words = *plane,
                    None => words.copy_from_slice(&plane[..groups]),
                }
            }
        }
        work.wipe();
    }
}

/// Words `from ..` of the coefficients, out of what [`Decode`] left.
pub(crate) fn gather(decoded: &[u64], from: usize, words: &mut [u64]) {
    let stride = decoded.len() / 64;
    let lanes = stride.min(LANES);
    for (i, words) in words.chunks_mut(lanes).enumerate() {
        let at = from + i * lanes;
        let (plane, block) = (at / stride, at % stride / lanes);
        let source = &decoded[(64 * block + plane) * lanes..];
        words.copy_from_slice(&source[..words.len()]);
    }
}

/// Planes and tables; parts of a secret pass through here.
struct Work {
    planes: [[u64; LANES]; 64],
    sums: [[[u64; LANES]; 16]; 16],
}

impl Work {
    #[inline(always)]
    fn new() -> Self {
        Self { planes: [[0; LANES]; 64], sums: [[[0; LANES]; 16]; 16] }
    }

    fn wipe(&mut self) {
        self.planes.as_flattened_mut().zeroize();
        self.sums.as_flattened_mut().as_flattened_mut().zeroize();
    }
}

/// Bit `i` of plane `p` and bit `p` of plane `i` change places, in every lane.
#[inline(always)]
fn transpose<L: Lanes>(lanes: L, planes: &mut [[u64; LANES]; 64]) {
    exchange::<L, 32>(lanes, planes, 0x0000_0000_ffff_ffff);
    exchange::<L, 16>(lanes, planes, 0x0000_ffff_0000_ffff);
    exchange::<L, 8>(lanes, planes, 0x00ff_00ff_00ff_00ff);
    exchange::<L, 4>(lanes, planes, 0x0f0f_0f0f_0f0f_0f0f);
    exchange::<L, 2>(lanes, planes, 0x3333_3333_3333_3333);
    exchange::<L, 1>(lanes, planes, 0x5555_5555_5555_5555);
}

/// In every square of `2 BY` planes and bits the two off-diagonal quarters change places.
#[inline(always)]
fn exchange<L: Lanes, const BY: usize>(lanes: L, planes: &mut [[u64; LANES]; 64], mask: u64) {
    let mask = lanes.splat(mask);
    for square in planes.chunks_exact_mut(2 * BY) {
        let (upper, lower) = square.split_at_mut(BY);
        for (upper, lower) in upper.iter_mut().zip(lower) {
            for lane in (0..LANES).step_by(1 << L::LOG) {
                let (a, b) = (lanes.load(&upper[lane..]), lanes.load(&lower[lane..]));
                let differ = lanes.and(lanes.xor(lanes.shr(a, BY as u32), b), mask);
                lanes.store(lanes.xor(a, lanes.shl(differ, BY as u32)), &mut upper[lane..]);
                lanes.store(lanes.xor(b, differ), &mut lower[lane..]);
            }
        }
    }
}

/// `sum_c a_c w_c`.
pub(crate) static VALUES: PlaneMap = PlaneMap::new(&transposed(&W));
/// `(Tr(w_c v))_c`, the transpose of the former in the trace form.
pub(crate) static TRANSPOSED: PlaneMap = PlaneMap::new(&TRACES);
/// The inverse of the transpose.
pub(crate) static INVERSE_TRANSPOSED: PlaneMap = PlaneMap::new(&inverse(TRACES));

/// `w_c = prod beta_(32-i)^(c_i)` over the bits of `c`.
const W: [u64; 64] = {
    let mut w = [1; 64];
    let mut c: usize = 1;
    while c < 64 {
        let i = c.trailing_zeros() as usize;
        w[c] = cantor::multiply(w[c & (c - 1)], cantor::BETA[32 - i]);
        c += 1;
    }
    w
};

/// Row `c` has `Tr(w_c z^i)` at bit `i`.
const TRACES: [u64; 64] = {
    let mut rows = [0; 64];
    let mut c = 0;
    while c < 64 {
        let (mut v, mut i) = (W[c], 0);
        while i < 64 {
            rows[c] |= (((v & cantor::TRACE).count_ones() & 1) as u64) << i;
            v = cantor::multiply(2, v);
            i += 1;
        }
        c += 1;
    }
    rows
};

const fn transposed(rows: &[u64; 64]) -> [u64; 64] {
    let mut columns = [0; 64];
    let mut i = 0;
    while i < 64 * 64 {
        columns[i % 64] |= (rows[i / 64] >> (i % 64) & 1) << (i / 64);
        i += 1;
    }
    columns
}

/// The inverse of a regular matrix.
const fn inverse(mut rows: [u64; 64]) -> [u64; 64] {
    let mut inverse = [0; 64];
    let mut column = 0;
    while column < 64 {
        inverse[column] = 1 << column;
        column += 1;
    }
    column = 0;
    while column < 64 {
        let mut pivot = column;
        while rows[pivot] >> column & 1 == 0 {
            pivot += 1;
        }
        rows.swap(column, pivot);
        inverse.swap(column, pivot);
        let mut row = 0;
        while row < 64 {
            if row != column && rows[row] >> column & 1 == 1 {
                rows[row] ^= rows[column];
                inverse[row] ^= inverse[column];
            }
            row += 1;
        }
        column += 1;
    }
    inverse
}

/// Groups of 64 elements side by side.
const LANES: usize = 8;
