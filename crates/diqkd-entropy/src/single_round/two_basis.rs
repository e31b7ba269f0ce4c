//! Two equally likely key bases from the CHSH value.

use super::hull::{Curve, Line, lowered_below};
use super::{
    EDGE, Minorant, SingleRoundBound, SingleRoundEntropy, TSIRELSON, check_bell_value, check_flip_probability,
};
use crate::enclosure::{Correlation, Jet, VonNeumann, below_maximum, two_basis_point};
use crate::error::Error;
use crate::interval::Interval;

/// Mean von Neumann entropy of two equally likely key bases: the convex hull of `F(v)`, where `v` is the least mean
/// square of the two complementary correlations at the CHSH value; the bound of Schwonnek et al. (2021) and Masini,
/// Pironio and Woodhead (2022), as stated in `docs/theory.md`.
///
/// The curve has a closed form: for `c` from 1 down to `1/sqrt 2`, with `r = (c + sqrt(c^2 + 4))/2`,
/// `S = 2c + 2(1-c^2) r` and `v = (1-c^2)(1 + c^2 r^2)`. [`TightTwoBases`](super::TightTwoBases) is larger.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TwoBases {
    /// Flip probability of Alice's bit, from 0 to 1/2.
    pub q: f64,
}

impl SingleRoundBound for TwoBases {
    fn entropy(&self, bell_value: f64) -> Result<SingleRoundEntropy, Error> {
        check_bell_value(bell_value, 4.0)?;
        check_flip_probability(self.q)?;
        if bell_value <= 2.0 {
            let entropy_bits = VonNeumann { q: self.q }.local().lo().max(0.0);
            return Ok(SingleRoundEntropy { entropy_bits, slope: 0.0, method: METHOD });
        }
        let beyond = bell_value >= TSIRELSON;
        let inside = if beyond { TSIRELSON.next_down() } else { bell_value };
        let line = self.certified_line(inside)?;
        let entropy_bits = if beyond {
            VonNeumann { q: self.q }.value(Correlation::full()).lo()
        } else {
            line.at(below_maximum(inside, 1.0)).lo()
        };
        Ok(SingleRoundEntropy {
            entropy_bits: entropy_bits.clamp(0.0, 1.0),
            slope: line.slope,
            method: METHOD,
        })
    }

    fn minorant(&self, at: f64) -> Result<Minorant, Error> {
        check_bell_value(at, 4.0)?;
        check_flip_probability(self.q)?;
        let at = at.clamp(2.0, TSIRELSON - EDGE);
        let line = self.certified_line(at)?;
        Ok(Minorant { at, value_bits: line.at(below_maximum(at, 1.0)).lo(), slope: line.slope })
    }

    fn quantum_max(&self) -> f64 {
        TSIRELSON
    }
}

impl TwoBases {
    fn certified_line(&self, at: f64) -> Result<Line, Error> {
        let curve = TwoBasisCurve { measure: VonNeumann { q: self.q } };
        let proposed = curve.supporting_line(at);
        lowered_below(&curve, proposed).ok_or(Error::HullNotProved { bell_value: at })
    }
}

/// Parametrised by the cosine of the angle between Alice's measurements.
struct TwoBasisCurve {
    measure: VonNeumann,
}

impl Curve for TwoBasisCurve {
    fn end(&self) -> f64 {
        1.0
    }

    fn point(&self, m: Interval) -> (Interval, Interval) {
        let at = two_basis_point(m);
        (at.below_maximum.value, self.measure.value(at.correlation))
    }

    fn jets(&self, m: Interval) -> Option<(Jet, Jet)> {
        let at = two_basis_point(m);
        let slope = self.measure.slope_in_v(at.correlation);
        let curvature = self.measure.curvature_in_v(at.correlation);
        Some((at.below_maximum, at.v.through(Interval::ENTIRE, slope, curvature)))
    }
}

impl TwoBasisCurve {
    /// The tangent at a Bell value, or the line through the local point that touches the curve, whichever supports
    /// the hull there. A proposal, to be proved.
    fn supporting_line(&self, bell_value: f64) -> Line {
        let local = self.measure.value(Correlation::none()).lo();
        let local_below = below_maximum(2.0, 1.0);
        let at = |m: f64| {
            let t = Interval::point(m);
            let (below, entropy) = self.point(t);
            let slope = self.jets(t).map_or(0.0, |(b, e)| middle(-(e.first / b.first)));
            Line { below, value: middle(entropy), slope, touch: m }
        };
        // Where the tangent passes through the local point: below, the hull is that line.
        let touch = bisect(|m| middle(at(m).at(local_below)) <= local);
        let wanted = middle(below_maximum(bell_value, 1.0));
        let own = bisect(|m| middle(two_basis_point(Interval::point(m)).below_maximum.value) < wanted);
        let tangent = at(own.min(touch));
        if own > touch {
            let slope = (tangent.value - local) / middle(local_below - tangent.below);
            return Line { below: local_below, value: local, slope, touch };
        }
        tangent
    }
}

/// The greatest parameter up to which a condition that holds at small ones keeps holding.
fn bisect(holds: impl Fn(f64) -> bool) -> f64 {
    let (mut low, mut high) = (LEAST_LN, -1e-9);
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        if holds(libm::exp(middle)) { low = middle } else { high = middle }
    }
    libm::exp(low)
}

/// ln of the least cosine in searches: below one unit in the last place from the quantum maximum.
const LEAST_LN: f64 = -40.0;

fn middle(interval: Interval) -> f64 {
    interval.lo() + (interval.hi() - interval.lo()) / 2.0
}

const METHOD: &str = "supporting line proved below the two-basis curve by branch and bound";
