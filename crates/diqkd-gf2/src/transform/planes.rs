//! The first and the last part of a transform: constant linear maps between 64 bits and an element of GF(2^64).
//!
//! The bits `a_(cK+j)`, `c < 64`, of coefficient vectors become element `j`, `sum_c a_(cK+j) w_c`; see `transform` for
//! the constants. Word `cK/64 + v` holds one bit for each of 64 neighbouring elements, so these words are planes, which
//! the map adds up in `sums`, or whose bytes it multiplies in `matrices` where there is an instruction for that. Eight
//! groups of 64 elements are done side by side.

#[cfg(all(target_arch = "x86_64", not(diqkd_backend = "soft")))]
pub(crate) mod matrices;
pub(crate) mod sums;

use zeroize::Zeroize;

use crate::backend::{Lanes, Vectorized};
use crate::transform::cantor;

/// A linear map of 64 bits.
pub(crate) struct PlaneMap {
    /// Result `i` is the sum of the inputs `c` for which bit `c` of row `i` is set.
    rows: [u64; 64],
    #[cfg(all(target_arch = "x86_64", not(diqkd_backend = "soft")))]
    matrices: matrices::Bytes,
}

impl PlaneMap {
    /// The map of these rows.
    const fn new(rows: &[u64; 64]) -> Self {
        Self {
            rows: *rows,
            #[cfg(all(target_arch = "x86_64", not(diqkd_backend = "soft")))]
            matrices: matrices::bytes(rows),
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
        if self.words.len() < FAR_WORDS { self.blocks::<L, 1>(lanes) } else { self.blocks::<L, 4>(lanes) }
    }
}

impl Encode<'_> {
    /// The planes of so many blocks at a time. Those of one lie a power of two apart, where they get into each other's way in
    /// the caches and nothing foresees them; of long transforms several lines of each in a row are fetched in less time.
    #[inline(always)]
    fn blocks<L: Lanes, const AT_A_TIME: usize>(self, lanes: L) {
        let stride = self.words.len() / 64;
        let mut planes = [const { Aligned(NO_PLANES) }; AT_A_TIME];
        let mut space = Aligned(NO_TABLES);
        for (i, blocks) in self.elements.chunks_mut(64 * LANES * AT_A_TIME).enumerate() {
            let (at, groups) = (self.from / 64 + i * LANES * AT_A_TIME, blocks.len() / 64);
            for (c, row) in self.words.chunks_exact(stride).enumerate() {
                let words = &row[at..at + groups];
                for (planes, words) in planes.iter_mut().zip(words.chunks(LANES)) {
                    // Of known length, because a call would take longer than the copy.
                    match words.as_array() {
                        Some(words) => planes.0[c] = *words,
                        None => planes.0[c][..words.len()].copy_from_slice(words),
                    }
                }
            }
            for (block, planes) in blocks.chunks_mut(64 * LANES).zip(&mut planes) {
                lanes.encode(self.map, &mut planes.0, &mut space.0, block);
            }
        }
        planes.iter_mut().for_each(|planes| planes.0.as_flattened_mut().zeroize());
        space.0.as_flattened_mut().as_flattened_mut().zeroize();
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
        let (mut planes, mut space) = (Aligned(NO_PLANES), Aligned(NO_TABLES));
        for block in self.elements.chunks_mut(64 * LANES) {
            let groups = block.len() / 64;
            lanes.decode(self.map, block, &mut planes.0, &mut space.0);
            for (words, plane) in block.chunks_exact_mut(groups).zip(&planes.0) {
                match words.first_chunk_mut() {
                    Some(words) => *words = *plane,
                    None => words.copy_from_slice(&plane[..groups]),
                }
            }
        }
        planes.0.as_flattened_mut().zeroize();
        space.0.as_flattened_mut().as_flattened_mut().zeroize();
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

/// A word of each plane for every group of elements.
pub(crate) type Planes = [[u64; LANES]; 64];
/// Space for a map, of which [`sums`] takes the first word of every table to be zero.
pub(crate) type Tables = [[[u64; LANES]; 16]; 16];

const NO_PLANES: Planes = [[0; LANES]; 64];
const NO_TABLES: Tables = [[[0; LANES]; 16]; 16];

/// Aligned as registers are. Parts of a secret pass through here.
#[repr(align(64))]
struct Aligned<T>(T);

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
/// From so many words on it takes less time to fetch several blocks together, as measured.
const FAR_WORDS: usize = 1 << 14;
