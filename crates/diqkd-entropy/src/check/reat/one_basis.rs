//! `K <= 1` along the winning probability, for one key basis.

use super::Weights;
use super::both_settings::OtherSetting;
use crate::enclosure::{Correlation, OMEGA_MAX_UP, RenyiFunctional};
use crate::interval::Interval;
use crate::params::SingleRound;
use crate::theorem::Theorem;

/// `K - 1` as a function of the winning probability from 3/4 to the quantum maximum.
pub(super) struct OneBasis {
    weights: Weights,
    /// Key and test rounds with the bound of Alice's first setting; `None` for the trivial bound of `reat-basic`.
    alone: Functional,
    /// The same with half the test rounds, where the other half has a bound of its own.
    shared: Option<(Functional, OtherSetting)>,
}

/// Weighted functionals at one correlation and a constant.
struct Functional {
    constant: Interval,
    premium: Interval,
    terms: Vec<(Interval, RenyiFunctional)>,
}

/// A range of winning probabilities and what the other setting adds there.
struct Piece {
    low: f64,
    high: f64,
    other: Option<Interval>,
}

impl OneBasis {
    pub(super) fn new(weights: Weights, bound: SingleRound, theorem: Theorem) -> Self {
        let functional = |tests: Interval| Functional {
            constant: weights.base,
            premium: weights.premium,
            terms: weights.terms(tests),
        };
        let counted = theorem == Theorem::Reat;
        let alone = functional(if counted { weights.test } else { Interval::point(0.0) });
        let shared = (counted && bound.counts_both_test_settings())
            .then(|| (functional(weights.test / 2.0), OtherSetting::new(weights)));
        Self { weights, alone, shared }
    }

    pub(super) fn never_exceeds_one(&self) -> bool {
        let piece = |low: f64, high: f64| Piece { low, high, other: self.other_from(low) };
        let mut pieces = vec![piece(0.75, OMEGA_MAX_UP)];
        for _ in 0..MOST_PIECES {
            let Some(next) = pieces.pop() else { return true };
            if self.never_positive_on(&next) {
                continue;
            }
            let middle = next.low + (next.high - next.low) / 2.0;
            let upper = piece(middle, next.high);
            if next.high - next.low < NARROWEST || self.excess(middle, upper.other).lo() > 0.0 {
                return false;
            }
            pieces.push(upper);
            pieces.push(Piece { high: middle, ..next });
        }
        false
    }

    fn other_from(&self, omega: f64) -> Option<Interval> {
        self.shared.as_ref().and_then(|(_, other)| other.excess_from(omega))
    }

    fn functional(&self, other: Option<Interval>) -> (&Functional, Interval) {
        match (&self.shared, other) {
            (Some((functional, _)), Some(excess)) => (functional, self.weights.test / 2.0 * excess),
            _ => (&self.alone, Interval::point(0.0)),
        }
    }

    fn excess(&self, omega: f64, other: Option<Interval>) -> Interval {
        let (functional, added) = self.functional(other);
        functional.at(omega, omega) + added
    }

    fn never_positive_on(&self, piece: &Piece) -> bool {
        let (functional, added) = self.functional(piece.other);
        let (low, high) = (piece.low, piece.high);
        // All G fall with w and the score rises: corners bound the functional where slopes diverge.
        if (functional.at(low, high) + added).hi() <= 0.0 {
            return true;
        }
        let on = Interval::new(low, high);
        let middle = low + (high - low) / 2.0;
        let slope = functional.slope(on);
        if (functional.at(middle, middle) + added + slope * (on - middle)).hi() <= 0.0 {
            return true;
        }
        // All functionals are concave in w: a tangent lies above; where it is nearly level, by nothing.
        let touch = functional.highest(low, high);
        let tangent = functional.slope(Interval::point(touch)) * (on - touch);
        (functional.at(touch, touch) + added + tangent).hi() <= 0.0
    }
}

impl Functional {
    /// The functionals at one winning probability, the score at another.
    fn at(&self, omega: f64, score_at: f64) -> Interval {
        let correlation = Correlation::at_omega(Interval::point(omega));
        self.terms.iter().fold(self.constant + self.premium * score_at, |sum, (weight, functional)| {
            sum + *weight * functional.ln(correlation).exp_m1()
        })
    }

    fn slope(&self, omega: Interval) -> Interval {
        let correlation = Correlation::at_omega(omega);
        let x_slope = correlation.slope_in_omega(omega);
        self.terms.iter().fold(self.premium, |sum, (weight, functional)| {
            sum + *weight * functional.slope(correlation, x_slope)
        })
    }

    /// Where the functional is about highest.
    fn highest(&self, mut low: f64, mut high: f64) -> f64 {
        for _ in 0..BISECTIONS {
            let middle = low + (high - low) / 2.0;
            let slope = self.slope(Interval::point(middle));
            if slope.lo() + slope.hi() > 0.0 { low = middle } else { high = middle }
        }
        low + (high - low) / 2.0
    }
}

/// Where so narrow a piece is not settled, rounding exceeds the distance of K from 1.
const NARROWEST: f64 = 1e-9;

/// A branch and bound that needs more pieces than this proves nothing.
const MOST_PIECES: usize = 20_000;

/// Enough for a maximum to the last digits.
const BISECTIONS: u32 = 40;
