//! x86-64 PCLMULQDQ: one carry-less product of two words per instruction, on 128-bit registers.
//!
//! The Toeplitz block computes the diagonals `P_c = sum_i x_i t_(c-i)` for `c = w-1 .. 2w`, two products per load:
//! with `(x_i, x_(i+1))` and `(t_(c-i-1), t_(c-i))` in registers both cross products belong to `P_c`. Word `k` of the
//! result is the low half of `P_(w+k)` plus the high half of `P_(w+k-1)`.

use core::arch::x86_64::{
    __m128i, _mm_and_si128, _mm_clmulepi64_si128, _mm_cvtsi32_si128, _mm_cvtsi128_si64, _mm_loadu_si128,
    _mm_set_epi64x, _mm_set1_epi64x, _mm_setzero_si128, _mm_sll_epi64, _mm_slli_epi64, _mm_slli_si128,
    _mm_srl_epi64, _mm_srli_epi64, _mm_srli_si128, _mm_storeu_si128, _mm_unpackhi_epi64, _mm_unpacklo_epi64,
    _mm_xor_si128,
};

use crate::backend::{Kernel, Lanes, Vectorized};

cpufeatures::new!(cpu, "pclmulqdq", "sse2");

/// Proof that the processor has PCLMULQDQ.
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
    const ELEMENT_COST: (u128, u128, u128) = (420, 330, 36);

    fn block_cost(words: usize) -> u128 {
        2 * (words as u128) * (words as u128 + 1) + 24
    }

    fn vectorize<T: Vectorized>(self, task: T) -> T::Output {
        // SAFETY: `self` exists only where `detect` found pclmulqdq and sse2.
        unsafe { with_pclmulqdq(self, task) }
    }

    #[inline]
    fn clmul(self, a: u64, b: u64) -> u128 {
        // SAFETY: `self` exists only where `detect` found pclmulqdq and sse2.
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

#[target_feature(enable = "pclmulqdq,sse2")]
fn with_pclmulqdq<T: Vectorized>(token: Pclmul, task: T) -> T::Output {
    task.run(token)
}

#[expect(unsafe_code, reason = "the token proves that the processor has the instructions")]
impl Pclmul {
    /// The lower half of `low + q p` with `p = z^64 + z^4 + z^3 + z + 1`.
    #[inline(always)]
    fn fold(self, low: __m128i, q: __m128i) -> __m128i {
        // SAFETY: `self` exists only where `detect` found sse2.
        unsafe {
            let sum = _mm_xor_si128(_mm_xor_si128(low, q), _mm_slli_epi64::<1>(q));
            _mm_xor_si128(sum, _mm_xor_si128(_mm_slli_epi64::<3>(q), _mm_slli_epi64::<4>(q)))
        }
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
        let [words, ..] = words.as_chunks::<2>().0 else { return self.splat(0) };
        // SAFETY: `self` exists only where `detect` found sse2.
        unsafe { load(words) }
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

    #[inline(always)]
    fn quotient(self, s: __m128i) -> __m128i {
        // SAFETY: as in `load`.
        let spill = unsafe { [_mm_srli_epi64::<60>(s), _mm_srli_epi64::<61>(s), _mm_srli_epi64::<63>(s)] };
        spill.into_iter().fold(s, |sum, part| self.xor(sum, part))
    }

    #[inline(always)]
    fn scale(self, y: __m128i, s: __m128i, quotient: __m128i) -> __m128i {
        // SAFETY: `self` exists only where `detect` found pclmulqdq and sse2.
        let (low, q) = unsafe {
            let low =
                _mm_unpacklo_epi64(_mm_clmulepi64_si128::<0x00>(y, s), _mm_clmulepi64_si128::<0x11>(y, s));
            let (even, odd) =
                (_mm_clmulepi64_si128::<0x00>(y, quotient), _mm_clmulepi64_si128::<0x11>(y, quotient));
            (low, _mm_unpackhi_epi64(even, odd))
        };
        self.fold(low, q)
    }

    /// Products of the even and of the odd elements.
    type Wide = [__m128i; 2];

    #[inline(always)]
    fn product(self, a: __m128i, b: __m128i) -> [__m128i; 2] {
        // SAFETY: as in `scale`.
        unsafe { [_mm_clmulepi64_si128::<0x00>(a, b), _mm_clmulepi64_si128::<0x11>(a, b)] }
    }

    #[inline(always)]
    fn add_wide(self, a: [__m128i; 2], b: [__m128i; 2]) -> [__m128i; 2] {
        [self.xor(a[0], b[0]), self.xor(a[1], b[1])]
    }

    #[inline(always)]
    fn reduce(self, [even, odd]: [__m128i; 2]) -> __m128i {
        // SAFETY: as in `load`.
        let (low, high) = unsafe { (_mm_unpacklo_epi64(even, odd), _mm_unpackhi_epi64(even, odd)) };
        self.fold(low, self.quotient(high))
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
fn clmul(a: u64, b: u64) -> u128 {
    value(_mm_clmulepi64_si128::<0>(_mm_set_epi64x(0, a as i64), _mm_set_epi64x(0, b as i64)))
}

#[target_feature(enable = "pclmulqdq,sse2")]
fn horner(state: u128, powers: &[u128], coefficients: &[u128]) -> u128 {
    let mut state = register(state);
    for chunk in coefficients.chunks(powers.len()) {
        let (mut high, mut middle, mut low) = (_mm_setzero_si128(), _mm_setzero_si128(), _mm_setzero_si128());
        for (&c, &p) in chunk.iter().zip(&powers[powers.len() - chunk.len()..]) {
            let (c, p) = (_mm_xor_si128(register(c), state), register(p));
            state = _mm_setzero_si128();
            low = _mm_xor_si128(low, _mm_clmulepi64_si128::<0x00>(c, p));
            high = _mm_xor_si128(high, _mm_clmulepi64_si128::<0x11>(c, p));
            middle = _mm_xor_si128(middle, _mm_clmulepi64_si128::<0x01>(c, p));
            middle = _mm_xor_si128(middle, _mm_clmulepi64_si128::<0x10>(c, p));
        }
        high = _mm_xor_si128(high, _mm_srli_si128::<8>(middle));
        low = _mm_xor_si128(low, _mm_slli_si128::<8>(middle));
        state = reduce(high, low);
    }
    value(state)
}

/// The remainder of `high z^128 + low`, a word of `high` at a time: `z^128 = z^7 + z^2 + z + 1`.
#[inline]
#[target_feature(enable = "pclmulqdq,sse2")]
fn reduce(high: __m128i, low: __m128i) -> __m128i {
    let tail = _mm_set_epi64x(0, 0x87);
    let upper = _mm_clmulepi64_si128::<0x01>(high, tail);
    let low = _mm_xor_si128(low, _mm_slli_si128::<8>(upper));
    let rest = _mm_xor_si128(high, _mm_srli_si128::<8>(upper));
    _mm_xor_si128(low, _mm_clmulepi64_si128::<0x00>(rest, tail))
}

#[target_feature(enable = "pclmulqdq,sse2")]
fn product_block(a: &[u64], b: &[u64], out: &mut [u64]) {
    out.fill(0);
    for (i, &a) in a.iter().enumerate() {
        let a = _mm_set_epi64x(0, a as i64);
        let mut carry = _mm_setzero_si128();
        for (out, &b) in out[i..].iter_mut().zip(b) {
            let p = _mm_xor_si128(carry, _mm_clmulepi64_si128::<0>(a, _mm_set_epi64x(0, b as i64)));
            *out ^= low_word(p);
            carry = _mm_srli_si128::<8>(p);
        }
        out[i + b.len()] ^= low_word(carry);
    }
}

#[target_feature(enable = "pclmulqdq,sse2")]
fn toeplitz_block(x: &[u64], t: &[u64], y: &mut [u64]) {
    let w = x.len();
    let [mut below] = diagonals::<1>(x, t, w - 1);
    let mut at = w;
    let mut groups = y.chunks_exact_mut(GROUP);
    for y in groups.by_ref() {
        below = store(diagonals::<GROUP>(x, t, at), below, y);
        at += GROUP;
    }
    for y in groups.into_remainder().chunks_exact_mut(2) {
        below = store(diagonals::<2>(x, t, at), below, y);
        at += 2;
    }
}

/// The diagonals `P_first .. P_(first + N)`.
#[inline]
#[target_feature(enable = "pclmulqdq,sse2")]
fn diagonals<const N: usize>(x: &[u64], t: &[u64], first: usize) -> [__m128i; N] {
    let mut sums = [_mm_setzero_si128(); N];
    let t = &t[first + 1 - x.len()..first + N];
    let (pairs, _) = x.as_chunks::<2>();
    for (i, pair) in pairs.iter().enumerate() {
        let x = load(pair);
        let from = t.len() - N - 1 - 2 * i;
        let window = &t[from..from + N + 1];
        for (sum, t) in sums.iter_mut().zip(window.array_windows()) {
            let t = load(t);
            let products =
                _mm_xor_si128(_mm_clmulepi64_si128::<0x10>(x, t), _mm_clmulepi64_si128::<0x01>(x, t));
            *sum = _mm_xor_si128(*sum, products);
        }
    }
    sums
}

/// Joins diagonals into words of the result; returns the last diagonal.
#[inline]
#[target_feature(enable = "pclmulqdq,sse2")]
fn store<const N: usize>(diagonals: [__m128i; N], below: __m128i, y: &mut [u64]) -> __m128i {
    let mut below = below;
    for (y, here) in y.iter_mut().zip(diagonals) {
        *y = low_word(_mm_xor_si128(here, _mm_unpackhi_epi64(below, below)));
        below = here;
    }
    below
}

#[inline]
#[target_feature(enable = "sse2")]
#[expect(unsafe_code, reason = "an unaligned load from memory")]
fn load(words: &[u64; 2]) -> __m128i {
    // SAFETY: the reference covers the 16 bytes read; the load needs no alignment.
    unsafe { _mm_loadu_si128(words.as_ptr().cast()) }
}

#[inline]
#[target_feature(enable = "sse2")]
fn register(v: u128) -> __m128i {
    _mm_set_epi64x((v >> 64) as i64, v as i64)
}

#[inline]
#[target_feature(enable = "sse2")]
fn value(v: __m128i) -> u128 {
    u128::from(low_word(_mm_unpackhi_epi64(v, v))) << 64 | u128::from(low_word(v))
}

#[inline]
#[target_feature(enable = "sse2")]
fn low_word(v: __m128i) -> u64 {
    _mm_cvtsi128_si64(v) as u64
}

/// Diagonals that fit into the registers together.
const GROUP: usize = 8;
