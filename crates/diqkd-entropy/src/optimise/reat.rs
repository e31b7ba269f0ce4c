//! Best order and scores of `reat` and `reat-basic` at a threshold.
//!
//! For a given order the best scores are the saddle point of a function that is convex in the scores and concave in
//! the winning probability. Its dual is a concave function of one variable,
//! `(1-gamma) G_key(w') + gamma 2^(beta h) (w'/w)^w ((g(w') - w')/(1-w))^(1-w)` with `beta = alpha - 1`, `g = G_test`
//! and `h = h(w)` for `reat`, `g = 1` and `h = 1` for `reat-basic`; the best distribution `q` is `(w, 1-w)`, and the
//! scores follow from the maximiser.

use super::scalar::{
    SEARCH_OMEGA, argmax, one_basis_correlation, renyi, two_basis_correlation, zero_of_decreasing,
};
use crate::certificate::ReatWitness;
use crate::params::SingleRound;
use crate::theorem::Theorem;

/// What the search needs to know.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Problem {
    pub(crate) theorem: Theorem,
    pub(crate) bound: SingleRound,
    pub(crate) rounds: f64,
    pub(crate) gamma: f64,
    pub(crate) omega: f64,
    /// log2 of the share of privacy amplification.
    pub(crate) eps_pa_log2: f64,
}

impl Problem {
    /// Total certified score minus the cost of privacy amplification at the best order, in bits; not rounded.
    pub(crate) fn best(&self) -> (f64, Saddle) {
        let at = |ln_order: f64| {
            let saddle = self.saddle(1.0 + libm::exp(ln_order).min(1.0));
            (self.objective(&saddle), saddle)
        };
        let ln_order = argmax(LEAST_LN_ORDER, 0.0, 44, |ln_order| at(ln_order).0);
        at(ln_order)
    }

    /// Optimal scores at an order.
    pub(crate) fn saddle(&self, alpha: f64) -> Saddle {
        let order = alpha - 1.0;
        let w = self.omega;
        let weight = if self.counts_test_entropy() { diqkd_core::binary_entropy(w) } else { 1.0 };
        let test = |omega: f64| {
            if self.counts_test_entropy() {
                let (ln_g, slope) = renyi(order, 0.0, self.test_correlation(omega));
                (libm::expm1(ln_g), slope)
            } else {
                (0.0, 0.0)
            }
        };
        let ln_z = |omega: f64| {
            let (excess, _) = test(omega);
            let spread = 1.0 + excess - omega;
            order * weight * core::f64::consts::LN_2
                + w * libm::log(omega / w)
                + (1.0 - w) * libm::log(spread / (1.0 - w))
        };
        let slope = |omega: f64| {
            let (excess, test_slope) = test(omega);
            let (_, key_slope) = renyi(order, self.bound.flip_probability(), self.key_correlation(omega));
            let spread = 1.0 + excess - omega;
            if spread <= 0.0 {
                return -1.0;
            }
            (1.0 - self.gamma) * key_slope
                + self.gamma * libm::exp(ln_z(omega)) * (w / omega + (1.0 - w) * (test_slope - 1.0) / spread)
        };
        let (low, high) = SEARCH_OMEGA;
        let omega = zero_of_decreasing(low, high, slope);
        let (ln_key, _) = renyi(order, self.bound.flip_probability(), self.key_correlation(omega));
        let excess = (1.0 - self.gamma) * libm::expm1(ln_key) + self.gamma * libm::expm1(ln_z(omega));
        // u_win/u_lose at the saddle; the score gap follows from u_c = (2^s_c / q_c)^order.
        let spread = (1.0 + test(omega).0 - omega).max(f64::MIN_POSITIVE);
        let ln_ratio = (libm::log(w / omega) + libm::log(spread / (1.0 - w))).max(0.0);
        let q_win = if self.counts_test_entropy() { w } else { 0.5 };
        let gap = ln_ratio / order / core::f64::consts::LN_2 + libm::log2(q_win / (1.0 - q_win));
        Saddle {
            alpha,
            q_win,
            gap: gap.max(0.0),
            score: -libm::log1p(excess) / order / core::f64::consts::LN_2,
        }
    }

    /// A saddle whose score is lowered to what the functional allows everywhere: a stationary point is not the maximum
    /// where the two-basis functional is not concave.
    pub(crate) fn settled(&self, saddle: Saddle) -> Saddle {
        let order = saddle.alpha - 1.0;
        let power = |score: f64| libm::exp2(order * score);
        let u_win = power((1.0 - self.omega) * saddle.gap - libm::log2(saddle.q_win));
        let u_lose = power(-self.omega * saddle.gap - libm::log2(1.0 - saddle.q_win));
        let functional = |omega: f64| {
            let key = renyi(order, self.bound.flip_probability(), self.key_correlation(omega)).0;
            let test = if self.counts_test_entropy() {
                renyi(order, 0.0, self.test_correlation(omega)).0
            } else {
                0.0
            };
            (1.0 - self.gamma) * libm::exp(key)
                + self.gamma * (u_lose * libm::exp(test) + (u_win - u_lose) * omega)
        };
        let (low, high) = SEARCH_OMEGA;
        let most = (0..=GRID)
            .map(|k| functional(low + (high - low) * f64::from(k) / f64::from(GRID)))
            .fold(0.0, f64::max);
        let allowed = -libm::log2(most) / order;
        if allowed < saddle.score - 1e-9 { Saddle { score: allowed - 1e-6, ..saddle } } else { saddle }
    }

    /// Scores of a saddle shifted down by `margin` bits, rounded so that the threshold scores at least `s_none`.
    pub(crate) fn witness(&self, saddle: &Saddle, margin: f64) -> ReatWitness {
        let w = self.omega;
        let target = saddle.score - margin;
        let s_win = target + (1.0 - w) * saddle.gap;
        let s_lose = target - w * saddle.gap;
        let rounding = 4.0 * f64::EPSILON * (s_win.abs() + s_lose.abs() + target.abs());
        let s_none = w * s_win + (1.0 - w) * s_lose - rounding;
        let total = self.rounds * s_none;
        let kappa = total - total.abs() * (4.0 * f64::EPSILON);
        ReatWitness { alpha: saddle.alpha, s_none, s_win, s_lose, q_win: saddle.q_win, kappa }
    }

    fn objective(&self, saddle: &Saddle) -> f64 {
        self.rounds * saddle.score + saddle.alpha / (saddle.alpha - 1.0) * self.eps_pa_log2
    }

    fn key_correlation(&self, omega: f64) -> (f64, f64) {
        match self.bound {
            SingleRound::TwoBases => two_basis_correlation(omega),
            _ => one_basis_correlation(omega),
        }
    }

    fn test_correlation(&self, omega: f64) -> (f64, f64) {
        match self.bound {
            SingleRound::TwoBases | SingleRound::ChshTwoBasisTests => two_basis_correlation(omega),
            _ => one_basis_correlation(omega),
        }
    }

    fn counts_test_entropy(&self) -> bool {
        self.theorem == Theorem::Reat
    }
}

/// Optimal scores at an order.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Saddle {
    pub(crate) alpha: f64,
    pub(crate) q_win: f64,
    /// `s_win - s_lose`.
    pub(crate) gap: f64,
    /// Certified score per round at the threshold, in bits.
    pub(crate) score: f64,
}

/// Winning probabilities at which a settled functional is evaluated.
const GRID: u32 = 2_000;

/// ln of the least order minus 1: below 1e-11 nothing is gained for any number of rounds a laboratory can run.
const LEAST_LN_ORDER: f64 = -25.0;
