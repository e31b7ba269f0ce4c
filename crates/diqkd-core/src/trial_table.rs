//! One side's trials in bit-packed columns: the only form in which data enter Bell and entropy code.

use bitvec::prelude::{BitVec, Lsb0};

use crate::round_list::{RoundList, RoundListError};
use crate::trial::{Herald, LocalTrial, Outcome, Setting};

/// One side's trials: round ids, settings (2 bits), outcomes (1 bit) and herald flags (2 bits from the first that is
/// not 0) in columns. About 3 bits and one to two bytes of round id per trial.
///
/// There is no conversion from coincidence pairs: a table is filled round by round, with an outcome for every round.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LocalTable {
    rounds: RoundList,
    setting_low: BitVec<u64, Lsb0>,
    setting_high: BitVec<u64, Lsb0>,
    outcomes: BitVec<u64, Lsb0>,
    /// Two bits a trial, low bit first; shorter than the other columns where the rest is 0.
    heralds: BitVec<u64, Lsb0>,
}

impl LocalTable {
    /// An empty table.
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends a trial.
    ///
    /// # Errors
    /// [`TableError::Rounds`] when its round does not lie above the last one.
    pub fn push(&mut self, trial: LocalTrial) -> Result<(), TableError> {
        self.rounds.push(trial.round)?;
        self.setting_low.push(trial.setting.index() & 1 == 1);
        self.setting_high.push(trial.setting.index() & 2 == 2);
        self.outcomes.push(trial.outcome.bit());
        Ok(())
    }

    /// Appends a trial that a certain kind of herald announced; [`LocalTable::push`] is for the kind 0.
    ///
    /// # Errors
    /// [`TableError::Rounds`] when its round does not lie above the last one.
    pub fn push_heralded(&mut self, trial: LocalTrial, herald: Herald) -> Result<(), TableError> {
        self.push(trial)?;
        if herald != Herald::default() {
            self.heralds.resize(2 * self.len() - 2, false);
            self.heralds.push(herald.flag() & 1 == 1);
            self.heralds.push(herald.flag() & 2 == 2);
        }
        Ok(())
    }

    /// Number of trials.
    pub fn len(&self) -> usize {
        self.outcomes.len()
    }

    /// Whether there is no trial.
    pub fn is_empty(&self) -> bool {
        self.outcomes.is_empty()
    }

    /// The round ids.
    pub fn rounds(&self) -> &RoundList {
        &self.rounds
    }

    /// The setting of the `i`-th trial; `None` beyond the end.
    pub fn setting(&self, i: usize) -> Option<Setting> {
        let index = u8::from(*self.setting_low.get(i)?) | u8::from(*self.setting_high.get(i)?) << 1;
        Setting::new(index).ok()
    }

    /// The outcome of the `i`-th trial; `None` beyond the end.
    pub fn outcome(&self, i: usize) -> Option<Outcome> {
        self.outcomes.get(i).map(|bit| Outcome::from_bit(*bit))
    }

    /// The herald flag of the `i`-th trial; `None` beyond the end.
    pub fn herald(&self, i: usize) -> Option<Herald> {
        if i >= self.len() {
            return None;
        }
        let bit = |at: usize| u8::from(self.heralds.get(at).is_some_and(|bit| *bit));
        Herald::new(bit(2 * i) | bit(2 * i + 1) << 1).ok()
    }

    /// The trials in order.
    pub fn iter(&self) -> impl Iterator<Item = LocalTrial> + '_ {
        self.rounds.iter().enumerate().filter_map(|(i, round)| {
            Some(LocalTrial { round, setting: self.setting(i)?, outcome: self.outcome(i)? })
        })
    }

    /// Outcome bits, one a trial, LSB first.
    pub fn outcomes(&self) -> &BitVec<u64, Lsb0> {
        &self.outcomes
    }
}

/// Why a table could not grow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TableError {
    /// The round ids are not strictly increasing.
    #[error("trial out of order")]
    Rounds(#[from] RoundListError),
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    #[test]
    fn columns_give_back_what_went_in() {
        let trials: Vec<_> = (0..300u64)
            .map(|i| LocalTrial {
                round: i * i + 3,
                setting: Setting::new((i % 3) as u8).unwrap(),
                outcome: Outcome::from_bit(i % 5 == 0),
            })
            .collect();
        let mut table = LocalTable::new();
        for trial in &trials {
            table.push(*trial).unwrap();
        }
        assert_eq!(table.iter().collect::<Vec<_>>(), trials);
        assert!(table.push(trials[0]).is_err());
        assert_eq!(table.len(), 300);
        assert_eq!(table.setting(300), None);
    }

    #[test]
    fn herald_flags_take_room_only_where_they_are() {
        let trial = |round| LocalTrial { round, setting: Setting::from_bit(false), outcome: Outcome::Plus };
        let (mut plain, mut flagged) = (LocalTable::new(), LocalTable::new());
        for round in 0..10 {
            plain.push(trial(round)).unwrap();
            flagged.push_heralded(trial(round), Herald::default()).unwrap();
        }
        assert_eq!(plain, flagged);
        for flag in [2, 0, 3, 1, 0] {
            let round = flagged.len() as u64;
            flagged.push_heralded(trial(round), Herald::new(flag).unwrap()).unwrap();
        }
        let flags: Vec<_> = (0..16).map(|i| flagged.herald(i).map(Herald::flag)).collect();
        let expected = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 3, 1, 0].map(Some);
        assert_eq!(flags[..15], expected);
        assert_eq!(flags[15], None);
        assert!(Herald::new(4).is_err());
    }
}
