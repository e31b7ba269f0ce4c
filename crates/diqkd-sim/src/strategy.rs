//! Who runs the devices.

use core::fmt;
use core::str::FromStr;

use crate::devices::{
    AbortLeak, Adaptive, BiasedSettings, CoincidenceTime, DetectionLoophole, Devices, FakedState,
    HashForcing, Memoryless, Purified,
};
use crate::experiment::Experiment;
use crate::noise::Noise;

/// The named strategies. For all but the honest one the adversary knows the devices' every move; what each would gain
/// against a careless analysis, and why it gains nothing here, is said with it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Strategy {
    /// The devices do what the model says.
    #[default]
    Honest,
    /// The best local hidden variables, without memory: S = 2, no errors, everything known to the adversary. Fails the
    /// Bell test.
    LocalHiddenVariables,
    /// Local hidden variables that learn from earlier rounds and exploit biased settings. Uniform settings leave it at
    /// 3/4 in every round.
    LocalWithMemory,
    /// Local hidden variables made for setting bits that are biased towards 0 (see fault F3): more than 3/4 where
    /// they are. Covered by trusted uniform settings, watched by the bias monitors.
    BiasedSettings,
    /// Clicks only when a guessed setting comes: S = 4 for whoever discards rounds without clicks. Every round has an
    /// outcome here.
    DetectionLoophole,
    /// Blinded detectors that click only for the adversary's setting, at both sides. Every round has an outcome here.
    FakedState,
    /// Answers late when the setting does not suit: S = 4 for whoever pairs clicks by a narrow coincidence window.
    /// Slots are fixed before the run here.
    CoincidenceTime,
    /// Honest for the first half of the rounds, then passes or fails the Bell test according to an earlier outcome.
    /// Harmless within a block; across blocks it is why devices are not reused without padding.
    AbortLeak,
    /// Knows a hash of Alice's string in advance and makes its first 256 bits zero, with S close to `2 sqrt 2` and no
    /// errors: fatal where a hash seed is used twice. The protocol draws its seed after the devices have stopped, and
    /// these devices forced another hash. See [`HashForcing`] to give them the seed.
    KnownHash,
    /// The collective attack that saturates the CHSH entropy bound at the honest S and Q: looks honest, and the
    /// adversary holds the purification. What she knows is exactly what privacy amplification removes.
    Collective,
}

impl Strategy {
    /// Every strategy, the honest one first.
    pub const ALL: [Self; 10] = [
        Self::Honest,
        Self::LocalHiddenVariables,
        Self::LocalWithMemory,
        Self::BiasedSettings,
        Self::DetectionLoophole,
        Self::FakedState,
        Self::CoincidenceTime,
        Self::AbortLeak,
        Self::KnownHash,
        Self::Collective,
    ];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Honest => "honest",
            Self::LocalHiddenVariables => "lhv",
            Self::LocalWithMemory => "lhv-memory",
            Self::BiasedSettings => "biased-settings",
            Self::DetectionLoophole => "detection-loophole",
            Self::FakedState => "faked-state",
            Self::CoincidenceTime => "coincidence-time",
            Self::AbortLeak => "abort-leak",
            Self::KnownHash => "known-hash",
            Self::Collective => "collective",
        }
    }

    /// The devices of an adversary; `None` for honest ones.
    pub(crate) fn devices(self, experiment: &Experiment) -> Option<Box<dyn Devices>> {
        let devices: Box<dyn Devices> = match self {
            Self::Honest => return None,
            Self::LocalHiddenVariables => Box::new(Memoryless),
            Self::LocalWithMemory => Box::new(Adaptive::default()),
            Self::BiasedSettings => Box::new(BiasedSettings),
            Self::DetectionLoophole => Box::new(DetectionLoophole),
            Self::FakedState => Box::new(FakedState),
            Self::CoincidenceTime => Box::new(CoincidenceTime),
            Self::AbortLeak => Box::new(AbortLeak::new(experiment.rounds / 2)),
            Self::KnownHash => Box::new(known_hash(experiment)?),
            Self::Collective => {
                let honest = experiment.model.behaviour();
                let readout = experiment.model.readout.ideal();
                Box::new(Purified::new(honest.chsh_s(), honest.qber(), readout).ok()?)
            }
        };
        Some(devices)
    }
}

/// Devices that force the first 256 bits of a hash that their maker drew.
fn known_hash(experiment: &Experiment) -> Option<HashForcing> {
    let input_bits = usize::try_from(experiment.rounds).ok()?;
    let model = &experiment.model;
    let rule = [model.no_click, model.multi_click];
    HashForcing::drawn(input_bits, 256, Noise::new(experiment.seed, "known hash"), model.readout, rule).ok()
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
#[error(
    "no such strategy; the names are honest, lhv, lhv-memory, biased-settings, detection-loophole, faked-state, \
     coincidence-time, abort-leak, known-hash, collective"
)]
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
}
