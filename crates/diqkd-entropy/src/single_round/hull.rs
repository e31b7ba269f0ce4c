//! Convex hulls of bounds that are not convex: an affine function proposed by a search and proved to lie below.

use crate::interval::Interval;

/// A curve `t -> (S, H)` of Bell value and entropy for `t` in `[low, high]`, enclosed on intervals.
pub(super) trait Curve {
    /// Parameter range.
    fn range(&self) -> (f64, f64);

    /// Enclosures of the Bell value and of the entropy.
    fn point(&self, t: Interval) -> (Interval, Interval);

    /// Enclosures of their derivatives, where the curve is smooth.
    fn derivative(&self, t: Interval) -> Option<(Interval, Interval)>;
}

/// An affine function of the Bell value.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line {
    pub(super) at: f64,
    pub(super) value: f64,
    pub(super) slope: f64,
}

/// Lowers a proposed line until it provably lies below the curve; `None` when that fails.
pub(super) fn lowered_below(curve: &impl Curve, line: Line) -> Option<Line> {
    MARGINS
        .into_iter()
        .map(|margin| Line { value: line.value - margin, ..line })
        .find(|line| is_below(curve, *line))
}

fn is_below(curve: &impl Curve, line: Line) -> bool {
    let height = |(bell_value, entropy): (Interval, Interval)| {
        entropy - line.value - Interval::point(line.slope) * (bell_value - line.at)
    };
    let below_on = |low: f64, high: f64| {
        let on = Interval::new(low, high);
        if height(curve.point(on)).lo() >= 0.0 {
            return true;
        }
        let middle = low + (high - low) / 2.0;
        curve.derivative(on).is_some_and(|(bell_slope, entropy_slope)| {
            let slope = entropy_slope - line.slope * bell_slope;
            (height(curve.point(Interval::point(middle))) + slope * (on - middle)).lo() >= 0.0
        })
    };
    let mut pieces = vec![curve.range()];
    for _ in 0..MOST_PIECES {
        let Some((low, high)) = pieces.pop() else { return true };
        if below_on(low, high) {
            continue;
        }
        let middle = low + (high - low) / 2.0;
        if middle <= low || middle >= high {
            return false;
        }
        pieces.push((low, middle));
        pieces.push((middle, high));
    }
    false
}

const MARGINS: [f64; 5] = [2e-15, 5e-14, 1e-12, 1e-10, 1e-9];
const MOST_PIECES: usize = 20_000;
