//! x86-64 AVX2: four elements to a register, whose carry-less products are one instruction for two of them where there
//! is VPCLMULQDQ, and for each of them elsewhere. Blocks of the quadratic algorithm are those of `pclmul.rs`.
//!
//! Much of a transform is sums and shifts, which take half as long as on 128-bit registers. With GFNI planes are maps of bytes.

use core::arch::x86_64::{
    __m128i, __m256i, _mm_clmulepi64_si128, _mm_cvtsi32_si128, _mm_loadu_si128, _mm_xor_si128,
    _mm256_add_epi64, _mm256_and_si256, _mm256_broadcastsi128_si256, _mm256_castsi128_si256,
    _mm256_castsi256_si128, _mm256_clmulepi64_epi128, _mm256_extracti128_si256,
    _mm256_gf2p8affine_epi64_epi8, _mm256_inserti128_si256, _mm256_loadu_si256, _mm256_permute2x128_si256,
    _mm256_permute4x64_epi64, _mm256_set1_epi64x, _mm256_shuffle_epi8, _mm256_sll_epi64, _mm256_slli_epi64,
    _mm256_srl_epi64, _mm256_srli_epi64, _mm256_storeu_si256, _mm256_unpackhi_epi32, _mm256_unpackhi_epi64,
    _mm256_unpacklo_epi32, _mm256_unpacklo_epi64, _mm256_xor_si256, _mm256_zextsi128_si256,
};

use crate::backend::pairs::{self, Elements};
use crate::backend::pclmul::Pclmul;
use crate::backend::{ElementCost, Kernel, Lanes, SPILL, Vectorized, add_to_halves, sums_of_halves};
use crate::transform::planes::matrices::{self, ByteMatrices};
use crate::transform::planes::{PlaneMap, Planes, Tables, sums};

cpufeatures::new!(narrow, "avx2", "avx", "pclmulqdq", "sse2");

cpufeatures::new!(wide, "vpclmulqdq", "avx2", "avx", "pclmulqdq", "sse2");

cpufeatures::new!(bytes, "gfni", "vpclmulqdq", "avx2", "avx", "pclmulqdq", "sse2");

/// Proof that the processor has AVX2 and PCLMULQDQ, and what `LEVEL` names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Avx2<const LEVEL: u8> {
    short: Pclmul,
}

/// Nothing more.
pub(super) const NARROW: u8 = 0;
/// VPCLMULQDQ.
pub(super) const WIDE: u8 = 1;
/// VPCLMULQDQ and GFNI.
pub(super) const BYTES: u8 = 2;

impl<const LEVEL: u8> Avx2<LEVEL> {
    /// Products take one instruction for two elements.
    const IS_WIDE: bool = LEVEL >= WIDE;

    pub(super) fn detect() -> Option<Self> {
        let found = match LEVEL {
            NARROW => narrow::init_get().1,
            WIDE => wide::init_get().1,
            _ => bytes::init_get().1,
        };
        if found { Pclmul::detect().map(|short| Self { short }) } else { None }
    }
}

#[expect(unsafe_code, reason = "the token proves that the processor has the instructions")]
impl<const LEVEL: u8> Kernel for Avx2<LEVEL> {
    const GRAIN: usize = Pclmul::GRAIN;
    const BASE_MAX: usize = Pclmul::BASE_MAX;
    const ELEMENT_COST: ElementCost = match LEVEL {
        NARROW => ElementCost { planes: 147, basis: 13, layer: 12, product: 39 },
        WIDE => ElementCost { planes: 148, basis: 13, layer: 6, product: 25 },
        _ => ElementCost { planes: 120, basis: 13, layer: 6, product: 25 },
    };

    fn block_cost(words: usize) -> u128 {
        Pclmul::block_cost(words)
    }

    fn vectorize<T: Vectorized>(self, task: T) -> T::Output {
        match LEVEL {
            // SAFETY: `self` exists only where `detect` found avx2, avx, pclmulqdq and sse2.
            NARROW => unsafe { with_avx2(self, task) },
            // SAFETY: `self` exists with `WIDE` only where `detect` found vpclmulqdq besides these.
            WIDE => unsafe { with_vpclmulqdq(self, task) },
            // SAFETY: `self` exists with `BYTES` only where `detect` found gfni besides these.
            _ => unsafe { with_gfni(self, task) },
        }
    }

    #[inline]
    fn clmul(self, a: u64, b: u64) -> u128 {
        self.short.clmul(a, b)
    }

    #[inline]
    fn gf128_mul(self, a: u128, b: u128) -> u128 {
        self.gf128_horner(0, &[b], &[a])
    }

    #[inline]
    fn gf128_horner(self, state: u128, powers: &[u128], coefficients: &[u128]) -> u128 {
        if Self::IS_WIDE {
            // SAFETY: `self` exists at this level only where `detect` found vpclmulqdq, avx2, avx, pclmulqdq and sse2.
            unsafe { horner_of_two(self, state, powers, coefficients) }
        } else {
            // SAFETY: `self` exists only where `detect` found avx2, avx, pclmulqdq and sse2.
            unsafe { horner(self.short, state, powers, coefficients) }
        }
    }

    #[inline]
    fn product_block(self, a: &[u64], b: &[u64], out: &mut [u64]) {
        // SAFETY: `self` exists only where `detect` found avx2, avx, pclmulqdq and sse2.
        unsafe { product_block(self.short, a, b, out) }
    }

    #[inline]
    fn toeplitz_block(self, x: &[u64], t: &[u64], y: &mut [u64]) {
        // SAFETY: as above.
        unsafe { toeplitz_block(self.short, x, t, y) }
    }

    #[inline]
    fn split(self, x: &[u64], t: &[u64], v: &mut [u64], s: &mut [u64]) {
        // SAFETY: as above.
        unsafe { split(x, t, v, s) }
    }

    #[inline]
    fn merge(self, p: &[u64], y: &mut [u64]) {
        // SAFETY: as above.
        unsafe { merge(p, y) }
    }
}

// The algorithms of `pclmul.rs`, compiled for AVX: its instructions have three operands, and don't wait for the upper halves
// of registers that other code has left in use.

#[target_feature(enable = "avx2,avx,pclmulqdq,sse2")]
fn horner(token: Pclmul, state: u128, powers: &[u128], coefficients: &[u128]) -> u128 {
    pairs::horner(token, state, powers, coefficients)
}

#[target_feature(enable = "vpclmulqdq,avx2,avx,pclmulqdq,sse2")]
fn horner_of_two<const LEVEL: u8>(
    token: Avx2<LEVEL>,
    state: u128,
    powers: &[u128],
    coefficients: &[u128],
) -> u128 {
    pairs::horner_of_several::<_, 2>(token, state, powers, coefficients)
}

#[target_feature(enable = "avx2,avx,pclmulqdq,sse2")]
fn product_block(token: Pclmul, a: &[u64], b: &[u64], out: &mut [u64]) {
    pairs::product_block(token, a, b, out);
}

#[target_feature(enable = "avx2,avx,pclmulqdq,sse2")]
fn toeplitz_block(token: Pclmul, x: &[u64], t: &[u64], y: &mut [u64]) {
    pairs::toeplitz_block(token, x, t, y);
}

#[target_feature(enable = "avx2,avx")]
fn split(x: &[u64], t: &[u64], v: &mut [u64], s: &mut [u64]) {
    sums_of_halves(x, t, v, s);
}

#[target_feature(enable = "avx2,avx")]
fn merge(p: &[u64], y: &mut [u64]) {
    add_to_halves(p, y);
}

#[target_feature(enable = "avx2,avx,pclmulqdq,sse2")]
fn with_avx2<const LEVEL: u8, T: Vectorized>(token: Avx2<LEVEL>, task: T) -> T::Output {
    task.run(token)
}

#[target_feature(enable = "vpclmulqdq,avx2,avx,pclmulqdq,sse2")]
fn with_vpclmulqdq<const LEVEL: u8, T: Vectorized>(token: Avx2<LEVEL>, task: T) -> T::Output {
    task.run(token)
}

#[target_feature(enable = "gfni,vpclmulqdq,avx2,avx,pclmulqdq,sse2")]
fn with_gfni<const LEVEL: u8, T: Vectorized>(token: Avx2<LEVEL>, task: T) -> T::Output {
    task.run(token)
}

#[expect(unsafe_code, reason = "the token proves that the processor has the instructions")]
impl<const LEVEL: u8> Avx2<LEVEL> {
    /// Two products: of the even elements with `IMM = 0x00`, of the odd ones with `0x11`.
    #[inline(always)]
    fn products<const IMM: i32>(self, a: __m256i, b: __m256i) -> __m256i {
        if Self::IS_WIDE {
            // SAFETY: `self` exists at this level only where `detect` found vpclmulqdq and avx2.
            return unsafe { _mm256_clmulepi64_epi128::<IMM>(a, b) };
        }
        // SAFETY: `self` exists only where `detect` found avx2 and pclmulqdq.
        unsafe {
            let low = _mm_clmulepi64_si128::<IMM>(_mm256_castsi256_si128(a), _mm256_castsi256_si128(b));
            let (a, b) = (_mm256_extracti128_si256::<1>(a), _mm256_extracti128_si256::<1>(b));
            _mm256_inserti128_si256::<1>(_mm256_castsi128_si256(low), _mm_clmulepi64_si128::<IMM>(a, b))
        }
    }

    /// The transpose of one of the four squares of 4 × 4 words.
    #[inline(always)]
    fn square(self, rows: &[[u64; 8]; 8], i: usize, j: usize) -> [__m256i; 4] {
        let (a, b) = (self.load(&rows[4 * i][4 * j..]), self.load(&rows[4 * i + 1][4 * j..]));
        let (c, d) = (self.load(&rows[4 * i + 2][4 * j..]), self.load(&rows[4 * i + 3][4 * j..]));
        let ((a, b), (c, d)) = (Lanes::split(self, 0, a, b), Lanes::split(self, 0, c, d));
        let ((a, c), (b, d)) = (Lanes::split(self, 1, a, c), Lanes::split(self, 1, b, d));
        [a, b, c, d]
    }

    /// Overwrites one of the squares.
    #[inline(always)]
    fn put(self, [a, b, c, d]: [__m256i; 4], rows: &mut [[u64; 8]; 8], i: usize, j: usize) {
        self.store(a, &mut rows[4 * i][4 * j..]);
        self.store(b, &mut rows[4 * i + 1][4 * j..]);
        self.store(c, &mut rows[4 * i + 2][4 * j..]);
        self.store(d, &mut rows[4 * i + 3][4 * j..]);
    }
}

#[expect(unsafe_code, reason = "the token proves that the processor has the instructions")]
impl<const LEVEL: u8> Elements for Avx2<LEVEL> {
    type One = Pclmul;

    #[inline(always)]
    fn one(self) -> Pclmul {
        self.short
    }

    #[inline(always)]
    fn elements(self, elements: &[u128]) -> __m256i {
        let elements = &elements[..2];
        // SAFETY: the slice covers the 32 bytes read, the lower word of an element first; avx2 as in `splat`.
        unsafe { _mm256_loadu_si256(elements.as_ptr().cast()) }
    }

    #[inline(always)]
    fn first(self, element: __m128i) -> __m256i {
        // SAFETY: as in `splat`.
        unsafe { _mm256_zextsi128_si256(element) }
    }

    #[inline(always)]
    fn cross(self, a: __m256i, b: __m256i) -> __m256i {
        self.xor(self.products::<0x10>(a, b), self.products::<0x01>(a, b))
    }

    #[inline(always)]
    fn sum(self, v: __m256i) -> __m128i {
        // SAFETY: as in `splat`.
        unsafe { _mm_xor_si128(_mm256_castsi256_si128(v), _mm256_extracti128_si256::<1>(v)) }
    }
}

/// Four elements to a register.
#[expect(unsafe_code, reason = "the token proves that the processor has the instructions")]
impl<const LEVEL: u8> Lanes for Avx2<LEVEL> {
    const LOG: usize = 2;
    const ORDER: [[usize; 8]; 3] = [[0, 1, 2, 3, 0, 0, 0, 0], [0, 0, 1, 1, 0, 0, 0, 0], [0; 8]];
    type V = __m256i;

    #[inline(always)]
    fn load(self, words: &[u64]) -> __m256i {
        let words = &words[..4];
        // SAFETY: the slice covers the 32 bytes read; the load needs no alignment; `detect` found avx2.
        unsafe { _mm256_loadu_si256(words.as_ptr().cast()) }
    }

    #[inline(always)]
    fn store(self, v: __m256i, words: &mut [u64]) {
        let words = &mut words[..4];
        // SAFETY: the slice covers the 32 bytes written; the store needs no alignment; avx2 as above.
        unsafe { _mm256_storeu_si256(words.as_mut_ptr().cast(), v) }
    }

    #[inline(always)]
    fn splat(self, word: u64) -> __m256i {
        // SAFETY: `self` exists only where `detect` found avx2.
        unsafe { _mm256_set1_epi64x(word as i64) }
    }

    #[inline(always)]
    fn xor(self, a: __m256i, b: __m256i) -> __m256i {
        // SAFETY: as in `splat`.
        unsafe { _mm256_xor_si256(a, b) }
    }

    /// Products of the even and of the odd elements.
    type Wide = [__m256i; 2];

    #[inline(always)]
    fn product(self, a: __m256i, b: __m256i) -> [__m256i; 2] {
        [self.products::<0x00>(a, b), self.products::<0x11>(a, b)]
    }

    #[inline(always)]
    fn add_wide(self, a: [__m256i; 2], b: [__m256i; 2]) -> [__m256i; 2] {
        [self.xor(a[0], b[0]), self.xor(a[1], b[1])]
    }

    #[inline(always)]
    fn reduce(self, [even, odd]: [__m256i; 2]) -> __m256i {
        // SAFETY: as in `splat`.
        unsafe {
            let (low, high) = (_mm256_unpacklo_epi64(even, odd), _mm256_unpackhi_epi64(even, odd));
            let table = _mm256_broadcastsi128_si256(_mm_loadu_si128(SPILL.as_ptr().cast()));
            let q = _mm256_xor_si256(high, _mm256_shuffle_epi8(table, _mm256_srli_epi64::<60>(high)));
            let sum = _mm256_xor_si256(q, _mm256_add_epi64(q, q));
            _mm256_xor_si256(_mm256_xor_si256(low, sum), _mm256_slli_epi64::<3>(sum))
        }
    }

    #[inline(always)]
    fn and(self, a: __m256i, b: __m256i) -> __m256i {
        // SAFETY: as in `splat`.
        unsafe { _mm256_and_si256(a, b) }
    }

    #[inline(always)]
    fn shl(self, v: __m256i, by: u32) -> __m256i {
        // SAFETY: as in `splat`.
        unsafe { _mm256_sll_epi64(v, _mm_cvtsi32_si128(by as i32)) }
    }

    #[inline(always)]
    fn shr(self, v: __m256i, by: u32) -> __m256i {
        // SAFETY: as in `splat`.
        unsafe { _mm256_srl_epi64(v, _mm_cvtsi32_si128(by as i32)) }
    }

    #[inline(always)]
    fn transpose_words(self, rows: &mut [[u64; 8]; 8]) {
        // Squares of four: those on the diagonal stay in place, the others change places.
        let upper = self.square(rows, 0, 0);
        self.put(upper, rows, 0, 0);
        let lower = self.square(rows, 1, 1);
        self.put(lower, rows, 1, 1);
        let (right, left) = (self.square(rows, 0, 1), self.square(rows, 1, 0));
        self.put(right, rows, 1, 0);
        self.put(left, rows, 0, 1);
    }

    #[inline(always)]
    fn encode(self, map: &PlaneMap, planes: &mut Planes, space: &mut Tables, block: &mut [u64]) {
        if LEVEL == BYTES {
            matrices::encode(Avx2::<BYTES> { short: self.short }, map, planes, space, block);
        } else {
            sums::encode(self, map, planes, space, block);
        }
    }

    #[inline(always)]
    fn decode(self, map: &PlaneMap, block: &[u64], planes: &mut Planes, space: &mut Tables) {
        if LEVEL == BYTES {
            matrices::decode(Avx2::<BYTES> { short: self.short }, map, block, planes);
        } else {
            sums::decode(self, map, block, planes, space);
        }
    }

    #[inline(always)]
    fn split(self, stage: usize, a: __m256i, b: __m256i) -> (__m256i, __m256i) {
        // SAFETY: as in `splat`.
        unsafe {
            if stage == 0 {
                (_mm256_unpacklo_epi64(a, b), _mm256_unpackhi_epi64(a, b))
            } else {
                (_mm256_permute2x128_si256::<0x20>(a, b), _mm256_permute2x128_si256::<0x31>(a, b))
            }
        }
    }

    #[inline(always)]
    fn join(self, stage: usize, low: __m256i, high: __m256i) -> (__m256i, __m256i) {
        Lanes::split(self, stage, low, high)
    }
}

/// Four words to a register, two of which are eight.
#[expect(unsafe_code, reason = "the token proves that the processor has the instructions")]
impl ByteMatrices for Avx2<BYTES> {
    type Eight = [__m256i; 2];

    #[inline(always)]
    fn load_eight(self, words: &[u64; 8]) -> [__m256i; 2] {
        [self.load(words), self.load(&words[4..])]
    }

    #[inline(always)]
    fn store_eight(self, [low, high]: [__m256i; 2], words: &mut [u64]) {
        self.store(low, words);
        self.store(high, &mut words[4..]);
    }

    #[inline(always)]
    fn add_eight(self, a: [__m256i; 2], b: [__m256i; 2]) -> [__m256i; 2] {
        [self.xor(a[0], b[0]), self.xor(a[1], b[1])]
    }

    #[inline(always)]
    fn multiply_bytes(self, [low, high]: [__m256i; 2], matrix: u64) -> [__m256i; 2] {
        let matrix = self.splat(matrix);
        // SAFETY: `self` exists only where `detect` found gfni and avx.
        unsafe {
            [
                _mm256_gf2p8affine_epi64_epi8::<0>(low, matrix),
                _mm256_gf2p8affine_epi64_epi8::<0>(high, matrix),
            ]
        }
    }

    #[inline(always)]
    fn turn_bits(self, [low, high]: [__m256i; 2]) -> [__m256i; 2] {
        // Byte `b` of the constant takes bit `b` of every row of the matrix, which is the argument here.
        let rows = self.splat(0x8040_2010_0804_0201);
        // SAFETY: as above.
        unsafe {
            [_mm256_gf2p8affine_epi64_epi8::<0>(rows, low), _mm256_gf2p8affine_epi64_epi8::<0>(rows, high)]
        }
    }

    #[inline(always)]
    fn turn_bytes(self, [low, high]: [__m256i; 2]) -> [__m256i; 2] {
        let (low, high) = (self.bytes_of_four(low), self.bytes_of_four(high));
        // SAFETY: as above.
        unsafe { [_mm256_unpacklo_epi32(high, low), _mm256_unpackhi_epi32(high, low)] }
    }
}

#[expect(unsafe_code, reason = "the token proves that the processor has the instructions")]
impl Avx2<BYTES> {
    /// Bytes `i` of all four words together, the last word's first: those of `i = 0, 1, 4, 5`, then the others.
    #[inline(always)]
    fn bytes_of_four(self, words: __m256i) -> __m256i {
        // Of two neighbouring words in this order, and then of two such pairs.
        const PAIRS: [u8; 16] = [8, 0, 9, 1, 12, 4, 13, 5, 10, 2, 11, 3, 14, 6, 15, 7];
        const FOURS: [u8; 16] = [8, 9, 0, 1, 10, 11, 2, 3, 12, 13, 4, 5, 14, 15, 6, 7];
        // SAFETY: the arrays have the 16 bytes read; `self` exists only where `detect` found avx2 and avx.
        unsafe {
            let pairs = _mm256_broadcastsi128_si256(_mm_loadu_si128(PAIRS.as_ptr().cast()));
            let fours = _mm256_broadcastsi128_si256(_mm_loadu_si128(FOURS.as_ptr().cast()));
            let two = _mm256_permute4x64_epi64::<0b11_01_10_00>(_mm256_shuffle_epi8(words, pairs));
            _mm256_shuffle_epi8(two, fours)
        }
    }
}
