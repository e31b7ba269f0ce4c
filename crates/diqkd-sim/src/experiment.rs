//! One seeded experiment.

use diqkd_core::{Role, TestProbability};
use diqkd_hal::{SettingChooser, StationLayout};

use crate::chooser::SeededChooser;
use crate::clock::BobClock;
use crate::devices::Devices;
use crate::fault::Fault;
use crate::model::Model;
use crate::preset::Preset;
use crate::strategy::Strategy;
use crate::trials::Trials;
use crate::world::World;

/// Everything that determines the tags of both stations, but for the settings.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Experiment {
    /// The honest stations.
    pub model: Model,
    /// Rounds that both sites can use at least, unless faults prevent them (see [`Experiment::greatest_slots`]). A
    /// margin of 0.5 % and 100 rounds is added for what later stages may lose at the edges.
    pub rounds: u64,
    /// The seed of the whole world.
    pub seed: u64,
    /// Who runs the devices.
    pub strategy: Strategy,
    /// What fails, and when.
    pub faults: Vec<Fault>,
}

impl Experiment {
    /// A preset with honest devices.
    pub fn new(preset: Preset, rounds: u64, seed: u64) -> Self {
        Self { model: preset.model(), rounds, seed, strategy: Strategy::Honest, faults: Vec::new() }
    }

    /// The same experiment with other devices.
    #[must_use]
    pub fn with_strategy(self, strategy: Strategy) -> Self {
        Self { strategy, ..self }
    }

    /// The same experiment with one more failure.
    #[must_use]
    pub fn with_fault(mut self, fault: Fault) -> Self {
        self.faults.push(fault);
        self
    }

    /// About how many slots the experiment takes when nothing fails.
    pub fn expected_slots(&self) -> u64 {
        (self.rounds_with_margin() as f64 / self.model.trigger.round_probability().max(1e-9)) as u64
    }

    /// The data end here at the latest, also when faults let too few rounds happen: a hundred times the expected slots
    /// and ten million.
    pub fn greatest_slots(&self) -> u64 {
        self.expected_slots().saturating_mul(100).saturating_add(10_000_000)
    }

    /// How the tags of either station become trials.
    pub fn layout(&self) -> StationLayout {
        self.model.layout()
    }

    /// Rounds that happen at both sites before the data end.
    pub fn rounds_with_margin(&self) -> u64 {
        self.rounds.saturating_add(self.rounds / 200).saturating_add(100)
    }

    /// The ground truth of Bob's clock. Alice's is the reference.
    pub fn bob_clock(&self) -> BobClock {
        BobClock::new(self)
    }

    /// The trials of the same world without tags: exactly those that a perfect slot rule finds in both sites'
    /// recordings.
    pub fn trials<A: SettingChooser, B: SettingChooser>(&self, alice: A, bob: B) -> Trials<A, B> {
        self.trials_of(self.strategy.devices(self), alice, bob)
    }

    /// The trials with a [`SeededChooser`] of the experiment's seed at each side.
    pub fn seeded_trials(&self, test_probability: TestProbability) -> Trials<SeededChooser, SeededChooser> {
        let chooser = |role| SeededChooser::new(role, test_probability, self.seed);
        self.trials(chooser(Role::Alice), chooser(Role::Bob))
    }

    /// The trials with devices of one's own in place of [`Experiment::strategy`].
    pub fn trials_with_devices<A: SettingChooser, B: SettingChooser>(
        &self,
        devices: Box<dyn Devices>,
        alice: A,
        bob: B,
    ) -> Trials<A, B> {
        self.trials_of(Some(devices), alice, bob)
    }

    fn trials_of<A: SettingChooser, B: SettingChooser>(
        &self,
        devices: Option<Box<dyn Devices>>,
        alice: A,
        bob: B,
    ) -> Trials<A, B> {
        Trials::new(World::new(self, devices, alice, bob), self.model.no_click, self.model.multi_click)
    }
}
