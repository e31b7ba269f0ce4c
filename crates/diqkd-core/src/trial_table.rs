//! One side's trials in bit-packed columns: the only form in which data enter Bell and entropy code.

use bitvec::prelude::{BitVec, Lsb0};

use crate::round_list::{RoundList, RoundListError};
use crate::trial::{LocalTrial, Outcome, Setting};

/// One side's trials: round ids, settings (2 bits) and outcomes (1 bit) in columns. About 2.4 bits and one to two
/// bytes of round id per trial.
///
/// There is no conversion from coincidence pairs: a table is filled round by round, with an outcome for every round.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LocalTable {
    rounds: RoundList,
    setting_low: BitVec<u64, Lsb0>,
    setting_high: BitVec<u64, Lsb0>,
    outcomes: BitVec<u64, Lsb0>,
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
}
