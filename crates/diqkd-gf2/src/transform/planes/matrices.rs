//! Maps of planes by products of 8 × 8 bits, where an instruction multiplies the bytes of a register by such a matrix.
//!
//! Eight words, in one register or in two, belong to one group of elements and to one byte of all of them: byte `j` of word `v` is
//! that byte of element `8v + j`. A byte of the result is the sum of eight bytes of the argument, each multiplied by a matrix of
//! its own. Planes become such words, and words become elements, by transpositions of words, bytes and bits.
//!
//! Cost, in instructions on registers of 64 bytes for eight elements: eight products and sums, one product that
//! transposes bits, two that move bytes, and six that move words.

use zeroize::Zeroize;

use crate::backend::Lanes;
use crate::transform::planes::{LANES, PlaneMap, Planes, Tables};

/// Eight words at a time whose bytes can be multiplied by matrices.
pub(crate) trait ByteMatrices: Lanes {
    /// Eight words.
    type Eight: Copy;

    fn load_eight(self, words: &[u64; 8]) -> Self::Eight;

    /// Overwrites the first eight words of a slice.
    fn store_eight(self, v: Self::Eight, words: &mut [u64]);

    /// The sum.
    fn add_eight(self, a: Self::Eight, b: Self::Eight) -> Self::Eight;

    /// Every byte times a matrix: bit `i` of the result is the parity of the bits that the byte and byte `7 - i` of
    /// `matrix` have in common.
    fn multiply_bytes(self, v: Self::Eight, matrix: u64) -> Self::Eight;

    /// In every word, bit `b` of byte `7 - i` becomes bit `i` of byte `b`.
    fn turn_bits(self, v: Self::Eight) -> Self::Eight;

    /// Byte `i` of word `j` becomes byte `7 - j` of word `i`.
    fn turn_bytes(self, v: Self::Eight) -> Self::Eight;
}

/// The matrix that takes byte `c` of the argument to byte `i` of the result, at `[i][c]`.
pub(super) type Bytes = [[u64; 8]; 8];

pub(super) const fn bytes(rows: &[u64; 64]) -> Bytes {
    let mut matrices = [[0; 8]; 8];
    let mut i = 0;
    while i < 64 * 8 {
        let (row, c) = (i / 8, i % 8);
        matrices[row / 8][c] |= (rows[row] >> (8 * c) & 255) << (8 * (7 - row % 8));
        i += 1;
    }
    matrices
}

/// [`Lanes::encode`]
#[inline(always)]
pub(crate) fn encode<M: ByteMatrices>(
    m: M,
    map: &PlaneMap,
    planes: &mut Planes,
    space: &mut Tables,
    block: &mut [u64],
) {
    let groups = space.as_flattened_mut();
    for (c, planes) in planes.as_chunks_mut::<8>().0.iter_mut().enumerate() {
        m.transpose_words(planes);
        for (group, planes) in groups.chunks_exact_mut(8).zip(&*planes) {
            m.store_eight(m.turn_bits(m.turn_bytes(m.load_eight(planes))), &mut group[c]);
        }
    }
    for (group, elements) in groups.as_chunks_mut::<8>().0.iter_mut().zip(block.chunks_exact_mut(64)) {
        let bytes = load_group(m, group);
        for (i, matrices) in map.matrices.iter().enumerate() {
            m.store_eight(product(m, matrices, bytes), &mut group[7 - i]);
        }
        m.transpose_words(group);
        for (eight, words) in elements.chunks_exact_mut(8).zip(group) {
            m.store_eight(m.turn_bytes(m.load_eight(words)), eight);
        }
    }
}

/// [`Lanes::decode`]
#[inline(always)]
pub(crate) fn decode<M: ByteMatrices>(m: M, map: &PlaneMap, block: &[u64], planes: &mut Planes) {
    let mut group = [[0; LANES]; 8];
    for (lane, elements) in block.chunks_exact(64).enumerate() {
        for (eight, words) in elements.as_chunks::<8>().0.iter().zip(group.iter_mut().rev()) {
            m.store_eight(m.turn_bytes(m.load_eight(eight)), words);
        }
        m.transpose_words(&mut group);
        let bytes = load_group(m, &group);
        for (matrices, planes) in map.matrices.iter().zip(planes.as_chunks_mut::<8>().0) {
            let bits = m.turn_bits(product(m, matrices, bytes));
            m.store_eight(m.turn_bytes(bits), &mut planes[lane]);
        }
    }
    group.as_flattened_mut().zeroize();
    planes.as_chunks_mut::<8>().0.iter_mut().for_each(|planes| m.transpose_words(planes));
}

/// Without a closure, which would not be compiled for the instructions of the backend.
#[inline(always)]
fn load_group<M: ByteMatrices>(m: M, [a, b, c, d, e, f, g, h]: &[[u64; 8]; 8]) -> [M::Eight; 8] {
    let (a, b, c, d) = (m.load_eight(a), m.load_eight(b), m.load_eight(c), m.load_eight(d));
    let (e, f, g, h) = (m.load_eight(e), m.load_eight(f), m.load_eight(g), m.load_eight(h));
    [a, b, c, d, e, f, g, h]
}

/// One byte of the results.
#[inline(always)]
fn product<M: ByteMatrices>(m: M, matrices: &[u64; 8], bytes: [M::Eight; 8]) -> M::Eight {
    let mut sum = m.multiply_bytes(bytes[0], matrices[0]);
    for (&matrix, byte) in matrices.iter().zip(bytes).skip(1) {
        sum = m.add_eight(sum, m.multiply_bytes(byte, matrix));
    }
    sum
}
