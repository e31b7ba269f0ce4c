//! What the order of trials says and a table of counts does not: do settings depend on the past or on the herald, and
//! does the game stay the same throughout?
//!
//! Constant memory, whatever the length of the run.

mod stationarity;

pub use stationarity::Stationarity;

use alloc::vec::Vec;

use crate::contingency::independence;
use crate::counts::{Cell, Counts, CountsError};
use crate::no_signalling::ChiSquared;
use stationarity::Course;

/// One trial of a run, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunTrial {
    /// Settings and outcomes.
    pub cell: Cell,
    /// Which kind of herald announced it; 0 where there is one kind, or none.
    pub herald: u8,
}

/// A run of trials in order.
///
/// ```
/// use diqkd_bell::{Cell, Run, RunTrial};
///
/// let mut run = Run::new();
/// for i in 0..4000u32 {
///     // Settings that follow the last outcome: x is Alice's outcome of the round before.
///     let bit = |place: u32| (i.wrapping_mul(2_654_435_761) >> place & 1) as u8;
///     let before = ((i.wrapping_sub(1)).wrapping_mul(2_654_435_761) >> 20 & 1) as u8;
///     run.push(RunTrial { cell: Cell { x: before, y: bit(25), a: bit(20), b: bit(14) }, herald: 0 })?;
/// }
/// assert!(run.report().settings_on_outcomes.p_value.log10() < -100.0);
/// # Ok::<(), diqkd_bell::CountsError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Run {
    counts: Counts,
    before: Option<Cell>,
    /// Pairs of settings after each pair of outcomes, and after each pair of settings.
    on_outcomes: [[u64; 4]; 4],
    on_settings: [[u64; 4]; 4],
    /// Pairs of settings with each kind of herald.
    on_herald: [[u64; 4]; HERALDS],
    course: Course,
}

/// What the order of the trials says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RunReport {
    /// Settings against both outcomes of the trial before, over settings and outcomes 0 and 1.
    pub settings_on_outcomes: ChiSquared,
    /// Settings against the settings of the trial before.
    pub settings_on_settings: ChiSquared,
    /// Settings against the kind of herald; no degrees of freedom with one kind.
    pub settings_on_herald: ChiSquared,
    /// Is the share of wins the same throughout? `None` without wins or without losses.
    pub stationarity: Option<Stationarity>,
}

impl Run {
    /// A run without trials.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next trial.
    ///
    /// # Errors
    /// As for [`Counts::add`].
    pub fn push(&mut self, trial: RunTrial) -> Result<(), CountsError> {
        let RunTrial { cell, herald } = trial;
        self.counts.add(cell, 1)?;
        let before = self.before.replace(cell);
        let Some(pair) = pair(cell.x, cell.y) else { return Ok(()) };
        if let Some(before) = before {
            if let Some(outcomes) = self::pair(before.a, before.b) {
                self.on_outcomes[outcomes][pair] += 1;
            }
            if let Some(settings) = self::pair(before.x, before.y) {
                self.on_settings[settings][pair] += 1;
            }
        }
        if let Some(row) = self.on_herald.get_mut(usize::from(herald)) {
            row[pair] += 1;
        }
        self.course.push(cell.a < 2 && cell.b < 2 && (cell.a ^ cell.b == cell.x & cell.y));
        Ok(())
    }

    /// The trials so far as a table.
    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// The tests.
    pub fn report(&self) -> RunReport {
        let test =
            |table: &[[u64; 4]]| independence(&table.iter().map(|row| row.to_vec()).collect::<Vec<_>>());
        RunReport {
            settings_on_outcomes: test(&self.on_outcomes),
            settings_on_settings: test(&self.on_settings),
            settings_on_herald: test(&self.on_herald),
            stationarity: self.course.test(),
        }
    }
}

/// Number of a pair of bits, `None` for anything else.
fn pair(first: u8, second: u8) -> Option<usize> {
    (first < 2 && second < 2).then(|| usize::from(2 * first + second))
}

/// Kinds of herald that are told apart.
const HERALDS: usize = 16;

#[cfg(test)]
mod tests {
    use rand::rngs::StdRng;
    use rand::{RngExt, SeedableRng};

    use super::*;

    /// A noisy box; `change` may alter a trial, seeing the one before.
    fn run(seed: u64, trials: usize, change: impl Fn(usize, Cell, &mut RunTrial, &mut StdRng)) -> RunReport {
        let (mut run, mut rng) = (Run::new(), StdRng::seed_from_u64(seed));
        let mut before = Cell { x: 0, y: 0, a: 0, b: 0 };
        for i in 0..trials {
            let [x, y, a] = [(); 3].map(|()| u8::from(rng.random_bool(0.5)));
            let b = a ^ (x & y) ^ u8::from(rng.random_bool(0.16));
            let herald = u8::from(rng.random_bool(0.3));
            let mut trial = RunTrial { cell: Cell { x, y, a, b }, herald };
            change(i, before, &mut trial, &mut rng);
            before = trial.cell;
            run.push(trial).unwrap();
        }
        assert_eq!(run.counts().total(), trials as u64);
        run.report()
    }

    fn smallest(report: &RunReport) -> f64 {
        [report.settings_on_outcomes, report.settings_on_settings, report.settings_on_herald]
            .iter()
            .map(|test| test.p_value.log10())
            .chain(report.stationarity.map(|test| test.p_value.log10()))
            .fold(0.0, f64::min)
    }

    #[test]
    fn honest_runs_stay_quiet() {
        let alarms = (0..200).filter(|&seed| smallest(&run(seed, 2000, |_, _, _, _| ())) < -4.0).count();
        // 200 runs of 4 tests at 1e-4: 0.08 expected, more than 2 has probability 1e-4.
        assert!(alarms <= 2, "{alarms}");
    }

    #[test]
    fn settings_that_follow_the_past_or_the_herald() {
        let sometimes = |rng: &mut StdRng| rng.random_bool(0.15);
        let report = run(1, 10_000, |_, before, trial, rng| {
            if sometimes(rng) {
                trial.cell.x = before.b;
            }
        });
        assert!(report.settings_on_outcomes.p_value.log10() < -20.0, "{report:?}");
        assert_eq!(report.settings_on_outcomes.dof, 9);
        let report = run(2, 10_000, |_, before, trial, rng| {
            if sometimes(rng) {
                trial.cell.y = 1 - before.y;
            }
        });
        assert!(report.settings_on_settings.p_value.log10() < -20.0, "{report:?}");
        let report = run(3, 10_000, |_, _, trial, rng| {
            if sometimes(rng) {
                trial.cell.x = trial.herald;
            }
        });
        assert!(report.settings_on_herald.p_value.log10() < -20.0, "{report:?}");
        assert_eq!(report.settings_on_herald.dof, 3);
    }

    #[test]
    fn a_change_of_the_game_is_found_and_placed() {
        let report = run(4, 20_000, |i, _, trial, rng| {
            if i >= 12_000 && rng.random_bool(0.08) {
                trial.cell.b ^= 1;
            }
        });
        let found = report.stationarity.unwrap();
        assert!(found.p_value.log10() < -6.0, "{found:?}");
        assert!(found.change_at.abs_diff(12_000) < 1500, "{found:?}");
    }
}
