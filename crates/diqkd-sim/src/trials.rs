//! Trials without tags.

use diqkd_core::{Outcome, Trial};
use diqkd_hal::SettingChooser;

use crate::world::World;

/// The trials of an experiment, from [`Experiment::trials`](crate::Experiment::trials).
pub struct Trials<A, B> {
    world: World<A, B>,
    no_click: Outcome,
    multi_click: Outcome,
}

impl<A, B> Trials<A, B> {
    pub(crate) fn new(world: World<A, B>, no_click: Outcome, multi_click: Outcome) -> Self {
        Self { world, no_click, multi_click }
    }
}

impl<A: SettingChooser, B: SettingChooser> Trials<A, B> {
    /// What the adversary guesses Alice's outcome of the last trial to be, had she her key setting; `None` when the
    /// devices are honest in that round.
    pub fn guess(&self) -> Option<Outcome> {
        self.world.guess()
    }
}

impl<A: SettingChooser, B: SettingChooser> Iterator for Trials<A, B> {
    type Item = Trial;

    #[inline]
    fn next(&mut self) -> Option<Trial> {
        loop {
            let slot = self.world.next_happening()?;
            if let (Some((x, a)), Some((y, b))) = (slot.alice, slot.bob) {
                let [a, b] = [a, b].map(|answer| answer.clicks.outcome(self.no_click, self.multi_click));
                return Some(Trial { round: slot.index, x, y, a, b });
            }
        }
    }
}
