//! 128-bit integer vectors of aarch64, which every such processor has.

#![expect(unsafe_code, reason = "vector loads and stores, and the call of code for vectors")]

use core::arch::aarch64::*;

use super::group::{group, group_mut, rules, wrap};
use super::{BlockRow, LANES, Scratch};
use crate::check_rule::{CORRECTION_ENDS, CORRECTION_SHIFT, MESSAGE_SHIFT, NEUTRAL, Rule};
use crate::code::Edge;

/// The lanes of a group, posteriors and messages.
type Group = [int16x8_t; VECTORS];
/// The lanes of a group, magnitudes.
type Magnitudes = [uint16x8_t; VECTORS];

const VECTORS: usize = LANES / 8;

/// The vectors, which this module is compiled for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Neon;

impl Neon {
    pub(super) fn update(self, row: &mut BlockRow<'_>, rule: Rule, scratch: &mut Scratch) {
        // SAFETY: the module exists only where the target has the feature that `update` enables.
        unsafe { update(row, rule, scratch) }
    }

    pub(super) fn signs(self, posterior: &[i16], words: &mut [u64]) {
        // SAFETY: as in `update`.
        unsafe { signs(posterior, words) }
    }
}

rules!("neon");

#[target_feature(enable = "neon")]
fn signs(posterior: &[i16], words: &mut [u64]) {
    // SAFETY: the array has the 16 bytes that are read.
    let places = unsafe { vld1q_s16([0, 1, 2, 3, 4, 5, 6, 7].as_ptr()) };
    for (word, lanes) in words.iter_mut().zip(posterior.as_chunks::<64>().0) {
        *word = 0;
        for (i, lanes) in lanes.as_chunks::<LANES>().0.iter().enumerate() {
            for (v, lanes) in load(lanes).into_iter().enumerate() {
                let negative = vshrq_n_u16::<15>(vreinterpretq_u16_s16(lanes));
                *word |= u64::from(vaddvq_u16(vshlq_u16(negative, places))) << (LANES * i + 8 * v);
            }
        }
    }
}

#[target_feature(enable = "neon")]
fn neutral() -> Magnitudes {
    [splat(NEUTRAL); VECTORS]
}

#[target_feature(enable = "neon")]
fn splat(value: u16) -> uint16x8_t {
    vdupq_n_u16(value)
}

#[target_feature(enable = "neon")]
fn xor(a: int16x8_t, b: int16x8_t) -> int16x8_t {
    veorq_s16(a, b)
}

#[target_feature(enable = "neon")]
fn magnitude(value: int16x8_t) -> uint16x8_t {
    vreinterpretq_u16_s16(vabsq_s16(value))
}

#[target_feature(enable = "neon")]
fn min(a: uint16x8_t, b: uint16x8_t) -> uint16x8_t {
    vminq_u16(a, b)
}

#[target_feature(enable = "neon")]
fn max(a: uint16x8_t, b: uint16x8_t) -> uint16x8_t {
    vmaxq_u16(a, b)
}

#[target_feature(enable = "neon")]
fn where_equal(a: uint16x8_t, b: uint16x8_t, then: uint16x8_t, otherwise: uint16x8_t) -> uint16x8_t {
    vbslq_u16(vceqq_u16(a, b), then, otherwise)
}

#[target_feature(enable = "neon")]
fn signed(strength: uint16x8_t, sign: int16x8_t) -> int16x8_t {
    let negative = vshrq_n_s16::<15>(sign);
    vsubq_s16(veorq_s16(vreinterpretq_s16_u16(strength), negative), negative)
}

#[target_feature(enable = "neon")]
fn without(posterior: int16x8_t, message: int16x8_t) -> int16x8_t {
    vqsubq_s16(posterior, vshlq_n_s16::<MESSAGE_SHIFT>(message))
}

#[target_feature(enable = "neon")]
fn with(extrinsic: int16x8_t, message: int16x8_t) -> int16x8_t {
    vqaddq_s16(extrinsic, vshlq_n_s16::<MESSAGE_SHIFT>(message))
}

/// From steps to messages.
#[target_feature(enable = "neon")]
fn message(strength: uint16x8_t) -> uint16x8_t {
    let half = vdupq_n_u16(1 << MESSAGE_SHIFT >> 1);
    vshrq_n_u16::<MESSAGE_SHIFT>(vaddq_u16(strength, half))
}

#[target_feature(enable = "neon")]
fn box_plus(a: uint16x8_t, b: uint16x8_t) -> uint16x8_t {
    let (low, high) = (vminq_u16(a, b), vmaxq_u16(a, b));
    let more = correction(vqaddq_u16(a, b));
    let less = correction(vsubq_u16(high, low));
    vqsubq_u16(vaddq_u16(low, more), less)
}

#[target_feature(enable = "neon")]
fn correction(x: uint16x8_t) -> uint16x8_t {
    let rest = vqsubq_u16(vdupq_n_u16(CORRECTION_ENDS), x);
    square(square(square(vshlq_n_u16::<CORRECTION_SHIFT>(rest))))
}

/// The upper halves of the squares.
#[target_feature(enable = "neon")]
fn square(x: uint16x8_t) -> uint16x8_t {
    let low = vmull_u16(vget_low_u16(x), vget_low_u16(x));
    let high = vmull_high_u16(x, x);
    vuzp2q_u16(vreinterpretq_u16_u32(low), vreinterpretq_u16_u32(high))
}

#[target_feature(enable = "neon")]
fn widen(from: &[i8; LANES]) -> Group {
    let at = from.as_ptr();
    // SAFETY: the reference covers the 32 bytes that are read; the loads need no alignment.
    let [first, second] = unsafe { [vld1q_s8(at), vld1q_s8(at.add(16))] };
    [vmovl_s8(vget_low_s8(first)), vmovl_high_s8(first), vmovl_s8(vget_low_s8(second)), vmovl_high_s8(second)]
}

/// Writes messages that fit 8 bits.
#[target_feature(enable = "neon")]
fn narrow(to: &mut [i8; LANES], message: Group) {
    let at = to.as_mut_ptr();
    let first = vmovn_high_s16(vmovn_s16(message[0]), message[1]);
    let second = vmovn_high_s16(vmovn_s16(message[2]), message[3]);
    // SAFETY: the reference covers the 32 bytes that are written; the stores need no alignment.
    unsafe {
        vst1q_s8(at, first);
        vst1q_s8(at.add(16), second);
    }
}

#[target_feature(enable = "neon")]
fn load(from: &[i16; LANES]) -> Group {
    let at = from.as_ptr();
    // SAFETY: the reference covers the 64 bytes that are read; the loads need no alignment.
    core::array::from_fn(|v| unsafe { vld1q_s16(at.add(8 * v)) })
}

#[target_feature(enable = "neon")]
fn store(to: &mut [i16; LANES], value: Group) {
    for (lanes, value) in to.as_chunks_mut::<8>().0.iter_mut().zip(value) {
        // SAFETY: the reference covers the 16 bytes that are written; the store needs no alignment.
        unsafe { vst1q_s16(lanes.as_mut_ptr(), value) }
    }
}

#[target_feature(enable = "neon")]
fn load_magnitudes(from: &[u16; LANES]) -> Magnitudes {
    let at = from.as_ptr();
    // SAFETY: as in `load`.
    core::array::from_fn(|v| unsafe { vld1q_u16(at.add(8 * v)) })
}

#[target_feature(enable = "neon")]
fn store_magnitudes(to: &mut [u16; LANES], value: Magnitudes) {
    for (lanes, value) in to.as_chunks_mut::<8>().0.iter_mut().zip(value) {
        // SAFETY: as in `store`.
        unsafe { vst1q_u16(lanes.as_mut_ptr(), value) }
    }
}
