//! The portable reference: integer multiplication with holes, no branch or index that depends on a value.
//!
//! Operands are cut into four words that keep every fourth bit. A column of the integer product of two such words is
//! the sum of at most 16 bits, or 15 when the top four bits of one operand are left out; 15 fits into the four bits up
//! to the next column, whose lowest bit is the parity sought. The four bits left out, adjacent, times a word that keeps
//! every fourth bit meet every column once: no carries.

use crate::backend::{ElementCost, Kernel, Lanes, Vectorized};
use crate::{gf64, gf128};

/// Always available.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Soft;

impl Kernel for Soft {
    const GRAIN: usize = 2;
    const BASE_MAX: usize = 8;
    const ELEMENT_COST: ElementCost = ElementCost { planes: 620, basis: 72, layer: 530, product: 700 };

    fn block_cost(words: usize) -> u128 {
        (words as u128) * (words as u128 + 1) * 40
    }

    fn vectorize<T: Vectorized>(self, task: T) -> T::Output {
        task.run(self)
    }

    #[inline]
    fn clmul(self, a: u64, b: u64) -> u128 {
        clmul(a, b)
    }

    #[inline]
    fn gf128_mul(self, a: u128, b: u128) -> u128 {
        let (high, low) = wide_product(a, b);
        gf128::reduce(high, low)
    }

    fn gf128_horner(self, state: u128, powers: &[u128], coefficients: &[u128]) -> u128 {
        coefficients.chunks(powers.len()).fold(state, |state, chunk| {
            let (mut high, mut low, mut first) = (0, 0, state);
            for (&c, &p) in chunk.iter().zip(&powers[powers.len() - chunk.len()..]) {
                let (h, l) = wide_product(c ^ first, p);
                (high, low, first) = (high ^ h, low ^ l, 0);
            }
            gf128::reduce(high, low)
        })
    }

    fn product_block(self, a: &[u64], b: &[u64], out: &mut [u64]) {
        out.fill(0);
        for (i, &a) in a.iter().enumerate() {
            for (j, &b) in b.iter().enumerate() {
                let p = clmul(a, b);
                out[i + j] ^= p as u64;
                out[i + j + 1] ^= (p >> 64) as u64;
            }
        }
    }

    fn toeplitz_block(self, x: &[u64], t: &[u64], y: &mut [u64]) {
        let w = x.len();
        let diagonal = |c: usize| x.iter().enumerate().fold(0, |sum, (i, &x)| sum ^ clmul(x, t[c - i]));
        let mut below = diagonal(w - 1);
        for (k, y) in y.iter_mut().enumerate() {
            let here = diagonal(w + k);
            *y = here as u64 ^ (below >> 64) as u64;
            below = here;
        }
    }
}

/// One element to a register.
impl Lanes for Soft {
    const LOG: usize = 0;
    const ORDER: [[usize; 8]; 3] = [[0; 8]; 3];
    type V = u64;

    #[inline(always)]
    fn load(self, words: &[u64]) -> u64 {
        words[0]
    }

    #[inline(always)]
    fn store(self, v: u64, words: &mut [u64]) {
        words[0] = v;
    }

    #[inline(always)]
    fn splat(self, word: u64) -> u64 {
        word
    }

    #[inline(always)]
    fn xor(self, a: u64, b: u64) -> u64 {
        a ^ b
    }

    type Wide = u128;

    #[inline(always)]
    fn product(self, a: u64, b: u64) -> u128 {
        clmul(a, b)
    }

    #[inline(always)]
    fn add_wide(self, a: u128, b: u128) -> u128 {
        a ^ b
    }

    #[inline(always)]
    fn reduce(self, product: u128) -> u64 {
        gf64::reduce(product)
    }

    #[inline(always)]
    fn and(self, a: u64, b: u64) -> u64 {
        a & b
    }

    #[inline(always)]
    fn shl(self, v: u64, by: u32) -> u64 {
        v << by
    }

    #[inline(always)]
    fn shr(self, v: u64, by: u32) -> u64 {
        v >> by
    }

    #[inline(always)]
    fn split(self, _: usize, a: u64, b: u64) -> (u64, u64) {
        (a, b)
    }

    #[inline(always)]
    fn join(self, _: usize, low: u64, high: u64) -> (u64, u64) {
        (low, high)
    }
}

/// Karatsuba's product of two 128-bit polynomials: high and low half.
fn wide_product(a: u128, b: u128) -> (u128, u128) {
    let (a1, a0, b1, b0) = ((a >> 64) as u64, a as u64, (b >> 64) as u64, b as u64);
    let (high, low) = (clmul(a1, b1), clmul(a0, b0));
    let middle = clmul(a0 ^ a1, b0 ^ b1) ^ high ^ low;
    (high ^ middle >> 64, low ^ middle << 64)
}

/// The product of two polynomials of degree below 64.
fn clmul(a: u64, b: u64) -> u128 {
    let comb = |v: u64| [0, 1, 2, 3].map(|class| u128::from(v & COMB << class));
    let top = u128::from(a & TOP);
    let (a, b) = (comb(a & !TOP), comb(b));
    let mut product = 0;
    for class in 0..4 {
        let columns = (0..4).fold(0, |sum, i| sum ^ (a[i] * b[(class + 4 - i) % 4]));
        product |= columns & WIDE_COMB << class;
    }
    b.iter().fold(product, |sum, b| sum ^ (top * b))
}

/// Every fourth bit.
const COMB: u64 = 0x1111_1111_1111_1111;
/// The bits left out of the combed product.
const TOP: u64 = 0xf << 60;
/// Every fourth bit of a product.
const WIDE_COMB: u128 = (COMB as u128) << 64 | COMB as u128;
