//! Two equally likely key bases from the CHSH value, tight: the optimum over all two-qubit behaviours.

use super::{
    EDGE, Minorant, SingleRoundBound, SingleRoundEntropy, TSIRELSON, check_bell_value, chosen_slope,
};
use crate::enclosure::{BothBases, Concave, Correlation, RenyiFunctional, VonNeumann, below_maximum};
use crate::error::Error;
use crate::interval::Interval;

/// Mean von Neumann entropy of two equally likely key bases: the convex hull of the local point and of the entropy at
/// `sqrt v = S/(2 sqrt 2)` for both bases (`docs/theory.md`, section 3.8), proved for the parameters at hand.
///
/// Nothing larger holds: behaviours with equal correlations of both bases, mixed with local ones, have this entropy.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TightTwoBases {
    /// Flip probability of Alice's bit, from 0 to 0.3.
    pub q: f64,
}

/// Sandwiched Rényi entropy ("down") of Alice's key bit when both her settings are equally likely key bases, bounded like
/// [`TightTwoBases`]. Without flips it covers test rounds too, where her setting is uniform.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TwoBasesRenyi {
    /// The order, above 1 and at most 2.
    pub alpha: f64,
    /// Flip probability of Alice's bit, from 0 to 0.3.
    pub q: f64,
}

impl SingleRoundBound for TightTwoBases {
    fn entropy(&self, bell_value: f64) -> Result<SingleRoundEntropy, Error> {
        check(bell_value, self.q)?;
        let bound = VonNeumann { q: self.q };
        let (value, slope) = hull(bound, bell_value)?;
        Ok(SingleRoundEntropy { entropy_bits: value.lo().clamp(0.0, 1.0), slope, method: METHOD })
    }

    fn minorant(&self, at: f64) -> Result<Minorant, Error> {
        check(at, self.q)?;
        certified_line(VonNeumann { q: self.q }, at.clamp(2.0, TSIRELSON - EDGE))
    }

    fn quantum_max(&self) -> f64 {
        TSIRELSON
    }
}

impl TwoBasesRenyi {
    /// An upper bound on the mean functional `G = 2^(-(alpha-1) H)` over both bases, rounded up.
    ///
    /// # Errors
    /// As for [`SingleRoundBound::entropy`].
    pub fn functional(&self, bell_value: f64) -> Result<f64, Error> {
        Ok((1.0 - self.order() * self.deficit(bell_value)?.0).hi())
    }

    /// `alpha - 1`, exact.
    fn order(&self) -> f64 {
        self.alpha - 1.0
    }

    /// A convex lower bound on `(1 - G)/(alpha - 1)` and its slope.
    fn deficit(&self, bell_value: f64) -> Result<(Interval, Interval), Error> {
        check(bell_value, self.q)?;
        if !(self.alpha > 1.0 && self.alpha <= 2.0) {
            return Err(Error::Alpha { alpha: self.alpha });
        }
        let (value, slope) = hull(RenyiFunctional { order: self.order(), q: self.q }, bell_value)?;
        Ok((value, Interval::point(slope)))
    }

    /// `-log2(1 - order deficit)/order` and its slope.
    fn entropy_of(&self, (deficit, slope): (Interval, Interval)) -> (Interval, Interval) {
        let order = self.order();
        let shrunk = -(order * deficit);
        (-(shrunk.ln_1p() / (order * Interval::ln_2())), slope / ((1.0 + shrunk) * Interval::ln_2()))
    }
}

impl SingleRoundBound for TwoBasesRenyi {
    fn entropy(&self, bell_value: f64) -> Result<SingleRoundEntropy, Error> {
        let (value, slope) = self.entropy_of(self.deficit(bell_value)?);
        Ok(SingleRoundEntropy {
            entropy_bits: value.lo().clamp(0.0, 1.0),
            slope: chosen_slope(slope).0,
            method: METHOD,
        })
    }

    fn minorant(&self, at: f64) -> Result<Minorant, Error> {
        let at = at.clamp(2.0, TSIRELSON - EDGE);
        let (value, slope) = self.entropy_of(self.deficit(at)?);
        let (slope, deviation) = chosen_slope(slope);
        Ok(Minorant { at, value_bits: (value - Interval::point(deviation) * 4.0).lo(), slope })
    }

    fn quantum_max(&self) -> f64 {
        TSIRELSON
    }
}

fn check(bell_value: f64, q: f64) -> Result<(), Error> {
    check_bell_value(bell_value, 4.0)?;
    super::check_flip_probability(q)?;
    if q > crate::params::MOST_NOISE_OF_TWO_BASES {
        return Err(Error::FlipProbabilityOfTwoBases { q, most: crate::params::MOST_NOISE_OF_TWO_BASES });
    }
    Ok(())
}

/// The hull of a measure at a Bell value and its slope.
fn hull<M: Measure>(measure: M, bell_value: f64) -> Result<(Interval, f64), Error> {
    if bell_value <= 2.0 {
        return Ok((measure.value(Correlation::none()), 0.0));
    }
    let line = certified_line(measure, bell_value.min(TSIRELSON.next_down()))?;
    let value = if bell_value >= TSIRELSON {
        measure.value(Correlation::full())
    } else {
        Interval::point(line.value_bits)
            + Interval::point(line.slope) * (Interval::point(bell_value) - line.at)
    };
    Ok((value, line.slope))
}

/// An affine function of `S` that is proved to lie below the measure of every behaviour.
fn certified_line<M: Measure>(measure: M, at: f64) -> Result<Minorant, Error> {
    let line = [at, at.min(TSIRELSON - EDGE), at.min(LAST_RESORT)]
        .into_iter()
        .find_map(|touch| proved_line(measure, touch));
    line.ok_or(Error::HullNotProved { bell_value: at })
}

fn proved_line<M: Measure>(measure: M, at: f64) -> Option<Minorant> {
    let proposed = supporting_line(measure, at);
    MARGINS.into_iter().map(|margin| Minorant { value_bits: proposed.value_bits - margin, ..proposed }).find(
        |line| {
            let premium = Interval::point(line.slope) * 4.0;
            BothBases { f: &Below { measure, line: *line }, premium }.is_never_positive()
        },
    )
}

/// The tangent at equal correlations, or the line through the local point that touches there. A proposal.
fn supporting_line<M: Measure>(measure: M, bell_value: f64) -> Minorant {
    let local = measure.value(Correlation::none()).lo();
    let tangent = |s: f64| {
        let below = below_maximum(s, 1.0);
        let minority = (below.lo() + (below.hi() - below.lo()) / 2.0) / (2.0 * TSIRELSON);
        let at = Correlation::with_minority(minority);
        let slope = measure.slope(at, Interval::point(-0.5 / TSIRELSON));
        Minorant {
            at: s,
            value_bits: measure.value(at).lo(),
            slope: slope.lo() + (slope.hi() - slope.lo()) / 2.0,
        }
    };
    let (mut low, mut high) = (2.0, TSIRELSON - EDGE);
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        let line = tangent(middle);
        if line.value_bits + line.slope * (2.0 - line.at) > local { low = middle } else { high = middle }
    }
    if bell_value >= high {
        return tangent(bell_value);
    }
    let touch = tangent(high);
    Minorant { at: 2.0, value_bits: local, slope: (touch.value_bits - local) / (touch.at - 2.0) }
}

/// Eve's ignorance about one basis as a function of the complementary correlation; convex in it.
trait Measure: Copy {
    fn value(self, correlation: Correlation) -> Interval;

    /// The derivative along a path on which `y = (1 - sqrt v)/2` has the given derivative.
    fn slope(self, correlation: Correlation, y_slope: Interval) -> Interval;

    /// The second derivative in `y` on a box.
    fn curvature(self, y: Interval) -> Interval;
}

impl Measure for VonNeumann {
    fn value(self, correlation: Correlation) -> Interval {
        Self::value(self, correlation)
    }

    fn slope(self, correlation: Correlation, y_slope: Interval) -> Interval {
        // dv/dy = -4 sqrt v.
        self.slope_in_v(correlation) * (-4.0 * correlation.x) * y_slope
    }

    fn curvature(self, y: Interval) -> Interval {
        self.jet(y).second
    }
}

/// `(1 - G)/order`.
impl Measure for RenyiFunctional {
    fn value(self, correlation: Correlation) -> Interval {
        -(self.ln(correlation).exp_m1() / self.order)
    }

    fn slope(self, correlation: Correlation, y_slope: Interval) -> Interval {
        -(Self::slope(self, correlation, -2.0 * y_slope) / self.order)
    }

    fn curvature(self, y: Interval) -> Interval {
        -(self.jet(y).second / self.order)
    }
}

/// How far a line lies above a measure, without the part that depends on `S`.
struct Below<M> {
    measure: M,
    line: Minorant,
}

impl<M: Measure> Concave for Below<M> {
    fn value(&self, y: f64) -> Interval {
        let line = Interval::point(self.line.value_bits) - Interval::point(self.line.slope) * self.line.at;
        line - self.measure.value(Correlation::with_minority(y))
    }

    fn slope(&self, y: f64) -> Interval {
        -self.measure.slope(Correlation::with_minority(y), Interval::point(1.0))
    }

    fn curvature(&self, y: Interval) -> Interval {
        -self.measure.curvature(y)
    }
}

/// The last ones serve orders near 2, where the largest values of all angles are nearly equal.
const MARGINS: [f64; 10] = [5e-15, 5e-14, 1e-12, 1e-10, 1e-8, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2];

/// Where slopes near the quantum maximum are too steep to be proved, the tangent from here.
const LAST_RESORT: f64 = 2.82;

const METHOD: &str = "supporting line proved below all two-qubit behaviours";
