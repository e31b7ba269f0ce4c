//! `reat` and `reat-basic`: `K <= 1` by branch and bound, then `kappa - leak - alpha/(alpha-1) log2(1/eps_pa) + 2`.

use super::{CheckError, EnclosedTerm, in_range, prove, term};
use crate::certificate::{Certificate, ReatWitness};
use crate::enclosure::{Correlation, OMEGA_MAX_UP, RenyiFunctional};
use crate::interval::Interval;
use crate::theorem::Theorem;

pub(super) fn evaluate(
    certificate: &Certificate,
    witness: &ReatWitness,
) -> Result<Vec<EnclosedTerm>, CheckError> {
    in_range("alpha", witness.alpha, 1.0f64.next_up()..=2.0)?;
    in_range("q_win", witness.q_win, f64::MIN_POSITIVE..=1.0f64.next_down())?;
    for (field, score) in [("s_none", witness.s_none), ("s_win", witness.s_win), ("s_lose", witness.s_lose)] {
        in_range(field, score, -LARGEST_SCORE..=LARGEST_SCORE)?;
    }
    let functional = ScoreFunctional::new(certificate, witness);
    prove("a win scores at least as much as a loss", witness.s_win >= witness.s_lose)?;
    prove("u_win is at least u_lose", functional.win_premium().lo() >= 0.0)?;
    if certificate.theorem == Theorem::ReatBasic {
        prove("reat-basic weighs wins and losses equally", witness.q_win == 0.5)?;
    }

    let omega = Interval::point(certificate.omega_threshold.get());
    let test_score = omega * witness.s_win + (1.0 - omega) * witness.s_lose;
    prove("test rounds at the threshold score at least s_none", test_score.lo() >= witness.s_none)?;
    let accepted_score = Interval::count(certificate.rounds) * witness.s_none;
    prove("an accepted run has a total score of kappa", accepted_score.lo() >= witness.kappa)?;
    prove("the weighted functional K is at most 1", functional.excess_is_never_positive())?;

    let order = Interval::point(witness.alpha) - 1.0;
    let hashing = Interval::point(witness.alpha) / order * certificate.epsilons.pa.log2();
    Ok(vec![
        term("accepted score kappa", Interval::point(witness.kappa)),
        term("leak", -Interval::count(certificate.leak_bits.0)),
        term("privacy amplification", hashing),
        term("linear hashing", Interval::point(2.0)),
    ])
}

/// `K(w) = (1-gamma) u_none G_key(w) + gamma [u_lose G_test(w) + (u_win - u_lose) w]`.
struct ScoreFunctional {
    gamma: Interval,
    ln_u_none: Interval,
    ln_u_win: Interval,
    ln_u_lose: Interval,
    key: RenyiFunctional,
    /// `None`: the trivial bound 1 of `reat-basic`.
    test: Option<RenyiFunctional>,
}

impl ScoreFunctional {
    fn new(certificate: &Certificate, witness: &ReatWitness) -> Self {
        // Exact: alpha lies within a factor 2 of 1.
        let order = witness.alpha - 1.0;
        let q_win = Interval::point(witness.q_win);
        let ln_u = |score: f64, weight: Interval| order * (score * Interval::ln_2() - weight.ln());
        let plain = RenyiFunctional { order, q: 0.0 };
        Self {
            gamma: Interval::point(certificate.gamma),
            ln_u_none: ln_u(witness.s_none, Interval::point(1.0)),
            ln_u_win: ln_u(witness.s_win, q_win),
            ln_u_lose: ln_u(witness.s_lose, 1.0 - q_win),
            key: RenyiFunctional { order, q: certificate.bound.flip_probability() },
            test: (certificate.theorem == Theorem::Reat).then_some(plain),
        }
    }

    /// `u_win - u_lose`.
    fn win_premium(&self) -> Interval {
        self.ln_u_win.exp_m1() - self.ln_u_lose.exp_m1()
    }

    /// An enclosure of `K - 1` with `G` at `functions_at` and the linear part at `wins_at`.
    fn excess(&self, functions_at: Interval, wins_at: Interval) -> Interval {
        let correlation = Correlation::at_omega(functions_at);
        let key = (self.ln_u_none + self.key.ln(correlation)).exp_m1();
        let test = match &self.test {
            Some(test) => self.ln_u_lose.exp() * test.ln(correlation).exp_m1(),
            None => Interval::point(0.0),
        };
        let scores = (1.0 - wins_at) * self.ln_u_lose.exp_m1() + wins_at * self.ln_u_win.exp_m1();
        (1.0 - self.gamma) * key + self.gamma * (test + scores)
    }

    /// An enclosure of `dK/dw` over a box.
    fn slope(&self, omega: Interval) -> Interval {
        let correlation = Correlation::at_omega(omega);
        let x_slope = correlation.slope_in_omega(omega);
        let key = self.ln_u_none.exp() * self.key.slope(correlation, x_slope);
        let test = match &self.test {
            Some(test) => self.ln_u_lose.exp() * test.slope(correlation, x_slope),
            None => Interval::point(0.0),
        };
        (1.0 - self.gamma) * key + self.gamma * (test + self.win_premium())
    }

    /// Proves `K <= 1` for every winning probability from 3/4 to the quantum maximum.
    fn excess_is_never_positive(&self) -> bool {
        let mut boxes = vec![(0.75, OMEGA_MAX_UP)];
        for _ in 0..MOST_BOXES {
            let Some((low, high)) = boxes.pop() else { return true };
            if self.never_positive_on(low, high) {
                continue;
            }
            let middle = low + (high - low) / 2.0;
            if middle <= low || middle >= high {
                return false;
            }
            boxes.push((low, middle));
            boxes.push((middle, high));
        }
        boxes.is_empty()
    }

    fn never_positive_on(&self, low: f64, high: f64) -> bool {
        let middle = low + (high - low) / 2.0;
        let at_middle = self.excess(Interval::point(middle), Interval::point(middle));
        if at_middle.hi() > 0.0 {
            return false;
        }
        let offset = Interval::new(low, high) - middle;
        if (at_middle + self.slope(Interval::new(low, high)) * offset).hi() <= 0.0 {
            return true;
        }
        // Both G decrease in w and the win term increases: corners bound the functional where slopes diverge.
        self.excess(Interval::point(low), Interval::point(high)).hi() <= 0.0
    }
}

/// A branch and bound that needs more boxes than this proves nothing.
const MOST_BOXES: usize = 20_000;

/// Scores beyond this many bits have no use and only lose accuracy.
const LARGEST_SCORE: f64 = 1e12;
