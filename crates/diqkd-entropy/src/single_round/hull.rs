//! Hulls of curves that are not convex: an affine function proposed by a search and proved to lie below.

use crate::enclosure::Jet;
use crate::interval::Interval;

/// A curve of Bell value and entropy, enclosed on intervals of a parameter `t >= 0`. Bell values are given by their
/// distance from the quantum maximum, so that they are known to a relative 1e-15 where the curve is steepest.
pub(super) trait Curve {
    /// Largest parameter; the least is 0.
    fn end(&self) -> f64;

    /// Enclosures of the distance from the quantum maximum and of the entropy.
    fn point(&self, t: Interval) -> (Interval, Interval);

    /// The same with derivatives in `t`, where the curve is smooth. Only the derivatives are used.
    fn jets(&self, t: Interval) -> Option<(Jet, Jet)>;

    /// Whether a theorem says that the entropy is convex in the Bell value there.
    fn is_convex_on(&self, _t: Interval) -> bool {
        false
    }
}

/// An affine function of the Bell value.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line {
    /// Distance from the quantum maximum at which it has the value below.
    pub(super) below: Interval,
    pub(super) value: f64,
    pub(super) slope: f64,
    /// The parameter at which the curve is nearest, about.
    pub(super) touch: f64,
}

impl Line {
    /// The value at a distance from the quantum maximum.
    pub(super) fn at(&self, below_maximum: Interval) -> Interval {
        self.value + self.slope * (self.below - below_maximum)
    }
}

/// Lowers a proposed line until it provably lies below the curve; `None` when that fails.
pub(super) fn lowered_below(curve: &impl Curve, line: Line) -> Option<Line> {
    MARGINS
        .into_iter()
        .map(|margin| Line { value: line.value - margin, ..line })
        .find(|line| is_below(curve, *line))
}

/// Branch and bound on both sides of the parameter where curve and line are nearest, from there outwards.
pub(super) fn is_below(curve: &impl Curve, line: Line) -> bool {
    let touch = line.touch.clamp(0.0, curve.end());
    let tangent = curve.jets(Interval::point(touch)).map(|(below, entropy)| Apart::new(line, below, entropy));
    let proof = Proof { curve, line, touch, tangent };
    let [nearest, first, last] = [touch, 0.0, curve.end()].map(|t| proof.height(t));
    proof.holds_outwards(nearest, first) && proof.holds_outwards(nearest, last)
}

/// A parameter and by how much the curve lies above the line there.
#[derive(Clone, Copy)]
struct Height {
    t: f64,
    above: Interval,
}

/// Derivatives in the parameter of how far the curve lies above the line.
struct Apart {
    slope: Interval,
    curvature: Interval,
    /// The slope of the curve in the Bell value minus that of the line, with the opposite sign.
    in_bell_value: Interval,
}

impl Apart {
    fn new(line: Line, below: Jet, entropy: Jet) -> Self {
        Self {
            slope: entropy.first + line.slope * below.first,
            curvature: entropy.second + line.slope * below.second,
            in_bell_value: entropy.first / below.first + line.slope,
        }
    }
}

struct Proof<'a, C> {
    curve: &'a C,
    line: Line,
    touch: f64,
    /// At the touching parameter.
    tangent: Option<Apart>,
}

impl<C: Curve> Proof<'_, C> {
    fn height(&self, t: f64) -> Height {
        let (below, entropy) = self.curve.point(Interval::point(t));
        Height { t, above: entropy - self.line.at(below) }
    }

    fn holds_outwards(&self, nearest: Height, farthest: Height) -> bool {
        // How far from the touching parameter the distance is known to be convex without a gap.
        let mut convex_to = nearest.t;
        let mut pieces = vec![(nearest, farthest)];
        for _ in 0..MOST_PIECES {
            let Some((near, far)) = pieces.pop() else { return true };
            if near.above.lo() >= 0.0
                && far.above.lo() >= 0.0
                && self.holds_on(nearest, near, far, &mut convex_to)
            {
                continue;
            }
            let (low, high) = (near.t.min(far.t), near.t.max(far.t));
            let middle =
                if low > 0.0 && high > 2.0 * low { (low * high).sqrt() } else { f64::midpoint(low, high) };
            if middle <= low || middle >= high {
                return false;
            }
            let middle = self.height(middle);
            pieces.push((middle, far));
            pieces.push((near, middle));
        }
        false
    }

    fn holds_on(&self, nearest: Height, near: Height, far: Height, convex_to: &mut f64) -> bool {
        let on = Interval::point(near.t).hull(Interval::point(far.t));
        let jets = self.curve.jets(on);
        if let Some((below, entropy)) = jets {
            let apart = Apart::new(self.line, below, entropy);
            // Where a function is convex from its least value on it lies above its tangent there.
            if near.t == *convex_to && apart.curvature.lo() >= 0.0 {
                *convex_to = far.t;
                let above_tangent = |tangent: &Apart| nearest.above + tangent.slope * (on - self.touch);
                if self.tangent.as_ref().is_some_and(|tangent| above_tangent(tangent).lo() >= 0.0) {
                    return true;
                }
            }
            let width = Interval::point(far.t) - near.t;
            // At most this much below the lower end.
            let sag = apart.curvature.max(Interval::point(0.0)) * width.square() / 8.0;
            if (near.above.min(far.above) - sag).lo() >= 0.0 {
                return true;
            }
            let from = |end: Height| (end.above + apart.slope * (on - end.t)).lo() >= 0.0;
            if from(near) || from(far) {
                return true;
            }
        }
        let (below, entropy) = self.curve.point(on);
        if (entropy - self.line.at(below)).lo() >= 0.0 {
            return true;
        }
        if !self.curve.is_convex_on(on) {
            return false;
        }
        // Where it touches the line a convex function is as good as parallel to it.
        let tangent = self.curve.jets(Interval::point(near.t));
        let apart = below - self.curve.point(Interval::point(near.t)).0;
        tangent.is_some_and(|(below, entropy)| {
            (near.above + Apart::new(self.line, below, entropy).in_bell_value * apart).lo() >= 0.0
        })
    }
}

const MARGINS: [f64; 5] = [2e-14, 2e-13, 1e-12, 1e-10, 1e-9];
const MOST_PIECES: usize = 5_000;
