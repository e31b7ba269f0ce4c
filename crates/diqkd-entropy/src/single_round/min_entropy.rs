//! Min-entropy from the CHSH value.

use super::{
    EDGE, Minorant, SingleRoundBound, SingleRoundEntropy, TSIRELSON, check_bell_value, chosen_slope,
};
use crate::enclosure::Correlation;
use crate::error::Error;
use crate::interval::Interval;

/// `1 - log2(1 + sqrt(2 - S^2/4))`: minus the logarithm of the probability with which Eve guesses the bit; Pironio et
/// al. (2010) and Masanes, Pironio, Acín (2011), as stated in `docs/theory.md`. Convex in `S`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MinEntropy;

impl SingleRoundBound for MinEntropy {
    fn entropy(&self, bell_value: f64) -> Result<SingleRoundEntropy, Error> {
        check_bell_value(bell_value, 4.0)?;
        let (value, slope) = value_and_slope(bell_value);
        Ok(SingleRoundEntropy {
            entropy_bits: value.lo().max(0.0),
            slope: chosen_slope(slope).0,
            method: "closed form, outward-rounded interval arithmetic",
        })
    }

    fn minorant(&self, at: f64) -> Result<Minorant, Error> {
        check_bell_value(at, 4.0)?;
        let at = at.min(TSIRELSON - EDGE);
        let (value, slope) = value_and_slope(at);
        let (slope, deviation) = chosen_slope(slope);
        Ok(Minorant { at, value_bits: (value - Interval::point(deviation) * 4.0).lo(), slope })
    }

    fn quantum_max(&self) -> f64 {
        TSIRELSON
    }
}

fn value_and_slope(bell_value: f64) -> (Interval, Interval) {
    if bell_value <= 2.0 {
        return (Interval::point(0.0), Interval::point(0.0));
    }
    let beyond = bell_value >= TSIRELSON;
    let correlation = if beyond { Correlation::full() } else { Correlation::at_bell_value(bell_value, 1.0) };
    // 1 - log2(1 + r) = -log2(1 - (1-r)/2) with r = sqrt(2 - S^2/4) = sqrt(1 - v) and 1 - r = v/(1 + r).
    let missing = correlation.x.square() / (2.0 * (1.0 + correlation.complement()));
    let value = -((-missing).ln_1p() / Interval::ln_2());
    let inside = bell_value.min(TSIRELSON.next_down());
    let root = Correlation::at_bell_value(inside, 1.0).complement();
    (value, Interval::point(inside) / (4.0 * root * (1.0 + root) * Interval::ln_2()))
}
