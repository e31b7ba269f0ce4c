//! `K <= 1` when both of Alice's settings are key bases.

use super::Weights;
use crate::enclosure::{BothBases, Concave, Correlation, RenyiFunctional};
use crate::interval::Interval;

/// `K - 1` without the part of the score that depends on `S`, as a function of one correlation; concave, because the
/// functional at a correlation is the exact one of a state that is affine in the correlation, and giving Eve which of
/// two states it is never lowers it.
pub(super) struct TwoBases {
    constant: Interval,
    terms: Vec<(Interval, RenyiFunctional)>,
    premium: Interval,
}

impl TwoBases {
    pub(super) fn new(weights: Weights) -> Self {
        Self {
            // w = 1/2 + S/8.
            constant: weights.base + weights.premium / 2.0,
            terms: weights.terms(weights.test),
            // S/8 = (c + s)/4 - (c y_z + s y_x)/2.
            premium: weights.premium / 2.0,
        }
    }

    pub(super) fn never_exceeds_one(&self) -> bool {
        BothBases { f: self, premium: self.premium }.is_never_positive()
    }

    fn sum(&self, start: Interval, of: impl Fn(RenyiFunctional) -> Interval) -> Interval {
        self.terms.iter().fold(start, |sum, (weight, functional)| sum + *weight * of(*functional))
    }
}

impl Concave for TwoBases {
    fn value(&self, y: f64) -> Interval {
        let correlation = Correlation::with_minority(y);
        self.sum(self.constant, |functional| functional.ln(correlation).exp_m1())
    }

    fn slope(&self, y: f64) -> Interval {
        let correlation = Correlation::with_minority(y);
        self.sum(Interval::point(0.0), |functional| functional.slope(correlation, Interval::point(-2.0)))
    }

    fn curvature(&self, y: Interval) -> Interval {
        self.sum(Interval::point(0.0), |functional| functional.jet(y).second)
    }
}
