//! The extremal curve of two equally likely key bases.

use super::Correlation;
use super::jet::{Jet, Number};
use crate::interval::Interval;

/// The curve at `m = cos 2n`, from 0 (`S = 2 sqrt 2`) to 1 (`S = 2`), `2n` being the angle between Alice's measurements.
///
/// With `u = c^2 = (1+m)/2`, `R = sqrt(u + 4)`, `r = (c + R)/2`: `S = 2c + 2(1-u) r` and `v = (1-u)(1 + u r^2)`. Differences
/// from the quantum maximum, without cancellation (`docs/theory.md`, section 3.7):
/// `1 - v = 2 c^3 m / (c (1+u) + R (1-u))` and
/// `8 - S^2 = 16 m (8u - 8u^2 + 2u^3 - 1) / (4 - 2u + 4u^2 - 2u^3 + 2 c R (3-u)(1-u))`.
pub(crate) struct TwoBasisPoint<N> {
    /// `2 sqrt 2 - S`.
    pub(crate) below_maximum: N,
    pub(crate) v: N,
    pub(crate) one_minus_v: N,
}

impl TwoBasisPoint<Interval> {
    pub(crate) fn at(m: Interval) -> Self {
        two_basis_point(m)
    }

    pub(crate) fn correlation(&self) -> Correlation {
        Correlation::new(self.v, self.one_minus_v)
    }
}

impl TwoBasisPoint<Jet> {
    /// With derivatives in `m`.
    pub(crate) fn jets(m: Interval) -> Self {
        let at = two_basis_point(Jet::variable(m));
        let v = Jet { value: at.v.value, first: -at.one_minus_v.first, second: -at.one_minus_v.second };
        Self { v, ..at }
    }

    pub(crate) fn correlation(&self) -> Correlation {
        Correlation::new(self.v.value, self.one_minus_v.value)
    }
}

fn two_basis_point<N: Number>(m: N) -> TwoBasisPoint<N> {
    let point = Interval::point;
    let constant = |x: f64| N::constant(point(x));
    let scaled = |number: N, factor: f64| number.scaled(point(factor));
    let (u, rest) = (scaled(constant(1.0) + m, 0.5), scaled(constant(1.0) - m, 0.5));
    let (c, spread) = (u.sqrt(), (u + constant(4.0)).sqrt());
    let r = scaled(c + spread, 0.5);
    let cube = u * c;
    let one_minus_v = scaled(cube * m, 2.0) * (c * (constant(1.0) + u) + spread * rest).reciprocal();
    let v = rest * (constant(1.0) + u * r * r);
    let cubic = u * (u * (scaled(u, 2.0) - constant(8.0)) + constant(8.0)) - constant(1.0);
    let other = constant(4.0) + u * (u * (constant(4.0) - scaled(u, 2.0)) - constant(2.0));
    let mixed = scaled(c * spread * (constant(3.0) - u) * rest, 2.0);
    let bell_value = scaled(c + rest * r, 2.0);
    let most = N::constant(point(8.0).sqrt());
    let below_maximum = scaled(m * cubic, 16.0) * ((other + mixed) * (most + bell_value)).reciprocal();
    TwoBasisPoint { below_maximum, v, one_minus_v }
}
