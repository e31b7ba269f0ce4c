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

//!
//! **Lists.** The parts `M_1 .. M_r` of a batch are hashed as the coefficients of one polynomial: the blocks of `M_1`, its
//! length, the blocks of `M_2`, its length, and so on, and last, as the coefficient of `k`, `2^127 + r`. Read from that
//! end the polynomial tells `r`, then each length and with it each part, so different lists give different polynomials,
//! and none that a single string gives, whose last coefficient is below `2^127`. The proof above holds with the number of
//! all blocks, lengths and the count in place of `l + 1`.

use diqkd_gf2::{BitRef, Gf128, PolyEval, copy_to_words};

/// Blocks of a string of this many bits, and the length block.
pub(crate) fn degree(bits: u64) -> u64 {
    bits.div_ceil(128) + 1
}

/// Coefficients of a list of `parts` byte strings of `bytes` bytes together, or more.
pub(crate) fn list_degree(bytes: u64, parts: u64) -> u128 {
    // Each part may end in a block that is not full.
    u128::from(bytes / 16) + 2 * u128::from(parts) + 1
}

/// `h_k` of a byte string.
pub(crate) fn of_bytes(key: &PolyEval, message: &[u8]) -> u128 {
    absorb_bytes(key, Gf128::ZERO, message).get()
}

/// `h_k` of a list of byte strings.
pub(crate) fn of_list(key: &PolyEval, parts: &[&[u8]]) -> u128 {
    let state = parts.iter().fold(Gf128::ZERO, |state, part| absorb_bytes(key, state, part));
    key.absorb(state, &[1 << 127 | parts.len() as u128]).get()
}

/// Absorbs the blocks of a byte string and its length.
fn absorb_bytes(key: &PolyEval, mut state: Gf128, message: &[u8]) -> Gf128 {
    let (whole, rest) = message.as_chunks::<16>();
    for piece in whole.chunks(CHUNK) {
        let mut blocks = [0; CHUNK];
        for (block, bytes) in blocks.iter_mut().zip(piece) {
            *block = u128::from_le_bytes(*bytes);
        }
        state = key.absorb(state, &blocks[..piece.len()]);
    }
    let mut last = [0; 16];
    last[..rest.len()].copy_from_slice(rest);
    let blocks = [u128::from_le_bytes(last), 8 * message.len() as u128];
    key.absorb(state, if rest.is_empty() { &blocks[1..] } else { &blocks })
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
const CHUNK: usize = 64;
