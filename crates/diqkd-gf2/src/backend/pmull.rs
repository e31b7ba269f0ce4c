//! Aarch64 PMULL: one carry-less product of two words per instruction, on 128-bit registers.

use core::arch::aarch64::{
    uint64x2_t, vandq_u64, vdupq_n_s64, vdupq_n_u64, veorq_u64, vextq_u64, vgetq_lane_u64, vld1q_u8,
    vld1q_u64, vmull_high_p64, vmull_p64, vqtbl1q_u8, vreinterpretq_p64_u64, vreinterpretq_u8_u64,
    vreinterpretq_u64_p128, vreinterpretq_u64_u8, vshlq_n_u64, vshlq_u64, vshrq_n_u64, vst1q_u64, vzip1q_u64,
    vzip2q_u64,
};

use crate::backend::pairs::{self, Pairs};
use crate::backend::{ElementCost, Kernel, Lanes, SPILL, Vectorized};

#[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
cpufeatures::new!(cpu, "aes");

/// Proof that the processor has PMULL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pmull(());

impl Pmull {
    /// Asks the processor where its system tells; elsewhere, whether the program was compiled for such processors.
    pub(super) fn detect() -> Option<Self> {
        #[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
        let found = cpu::init_get().1;
        #[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
        let found = cfg!(all(target_feature = "neon", target_feature = "aes"));
        found.then_some(Self(()))
    }
}

/// Costs are those of `pclmul.rs`, whose instructions are as many: they choose among algorithms that give the same bits.
#[expect(unsafe_code, reason = "the token proves that the processor has the instructions")]
impl Kernel for Pmull {
    const GRAIN: usize = 2;
    const BASE_MAX: usize = 32;
    const ELEMENT_COST: ElementCost = ElementCost { planes: 265, basis: 28, layer: 16, product: 45 };

    fn block_cost(words: usize) -> u128 {
        words as u128 * (3 * words as u128 + 4) / 2 + 30
    }

    fn vectorize<T: Vectorized>(self, task: T) -> T::Output {
        // SAFETY: `self` exists only where `detect` found PMULL, and NEON with it.
        unsafe { with_pmull(self, task) }
    }

    #[inline]
    fn clmul(self, a: u64, b: u64) -> u128 {
        // SAFETY: as above.
        unsafe { clmul(self, a, b) }
    }

    #[inline]
    fn gf128_mul(self, a: u128, b: u128) -> u128 {
        self.gf128_horner(0, &[b], &[a])
    }

    #[inline]
    fn gf128_horner(self, state: u128, powers: &[u128], coefficients: &[u128]) -> u128 {
        // SAFETY: as above.
        unsafe { horner(self, state, powers, coefficients) }
    }

    #[inline]
    fn product_block(self, a: &[u64], b: &[u64], out: &mut [u64]) {
        // SAFETY: as above.
        unsafe { product_block(self, a, b, out) }
    }

    #[inline]
    fn toeplitz_block(self, x: &[u64], t: &[u64], y: &mut [u64]) {
        // SAFETY: as above.
        unsafe { toeplitz_block(self, x, t, y) }
    }
}

#[target_feature(enable = "neon,aes")]
fn with_pmull<T: Vectorized>(token: Pmull, task: T) -> T::Output {
    task.run(token)
}

#[expect(unsafe_code, reason = "the token proves that the processor has the instructions")]
impl Pairs for Pmull {
    #[inline(always)]
    fn crossed(self, a: uint64x2_t, b: uint64x2_t) -> [uint64x2_t; 2] {
        // SAFETY: `self` exists only where `detect` found NEON.
        let swapped = unsafe { vextq_u64::<1>(a, a) };
        let [down, up] = self.product(swapped, b);
        [up, down]
    }
}

/// Two elements to a register.
#[expect(unsafe_code, reason = "the token proves that the processor has the instructions")]
impl Lanes for Pmull {
    const LOG: usize = 1;
    const ORDER: [[usize; 8]; 3] = [[0, 1, 0, 0, 0, 0, 0, 0], [0; 8], [0; 8]];
    type V = uint64x2_t;

    #[inline(always)]
    fn load(self, words: &[u64]) -> uint64x2_t {
        let words = &words[..2];
        // SAFETY: the slice covers the 16 bytes read; `detect` found NEON.
        unsafe { vld1q_u64(words.as_ptr()) }
    }

    #[inline(always)]
    fn store(self, v: uint64x2_t, words: &mut [u64]) {
        let words = &mut words[..2];
        // SAFETY: the slice covers the 16 bytes written; NEON as above.
        unsafe { vst1q_u64(words.as_mut_ptr(), v) }
    }

    #[inline(always)]
    fn splat(self, word: u64) -> uint64x2_t {
        // SAFETY: as in `load`.
        unsafe { vdupq_n_u64(word) }
    }

    #[inline(always)]
    fn xor(self, a: uint64x2_t, b: uint64x2_t) -> uint64x2_t {
        // SAFETY: as in `load`.
        unsafe { veorq_u64(a, b) }
    }

    /// Products of the even and of the odd elements.
    type Wide = [uint64x2_t; 2];

    #[inline(always)]
    fn product(self, a: uint64x2_t, b: uint64x2_t) -> [uint64x2_t; 2] {
        // SAFETY: `self` exists only where `detect` found PMULL and NEON.
        unsafe { products(a, b) }
    }

    #[inline(always)]
    fn add_wide(self, a: [uint64x2_t; 2], b: [uint64x2_t; 2]) -> [uint64x2_t; 2] {
        [self.xor(a[0], b[0]), self.xor(a[1], b[1])]
    }

    #[inline(always)]
    fn reduce(self, [even, odd]: [uint64x2_t; 2]) -> uint64x2_t {
        // SAFETY: the table has the 16 bytes read; `self` exists only where `detect` found NEON.
        unsafe {
            let (low, high) = (vzip1q_u64(even, odd), vzip2q_u64(even, odd));
            let above = vreinterpretq_u8_u64(vshrq_n_u64::<60>(high));
            let spill = vreinterpretq_u64_u8(vqtbl1q_u8(vld1q_u8(SPILL.as_ptr()), above));
            let q = veorq_u64(high, spill);
            let sum = veorq_u64(q, vshlq_n_u64::<1>(q));
            veorq_u64(veorq_u64(low, sum), vshlq_n_u64::<3>(sum))
        }
    }

    #[inline(always)]
    fn and(self, a: uint64x2_t, b: uint64x2_t) -> uint64x2_t {
        // SAFETY: as in `load`.
        unsafe { vandq_u64(a, b) }
    }

    #[inline(always)]
    fn shl(self, v: uint64x2_t, by: u32) -> uint64x2_t {
        // SAFETY: as in `load`.
        unsafe { vshlq_u64(v, vdupq_n_s64(i64::from(by))) }
    }

    #[inline(always)]
    fn shr(self, v: uint64x2_t, by: u32) -> uint64x2_t {
        // SAFETY: as in `load`; a negative shift goes to lower bits and fills with zeros.
        unsafe { vshlq_u64(v, vdupq_n_s64(-i64::from(by))) }
    }

    #[inline(always)]
    fn split(self, _: usize, a: uint64x2_t, b: uint64x2_t) -> (uint64x2_t, uint64x2_t) {
        // SAFETY: as in `load`.
        unsafe { (vzip1q_u64(a, b), vzip2q_u64(a, b)) }
    }

    #[inline(always)]
    fn join(self, stage: usize, low: uint64x2_t, high: uint64x2_t) -> (uint64x2_t, uint64x2_t) {
        Lanes::split(self, stage, low, high)
    }
}

/// The products of the low and of the high words. Not `inline(always)`: it calls what is, which needs the features here.
#[inline]
#[target_feature(enable = "neon,aes")]
fn products(a: uint64x2_t, b: uint64x2_t) -> [uint64x2_t; 2] {
    let low = vmull_p64(vgetq_lane_u64::<0>(a), vgetq_lane_u64::<0>(b));
    let high = vmull_high_p64(vreinterpretq_p64_u64(a), vreinterpretq_p64_u64(b));
    [vreinterpretq_u64_p128(low), vreinterpretq_u64_p128(high)]
}

#[target_feature(enable = "neon,aes")]
fn clmul(token: Pmull, a: u64, b: u64) -> u128 {
    pairs::clmul(token, a, b)
}

#[target_feature(enable = "neon,aes")]
fn horner(token: Pmull, state: u128, powers: &[u128], coefficients: &[u128]) -> u128 {
    pairs::horner(token, state, powers, coefficients)
}

#[target_feature(enable = "neon,aes")]
fn product_block(token: Pmull, a: &[u64], b: &[u64], out: &mut [u64]) {
    pairs::product_block(token, a, b, out);
}

#[target_feature(enable = "neon,aes")]
fn toeplitz_block(token: Pmull, x: &[u64], t: &[u64], y: &mut [u64]) {
    pairs::toeplitz_block(token, x, t, y);
}
