//! x86-64 VPCLMULQDQ with AVX-512: four carry-less products of two words per instruction, on 512-bit registers. All
//! processors that have both have GFNI and AVX-512 VBMI too, for the planes of the transform.
//!
//! The Toeplitz block is that of `pclmul.rs` with four diagonals to a register: a pair `(x_i, x_(i+1))` is broadcast,
//! and the eight words of `t` from `c-i-1` on hold in lane `l` the partner of the pair for the diagonal `P_(c+2l)`.
//! Diagonals `w, w+2, ..` and `w-1, w+1, ..` are kept apart: eight words of the result are a register of the first kind
//! plus one of the second kind, shifted down by one word.

use core::arch::x86_64::{
    __m128i, __m512i, _mm_cvtsi32_si128, _mm_loadu_si128, _mm_xor_si128, _mm256_castsi256_si128,
    _mm256_extracti128_si256, _mm256_xor_si256, _mm512_add_epi64, _mm512_alignr_epi64, _mm512_and_si512,
    _mm512_broadcast_i32x4, _mm512_castsi128_si512, _mm512_castsi512_si256, _mm512_clmulepi64_epi128,
    _mm512_extracti64x4_epi64, _mm512_gf2p8affine_epi64_epi8, _mm512_loadu_epi64, _mm512_permutex2var_epi64,
    _mm512_permutexvar_epi8, _mm512_set_epi64, _mm512_set1_epi64, _mm512_setzero_si512, _mm512_shuffle_epi8,
    _mm512_shuffle_i64x2, _mm512_sll_epi64, _mm512_slli_epi64, _mm512_srl_epi64, _mm512_srli_epi64,
    _mm512_storeu_epi64, _mm512_ternarylogic_epi64, _mm512_unpackhi_epi64, _mm512_unpacklo_epi64,
    _mm512_xor_si512, _mm512_zextsi128_si512,
};

use crate::backend::avx2::{Avx2, WIDE};
use crate::backend::pairs::{self, Elements};
use crate::backend::pclmul::Pclmul;
use crate::backend::{ElementCost, Kernel, Lanes, SPILL, Vectorized, add_to_halves, sums_of_halves};
use crate::transform::planes::matrices::{self, ByteMatrices};
use crate::transform::planes::{PlaneMap, Planes, Tables};

cpufeatures::new!(
    cpu,
    "avx512f",
    "avx512vl",
    "avx512bw",
    "avx512vbmi",
    "gfni",
    "vpclmulqdq",
    "pclmulqdq",
    "sse2"
);

/// Proof that the processor has VPCLMULQDQ and AVX-512, and AVX2 and PCLMULQDQ with them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Vpclmul {
    short: Avx2<WIDE>,
}

impl Vpclmul {
    pub(super) fn detect() -> Option<Self> {
        if cpu::init_get().1 { Avx2::detect().map(|short| Self { short }) } else { None }
    }
}

#[expect(unsafe_code, reason = "the token proves that the processor has the instructions")]
impl Kernel for Vpclmul {
    const GRAIN: usize = 8;
    const BASE_MAX: usize = 64;
    const ELEMENT_COST: ElementCost = ElementCost { planes: 102, basis: 13, layer: 5, product: 16 };

    fn block_cost(words: usize) -> u128 {
        (words as u128) * (words as u128 + 4) / 2 + 20
    }

    fn vectorize<T: Vectorized>(self, task: T) -> T::Output {
        // SAFETY: `self` exists only where `detect` found avx512f, avx512vl, avx512bw, avx512vbmi, gfni, vpclmulqdq, pclmulqdq, sse2.
        unsafe { with_avx512(self, task) }
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
        // SAFETY: `self` exists only where `detect` found avx512f, avx512vl, vpclmulqdq, pclmulqdq and sse2.
        unsafe { horner(self, state, powers, coefficients) }
    }

    #[inline]
    fn product_block(self, a: &[u64], b: &[u64], out: &mut [u64]) {
        self.short.product_block(a, b, out);
    }

    #[inline]
    fn toeplitz_block(self, x: &[u64], t: &[u64], y: &mut [u64]) {
        // SAFETY: `self` exists only where `detect` found avx512f, avx512vl, vpclmulqdq, pclmulqdq and sse2.
        unsafe { toeplitz_block(x, t, y) }
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

#[target_feature(enable = "avx512f,avx512vl,avx512bw,avx512vbmi,gfni,vpclmulqdq,pclmulqdq,sse2")]
fn with_avx512<T: Vectorized>(token: Vpclmul, task: T) -> T::Output {
    task.run(token)
}

#[expect(unsafe_code, reason = "the token proves that the processor has the instructions")]
impl Elements for Vpclmul {
    type One = Pclmul;

    #[inline(always)]
    fn one(self) -> Pclmul {
        self.short.one()
    }

    #[inline(always)]
    fn elements(self, elements: &[u128]) -> __m512i {
        let elements = &elements[..4];
        // SAFETY: the slice covers the 64 bytes read, the lower word of an element first; avx512f as in `load`.
        unsafe { _mm512_loadu_epi64(elements.as_ptr().cast()) }
    }

    #[inline(always)]
    fn first(self, element: __m128i) -> __m512i {
        // SAFETY: as in `load`.
        unsafe { _mm512_zextsi128_si512(element) }
    }

    #[inline(always)]
    fn cross(self, a: __m512i, b: __m512i) -> __m512i {
        // SAFETY: `self` exists only where `detect` found avx512f and vpclmulqdq.
        unsafe {
            _mm512_xor_si512(_mm512_clmulepi64_epi128::<0x10>(a, b), _mm512_clmulepi64_epi128::<0x01>(a, b))
        }
    }

    #[inline(always)]
    fn sum(self, v: __m512i) -> __m128i {
        // SAFETY: as in `load`.
        unsafe { sum_of_lanes(v) }
    }
}

/// Eight elements to a register.
#[expect(unsafe_code, reason = "the token proves that the processor has the instructions")]
impl Lanes for Vpclmul {
    const LOG: usize = 3;
    const ORDER: [[usize; 8]; 3] =
        [[0, 1, 4, 5, 2, 3, 6, 7], [0, 0, 2, 2, 1, 1, 3, 3], [0, 0, 0, 0, 1, 1, 1, 1]];
    type V = __m512i;

    #[inline(always)]
    fn load(self, words: &[u64]) -> __m512i {
        // SAFETY: `self` exists only where `detect` found avx512f.
        unsafe { load(words) }
    }

    #[inline(always)]
    fn store(self, v: __m512i, words: &mut [u64]) {
        let words = &mut words[..8];
        // SAFETY: the slice covers the 64 bytes written; the store needs no alignment; avx512f as above.
        unsafe { _mm512_storeu_epi64(words.as_mut_ptr().cast(), v) }
    }

    #[inline(always)]
    fn splat(self, word: u64) -> __m512i {
        // SAFETY: as in `load`.
        unsafe { _mm512_set1_epi64(word as i64) }
    }

    #[inline(always)]
    fn xor(self, a: __m512i, b: __m512i) -> __m512i {
        // SAFETY: as in `load`.
        unsafe { _mm512_xor_si512(a, b) }
    }

    /// Products of the even and of the odd elements.
    type Wide = [__m512i; 2];

    #[inline(always)]
    fn product(self, a: __m512i, b: __m512i) -> [__m512i; 2] {
        // SAFETY: `self` exists only where `detect` found avx512f and vpclmulqdq.
        unsafe { [_mm512_clmulepi64_epi128::<0x00>(a, b), _mm512_clmulepi64_epi128::<0x11>(a, b)] }
    }

    #[inline(always)]
    fn add_wide(self, a: [__m512i; 2], b: [__m512i; 2]) -> [__m512i; 2] {
        [self.xor(a[0], b[0]), self.xor(a[1], b[1])]
    }

    #[inline(always)]
    fn reduce(self, [even, odd]: [__m512i; 2]) -> __m512i {
        // SAFETY: the table has the 16 bytes read; `self` exists only where `detect` found avx512f and avx512bw.
        unsafe {
            let (low, high) = (_mm512_unpacklo_epi64(even, odd), _mm512_unpackhi_epi64(even, odd));
            let table = _mm512_broadcast_i32x4(_mm_loadu_si128(SPILL.as_ptr().cast()));
            let q = _mm512_xor_si512(high, _mm512_shuffle_epi8(table, _mm512_srli_epi64::<60>(high)));
            let sum = _mm512_xor_si512(q, _mm512_add_epi64(q, q));
            _mm512_ternarylogic_epi64::<XOR_OF_THREE>(low, sum, _mm512_slli_epi64::<3>(sum))
        }
    }

    #[inline(always)]
    fn and(self, a: __m512i, b: __m512i) -> __m512i {
        // SAFETY: as in `load`.
        unsafe { _mm512_and_si512(a, b) }
    }

    #[inline(always)]
    fn shl(self, v: __m512i, by: u32) -> __m512i {
        // SAFETY: as in `load`.
        unsafe { _mm512_sll_epi64(v, _mm_cvtsi32_si128(by as i32)) }
    }

    #[inline(always)]
    fn shr(self, v: __m512i, by: u32) -> __m512i {
        // SAFETY: as in `load`.
        unsafe { _mm512_srl_epi64(v, _mm_cvtsi32_si128(by as i32)) }
    }

    #[inline(always)]
    fn transpose_words(self, rows: &mut [[u64; 8]; 8]) {
        // SAFETY: as in `load`.
        unsafe {
            let (a, b, c, d) = (load(&rows[0]), load(&rows[1]), load(&rows[2]), load(&rows[3]));
            let (e, f, g, h) = (load(&rows[4]), load(&rows[5]), load(&rows[6]), load(&rows[7]));
            // Words of one parity of two rows; then of one remainder modulo 4 of four; then modulo 8 of all.
            let pairs = [
                [_mm512_unpacklo_epi64(a, b), _mm512_unpackhi_epi64(a, b)],
                [_mm512_unpacklo_epi64(c, d), _mm512_unpackhi_epi64(c, d)],
                [_mm512_unpacklo_epi64(e, f), _mm512_unpackhi_epi64(e, f)],
                [_mm512_unpacklo_epi64(g, h), _mm512_unpackhi_epi64(g, h)],
            ];
            for odd in 0..2 {
                let [ab, cd, ef, gh] = [pairs[0][odd], pairs[1][odd], pairs[2][odd], pairs[3][odd]];
                let low = [_mm512_shuffle_i64x2::<0x88>(ab, cd), _mm512_shuffle_i64x2::<0x88>(ef, gh)];
                let high = [_mm512_shuffle_i64x2::<0xdd>(ab, cd), _mm512_shuffle_i64x2::<0xdd>(ef, gh)];
                store(&mut rows[odd], _mm512_shuffle_i64x2::<0x88>(low[0], low[1]));
                store(&mut rows[odd + 2], _mm512_shuffle_i64x2::<0x88>(high[0], high[1]));
                store(&mut rows[odd + 4], _mm512_shuffle_i64x2::<0xdd>(low[0], low[1]));
                store(&mut rows[odd + 6], _mm512_shuffle_i64x2::<0xdd>(high[0], high[1]));
            }
        }
    }

    #[inline(always)]
    fn encode(self, map: &PlaneMap, planes: &mut Planes, space: &mut Tables, block: &mut [u64]) {
        matrices::encode(self, map, planes, space, block);
    }

    #[inline(always)]
    fn decode(self, map: &PlaneMap, block: &[u64], planes: &mut Planes, _: &mut Tables) {
        matrices::decode(self, map, block, planes);
    }

    #[inline(always)]
    fn split(self, stage: usize, a: __m512i, b: __m512i) -> (__m512i, __m512i) {
        // SAFETY: as in `load`.
        unsafe {
            match stage {
                0 => (_mm512_unpacklo_epi64(a, b), _mm512_unpackhi_epi64(a, b)),
                1 => (_mm512_shuffle_i64x2::<0x88>(a, b), _mm512_shuffle_i64x2::<0xdd>(a, b)),
                _ => (_mm512_shuffle_i64x2::<0x44>(a, b), _mm512_shuffle_i64x2::<0xee>(a, b)),
            }
        }
    }

    #[inline(always)]
    fn join(self, stage: usize, low: __m512i, high: __m512i) -> (__m512i, __m512i) {
        if stage != 1 {
            return Lanes::split(self, stage, low, high);
        }
        // SAFETY: as in `load`.
        unsafe {
            let (first, second) =
                (_mm512_set_epi64(11, 10, 3, 2, 9, 8, 1, 0), _mm512_set_epi64(15, 14, 7, 6, 13, 12, 5, 4));
            (_mm512_permutex2var_epi64(low, first, high), _mm512_permutex2var_epi64(low, second, high))
        }
    }
}

#[expect(unsafe_code, reason = "the token proves that the processor has the instructions")]
impl ByteMatrices for Vpclmul {
    type Eight = __m512i;

    #[inline(always)]
    fn load_eight(self, words: &[u64; 8]) -> __m512i {
        self.load(words)
    }

    #[inline(always)]
    fn store_eight(self, v: __m512i, words: &mut [u64]) {
        self.store(v, words);
    }

    #[inline(always)]
    fn add_eight(self, a: __m512i, b: __m512i) -> __m512i {
        self.xor(a, b)
    }

    #[inline(always)]
    fn multiply_bytes(self, v: __m512i, matrix: u64) -> __m512i {
        // SAFETY: `self` exists only where `detect` found avx512f and gfni.
        unsafe { _mm512_gf2p8affine_epi64_epi8::<0>(v, _mm512_set1_epi64(matrix as i64)) }
    }

    #[inline(always)]
    fn turn_bits(self, v: __m512i) -> __m512i {
        // Byte `b` of the constant takes bit `b` of every row of the matrix, which is the argument here.
        // SAFETY: as above.
        unsafe { _mm512_gf2p8affine_epi64_epi8::<0>(_mm512_set1_epi64(0x8040_2010_0804_0201_u64 as i64), v) }
    }

    #[inline(always)]
    fn turn_bytes(self, v: __m512i) -> __m512i {
        const FROM: [u8; 64] = {
            let mut from = [0; 64];
            let mut at = 0;
            while at < 64 {
                from[at] = (8 * (7 - at % 8) + at / 8) as u8;
                at += 1;
            }
            from
        };
        // SAFETY: the array has the 64 bytes read; `self` exists only where `detect` found avx512f and avx512vbmi.
        unsafe { _mm512_permutexvar_epi8(_mm512_loadu_epi64(FROM.as_ptr().cast()), v) }
    }
}

#[target_feature(enable = "avx512f,avx512vl,vpclmulqdq,pclmulqdq,sse2")]
fn horner(token: Vpclmul, state: u128, powers: &[u128], coefficients: &[u128]) -> u128 {
    pairs::horner_of_several::<_, 4>(token, state, powers, coefficients)
}

#[target_feature(enable = "avx512f,avx512vl,vpclmulqdq,pclmulqdq,sse2")]
fn toeplitz_block(x: &[u64], t: &[u64], y: &mut [u64]) {
    let w = x.len();
    let mut above = last_diagonal(x, t);
    let (groups, _) = y.as_chunks_mut::<8>();
    let (rest, quads) = groups.as_rchunks_mut::<4>();
    let mut at = 2 * w;
    for quad in quads.iter_mut().rev() {
        at -= 32;
        above = rows(x, t, at, above, quad);
    }
    for single in rest.as_chunks_mut::<1>().0.iter_mut().rev() {
        at -= 8;
        above = rows(x, t, at, above, single);
    }
}

/// The rows from diagonal `first` on, eight to a register, given the register whose lowest word is the low half of
/// `P_(first + 8N - 1)`; returns the same for the rows before.
#[inline]
#[target_feature(enable = "avx512f,avx512vl,vpclmulqdq,pclmulqdq,sse2")]
fn rows<const N: usize>(
    x: &[u64],
    t: &[u64],
    first: usize,
    above: __m512i,
    y: &mut [[u64; 8]; N],
) -> __m512i {
    let mut even = [_mm512_setzero_si512(); N];
    let mut odd = [_mm512_setzero_si512(); N];
    let t = &t[first - x.len()..first + 8 * N - 1];
    for (i, pair) in x.as_chunks::<2>().0.iter().enumerate() {
        let x = _mm512_broadcast_i32x4(load_pair(pair));
        let from = t.len() + 1 - 8 * N - 2 * (i + 1);
        let window = &t[from..from + 8 * N + 1];
        for (g, (even, odd)) in even.iter_mut().zip(&mut odd).enumerate() {
            *odd = add_products(*odd, x, load(&window[8 * g..]));
            *even = add_products(*even, x, load(&window[8 * g + 1..]));
        }
    }
    let mut above = above;
    for ((y, even), odd) in y.iter_mut().zip(even).zip(odd).rev() {
        store(y, _mm512_xor_si512(even, _mm512_alignr_epi64::<1>(above, odd)));
        above = odd;
    }
    above
}

/// `P_(2w - 1) = sum_i x_i t_(2w-1-i)` in the lowest lane: here four pairs run side by side.
#[inline]
#[target_feature(enable = "avx512f,avx512vl,vpclmulqdq,pclmulqdq,sse2")]
fn last_diagonal(x: &[u64], t: &[u64]) -> __m512i {
    let mut sum = _mm512_setzero_si512();
    let upper = &t[x.len()..];
    for (x, t) in x.as_chunks::<8>().0.iter().zip(upper.as_chunks::<8>().0.iter().rev()) {
        let x = load(x);
        let reversed = _mm512_shuffle_i64x2::<0b00_01_10_11>(x, x);
        sum = add_products(sum, reversed, load(t));
    }
    _mm512_castsi128_si512(sum_of_lanes(sum))
}

/// The sum of the four quarters of a register.
#[inline]
#[target_feature(enable = "avx512f,avx512vl,sse2")]
fn sum_of_lanes(v: __m512i) -> __m128i {
    let (low, high) = (_mm512_castsi512_si256(v), _mm512_extracti64x4_epi64::<1>(v));
    let sum = _mm256_xor_si256(low, high);
    _mm_xor_si128(_mm256_castsi256_si128(sum), _mm256_extracti128_si256::<1>(sum))
}

/// `sum + x_low t_high + x_high t_low` in every lane.
#[inline]
#[target_feature(enable = "avx512f,vpclmulqdq")]
fn add_products(sum: __m512i, x: __m512i, t: __m512i) -> __m512i {
    _mm512_ternarylogic_epi64::<XOR_OF_THREE>(
        sum,
        _mm512_clmulepi64_epi128::<0x10>(x, t),
        _mm512_clmulepi64_epi128::<0x01>(x, t),
    )
}

#[target_feature(enable = "avx512f,avx512vl")]
fn split(x: &[u64], t: &[u64], v: &mut [u64], s: &mut [u64]) {
    sums_of_halves(x, t, v, s);
}

#[target_feature(enable = "avx512f,avx512vl")]
fn merge(p: &[u64], y: &mut [u64]) {
    add_to_halves(p, y);
}

#[inline]
#[target_feature(enable = "avx512f")]
#[expect(unsafe_code, reason = "an unaligned load from memory")]
fn load(words: &[u64]) -> __m512i {
    let words = &words[..8];
    // SAFETY: the slice covers the 64 bytes read; the load needs no alignment.
    unsafe { _mm512_loadu_epi64(words.as_ptr().cast()) }
}

#[inline]
#[target_feature(enable = "avx512f")]
#[expect(unsafe_code, reason = "an unaligned store to memory")]
fn store(words: &mut [u64; 8], v: __m512i) {
    // SAFETY: the reference covers the 64 bytes written; the store needs no alignment.
    unsafe { _mm512_storeu_epi64(words.as_mut_ptr().cast(), v) }
}

#[inline]
#[target_feature(enable = "sse2")]
#[expect(unsafe_code, reason = "an unaligned load from memory")]
fn load_pair(words: &[u64; 2]) -> __m128i {
    // SAFETY: the reference covers the 16 bytes read; the load needs no alignment.
    unsafe { _mm_loadu_si128(words.as_ptr().cast()) }
}

/// Truth table of the sum of three bits.
const XOR_OF_THREE: i32 = 0x96;
