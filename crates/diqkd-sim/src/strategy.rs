//! Who runs the devices.

use core::fmt;
use core::str::FromStr;
use std::sync::Arc;

use crate::behaviour::Behaviour;
use crate::click_table::{ClickSampler, ClickTable};
use crate::devices::{Adaptive, DetectionLoophole, Devices, Memoryless, Preparation};
use crate::error::Error;
use crate::measurement::Measurement;
use crate::model::Model;
use crate::noise::NoiseRng;
use crate::state::TwoQubitState;

/// The named strategies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Strategy {
    /// The devices do what the model says.
    #[default]
    Honest,
    /// The best local hidden variables, without memory: S = 2, no errors, everything known to the adversary.
    LocalHiddenVariables,
    /// Local hidden variables that learn from earlier rounds and exploit biased settings.
    LocalWithMemory,
    /// Clicks only when a guessed setting comes: S = 4 for whoever discards rounds without clicks.
    DetectionLoophole,
    /// The collective attack that saturates the CHSH entropy bound at the honest S and Q: looks honest, and the
    /// adversary holds the purification.
    Collective,
}

impl Strategy {
    /// Every strategy, the honest one first.
    pub const ALL: [Self; 5] = [
        Self::Honest,
        Self::LocalHiddenVariables,
        Self::LocalWithMemory,
        Self::DetectionLoophole,
        Self::Collective,
    ];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Honest => "honest",
            Self::LocalHiddenVariables => "lhv",
            Self::LocalWithMemory => "lhv-memory",
            Self::DetectionLoophole => "detection-loophole",
            Self::Collective => "collective",
        }
    }

    /// The devices of an adversary; `None` for honest ones.
    pub(crate) fn devices(self, model: &Model) -> Option<Box<dyn Devices>> {
        match self {
            Self::Honest => None,
            Self::LocalHiddenVariables => Some(Box::new(Memoryless)),
            Self::LocalWithMemory => Some(Box::new(Adaptive::default())),
            Self::DetectionLoophole => Some(Box::new(DetectionLoophole)),
            Self::Collective => {
                let honest = model.behaviour();
                let readout = model.readout.ideal();
                let table = saturating_behaviour(honest.chsh_s(), honest.qber()).map_or_else(
                    |_| model.clicks.clone(),
                    |behaviour| ClickTable::new(&behaviour, readout, readout),
                );
                Some(Box::new(Measured(Arc::new(ClickSampler::new(&table)))))
            }
        }
    }
}

/// The behaviour of the state `(1+C)/2 |Phi+><Phi+| + (1-C)/2 |Phi-><Phi-|`, `C = sqrt(S^2/4 - 1)`, measured in Z and X
/// by Alice: it reaches S and leaves the adversary the greatest information about Alice's Z outcome (Pironio et al.,
/// New J. Phys. 11, 045021 (2009), as stated in docs/theory). Bob's key measurement is tilted to show the error rate.
fn saturating_behaviour(chsh_s: f64, qber: f64) -> Result<Behaviour, Error> {
    let c = (chsh_s * chsh_s / 4.0 - 1.0).clamp(0.0, 1.0).sqrt();
    let state = TwoQubitState::bell_diagonal([c, -c, 1.0])?;
    let at = Measurement::in_xz_plane;
    let tilt = (1.0 - 2.0 * qber).clamp(-1.0, 1.0).acos();
    let alice = [at(0.0)?, at(core::f64::consts::FRAC_PI_2)?];
    let bob = [at(c.atan())?, at(-c.atan())?, at(tilt)?];
    Behaviour::born(&state, &alice, &bob)
}

/// The same entangled state in every round.
struct Measured(Arc<ClickSampler>);

impl Devices for Measured {
    fn prepare(&mut self, _round: u64, _rng: &mut NoiseRng) -> Preparation {
        Preparation::Entangled(Arc::clone(&self.0))
    }
}

impl fmt::Display for Strategy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Strategy {
    type Err = ParseStrategyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|strategy| strategy.name() == text).ok_or(ParseStrategyError)
    }
}

/// A text that names no strategy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no such strategy; the names are honest, lhv, lhv-memory, detection-loophole, collective")]
pub struct ParseStrategyError;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip_and_the_message_lists_all() {
        for strategy in Strategy::ALL {
            assert_eq!(strategy.name().parse(), Ok(strategy));
            assert!(ParseStrategyError.to_string().contains(strategy.name()));
        }
        assert!("LHV".parse::<Strategy>().is_err());
    }

    #[test]
    fn the_collective_attack_shows_the_honest_statistics() {
        for (s, q) in [(2.677, 0.0144), (2.578, 0.078), (2.0, 0.0)] {
            let behaviour = saturating_behaviour(s, q).unwrap();
            assert!((behaviour.chsh_s() - s).abs() < 1e-12);
            assert!((behaviour.qber() - q).abs() < 1e-12);
        }
    }
}
