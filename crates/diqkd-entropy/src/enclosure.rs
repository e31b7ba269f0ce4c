//! Enclosures of the single-round functions: certified values, nothing searched.

mod bell;
mod both_bases;
mod jet;
mod two_basis;

pub(crate) use bell::{below_maximum, below_maximum_at, most, squares_apart};
pub(crate) use both_bases::{BothBases, Concave};
pub(crate) use jet::Jet;
pub(crate) use two_basis::TwoBasisPoint;

use crate::interval::Interval;

/// The quantum maximum `(2 + sqrt 2) / 4` of the winning probability, rounded up.
pub(crate) const OMEGA_MAX_UP: f64 = diqkd_core::WinProbability::QUANTUM_MAX.next_up();

/// `x = sqrt v` for a squared correlation `v` in [0, 1], with `p = (1 + x)/2` and `1 - p`.
#[derive(Clone, Copy)]
pub(crate) struct Correlation {
    pub(crate) x: Interval,
    p: Interval,
    one_minus_p: Interval,
}

impl Correlation {
    /// `v = 0`.
    pub(crate) fn none() -> Self {
        Self::thin(0.5)
    }

    /// `v = 1`.
    pub(crate) fn full() -> Self {
        Self::thin(0.0)
    }

    /// From `y = (1 - sqrt v)/2`, exactly.
    pub(crate) fn with_minority(y: f64) -> Self {
        Self::thin(y)
    }

    /// From enclosures of `v` and of `1 - v`, both clipped to [0, 1].
    pub(crate) fn new(v: Interval, one_minus_v: Interval) -> Self {
        let (zero, one) = (Interval::point(0.0), Interval::point(1.0));
        let x = v.max(zero).min(one).sqrt().min(one);
        let one_minus_p = (one_minus_v.max(zero).min(one) / (2.0 * (1.0 + x))).max(zero);
        Self { x, p: ((1.0 + x) / 2.0).min(one), one_minus_p }
    }

    /// `v = (4w - 1)(4w - 3)` of a winning probability.
    pub(crate) fn at_omega(omega: Interval) -> Self {
        let v = (4.0 * omega - 1.0) * (4.0 * omega - 3.0);
        Self::new(v, 1.0 - v)
    }

    /// `v = S^2/4 - a^2` of a CHSH value with weight `a`.
    pub(crate) fn at_bell_value(value: f64, weight: f64) -> Self {
        let (half, weight_box) = (Interval::point(value / 2.0), Interval::point(weight));
        Self::new((half - weight_box) * (half + weight_box), squares_apart(value, weight) / 4.0)
    }

    /// From an enclosure of `y = (1 - sqrt v)/2` inside [0, 1/2].
    pub(crate) fn with_minority_in(y: Interval) -> Self {
        Self { x: (1.0 - 2.0 * y).max(Interval::point(0.0)), p: 1.0 - y, one_minus_p: y }
    }

    /// `(1 - sqrt v)/2`.
    pub(crate) fn minority(self) -> Interval {
        self.one_minus_p
    }

    /// `dx/dw = (16 w - 8) / x` for `v = (4w - 1)(4w - 3)`.
    pub(crate) fn slope_in_omega(self, omega: Interval) -> Interval {
        (16.0 * omega - 8.0) / self.x
    }

    /// `sqrt(1 - v) = 2 sqrt(p (1-p))`.
    pub(crate) fn complement(self) -> Interval {
        2.0 * (self.p * self.one_minus_p).sqrt()
    }

    /// Encloses a monotone function of `v` from its values at the two ends.
    fn ends(self, f: impl Fn(Self) -> Interval) -> Interval {
        let (least, most) = (self.one_minus_p.lo(), self.one_minus_p.hi().min(0.5));
        if least > 0.5 {
            Interval::ENTIRE
        } else if least == most {
            f(Self::thin(least))
        } else {
            f(Self::thin(least)).hull(f(Self::thin(most)))
        }
    }

    fn thin(one_minus_p: f64) -> Self {
        let y = Interval::point(one_minus_p);
        Self::with_minority_in(y)
    }
}

/// `-y log2 y`, with value 0 at 0; increasing up to 1/e.
fn entropy_part(y: Interval) -> Interval {
    let natural = |y: Interval| -(y * y.log2());
    if y.lo() > 0.0 { natural(y) } else { up_from_zero(y, natural) }
}

/// Encloses a function on `[0, y]` that vanishes at 0 and increases up to 1/4.
fn up_from_zero(y: Interval, f: impl Fn(Interval) -> Interval) -> Interval {
    if y.hi() > 0.25 {
        Interval::ENTIRE
    } else if y.hi() <= 0.0 {
        Interval::point(0.0)
    } else {
        f(Interval::point(y.hi())).hull(Interval::point(0.0))
    }
}

/// `h((1 + x)/2)`.
fn side_entropy(correlation: Correlation) -> Interval {
    entropy_part(correlation.p) + entropy_part(correlation.one_minus_p)
}

/// The conditional von Neumann entropy of a bit flipped with probability `q`:
/// `F = 1 - h((1 + sqrt v)/2) + h((1 + sqrt(1 - k (1-v)))/2)`, `k = 4q(1-q)`; convex and increasing in `v`.
#[derive(Clone, Copy)]
pub(crate) struct VonNeumann {
    pub(crate) q: f64,
}

impl VonNeumann {
    pub(crate) fn value(self, correlation: Correlation) -> Interval {
        correlation.ends(|thin| {
            let plain = 1.0 - side_entropy(thin);
            if self.q == 0.0 { plain } else { plain + self.flipped(thin).ends(side_entropy) }
        })
    }

    /// `dF/dv = (atanh(x)/x - k atanh(y)/y) / (2 ln 2)` with `y = sqrt(1 - k (1-v))`.
    pub(crate) fn slope_in_v(self, correlation: Correlation) -> Interval {
        // F is convex in v, so that its slope at the two ends encloses the slope between; term by term the parts, which
        // nearly cancel for flips near 1/2, would be enclosed too widely.
        let mixed = correlation.ends(|thin| {
            let plain = inverse_tangent_ratio(thin);
            if self.q == 0.0 {
                plain
            } else {
                plain - self.spread() * self.flipped(thin).ends(inverse_tangent_ratio)
            }
        });
        mixed / (2.0 * Interval::ln_2())
    }

    /// Encloses `d^2F/dv^2`.
    pub(crate) fn curvature_in_v(self, correlation: Correlation) -> Interval {
        let minority = correlation.one_minus_p;
        if minority.lo() < 0.0 || minority.lo() > 0.5 {
            return Interval::ENTIRE;
        }
        // T' increases in its argument, so that each part is known from the ends.
        let ends = [minority.hi().min(0.5), minority.lo()].map(Correlation::thin);
        let [plain_least, plain_most] = ends.map(inverse_tangent_ratio_slope);
        let (least, most) = if self.q == 0.0 {
            (plain_least, plain_most)
        } else {
            let [mixed_least, mixed_most] =
                ends.map(|end| self.spread().square() * self.flipped(end).ends(inverse_tangent_ratio_slope));
            (plain_least - mixed_most, plain_most - mixed_least)
        };
        let scale = 2.0 * Interval::ln_2();
        Interval::new((least / scale).lo(), (most / scale).hi())
    }

    /// The entropy of a bit that Eve knows before the flip: the value at `v = 0`.
    pub(crate) fn local(self) -> Interval {
        self.value(Correlation::none())
    }

    fn spread(self) -> Interval {
        4.0 * Interval::point(self.q) * (1.0 - Interval::point(self.q))
    }

    fn flipped(self, correlation: Correlation) -> Correlation {
        let one_minus_v = 4.0 * correlation.p * correlation.one_minus_p;
        let rest = self.spread() * one_minus_v;
        Correlation::new(1.0 - rest, rest)
    }
}

/// Value and derivative of the CHSH von Neumann bound at a winning probability.
pub(crate) fn chsh_tangent(omega: Interval) -> (Interval, Interval) {
    let correlation = Correlation::at_omega(omega);
    let bound = VonNeumann { q: 0.0 };
    (bound.value(correlation), bound.slope_in_v(correlation) * (32.0 * omega - 16.0))
}

/// `atanh(x)/x = 1 + v/3 + v^2/5 + ...`, increasing in `v`.
fn inverse_tangent_ratio(thin: Correlation) -> Interval {
    if thin.x.hi() > 0.05 {
        return (thin.p / thin.one_minus_p).ln() / (2.0 * thin.x);
    }
    // Horner form; what is left out is below v^8 / (17 (1 - v)).
    let v = thin.x.square();
    let left_out = Interval::new(0.0, (v.square().square().square() / 16.0).hi());
    [15.0, 13.0, 11.0, 9.0, 7.0, 5.0, 3.0, 1.0]
        .into_iter()
        .fold(Interval::point(0.0), |sum, odd| sum * v + 1.0 / Interval::point(odd))
        + left_out
}

/// The derivative of `atanh(x)/x` in `v`: `1/3 + 2v/5 + 3 v^2/7 + ...`, increasing in `v`.
fn inverse_tangent_ratio_slope(thin: Correlation) -> Interval {
    let v = thin.x.square();
    if thin.x.hi() > 0.25 {
        return (1.0 / (4.0 * thin.p * thin.one_minus_p) - inverse_tangent_ratio(thin)) / (2.0 * v);
    }
    // Horner form; what is left out is below v^8 / (2 (1 - v)).
    let left_out = Interval::new(0.0, v.square().square().square().hi());
    (0..8u32).rev().fold(Interval::point(0.0), |sum, j| {
        sum * v + f64::from(j + 1) / Interval::point(f64::from(2 * j + 3))
    }) + left_out
}

/// The sandwiched Rényi functional `G` of order `alpha` for a bit that is flipped with probability `q`:
/// `2^(1-alpha) (mu_+^alpha + mu_-^alpha)` with
/// `mu_pm = (N +- sqrt(N^2 - 16 q (1-q) (p (1-p))^(1/alpha)))/2`, `N = p^(1/alpha) + (1-p)^(1/alpha)`.
///
/// `G - 1` is of the order of `alpha - 1`; everything is arranged so that it is known to that relative accuracy.
#[derive(Clone, Copy)]
pub(crate) struct RenyiFunctional {
    /// `alpha - 1`.
    pub(crate) order: f64,
    /// Flip probability.
    pub(crate) q: f64,
}

impl RenyiFunctional {
    /// `ln G`, decreasing in `v`.
    pub(crate) fn ln(self, correlation: Correlation) -> Interval {
        correlation.ends(|thin| self.ln_at(thin))
    }

    fn ln_at(self, correlation: Correlation) -> Interval {
        let parts = self.parts(correlation);
        let weighted = match parts.mu {
            None => parts.ln_n * self.order,
            Some((plus, minus)) => {
                let share = |mu: Interval| mu / parts.n * (self.order * mu.ln()).exp_m1();
                (share(plus) + small_power(minus, self.order, parts.n)).ln_1p()
            }
        };
        parts.ln_n + weighted - self.order * Interval::ln_2()
    }

    /// The derivative of `G` along a path on which `x = sqrt v` has derivative `x_slope`.
    pub(crate) fn slope(self, correlation: Correlation, x_slope: Interval) -> Interval {
        let parts = self.parts(correlation);
        let alpha = 1.0 + Interval::point(self.order);
        let root = 1.0 / alpha;
        let n_slope = root / 2.0 * (parts.tilt_p - parts.tilt_rest) * x_slope;
        let scale = alpha * (-(self.order * Interval::ln_2())).exp();
        match parts.mu {
            None => scale * (self.order * parts.ln_n).exp() * n_slope,
            Some((plus, minus)) => {
                let product_slope = -(root * parts.product * correlation.x)
                    / (2.0 * correlation.p * correlation.one_minus_p)
                    * x_slope;
                let root_slope = (parts.n * n_slope - self.flips() * 8.0 * product_slope) / (plus - minus);
                let plus_slope = (n_slope + root_slope) / 2.0;
                let minus_slope = (n_slope - root_slope) / 2.0;
                scale
                    * (n_slope
                        + (self.order * plus.ln()).exp_m1() * plus_slope
                        + (self.order * minus.ln()).exp_m1() * minus_slope)
            }
        }
    }

    fn flips(self) -> Interval {
        Interval::point(self.q) * (1.0 - Interval::point(self.q))
    }

    fn parts(self, correlation: Correlation) -> Parts {
        let alpha = 1.0 + Interval::point(self.order);
        let power = self.order / alpha;
        let tilt = |p: Interval| (-(power * p.ln())).exp_m1();
        let (tilt_p, tilt_rest) = (tilt(correlation.p), tilt(correlation.one_minus_p));
        let (gain_p, gain_rest) = (correlation.p * tilt_p, small_tilt(correlation.one_minus_p, power));
        let excess = gain_p + gain_rest;
        let n = 1.0 + excess;
        let product = ((correlation.p.ln() + correlation.one_minus_p.ln()) / alpha).exp();
        let mu = (self.q > 0.0).then(|| {
            // N^2 - 16 q (1-q) P = (p^(1/alpha) - (1-p)^(1/alpha))^2 + 4 (1-2q)^2 P, without cancellation.
            let difference = correlation.x + gain_p - gain_rest;
            let unflipped = 1.0 - 2.0 * Interval::point(self.q);
            let spread = (difference.square() + 4.0 * unflipped.square() * product).sqrt();
            let plus = (n + spread) / 2.0;
            (plus, self.flips() * 4.0 * product / plus)
        });
        Parts { tilt_p, tilt_rest, n, ln_n: excess.ln_1p(), product, mu }
    }
}

struct Parts {
    tilt_p: Interval,
    tilt_rest: Interval,
    n: Interval,
    ln_n: Interval,
    product: Interval,
    mu: Option<(Interval, Interval)>,
}

/// `y (y^-power - 1)`, with value 0 at 0; increasing up to `(1 - power)^(1/power)`, which is at least 1/4.
fn small_tilt(y: Interval, power: Interval) -> Interval {
    let natural = |y: Interval| y * (-(power * y.ln())).exp_m1();
    if y.lo() > 0.0 { natural(y) } else { up_from_zero(y, natural) }
}

/// `(mu/n) (mu^order - 1)` for `mu` that may reach 0, where its value is 0.
fn small_power(mu: Interval, order: f64, n: Interval) -> Interval {
    if mu.lo() > 0.0 {
        mu / n * (order * mu.ln()).exp_m1()
    } else {
        // mu (mu^order - 1) lies between -order mu ln(1/mu) >= -order/e and 0.
        Interval::new(-order, 0.0) / n
    }
}
