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

fn is_below(curve: &impl Curve, line: Line) -> bool {
    let mut pieces = vec![(0.0, curve.end())];
    for _ in 0..MOST_PIECES {
        let Some((low, high)) = pieces.pop() else { return true };
        if is_below_on(curve, line, low, high) {
            continue;
        }
        let middle =
            if low > 0.0 && high > 2.0 * low { (low * high).sqrt() } else { f64::midpoint(low, high) };
        if middle <= low || middle >= high {
            return false;
        }
        pieces.push((low, middle));
        pieces.push((middle, high));
    }
    false
}

fn is_below_on(curve: &impl Curve, line: Line, low: f64, high: f64) -> bool {
    let on = Interval::new(low, high);
    let (below_maximum, entropy) = curve.point(on);
    if (entropy - line.at(below_maximum)).lo() >= 0.0 {
        return true;
    }
    let height = |t: f64| {
        let (below_maximum, entropy) = curve.point(Interval::point(t));
        entropy - line.at(below_maximum)
    };
    let Some((below, entropy)) = curve.jets(on) else { return false };
    let middle = f64::midpoint(low, high);
    let slope = entropy.first + line.slope * below.first;
    let curvature = entropy.second + line.slope * below.second;
    if (height(middle) + slope * (on - middle)).lo() >= 0.0 {
        return true;
    }
    // Tangents of a convex function lie below it; where it touches the line they are as good as parallel.
    let touch = line.touch.clamp(low, high);
    let Some((below, entropy)) = curve.jets(Interval::point(touch)) else { return false };
    if curve.is_convex_on(on) {
        let apart = below_maximum - curve.point(Interval::point(touch)).0;
        return (height(touch) + (entropy.first / below.first + line.slope) * apart).lo() >= 0.0;
    }
    curvature.lo() >= 0.0
        && (height(touch) + (entropy.first + line.slope * below.first) * (on - touch)).lo() >= 0.0
}

const MARGINS: [f64; 5] = [2e-14, 2e-13, 1e-12, 1e-10, 1e-9];
const MOST_PIECES: usize = 5_000;
