//! Sandwiched Rényi entropy of one key basis from the CHSH value.

use super::{
    EDGE, Minorant, SingleRoundBound, SingleRoundEntropy, TSIRELSON, check_bell_value,
    check_flip_probability, chosen_slope,
};
use crate::enclosure::{Correlation, RenyiFunctional};
use crate::error::Error;
use crate::interval::Interval;

/// `-log2 G / (alpha - 1)` with `G = 2^(1-alpha) (mu_+^alpha + mu_-^alpha)` as in `docs/theory.md`, section 3.4: the
/// entropy relative to Eve's own state ("down") of a bit that is flipped with probability `q`.
///
/// `G` is concave in the winning probability (proved there, with and without flips), so that mixtures over what devices
/// and Eve share are covered.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RenyiEntropy {
    /// The order, above 1 and at most 2.
    pub alpha: f64,
    /// Flip probability of Alice's bit, from 0 to 1/2.
    pub q: f64,
}

impl RenyiEntropy {
    /// An upper bound on the functional `G = 2^(-(alpha-1) H)`, rounded up: what weighted accumulation sums.
    ///
    /// # Errors
    /// As for [`SingleRoundBound::entropy`].
    pub fn functional(&self, bell_value: f64) -> Result<f64, Error> {
        let deficit = self.deficit(bell_value)?;
        Ok((1.0 - self.order() * deficit.value).hi())
    }

    fn check(&self, bell_value: f64) -> Result<(), Error> {
        check_bell_value(bell_value, 4.0)?;
        check_flip_probability(self.q)?;
        if self.alpha > 1.0 && self.alpha <= 2.0 { Ok(()) } else { Err(Error::Alpha { alpha: self.alpha }) }
    }

    /// `alpha - 1`, exact.
    fn order(&self) -> f64 {
        self.alpha - 1.0
    }

    /// `(1 - G)/(alpha - 1)`, convex in the Bell value, and its slope.
    fn deficit(&self, bell_value: f64) -> Result<Deficit, Error> {
        self.check(bell_value)?;
        let functional = RenyiFunctional { order: self.order(), q: self.q };
        let at = |correlation: Correlation| -(functional.ln(correlation).exp_m1() / self.order());
        if bell_value <= 2.0 {
            return Ok(Deficit { value: at(Correlation::none()), slope: Interval::point(0.0) });
        }
        let value = at(if bell_value >= TSIRELSON {
            Correlation::full()
        } else {
            Correlation::at_bell_value(bell_value, 1.0)
        });
        if self.q == 0.5 {
            return Ok(Deficit { value, slope: Interval::point(0.0) });
        }
        // Nearer to the local point the slope is the same to a relative 1e-9, and rounding would be more than that; at
        // the quantum maximum it diverges.
        let inside = bell_value.clamp(2.0 + 1e-9, TSIRELSON.next_down());
        let correlation = Correlation::at_bell_value(inside, 1.0);
        let slope = functional.slope(correlation, inside / (4.0 * correlation.x));
        Ok(Deficit { value, slope: -(slope / self.order()) })
    }

    /// `-log2(1 - order deficit)/order` and its slope.
    fn entropy_of(&self, deficit: Deficit) -> (Interval, Interval) {
        let shrunk = -(self.order() * deficit.value);
        let value = -(shrunk.ln_1p() / (self.order() * Interval::ln_2()));
        (value, deficit.slope / ((1.0 + shrunk) * Interval::ln_2()))
    }
}

impl SingleRoundBound for RenyiEntropy {
    fn entropy(&self, bell_value: f64) -> Result<SingleRoundEntropy, Error> {
        let (value, slope) = self.entropy_of(self.deficit(bell_value)?);
        Ok(SingleRoundEntropy {
            entropy_bits: value.lo().clamp(0.0, 1.0),
            slope: chosen_slope(slope).0,
            method: "closed form, outward-rounded interval arithmetic",
        })
    }

    fn minorant(&self, at: f64) -> Result<Minorant, Error> {
        self.check(at)?;
        let at = at.min(TSIRELSON - EDGE);
        let (value, slope) = self.entropy_of(self.deficit(at)?);
        let (slope, deviation) = chosen_slope(slope);
        Ok(Minorant { at, value_bits: (value - Interval::point(deviation) * 4.0).lo(), slope })
    }

    fn quantum_max(&self) -> f64 {
        TSIRELSON
    }
}

struct Deficit {
    value: Interval,
    slope: Interval,
}
