//! Two equally likely key bases from the CHSH value.

use super::hull::{Curve, Line, lowered_below};
use super::{
    EDGE, Minorant, SingleRoundBound, SingleRoundEntropy, TSIRELSON, check_bell_value, check_flip_probability,
};
use crate::enclosure::{Correlation, LEAST_COSINE, VonNeumann, two_basis_point};
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
        let line = self.certified_line(bell_value.min(TSIRELSON - 1e-10))?;
        let entropy_bits = if bell_value >= TSIRELSON {
            VonNeumann { q: self.q }.value(Correlation::full()).lo()
        } else {
            line.at(bell_value)
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
        self.certified_line(at.clamp(2.0, TSIRELSON - EDGE))
    }

    fn quantum_max(&self) -> f64 {
        TSIRELSON
    }
}

impl TwoBases {
    fn certified_line(&self, at: f64) -> Result<Minorant, Error> {
        let curve = TwoBasisCurve { measure: VonNeumann { q: self.q } };
        let line = lowered_below(&curve, curve.supporting_line(at))
            .ok_or(Error::HullNotProved { bell_value: at })?;
        Ok(Minorant { at: line.at, value_bits: line.value, slope: line.slope })
    }
}

struct TwoBasisCurve {
    measure: VonNeumann,
}

impl Curve for TwoBasisCurve {
    fn range(&self) -> (f64, f64) {
        (LEAST_COSINE, 1.0)
    }

    fn point(&self, c: Interval) -> (Interval, Interval) {
        let at = two_basis_point(c);
        (at.bell_value, self.measure.value(at.correlation))
    }

    fn derivative(&self, c: Interval) -> Option<(Interval, Interval)> {
        let at = two_basis_point(c);
        Some((at.bell_slope, self.measure.slope_in_v(at.correlation) * at.v_slope))
    }
}

impl TwoBasisCurve {
    /// The tangent at a Bell value, or the line through the local point that touches the curve, whichever supports
    /// the hull there. A proposal, to be proved.
    fn supporting_line(&self, bell_value: f64) -> Line {
        let local = self.measure.value(Correlation::none()).lo();
        let at = |c: f64| {
            let (s, h) = self.point(Interval::point(c));
            let (s_slope, h_slope) = self.derivative(Interval::point(c)).unwrap_or((s, h));
            Line { at: middle(s), value: middle(h), slope: middle(h_slope / s_slope) }
        };
        // Where the tangent passes through the local point: below, the hull is that line.
        let touch = bisect(|c| {
            let line = at(c);
            line.value + line.slope * (2.0 - line.at) <= local
        });
        let own = bisect(|c| at(c).at > bell_value);
        let tangent = at(own.min(touch));
        if own > touch {
            return Line { at: 2.0, value: local, slope: (tangent.value - local) / (tangent.at - 2.0) };
        }
        tangent
    }
}

/// The greatest `c` up to which a condition that holds at small `c` keeps holding.
fn bisect(holds: impl Fn(f64) -> bool) -> f64 {
    let (mut low, mut high) = (LEAST_COSINE + 1e-12, 1.0 - 1e-9);
    for _ in 0..60 {
        let middle = low + (high - low) / 2.0;
        if holds(middle) { low = middle } else { high = middle }
    }
    low
}

fn middle(interval: Interval) -> f64 {
    interval.lo() + (interval.hi() - interval.lo()) / 2.0
}

const METHOD: &str = "supporting line proved below the two-basis curve by branch and bound";
