//! What untrusted devices may do in a round, as a type: nothing but answer their own setting.

use std::sync::Arc;

use diqkd_core::Setting;

use crate::click_table::{ClickSampler, Clicks};
use crate::noise::NoiseRng;

mod local;
mod loophole;
mod memory;

pub(crate) use local::Memoryless;
pub(crate) use loophole::DetectionLoophole;
pub(crate) use memory::Adaptive;

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
    Entangled(Arc<ClickSampler>),
}

/// The answers of both sides to their own settings 0 to 3.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Responses {
    /// Alice's clicks for each `x`.
    pub alice: [Clicks; 4],
    /// Bob's clicks for each `y`.
    pub bob: [Clicks; 4],
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
