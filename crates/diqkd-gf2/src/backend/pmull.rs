//! Aarch64 PMULL: one carry-less product of two words per instruction, on 128-bit registers.
//!
//! Blocks are computed as in `pclmul.rs`, two products per load.

use core::arch::aarch64::{
    uint64x2_t, vandq_u64, vdupq_n_s64, vdupq_n_u64, veorq_u64, vextq_u64, vgetq_lane_u64, vld1q_u64,
    vmull_high_p64, vmull_p64, vreinterpretq_p64_u64, vreinterpretq_u64_p128, vshlq_n_u64, vshlq_u64,
    vshrq_n_u64, vst1q_u64, vzip1q_u64, vzip2q_u64,
};

use crate::backend::{Kernel, Lanes, Vectorized};

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
    const ELEMENT_COST: (u128, u128, u128) = (420, 330, 36);

    fn block_cost(words: usize) -> u128 {
        2 * (words as u128) * (words as u128 + 1) + 24
    }

    fn vectorize<T: Vectorized>(self, task: T) -> T::Output {
        // SAFETY: `self` exists only where `detect` found PMULL, and NEON with it.
        unsafe { with_pmull(self, task) }
    }

    #[inline]
    fn clmul(self, a: u64, b: u64) -> u128 {
        // SAFETY: as above.
        unsafe { clmul(a, b) }
    }

    #[inline]
    fn gf128_mul(self, a: u128, b: u128) -> u128 {
        self.gf128_horner(0, &[b], &[a])
    }

    #[inline]
    fn gf128_horner(self, state: u128, powers: &[u128], coefficients: &[u128]) -> u128 {
        // SAFETY: as above.
        unsafe { horner(state, powers, coefficients) }
    }

    #[inline]
    fn product_block(self, a: &[u64], b: &[u64], out: &mut [u64]) {
        // SAFETY: as above.
        unsafe { product_block(a, b, out) }
    }

    #[inline]
    fn toeplitz_block(self, x: &[u64], t: &[u64], y: &mut [u64]) {
        // SAFETY: as above.
        unsafe { toeplitz_block(x, t, y) }
    }
}

#[target_feature(enable = "neon,aes")]
fn with_pmull<T: Vectorized>(token: Pmull, task: T) -> T::Output {
    task.run(token)
}

#[expect(unsafe_code, reason = "the token proves that the processor has the instructions")]
impl Pmull {
    /// The lower half of `low + q p` with `p = z^64 + z^4 + z^3 + z + 1`.
    #[inline(always)]
    fn fold(self, low: uint64x2_t, q: uint64x2_t) -> uint64x2_t {
        // SAFETY: `self` exists only where `detect` found NEON.
        unsafe {
            let sum = veorq_u64(veorq_u64(low, q), vshlq_n_u64::<1>(q));
            veorq_u64(sum, veorq_u64(vshlq_n_u64::<3>(q), vshlq_n_u64::<4>(q)))
        }
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
        let [words, ..] = words.as_chunks::<2>().0 else { return self.splat(0) };
        // SAFETY: `self` exists only where `detect` found NEON.
        unsafe { load(words) }
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

    #[inline(always)]
    fn quotient(self, s: uint64x2_t) -> uint64x2_t {
        // SAFETY: as in `load`.
        let spill = unsafe { [vshrq_n_u64::<60>(s), vshrq_n_u64::<61>(s), vshrq_n_u64::<63>(s)] };
        spill.into_iter().fold(s, |sum, part| self.xor(sum, part))
    }

    #[inline(always)]
    fn scale(self, y: uint64x2_t, s: uint64x2_t, quotient: uint64x2_t) -> uint64x2_t {
        let ([low_even, low_odd], [even, odd]) = (self.product(y, s), self.product(y, quotient));
        // SAFETY: as in `load`.
        let (low, q) = unsafe { (vzip1q_u64(low_even, low_odd), vzip2q_u64(even, odd)) };
        self.fold(low, q)
    }

    /// Products of the even and of the odd elements.
    type Wide = [uint64x2_t; 2];

    #[inline(always)]
    fn product(self, a: uint64x2_t, b: uint64x2_t) -> [uint64x2_t; 2] {
        // SAFETY: `self` exists only where `detect` found PMULL and NEON.
        unsafe { [low_product(a, b), high_product(a, b)] }
    }

    #[inline(always)]
    fn add_wide(self, a: [uint64x2_t; 2], b: [uint64x2_t; 2]) -> [uint64x2_t; 2] {
        [self.xor(a[0], b[0]), self.xor(a[1], b[1])]
    }

    #[inline(always)]
    fn reduce(self, [even, odd]: [uint64x2_t; 2]) -> uint64x2_t {
        // SAFETY: as in `load`.
        let (low, high) = unsafe { (vzip1q_u64(even, odd), vzip2q_u64(even, odd)) };
        self.fold(low, self.quotient(high))
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

#[target_feature(enable = "neon,aes")]
fn clmul(a: u64, b: u64) -> u128 {
    vmull_p64(a, b)
}

#[target_feature(enable = "neon,aes")]
fn horner(state: u128, powers: &[u128], coefficients: &[u128]) -> u128 {
    let mut state = vreinterpretq_u64_p128(state);
    for chunk in coefficients.chunks(powers.len()) {
        let (mut high, mut middle, mut low) = (vdupq_n_u64(0), vdupq_n_u64(0), vdupq_n_u64(0));
        for (&c, &p) in chunk.iter().zip(&powers[powers.len() - chunk.len()..]) {
            let (c, p) = (veorq_u64(vreinterpretq_u64_p128(c), state), vreinterpretq_u64_p128(p));
            state = vdupq_n_u64(0);
            low = veorq_u64(low, low_product(c, p));
            high = veorq_u64(high, high_product(c, p));
            let p = swapped(p);
            middle = veorq_u64(middle, veorq_u64(low_product(c, p), high_product(c, p)));
        }
        high = veorq_u64(high, to_low(middle));
        low = veorq_u64(low, to_high(middle));
        state = reduce(high, low);
    }
    value(state)
}

/// The remainder of `high z^128 + low`, a word of `high` at a time: `z^128 = z^7 + z^2 + z + 1`.
#[inline]
#[target_feature(enable = "neon,aes")]
fn reduce(high: uint64x2_t, low: uint64x2_t) -> uint64x2_t {
    let tail = vdupq_n_u64(0x87);
    let upper = high_product(high, tail);
    let low = veorq_u64(low, to_high(upper));
    let rest = veorq_u64(high, to_low(upper));
    veorq_u64(low, low_product(rest, tail))
}

#[target_feature(enable = "neon,aes")]
fn product_block(a: &[u64], b: &[u64], out: &mut [u64]) {
    out.fill(0);
    for (i, &a) in a.iter().enumerate() {
        let mut carry = 0;
        for (out, &b) in out[i..].iter_mut().zip(b) {
            let p = carry ^ vmull_p64(a, b);
            *out ^= p as u64;
            carry = p >> 64;
        }
        out[i + b.len()] ^= carry as u64;
    }
}

#[target_feature(enable = "neon,aes")]
fn toeplitz_block(x: &[u64], t: &[u64], y: &mut [u64]) {
    let w = x.len();
    let [mut below] = diagonals::<1>(x, t, w - 1);
    let mut at = w;
    let mut groups = y.chunks_exact_mut(GROUP);
    for y in groups.by_ref() {
        below = join_diagonals(diagonals::<GROUP>(x, t, at), below, y);
        at += GROUP;
    }
    for y in groups.into_remainder().chunks_exact_mut(2) {
        below = join_diagonals(diagonals::<2>(x, t, at), below, y);
        at += 2;
    }
}

/// The diagonals `P_first .. P_(first + N)`.
#[inline]
#[target_feature(enable = "neon,aes")]
fn diagonals<const N: usize>(x: &[u64], t: &[u64], first: usize) -> [uint64x2_t; N] {
    let mut sums = [vdupq_n_u64(0); N];
    let t = &t[first + 1 - x.len()..first + N];
    let (pairs, _) = x.as_chunks::<2>();
    for (i, pair) in pairs.iter().enumerate() {
        let x = swapped(load(pair));
        let from = t.len() - N - 1 - 2 * i;
        let window = &t[from..from + N + 1];
        for (sum, t) in sums.iter_mut().zip(window.array_windows()) {
            let t = load(t);
            *sum = veorq_u64(*sum, veorq_u64(low_product(x, t), high_product(x, t)));
        }
    }
    sums
}

/// Joins diagonals into words of the result; returns the last diagonal.
#[inline]
#[target_feature(enable = "neon,aes")]
fn join_diagonals<const N: usize>(
    diagonals: [uint64x2_t; N],
    below: uint64x2_t,
    y: &mut [u64],
) -> uint64x2_t {
    let mut below = below;
    for (y, here) in y.iter_mut().zip(diagonals) {
        *y = vgetq_lane_u64::<0>(here) ^ vgetq_lane_u64::<1>(below);
        below = here;
    }
    below
}

/// The product of the low words.
#[inline]
#[target_feature(enable = "neon,aes")]
fn low_product(a: uint64x2_t, b: uint64x2_t) -> uint64x2_t {
    vreinterpretq_u64_p128(vmull_p64(vgetq_lane_u64::<0>(a), vgetq_lane_u64::<0>(b)))
}

/// The product of the high words.
#[inline]
#[target_feature(enable = "neon,aes")]
fn high_product(a: uint64x2_t, b: uint64x2_t) -> uint64x2_t {
    vreinterpretq_u64_p128(vmull_high_p64(vreinterpretq_p64_u64(a), vreinterpretq_p64_u64(b)))
}

#[inline]
#[target_feature(enable = "neon")]
fn swapped(v: uint64x2_t) -> uint64x2_t {
    vextq_u64::<1>(v, v)
}

/// The high word in the place of the low one, and zero.
#[inline]
#[target_feature(enable = "neon")]
fn to_low(v: uint64x2_t) -> uint64x2_t {
    vextq_u64::<1>(v, vdupq_n_u64(0))
}

/// The low word in the place of the high one, and zero.
#[inline]
#[target_feature(enable = "neon")]
fn to_high(v: uint64x2_t) -> uint64x2_t {
    vextq_u64::<1>(vdupq_n_u64(0), v)
}

#[inline]
#[target_feature(enable = "neon")]
#[expect(unsafe_code, reason = "a load from memory")]
fn load(words: &[u64; 2]) -> uint64x2_t {
    // SAFETY: the reference covers the 16 bytes read.
    unsafe { vld1q_u64(words.as_ptr()) }
}

#[inline]
#[target_feature(enable = "neon")]
fn value(v: uint64x2_t) -> u128 {
    u128::from(vgetq_lane_u64::<1>(v)) << 64 | u128::from(vgetq_lane_u64::<0>(v))
}

/// Diagonals that fit into the registers together.
const GROUP: usize = 8;
