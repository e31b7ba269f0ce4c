//! Enclosures of the single-round functions at intervals of winning probabilities.

use crate::interval::Interval;

/// The quantum maximum `(2 + sqrt 2) / 4` of the winning probability, rounded up.
pub(super) const OMEGA_MAX_UP: f64 = diqkd_core::WinProbability::QUANTUM_MAX.next_up();

/// `x = sqrt v` with `v = (4w - 1)(4w - 3)` clipped to [0, 1], and `p = (1 + x)/2`, `1 - p`.
#[derive(Clone, Copy)]
pub(super) struct Correlation {
    pub(super) x: Interval,
    pub(super) p: Interval,
    pub(super) one_minus_p: Interval,
}

impl Correlation {
    pub(super) fn at(omega: Interval) -> Self {
        let (zero, one) = (Interval::point(0.0), Interval::point(1.0));
        let v = ((4.0 * omega - 1.0) * (4.0 * omega - 3.0)).max(zero).min(one);
        let x = v.sqrt().min(one);
        let one_minus_p = ((1.0 - v) / (2.0 * (1.0 + x))).max(zero);
        Self { x, p: ((1.0 + x) / 2.0).min(one), one_minus_p }
    }

    /// `dx/dw = (16 w - 8) / x`.
    pub(super) fn slope(self, omega: Interval) -> Interval {
        (16.0 * omega - 8.0) / self.x
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

/// `1 - h((1 + sqrt v)/2)`: the conditional von Neumann entropy bound of one round.
pub(super) fn chsh_entropy(omega: Interval) -> Interval {
    let correlation = Correlation::at(omega);
    1.0 - entropy_part(correlation.p) - entropy_part(correlation.one_minus_p)
}

/// Its derivative with respect to the winning probability.
pub(super) fn chsh_entropy_slope(omega: Interval) -> Interval {
    let correlation = Correlation::at(omega);
    (correlation.p / correlation.one_minus_p).log2() / 2.0 * correlation.slope(omega)
}

/// The sandwiched Rényi functional `G` of order `alpha` for a bit that is flipped with probability `q`:
/// `2^(1-alpha) (mu_+^alpha + mu_-^alpha)` with
/// `mu_pm = (N +- sqrt(N^2 - 16 q (1-q) (p (1-p))^(1/alpha)))/2`, `N = p^(1/alpha) + (1-p)^(1/alpha)`.
///
/// `G - 1` is of the order of `alpha - 1`; everything is arranged so that it is known to that relative accuracy.
#[derive(Clone, Copy)]
pub(super) struct RenyiFunctional {
    /// `alpha - 1`.
    pub(super) order: f64,
    /// Flip probability.
    pub(super) q: f64,
}

impl RenyiFunctional {
    /// `ln G`.
    pub(super) fn ln(self, omega: Interval) -> Interval {
        let parts = self.parts(omega);
        let weighted = match parts.mu {
            None => parts.ln_n * self.order,
            Some((plus, minus)) => {
                let share = |mu: Interval| mu / parts.n * (self.order * mu.ln()).exp_m1();
                (share(plus) + small_power(minus, self.order, parts.n)).ln_1p()
            }
        };
        parts.ln_n + weighted - self.order * Interval::ln_2()
    }

    /// `dG/dw`.
    pub(super) fn slope(self, omega: Interval) -> Interval {
        let parts = self.parts(omega);
        let alpha = 1.0 + Interval::point(self.order);
        let correlation = parts.correlation;
        let root = 1.0 / alpha;
        let n_slope = root / 2.0 * (parts.tilt_p - parts.tilt_rest) * correlation.slope(omega);
        let scale = alpha * (-(self.order * Interval::ln_2())).exp();
        match parts.mu {
            None => scale * (self.order * parts.ln_n).exp() * n_slope,
            Some((plus, minus)) => {
                let product_slope = -(root * parts.product * correlation.x)
                    / (2.0 * correlation.p * correlation.one_minus_p)
                    * correlation.slope(omega);
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

    fn parts(self, omega: Interval) -> Parts {
        let correlation = Correlation::at(omega);
        let alpha = 1.0 + Interval::point(self.order);
        let power = self.order / alpha;
        let tilt = |p: Interval| (-(power * p.ln())).exp_m1();
        let (tilt_p, tilt_rest) = (tilt(correlation.p), tilt(correlation.one_minus_p));
        let excess = correlation.p * tilt_p + small_tilt(correlation.one_minus_p, power);
        let n = 1.0 + excess;
        let product = ((correlation.p.ln() + correlation.one_minus_p.ln()) / alpha).exp();
        let mu = (self.q > 0.0).then(|| {
            let spread = (n.square() - self.flips() * 16.0 * product).sqrt();
            let plus = (n + spread) / 2.0;
            (plus, self.flips() * 4.0 * product / plus)
        });
        Parts { correlation, tilt_p, tilt_rest, n, ln_n: excess.ln_1p(), product, mu }
    }
}

struct Parts {
    correlation: Correlation,
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
