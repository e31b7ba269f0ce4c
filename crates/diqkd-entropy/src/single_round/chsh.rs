//! Von Neumann entropy of one key basis from the CHSH value, with or without noisy preprocessing.

use super::{
    EDGE, Minorant, SingleRoundBound, SingleRoundEntropy, TSIRELSON, check_bell_value,
    check_flip_probability, chosen_slope,
};
use crate::enclosure::{Correlation, VonNeumann, most, squares_apart};
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
    let beyond = squares_apart(bell_value, weight).lo() <= 0.0;
    let value = bound.value(if beyond {
        Correlation::full()
    } else {
        Correlation::at_bell_value(bell_value, weight)
    });
    // At the maximum itself the slope diverges.
    let inside = if beyond { last_inside(weight) } else { bell_value };
    (value, bound.slope_in_v(Correlation::at_bell_value(inside, weight)) * inside / 2.0)
}

/// The greatest floating-point number that is certainly below the quantum maximum.
fn last_inside(weight: f64) -> f64 {
    let mut inside = most(Interval::point(weight)).lo();
    while squares_apart(inside, weight).lo() <= 0.0 {
        inside = inside.next_down();
    }
    inside
}

fn edge(weight: f64) -> f64 {
    2.0 * (1.0 + weight * weight).sqrt() - EDGE
}
