//! Enclosures of a function with its first and second derivative on a box of its argument.

use core::ops::{Add, Mul, Sub};

use super::{RenyiFunctional, VonNeumann};
use crate::interval::Interval;

/// What formulas of a curve are made of, so that one text gives values alone or with derivatives.
pub(crate) trait Number: Copy + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> {
    fn constant(x: Interval) -> Self;
    fn scaled(self, factor: Interval) -> Self;
    fn sqrt(self) -> Self;
    fn reciprocal(self) -> Self;
}

impl Number for Interval {
    fn constant(x: Interval) -> Self {
        x
    }

    fn scaled(self, factor: Interval) -> Self {
        factor * self
    }

    fn sqrt(self) -> Self {
        self.sqrt()
    }

    fn reciprocal(self) -> Self {
        1.0 / self
    }
}

/// Value, first and second derivative.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Jet {
    pub(crate) value: Interval,
    pub(crate) first: Interval,
    pub(crate) second: Interval,
}

impl Jet {
    /// The argument itself.
    pub(crate) fn variable(x: Interval) -> Self {
        Self { value: x, first: Interval::point(1.0), second: Interval::point(0.0) }
    }

    /// `f` of this jet, from enclosures of `f`, `f'` and `f''` on the box of its value.
    pub(crate) fn through(self, value: Interval, first: Interval, second: Interval) -> Self {
        Self { value, first: first * self.first, second: first * self.second + second * self.first.square() }
    }
}

impl Number for Jet {
    fn constant(x: Interval) -> Self {
        Self { value: x, first: Interval::point(0.0), second: Interval::point(0.0) }
    }

    fn scaled(self, factor: Interval) -> Self {
        Self { value: factor * self.value, first: factor * self.first, second: factor * self.second }
    }

    fn sqrt(self) -> Self {
        let root = self.value.sqrt();
        let first = 0.5 / root;
        self.through(root, first, -(first / (2.0 * self.value)))
    }

    fn reciprocal(self) -> Self {
        let inverse = 1.0 / self.value;
        let square = inverse.square();
        self.through(inverse, -square, 2.0 * square * inverse)
    }
}

impl Add for Jet {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            value: self.value + other.value,
            first: self.first + other.first,
            second: self.second + other.second,
        }
    }
}

impl Sub for Jet {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self {
            value: self.value - other.value,
            first: self.first - other.first,
            second: self.second - other.second,
        }
    }
}

impl Mul for Jet {
    type Output = Self;

    fn mul(self, other: Self) -> Self {
        Self {
            value: self.value * other.value,
            first: self.first * other.value + self.value * other.first,
            second: self.second * other.value + 2.0 * self.first * other.first + self.value * other.second,
        }
    }
}

impl RenyiFunctional {
    /// `G - 1` as a function of `y = (1 - sqrt v)/2` on a box inside (0, 1/2]. The derivatives, of the order of
    /// `alpha - 1`, are relatively accurate; the value is not.
    pub(crate) fn jet(self, y: Interval) -> Jet {
        let alpha = 1.0 + Interval::point(self.order);
        let falling = -(self.order / alpha);
        let scale = (-(self.order * Interval::ln_2())).exp();
        if self.q == 0.5 {
            return Jet::constant(scale - 1.0);
        }
        // x^(1/alpha) and its derivatives; d/dx is 1/alpha + small_first.
        let power = |x: Interval| {
            let tilt = (falling * x.ln()).exp_m1();
            let small_first = falling * (1.0 + tilt) + tilt;
            let second = falling * (1.0 + falling) * (1.0 + tilt) / x;
            (x * (1.0 + tilt), small_first, second)
        };
        let (root, root_first, root_second) = power(y);
        let (side, side_first, side_second) = power(1.0 - y);
        // N - 1: the leading parts of both derivatives, 1 and -1, cancel.
        let n = Jet { value: root + side, first: root_first - side_first, second: root_second + side_second };
        let small = Jet { value: root, first: 1.0 + root_first, second: root_second };
        let large = Jet { value: side, first: -(1.0 + side_first), second: side_second };
        // mu^alpha - mu, whose derivatives are of the order of alpha - 1.
        let excess = |mu: Jet| {
            let tilt = (self.order * mu.value.ln()).exp_m1();
            let first = tilt + self.order * (1.0 + tilt);
            let second = alpha * self.order * (1.0 + tilt) / mu.value;
            mu.through(mu.value * tilt, first, second)
        };
        let sum = if self.q == 0.0 {
            n + excess(n)
        } else {
            let plus = (n + self.spread(small, large)).scaled(Interval::point(0.5));
            let minus = (small * large).scaled(4.0 * self.flips()) * plus.reciprocal();
            n + excess(plus) + excess(minus)
        };
        let jet = sum.scaled(scale);
        Jet { value: jet.value - 1.0, ..jet }
    }
}

impl RenyiFunctional {
    /// `sqrt(x^2 + z^2 - 2 r x z)`, `r = 1 - 2 (1-2q)^2`: the length of `(x, z)` in a skew basis. The part of its second
    /// derivative across the vector is `(1 - r^2) (x z' - x' z)^2` over its cube.
    fn spread(self, x: Jet, z: Jet) -> Jet {
        let unflipped = (1.0 - 2.0 * Interval::point(self.q)).square();
        let r = 1.0 - 2.0 * unflipped;
        let inner =
            |a: (Interval, Interval), b: (Interval, Interval)| a.0 * (b.0 - r * b.1) + a.1 * (b.1 - r * b.0);
        let at = (x.value, z.value);
        let length = ((x.value - z.value).square() + 4.0 * unflipped * x.value * z.value).sqrt();
        let across = 4.0 * unflipped * (1.0 - unflipped) * (x.value * z.first - x.first * z.value).square();
        Jet {
            value: length,
            first: inner(at, (x.first, z.first)) / length,
            second: inner(at, (x.second, z.second)) / length + across / (length.square() * length),
        }
    }
}

impl VonNeumann {
    /// The entropy as a function of `y = (1 - sqrt v)/2` on a box inside (0, 1/2].
    pub(crate) fn jet(self, y: Interval) -> Jet {
        // h and its derivatives log2((1-x)/x), -1/(x (1-x) ln 2).
        let entropy = |x: Jet| {
            let rest = 1.0 - x.value;
            let value = -(x.value * x.value.log2() + rest * rest.log2());
            let slope = (rest / x.value).log2();
            x.through(value, slope, -(1.0 / (x.value * rest * Interval::ln_2())))
        };
        let one = Jet::constant(Interval::point(1.0));
        let variable = Jet::variable(y);
        let plain = one - entropy(variable);
        if self.q == 0.0 {
            return plain;
        }
        // 1 - k (1-v) with 1 - v = 4 y (1-y).
        let rest = (variable * (one - variable)).scaled(4.0 * self.spread());
        let mixed = (one - rest).sqrt();
        // (1 - mixed)/2 = rest / (2 (1 + mixed)).
        let minority = rest * (one + mixed).scaled(Interval::point(2.0)).reciprocal();
        plain + entropy(minority)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::enclosure::Correlation;

    /// Second differences of the value and of the slope lie inside the enclosure of a box that holds them.
    #[test]
    fn derivatives_agree_with_differences() {
        for (order, q) in [(1e-3, 0.0), (0.3, 0.0), (1e-3, 0.05), (0.5, 0.2), (1.0, 0.45)] {
            let functional = RenyiFunctional { order, q };
            for y in [0.003, 0.02, 0.11, 0.3, 0.47] {
                let step = y * 1e-3;
                let jet = functional.jet(Interval::new(y - step, y + step));
                let slope = |y: f64| functional.slope(Correlation::with_minority(y), Interval::point(-2.0));
                let second = (slope(y + step) - slope(y - step)) / (2.0 * step);
                assert!(jet.second.lo() <= second.hi() && second.lo() <= jet.second.hi(), "{order} {q} {y}");
                assert!(jet.second.hi() - jet.second.lo() < 0.2 * order / y, "{order} {q} {y} {jet:?}");
                let middle = slope(y);
                assert!(jet.first.lo() <= middle.lo() && middle.hi() <= jet.first.hi());
            }
        }
        for q in [0.0, 0.05, 0.3] {
            let bound = VonNeumann { q };
            for y in [0.003, 0.11, 0.47] {
                let step = y * 1e-3;
                let jet = bound.jet(Interval::new(y - step, y + step));
                let at = |y: f64| bound.value(Correlation::with_minority(y));
                let slope = (at(y + step) - at(y - step)) / (2.0 * step);
                let second = (at(y + step) + at(y - step) - 2.0 * at(y)) / (step * step);
                assert!(jet.first.lo() <= slope.hi() && slope.lo() <= jet.first.hi());
                assert!(jet.second.lo() <= second.hi() && second.lo() <= jet.second.hi(), "{q} {y}");
            }
        }
    }
}
