//! Best order and scores of `reat` and `reat-basic` at a threshold.
//!
//! For a given order the best scores are the saddle point of a function that is convex in the scores and concave in
//! the winning probability. Its dual is a concave function of one variable,
//! `(1-gamma) G_key(w') + gamma 2^(beta h) (w'/w)^w ((g(w') - w')/(1-w))^(1-w)` with `beta = alpha - 1`, `g = G_test`
//! and `h = h(w)` for `reat`, `g = 1` and `h = 1` for `reat-basic`; the best distribution `q` is `(w, 1-w)`, and the
//! scores follow from the maximiser.

mod rounds;

use self::rounds::Rounds;
use super::scalar::{SEARCH_OMEGA, argmax, zero_of_decreasing};
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
        let rounds = Rounds::new(self.bound, order, self.counts_test_entropy());
        let ln_z = |omega: f64| {
            let won = self.won(omega);
            let spread = 1.0 + rounds.test(omega).0 - won;
            order * weight * core::f64::consts::LN_2
                + w * libm::log(won / w)
                + (1.0 - w) * libm::log(spread / (1.0 - w))
        };
        let slope = |omega: f64| {
            let (excess, test_slope) = rounds.test(omega);
            let won = self.won(omega);
            let spread = 1.0 + excess - won;
            if spread <= 0.0 {
                return -1.0;
            }
            let steep = self.fairness();
            (1.0 - self.gamma) * rounds.key(omega).1
                + self.gamma
                    * libm::exp(ln_z(omega))
                    * (w * steep / won + (1.0 - w) * (test_slope - steep) / spread)
        };
        let (low, high) = SEARCH_OMEGA;
        let omega = zero_of_decreasing(low, high, slope);
        let excess = (1.0 - self.gamma) * rounds.key(omega).0 + self.gamma * libm::expm1(ln_z(omega));
        // u_win/u_lose at the saddle; the score gap follows from u_c = (2^s_c / q_c)^order.
        let won = self.won(omega);
        let spread = (1.0 + rounds.test(omega).0 - won).max(f64::MIN_POSITIVE);
        let ln_ratio = (libm::log(w / won) + libm::log(spread / (1.0 - w))).max(0.0);
        let q_win = if self.counts_test_entropy() { w } else { 0.5 };
        let gap = ln_ratio / order / core::f64::consts::LN_2 + libm::log2(q_win / (1.0 - q_win));
        Saddle {
            alpha,
            q_win,
            gap: gap.max(0.0),
            score: -libm::log1p(excess) / order / core::f64::consts::LN_2,
        }
    }

    /// A saddle with the score that can be proved: a stationary point is not the maximum where the functional is not
    /// concave, and what the search supposes of test rounds does not hold near the local point.
    pub(crate) fn settled(&self, saddle: Saddle) -> Saddle {
        match self.bound.with_one_bound_for_tests() {
            None => self.shifted(saddle),
            Some(bound) => {
                let apart = self.shifted(saddle);
                let plain = Self { bound, ..*self };
                let together = plain.best().1;
                if self.objective(&together) > self.objective(&apart) { together } else { apart }
            }
        }
    }

    fn shifted(&self, saddle: Saddle) -> Saddle {
        let order = saddle.alpha - 1.0;
        let rounds = Rounds::new(self.bound, order, self.counts_test_entropy());
        // With the threshold scoring 0; all scores then shift together.
        let excess = |score: f64| libm::expm1(order * score * core::f64::consts::LN_2);
        let win = excess((1.0 - self.omega) * saddle.gap - libm::log2(saddle.q_win));
        let lose = excess(-self.omega * saddle.gap - libm::log2(1.0 - saddle.q_win));
        let (key, test) = (1.0 - self.gamma, self.gamma * (1.0 + lose));
        let scored = |omega: f64, part: f64| part + self.gamma * (lose + (win - lose) * self.won(omega));
        let functional = |omega: f64| scored(omega, rounds.proved(key, test, omega));
        let (mut low, mut high) = SEARCH_OMEGA;
        let mut most = rounds.local(key, test).map_or(f64::MIN, |part| scored(low, part));
        for _ in 0..ZOOMS {
            let step = (high - low) / f64::from(GRID);
            let (value, at) = (0..=GRID)
                .map(|k| low + step * f64::from(k))
                .map(|omega| (functional(omega), omega))
                .fold((f64::MIN, low), |best, next| if next.0 > best.0 { next } else { best });
            most = most.max(value);
            (low, high) = ((at - step).max(SEARCH_OMEGA.0), (at + step).min(SEARCH_OMEGA.1));
        }
        let score = -libm::log1p(most) / order / core::f64::consts::LN_2;
        // Where the maximum is not stationary, a proof needs some room.
        let room = if score < saddle.score - 1e-9 { 2e-6 } else { 0.0 };
        Saddle { score: score - room, ..saddle }
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

    /// What devices with a winning probability for uniform settings win at most when settings are biased.
    fn won(&self, omega: f64) -> f64 {
        1.0 - self.fairness() * (1.0 - omega)
    }

    fn fairness(&self) -> f64 {
        let rest = 1.0 - 2.0 * self.bound.setting_bias();
        rest * rest
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

/// Winning probabilities at which a functional is evaluated, and how often more finely around the highest.
const GRID: u32 = 400;
const ZOOMS: u32 = 3;

/// ln of the least order minus 1: below 1e-11 nothing is gained for any number of rounds a laboratory can run.
const LEAST_LN_ORDER: f64 = -25.0;
