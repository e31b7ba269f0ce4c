//! Von Neumann entropy of one key basis from an asymmetric CHSH value.

use super::chsh::{convex_entropy, convex_minorant};
use super::hull::{Curve, Line, lowered_below};
use super::{EDGE, Minorant, SingleRoundBound, SingleRoundEntropy, check_bell_value, check_flip_probability};
use crate::enclosure::{Correlation, Jet, VonNeumann, below_maximum, below_maximum_at, squares_apart};
use crate::error::Error;
use crate::interval::Interval;

/// The entropy of Alice's bit `A0` from `S_a = a<A0B0> + a<A0B1> + <A1B0> - <A1B1>` (Woodhead, Acín and Pironio 2021,
/// as stated in `docs/theory.md`); the sign of `a` does not matter.
///
/// For `|a| >= 1` the formula of [`ChshEntropy`](super::ChshEntropy) with `v = S_a^2/4 - a^2`, which is convex. For
/// `|a| < 1` its convex hull with the local point `S_a = 2`, proved for the parameters at hand.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AsymmetricChsh {
    /// The weight `a`; not 0.
    pub weight: f64,
    /// Flip probability of Alice's bit, from 0 to 1/2.
    pub q: f64,
}

impl SingleRoundBound for AsymmetricChsh {
    fn entropy(&self, bell_value: f64) -> Result<SingleRoundEntropy, Error> {
        let weight = self.check(bell_value)?;
        let bound = VonNeumann { q: self.q };
        if weight >= 1.0 {
            return Ok(convex_entropy(bound, weight, bell_value));
        }
        if bell_value <= 2.0 {
            return Ok(SingleRoundEntropy {
                entropy_bits: bound.local().lo().max(0.0),
                slope: 0.0,
                method: METHOD,
            });
        }
        let beyond = squares_apart(bell_value, weight).lo() <= 0.0;
        let inside = if beyond { self.quantum_max() - EDGE } else { bell_value };
        let line = self.certified_line(weight, inside)?;
        let entropy_bits = if beyond {
            bound.value(Correlation::full()).lo()
        } else {
            line.at(below_maximum(bell_value, weight)).lo()
        };
        Ok(SingleRoundEntropy {
            entropy_bits: entropy_bits.clamp(0.0, 1.0),
            slope: line.slope,
            method: METHOD,
        })
    }

    fn minorant(&self, at: f64) -> Result<Minorant, Error> {
        let weight = self.check(at)?;
        if weight >= 1.0 {
            return Ok(convex_minorant(VonNeumann { q: self.q }, weight, at));
        }
        let at = at.clamp(2.0, self.quantum_max() - EDGE);
        let line = self.certified_line(weight, at)?;
        Ok(Minorant { at, value_bits: line.at(below_maximum(at, weight)).lo(), slope: line.slope })
    }

    fn quantum_max(&self) -> f64 {
        2.0 * (1.0 + self.weight * self.weight).sqrt()
    }
}

impl AsymmetricChsh {
    /// The absolute weight.
    fn check(&self, bell_value: f64) -> Result<f64, Error> {
        if !self.weight.is_finite()
            || self.weight.abs() < LEAST_WEIGHT
            || self.weight.abs() > 1.0 / LEAST_WEIGHT
        {
            return Err(Error::Weight { weight: self.weight });
        }
        check_bell_value(bell_value, 2.0 * self.weight.abs() + 2.0)?;
        check_flip_probability(self.q)?;
        Ok(self.weight.abs())
    }

    fn certified_line(&self, weight: f64, at: f64) -> Result<Line, Error> {
        let curve = AsymmetricCurve { bound: VonNeumann { q: self.q }, weight };
        lowered_below(&curve, curve.supporting_line(at)).ok_or(Error::HullNotProved { bell_value: at })
    }
}

/// For `|a| < 1`: the greatest `S_a` of a two-qubit strategy whose squared complementary correlation is `v`, against
/// the entropy at `v`. With `k = 1 - a^2` and `s = sqrt(1 - v)`,
/// `S_a^2/4 = 1 + max(0, (v (1-r^2) - k (1 - s r)^2)/(1+r)^2)` at `r = max(0, (k s + k - v)/(k s + v + k s^2))`.
///
/// The parameter is `y = (1 - sqrt v)/2`.
struct AsymmetricCurve {
    bound: VonNeumann,
    weight: f64,
}

impl AsymmetricCurve {
    /// Where `r = 0` the curve is `S_a^2/4 = v + a^2`: the tangent there, or the line through the local point.
    fn supporting_line(&self, bell_value: f64) -> Line {
        let local = self.bound.local().lo();
        let local_below = below_maximum(2.0, self.weight);
        let at = |y: f64| {
            let below = below_maximum_at(Jet::variable(Interval::point(y)), Interval::point(self.weight));
            let slope = self.bound.jet(Interval::point(y)).first / below.first;
            let value = self.bound.value(Correlation::with_minority(y)).lo();
            Line { below: below.value, value, slope: -middle(slope), touch: y }
        };
        let through_local = |line: Line| middle(line.at(local_below)) <= local;
        // Where S_a = 2 on this curve; tangents nearer to the maximum pass below the local point from some y on.
        let (mut low, mut high) =
            (LEAST_LN, libm::log((1.0 - (1.0 - self.weight * self.weight).sqrt()) / 2.0));
        for _ in 0..80 {
            let ln_y = f64::midpoint(low, high);
            if through_local(at(libm::exp(ln_y))) { low = ln_y } else { high = ln_y }
        }
        let touch = libm::exp(low);
        let own = middle(Correlation::at_bell_value(bell_value, self.weight).minority());
        if own <= touch {
            return Line { below: below_maximum(bell_value, self.weight), ..at(own) };
        }
        let highest = at(touch);
        let slope = (highest.value - local) / middle(local_below - highest.below);
        Line { below: local_below, value: local, slope, touch }
    }
}

impl Curve for AsymmetricCurve {
    fn end(&self) -> f64 {
        0.5
    }

    fn point(&self, y: Interval) -> (Interval, Interval) {
        let entropy = self.bound.value(Correlation::with_minority_in(y));
        if self.is_plain_on(y) {
            let weight = Interval::point(self.weight);
            return (below_maximum_at(Jet::variable(y), weight).value, entropy);
        }
        let (zero, one) = (Interval::point(0.0), Interval::point(1.0));
        let (v, rest, k) = self.squares(y);
        let s = rest.sqrt();
        let position = (k * s + k - v) / (k * s + v + k * rest);
        let r = position.max(zero).min(one);
        let gain = (v * (one - r.square()) - k * (one - s * r).square()) / (one + r).square();
        // The distance at S_a = 2, minus 2 sqrt(1 + gain) - 2.
        let gain = gain.max(zero);
        (below_maximum(2.0, self.weight) - 2.0 * gain / (one + (one + gain).sqrt()), entropy)
    }

    fn jets(&self, y: Interval) -> Option<(Jet, Jet)> {
        self.is_plain_on(y).then(|| {
            let below = below_maximum_at(Jet::variable(y), Interval::point(self.weight));
            (below, self.bound.jet(y))
        })
    }

    /// `F(v)` is increasing and convex, and `v = S_a^2/4 - a^2`.
    fn is_convex_on(&self, y: Interval) -> bool {
        self.is_plain_on(y)
    }
}

impl AsymmetricCurve {
    /// `v`, `1 - v` and `k`.
    fn squares(&self, y: Interval) -> (Interval, Interval, Interval) {
        let weight = Interval::point(self.weight);
        ((1.0 - 2.0 * y).square(), 4.0 * y * (1.0 - y), (1.0 - weight) * (1.0 + weight))
    }

    /// Whether `r = 0` and the curve is not at the local value.
    fn is_plain_on(&self, y: Interval) -> bool {
        let (v, rest, k) = self.squares(y);
        (k * rest.sqrt() + k - v).hi() <= 0.0 && (v - k).lo() > 0.0
    }
}

/// ln of the least `y` in searches.
const LEAST_LN: f64 = -690.0;

fn middle(interval: Interval) -> f64 {
    interval.lo() + (interval.hi() - interval.lo()) / 2.0
}

/// Weights beyond this ratio have no use.
const LEAST_WEIGHT: f64 = 0.05;

const METHOD: &str = "supporting line proved below the asymmetric CHSH curve by branch and bound";
