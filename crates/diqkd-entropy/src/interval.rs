//! Outward-rounded interval arithmetic: every result encloses the exact value.
//!
//! `+ - * /` and `sqrt` are correctly rounded by IEEE 754 and are widened by one unit in the last place on each side.
//! `exp`, `exp_m1`, `ln` and `ln_1p` come from `libm` (one portable implementation on every machine, error below one
//! unit in the last place) and are widened by four. A result that is undefined is the whole line, so that a
//! comparison that should prove something fails.

use core::ops::{Add, Div, Mul, Neg, Sub};

/// A closed interval `[lo, hi]`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Interval {
    lo: f64,
    hi: f64,
}

impl Interval {
    /// The whole line.
    pub(crate) const ENTIRE: Self = Self { lo: f64::NEG_INFINITY, hi: f64::INFINITY };

    /// The enclosure of `lo` and `hi`; the whole line unless `lo <= hi`.
    pub(crate) fn new(lo: f64, hi: f64) -> Self {
        if lo <= hi { Self { lo, hi } } else { Self::ENTIRE }
    }

    /// A floating-point number, exactly.
    pub(crate) fn point(x: f64) -> Self {
        Self::new(x, x)
    }

    /// A count; exact up to 2^53.
    pub(crate) fn count(n: u64) -> Self {
        let x = n as f64;
        if n <= 1 << 53 { Self::point(x) } else { Self::new(x.next_down(), x.next_up()) }
    }

    /// `ln 2`.
    pub(crate) fn ln_2() -> Self {
        Self::new(core::f64::consts::LN_2.next_down(), core::f64::consts::LN_2.next_up())
    }

    pub(crate) fn lo(self) -> f64 {
        self.lo
    }

    pub(crate) fn hi(self) -> f64 {
        self.hi
    }

    /// The least interval that holds both.
    pub(crate) fn hull(self, other: Self) -> Self {
        Self::new(self.lo.min(other.lo), self.hi.max(other.hi))
    }

    /// Encloses `max(x, y)`.
    pub(crate) fn max(self, other: Self) -> Self {
        Self::new(self.lo.max(other.lo), self.hi.max(other.hi))
    }

    /// Encloses `min(x, y)`.
    pub(crate) fn min(self, other: Self) -> Self {
        Self::new(self.lo.min(other.lo), self.hi.min(other.hi))
    }

    /// `x^2`, never negative.
    pub(crate) fn square(self) -> Self {
        let product = self * self;
        Self::new(if self.lo <= 0.0 && self.hi >= 0.0 { 0.0 } else { product.lo.max(0.0) }, product.hi)
    }

    /// The root of the non-negative part.
    pub(crate) fn sqrt(self) -> Self {
        if self.hi < 0.0 {
            return Self::ENTIRE;
        }
        let lo = self.lo.max(0.0).sqrt();
        Self::new(lo.next_down().max(0.0), self.hi.sqrt().next_up())
    }

    pub(crate) fn exp(self) -> Self {
        let wide = self.monotone(libm::exp);
        Self::new(wide.lo.max(0.0), wide.hi)
    }

    /// `e^x - 1`, relatively accurate near 0.
    pub(crate) fn exp_m1(self) -> Self {
        let wide = self.monotone(libm::expm1);
        Self::new(wide.lo.max(-1.0), wide.hi)
    }

    /// The natural logarithm of the non-negative part; minus infinity where the interval reaches 0.
    pub(crate) fn ln(self) -> Self {
        if self.hi < 0.0 {
            return Self::ENTIRE;
        }
        Self::new(self.lo.max(0.0), self.hi).monotone(libm::log)
    }

    /// `ln(1 + x)`, relatively accurate near 0.
    pub(crate) fn ln_1p(self) -> Self {
        if self.hi <= -1.0 {
            return Self::ENTIRE;
        }
        Self::new(self.lo.max(-1.0), self.hi).monotone(libm::log1p)
    }

    pub(crate) fn log2(self) -> Self {
        self.ln() / Self::ln_2()
    }

    /// `2^x`.
    pub(crate) fn exp2(self) -> Self {
        (self * Self::ln_2()).exp()
    }

    fn monotone(self, f: fn(f64) -> f64) -> Self {
        let (lo, hi) = (f(self.lo), f(self.hi));
        let margin = |x: f64| if x.is_finite() { x.abs() * MARGIN } else { 0.0 };
        Self::new((lo - margin(lo)).next_down(), (hi + margin(hi)).next_up())
    }
}

/// Four units in the last place, relatively.
const MARGIN: f64 = 4.0 * f64::EPSILON;

impl From<f64> for Interval {
    fn from(x: f64) -> Self {
        Self::point(x)
    }
}

impl Add for Interval {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self::new((self.lo + other.lo).next_down(), (self.hi + other.hi).next_up())
    }
}

impl Sub for Interval {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self::new((self.lo - other.hi).next_down(), (self.hi - other.lo).next_up())
    }
}

impl Neg for Interval {
    type Output = Self;

    fn neg(self) -> Self {
        Self::new(-self.hi, -self.lo)
    }
}

impl Mul for Interval {
    type Output = Self;

    fn mul(self, other: Self) -> Self {
        if self.lo >= 0.0 && other.lo >= 0.0 {
            return Self::new((self.lo * other.lo).next_down(), (self.hi * other.hi).next_up());
        }
        outward([self.lo * other.lo, self.lo * other.hi, self.hi * other.lo, self.hi * other.hi])
    }
}

impl Div for Interval {
    type Output = Self;

    fn div(self, other: Self) -> Self {
        if other.lo <= 0.0 && other.hi >= 0.0 {
            return Self::ENTIRE;
        }
        if self.lo >= 0.0 && other.lo > 0.0 {
            return Self::new((self.lo / other.hi).next_down(), (self.hi / other.lo).next_up());
        }
        outward([self.lo / other.lo, self.lo / other.hi, self.hi / other.lo, self.hi / other.hi])
    }
}

macro_rules! mixed {
    ($($trait:ident $method:ident),*) => {$(
        impl $trait<f64> for Interval {
            type Output = Self;

            fn $method(self, other: f64) -> Self {
                $trait::$method(self, Self::point(other))
            }
        }

        impl $trait<Interval> for f64 {
            type Output = Interval;

            fn $method(self, other: Interval) -> Interval {
                $trait::$method(Interval::point(self), other)
            }
        }
    )*};
}

mixed!(Add add, Sub sub, Mul mul, Div div);

fn outward(ends: [f64; 4]) -> Interval {
    if ends.iter().any(|x| x.is_nan()) {
        return Interval::ENTIRE;
    }
    let lo = ends.iter().copied().fold(f64::INFINITY, f64::min);
    let hi = ends.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    Interval::new(lo.next_down(), hi.next_up())
}

#[cfg(test)]
mod tests {
    use astro_float::{BigFloat, Consts, RoundingMode};
    use proptest::prelude::*;

    use super::*;

    const BITS: usize = 256;
    const RM: RoundingMode = RoundingMode::ToEven;

    fn big(x: f64) -> BigFloat {
        BigFloat::from_f64(x, BITS)
    }

    fn encloses(interval: Interval, exact: &BigFloat) -> bool {
        big(interval.lo) <= *exact && *exact <= big(interval.hi)
    }

    fn tight(interval: Interval) -> bool {
        interval.hi - interval.lo <= interval.hi.abs().max(interval.lo.abs()) * 16.0 * f64::EPSILON
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn elementary_functions_enclose_the_exact_value(mantissa in 1.0f64..2.0, exponent in -60i32..8, negative in any::<bool>()) {
            let x = mantissa * 2f64.powi(exponent);
            let signed = if negative { -x } else { x };
            let mut consts = Consts::new().unwrap();
            let one = BigFloat::from_f64(1.0, BITS);
            let exact_exp = big(signed).exp(BITS, RM, &mut consts);
            let exp = Interval::point(signed).exp();
            prop_assert!(encloses(exp, &exact_exp) && tight(exp));
            let exp_m1 = Interval::point(signed).exp_m1();
            prop_assert!(encloses(exp_m1, &exact_exp.sub(&one, BITS, RM)) && tight(exp_m1));
            let ln = Interval::point(x).ln();
            prop_assert!(encloses(ln, &big(x).ln(BITS, RM, &mut consts)) && tight(ln));
            let small = if negative { -x / 512.0 } else { x };
            let exact = big(small).add(&one, BITS, RM).ln(BITS, RM, &mut consts);
            let ln_1p = Interval::point(small).ln_1p();
            prop_assert!(encloses(ln_1p, &exact) && tight(ln_1p));
            let sqrt = Interval::point(x).sqrt();
            prop_assert!(encloses(sqrt, &big(x).sqrt(BITS, RM)) && tight(sqrt));
        }

        #[test]
        fn arithmetic_encloses_the_exact_value(a in -1e3f64..1e3, b in -1e3f64..1e3) {
            let (x, y) = (Interval::point(a), Interval::point(b));
            prop_assert!(encloses(x + y, &big(a).add(&big(b), BITS, RM)));
            prop_assert!(encloses(x - y, &big(a).sub(&big(b), BITS, RM)));
            prop_assert!(encloses(x * y, &big(a).mul(&big(b), BITS, RM)));
            prop_assert!(encloses(x / y, &big(a).div(&big(b), BITS, RM)));
        }
    }

    #[test]
    fn what_is_undefined_proves_nothing() {
        let zero = Interval::new(-1.0, 1.0);
        for undefined in [Interval::point(1.0) / zero, Interval::point(f64::NAN), Interval::point(-1.0).ln()]
        {
            assert_eq!(undefined, Interval::ENTIRE);
        }
        assert_eq!(zero.ln().lo(), f64::NEG_INFINITY);
        assert_eq!(Interval::point(0.0).ln().exp(), Interval::new(0.0, f64::from_bits(1)));
        assert_eq!((Interval::ENTIRE * Interval::point(0.0)), Interval::ENTIRE);
    }

    #[test]
    fn the_logarithm_of_two_is_enclosed() {
        let mut consts = Consts::new().unwrap();
        assert!(encloses(Interval::ln_2(), &big(2.0).ln(BITS, RM, &mut consts)));
    }
}
