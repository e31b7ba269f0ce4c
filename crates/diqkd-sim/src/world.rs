//! The seeded world that both stations re-simulate: slot by slot, what happens at either site.

use diqkd_core::{Outcome, Setting};
use diqkd_hal::SettingChooser;

use crate::click_table::Readout;
use crate::devices::{Answer, Devices, PastRound, Preparation};
use crate::experiment::Experiment;
use crate::heralds::{BLOCK, Rounds};
use crate::noise::Noise;
use crate::phase::{Phase, phases};

/// Both sites' settings and clicks, slot by slot.
pub(crate) struct World<A, B> {
    phases: Vec<Phase>,
    phase: usize,
    phase_end: u64,
    devices: Option<Box<dyn Devices>>,
    alice: A,
    bob: B,
    heralds: Noise,
    outcome_noise: Noise,
    device_noise: Noise,
    stuck_noise: Noise,
    next_slot: u64,
    /// The rounds of the block of slots that was entered last, as far as its phase goes.
    rounds: Rounds,
    rounds_end: u64,
    /// Those to come that [`World::next_happening`] has found: bit `i` for slot `ahead_from + i`.
    ahead: u64,
    ahead_from: u64,
    last_slot: u64,
    rounds_left: u64,
    no_click: Outcome,
    multi_click: Outcome,
    one_detector: bool,
    guess: Option<Outcome>,
}

/// What happens in one slot.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slot {
    pub(crate) index: u64,
    /// Setting and answer at Alice, when she sees a round.
    pub(crate) alice: Option<(Setting, Answer)>,
    /// Setting and answer at Bob, when he sees a round.
    pub(crate) bob: Option<(Setting, Answer)>,
}

impl<A: SettingChooser, B: SettingChooser> World<A, B> {
    pub(crate) fn new(experiment: &Experiment, devices: Option<Box<dyn Devices>>, alice: A, bob: B) -> Self {
        let phases = phases(experiment);
        Self {
            phase_end: phases.get(1).map_or(u64::MAX, |phase| phase.from_slot),
            phases,
            phase: 0,
            devices,
            alice,
            bob,
            heralds: Noise::new(experiment.seed, "heralds"),
            outcome_noise: Noise::new(experiment.seed, "outcomes"),
            device_noise: Noise::new(experiment.seed, "devices"),
            stuck_noise: Noise::new(experiment.seed, "stuck settings"),
            next_slot: 0,
            rounds: Rounds::default(),
            rounds_end: 0,
            ahead: 0,
            ahead_from: 0,
            last_slot: experiment.greatest_slots(),
            rounds_left: experiment.rounds_with_margin(),
            no_click: experiment.model.no_click,
            multi_click: experiment.model.multi_click,
            one_detector: matches!(experiment.model.readout, Readout::Fluorescence { .. }),
            guess: None,
        }
    }

    /// What holds in the slot that was delivered last.
    pub(crate) fn phase(&self) -> &Phase {
        &self.phases[self.phase]
    }

    /// The adversary's guess of Alice's outcome in the last round, were her setting the key setting.
    pub(crate) fn guess(&self) -> Option<Outcome> {
        self.guess
    }

    /// The next slot; `None` when all rounds have happened.
    #[inline]
    pub(crate) fn next_slot(&mut self) -> Option<Slot> {
        if self.rounds_left == 0 || !self.enter_next_slot() {
            return None;
        }
        let index = self.next_slot;
        if index == self.rounds_end {
            self.enter_block();
        }
        self.next_slot += 1;
        Some(self.slot(index))
    }

    /// The next slot that is a round at either site; `None` when all rounds have happened. Not to be mixed with
    /// [`World::next_slot`].
    #[inline]
    pub(crate) fn next_happening(&mut self) -> Option<Slot> {
        if self.rounds_left == 0 {
            return None;
        }
        while self.ahead == 0 {
            if !self.enter_next_slot() {
                return None;
            }
            self.enter_block();
            self.ahead_from = self.next_slot - self.next_slot % BLOCK;
            self.ahead = self.rounds.either(self.next_slot, self.rounds_end);
            self.next_slot = self.rounds_end;
        }
        let index = self.ahead_from + u64::from(self.ahead.trailing_zeros());
        self.ahead &= self.ahead - 1;
        Some(self.slot(index))
    }

    /// Moves on to the phase of the next slot; whether there is one.
    #[inline]
    fn enter_next_slot(&mut self) -> bool {
        if self.next_slot == self.phase_end {
            self.phase += 1;
            self.phase_end = self.phases.get(self.phase + 1).map_or(u64::MAX, |phase| phase.from_slot);
        }
        if self.next_slot == self.last_slot {
            self.rounds_left = 0;
        }
        self.rounds_left > 0
    }

    /// Finds the rounds from the next slot on to the end of its block or phase.
    #[inline]
    fn enter_block(&mut self) {
        let block = self.next_slot / BLOCK;
        self.rounds = self.phases[self.phase].rounds(self.heralds, block);
        self.rounds_end = (block + 1).saturating_mul(BLOCK).min(self.phase_end).min(self.last_slot);
    }

    /// What happens in a slot of the block that was entered last.
    #[inline]
    fn slot(&mut self, index: u64) -> Slot {
        let (at_alice, at_bob) = self.rounds.sites(index);
        let mut slot = Slot { index, alice: None, bob: None };
        if at_alice && at_bob {
            self.rounds_left -= 1;
            let (x, y) = (self.alice_setting(index), self.bob.choose(index));
            let (a, b) = self.answers(index, x, y);
            if let Some(devices) = &mut self.devices {
                devices.observe(&PastRound { round: index, x, y, alice: a.clicks, bob: b.clicks });
            }
            (slot.alice, slot.bob) = (Some((x, a)), Some((y, b)));
        } else if at_alice {
            let x = self.alice_setting(index);
            slot.alice = Some((x, self.answers(index, x, x).0));
        } else if at_bob {
            let y = self.bob.choose(index);
            slot.bob = Some((y, self.answers(index, y, y).1));
        }
        slot
    }

    #[inline]
    fn alice_setting(&mut self, round: u64) -> Setting {
        let chosen = self.alice.choose(round);
        self.phases[self.phase].applied(chosen, || self.stuck_noise.word(round))
    }

    #[inline]
    fn answers(&mut self, round: u64, x: Setting, y: Setting) -> (Answer, Answer) {
        let word = self.outcome_noise.word(round);
        let sampler = match &mut self.devices {
            None => &self.phases[self.phase].honest,
            Some(devices) => match devices.prepare(round, &mut self.device_noise.generator(round)) {
                Preparation::Honest => {
                    self.guess = None;
                    &self.phases[self.phase].honest
                }
                Preparation::Local(mut responses) => {
                    if self.one_detector {
                        responses.keep_the_first_detector();
                    }
                    let key = responses.alice[usize::from(Setting::ALICE_KEY.index())];
                    self.guess = Some(key.clicks.outcome(self.no_click, self.multi_click));
                    return (
                        responses.alice[usize::from(x.index() & 3)],
                        responses.bob[usize::from(y.index() & 3)],
                    );
                }
                Preparation::Entangled { sampler, guess } => {
                    self.guess = guess;
                    let (a, b) = sampler.sample(x.index(), y.index(), word);
                    return (a.into(), b.into());
                }
            },
        };
        let (a, b) = sampler.sample(x.index(), y.index(), word);
        (a.into(), b.into())
    }
}
