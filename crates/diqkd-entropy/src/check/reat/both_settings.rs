//! Test rounds when the key comes from one setting: what Eve may know about the outcome of the other.
//!
//! In a two-qubit block with `v = S^2/4 - 1` the squared complementary correlations of Alice's settings satisfy
//! `e_0^2 - v >= k (1 - e_1^2)`, `k = v^2/(2 - v^2)` (`docs/theory.md`, section 3.8): what Eve gains on the other
//! setting she loses on the key setting. Where the loss prevails, the other setting counts as if nothing were known but
//! the value at `e_1 = 1` of a tangent of its functional.

use super::Weights;
use crate::enclosure::Correlation;
use crate::interval::Interval;

/// Tangents of the functional of the other setting, from the least steep on.
pub(super) struct OtherSetting {
    weights: Weights,
    rungs: Vec<Rung>,
}

/// `G(t) <= G(t_k) + |G'(t_k)| (t_k - t)` read at `t = 1`.
#[derive(Clone, Copy)]
struct Rung {
    /// `|G'(t_k)|`.
    steepness: Interval,
    /// The value at 1, minus 1.
    excess: Interval,
}

impl OtherSetting {
    pub(super) fn new(weights: Weights) -> Self {
        let functional = weights.test_functional;
        let rung = |minority: f64| {
            let touch = Correlation::with_minority(minority);
            let steepness = -functional.slope(touch, Interval::point(1.0));
            // 1 - t = 2 y.
            let excess = functional.ln(touch).exp_m1() - steepness * (2.0 * minority);
            Rung { steepness, excess }
        };
        Self { weights, rungs: HALVINGS.iter().map(|&k| rung((-f64::from(k)).exp2())).collect() }
    }

    /// An upper bound on `G - 1` of the other setting, valid together with the bounds at `w` for the key setting
    /// whatever the behaviour, at every winning probability from `omega` on; `None` when there is none.
    pub(super) fn excess_from(&self, omega: f64) -> Option<Interval> {
        let correlation = Correlation::at_omega(Interval::point(omega));
        let t = Interval::point(correlation.x.lo());
        if t.lo() <= 0.0 {
            return None;
        }
        let v = t.square();
        let exchange = v.square() / (2.0 - v.square()) * (1.0 + t) / 2.0;
        let share = self.weights.test / 2.0;
        let steepness: Interval = self
            .weights
            .terms(share)
            .into_iter()
            .map(|(weight, functional)| weight * -functional.slope(correlation, Interval::point(1.0)))
            .fold(Interval::point(0.0), |sum, part| sum + part);
        let allowed = (exchange * steepness).lo();
        let within = self.rungs.partition_point(|rung| (share * rung.steepness).hi() <= allowed);
        let known = self.weights.test_functional.ln(correlation).exp_m1();
        let excess = self.rungs.get(within.checked_sub(1)?)?.excess;
        (excess.hi() <= known.lo()).then_some(excess)
    }
}

/// Tangents touch where `(1 - t)/2` is 2 to minus these.
const HALVINGS: [u8; 16] = [2, 3, 4, 5, 6, 7, 8, 10, 12, 15, 19, 24, 30, 38, 46, 54];
