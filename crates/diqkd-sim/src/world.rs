//! The seeded world that both stations re-simulate: slot by slot, what happens at either site.

use diqkd_core::Setting;
use diqkd_hal::SettingChooser;

use crate::click_table::{ClickSampler, Clicks};
use crate::devices::{Devices, PastRound, Preparation};
use crate::experiment::Experiment;
use crate::model::TriggerModel;
use crate::noise::{Noise, threshold};

/// Both sites' settings and clicks, slot by slot.
pub(crate) struct World<A, B> {
    honest: ClickSampler,
    devices: Option<Box<dyn Devices>>,
    alice: A,
    bob: B,
    clocked: bool,
    /// Upper ends of the events of [`Happening`], in order.
    happenings: [u64; 3],
    happening_noise: Noise,
    outcome_noise: Noise,
    device_noise: Noise,
    next_slot: u64,
    rounds_left: u64,
}

/// What happens in one slot.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slot {
    pub(crate) index: u64,
    /// Setting and clicks at Alice, when she sees a round.
    pub(crate) alice: Option<(Setting, Clicks)>,
    /// Setting and clicks at Bob, when he sees a round.
    pub(crate) bob: Option<(Setting, Clicks)>,
}

impl<A: SettingChooser, B: SettingChooser> World<A, B> {
    pub(crate) fn new(experiment: &Experiment, alice: A, bob: B) -> Self {
        let (clocked, happenings) = match experiment.model.trigger {
            TriggerModel::Clocked { .. } => (true, [u64::MAX; 3]),
            TriggerModel::EventReady { probability, lost, extra } => {
                let [p, lost, extra] = [probability, lost, extra].map(|p| p.clamp(0.0, 1.0));
                let both = p * (1.0 - lost) * (1.0 - lost);
                let alone = p * lost * (1.0 - lost) + (1.0 - p) * extra;
                (false, [both, both + alone, both + 2.0 * alone].map(threshold))
            }
        };
        Self {
            honest: ClickSampler::new(&experiment.model.clicks),
            devices: experiment.strategy.devices(&experiment.model),
            alice,
            bob,
            clocked,
            happenings,
            happening_noise: Noise::new(experiment.seed, "heralds"),
            outcome_noise: Noise::new(experiment.seed, "outcomes"),
            device_noise: Noise::new(experiment.seed, "devices"),
            next_slot: 0,
            rounds_left: experiment.rounds_with_margin(),
        }
    }

    /// Whether all rounds have happened.
    pub(crate) fn is_over(&self) -> bool {
        self.rounds_left == 0
    }

    /// The next slot; `None` when all rounds have happened.
    #[inline]
    pub(crate) fn next_slot(&mut self) -> Option<Slot> {
        if self.is_over() {
            return None;
        }
        let index = self.next_slot;
        self.next_slot += 1;
        let word = self.happening_noise.word(index);
        let [both, alice_alone, bob_alone] = self.happenings;
        if self.clocked || word < both {
            self.rounds_left -= 1;
            let (x, y) = (self.alice.choose(index), self.bob.choose(index));
            let (a, b) = self.clicks(index, x, y);
            if let Some(devices) = &mut self.devices {
                devices.observe(&PastRound { round: index, x, y, alice: a, bob: b });
            }
            return Some(Slot { index, alice: Some((x, a)), bob: Some((y, b)) });
        }
        let mut slot = Slot { index, alice: None, bob: None };
        if word < alice_alone {
            let x = self.alice.choose(index);
            slot.alice = Some((x, self.clicks(index, x, x).0));
        } else if word < bob_alone {
            let y = self.bob.choose(index);
            slot.bob = Some((y, self.clicks(index, y, y).1));
        }
        Some(slot)
    }

    #[inline]
    fn clicks(&mut self, round: u64, x: Setting, y: Setting) -> (Clicks, Clicks) {
        let word = self.outcome_noise.word(round);
        match &mut self.devices {
            None => self.honest.sample(x.index(), y.index(), word),
            Some(devices) => match devices.prepare(round, &mut self.device_noise.generator(round)) {
                Preparation::Local(responses) => {
                    (responses.alice[usize::from(x.index() & 3)], responses.bob[usize::from(y.index() & 3)])
                }
                Preparation::Entangled(sampler) => sampler.sample(x.index(), y.index(), word),
            },
        }
    }
}
