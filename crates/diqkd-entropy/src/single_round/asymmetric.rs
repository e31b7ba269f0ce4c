//! Von Neumann entropy of one key basis from an asymmetric CHSH value.

use super::chsh::{convex_entropy, convex_minorant};
use super::hull::{Curve, Line, lowered_below};
use super::{EDGE, Minorant, SingleRoundBound, SingleRoundEntropy, check_bell_value, check_flip_probability};
use crate::enclosure::{Correlation, VonNeumann};
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
        let most = self.quantum_max();
        if bell_value <= 2.0 {
            return Ok(SingleRoundEntropy {
                entropy_bits: bound.local().lo().max(0.0),
                slope: 0.0,
                method: METHOD,
            });
        }
        let line = self.certified_line(weight, bell_value.min(most - 1e-10))?;
        let entropy_bits =
            if bell_value >= most { bound.value(Correlation::full()).lo() } else { line.at(bell_value) };
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
        self.certified_line(weight, at.clamp(2.0, self.quantum_max() - EDGE))
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

    fn certified_line(&self, weight: f64, at: f64) -> Result<Minorant, Error> {
        let curve = AsymmetricCurve { bound: VonNeumann { q: self.q }, weight: Interval::point(weight) };
        let line = lowered_below(&curve, curve.supporting_line(at))
            .ok_or(Error::HullNotProved { bell_value: at })?;
        Ok(Minorant { at: line.at, value_bits: line.value, slope: line.slope })
    }
}

/// For `|a| < 1`: the greatest `S_a` of a two-qubit strategy whose squared complementary correlation is `v`, against
/// the entropy at `v`. With `k = 1 - a^2` and `s = sqrt(1 - v)`,
/// `S_a^2/4 = 1 + max(0, (v (1-r^2) - k (1 - s r)^2)/(1+r)^2)` at `r = max(0, (k s + k - v)/(k s + v + k s^2))`.
struct AsymmetricCurve {
    bound: VonNeumann,
    weight: Interval,
}

impl AsymmetricCurve {
    /// Where `r = 0` the curve is `S_a^2/4 = v + a^2`: the tangent there, or the line through the local point.
    fn supporting_line(&self, bell_value: f64) -> Line {
        let local = self.bound.local().lo();
        let at = |s: f64| {
            let correlation = Correlation::at_asymmetric(Interval::point(s), self.weight);
            let slope = self.bound.slope_in_v(correlation) * s / 2.0;
            Line { at: s, value: self.bound.value(correlation).lo(), slope: slope.lo() }
        };
        let through_local = |line: Line| line.value + line.slope * (2.0 - line.at) <= local;
        let (mut low, mut high) = (2.0, 2.0 * (1.0 + self.weight.lo() * self.weight.lo()).sqrt() - 1e-12);
        if !through_local(at(high)) {
            low = high;
        }
        for _ in 0..60 {
            let middle = low + (high - low) / 2.0;
            if through_local(at(middle)) { high = middle } else { low = middle }
        }
        if bell_value >= high {
            return at(bell_value);
        }
        let touch = at(high);
        Line { at: 2.0, value: local, slope: (touch.value - local) / (touch.at - 2.0) }
    }
}

impl Curve for AsymmetricCurve {
    fn range(&self) -> (f64, f64) {
        (0.0, 1.0)
    }

    fn point(&self, v: Interval) -> (Interval, Interval) {
        let (zero, one) = (Interval::point(0.0), Interval::point(1.0));
        let k = one - self.weight.square();
        let rest = one - v;
        let s = rest.max(zero).sqrt();
        let position = (k * s + k - v) / (k * s + v + k * rest);
        let r = position.max(zero).min(one);
        let gain = (v * (one - r.square()) - k * (one - s * r).square()) / (one + r).square();
        let entropy = self.bound.value(Correlation::new(v, rest));
        (2.0 * (one + gain.max(zero)).sqrt(), entropy)
    }

    fn derivative(&self, v: Interval) -> Option<(Interval, Interval)> {
        let k = 1.0 - self.weight.square();
        let s = (1.0 - v).max(Interval::point(0.0)).sqrt();
        let plain = (k * s + k - v).hi() <= 0.0 && (v - k).lo() > 0.0;
        plain.then(|| {
            let bell_value = 2.0 * (v + self.weight.square()).sqrt();
            let correlation = Correlation::new(v, 1.0 - v);
            (2.0 / bell_value, self.bound.slope_in_v(correlation))
        })
    }
}

/// Weights beyond this ratio have no use.
const LEAST_WEIGHT: f64 = 0.05;

const METHOD: &str = "supporting line proved below the asymmetric CHSH curve by branch and bound";
