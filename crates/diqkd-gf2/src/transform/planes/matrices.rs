//! Maps of planes by products of 8 × 8 bits, where an instruction multiplies the bytes of a register by such a matrix.
//!
//! A register belongs to one group of elements and to one byte of all of them: byte `j` of word `v` is that byte of element
//! `8v + j`. A byte of the result is the sum of eight bytes of the argument, each multiplied by a matrix of its own. Planes
//! become such registers, and registers become elements, by transpositions of words, bytes and bits.
//!
//! Cost, in instructions on registers of 64 bytes for eight elements: eight products and sums, one product that
//! transposes bits, two that move bytes, and six that move words.

use zeroize::Zeroize;

use crate::backend::Lanes;
use crate::transform::planes::{LANES, PlaneMap, Work};

/// Registers of eight words whose bytes can be multiplied by matrices.
pub(crate) trait ByteMatrices: Lanes {
    /// Every byte times a matrix: bit `i` of the result is the parity of the bits that the byte and byte `7 - i` of
    /// `matrix` have in common.
    fn multiply_bytes(self, v: Self::V, matrix: u64) -> Self::V;

    /// In every word, bit `b` of byte `7 - i` becomes bit `i` of byte `b`.
    fn turn_bits(self, v: Self::V) -> Self::V;

    /// Byte `i` of word `j` becomes byte `7 - j` of word `i`.
    fn turn_bytes(self, v: Self::V) -> Self::V;
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
pub(crate) fn encode<M: ByteMatrices>(m: M, map: &PlaneMap, work: &mut Work, block: &mut [u64]) {
    let groups = work.space.as_flattened_mut();
    for (c, planes) in work.planes.as_chunks_mut::<8>().0.iter_mut().enumerate() {
        m.transpose_words(planes);
        for (group, planes) in groups.chunks_exact_mut(8).zip(&*planes) {
            m.store(m.turn_bits(m.turn_bytes(m.load(planes))), &mut group[c]);
        }
    }
    for (group, elements) in groups.as_chunks_mut::<8>().0.iter_mut().zip(block.chunks_exact_mut(64)) {
        let bytes = group.map(|bytes| m.load(&bytes));
        for (i, matrices) in map.matrices.iter().enumerate() {
            m.store(product(m, matrices, bytes), &mut group[7 - i]);
        }
        m.transpose_words(group);
        for (eight, words) in elements.chunks_exact_mut(8).zip(group) {
            m.store(m.turn_bytes(m.load(words)), eight);
        }
    }
}

/// [`Lanes::decode`]
#[inline(always)]
pub(crate) fn decode<M: ByteMatrices>(m: M, map: &PlaneMap, block: &[u64], work: &mut Work) {
    let mut group = [[0; LANES]; 8];
    for (lane, elements) in block.chunks_exact(64).enumerate() {
        for (eight, words) in elements.chunks_exact(8).zip(group.iter_mut().rev()) {
            m.store(m.turn_bytes(m.load(eight)), words);
        }
        m.transpose_words(&mut group);
        let bytes = group.map(|bytes| m.load(&bytes));
        for (matrices, planes) in map.matrices.iter().zip(work.planes.as_chunks_mut::<8>().0) {
            let bits = m.turn_bits(product(m, matrices, bytes));
            m.store(m.turn_bytes(bits), &mut planes[lane]);
        }
    }
    group.as_flattened_mut().zeroize();
    work.planes.as_chunks_mut::<8>().0.iter_mut().for_each(|planes| m.transpose_words(planes));
}

/// One byte of the results.
#[inline(always)]
fn product<M: ByteMatrices>(m: M, matrices: &[u64; 8], bytes: [M::V; 8]) -> M::V {
    let mut sum = m.splat(0);
    for (&matrix, byte) in matrices.iter().zip(bytes) {
        sum = m.xor(sum, m.multiply_bytes(byte, matrix));
    }
    sum
}
