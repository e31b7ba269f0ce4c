//! What the benchmarks have in common.

pub mod record;

use diqkd_gf2::{Bits, bits_from_words};

/// `len` bits that look random and are the same in every run.
#[must_use]
pub fn noise(len: usize, seed: u64) -> Bits {
    let mut state = seed;
    let next = |_| {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let v = (state ^ state >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let v = (v ^ v >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        v ^ v >> 31
    };
    bits_from_words(&(0..len.div_ceil(64)).map(next).collect::<Vec<_>>(), len)
}
