//! x86-64 PCLMULQDQ: one carry-less product of two words per instruction, on 128-bit registers.

use core::arch::x86_64::{
    __m128i, _mm_add_epi64, _mm_and_si128, _mm_clmulepi64_si128, _mm_cvtsi32_si128, _mm_loadu_si128,
    _mm_set1_epi64x, _mm_shuffle_epi8, _mm_sll_epi64, _mm_slli_epi64, _mm_srl_epi64, _mm_srli_epi64,
    _mm_storeu_si128, _mm_unpackhi_epi64, _mm_unpacklo_epi64, _mm_xor_si128,
};

use crate::backend::pairs::{self, Pairs};
use crate::backend::{ElementCost, Kernel, Lanes, SPILL, Vectorized};

cpufeatures::new!(cpu, "pclmulqdq", "ssse3", "sse2");

/// Proof that the processor has PCLMULQDQ, and SSSE3 as all such processors do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pclmul(());

impl Pclmul {
    pub(super) fn detect() -> Option<Self> {
        cpu::init_get().1.then_some(Self(()))
    }
}

#[expect(unsafe_code, reason = "the token proves that the processor has the instructions")]
impl Kernel for Pclmul {
    const GRAIN: usize = 2;
    const BASE_MAX: usize = 32;
    const ELEMENT_COST: ElementCost = ElementCost { planes: 246, basis: 26, layer: 15, product: 52 };

    fn block_cost(words: usize) -> u128 {
        words as u128 * (3 * words as u128 + 4) / 2 + 30
    }

    fn vectorize<T: Vectorized>(self, task: T) -> T::Output {
        // SAFETY: `self` exists only where `detect` found pclmulqdq, ssse3 and sse2.
        unsafe { with_pclmulqdq(self, task) }
    }

    #[inline]
    fn clmul(self, a: u64, b: u64) -> u128 {
        // SAFETY: `self` exists only where `detect` found pclmulqdq and sse2.
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

#[target_feature(enable = "pclmulqdq,ssse3,sse2")]
fn with_pclmulqdq<T: Vectorized>(token: Pclmul, task: T) -> T::Output {
    task.run(token)
}

#[expect(unsafe_code, reason = "the token proves that the processor has the instructions")]
impl Pairs for Pclmul {
    #[inline(always)]
    fn crossed(self, a: __m128i, b: __m128i) -> [__m128i; 2] {
        // SAFETY: `self` exists only where `detect` found pclmulqdq and sse2.
        unsafe { [_mm_clmulepi64_si128::<0x10>(a, b), _mm_clmulepi64_si128::<0x01>(a, b)] }
    }
}

/// Two elements to a register.
#[expect(unsafe_code, reason = "the token proves that the processor has the instructions")]
impl Lanes for Pclmul {
    const LOG: usize = 1;
    const ORDER: [[usize; 8]; 3] = [[0, 1, 0, 0, 0, 0, 0, 0], [0; 8], [0; 8]];
    type V = __m128i;

    #[inline(always)]
    fn load(self, words: &[u64]) -> __m128i {
        let words = &words[..2];
        // SAFETY: the slice covers the 16 bytes read; the load needs no alignment; `detect` found sse2.
        unsafe { _mm_loadu_si128(words.as_ptr().cast()) }
    }

    #[inline(always)]
    fn store(self, v: __m128i, words: &mut [u64]) {
        let words = &mut words[..2];
        // SAFETY: the slice covers the 16 bytes written; the store needs no alignment; sse2 as above.
        unsafe { _mm_storeu_si128(words.as_mut_ptr().cast(), v) }
    }

    #[inline(always)]
    fn splat(self, word: u64) -> __m128i {
        // SAFETY: as in `load`.
        unsafe { _mm_set1_epi64x(word as i64) }
    }

    #[inline(always)]
    fn xor(self, a: __m128i, b: __m128i) -> __m128i {
        // SAFETY: as in `load`.
        unsafe { _mm_xor_si128(a, b) }
    }

    /// Products of the even and of the odd elements.
    type Wide = [__m128i; 2];

    #[inline(always)]
    fn product(self, a: __m128i, b: __m128i) -> [__m128i; 2] {
        // SAFETY: `self` exists only where `detect` found pclmulqdq and sse2.
        unsafe { [_mm_clmulepi64_si128::<0x00>(a, b), _mm_clmulepi64_si128::<0x11>(a, b)] }
    }

    #[inline(always)]
    fn add_wide(self, a: [__m128i; 2], b: [__m128i; 2]) -> [__m128i; 2] {
        [self.xor(a[0], b[0]), self.xor(a[1], b[1])]
    }

    #[inline(always)]
    fn reduce(self, [even, odd]: [__m128i; 2]) -> __m128i {
        // SAFETY: the table has the 16 bytes read; `self` exists only where `detect` found sse2 and ssse3.
        unsafe {
            let (low, high) = (_mm_unpacklo_epi64(even, odd), _mm_unpackhi_epi64(even, odd));
            let q = _mm_xor_si128(
                high,
                _mm_shuffle_epi8(_mm_loadu_si128(SPILL.as_ptr().cast()), _mm_srli_epi64::<60>(high)),
            );
            let sum = _mm_xor_si128(q, _mm_add_epi64(q, q));
            _mm_xor_si128(_mm_xor_si128(low, sum), _mm_slli_epi64::<3>(sum))
        }
    }

    #[inline(always)]
    fn and(self, a: __m128i, b: __m128i) -> __m128i {
        // SAFETY: as in `load`.
        unsafe { _mm_and_si128(a, b) }
    }

    #[inline(always)]
    fn shl(self, v: __m128i, by: u32) -> __m128i {
        // SAFETY: as in `load`.
        unsafe { _mm_sll_epi64(v, _mm_cvtsi32_si128(by as i32)) }
    }

    #[inline(always)]
    fn shr(self, v: __m128i, by: u32) -> __m128i {
        // SAFETY: as in `load`.
        unsafe { _mm_srl_epi64(v, _mm_cvtsi32_si128(by as i32)) }
    }

    #[inline(always)]
    fn split(self, _: usize, a: __m128i, b: __m128i) -> (__m128i, __m128i) {
        // SAFETY: as in `load`.
        unsafe { (_mm_unpacklo_epi64(a, b), _mm_unpackhi_epi64(a, b)) }
    }

    #[inline(always)]
    fn join(self, stage: usize, low: __m128i, high: __m128i) -> (__m128i, __m128i) {
        Lanes::split(self, stage, low, high)
    }
}

#[target_feature(enable = "pclmulqdq,sse2")]
fn clmul(token: Pclmul, a: u64, b: u64) -> u128 {
    pairs::clmul(token, a, b)
}

#[target_feature(enable = "pclmulqdq,sse2")]
fn horner(token: Pclmul, state: u128, powers: &[u128], coefficients: &[u128]) -> u128 {
    pairs::horner(token, state, powers, coefficients)
}

#[target_feature(enable = "pclmulqdq,sse2")]
fn product_block(token: Pclmul, a: &[u64], b: &[u64], out: &mut [u64]) {
    pairs::product_block(token, a, b, out);
}

#[target_feature(enable = "pclmulqdq,sse2")]
fn toeplitz_block(token: Pclmul, x: &[u64], t: &[u64], y: &mut [u64]) {
    pairs::toeplitz_block(token, x, t, y);
}
