//! Clocked photon pairs with missing clicks.

use diqkd_core::binary_entropy;
use diqkd_entropy::{EntropyBound, single_round};

use crate::error::{Error, positive, probability};
use crate::maximise::maximise;
use crate::setup::{Expected, Path, SECONDS_PER_KM};

/// A source of photon pairs in the middle of the path and a polarisation analyser with detectors at each end.
///
/// A trial is a clocked slot with at most one pair. In test rounds only the click of one detector counts as outcome 0,
/// everything else, also a lost photon, is outcome 1: nothing is discarded. In key rounds Bob keeps "no click" apart,
/// which helps him correct and costs nothing. The state `cos t |00> + sin t |11>` and the five angles are chosen for
/// the best asymptotic key per trial with the CHSH bound and noisy preprocessing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Photonic {
    /// Slots a second.
    pub trial_rate_hz: f64,
    /// Probability that a slot contains a pair.
    pub pair_probability: f64,
    /// Probability that a photon of a pair is collected and detected, the channel's loss aside; per side.
    pub efficiency: f64,
    /// Weight of the pure state; the rest is white noise.
    pub visibility: f64,
}

/// The best state and angles that were found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PhotonicOptimum {
    /// CHSH value.
    pub chsh_s: f64,
    /// Entropy of Alice's flipped key bit given Bob's outcome, in bits.
    pub conditional_entropy: f64,
    /// Flip probability of noisy preprocessing.
    pub noise: f64,
    /// Certified entropy minus conditional entropy, bits per key round; may be negative.
    pub key_rate: f64,
}

impl Photonic {
    /// Searches for the best state and angles when a photon survives the channel to each side with probability
    /// `channel`. Deterministic, about 0.1 s; a local optimum from several starts, so that the truth can only be better.
    ///
    /// # Errors
    /// [`Error::Field`] naming what no source has.
    pub fn optimum(&self, channel: f64) -> Result<PhotonicOptimum, Error> {
        let model = Model {
            arrives: probability("efficiency", self.efficiency)? * probability("channel", channel)?,
            pairs: probability("pair_probability", self.pair_probability)?,
            visibility: probability("visibility", self.visibility)?,
        };
        let mut best: Option<([f64; 7], f64)> = None;
        for (tilt, q) in STARTS {
            let violating = [tilt, 0.0, QUARTER, QUARTER / 2.0, -QUARTER / 2.0, 0.0];
            let (angles, _) = maximise(violating, 0.2, 1e-6, |angles| model.chsh(angles));
            let [tilt, a0, a1, b0, b1, b2] = angles;
            let found =
                maximise([tilt, a0, a1, b0, b1, b2, q], 0.05, 1e-6, |point| model.key_rate(point).key_rate);
            if best.is_none_or(|(_, value)| found.1 > value) {
                best = Some(found);
            }
        }
        Ok(model.key_rate(&best.map_or([QUARTER; 7], |(point, _)| point)))
    }

    pub(crate) fn expected(&self, path: &Path) -> Result<Expected, Error> {
        if path.repeaters > 0 {
            return Err(Error::Field {
                field: "repeaters",
                value: path.repeaters as f64,
                expected: "0 for a photonic link, which has no memories to swap",
            });
        }
        let trial_rate = positive("trial_rate_hz", self.trial_rate_hz)?;
        // The source sits where both arms lose the same.
        let optimum = self.optimum(10f64.powf(-path.profile.loss_db() / 20.0))?;
        Ok(Expected {
            chsh_s: optimum.chsh_s,
            qber: equivalent_error_rate(optimum.conditional_entropy, optimum.noise),
            round_rate_hz: trial_rate,
            noise: optimum.noise,
            propagation_s: path.profile.length_km() * SECONDS_PER_KM,
        })
    }
}

#[derive(Clone, Copy, Debug)]
struct Model {
    arrives: f64,
    pairs: f64,
    visibility: f64,
}

impl Model {
    /// Probability that the photon passes an analyser at an angle to its 0 port.
    fn passes(&self, tilt: f64, angle: f64) -> f64 {
        let (c, s) = (tilt.cos() * angle.cos(), tilt.sin() * angle.sin());
        self.visibility * (c * c + s * s) + (1.0 - self.visibility) / 2.0
    }

    /// Probability that both do.
    fn both_pass(&self, tilt: f64, a: f64, b: f64) -> f64 {
        let amplitude = tilt.cos() * a.cos() * b.cos() + tilt.sin() * a.sin() * b.sin();
        self.visibility * amplitude * amplitude + (1.0 - self.visibility) / 4.0
    }

    fn chsh(&self, &[tilt, a0, a1, b0, b1, _]: &[f64; 6]) -> f64 {
        let correlator = |a: f64, b: f64| {
            let one = self.pairs * self.arrives * (self.passes(tilt, a) + self.passes(tilt, b));
            1.0 - 2.0 * one + 4.0 * self.pairs * self.arrives * self.arrives * self.both_pass(tilt, a, b)
        };
        correlator(a0, b0) + correlator(a0, b1) + correlator(a1, b0) - correlator(a1, b1)
    }

    /// `H(A'|B)` of the key settings, Alice's bit flipped with probability `q`.
    fn conditional_entropy(&self, tilt: f64, a: f64, b: f64, q: f64) -> f64 {
        let (pairs, arrives) = (self.pairs, self.arrives);
        let alice = pairs * arrives * self.passes(tilt, a);
        let bob = [pairs * arrives * self.passes(tilt, b), 0.0, 1.0 - pairs * arrives];
        let bob = [bob[0], 1.0 - bob[0] - bob[2], bob[2]];
        let both = pairs * arrives * arrives * self.both_pass(tilt, a, b);
        let other = arrives * alice - both;
        [both, other, alice - both - other]
            .into_iter()
            .zip(bob)
            .filter(|&(_, bob)| bob > 0.0)
            .map(|(joint, bob)| {
                let zero = (joint / bob).clamp(0.0, 1.0);
                bob * binary_entropy(zero + q - 2.0 * q * zero)
            })
            .sum()
    }

    fn key_rate(&self, &[tilt, a0, a1, b0, b1, b2, q]: &[f64; 7]) -> PhotonicOptimum {
        let noise = q.clamp(0.0, 0.499);
        let chsh_s = self.chsh(&[tilt, a0, a1, b0, b1, b2]);
        let conditional_entropy = self.conditional_entropy(tilt, a0, b2, noise);
        let certified =
            single_round(EntropyBound::NoisyPreprocessing { q: noise }, chsh_s.clamp(0.0, 8f64.sqrt()))
                .map_or(0.0, |entropy| entropy.entropy_bits);
        PhotonicOptimum { chsh_s, conditional_entropy, noise, key_rate: certified - conditional_entropy }
    }
}

/// The error rate of a symmetric channel whose flipped bits have this entropy: `h(Q + q - 2qQ)`.
fn equivalent_error_rate(entropy: f64, q: f64) -> f64 {
    let (mut low, mut high) = (0.0, 0.5);
    for _ in 0..60 {
        let error = f64::midpoint(low, high);
        if binary_entropy(error + q - 2.0 * q * error) < entropy { low = error } else { high = error }
    }
    high
}

const QUARTER: f64 = core::f64::consts::FRAC_PI_4;
/// State angles and flip probabilities that a search starts from: maximally entangled, tilted, strongly tilted.
const STARTS: [(f64, f64); 4] = [(QUARTER, 0.0), (QUARTER, 0.3), (0.45, 0.2), (0.2, 0.45)];

#[cfg(test)]
mod tests {
    use super::*;

    fn source(efficiency: f64) -> Photonic {
        Photonic { trial_rate_hz: 1e6, pair_probability: 1.0, efficiency, visibility: 1.0 }
    }

    #[test]
    fn perfect_devices_reach_the_quantum_maximum() {
        let best = source(1.0).optimum(1.0).unwrap();
        assert!((best.chsh_s - 8f64.sqrt()).abs() < 1e-9 && best.key_rate > 1.0 - 1e-4, "{best:?}");
    }

    #[test]
    fn probabilities_are_those_of_the_state() {
        // Counted from the vector: t = 0.3, a = 0.7, b = -0.2, one photon in ten lost on each side.
        let model = Model { arrives: 0.9, pairs: 1.0, visibility: 1.0 };
        let (t, a, b) = (0.3f64, 0.7f64, -0.2f64);
        let analysers = |angle: f64| [[angle.cos(), angle.sin()], [-angle.sin(), angle.cos()]];
        let amplitude = |x: [f64; 2], y: [f64; 2]| t.cos() * x[0] * y[0] + t.sin() * x[1] * y[1];
        let mut both = [[0.0; 2]; 2];
        for (row, x) in both.iter_mut().zip(analysers(a)) {
            for (cell, y) in row.iter_mut().zip(analysers(b)) {
                *cell = amplitude(x, y) * amplitude(x, y);
            }
        }
        assert!((both[0][0] - model.both_pass(t, a, b)).abs() < 1e-15);
        assert!((both[0][0] + both[0][1] - model.passes(t, a)).abs() < 1e-15);
        // H(A|B) from the joint table of (0 or not) and (0, 1, nothing).
        let zero = [0.81 * both[0][0], 0.81 * both[0][1], 0.09 * (both[0][0] + both[0][1])];
        let bob = [0.9 * (both[0][0] + both[1][0]), 0.9 * (both[0][1] + both[1][1]), 0.1];
        let expected: f64 = zero.iter().zip(bob).map(|(z, b)| b * binary_entropy(z / b)).sum();
        assert!((model.conditional_entropy(t, a, b, 0.0) - expected).abs() < 1e-14);
    }

    #[test]
    fn losses_are_bearable_down_to_the_published_efficiency() {
        // Ho et al. 2020 with noisy preprocessing and partially entangled states from CHSH alone: about 82.7 %.
        assert!(source(0.84).optimum(1.0).unwrap().key_rate > 0.0);
        assert!(source(0.82).optimum(1.0).unwrap().key_rate <= 0.0);
        assert!(source(0.95).optimum(1.0).unwrap().key_rate > source(0.9).optimum(1.0).unwrap().key_rate);
    }

    #[test]
    fn empty_slots_dilute_the_violation() {
        let full = source(0.95).optimum(1.0).unwrap();
        let sparse = Photonic { pair_probability: 0.1, ..source(0.95) }.optimum(1.0).unwrap();
        assert!(sparse.key_rate < full.key_rate / 5.0);
    }

    #[test]
    fn an_equivalent_error_rate_has_the_same_entropy() {
        for (error, q) in [(0.02, 0.0), (0.08, 0.1), (0.2, 0.3)] {
            let entropy = binary_entropy(error + q - 2.0 * q * error);
            assert!((equivalent_error_rate(entropy, q) - error).abs() < 1e-9);
        }
    }
}
