//! The rounds that both stations have.

use diqkd_core::Trial;

use super::station::Station;

/// Trials of both stations, and the rounds that only one has.
pub(super) struct Joined {
    pub(super) trials: Vec<JoinedTrial>,
    pub(super) only_a: u64,
    pub(super) only_b: u64,
}

/// A trial and which kind of herald the first station saw.
pub(super) struct JoinedTrial {
    pub(super) trial: Trial,
    pub(super) herald: u8,
}

/// Joins the tables by round. Which rounds are left out depends on heralds and slots alone.
pub(super) fn join(a: &Station, b: &Station) -> Joined {
    let mut joined = Joined { trials: Vec::new(), only_a: 0, only_b: 0 };
    let mut others = b.table.iter().peekable();
    for (i, own) in a.table.iter().enumerate() {
        while others.next_if(|other| other.round < own.round).is_some() {
            joined.only_b += 1;
        }
        match others.next_if(|other| other.round == own.round) {
            Some(other) => joined.trials.push(JoinedTrial {
                trial: Trial {
                    round: own.round,
                    x: own.setting,
                    y: other.setting,
                    a: own.outcome,
                    b: other.outcome,
                },
                herald: a.table.herald(i).unwrap_or_default().flag(),
            }),
            None => joined.only_a += 1,
        }
    }
    joined.only_b += others.count() as u64;
    joined
}
