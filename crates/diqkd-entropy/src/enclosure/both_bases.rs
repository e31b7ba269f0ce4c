//! Both of Alice's settings at once: a bound over all two-qubit behaviours, reduced to one angle.
//!
//! With the half angle `n` between Alice's settings, `c = cos n`, `s = sin n`, and a concave function `f` of a
//! correlation `t = 1 - 2y`, the mean of `f` over both settings plus a multiple of `S` is in every two-qubit block at
//! most the largest value of
//!
//! ```text
//! M = c^2 f(y_x) + s^2 f(y_z) - e (s y_x + c y_z) + (e/2) (c + s),    0 <= n <= pi/4,  0 <= y_x, y_z <= 1/2
//! ```
//!
//! (`docs/theory.md`, section 3.8). This file proves that `M` is never positive. The greatest values lie at `n = 0`, the
//! local point, and at `n = pi/4`; quadratic bounds settle their neighbourhoods, tangents of `f` the rest. About a
//! hundred evaluations of `f`.

use crate::interval::Interval;

/// A function of `y = (1 - t)/2` on [0, 1/2] that is concave, with derivative 0 at 1/2.
pub(crate) trait Concave {
    /// Its value.
    fn value(&self, y: f64) -> Interval;

    /// Its derivative, for `y > 0`.
    fn slope(&self, y: f64) -> Interval;

    /// Its second derivative on a box above 0.
    fn curvature(&self, y: Interval) -> Interval;
}

/// The expression `M`.
pub(crate) struct BothBases<'f, F> {
    pub(crate) f: &'f F,
    /// `e`, not negative.
    pub(crate) premium: Interval,
}

impl<F: Concave> BothBases<'_, F> {
    /// Proves `M <= 0` everywhere.
    pub(crate) fn is_never_positive(&self) -> bool {
        let e = self.premium;
        let at_local = self.f.value(0.5) + e / 2.0;
        if e.lo() <= 0.0 || at_local.hi() > 0.0 {
            // With e = 0 the largest value is f(1/2).
            return e.hi() <= 0.0 && e.lo() >= 0.0 && at_local.hi() <= 0.0;
        }
        let root_two = Interval::point(2.0).sqrt();
        let centre = self.where_slope_is((e * root_two).lo());
        let first = |reaches: &[f64], settles: &dyn Fn(f64, u32) -> bool| {
            FINENESS
                .into_iter()
                .find_map(|pieces| reaches.iter().copied().find(|&reach| settles(reach, pieces)))
        };
        let local = first(&LOCAL_REACHES, &|reach, pieces| self.settles_local(at_local, reach, pieces));
        let central = first(&CENTRAL_REACHES, &|reach, pieces| self.settles_centre(centre, reach, pieces));
        let (Some(high), Some(low)) = (local, central) else { return false };
        // sin 2m >= 2m - (2m)^3/6.
        let low = (0.5 + low - 2.0 / 3.0 * low * low * low).next_down();
        LADDERS
            .iter()
            .any(|spacing| self.settles_between(low, 1.0 - high, &Ladder::new(self.f, centre, spacing)))
    }

    /// Near `n = 0`, for `s^2 <= sigma`: `f(y) <= f(1/2) - g (1/2 - y)^2 / 2` for `y_x`, a tangent for `y_z`. Then
    /// `M <= f(1/2) + e/2 + s^2 [T - f(1/2) + e^2/(2 g c^2) - e/4]` with `T` the tangent at `y = 0`.
    fn settles_local(&self, at_local: Interval, sigma: f64, pieces: u32) -> bool {
        let e = self.premium;
        let c_squared = 1.0 - Interval::point(sigma);
        let (c, s) = (c_squared.sqrt(), Interval::point(sigma).sqrt());
        let reach = self.where_slope_is((1.01 * e * s / c_squared).hi());
        if (c_squared * self.f.slope(reach) - e * s).lo() < 0.0 {
            return false;
        }
        let g = self.least_curvature(reach, 0.5, pieces);
        let touch = self.where_slope_is((0.99 * e * c / sigma).lo());
        let slope = self.f.slope(touch);
        if g <= 0.0 || (sigma * slope - e * c).hi() > 0.0 {
            return false;
        }
        let tangent = self.f.value(touch) - slope * touch;
        let growth = tangent - self.f.value(0.5) + e.square() / (2.0 * g * c_squared) - e / 4.0;
        (at_local + sigma * growth.max(Interval::point(0.0))).hi() <= 0.0
    }

    /// Near `n = pi/4 - m`, for `m` up to `reach`: with `|f''| >= g` around the touching point `y_0`,
    /// `M <= f_0 + (e/sqrt 2)(1-2y_0) cos m + (c^2 f_0' - e s)^2/(2 g c^2) + (s^2 f_0' - e c)^2/(2 g s^2)`, whose
    /// brackets are at most `e (3m + m^2/2)/sqrt 2` and `e 3m/sqrt 2` up to `|f_0' - sqrt 2 e|`.
    fn settles_centre(&self, centre: f64, reach: f64, pieces: u32) -> bool {
        let e = self.premium;
        let (most, least) = (0.5 + Interval::point(reach), 0.5 - Interval::point(reach));
        let low = self.where_slope_is((1.001 * e * most.sqrt() / least).hi()).min(centre);
        let high = self.where_slope_is((0.999 * e * least.sqrt() / most).lo()).max(centre);
        let enclosed = (least * self.f.slope(low) - e * most.sqrt()).lo() >= 0.0
            && (most * self.f.slope(high) - e * least.sqrt()).hi() <= 0.0;
        if !enclosed {
            return false;
        }
        // y_x lies above the centre, y_z below.
        let (g_x, g_z) =
            (self.least_curvature(centre, high, pieces / 4), self.least_curvature(low, centre, pieces / 4));
        if g_x <= 0.0 || g_z <= 0.0 {
            return false;
        }
        let root_two = Interval::point(2.0).sqrt();
        let correlation = 1.0 - 2.0 * Interval::point(centre);
        let missed = self.f.slope(centre) - root_two * e;
        // (x + r)^2 <= (1 + h) x^2 + (1 + 1/h) r^2.
        let stray =
            (1.0 + 1.0 / SHARE) * missed.square() * (1.0 / Interval::point(g_x) + 0.5 / (g_z * least));
        let top = self.f.value(centre) + e / root_two * correlation + stray;
        let bend = e / root_two * correlation * (0.5 - reach * reach / 24.0);
        let three = 3.0 + Interval::point(reach) / 2.0;
        let brackets =
            (1.0 + SHARE) * e.square() * (three.square() / (2.0 * g_x) + 9.0 / (4.0 * g_z * least));
        let growth = (brackets - bend).max(Interval::point(0.0));
        (top + reach * reach * growth).hi() <= 0.0
    }

    /// For `c^2` between `low` and `high`: `max_y c^2 f - e s y` is convex in `(c^2, s)` and falls with `s`, so on an
    /// interval of `c^2` it lies below its chord, and likewise the other part; `c + s` lies below its tangent.
    fn settles_between(&self, low: f64, high: f64, ladder: &Ladder) -> bool {
        let end = |c_squared: f64| (c_squared, self.maxima(ladder, c_squared));
        let mut pieces = vec![(end(low), end(high))];
        for _ in 0..MOST_PIECES {
            let Some((left, right)) = pieces.pop() else { return true };
            let middle = left.0 + (right.0 - left.0) / 2.0;
            let (c, s) = (Interval::point(middle).sqrt(), (1.0 - Interval::point(middle)).sqrt());
            let steepness = 0.5 / c - 0.5 / s;
            let below = |(c_squared, maxima): (f64, Interval)| {
                let tangent = c + s + steepness * (Interval::point(c_squared) - middle);
                (maxima + self.premium / 2.0 * tangent).hi() <= 0.0
            };
            if below(left) && below(right) {
                continue;
            }
            if right.0 - left.0 < NARROWEST {
                return false;
            }
            let between = end(middle);
            pieces.push((left, between));
            pieces.push((between, right));
        }
        false
    }

    /// Upper bound of `max_y (c^2 f - e s y) + max_y (s^2 f - e c y)`.
    fn maxima(&self, ladder: &Ladder, c_squared: f64) -> Interval {
        let e = self.premium;
        let c_squared = Interval::point(c_squared);
        let s_squared = 1.0 - c_squared;
        let (c, s) = (c_squared.sqrt(), s_squared.sqrt());
        c_squared * ladder.most(e * s / c_squared) + s_squared * ladder.most(e * c / s_squared)
    }

    /// A lower bound of `|f''|` between two points.
    fn least_curvature(&self, low: f64, high: f64, pieces: u32) -> f64 {
        let ratio = libm::pow(high / low, 1.0 / f64::from(pieces));
        let mut end = low;
        (1..=pieces).fold(f64::INFINITY, |least, piece| {
            let next = if piece == pieces { high } else { (end * ratio).min(high) };
            let here = -self.f.curvature(Interval::new(end, next)).hi();
            end = next;
            least.min(here)
        })
    }

    /// About where the derivative has a value: a secant method in `ln((1-y)/y)`, in which the derivative is nearly a
    /// straight line.
    fn where_slope_is(&self, target: f64) -> f64 {
        let minority = |logit: f64| 1.0 / (1.0 + libm::exp(logit));
        let miss = |logit: f64| middle(self.f.slope(minority(logit))) - target;
        let (mut low, mut high) = ((0.0, -target), (4.0, miss(4.0)));
        while high.1 < 0.0 && high.0 < LARGEST_LOGIT {
            low = high;
            let next = (high.0 * 2.0).min(LARGEST_LOGIT);
            high = (next, miss(next));
        }
        for _ in 0..24 {
            if high.1 < 0.0 || (high.0 - low.0) < 1e-12 * high.0 {
                break;
            }
            let secant = low.0 - low.1 * (high.0 - low.0) / (high.1 - low.1);
            let inner = secant.clamp(low.0 + 1e-3 * (high.0 - low.0), high.0 - 1e-3 * (high.0 - low.0));
            let next = if inner.is_finite() { inner } else { f64::midpoint(low.0, high.0) };
            let missed = miss(next);
            if missed.abs() <= 4.0 * f64::EPSILON * target {
                return minority(next);
            }
            if missed < 0.0 { low = (next, missed) } else { high = (next, missed) }
        }
        let nearest = if -low.1 < high.1.abs() { low.0 } else { high.0 };
        minority(nearest)
    }
}

/// Tangents of `f` at growing `y`.
struct Ladder {
    rungs: Vec<Rung>,
}

/// How densely tangents touch around the centre and towards 1/2.
struct Spacing {
    near_centre: i32,
    centre_ratio: f64,
    near_local: u32,
    local_ratio: f64,
}

struct Rung {
    y: Interval,
    value: Interval,
    slope: Interval,
}

impl Ladder {
    /// Finer around one point, and towards 1/2 so that distances from there grow by a constant factor.
    fn new(f: &impl Concave, centre: f64, spacing: &Spacing) -> Self {
        let coarse = (0..COARSE_RUNGS).map(|k| 0.5 * libm::pow(COARSE, f64::from(k)));
        let fine = (-spacing.near_centre..=spacing.near_centre)
            .map(|k| centre * libm::pow(spacing.centre_ratio, f64::from(k)));
        let local = (0..spacing.near_local)
            .map(|k| 0.5 - NEAREST_LOCAL * libm::pow(spacing.local_ratio, f64::from(k)));
        let mut points: Vec<f64> = coarse.chain(fine).chain(local).filter(|&y| y > 0.0 && y <= 0.5).collect();
        points.sort_by(f64::total_cmp);
        points.dedup();
        let rung = |y: f64| Rung { y: Interval::point(y), value: f.value(y), slope: f.slope(y) };
        Self { rungs: points.into_iter().map(rung).collect() }
    }

    /// An upper bound of `f(y) - k y` over [0, 1/2].
    fn most(&self, k: Interval) -> Interval {
        let after = self.rungs.partition_point(|rung| rung.slope.lo() >= k.hi());
        let below = after.checked_sub(1).and_then(|before| self.rungs.get(before));
        let height = |rung: &Rung| rung.value - k * rung.y;
        // Where rounding leaves open whether a tangent falls: what it may rise by on the way to 1/2.
        let stray = |rung: &Rung| 0.5 * (rung.slope - k).max(Interval::point(0.0));
        match (below, self.rungs.get(after)) {
            // Two tangents that slope towards each other meet above the maximum.
            (Some(left), Some(right)) => {
                let (rise, fall) = (left.slope - k, (k - right.slope).max(Interval::point(0.0)));
                let gap = right.y - left.y;
                let (from, to) = (height(left), height(right));
                let steps = rise + fall;
                let simple = from + rise * gap + stray(right);
                if (k - right.slope).lo() < 0.0 || steps.lo() <= 0.0 {
                    return simple;
                }
                let meeting = (from * fall + to * rise + rise * fall * gap) / steps;
                if meeting.hi() <= simple.hi() { meeting } else { simple }
            }
            (Some(last), None) => height(last) + (last.slope - k) * (0.5 - last.y),
            // Falling from the first rung on: largest at y = 0.
            (None, Some(first)) => first.value - first.slope * first.y + stray(first),
            (None, None) => Interval::ENTIRE,
        }
    }
}

fn middle(interval: Interval) -> f64 {
    interval.lo() + (interval.hi() - interval.lo()) / 2.0
}

/// Largest `s^2` of the neighbourhood of the local point, to be tried in turn.
const LOCAL_REACHES: [f64; 3] = [0.06, 0.02, 5e-3];

/// Largest angle from `pi/4`, to be tried in turn.
const CENTRAL_REACHES: [f64; 4] = [0.02, 0.01, 5e-3, 2e-3];

/// Into how many pieces an interval is cut for a bound of the curvature, to be tried in turn.
const FINENESS: [u32; 3] = [12, 48, 192];

/// Share of a square given to the stray of the touching point.
const SHARE: f64 = 1.0 / 1024.0;

const COARSE: f64 = 0.7;
const COARSE_RUNGS: u32 = 60;
const NEAREST_LOCAL: f64 = 0.02;

/// To be tried in turn.
const LADDERS: [Spacing; 2] = [
    Spacing { near_centre: 14, centre_ratio: 1.04, near_local: 22, local_ratio: 1.15 },
    Spacing { near_centre: 100, centre_ratio: 1.006, near_local: 100, local_ratio: 1.03 },
];

/// `y` of about `e^-250`: no correlation of use is nearer to 1.
const LARGEST_LOGIT: f64 = 250.0;

const NARROWEST: f64 = 1e-7;
const MOST_PIECES: usize = 5_000;
