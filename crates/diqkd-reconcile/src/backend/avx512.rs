//! 512-bit integer vectors: a group of lanes is one register.

#![expect(unsafe_code, reason = "vector loads and stores, assembly, and the call behind run-time detection")]

use core::arch::asm;
use core::arch::x86_64::*;

use super::group::{group, group_mut, rules, wrap};
use super::{BlockRow, LANES, Scratch};
use crate::check_rule::{CORRECTION_ENDS, CORRECTION_SHIFT, MESSAGE_SHIFT, NEUTRAL, Rule};
use crate::code::Edge;

cpufeatures::new!(avx512_feature, "avx512f", "avx512bw");

/// Proof that this machine has AVX-512 with 8-bit and 16-bit lanes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Avx512(());

impl Avx512 {
    pub(super) fn detect() -> Option<Self> {
        avx512_feature::get().then_some(Self(()))
    }

    pub(super) fn update(self, row: &mut BlockRow<'_>, rule: Rule, scratch: &mut Scratch) {
        // SAFETY: a value of this type exists only after `detect` has seen the features that `update` enables.
        unsafe { update(row, rule, scratch) }
    }

    pub(super) fn signs(self, posterior: &[i16], words: &mut [u64]) {
        // SAFETY: as in `update`.
        unsafe { signs(posterior, words) }
    }
}

/// The lanes of a group.
type Group = [__m512i; VECTORS];
type Magnitudes = Group;

const VECTORS: usize = LANES / 32;

rules!("avx512f,avx512bw");

#[target_feature(enable = "avx512f,avx512bw")]
fn signs(posterior: &[i16], words: &mut [u64]) {
    for (word, lanes) in words.iter_mut().zip(posterior.as_chunks::<64>().0) {
        *word = 0;
        for (i, lanes) in lanes.as_chunks::<32>().0.iter().enumerate() {
            *word |= u64::from(_mm512_movepi16_mask(load(lanes)[0])) << (32 * i);
        }
    }
}

#[target_feature(enable = "avx512f,avx512bw")]
fn neutral() -> Magnitudes {
    [splat(NEUTRAL)]
}

#[target_feature(enable = "avx512f,avx512bw")]
fn splat(value: u16) -> __m512i {
    _mm512_set1_epi16(value as i16)
}

#[target_feature(enable = "avx512f,avx512bw")]
fn xor(a: __m512i, b: __m512i) -> __m512i {
    _mm512_xor_si512(a, b)
}

#[target_feature(enable = "avx512f,avx512bw")]
fn magnitude(value: __m512i) -> __m512i {
    _mm512_abs_epi16(value)
}

#[target_feature(enable = "avx512f,avx512bw")]
fn min(a: __m512i, b: __m512i) -> __m512i {
    _mm512_min_epu16(a, b)
}

#[target_feature(enable = "avx512f,avx512bw")]
fn max(a: __m512i, b: __m512i) -> __m512i {
    _mm512_max_epu16(a, b)
}

#[target_feature(enable = "avx512f,avx512bw")]
fn where_equal(a: __m512i, b: __m512i, then: __m512i, otherwise: __m512i) -> __m512i {
    _mm512_mask_blend_epi16(_mm512_cmpeq_epi16_mask(a, b), otherwise, then)
}

#[target_feature(enable = "avx512f,avx512bw")]
fn signed(strength: __m512i, sign: __m512i) -> __m512i {
    _mm512_mask_sub_epi16(strength, _mm512_movepi16_mask(sign), _mm512_setzero_si512(), strength)
}

#[target_feature(enable = "avx512f,avx512bw")]
fn without(posterior: __m512i, message: __m512i) -> __m512i {
    _mm512_subs_epi16(posterior, _mm512_slli_epi16::<{ MESSAGE_SHIFT as u32 }>(message))
}

#[target_feature(enable = "avx512f,avx512bw")]
fn with(extrinsic: __m512i, message: __m512i) -> __m512i {
    _mm512_adds_epi16(extrinsic, _mm512_slli_epi16::<{ MESSAGE_SHIFT as u32 }>(message))
}

/// From steps to messages.
#[target_feature(enable = "avx512f,avx512bw")]
fn message(strength: __m512i) -> __m512i {
    let half = _mm512_set1_epi16(1 << MESSAGE_SHIFT >> 1);
    _mm512_srli_epi16::<{ MESSAGE_SHIFT as u32 }>(_mm512_add_epi16(strength, half))
}

#[target_feature(enable = "avx512f,avx512bw")]
fn box_plus(a: __m512i, b: __m512i) -> __m512i {
    let (low, high) = (_mm512_min_epu16(a, b), _mm512_max_epu16(a, b));
    let more = correction(_mm512_adds_epu16(a, b));
    let less = correction(_mm512_sub_epi16(high, low));
    _mm512_subs_epu16(_mm512_add_epi16(low, more), less)
}

#[target_feature(enable = "avx512f,avx512bw")]
fn correction(x: __m512i) -> __m512i {
    let rest = _mm512_subs_epu16(_mm512_set1_epi16(CORRECTION_ENDS as i16), x);
    square(square(square(_mm512_slli_epi16::<{ CORRECTION_SHIFT as u32 }>(rest))))
}

/// The upper halves of the squares, in assembly for the reason that the 256-bit backend gives.
#[target_feature(enable = "avx512f,avx512bw")]
fn square(x: __m512i) -> __m512i {
    let out;
    // SAFETY: one AVX-512BW instruction on registers.
    unsafe {
        asm!("vpmulhuw {0}, {1}, {1}", lateout(zmm_reg) out, in(zmm_reg) x,
            options(pure, nomem, nostack, preserves_flags));
    }
    out
}

#[target_feature(enable = "avx512f,avx512bw")]
fn widen(from: &[i8; LANES]) -> Group {
    // SAFETY: the reference covers the 32 bytes that are read; the load needs no alignment.
    [_mm512_cvtepi8_epi16(unsafe { _mm256_loadu_si256(from.as_ptr().cast()) })]
}

/// Writes messages that fit 8 bits.
#[target_feature(enable = "avx512f,avx512bw")]
fn narrow(to: &mut [i8; LANES], [message]: Group) {
    // SAFETY: the reference covers the 32 bytes that are written; the store needs no alignment.
    unsafe { _mm256_storeu_si256(to.as_mut_ptr().cast(), _mm512_cvtepi16_epi8(message)) }
}

#[target_feature(enable = "avx512f,avx512bw")]
fn load(from: &[i16; LANES]) -> Group {
    // SAFETY: the reference covers the 64 bytes that are read; the load needs no alignment.
    unsafe { [_mm512_loadu_si512(from.as_ptr().cast())] }
}

#[target_feature(enable = "avx512f,avx512bw")]
fn store(to: &mut [i16; LANES], [value]: Group) {
    // SAFETY: the reference covers the 64 bytes that are written; the store needs no alignment.
    unsafe { _mm512_storeu_si512(to.as_mut_ptr().cast(), value) }
}

#[target_feature(enable = "avx512f,avx512bw")]
fn load_magnitudes(from: &[u16; LANES]) -> Magnitudes {
    // SAFETY: as in `load`.
    unsafe { [_mm512_loadu_si512(from.as_ptr().cast())] }
}

#[target_feature(enable = "avx512f,avx512bw")]
fn store_magnitudes(to: &mut [u16; LANES], [value]: Magnitudes) {
    // SAFETY: as in `store`.
    unsafe { _mm512_storeu_si512(to.as_mut_ptr().cast(), value) }
}
