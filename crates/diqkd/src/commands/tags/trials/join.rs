//! The rounds that both stations have.

use std::collections::BTreeMap;

use diqkd_core::Trial;

use super::station::Station;

/// What came out of joining. The trials themselves are handed on one by one, so that a long recording takes no more
/// memory than the packed tables of both stations.
#[derive(Debug, Default)]
pub(super) struct Joined {
    pub(super) trials: u64,
    /// Rounds that only the first station has.
    pub(super) only_a: u64,
    /// Rounds that only the second one has.
    pub(super) only_b: u64,
    /// Trials by `x, y, a, b`, without empty cells.
    pub(super) cells: BTreeMap<[u8; 4], u64>,
}

/// A trial and which kind of herald the first station saw.
pub(super) struct JoinedTrial {
    pub(super) trial: Trial,
    pub(super) herald: u8,
}

impl JoinedTrial {
    /// Settings and outcomes; outcome 0 stands for +1.
    pub(super) fn cell(&self) -> [u8; 4] {
        let Trial { x, y, a, b, .. } = self.trial;
        [x.index(), y.index(), u8::from(a.bit()), u8::from(b.bit())]
    }
}

/// Joins the tables by round and hands each trial to `take`. Which rounds are left out depends on heralds and slots
/// alone.
pub(super) fn join<E>(
    a: &Station,
    b: &Station,
    mut take: impl FnMut(&JoinedTrial) -> Result<(), E>,
) -> Result<Joined, E> {
    let mut joined = Joined::default();
    let mut others = b.table.iter().peekable();
    for (i, own) in a.table.iter().enumerate() {
        while others.next_if(|other| other.round < own.round).is_some() {
            joined.only_b += 1;
        }
        let Some(other) = others.next_if(|other| other.round == own.round) else {
            joined.only_a += 1;
            continue;
        };
        let trial =
            Trial { round: own.round, x: own.setting, y: other.setting, a: own.outcome, b: other.outcome };
        let trial = JoinedTrial { trial, herald: a.table.herald(i).unwrap_or_default().flag() };
        take(&trial)?;
        joined.trials += 1;
        *joined.cells.entry(trial.cell()).or_insert(0) += 1;
    }
    joined.only_b += others.count() as u64;
    Ok(joined)
}
