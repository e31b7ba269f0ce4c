//! 512-bit integer vectors: a group of lanes is one register.

#![expect(unsafe_code, reason = "vector loads and stores, assembly, and the call behind run-time detection")]

use core::arch::asm;
use core::arch::x86_64::*;

use super::group::{group, group_mut, wrap};
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

#[target_feature(enable = "avx512f,avx512bw")]
fn update(row: &mut BlockRow<'_>, rule: Rule, scratch: &mut Scratch) {
    match rule {
        Rule::Exact => exact(row, scratch),
        Rule::Quick => quick(row, scratch),
    }
}

/// The rule [`Rule::Exact`].
#[target_feature(enable = "avx512f,avx512bw")]
fn exact(row: &mut BlockRow<'_>, scratch: &mut Scratch) {
    let Some(last) = row.edges.len().checked_sub(1) else { return };
    for lane in (0..row.lift).step_by(LANES) {
        let mut sign = widen(group(row.syndrome, lane));
        let mut forward = _mm512_setzero_si512();
        for (i, edge) in row.edges.iter().enumerate() {
            let extrinsic = extrinsic(row, (i, edge, lane));
            sign = _mm512_xor_si512(sign, extrinsic);
            let magnitude = _mm512_abs_epi16(extrinsic);
            forward = if i == 0 { magnitude } else { box_plus(forward, magnitude) };
            store(&mut scratch.extrinsic[i], extrinsic);
            store_magnitudes(&mut scratch.forward[i], forward);
        }
        let mut backward = _mm512_set1_epi16(NEUTRAL as i16);
        for (i, edge) in row.edges.iter().enumerate().rev() {
            let extrinsic = load(&scratch.extrinsic[i]);
            let before = if i == 0 { backward } else { load_magnitudes(&scratch.forward[i - 1]) };
            let others = if i == 0 || i == last { before } else { box_plus(before, backward) };
            let magnitude = _mm512_abs_epi16(extrinsic);
            backward = if i == last { magnitude } else { box_plus(backward, magnitude) };
            send(row, (i, edge, lane), extrinsic, sign, message(others));
        }
    }
}

/// The rule [`Rule::Quick`].
#[target_feature(enable = "avx512f,avx512bw")]
fn quick(row: &mut BlockRow<'_>, scratch: &mut Scratch) {
    for lane in (0..row.lift).step_by(LANES) {
        let mut sign = widen(group(row.syndrome, lane));
        let neutral = _mm512_set1_epi16(NEUTRAL as i16);
        let (mut first, mut second, mut rest) = (neutral, neutral, [neutral; 2]);
        for (i, edge) in row.edges.iter().enumerate() {
            let extrinsic = extrinsic(row, (i, edge, lane));
            sign = _mm512_xor_si512(sign, extrinsic);
            let magnitude = _mm512_abs_epi16(extrinsic);
            let other = _mm512_max_epu16(first, magnitude);
            first = _mm512_min_epu16(first, magnitude);
            let strong = _mm512_max_epu16(second, other);
            second = _mm512_min_epu16(second, other);
            rest = [rest[1], if i < 4 { strong } else { box_plus(rest[0], strong) }];
            store(&mut scratch.extrinsic[i], extrinsic);
        }
        let rest = box_plus(rest[0], rest[1]);
        let others = box_plus(rest, second);
        let to_first = message(others);
        let to_second = message(box_plus(rest, first));
        let to_all = message(box_plus(others, first));
        for (i, edge) in row.edges.iter().enumerate() {
            let extrinsic = load(&scratch.extrinsic[i]);
            let magnitude = _mm512_abs_epi16(extrinsic);
            let is_second = _mm512_cmpeq_epi16_mask(magnitude, second);
            let is_first = _mm512_cmpeq_epi16_mask(magnitude, first);
            let strength = _mm512_mask_blend_epi16(is_second, to_all, to_second);
            let strength = _mm512_mask_blend_epi16(is_first, strength, to_first);
            send(row, (i, edge, lane), extrinsic, sign, strength);
        }
    }
}

#[target_feature(enable = "avx512f,avx512bw")]
fn signs(posterior: &[i16], words: &mut [u64]) {
    for (word, lanes) in words.iter_mut().zip(posterior.as_chunks::<64>().0) {
        *word = 0;
        for (i, lanes) in lanes.as_chunks::<32>().0.iter().enumerate() {
            *word |= u64::from(_mm512_movepi16_mask(load(lanes))) << (32 * i);
        }
    }
}

/// The posterior of the bits of an edge without what the row last said about them.
#[target_feature(enable = "avx512f,avx512bw")]
fn extrinsic(row: &BlockRow<'_>, (i, edge, lane): (usize, &Edge, usize)) -> __m512i {
    let place = row.posteriors.place(edge.column, wrap(lane + edge.shift as usize, row.lift));
    let posterior = load(row.posteriors.lanes(place));
    let old = widen(group(row.messages, i * row.lift + lane));
    _mm512_subs_epi16(posterior, _mm512_slli_epi16::<{ MESSAGE_SHIFT as u32 }>(old))
}

/// Keeps the message of an edge and adds it to the posterior.
#[target_feature(enable = "avx512f,avx512bw")]
fn send(
    row: &mut BlockRow<'_>,
    (i, edge, lane): (usize, &Edge, usize),
    extrinsic: __m512i,
    sign: __m512i,
    strength: __m512i,
) {
    let negative = _mm512_movepi16_mask(_mm512_xor_si512(sign, extrinsic));
    let message = _mm512_mask_sub_epi16(strength, negative, _mm512_setzero_si512(), strength);
    narrow(group_mut(row.messages, i * row.lift + lane), message);
    let posterior = _mm512_adds_epi16(extrinsic, _mm512_slli_epi16::<{ MESSAGE_SHIFT as u32 }>(message));
    let start = wrap(lane + edge.shift as usize, row.lift);
    let place = row.posteriors.place(edge.column, start);
    store(row.posteriors.lanes_mut(place), posterior);
    if let Some(again) = row.posteriors.mirror(place, start) {
        store(row.posteriors.lanes_mut(again), posterior);
    }
}

/// From steps to messages.
#[target_feature(enable = "avx512f,avx512bw")]
fn message(strength: __m512i) -> __m512i {
    let half = _mm512_set1_epi16(1 << MESSAGE_SHIFT >> 1);
    let rounded = _mm512_srli_epi16::<{ MESSAGE_SHIFT as u32 }>(_mm512_add_epi16(strength, half));
    _mm512_min_epu16(rounded, _mm512_set1_epi16(127))
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
fn widen(from: &[i8; LANES]) -> __m512i {
    // SAFETY: the reference covers the 32 bytes that are read; the load needs no alignment.
    _mm512_cvtepi8_epi16(unsafe { _mm256_loadu_si256(from.as_ptr().cast()) })
}

/// Writes messages that fit 8 bits.
#[target_feature(enable = "avx512f,avx512bw")]
fn narrow(to: &mut [i8; LANES], message: __m512i) {
    // SAFETY: the reference covers the 32 bytes that are written; the store needs no alignment.
    unsafe { _mm256_storeu_si256(to.as_mut_ptr().cast(), _mm512_cvtepi16_epi8(message)) }
}

#[target_feature(enable = "avx512f,avx512bw")]
fn load(from: &[i16; LANES]) -> __m512i {
    // SAFETY: the reference covers the 64 bytes that are read; the load needs no alignment.
    unsafe { _mm512_loadu_si512(from.as_ptr().cast()) }
}

#[target_feature(enable = "avx512f,avx512bw")]
fn store(to: &mut [i16; LANES], value: __m512i) {
    // SAFETY: the reference covers the 64 bytes that are written; the store needs no alignment.
    unsafe { _mm512_storeu_si512(to.as_mut_ptr().cast(), value) }
}

#[target_feature(enable = "avx512f,avx512bw")]
fn load_magnitudes(from: &[u16; LANES]) -> __m512i {
    // SAFETY: as in `load`.
    unsafe { _mm512_loadu_si512(from.as_ptr().cast()) }
}

#[target_feature(enable = "avx512f,avx512bw")]
fn store_magnitudes(to: &mut [u16; LANES], value: __m512i) {
    // SAFETY: as in `store`.
    unsafe { _mm512_storeu_si512(to.as_mut_ptr().cast(), value) }
}
