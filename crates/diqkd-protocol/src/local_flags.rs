//! Test flags that each site draws for itself (docs/theory, section 5.8).
//!
//! In every round a site draws a flag, up with the probability that the parameters state for it, and keeps it to itself until
//! both stations have stopped. Flag up: the setting is a fair bit. Flag down: the key setting. A device learns its setting
//! and nothing else. When both sites have recorded everything they reveal their flags: both up is a test round, both down a
//! key round, and rounds with one flag up are dropped, their outcomes used nowhere and announced nowhere.

use core::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};

use diqkd_core::{LocalTable, Role, RoundList, Setting, TestProbability};
use diqkd_gf2::Bits;
use diqkd_hal::{SettingChooser, SettingRng};
use rand_core::Rng;

use crate::settings::key_setting;

/// The rounds in which a site's own flag was up; secret until both stations have stopped.
///
/// A handle: the chooser, which the station has, writes; the session's owner takes the list when the station has stopped.
#[derive(Clone, Default)]
pub struct RaisedFlags(Arc<Mutex<RoundList>>);

impl RaisedFlags {
    /// The rounds so far; none is left.
    pub fn take(&self) -> RoundList {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn add(&self, round: u64) {
        // The contract of a chooser: rounds increase. One that is asked twice does not raise a second flag.
        let _ = self.0.lock().unwrap_or_else(PoisonError::into_inner).push(round);
    }
}

impl std::fmt::Debug for RaisedFlags {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RaisedFlags")
    }
}

/// One site's trusted controller that draws flag and setting of every round from the site's own generator.
///
/// One 32-bit word a round: its low half decides the flag, its highest bit is the setting of a round whose flag is up. The
/// generator can't fail: one that can has to stop its station when it does.
pub struct LocalFlagChooser<R> {
    role: Role,
    probability: TestProbability,
    rng: R,
    raised: RaisedFlags,
}

impl<R: SettingRng<Error = Infallible>> LocalFlagChooser<R> {
    /// A chooser for `role` whose flag is up with this probability, and the list that it writes.
    pub fn new(role: Role, probability: TestProbability, rng: R) -> (Self, RaisedFlags) {
        let raised = RaisedFlags::default();
        (Self { role, probability, rng, raised: raised.clone() }, raised)
    }
}

impl<R: SettingRng<Error = Infallible>> SettingChooser for LocalFlagChooser<R> {
    fn choose(&mut self, round: u64) -> Setting {
        let word = self.rng.next_u32();
        if self.probability.is_test(word as u16) {
            self.raised.add(round);
            return Setting::from_bit(word >> 31 == 1);
        }
        key_setting(self.role, false)
    }
}

/// The flags of the rounds of a table, one bit each.
pub(crate) fn of_table(table: &LocalTable, raised: &RoundList) -> Bits {
    let mut raised = raised.iter().peekable();
    let mut flags = Bits::with_capacity(table.len());
    for round in table.rounds().iter() {
        while raised.next_if(|&up| up < round).is_some() {}
        flags.push(raised.next_if_eq(&round).is_some());
    }
    flags
}

#[cfg(test)]
mod tests {
    use super::*;
    use diqkd_core::{LocalTrial, Outcome};

    #[test]
    fn rounds_that_were_not_recorded_do_not_shift_the_flags() {
        let mut raised = RoundList::new();
        let mut table = LocalTable::new();
        for round in [2, 5, 6, 9] {
            raised.push(round).unwrap();
        }
        for round in [1, 5, 7, 9, 11] {
            let trial = LocalTrial { round, setting: Setting::from_bit(false), outcome: Outcome::Plus };
            table.push(trial).unwrap();
        }
        assert_eq!(
            of_table(&table, &raised),
            [false, true, false, true, false].into_iter().collect::<Bits>()
        );
    }
}
