//! Sums over blocks, and what their scatter and course say.

use std::collections::BTreeMap;

use diqkd_bell::{ln_chi_squared_upper, ln_normal_two_sided};

use super::calendar::{Every, Time};
use super::line::{Block, Ending};

/// Sums over the blocks of a source, or of one row of a report.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Sums {
    /// Blocks with key.
    pub(super) with_key: u64,
    /// Blocks without key, by reason.
    pub(super) without_key: BTreeMap<String, u64>,
    /// Rounds of blocks with key.
    pub(super) rounds: u64,
    pub(super) key_bits: u64,
    pub(super) leak_bits: u64,
    /// Wins and tests of the blocks whose game was counted, also where it was lost.
    pub(super) wins: u64,
    pub(super) tests: u64,
    /// Errors and key rounds of the blocks that tell them.
    pub(super) errors: u64,
    pub(super) key_rounds: u64,
    f_ec: f64,
    with_f_ec: u64,
}

/// A value and its standard error.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Estimate {
    pub(super) value: f64,
    pub(super) error: f64,
}

/// Do the blocks of a source show one winning probability, and does it change with time?
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Course {
    /// Blocks whose game was counted.
    pub(super) blocks: u64,
    /// Scatter of the blocks about their mean, over what chance alone gives.
    pub(super) scatter: f64,
    /// How often steady devices scatter as much or more.
    pub(super) scatter_p: f64,
    /// Change of S in a day; absent where all blocks end at one time.
    pub(super) drift: Option<Estimate>,
    /// How often steady devices show as steep a course or a steeper one.
    pub(super) drift_p: Option<f64>,
}

impl Sums {
    pub(super) fn add(&mut self, block: &Block) {
        match &block.ending {
            Ending::Key { rounds, key_bits, leak_bits, f_ec } => {
                self.with_key += 1;
                self.rounds = self.rounds.saturating_add(*rounds);
                self.key_bits = self.key_bits.saturating_add(*key_bits);
                self.leak_bits = self.leak_bits.saturating_add(*leak_bits);
                if let Some(f_ec) = f_ec {
                    self.f_ec += f_ec;
                    self.with_f_ec += 1;
                }
            }
            Ending::NoKey { reason } => *self.without_key.entry(reason.clone()).or_default() += 1,
        }
        if let Some((wins, tests)) = block.game {
            self.wins = self.wins.saturating_add(wins);
            self.tests = self.tests.saturating_add(tests);
        }
        if let Some((errors, key_rounds)) = block.errors {
            self.errors = self.errors.saturating_add(errors);
            self.key_rounds = self.key_rounds.saturating_add(key_rounds);
        }
    }

    pub(super) fn blocks(&self) -> u64 {
        self.with_key + self.aborted()
    }

    pub(super) fn aborted(&self) -> u64 {
        self.without_key.values().sum()
    }

    /// `S = 8 omega - 4`, where settings of test rounds are uniform as a node's are.
    pub(super) fn chsh_s(&self) -> Option<Estimate> {
        let omega = share(self.wins, self.tests)?;
        Some(Estimate { value: 8.0 * omega.value - 4.0, error: 8.0 * omega.error })
    }

    pub(super) fn omega(&self) -> Option<Estimate> {
        share(self.wins, self.tests)
    }

    pub(super) fn qber(&self) -> Option<Estimate> {
        share(self.errors, self.key_rounds)
    }

    /// Key bits a round, over the blocks with key.
    pub(super) fn secret_fraction(&self) -> Option<f64> {
        (self.rounds > 0).then(|| self.key_bits as f64 / self.rounds as f64)
    }

    /// The mean over blocks with key.
    pub(super) fn f_ec(&self) -> Option<f64> {
        (self.with_f_ec > 0).then(|| self.f_ec / self.with_f_ec as f64)
    }
}

/// The blocks in rows of equal length; rows without a block are left out.
pub(super) fn rows<'a>(blocks: impl Iterator<Item = &'a Block>, every: Every) -> BTreeMap<Time, Sums> {
    let mut rows: BTreeMap<Time, Sums> = BTreeMap::new();
    for block in blocks {
        rows.entry(block.at.floor(every)).or_default().add(block);
    }
    rows
}

/// The course of S over the blocks of a source; needs three whose game was counted, with wins and losses among them.
///
/// The scatter is `chi2 = sum of (wins - tests omega)^2 / (tests omega (1 - omega))` over its degrees of freedom, the drift
/// the slope of the weighted straight line through the blocks' S; both p-values are those of the normal approximation.
pub(super) fn course(blocks: &[&Block]) -> Option<Course> {
    let games: Vec<(Time, f64, f64)> = blocks
        .iter()
        .filter_map(|block| block.game.map(|(wins, tests)| (block.at, wins as f64, tests as f64)))
        .collect();
    let (wins, tests) = games.iter().fold((0.0, 0.0), |(w, t), (_, wins, tests)| (w + wins, t + tests));
    let omega = wins / tests;
    let variance = omega * (1.0 - omega);
    if games.len() < 3 || variance <= 0.0 {
        return None;
    }
    let chi2: f64 =
        games.iter().map(|(_, wins, tests)| (wins - tests * omega).powi(2) / (tests * variance)).sum();
    let freedom = games.len() as f64 - 1.0;

    let origin = games[0].0;
    let days = |at: Time| at.days_since(origin);
    let mean = games.iter().map(|(at, _, tests)| tests * days(*at)).sum::<f64>() / tests;
    let moment: f64 = games.iter().map(|(at, _, tests)| tests * (days(*at) - mean).powi(2)).sum();
    let covariance: f64 = games.iter().map(|(at, wins, _)| wins * (days(*at) - mean)).sum();
    // The sum over weights cancels the mean of the wins only up to rounding.
    let covariance = covariance - omega * games.iter().map(|(at, _, n)| n * (days(*at) - mean)).sum::<f64>();
    let drift = (moment > 0.0)
        .then(|| Estimate { value: 8.0 * covariance / moment, error: 8.0 * (variance / moment).sqrt() });
    Some(Course {
        blocks: games.len() as u64,
        scatter: (chi2 / freedom).sqrt(),
        scatter_p: ln_chi_squared_upper(chi2, (games.len() - 1).try_into().unwrap_or(u32::MAX)).probability(),
        drift,
        drift_p: drift.map(|drift| ln_normal_two_sided(drift.value / drift.error).probability()),
    })
}

fn share(part: u64, whole: u64) -> Option<Estimate> {
    let value = part as f64 / whole as f64;
    (whole > 0).then(|| Estimate { value, error: (value * (1.0 - value) / whole as f64).sqrt() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(day: i64, wins: u64, tests: u64) -> Block {
        Block {
            at: Time::from_unix_s(86_400 * day.unsigned_abs()),
            source: "s".to_owned(),
            session: day.to_string(),
            ending: Ending::Key { rounds: 10 * tests, key_bits: tests, leak_bits: 1, f_ec: None },
            game: Some((wins, tests)),
            omega_threshold: None,
            errors: Some((tests / 50, tests)),
        }
    }

    #[test]
    fn sums_and_their_errors() {
        let mut sums = Sums::default();
        sums.add(&block(0, 8000, 10_000));
        sums.add(&block(1, 8400, 10_000));
        let s = sums.chsh_s().unwrap();
        assert!((s.value - 2.56).abs() < 1e-12);
        assert!((s.error - 8.0 * (0.82f64 * 0.18 / 20_000.0).sqrt()).abs() < 1e-12);
        assert_eq!(sums.qber().map(|q| q.value), Some(0.02));
        assert_eq!(sums.secret_fraction(), Some(0.1));
        assert_eq!(sums.f_ec(), None);
    }

    /// Blocks on a line of slope -0.08 in S a day.
    #[test]
    fn a_drift_is_found_with_its_error() {
        let blocks: Vec<Block> = (0..9).map(|day| block(day, 8400 - 100 * day as u64, 10_000)).collect();
        let course = course(&blocks.iter().collect::<Vec<_>>()).unwrap();
        let drift = course.drift.unwrap();
        assert!((drift.value + 0.08).abs() < 1e-9, "{drift:?}");
        // omega 0.8, moment sum n (d - 4)^2 = 60 n.
        assert!((drift.error - 8.0 * (0.16f64 / 600_000.0).sqrt()).abs() < 1e-9, "{drift:?}");
        assert!(course.drift_p.unwrap() < 1e-10 && course.scatter > 5.0 && course.scatter_p < 1e-10);
    }

    #[test]
    fn equal_blocks_show_nothing() {
        let blocks: Vec<Block> = (0..5).map(|day| block(day, 8100, 10_000)).collect();
        let course = course(&blocks.iter().collect::<Vec<_>>()).unwrap();
        assert!(course.scatter < 1e-6 && course.scatter_p > 0.999);
        assert!(course.drift.unwrap().value.abs() < 1e-9 && course.drift_p.unwrap() > 0.99);
        assert_eq!(super::course(&blocks.iter().take(2).collect::<Vec<_>>()), None);
    }
}
