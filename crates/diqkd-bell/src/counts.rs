//! Counts `N(a,b,x,y)`: the sufficient statistic of a Bell experiment whose trials are exchangeable.
//!
//! A table is a commutative monoid: [`Counts::new`] is neutral and [`Counts::merge`] adds, so that shards can be
//! counted anywhere, in any order, and give identical integers.

pub(crate) mod csv;
mod tally;

pub use tally::{ColumnError, TrialColumns};

use diqkd_core::{Outcome, Setting, Trial};

/// Number of settings a side can have, and of outcomes a measurement can have, in a table.
pub(crate) const SIZE: usize = 4;

/// Numbers of trials by settings `x`, `y` and outcomes `a`, `b`: up to four settings a side and four outcomes each.
///
/// Outcome 0 stands for the value +1 (or "detected"), 1 for -1, as in [`diqkd_core::Outcome`]. 2 KiB, no heap.
#[derive(Clone, PartialEq, Eq)]
pub struct Counts {
    cells: [u64; SIZE * SIZE * SIZE * SIZE],
    total: u64,
}

impl Counts {
    /// The greatest total that [`Counts::add`], [`Counts::merge`] and the parser accept, `2^53`: every count is then
    /// exact as `f64`.
    pub const MAX_TOTAL: u64 = 1 << 53;

    /// The empty table.
    pub const fn new() -> Self {
        Self { cells: [0; SIZE * SIZE * SIZE * SIZE], total: 0 }
    }

    /// Counts one trial.
    pub fn record(&mut self, x: Setting, y: Setting, a: Outcome, b: Outcome) {
        self.cells[index(x.index().into(), y.index().into(), a.bit().into(), b.bit().into())] += 1;
        self.total += 1;
    }

    /// Counts `n` trials of one cell.
    ///
    /// # Errors
    /// [`CountsError::Cell`] for an index above 3, [`CountsError::Overflow`] when the total would exceed
    /// [`Counts::MAX_TOTAL`]; the table is then unchanged.
    pub fn add(&mut self, cell: Cell, n: u64) -> Result<(), CountsError> {
        for (quantity, value) in [("x", cell.x), ("y", cell.y), ("a", cell.a), ("b", cell.b)] {
            if usize::from(value) >= SIZE {
                return Err(CountsError::Cell { quantity, value });
            }
        }
        self.total = checked_total(self.total, n)?;
        self.cells[index(cell.x.into(), cell.y.into(), cell.a.into(), cell.b.into())] += n;
        Ok(())
    }

    /// Adds another table.
    ///
    /// # Errors
    /// [`CountsError::Overflow`] when the total would exceed [`Counts::MAX_TOTAL`]; the table is then unchanged.
    pub fn merge(&mut self, other: &Self) -> Result<(), CountsError> {
        self.total = checked_total(self.total, other.total)?;
        for (cell, n) in self.cells.iter_mut().zip(&other.cells) {
            *cell += n;
        }
        Ok(())
    }

    /// Number of trials in a cell; 0 beyond the table.
    pub fn n(&self, x: usize, y: usize, a: usize, b: usize) -> u64 {
        if [x, y, a, b].iter().any(|&i| i >= SIZE) {
            return 0;
        }
        self.cells[index(x, y, a, b)]
    }

    /// Number of all trials.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// Number of trials with settings `x` and `y`; 0 beyond the table.
    pub fn setting_total(&self, x: usize, y: usize) -> u64 {
        (0..SIZE).flat_map(|a| (0..SIZE).map(move |b| (a, b))).map(|(a, b)| self.n(x, y, a, b)).sum()
    }

    /// The smallest shape that holds every cell with a trial.
    pub fn shape(&self) -> Shape {
        let mut shape = Shape { settings_a: 0, settings_b: 0, outcomes_a: 0, outcomes_b: 0 };
        for (cell, n) in self.cells() {
            if n > 0 {
                shape.settings_a = shape.settings_a.max(cell.x + 1);
                shape.settings_b = shape.settings_b.max(cell.y + 1);
                shape.outcomes_a = shape.outcomes_a.max(cell.a + 1);
                shape.outcomes_b = shape.outcomes_b.max(cell.b + 1);
            }
        }
        shape
    }

    /// All 256 cells with their counts, `b` running fastest.
    pub fn cells(&self) -> impl Iterator<Item = (Cell, u64)> + '_ {
        self.cells.iter().enumerate().map(|(i, &n)| {
            let digit = |place: usize| (i / SIZE.pow(place as u32) % SIZE) as u8;
            (Cell { x: digit(3), y: digit(2), a: digit(1), b: digit(0) }, n)
        })
    }
}

impl Default for Counts {
    fn default() -> Self {
        Self::new()
    }
}

impl Extend<Trial> for Counts {
    fn extend<I: IntoIterator<Item = Trial>>(&mut self, trials: I) {
        for t in trials {
            self.record(t.x, t.y, t.a, t.b);
        }
    }
}

impl FromIterator<Trial> for Counts {
    fn from_iter<I: IntoIterator<Item = Trial>>(trials: I) -> Self {
        let mut counts = Self::new();
        counts.extend(trials);
        counts
    }
}

impl core::fmt::Debug for Counts {
    /// Lists the cells that have trials.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_map()
            .entries(self.cells().filter(|(_, n)| *n > 0).map(|(c, n)| ((c.x, c.y, c.a, c.b), n)))
            .finish()
    }
}

/// One cell of a table: settings `x`, `y` and outcomes `a`, `b`, each from 0 to 3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cell {
    /// Alice's setting.
    pub x: u8,
    /// Bob's setting.
    pub y: u8,
    /// Alice's outcome; 0 = value +1.
    pub a: u8,
    /// Bob's outcome; 0 = value +1.
    pub b: u8,
}

/// How many settings and outcomes a Bell scenario has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Shape {
    /// Alice's number of settings, at most 4.
    pub settings_a: u8,
    /// Bob's number of settings, at most 4.
    pub settings_b: u8,
    /// Number of outcomes of Alice's measurements, at most 4.
    pub outcomes_a: u8,
    /// Number of outcomes of Bob's measurements, at most 4.
    pub outcomes_b: u8,
}

impl Shape {
    /// Two settings and two outcomes a side.
    pub const CHSH: Self = Self { settings_a: 2, settings_b: 2, outcomes_a: 2, outcomes_b: 2 };
    /// Up to four settings a side, two outcomes: what the counts table of the command line holds.
    pub const BINARY: Self = Self { settings_a: 4, settings_b: 4, outcomes_a: 2, outcomes_b: 2 };
    /// Everything that a table can hold.
    pub const FULL: Self = Self { settings_a: 4, settings_b: 4, outcomes_a: 4, outcomes_b: 4 };
}

/// Why a count could not be added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CountsError {
    /// A setting or outcome index above 3.
    #[error(
        "{quantity} is {value}, but a counts table holds settings and outcomes 0 to 3; relabel or drop it"
    )]
    Cell {
        /// `x`, `y`, `a` or `b`.
        quantity: &'static str,
        /// What was given.
        value: u8,
    },
    /// The total would exceed [`Counts::MAX_TOTAL`].
    #[error("{total} trials and {added} more exceed the limit of 2^53; split the data into several tables")]
    Overflow {
        /// Trials counted before.
        total: u64,
        /// Trials that did not fit.
        added: u64,
    },
}

fn index(x: usize, y: usize, a: usize, b: usize) -> usize {
    ((x * SIZE + y) * SIZE + a) * SIZE + b
}

fn checked_total(total: u64, added: u64) -> Result<u64, CountsError> {
    total
        .checked_add(added)
        .filter(|&sum| sum <= Counts::MAX_TOTAL)
        .ok_or(CountsError::Overflow { total, added })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_name_themselves() {
        let mut counts = Counts::new();
        let cell = Cell { x: 3, y: 0, a: 2, b: 1 };
        counts.add(cell, 7).unwrap();
        assert_eq!(counts.cells().filter(|(_, n)| *n > 0).collect::<alloc::vec::Vec<_>>(), [(cell, 7)]);
        assert_eq!(counts.n(3, 0, 2, 1), 7);
        assert_eq!(counts.setting_total(3, 0), 7);
        assert_eq!(counts.shape(), Shape { settings_a: 4, settings_b: 1, outcomes_a: 3, outcomes_b: 2 });
    }

    #[test]
    fn what_does_not_fit_leaves_the_table_unchanged() {
        let mut counts = Counts::new();
        counts.add(Cell { x: 0, y: 0, a: 0, b: 0 }, Counts::MAX_TOTAL).unwrap();
        let before = counts.clone();
        assert_eq!(
            counts.add(Cell { x: 0, y: 0, a: 0, b: 1 }, 1),
            Err(CountsError::Overflow { total: Counts::MAX_TOTAL, added: 1 })
        );
        assert!(counts.merge(&before).is_err());
        assert!(counts.add(Cell { x: 4, y: 0, a: 0, b: 0 }, 1).is_err());
        assert_eq!(counts, before);
    }
}
