//! GF(2^128) with the modulus `z^128 + z^7 + z^2 + z + 1`.

use core::fmt;
use core::ops::{Add, AddAssign, Mul, MulAssign};

use zeroize::DefaultIsZeroes;

use crate::backend::Backend;

/// An element of GF(2^128): bit `i` is the coefficient of `z^i`.
///
/// Addition is XOR. Addition and multiplication take the same time for all values. Elements may be secret: `Debug`
/// shows no content, [`Gf128::get`] does.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Gf128(u128);

impl Gf128 {
    /// The neutral element of addition.
    pub const ZERO: Self = Self(0);
    /// The neutral element of multiplication.
    pub const ONE: Self = Self(1);

    /// The element with these coefficients; every value is an element.
    pub const fn new(coefficients: u128) -> Self {
        Self(coefficients)
    }

    /// The coefficients.
    pub const fn get(self) -> u128 {
        self.0
    }

    /// The element of 16 little-endian bytes: bit `i % 8` of byte `i / 8` is the coefficient of `z^i`.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(u128::from_le_bytes(bytes))
    }

    /// The 16 little-endian bytes.
    pub const fn to_bytes(self) -> [u8; 16] {
        self.0.to_le_bytes()
    }
}

impl Add for Gf128 {
    type Output = Self;

    #[expect(clippy::suspicious_arithmetic_impl, reason = "addition in characteristic 2 is exclusive or")]
    fn add(self, other: Self) -> Self {
        Self(self.0 ^ other.0)
    }
}

impl AddAssign for Gf128 {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Mul for Gf128 {
    type Output = Self;

    fn mul(self, other: Self) -> Self {
        Self(Backend::detect().gf128_mul(self.0, other.0))
    }
}

impl MulAssign for Gf128 {
    fn mul_assign(&mut self, other: Self) {
        *self = *self * other;
    }
}

impl DefaultIsZeroes for Gf128 {}

impl fmt::Debug for Gf128 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Gf128(..)")
    }
}

/// The remainder of `high z^128 + low`.
pub(crate) fn reduce(high: u128, low: u128) -> u128 {
    let spill = high >> 127 ^ high >> 126 ^ high >> 121;
    let fold = |v: u128| v ^ v << 1 ^ v << 2 ^ v << 7;
    low ^ fold(high) ^ fold(spill)
}
