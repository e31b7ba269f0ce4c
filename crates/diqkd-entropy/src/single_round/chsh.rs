//! Von Neumann entropy of one key basis from the CHSH value, with or without noisy preprocessing.

use super::{
    EDGE, Minorant, SingleRoundBound, SingleRoundEntropy, TSIRELSON, check_bell_value,
    check_flip_probability, chosen_slope,
};
use crate::enclosure::{Correlation, VonNeumann};
use crate::error::Error;
use crate::interval::Interval;

/// `1 - h((1 + sqrt v)/2) + h((1 + sqrt((1-2q)^2 + 4q(1-q) v))/2)` with `v = S^2/4 - 1`, clipped at `v = 0`; with
/// `q = 0` the bound of Acín et al. (2007), otherwise of Ho et al. (2020), as stated in `docs/theory.md`.
///
/// Convex in `S` for every `q` (proved there), so that tangents are minorants.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ChshEntropy {
    /// Flip probability of Alice's bit, from 0 to 1/2.
    pub q: f64,
}

impl SingleRoundBound for ChshEntropy {
    fn entropy(&self, bell_value: f64) -> Result<SingleRoundEntropy, Error> {
        check_bell_value(bell_value, 4.0)?;
        check_flip_probability(self.q)?;
        Ok(convex_entropy(VonNeumann { q: self.q }, 1.0, bell_value))
    }

    fn minorant(&self, at: f64) -> Result<Minorant, Error> {
        check_bell_value(at, 4.0)?;
        check_flip_probability(self.q)?;
        Ok(convex_minorant(VonNeumann { q: self.q }, 1.0, at))
    }

    fn quantum_max(&self) -> f64 {
        TSIRELSON
    }
}

/// The entropy as a function of `v = S^2/4 - a^2` for weights of at least 1, where it is convex in `S`.
pub(super) fn convex_entropy(bound: VonNeumann, weight: f64, bell_value: f64) -> SingleRoundEntropy {
    let (value, slope) = value_and_slope(bound, weight, bell_value);
    SingleRoundEntropy {
        entropy_bits: value.lo().max(0.0),
        slope: chosen_slope(slope).0,
        method: "closed form, outward-rounded interval arithmetic",
    }
}

/// The tangent of [`convex_entropy`], lowered by what rounding of its slope can lift.
pub(super) fn convex_minorant(bound: VonNeumann, weight: f64, at: f64) -> Minorant {
    let at = at.min(edge(weight));
    let (value, slope) = value_and_slope(bound, weight, at);
    let (slope, deviation) = chosen_slope(slope);
    let reach = 2.0 * (1.0 + weight * weight).sqrt() + 1.0;
    Minorant { at, value_bits: (value - Interval::point(deviation) * reach).lo(), slope }
}

fn value_and_slope(bound: VonNeumann, weight: f64, bell_value: f64) -> (Interval, Interval) {
    if bell_value <= 2.0 * weight {
        return (bound.local(), Interval::point(0.0));
    }
    let correlation_at = |value: f64| {
        if weight == 1.0 {
            Correlation::at_chsh(Interval::point(value))
        } else {
            Correlation::at_asymmetric(Interval::point(value), Interval::point(weight))
        }
    };
    let beyond = bell_value >= (2.0 * (1.0 + Interval::point(weight).square()).sqrt()).hi();
    let value = bound.value(if beyond { Correlation::full() } else { correlation_at(bell_value) });
    let inside = bell_value.min(edge(weight));
    (value, bound.slope_in_v(correlation_at(inside)) * inside / 2.0)
}

fn edge(weight: f64) -> f64 {
    2.0 * (1.0 + weight * weight).sqrt() - EDGE
}
