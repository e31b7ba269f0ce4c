//! The extremal curve of two equally likely key bases.

use super::Correlation;
use super::jet::Jet;
use crate::interval::Interval;

/// The curve at `m = cos 2n`, from 0 (`S = 2 sqrt 2`) to 1 (`S = 2`), `2n` being the angle between Alice's measurements.
///
/// With `u = c^2 = (1+m)/2`, `R = sqrt(u + 4)`, `r = (c + R)/2`: `S = 2c + 2(1-u) r` and `v = (1-u)(1 + u r^2)`. Differences
/// from the quantum maximum, without cancellation (`docs/theory.md`, section 3.7):
/// `1 - v = 2 c^3 m / (c (1+u) + R (1-u))` and
/// `8 - S^2 = 16 m (8u - 8u^2 + 2u^3 - 1) / (4 - 2u + 4u^2 - 2u^3 + 2 c R (3-u)(1-u))`.
pub(crate) struct TwoBasisPoint {
    /// `2 sqrt 2 - S`.
    pub(crate) below_maximum: Jet,
    pub(crate) v: Jet,
    pub(crate) correlation: Correlation,
}

pub(crate) fn two_basis_point(m: Interval) -> TwoBasisPoint {
    let point = Interval::point;
    let constant = |x: f64| Jet::constant(point(x));
    let scaled = |jet: Jet, factor: f64| jet.scaled(point(factor));
    let m = Jet::variable(m);
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
    let most = Jet::constant(point(8.0).sqrt());
    let below_maximum = scaled(m * cubic, 16.0) * ((other + mixed) * (most + bell_value)).reciprocal();
    let correlation = Correlation::new(v.value, one_minus_v.value);
    let v = Jet { value: v.value, first: -one_minus_v.first, second: -one_minus_v.second };
    TwoBasisPoint { below_maximum, v, correlation }
}
