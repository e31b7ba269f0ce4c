//! Distances of Bell values from the quantum maximum, known to a relative 1e-15: there the bounds are steepest.

use super::jet::{Jet, Number};
use crate::interval::Interval;

/// `4 (1 + a^2) - S^2` for the value `S` of the CHSH expression with weight `a`.
pub(crate) fn squares_apart(value: f64, weight: f64) -> Interval {
    let (weight_square, weight_rest) = exact_square(weight);
    let (square, square_rest) = exact_square(value);
    let (most, most_rest) = exact_sum(4.0, 4.0 * weight_square);
    let (apart, apart_rest) = exact_sum(most, -square);
    let rests = Interval::point(apart_rest) + most_rest + 4.0 * Interval::point(weight_rest) - square_rest;
    apart + rests
}

/// `2 sqrt(1 + a^2) - S`.
pub(crate) fn below_maximum(value: f64, weight: f64) -> Interval {
    squares_apart(value, weight) / (most(Interval::point(weight)) + value)
}

/// `2 sqrt(1 + a^2) - S` where `S^2/4 - a^2 = (1 - 2y)^2`.
pub(crate) fn below_maximum_at(y: Jet, weight: Interval) -> Jet {
    let one = Jet::constant(Interval::point(1.0));
    let x = one - y.scaled(Interval::point(2.0));
    let v = Jet { value: x.value.square(), ..x * x };
    let root = (v + Jet::constant(weight.square())).sqrt();
    // 2 (1 - v) / (sqrt(1 + a^2) + sqrt(v + a^2)) with 1 - v = 4 y (1 - y).
    let rest = y * (one - y).scaled(Interval::point(8.0));
    rest * (root + Jet::constant(most(weight) / 2.0)).reciprocal()
}

/// `2 sqrt(1 + a^2)`.
pub(crate) fn most(weight: Interval) -> Interval {
    2.0 * (1.0 + weight.square()).sqrt()
}

/// A square as the sum of two floating-point numbers.
fn exact_square(x: f64) -> (f64, f64) {
    let square = x * x;
    (square, libm::fma(x, x, -square))
}

/// A sum as the sum of its rounded value and what rounding left.
fn exact_sum(a: f64, b: f64) -> (f64, f64) {
    let sum = a + b;
    let b_part = sum - a;
    (sum, (a - (sum - b_part)) + (b - b_part))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2 sqrt 2 minus its nearest floating-point number is -1.933458662690583e-16.
    #[test]
    fn one_unit_below_the_maximum_is_known_to_ten_digits() {
        let nearest = 8f64.sqrt();
        for steps in [1.0, 2.0, 10.0] {
            let below = below_maximum(nearest - steps * 4.440_892_098_500_626e-16, 1.0);
            let exact = steps * 4.440_892_098_500_626e-16 - 1.933_458_662_690_583e-16;
            assert!((below.lo() / exact - 1.0).abs() < 1e-12 && (below.hi() / exact - 1.0).abs() < 1e-12);
        }
        assert!(below_maximum(nearest, 1.0).hi() < 0.0);
    }

    #[test]
    fn both_forms_agree() {
        for (y, weight) in [(0.01f64, 1.0f64), (0.3, 0.2), (0.45, 3.0)] {
            let value = 2.0 * ((1.0 - 2.0 * y).powi(2) + weight * weight).sqrt();
            let along = below_maximum_at(Jet::variable(Interval::point(y)), Interval::point(weight)).value;
            assert!((below_maximum(value, weight).lo() - along.lo()).abs() < 1e-14);
        }
    }
}
