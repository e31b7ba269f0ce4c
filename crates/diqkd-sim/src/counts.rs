//! Counts of honest trials, slot range by slot range: for large numbers and many threads.

use core::ops::{AddAssign, Range};

use diqkd_core::{Role, TestProbability, Trial};
use diqkd_hal::SettingChooser;

use crate::chooser::SeededChooser;
use crate::experiment::Experiment;
use crate::heralds::BLOCK;
use crate::noise::Noise;
use crate::phase::phases;

/// `N(a, b, x, y)`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrialCounts {
    /// Index `[x][y][a][b]`, with 0 for the outcome +1.
    pub n: [[[[u64; 2]; 2]; 4]; 4],
}

impl TrialCounts {
    /// Counts one trial.
    pub fn add(&mut self, trial: &Trial) {
        let cell = &mut self.n[usize::from(trial.x.index() & 3)][usize::from(trial.y.index() & 3)];
        cell[usize::from(trial.a.bit())][usize::from(trial.b.bit())] += 1;
    }

    /// Number of trials.
    pub fn trials(&self) -> u64 {
        self.n.iter().flatten().flatten().flatten().sum()
    }
}

impl AddAssign<&Self> for TrialCounts {
    fn add_assign(&mut self, other: &Self) {
        let mine = self.n.iter_mut().flatten().flatten().flatten();
        mine.zip(other.n.iter().flatten().flatten().flatten()).for_each(|(a, b)| *a += b);
    }
}

impl FromIterator<Trial> for TrialCounts {
    fn from_iter<I: IntoIterator<Item = Trial>>(trials: I) -> Self {
        let mut counts = Self::default();
        trials.into_iter().for_each(|trial| counts.add(&trial));
        counts
    }
}

impl Experiment {
    /// Counts of the honest trials in a range of slots, with seeded choosers, whatever [`Experiment::strategy`] says.
    ///
    /// Every slot is a function of the seed alone, so the counts of adjacent ranges add up to those of the whole: split
    /// the slots over as many threads as there are, the sum is the same.
    pub fn honest_counts(&self, slots: Range<u64>, test_probability: TestProbability) -> TrialCounts {
        let phases = phases(self);
        let starts = phases.iter().skip(1).map(|phase| phase.from_slot).chain([u64::MAX]);
        let [heralds, outcomes, stuck] =
            ["heralds", "outcomes", "stuck settings"].map(|purpose| Noise::new(self.seed, purpose));
        let chooser = |role| SeededChooser::new(role, test_probability, self.seed);
        let (mut alice, mut bob) = (chooser(Role::Alice), chooser(Role::Bob));
        let (no_click, multi_click) = (self.model.no_click, self.model.multi_click);
        let mut counts = TrialCounts::default();
        for (phase, end) in phases.iter().zip(starts) {
            let mut from = slots.start.max(phase.from_slot);
            let end = slots.end.min(end);
            while from < end {
                let block = from / BLOCK;
                let next = end.min((block + 1).saturating_mul(BLOCK));
                let rounds = phase.rounds(heralds, block);
                let mut both = rounds.alice & rounds.bob & rounds.either(from, next);
                while both != 0 {
                    let round = block * BLOCK + u64::from(both.trailing_zeros());
                    both &= both - 1;
                    let x = phase.applied(alice.choose(round), || stuck.word(round));
                    let y = bob.choose(round);
                    let (a, b) = phase.honest.sample(x.index(), y.index(), outcomes.word(round));
                    let [a, b] = [a, b].map(|clicks| clicks.outcome(no_click, multi_click));
                    counts.add(&Trial { round, x, y, a, b });
                }
                from = next;
            }
        }
        counts
    }
}
