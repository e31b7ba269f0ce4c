//! Which instructions multiply without carries: the only place that names instruction sets.
//!
//! A detection token (`Pclmul::detect()`) proves that its instructions exist; its methods are the only way to the
//! kernels that need them.

#[cfg(all(target_arch = "x86_64", not(diqkd_backend = "soft")))]
mod avx2;
#[cfg(all(
    any(target_arch = "x86_64", all(target_arch = "aarch64", target_endian = "little")),
    not(diqkd_backend = "soft")
))]
mod pairs;
#[cfg(all(target_arch = "x86_64", not(diqkd_backend = "soft")))]
mod pclmul;
#[cfg(all(target_arch = "aarch64", target_endian = "little", not(diqkd_backend = "soft")))]
mod pmull;
mod soft;
#[cfg(all(target_arch = "x86_64", not(diqkd_backend = "soft")))]
mod vpclmul;

use core::fmt;

#[cfg(all(target_arch = "x86_64", not(diqkd_backend = "soft")))]
use avx2::Avx2;
#[cfg(all(target_arch = "x86_64", not(diqkd_backend = "soft")))]
use pclmul::Pclmul;
#[cfg(all(target_arch = "aarch64", target_endian = "little", not(diqkd_backend = "soft")))]
use pmull::Pmull;
use soft::Soft;
#[cfg(all(target_arch = "x86_64", not(diqkd_backend = "soft")))]
use vpclmul::Vpclmul;

use crate::transform::planes::{PlaneMap, Planes, Tables, sums};

/// An implementation of carry-less multiplication that this processor can run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backend(Kind);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Soft(Soft),
    #[cfg(all(target_arch = "x86_64", not(diqkd_backend = "soft")))]
    Pclmul(Pclmul),
    #[cfg(all(target_arch = "x86_64", not(diqkd_backend = "soft")))]
    Avx2(Avx2<{ avx2::NARROW }>),
    #[cfg(all(target_arch = "x86_64", not(diqkd_backend = "soft")))]
    Avx2Vpclmul(Avx2<{ avx2::WIDE }>),
    #[cfg(all(target_arch = "x86_64", not(diqkd_backend = "soft")))]
    Avx2Gfni(Avx2<{ avx2::BYTES }>),
    #[cfg(all(target_arch = "x86_64", not(diqkd_backend = "soft")))]
    Vpclmul(Vpclmul),
    #[cfg(all(target_arch = "aarch64", target_endian = "little", not(diqkd_backend = "soft")))]
    Pmull(Pmull),
}

/// What a backend provides. Lengths are the callers' promise, checked once at the public functions.
pub(crate) trait Kernel: Copy + Send + Sync {
    /// [`Kernel::toeplitz_block`] takes multiples of this many words.
    const GRAIN: usize;
    /// The largest block worth the quadratic algorithm, words; a multiple of the grain.
    const BASE_MAX: usize;

    /// Rough cost of a transform.
    const ELEMENT_COST: ElementCost;

    /// Rough cost of [`Kernel::toeplitz_block`] on `words` words, in units of about a cycle.
    fn block_cost(words: usize) -> u128;

    /// Runs a loop compiled for the instructions of this backend.
    fn vectorize<T: Vectorized>(self, task: T) -> T::Output;

    /// The product of two polynomials of degree below 64.
    fn clmul(self, a: u64, b: u64) -> u128;

    /// The product of two elements of GF(2^128).
    fn gf128_mul(self, a: u128, b: u128) -> u128;

    /// Horner's rule `s <- (s + c) k` in GF(2^128) for all coefficients in turn; `powers` ends in `.., k^2, k`, and as
    /// many steps as there are powers take one reduction.
    fn gf128_horner(self, state: u128, powers: &[u128], coefficients: &[u128]) -> u128;

    /// `out = a b` by the quadratic algorithm; `out` has `a.len() + b.len()` words.
    fn product_block(self, a: &[u64], b: &[u64], out: &mut [u64]);

    /// The words `w .. 2w` of the product `x t` of polynomials of `w` and `2w` words, by the quadratic algorithm.
    fn toeplitz_block(self, x: &[u64], t: &[u64], y: &mut [u64]);

    /// Halving step before the recursion, `h = v.len()`: `v = x[..h] + x[h..2h]`, `s = t[..3h] + t[h..4h]`.
    #[inline(always)]
    fn split(self, x: &[u64], t: &[u64], v: &mut [u64], s: &mut [u64]) {
        sums_of_halves(x, t, v, s);
    }

    /// Halving step after the recursion, `h = p.len()`: adds `p` to both halves of `y`.
    #[inline(always)]
    fn merge(self, p: &[u64], y: &mut [u64]) {
        add_to_halves(p, y);
    }
}

/// Rough cost of a transform for one element, in sixteenths of a cycle.
pub(crate) struct ElementCost {
    /// Of the planes; short transforms cost as much as 512 elements do.
    pub(crate) planes: u128,
    /// Of the change of basis, for every layer that the transform has.
    pub(crate) basis: u128,
    /// Of each layer.
    pub(crate) layer: u128,
    /// Of a product that is added to a sum.
    pub(crate) product: u128,
}

/// Registers of elements of GF(2^64), all operations for every element apart; small enough to be inlined everywhere.
pub(crate) trait Lanes: Copy {
    /// Logarithm of the number of elements of a register.
    const LOG: usize;
    /// The numbers `v` of the blocks to which the elements of a first register belong after [`Lanes::split`], by stage;
    /// only as many as a register has elements count.
    const ORDER: [[usize; 8]; 3];
    /// A register.
    type V: Copy;

    /// The first words of a slice.
    fn load(self, words: &[u64]) -> Self::V;

    /// Overwrites the first words of a slice.
    fn store(self, v: Self::V, words: &mut [u64]);

    /// The same element everywhere.
    fn splat(self, word: u64) -> Self::V;

    /// The sum.
    fn xor(self, a: Self::V, b: Self::V) -> Self::V;

    /// Products before reduction.
    type Wide: Copy;

    /// The product of `a` and `b`, not reduced.
    fn product(self, a: Self::V, b: Self::V) -> Self::Wide;

    /// The sum.
    fn add_wide(self, a: Self::Wide, b: Self::Wide) -> Self::Wide;

    /// The remainder of a product, or of a sum of products, modulo `p = z^64 + z^4 + z^3 + z + 1`.
    ///
    /// With `h` the upper half, `h z^64 = h (z + 1)(z^3 + 1)` modulo `p`, of which `h >> 60 + h >> 61 + h >> 63` stands above
    /// the lower half: at most three bits, as `h` has a degree below 63. Added to `h` they count with it, for what they
    /// contribute has a degree below 8.
    fn reduce(self, product: Self::Wide) -> Self::V;

    /// The product of `y` and `s`.
    #[inline(always)]
    fn scale(self, y: Self::V, s: Self::V) -> Self::V {
        self.reduce(self.product(y, s))
    }

    /// Of two registers, the elements that layer `stage` takes as lower and as upper halves of its blocks.
    fn split(self, stage: usize, a: Self::V, b: Self::V) -> (Self::V, Self::V);

    /// The bits that both have.
    fn and(self, a: Self::V, b: Self::V) -> Self::V;

    /// Every word shifted to higher bits, by less than 64.
    fn shl(self, v: Self::V, by: u32) -> Self::V;

    /// Every word shifted to lower bits, by less than 64.
    fn shr(self, v: Self::V, by: u32) -> Self::V;

    /// Word `i` of row `j` and word `j` of row `i` change places.
    #[inline(always)]
    fn transpose_words(self, rows: &mut [[u64; 8]; 8]) {
        for i in 1..8 {
            let (above, below) = rows.split_at_mut(i);
            for (j, row) in above.iter_mut().enumerate() {
                core::mem::swap(&mut row[i], &mut below[0][j]);
            }
        }
    }

    /// Makes elements of planes by a map of 64 bits: 64 elements for every group, as many groups as fit into `block`. The
    /// planes are overwritten.
    #[inline(always)]
    fn encode(self, map: &PlaneMap, planes: &mut Planes, space: &mut Tables, block: &mut [u64]) {
        sums::encode(self, map, planes, space, block);
    }

    /// Makes planes of elements by a map of 64 bits.
    #[inline(always)]
    fn decode(self, map: &PlaneMap, block: &[u64], planes: &mut Planes, space: &mut Tables) {
        sums::decode(self, map, block, planes, space);
    }

    /// Undoes [`Lanes::split`].
    fn join(self, stage: usize, low: Self::V, high: Self::V) -> (Self::V, Self::V);
}

/// A loop over registers. Its `run` and everything below is to be `#[inline(always)]`, so that it is compiled for the
/// instructions of the backend that runs it.
pub(crate) trait Vectorized {
    type Output;

    fn run<L: Lanes>(self, lanes: L) -> Self::Output;
}

impl Backend {
    /// The fastest backend of this processor. The first call asks the processor, later ones read the answer.
    pub fn detect() -> Self {
        #[cfg(all(target_arch = "x86_64", not(diqkd_backend = "soft")))]
        {
            if let Some(token) = Vpclmul::detect() {
                return Self(Kind::Vpclmul(token));
            }
            if let Some(token) = Avx2::detect() {
                return Self(Kind::Avx2Gfni(token));
            }
            if let Some(token) = Avx2::detect() {
                return Self(Kind::Avx2Vpclmul(token));
            }
            if let Some(token) = Avx2::detect() {
                return Self(Kind::Avx2(token));
            }
            if let Some(token) = Pclmul::detect() {
                return Self(Kind::Pclmul(token));
            }
        }
        #[cfg(all(target_arch = "aarch64", target_endian = "little", not(diqkd_backend = "soft")))]
        if let Some(token) = Pmull::detect() {
            return Self(Kind::Pmull(token));
        }
        Self::soft()
    }

    /// The portable reference.
    pub const fn soft() -> Self {
        Self(Kind::Soft(Soft))
    }

    /// Every backend that this processor can run, the reference first.
    pub fn available() -> impl Iterator<Item = Self> {
        let found = [
            Some(Self::soft()),
            #[cfg(all(target_arch = "x86_64", not(diqkd_backend = "soft")))]
            Pclmul::detect().map(|token| Self(Kind::Pclmul(token))),
            #[cfg(all(target_arch = "x86_64", not(diqkd_backend = "soft")))]
            Avx2::detect().map(|token| Self(Kind::Avx2(token))),
            #[cfg(all(target_arch = "x86_64", not(diqkd_backend = "soft")))]
            Avx2::detect().map(|token| Self(Kind::Avx2Vpclmul(token))),
            #[cfg(all(target_arch = "x86_64", not(diqkd_backend = "soft")))]
            Avx2::detect().map(|token| Self(Kind::Avx2Gfni(token))),
            #[cfg(all(target_arch = "x86_64", not(diqkd_backend = "soft")))]
            Vpclmul::detect().map(|token| Self(Kind::Vpclmul(token))),
            #[cfg(all(target_arch = "aarch64", target_endian = "little", not(diqkd_backend = "soft")))]
            Pmull::detect().map(|token| Self(Kind::Pmull(token))),
        ];
        found.into_iter().flatten()
    }

    /// `soft`, `pclmulqdq`, `avx2-pclmulqdq`, `avx2-vpclmulqdq`, `avx2-gfni` (with VPCLMULQDQ) or `vpclmulqdq` (with
    /// AVX-512); on aarch64 `soft` or `pmull`.
    pub fn name(self) -> &'static str {
        match self.0 {
            Kind::Soft(_) => "soft",
            #[cfg(all(target_arch = "x86_64", not(diqkd_backend = "soft")))]
            Kind::Pclmul(_) => "pclmulqdq",
            #[cfg(all(target_arch = "x86_64", not(diqkd_backend = "soft")))]
            Kind::Avx2(_) => "avx2-pclmulqdq",
            #[cfg(all(target_arch = "x86_64", not(diqkd_backend = "soft")))]
            Kind::Avx2Vpclmul(_) => "avx2-vpclmulqdq",
            #[cfg(all(target_arch = "x86_64", not(diqkd_backend = "soft")))]
            Kind::Avx2Gfni(_) => "avx2-gfni",
            #[cfg(all(target_arch = "x86_64", not(diqkd_backend = "soft")))]
            Kind::Vpclmul(_) => "vpclmulqdq",
            #[cfg(all(target_arch = "aarch64", target_endian = "little", not(diqkd_backend = "soft")))]
            Kind::Pmull(_) => "pmull",
        }
    }

    /// The product of two polynomials of degree below 64, bit `i` being the coefficient of `z^i`.
    ///
    /// ```
    /// // (z + 1)^2 = z^2 + 1
    /// assert_eq!(diqkd_gf2::Backend::detect().clmul(0b11, 0b11), 0b101);
    /// ```
    pub fn clmul(self, a: u64, b: u64) -> u128 {
        self.run(Clmul { a, b })
    }

    pub(crate) fn gf128_mul(self, a: u128, b: u128) -> u128 {
        self.run(Gf128Mul { a, b })
    }

    pub(crate) fn gf128_horner(self, state: u128, powers: &[u128], coefficients: &[u128]) -> u128 {
        self.run(Gf128Horner { state, powers, coefficients })
    }

    /// Runs an algorithm compiled for this backend.
    pub(crate) fn run<T: Task>(self, task: T) -> T::Output {
        match self.0 {
            Kind::Soft(token) => task.run(token),
            #[cfg(all(target_arch = "x86_64", not(diqkd_backend = "soft")))]
            Kind::Pclmul(token) => task.run(token),
            #[cfg(all(target_arch = "x86_64", not(diqkd_backend = "soft")))]
            Kind::Avx2(token) => task.run(token),
            #[cfg(all(target_arch = "x86_64", not(diqkd_backend = "soft")))]
            Kind::Avx2Vpclmul(token) => task.run(token),
            #[cfg(all(target_arch = "x86_64", not(diqkd_backend = "soft")))]
            Kind::Avx2Gfni(token) => task.run(token),
            #[cfg(all(target_arch = "x86_64", not(diqkd_backend = "soft")))]
            Kind::Vpclmul(token) => task.run(token),
            #[cfg(all(target_arch = "aarch64", target_endian = "little", not(diqkd_backend = "soft")))]
            Kind::Pmull(token) => task.run(token),
        }
    }
}

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// An algorithm that is generic over the kernels: one copy of it is compiled for every backend.
pub(crate) trait Task {
    type Output;

    fn run<K: Kernel>(self, kernel: K) -> Self::Output;
}

struct Clmul {
    a: u64,
    b: u64,
}

impl Task for Clmul {
    type Output = u128;

    fn run<K: Kernel>(self, kernel: K) -> u128 {
        kernel.clmul(self.a, self.b)
    }
}

struct Gf128Mul {
    a: u128,
    b: u128,
}

impl Task for Gf128Mul {
    type Output = u128;

    fn run<K: Kernel>(self, kernel: K) -> u128 {
        kernel.gf128_mul(self.a, self.b)
    }
}

struct Gf128Horner<'a> {
    state: u128,
    powers: &'a [u128],
    coefficients: &'a [u128],
}

impl Task for Gf128Horner<'_> {
    type Output = u128;

    fn run<K: Kernel>(self, kernel: K) -> u128 {
        kernel.gf128_horner(self.state, self.powers, self.coefficients)
    }
}

/// `out = a + b` over the length of `out`.
#[inline(always)]
fn xor_of(out: &mut [u64], a: &[u64], b: &[u64]) {
    for ((out, a), b) in out.iter_mut().zip(a).zip(b) {
        *out = a ^ b;
    }
}

/// With `h = v.len()`: `v = x[..h] + x[h..2h]`, `s = t[..3h] + t[h..4h]`.
#[inline(always)]
fn sums_of_halves(x: &[u64], t: &[u64], v: &mut [u64], s: &mut [u64]) {
    xor_of(v, &x[..v.len()], &x[v.len()..]);
    xor_of(s, t, &t[v.len()..]);
}

/// Adds `p` to both halves of `y`.
#[inline(always)]
fn add_to_halves(p: &[u64], y: &mut [u64]) {
    let (low, high) = y.split_at_mut(p.len());
    for ((low, high), p) in low.iter_mut().zip(high).zip(p) {
        *low ^= p;
        *high ^= p;
    }
}

/// For [`Lanes::reduce`] with a table of bytes: entry `h` is `h + h >> 1 + h >> 3`, what the top four bits of an upper half
/// add to it; of products the highest of them is zero, and the upper eight entries are never looked up. Entry 0 is 0, so that
/// the other bytes of a word stay as they are. The table is in a register, no address depends on a value.
#[cfg(all(
    any(target_arch = "x86_64", all(target_arch = "aarch64", target_endian = "little")),
    not(diqkd_backend = "soft")
))]
const SPILL: [u8; 16] = {
    let mut table = [0; 16];
    let mut h = 0;
    while h < 16 {
        table[h as usize] = h ^ h >> 1 ^ h >> 3;
        h += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use alloc::vec;
    use alloc::vec::Vec;

    use super::*;

    /// Numbers that look random and are the same in every run.
    fn words(seed: u64, count: usize) -> Vec<u64> {
        let mut state = seed;
        let step = |_| {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let v = (state ^ state >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            v ^ v >> 27
        };
        (0..count).map(step).collect()
    }

    fn naive_clmul(a: u64, b: u64) -> u128 {
        (0..64).filter(|i| b >> i & 1 == 1).fold(0, |sum, i| sum ^ u128::from(a) << i)
    }

    fn naive_product(a: &[u64], b: &[u64]) -> Vec<u64> {
        let mut out = vec![0; a.len() + b.len()];
        for (i, &a) in a.iter().enumerate() {
            for (j, &b) in b.iter().enumerate() {
                let p = naive_clmul(a, b);
                out[i + j] ^= p as u64;
                out[i + j + 1] ^= (p >> 64) as u64;
            }
        }
        out
    }

    /// Compares every kernel of a backend with bit-by-bit arithmetic.
    struct AgainstNaive;

    impl Task for AgainstNaive {
        type Output = ();

        fn run<K: Kernel>(self, k: K) {
            let dense = [
                0,
                1,
                u64::MAX,
                1 << 63,
                0xf000_0000_0000_000f,
                0x1111_1111_1111_1111,
                0xeeee_eeee_eeee_eeee,
            ];
            let sample: Vec<u64> = dense.into_iter().chain(words(1, 40)).collect();
            for &a in &sample {
                for &b in &sample {
                    assert_eq!(k.clmul(a, b), naive_clmul(a, b), "{a:#x} {b:#x}");
                }
            }
            for n in 1..12 {
                for m in 1..12 {
                    let (a, b) = (words(n as u64, n), words(99 + m as u64, m));
                    let mut out = vec![u64::MAX; n + m];
                    k.product_block(&a, &b, &mut out);
                    assert_eq!(out, naive_product(&a, &b), "{n} x {m} words");
                }
            }
            for w in (K::GRAIN..=K::BASE_MAX).step_by(K::GRAIN) {
                for fill in 0..3 {
                    let (mut x, mut t) = (words(w as u64, w), words(7 * w as u64, 2 * w));
                    if fill == 1 {
                        x.fill(u64::MAX);
                        t.fill(u64::MAX);
                    } else if fill == 2 {
                        x[..w - 1].fill(0);
                    }
                    let mut y = vec![u64::MAX; w];
                    k.toeplitz_block(&x, &t, &mut y);
                    assert_eq!(y, naive_product(&x, &t)[w..2 * w], "{w} words");
                }
            }
            for h in 1..40 {
                let (x, t, p) = (words(1, 2 * h), words(2, 4 * h), words(3, h));
                let (mut v, mut s, mut y) = (vec![0; h], vec![0; 3 * h], words(4, 2 * h));
                k.split(&x, &t, &mut v, &mut s);
                assert!((0..h).all(|i| v[i] == x[i] ^ x[i + h]), "v for h = {h}");
                assert!((0..3 * h).all(|i| s[i] == t[i] ^ t[i + h]), "s for h = {h}");
                let before = y.clone();
                k.merge(&p, &mut y);
                assert!((0..2 * h).all(|i| y[i] == before[i] ^ p[i % h]), "y for h = {h}");
            }
        }
    }

    #[test]
    fn every_kernel_matches_bit_by_bit_arithmetic() {
        Backend::available().for_each(|backend| backend.run(AgainstNaive));
    }

    #[test]
    fn detection_prefers_the_last_available() {
        assert_eq!(Backend::available().next(), Some(Backend::soft()));
        assert_eq!(Backend::available().last(), Some(Backend::detect()));
    }

    #[test]
    #[cfg(diqkd_backend = "soft")]
    fn the_reference_can_be_forced() {
        assert_eq!(Backend::detect(), Backend::soft());
    }
}
