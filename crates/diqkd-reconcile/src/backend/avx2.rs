//! 256-bit integer vectors.

#![expect(unsafe_code, reason = "vector loads and stores, and the call behind run-time detection")]

use core::arch::asm;
use core::arch::x86_64::*;

use super::group::{group, group_mut, rules, wrap};
use super::{BlockRow, LANES, Scratch};
use crate::check_rule::{CORRECTION_ENDS, CORRECTION_SHIFT, MESSAGE_SHIFT, NEUTRAL, Rule};
use crate::code::Edge;

cpufeatures::new!(avx2_feature, "avx2");

/// Proof that this machine has AVX2.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Avx2(());

impl Avx2 {
    pub(super) fn detect() -> Option<Self> {
        avx2_feature::get().then_some(Self(()))
    }

    pub(super) fn update(self, row: &mut BlockRow<'_>, rule: Rule, scratch: &mut Scratch) {
        // SAFETY: a value of this type exists only after `detect` has seen the feature that `update` enables.
        unsafe { update(row, rule, scratch) }
    }

    pub(super) fn signs(self, posterior: &[i16], words: &mut [u64]) {
        // SAFETY: as in `update`.
        unsafe { signs(posterior, words) }
    }
}

/// The lanes of a group.
type Group = [__m256i; VECTORS];

type Magnitudes = Group;

const VECTORS: usize = LANES / 16;

rules!("avx2");

#[target_feature(enable = "avx2")]
fn signs(posterior: &[i16], words: &mut [u64]) {
    for (word, lanes) in words.iter_mut().zip(posterior.as_chunks::<64>().0) {
        *word = 0;
        for (i, lanes) in lanes.as_chunks::<32>().0.iter().enumerate() {
            let [first, second] = load(lanes);
            let packed = _mm256_permute4x64_epi64::<0b11_01_10_00>(_mm256_packs_epi16(first, second));
            *word |= u64::from(_mm256_movemask_epi8(packed) as u32) << (32 * i);
        }
    }
}

#[target_feature(enable = "avx2")]
fn neutral() -> Magnitudes {
    [splat(NEUTRAL); VECTORS]
}

#[target_feature(enable = "avx2")]
fn splat(value: u16) -> __m256i {
    _mm256_set1_epi16(value as i16)
}

#[target_feature(enable = "avx2")]
fn xor(a: __m256i, b: __m256i) -> __m256i {
    _mm256_xor_si256(a, b)
}

#[target_feature(enable = "avx2")]
fn magnitude(value: __m256i) -> __m256i {
    _mm256_abs_epi16(value)
}

#[target_feature(enable = "avx2")]
fn min(a: __m256i, b: __m256i) -> __m256i {
    _mm256_min_epu16(a, b)
}

#[target_feature(enable = "avx2")]
fn max(a: __m256i, b: __m256i) -> __m256i {
    _mm256_max_epu16(a, b)
}

#[target_feature(enable = "avx2")]
fn where_equal(a: __m256i, b: __m256i, then: __m256i, otherwise: __m256i) -> __m256i {
    _mm256_blendv_epi8(otherwise, then, _mm256_cmpeq_epi16(a, b))
}

#[target_feature(enable = "avx2")]
fn signed(strength: __m256i, sign: __m256i) -> __m256i {
    // `sign_epi16` with a non-zero operand of the wanted sign.
    _mm256_sign_epi16(strength, _mm256_or_si256(sign, _mm256_set1_epi16(1)))
}

#[target_feature(enable = "avx2")]
fn without(posterior: __m256i, message: __m256i) -> __m256i {
    _mm256_subs_epi16(posterior, _mm256_slli_epi16::<MESSAGE_SHIFT>(message))
}

#[target_feature(enable = "avx2")]
fn with(extrinsic: __m256i, message: __m256i) -> __m256i {
    _mm256_adds_epi16(extrinsic, _mm256_slli_epi16::<MESSAGE_SHIFT>(message))
}

/// From steps to messages.
#[target_feature(enable = "avx2")]
fn message(strength: __m256i) -> __m256i {
    let half = _mm256_set1_epi16(1 << MESSAGE_SHIFT >> 1);
    _mm256_srli_epi16::<MESSAGE_SHIFT>(_mm256_add_epi16(strength, half))
}

#[target_feature(enable = "avx2")]
fn box_plus(a: __m256i, b: __m256i) -> __m256i {
    let (low, high) = (_mm256_min_epu16(a, b), _mm256_max_epu16(a, b));
    let more = correction(_mm256_adds_epu16(a, b));
    let less = correction(_mm256_sub_epi16(high, low));
    _mm256_subs_epu16(_mm256_add_epi16(low, more), less)
}

#[target_feature(enable = "avx2")]
fn correction(x: __m256i) -> __m256i {
    let rest = _mm256_subs_epu16(_mm256_set1_epi16(CORRECTION_ENDS as i16), x);
    square(square(square(_mm256_slli_epi16::<CORRECTION_SHIFT>(rest))))
}

/// The upper halves of the squares. In assembly because LLVM 20, which sees how large they can become, widens chains of
/// the intrinsic to 32 bits, at five times the instructions.
#[target_feature(enable = "avx2")]
fn square(x: __m256i) -> __m256i {
    let out;
    // SAFETY: one AVX2 instruction on registers.
    unsafe {
        asm!("vpmulhuw {0}, {1}, {1}", lateout(ymm_reg) out, in(ymm_reg) x,
            options(pure, nomem, nostack, preserves_flags));
    }
    out
}

#[target_feature(enable = "avx2")]
fn widen(from: &[i8; LANES]) -> Group {
    // SAFETY: the reference covers the 32 bytes that are read; the load needs no alignment.
    let all = unsafe { _mm256_loadu_si256(from.as_ptr().cast()) };
    [
        _mm256_cvtepi8_epi16(_mm256_castsi256_si128(all)),
        _mm256_cvtepi8_epi16(_mm256_extracti128_si256::<1>(all)),
    ]
}

/// Writes messages that fit 8 bits.
#[target_feature(enable = "avx2")]
fn narrow(to: &mut [i8; LANES], message: Group) {
    let packed = _mm256_permute4x64_epi64::<0b11_01_10_00>(_mm256_packs_epi16(message[0], message[1]));
    // SAFETY: the reference covers the 32 bytes that are written; the store needs no alignment.
    unsafe { _mm256_storeu_si256(to.as_mut_ptr().cast(), packed) }
}

#[target_feature(enable = "avx2")]
fn load(from: &[i16; LANES]) -> Group {
    let at: *const __m256i = from.as_ptr().cast();
    // SAFETY: the reference covers the 64 bytes that are read; the loads need no alignment.
    unsafe { [_mm256_loadu_si256(at), _mm256_loadu_si256(at.add(1))] }
}

#[target_feature(enable = "avx2")]
fn store(to: &mut [i16; LANES], value: Group) {
    let at: *mut __m256i = to.as_mut_ptr().cast();
    // SAFETY: the reference covers the 64 bytes that are written; the stores need no alignment.
    unsafe {
        _mm256_storeu_si256(at, value[0]);
        _mm256_storeu_si256(at.add(1), value[1]);
    }
}

#[target_feature(enable = "avx2")]
fn load_magnitudes(from: &[u16; LANES]) -> Group {
    let at: *const __m256i = from.as_ptr().cast();
    // SAFETY: as in `load`.
    unsafe { [_mm256_loadu_si256(at), _mm256_loadu_si256(at.add(1))] }
}

#[target_feature(enable = "avx2")]
fn store_magnitudes(to: &mut [u16; LANES], value: Group) {
    let at: *mut __m256i = to.as_mut_ptr().cast();
    // SAFETY: as in `store`.
    unsafe {
        _mm256_storeu_si256(at, value[0]);
        _mm256_storeu_si256(at.add(1), value[1]);
    }
}
