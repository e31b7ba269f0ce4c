//! Two equally likely key bases from the CHSH value.

use super::hull::{Curve, Line, lowered_below};
use super::{
    EDGE, Minorant, SingleRoundBound, SingleRoundEntropy, TSIRELSON, check_bell_value, check_flip_probability,
};
use crate::enclosure::{Correlation, Jet, TwoBasisPoint, VonNeumann, below_maximum};
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
        let at = TwoBasisPoint::at(m);
        (at.below_maximum, self.measure.value(at.correlation()))
    }

    fn jets(&self, m: Interval) -> Option<(Jet, Jet)> {
        let at = TwoBasisPoint::jets(m);
        let correlation = at.correlation();
        let slope = self.measure.slope_in_v(correlation);
        let curvature = self.measure.curvature_in_v(correlation);
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
        let wanted = middle(below_maximum(bell_value, 1.0));
        let below = |m: f64| middle(TwoBasisPoint::at(Interval::point(m)).below_maximum);
        let own = libm::exp(zero(LEAST_LN, LARGEST_LN, |ln| libm::log(below(libm::exp(ln)) / wanted)));
        let tangent = at(own);
        // Where the tangent passes through the local point: below, the hull is that line.
        let above_local = |line: &Line| middle(line.at(local_below)) - local;
        let high = own.min(SURELY_APART);
        if above_local(&at(high)) <= 0.0 {
            return tangent;
        }
        let touch = zero(libm::exp(LEAST_LN), high, |m| above_local(&at(m)));
        let highest = at(touch);
        let slope = (highest.value - local) / middle(local_below - highest.below);
        Line { below: local_below, value: local, slope, touch }
    }
}

/// Where a function that is negative at one end and positive at the other vanishes, to 1e-10: secants between two points
/// on both sides of the zero.
fn zero(low: f64, high: f64, f: impl Fn(f64) -> f64) -> f64 {
    let (mut low, mut high) = ((low, f(low)), (high, f(high)));
    let (mut last, mut last_moved) = (low.0, None);
    for _ in 0..MOST_SECANTS {
        let secant = high.0 - high.1 * (high.0 - low.0) / (high.1 - low.1);
        let at = if low.0 < secant && secant < high.0 { secant } else { f64::midpoint(low.0, high.0) };
        let value = f(at);
        let moves_low = value <= 0.0;
        let (moved, stays) = if moves_low { (&mut low, &mut high) } else { (&mut high, &mut low) };
        *moved = (at, value);
        let step = (at - last).abs();
        last = at;
        if value.abs() < 1e-15 || step < 1e-10 {
            break;
        }
        // An end that stays again has its value halved, so that the next secant moves away from the other.
        if last_moved == Some(moves_low) {
            stays.1 /= 2.0;
        }
        last_moved = Some(moves_low);
    }
    last
}

/// Range of ln of the cosine in searches; the least is below one unit in the last place from the quantum maximum.
const LEAST_LN: f64 = -40.0;
const LARGEST_LN: f64 = -1e-9;

/// Nearer to the local point rounding decides whether a tangent passes above it.
const SURELY_APART: f64 = 0.999;
const MOST_SECANTS: u32 = 120;

fn middle(interval: Interval) -> f64 {
    interval.lo() + (interval.hi() - interval.lo()) / 2.0
}

const METHOD: &str = "supporting line proved below the two-basis curve by branch and bound";

#[cfg(test)]
mod tests {
    use super::super::hull::{is_below, lowered_below};
    use super::*;

    /// Lines that are lifted or tilted a little at the touching point cut the curve.
    #[test]
    fn lines_that_cut_the_curve_are_refused() {
        for q in [0.0, 0.05, 0.3] {
            let curve = TwoBasisCurve { measure: VonNeumann { q } };
            for bell_value in [2.1, 2.3, 2.5, 2.7, 2.82, 2.828_42] {
                let line = curve.supporting_line(bell_value);
                assert!(
                    lowered_below(&curve, line).is_some_and(|lowered| line.value - lowered.value < 1e-12)
                );
                for lift in [1e-12, 1e-9, 1e-4] {
                    let lifted = Line { value: line.value + lift, ..line };
                    assert!(!is_below(&curve, lifted), "q {q}, S {bell_value}, {lift}");
                }
                // A line through the local point may fall: then it only touches there.
                let pinned = line.below == below_maximum(2.0, 1.0);
                for tilt in [-1e-3, 1e-3].into_iter().filter(|&tilt| tilt > 0.0 || !pinned) {
                    let tilted = Line { slope: line.slope + tilt, value: line.value - 2e-14, ..line };
                    assert!(!is_below(&curve, tilted), "q {q}, S {bell_value}, {tilt}");
                }
                // A wrong touching point makes a proof longer, not wrong.
                for touch in [0.0, 0.1, 0.5, 1.0] {
                    let elsewhere = Line { touch, ..line };
                    let cut = Line { value: line.value + 1e-9, ..elsewhere };
                    assert!(!is_below(&curve, cut), "q {q}, S {bell_value}, {touch}");
                    let below = Line { value: line.value - 1e-6, ..elsewhere };
                    assert!(is_below(&curve, below), "q {q}, S {bell_value}, {touch}");
                }
            }
        }
    }
}
