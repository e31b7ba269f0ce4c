//! GF(2^64) with the modulus `z^64 + z^4 + z^3 + z + 1`.

use core::fmt;
use core::ops::{Add, AddAssign, Mul, MulAssign};

use zeroize::DefaultIsZeroes;

use crate::backend::Backend;

/// An element of GF(2^64): bit `i` is the coefficient of `z^i`.
///
/// Addition is XOR. Addition and multiplication take the same time for all values. Elements may be secret: `Debug`
/// shows no content, [`Gf64::get`] does.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Gf64(u64);

impl Gf64 {
    /// The neutral element of addition.
    pub const ZERO: Self = Self(0);
    /// The neutral element of multiplication.
    pub const ONE: Self = Self(1);

    /// The element with these coefficients; every value is an element.
    pub const fn new(coefficients: u64) -> Self {
        Self(coefficients)
    }

    /// The coefficients.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The element of 8 little-endian bytes: bit `i % 8` of byte `i / 8` is the coefficient of `z^i`.
    pub const fn from_bytes(bytes: [u8; 8]) -> Self {
        Self(u64::from_le_bytes(bytes))
    }

    /// The 8 little-endian bytes.
    pub const fn to_bytes(self) -> [u8; 8] {
        self.0.to_le_bytes()
    }
}

impl Add for Gf64 {
    type Output = Self;

    #[expect(clippy::suspicious_arithmetic_impl, reason = "addition in characteristic 2 is exclusive or")]
    fn add(self, other: Self) -> Self {
        Self(self.0 ^ other.0)
    }
}

impl AddAssign for Gf64 {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Mul for Gf64 {
    type Output = Self;

    fn mul(self, other: Self) -> Self {
        Self(reduce(Backend::detect().clmul(self.0, other.0)))
    }
}

impl MulAssign for Gf64 {
    fn mul_assign(&mut self, other: Self) {
        *self = *self * other;
    }
}

impl DefaultIsZeroes for Gf64 {}

impl fmt::Debug for Gf64 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Gf64(..)")
    }
}

/// The remainder of a product.
pub(crate) fn reduce(product: u128) -> u64 {
    let (high, low) = ((product >> 64) as u64, product as u64);
    let spill = high >> 63 ^ high >> 61 ^ high >> 60;
    let fold = |v: u64| v ^ v << 1 ^ v << 3 ^ v << 4;
    low ^ fold(high) ^ fold(spill)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Multiplication by repeated doubling, from the modulus alone.
    fn naive(mut a: u64, b: u64) -> u64 {
        let mut sum = 0;
        for i in 0..64 {
            sum ^= if b >> i & 1 == 1 { a } else { 0 };
            a = a << 1 ^ if a >> 63 == 1 { 0b11011 } else { 0 };
        }
        sum
    }

    #[test]
    fn products_match_repeated_doubling() {
        let mut a = 0x0123_4567_89ab_cdef_u64;
        for _ in 0..2000 {
            let b = a.rotate_left(23).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ u64::MAX >> (a % 64);
            assert_eq!((Gf64::new(a) * Gf64::new(b)).get(), naive(a, b), "{a:#x} {b:#x}");
            a = a.wrapping_add(b).rotate_left(7);
        }
    }

    /// Rabin's test: the modulus is irreducible iff `z^(2^64) = z` and `z^(2^32) - z` is a unit.
    #[test]
    fn the_modulus_is_irreducible() {
        let frobenius = |e: Gf64, times: u32| (0..times).fold(e, |e, _| e * e);
        let z = Gf64::new(2);
        assert_eq!(frobenius(z, 64).get(), z.get());
        let u = frobenius(z, 32) + z;
        // u^(2^64 - 2) = product of u^(2^k), k = 1..63
        let inverse = (1..64).fold(Gf64::ONE, |p, k| p * frobenius(u, k));
        assert_eq!((inverse * u).get(), 1);
    }
}
