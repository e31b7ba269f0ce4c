//! One-dimensional searches, and the single-round functions in plain floating point.

use diqkd_core::WinProbability;

use crate::params::SingleRound;

/// The least threshold and the greatest winning probability that searches visit.
pub(crate) const SEARCH_OMEGA: (f64, f64) = (0.75 + 1e-9, WinProbability::QUANTUM_MAX - 1e-6);

/// The abscissa of the maximum of a unimodal function, by golden section.
pub(crate) fn argmax(mut low: f64, mut high: f64, steps: usize, mut f: impl FnMut(f64) -> f64) -> f64 {
    let ratio = (5f64.sqrt() - 1.0) / 2.0;
    let mut left = high - ratio * (high - low);
    let mut right = low + ratio * (high - low);
    let (mut at_left, mut at_right) = (f(left), f(right));
    for _ in 0..steps {
        if at_left >= at_right {
            high = right;
            (right, at_right) = (left, at_left);
            left = high - ratio * (high - low);
            at_left = f(left);
        } else {
            low = left;
            (left, at_left) = (right, at_right);
            right = low + ratio * (high - low);
            at_right = f(right);
        }
    }
    if at_left >= at_right { left } else { right }
}

/// The abscissa of the maximum of a function with several peaks, each wider than a `places`-th of the range: the best of so
/// many places, then a golden section around it.
pub(crate) fn argmax_of_peaks(
    low: f64,
    high: f64,
    places: u32,
    steps: usize,
    mut f: impl FnMut(f64) -> f64,
) -> f64 {
    let distance = (high - low) / f64::from(places - 1);
    let (mut best, mut at_best) = (low, f64::NEG_INFINITY);
    for i in 0..places {
        let place = low + f64::from(i) * distance;
        let value = f(place);
        if value > at_best {
            (best, at_best) = (place, value);
        }
    }
    let peak = argmax((best - distance).max(low), (best + distance).min(high), steps, &mut f);
    if f(peak) >= at_best { peak } else { best }
}

/// The zero of a decreasing function, or the nearer end.
pub(crate) fn zero_of_decreasing(mut low: f64, mut high: f64, f: impl Fn(f64) -> f64) -> f64 {
    for _ in 0..60 {
        let middle = low + (high - low) / 2.0;
        if f(middle) > 0.0 { low = middle } else { high = middle }
    }
    low + (high - low) / 2.0
}

/// `sqrt v` with `v = (4w - 1)(4w - 3)` clipped to [0, 1].
pub(crate) fn correlation(omega: f64) -> f64 {
    ((4.0 * omega - 1.0) * (4.0 * omega - 3.0)).clamp(0.0, 1.0).sqrt()
}

/// `1 - h((1 + sqrt v)/2)` and its derivative.
pub(crate) fn chsh_entropy(omega: f64) -> (f64, f64) {
    let x = correlation(omega);
    let (p, rest) = ((1.0 + x) / 2.0, (1.0 - x) / 2.0);
    let value = 1.0 + p * libm::log2(p) + if rest > 0.0 { rest * libm::log2(rest) } else { 0.0 };
    (value, libm::log2(p / rest) / 2.0 * (16.0 * omega - 8.0) / x)
}

/// The same after a flip with probability `q`: `1 - h((1 + x)/2) + h((1 + y)/2)`, `y^2 = 1 - 4q(1-q)(1 - x^2)`.
fn flipped_entropy(q: f64, omega: f64) -> (f64, f64) {
    let (plain, plain_slope) = chsh_entropy(omega);
    let (x, x_slope) = one_basis_correlation(omega);
    let (gain, gain_slope) = flip_gain(q, x);
    (plain + gain, plain_slope + gain_slope * x_slope)
}

/// `h((1 + y)/2)` with `y^2 = 1 - 4q(1-q)(1 - x^2)`, and its derivative in `x`; nothing without flips.
fn flip_gain(q: f64, x: f64) -> (f64, f64) {
    if q == 0.0 {
        return (0.0, 0.0);
    }
    let k = 4.0 * q * (1.0 - q);
    let y = (1.0 - k * (1.0 - x * x)).max(0.0).sqrt();
    let ratio = if y > 0.0 { libm::atanh(y.min(1.0 - 1e-15)) / y } else { 1.0 };
    (diqkd_core::binary_entropy((1.0 + y) / 2.0), -k * ratio / core::f64::consts::LN_2 * x)
}

/// The convex hull of the two-basis curve; with flips the curve itself, which is a little above near the local point.
fn two_basis_entropy(q: f64, omega: f64) -> (f64, f64) {
    let curve = |omega: f64| {
        let (x, x_slope) = two_basis_correlation(omega);
        let (p, rest) = ((1.0 + x) / 2.0, (1.0 - x) / 2.0);
        let plain = (1.0 - diqkd_core::binary_entropy(p), libm::log2(p / rest) / 2.0 * x_slope);
        let added = flip_gain(q, x);
        (plain.0 + added.0, plain.1 + added.1 * x_slope)
    };
    if omega > TOUCHING_OMEGA || q > 0.0 {
        return curve(omega);
    }
    let slope = curve(TOUCHING_OMEGA).0 / (TOUCHING_OMEGA - WinProbability::LOCAL_MAX);
    (slope * (omega - WinProbability::LOCAL_MAX), slope)
}

/// Entropy per round and its derivative, key and test rounds in their proportion.
pub(crate) fn entropy_per_round(bound: SingleRound, gamma: f64, omega: f64) -> (f64, f64) {
    let mixed = |key: (f64, f64), test: (f64, f64)| {
        ((1.0 - gamma) * key.0 + gamma * test.0, (1.0 - gamma) * key.1 + gamma * test.1)
    };
    match bound {
        SingleRound::Chsh => chsh_entropy(omega),
        SingleRound::NoisyPreprocessing { q } | SingleRound::BiasedSettings { q, .. } => {
            mixed(flipped_entropy(q, omega), chsh_entropy(omega))
        }
        SingleRound::ChshTwoBasisTests => mixed(chsh_entropy(omega), two_basis_entropy(0.0, omega)),
        SingleRound::TwoBases => two_basis_entropy(0.0, omega),
        SingleRound::NoisyTwoBasisTests { q } => {
            mixed(flipped_entropy(q, omega), two_basis_entropy(0.0, omega))
        }
        SingleRound::NoisyTwoBases { q } => mixed(two_basis_entropy(q, omega), two_basis_entropy(0.0, omega)),
    }
}

/// Where the line from the local point touches the two-basis curve (S = 2.26524).
const TOUCHING_OMEGA: f64 = 0.783_155;

/// `sqrt v` of the two-basis curve at a winning probability, and its derivative.
pub(crate) fn two_basis_correlation(omega: f64) -> (f64, f64) {
    let at = |c: f64| {
        let spread = (c * c + 4.0).sqrt();
        let (r, rest) = ((c + spread) / 2.0, 1.0 - c * c);
        let s = 2.0 * c + 2.0 * rest * r;
        let s_slope = 2.0 - 4.0 * c * r + 2.0 * rest * r / spread;
        let v = rest * (1.0 + c * c * r * r);
        let v_slope = -2.0 * c * (1.0 + c * c * r * r) + 2.0 * rest * c * r * (r + c * r / spread);
        (s, s_slope, v, v_slope)
    };
    let target = 8.0 * omega - 4.0;
    let (mut low, mut high) = (core::f64::consts::FRAC_1_SQRT_2, 1.0);
    let mut c = high - (target - 2.0) / 0.828_427_124_746_19 * (high - low);
    for _ in 0..20 {
        let (s, s_slope, _, _) = at(c);
        if s > target {
            low = c
        } else {
            high = c
        }
        let newton = c - (s - target) / s_slope;
        if (newton - c).abs() < 1e-15 {
            break;
        }
        c = if newton > low && newton < high { newton } else { f64::midpoint(low, high) };
    }
    let (_, s_slope, v, v_slope) = at(c);
    let x = v.clamp(0.0, 1.0).sqrt();
    (x, v_slope / s_slope * 8.0 / (2.0 * x))
}

/// `sqrt v` of one basis and its derivative.
pub(crate) fn one_basis_correlation(omega: f64) -> (f64, f64) {
    let x = correlation(omega);
    (x, (16.0 * omega - 8.0) / x)
}

/// `ln G` of the sandwiched Rényi functional with order minus 1 `order` and flip probability `q`, and its derivative
/// along a path on which `x = sqrt v` has derivative `x_slope`.
pub(crate) fn renyi(order: f64, q: f64, (x, x_slope): (f64, f64)) -> (f64, f64) {
    let (p, rest) = ((1.0 + x) / 2.0, (1.0 - x) / 2.0);
    let alpha = 1.0 + order;
    let tilt = |y: f64| libm::expm1(-(order / alpha) * libm::log(y));
    let (tilt_p, tilt_rest) = (tilt(p), tilt(rest));
    let (gain_p, gain_rest) = (p * tilt_p, if rest > 0.0 { rest * tilt_rest } else { 0.0 });
    let excess = gain_p + gain_rest;
    let n = 1.0 + excess;
    let ln_n = libm::log1p(excess);
    let n_slope = (tilt_p - tilt_rest) / (2.0 * alpha) * x_slope;
    let scale = alpha * libm::exp2(-order);
    if q == 0.0 {
        return (alpha * ln_n - order * core::f64::consts::LN_2, scale * libm::exp(order * ln_n) * n_slope);
    }
    let flips = q * (1.0 - q);
    let product = libm::exp((libm::log(p) + libm::log(rest)) / alpha);
    let difference = x + gain_p - gain_rest;
    let spread = (difference * difference + 4.0 * (1.0 - 2.0 * q) * (1.0 - 2.0 * q) * product).sqrt();
    let plus = (n + spread) / 2.0;
    let minus = 4.0 * flips * product / plus;
    let power = |mu: f64| if mu > 0.0 { libm::expm1(order * libm::log(mu)) } else { -1.0 };
    let weighted = (plus * power(plus) + minus * power(minus)) / n;
    let product_slope = -product * x / (2.0 * alpha * p * rest) * x_slope;
    let spread_slope = (n * n_slope - 8.0 * flips * product_slope) / spread;
    let slope = n_slope
        + power(plus) * (n_slope + spread_slope) / 2.0
        + power(minus) * (n_slope - spread_slope) / 2.0;
    (ln_n + libm::log1p(weighted) - order * core::f64::consts::LN_2, scale * slope)
}
