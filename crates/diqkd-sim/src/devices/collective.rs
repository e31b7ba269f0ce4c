//! The collective attack that saturates the CHSH entropy bound.

use std::sync::Arc;

use diqkd_core::Outcome;
use rand_core::Rng;

use super::{Devices, Preparation};
use crate::behaviour::Behaviour;
use crate::click_sampler::ClickSampler;
use crate::click_table::{ClickTable, Readout};
use crate::error::Error;
use crate::measurement::Measurement;
use crate::noise::NoiseRng;
use crate::state::TwoQubitState;

/// The state `(1+C)/2 |Phi+><Phi+| + (1-C)/2 |Phi-><Phi-|`, `C = sqrt(S^2/4 - 1)`, measured in Z and X by Alice, with
/// the adversary's purifying qubit measured in the basis that tells most about Alice's Z outcome.
///
/// That measurement leaves Alice and Bob with one of the pure states `cos t |00> + sin t |11>` and
/// `sin t |00> + cos t |11>`, `cos t +- sin t = sqrt(1 +- C)`, each half of the time, and the adversary knows which: she
/// guesses right with probability `(1 + sqrt(1 - C^2)) / 2 = (1 + sqrt(2 - S^2/4)) / 2`, the greatest that S allows.
/// Bob's key measurement is tilted to show the wanted error rate.
#[derive(Clone, Debug)]
pub(crate) struct Purified {
    samplers: [Arc<ClickSampler>; 2],
}

impl Purified {
    pub(crate) fn new(chsh_s: f64, qber: f64, readout: Readout) -> Result<Self, Error> {
        let [plus, minus] = behaviours(chsh_s, qber)?;
        let sampler = |behaviour| Arc::new(ClickSampler::new(&ClickTable::new(&behaviour, readout, readout)));
        Ok(Self { samplers: [sampler(plus), sampler(minus)] })
    }
}

fn behaviours(chsh_s: f64, qber: f64) -> Result<[Behaviour; 2], Error> {
    let c = (chsh_s * chsh_s / 4.0 - 1.0).clamp(0.0, 1.0).sqrt();
    let theta = (1.0 - c).max(0.0).sqrt().atan2((1.0 + c).sqrt());
    let theta = core::f64::consts::FRAC_PI_4 - theta;
    let at = Measurement::in_xz_plane;
    let tilt = (1.0 - 2.0 * qber).clamp(-1.0, 1.0).acos();
    let alice = [at(0.0)?, at(core::f64::consts::FRAC_PI_2)?];
    let bob = [at(c.atan())?, at(-c.atan())?, at(tilt)?];
    let measured = |theta| Behaviour::born(&TwoQubitState::partially_entangled(theta)?, &alice, &bob);
    Ok([measured(theta)?, measured(core::f64::consts::FRAC_PI_2 - theta)?])
}

impl Devices for Purified {
    fn prepare(&mut self, _round: u64, rng: &mut NoiseRng) -> Preparation {
        let guess = Outcome::from_bit(rng.next_u64() >> 63 == 1);
        let sampler = Arc::clone(&self.samplers[usize::from(guess.bit())]);
        Preparation::Entangled { sampler, guess: Some(guess) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use diqkd_core::Setting;

    #[test]
    fn the_attack_shows_the_honest_statistics_and_guesses_as_well_as_s_allows() {
        for (s, q) in [(2.677, 0.0144), (2.578, 0.078), (2.0, 0.0), (2.0 * core::f64::consts::SQRT_2, 0.01)] {
            let pair = behaviours(s, q).unwrap();
            let mean = |f: fn(&Behaviour) -> f64| pair.iter().map(f).sum::<f64>() / 2.0;
            assert!((mean(Behaviour::chsh_s) - s).abs() < 1e-12, "{s}");
            assert!((mean(Behaviour::qber) - q).abs() < 1e-12, "{q}");
            let right: f64 = [Outcome::Plus, Outcome::Minus]
                .into_iter()
                .zip(&pair)
                .map(|(a, behaviour)| {
                    let bobs = [Outcome::Plus, Outcome::Minus].into_iter();
                    bobs.map(|b| behaviour.probability(a, b, Setting::ALICE_KEY, Setting::BOB_KEY))
                        .sum::<f64>()
                })
                .sum();
            let bound = (1.0 + (2.0 - s * s / 4.0f64).max(0.0).sqrt()) / 2.0;
            assert!((right / 2.0 - bound).abs() < 1e-7, "{} {bound}", right / 2.0);
        }
    }
}
