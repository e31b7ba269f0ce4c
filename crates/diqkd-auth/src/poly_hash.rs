//! The polynomial hash under tags of both kinds.
//!
//! A string of `L` bits is cut into `l = ceil(L / 128)` blocks `b_1 .. b_l` of 128 bits, the last one filled up with
//! zeros; every block is an element of GF(2^128). Under the key `k`
//!
//! ```text
//! h_k(M) = b_1 k^(l+1) + b_2 k^l + .. + b_l k^2 + L k
//! ```
//!
//! **Almost XOR-universal.** For strings `M != M'` of at most `l` blocks and any `d`, at most `l + 1` keys `k` give
//! `h_k(M) + h_k(M') = d`. *Proof.* `h_k(M) + h_k(M') + d` is a polynomial in `k` of degree at most `l + 1`. If the
//! lengths differ its coefficient of `k` is `L + L' != 0`; if they agree some block differs, and its power of `k` has a
//! non-zero coefficient. So the polynomial is not zero whatever `d` is (`d` is its constant term), and over a field it
//! has at most `l + 1` roots. ∎ For a uniform key the probability is therefore at most `(l + 1) / 2^128`.

use diqkd_gf2::{BitRef, Gf128, PolyEval, copy_to_words};

/// Blocks of a string of this many bits, and the length block.
pub(crate) fn degree(bits: u64) -> u64 {
    bits.div_ceil(128) + 1
}

/// `h_k` of a byte string.
pub(crate) fn of_bytes(key: &PolyEval, message: &[u8]) -> u128 {
    let mut state = Gf128::ZERO;
    for piece in message.chunks(16 * CHUNK) {
        let mut blocks = [0; CHUNK];
        for (block, bytes) in blocks.iter_mut().zip(piece.chunks(16)) {
            let mut padded = [0; 16];
            padded[..bytes.len()].copy_from_slice(bytes);
            *block = u128::from_le_bytes(padded);
        }
        state = key.absorb(state, &blocks[..piece.len().div_ceil(16)]);
    }
    key.absorb(state, &[8 * message.len() as u128]).get()
}

/// `h_k` of a bit string.
pub(crate) fn of_bits(key: &PolyEval, bits: &BitRef) -> u128 {
    let mut state = Gf128::ZERO;
    for piece in bits.chunks(128 * CHUNK) {
        let mut words = [0; 2 * CHUNK];
        copy_to_words(piece, &mut words, 0);
        let mut blocks = [0; CHUNK];
        for (block, [low, high]) in blocks.iter_mut().zip(words.as_chunks::<2>().0) {
            *block = u128::from(*high) << 64 | u128::from(*low);
        }
        state = key.absorb(state, &blocks[..piece.len().div_ceil(128)]);
    }
    key.absorb(state, &[bits.len() as u128]).get()
}

/// Blocks gathered before they are absorbed.
const CHUNK: usize = 8;
