//! Sandwiched Rényi entropy of one key basis from the CHSH value.

use super::hull::{Curve, Line, lowered_below};
use super::{
    EDGE, Minorant, SingleRoundBound, SingleRoundEntropy, TSIRELSON, check_bell_value,
    check_flip_probability, chosen_slope,
};
use crate::enclosure::{Correlation, RenyiFunctional};
use crate::error::Error;
use crate::interval::Interval;

/// `-log2 G / (alpha - 1)` with `G = 2^(1-alpha) (mu_+^alpha + mu_-^alpha)` as in `docs/theory.md`, section 3.4: the
/// entropy relative to Eve's own state ("down") of a bit that is flipped with probability `q`.
///
/// Without flips `G` is concave in the winning probability (proved there); with flips a concave majorant is proved by
/// branch and bound for the parameters at hand. Mixtures over what devices and Eve share are covered in both cases.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RenyiEntropy {
    /// The order, above 1 and at most 2.
    pub alpha: f64,
    /// Flip probability of Alice's bit, from 0 to 1/2.
    pub q: f64,
}

impl RenyiEntropy {
    /// An upper bound on the functional `G = 2^(-(alpha-1) H)`, rounded up: what weighted accumulation sums.
    ///
    /// # Errors
    /// As for [`SingleRoundBound::entropy`].
    pub fn functional(&self, bell_value: f64) -> Result<f64, Error> {
        let deficit = self.deficit(bell_value)?;
        Ok((1.0 - self.order() * deficit.value).hi())
    }

    fn check(&self, bell_value: f64) -> Result<(), Error> {
        check_bell_value(bell_value, 4.0)?;
        check_flip_probability(self.q)?;
        if self.alpha > 1.0 && self.alpha <= 2.0 { Ok(()) } else { Err(Error::Alpha { alpha: self.alpha }) }
    }

    /// `alpha - 1`, exact.
    fn order(&self) -> f64 {
        self.alpha - 1.0
    }

    fn curve(&self) -> DeficitCurve {
        DeficitCurve { functional: RenyiFunctional { order: self.order(), q: self.q } }
    }

    /// A convex lower bound on `(1 - G)/(alpha - 1)` and its slope.
    fn deficit(&self, bell_value: f64) -> Result<Deficit, Error> {
        self.check(bell_value)?;
        let curve = self.curve();
        let point = Interval::point;
        if bell_value <= 2.0 {
            return Ok(Deficit { value: curve.deficit(Correlation::none()), slope: point(0.0) });
        }
        if self.q == 0.5 {
            return Ok(Deficit { value: curve.deficit(Correlation::full()), slope: point(0.0) });
        }
        let inside = bell_value.min(TSIRELSON - LAST_TANGENT_EDGE);
        let slope = curve.derivative(point(inside)).map_or(Interval::ENTIRE, |(_, slope)| slope);
        if bell_value >= TSIRELSON {
            return Ok(Deficit { value: curve.deficit(Correlation::full()), slope });
        }
        if self.q == 0.0 {
            return Ok(Deficit { value: curve.point(point(bell_value)).1, slope });
        }
        let value = curve.point(point(inside)).1.lo();
        let proposed = Line { at: inside, value, slope: slope.lo() + (slope.hi() - slope.lo()) / 2.0 };
        // The functional falls with S: a level line through the local value lies below whatever else fails.
        let level = Line { at: 2.0, value: curve.deficit(Correlation::none()).lo(), slope: 0.0 };
        let line = lowered_below(&curve, proposed).unwrap_or(level);
        let value = point(line.value) + point(line.slope) * (point(bell_value) - line.at);
        Ok(Deficit { value, slope: point(line.slope) })
    }

    /// `-log2(1 - order deficit)/order` and its slope.
    fn entropy_of(&self, deficit: Deficit) -> (Interval, Interval) {
        let shrunk = -(self.order() * deficit.value);
        let value = -(shrunk.ln_1p() / (self.order() * Interval::ln_2()));
        (value, deficit.slope / ((1.0 + shrunk) * Interval::ln_2()))
    }
}

impl SingleRoundBound for RenyiEntropy {
    fn entropy(&self, bell_value: f64) -> Result<SingleRoundEntropy, Error> {
        let (value, slope) = self.entropy_of(self.deficit(bell_value)?);
        let method = if self.q == 0.0 {
            "closed form, outward-rounded interval arithmetic"
        } else {
            "closed form, concave majorant proved by branch and bound"
        };
        Ok(SingleRoundEntropy {
            entropy_bits: value.lo().clamp(0.0, 1.0),
            slope: chosen_slope(slope).0,
            method,
        })
    }

    fn minorant(&self, at: f64) -> Result<Minorant, Error> {
        self.check(at)?;
        let at = at.min(TSIRELSON - EDGE);
        let (value, slope) = self.entropy_of(self.deficit(at)?);
        let (slope, deviation) = chosen_slope(slope);
        Ok(Minorant { at, value_bits: (value - Interval::point(deviation) * 4.0).lo(), slope })
    }

    fn quantum_max(&self) -> f64 {
        TSIRELSON
    }
}

/// Distance to the quantum maximum within which the entropy is continued by a tangent.
const LAST_TANGENT_EDGE: f64 = 1e-11;

struct Deficit {
    value: Interval,
    slope: Interval,
}

/// `S -> (S, (1 - G(S))/(alpha - 1))`.
struct DeficitCurve {
    functional: RenyiFunctional,
}

impl DeficitCurve {
    fn deficit(&self, correlation: Correlation) -> Interval {
        -(self.functional.ln(correlation).exp_m1() / self.functional.order)
    }
}

impl Curve for DeficitCurve {
    fn range(&self) -> (f64, f64) {
        (2.0, TSIRELSON.next_up())
    }

    fn point(&self, s: Interval) -> (Interval, Interval) {
        (s, self.deficit(Correlation::at_chsh(s)))
    }

    fn derivative(&self, s: Interval) -> Option<(Interval, Interval)> {
        let correlation = Correlation::at_chsh(s);
        let slope = self.functional.slope(correlation, s / (4.0 * correlation.x));
        Some((Interval::point(1.0), -(slope / self.functional.order)))
    }
}
