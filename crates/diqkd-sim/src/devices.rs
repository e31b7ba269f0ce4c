//! What untrusted devices may do in a round, as a type: nothing but answer their own setting.

use std::sync::Arc;

use diqkd_core::{Outcome, Setting};

use crate::click_sampler::ClickSampler;
use crate::click_table::Clicks;
use crate::noise::NoiseRng;

mod collective;
mod hash_forcing;
mod local;
mod loophole;
mod memory;

pub use hash_forcing::HashForcing;

pub(crate) use collective::Purified;
pub(crate) use local::{BiasedSettings, Memoryless};
pub(crate) use loophole::{CoincidenceTime, DetectionLoophole, FakedState};
pub(crate) use memory::{AbortLeak, Adaptive};

/// A pair of untrusted devices and the source between them, run by an adversary.
///
/// Before each round the adversary prepares both devices without knowing the settings; within the round each device
/// answers its own setting alone. Both facts are in the types: [`Devices::prepare`] sees no setting of its round, and a
/// [`Preparation`] is either one table of answers for each side or a measured quantum state, so that no answer can
/// depend on the other side's setting. Between rounds the devices may share everything that happened before.
pub trait Devices: Send {
    /// Prepares the devices for `round`. The randomness is the adversary's own.
    fn prepare(&mut self, round: u64, rng: &mut NoiseRng) -> Preparation;

    /// Learns everything about a round that is over.
    fn observe(&mut self, _past: &PastRound) {}
}

/// What the devices hold when a round begins.
#[derive(Clone, Debug)]
pub enum Preparation {
    /// A hidden variable: each side's answer to each of its settings.
    Local(Responses),
    /// An entangled state with a measurement for each setting.
    Entangled {
        /// The clicks of state and measurements.
        sampler: Arc<ClickSampler>,
        /// What the adversary, who holds the rest of the state, guesses Alice's outcome at her key setting to be.
        guess: Option<Outcome>,
    },
    /// What honest devices hold.
    Honest,
}

/// The answers of both sides to their own settings 0 to 3.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Responses {
    /// Alice's answer to each `x`.
    pub alice: [Answer; 4],
    /// Bob's answer to each `y`.
    pub bob: [Answer; 4],
}

impl Responses {
    /// What stations with one detector a side show of it: a second one is not there to click, however the devices wish.
    pub(crate) fn keep_the_first_detector(&mut self) {
        for answer in self.alice.iter_mut().chain(&mut self.bob) {
            answer.clicks.minus = false;
        }
    }
}

/// What a device does in a round.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// Which detectors click.
    pub clicks: Clicks,
    /// When.
    pub delay: Delay,
}

impl From<Clicks> for Answer {
    fn from(clicks: Clicks) -> Self {
        Self { clicks, delay: Delay::Usual }
    }
}

/// When a click comes, within the detection window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Delay {
    /// As in the model.
    #[default]
    Usual,
    /// After a fifth of the window.
    Early,
    /// After four fifths of the window.
    Late,
}

/// A round that is over, as the adversary may know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PastRound {
    /// The round.
    pub round: u64,
    /// Alice's setting.
    pub x: Setting,
    /// Bob's setting.
    pub y: Setting,
    /// Alice's clicks.
    pub alice: Clicks,
    /// Bob's clicks.
    pub bob: Clicks,
}
