//! Counts `N(a,b,x,y)`: the sufficient statistic of a Bell experiment whose trials are exchangeable.
//!
//! A table is a commutative monoid: [`Counts::new`] is neutral and [`Counts::merge`] adds, so that shards can be
//! counted anywhere, in any order, and give identical integers.

pub(crate) mod csv;
mod tally;

pub use tally::{ColumnError, TrialColumns};

use alloc::collections::BTreeMap;

use diqkd_core::{Outcome, Setting, Trial};

/// Settings a side, and outcomes each, that are counted without the heap.
pub(crate) const SIZE: usize = 4;

/// Numbers of trials by settings `x`, `y` and outcomes `a`, `b`, of any scenario with up to 255 of each.
///
/// Outcome 0 stands for the value +1 (or "detected"), 1 for -1, as in [`diqkd_core::Outcome`]. 2 KiB for up to four
/// settings a side and four outcomes each; what lies beyond is on the heap, cell by cell.
#[derive(Clone, PartialEq, Eq)]
pub struct Counts {
    cells: [u64; SIZE * SIZE * SIZE * SIZE],
    /// Cells with an index above 3; never 0.
    beyond: BTreeMap<Cell, u64>,
    total: u64,
}

impl Counts {
    /// The greatest total that [`Counts::add`], [`Counts::merge`] and the parser accept, `2^53`: every count is then
    /// exact as `f64`.
    pub const MAX_TOTAL: u64 = 1 << 53;

    /// The greatest index of a setting or outcome, 254.
    pub const MAX_INDEX: u8 = u8::MAX - 1;

    /// The most cells with an index above 3 that a table holds, 65536.
    pub const MAX_CELLS: usize = 1 << 16;

    /// The empty table.
    pub const fn new() -> Self {
        Self { cells: [0; SIZE * SIZE * SIZE * SIZE], beyond: BTreeMap::new(), total: 0 }
    }

    /// Counts one trial.
    pub fn record(&mut self, x: Setting, y: Setting, a: Outcome, b: Outcome) {
        self.cells[index(x.index().into(), y.index().into(), a.bit().into(), b.bit().into())] += 1;
        self.total += 1;
    }

    /// Counts `n` trials of one cell.
    ///
    /// # Errors
    /// [`CountsError::Cell`] for an index above [`Counts::MAX_INDEX`], [`CountsError::Overflow`] when the total would
    /// exceed [`Counts::MAX_TOTAL`], [`CountsError::TooManyCells`] beyond [`Counts::MAX_CELLS`]; the table is then
    /// unchanged.
    pub fn add(&mut self, cell: Cell, n: u64) -> Result<(), CountsError> {
        for (quantity, value) in [("x", cell.x), ("y", cell.y), ("a", cell.a), ("b", cell.b)] {
            if value > Self::MAX_INDEX {
                return Err(CountsError::Cell { quantity, value });
            }
        }
        let total = checked_total(self.total, n)?;
        if let Some(place) = cell.place() {
            self.cells[place] += n;
        } else if n > 0 {
            if self.beyond.len() == Self::MAX_CELLS && !self.beyond.contains_key(&cell) {
                return Err(CountsError::TooManyCells { max: Self::MAX_CELLS });
            }
            *self.beyond.entry(cell).or_insert(0) += n;
        }
        self.total = total;
        Ok(())
    }

    /// Adds another table.
    ///
    /// # Errors
    /// [`CountsError::Overflow`] when the total would exceed [`Counts::MAX_TOTAL`], [`CountsError::TooManyCells`]
    /// beyond [`Counts::MAX_CELLS`]; the table is then unchanged.
    pub fn merge(&mut self, other: &Self) -> Result<(), CountsError> {
        let total = checked_total(self.total, other.total)?;
        let new = other.beyond.keys().filter(|cell| !self.beyond.contains_key(cell)).count();
        if self.beyond.len() + new > Self::MAX_CELLS {
            return Err(CountsError::TooManyCells { max: Self::MAX_CELLS });
        }
        for (cell, n) in self.cells.iter_mut().zip(&other.cells) {
            *cell += n;
        }
        for (&cell, n) in &other.beyond {
            *self.beyond.entry(cell).or_insert(0) += n;
        }
        self.total = total;
        Ok(())
    }

    /// Number of trials in a cell; 0 beyond the table.
    pub fn n(&self, x: usize, y: usize, a: usize, b: usize) -> u64 {
        if [x, y, a, b].iter().all(|&i| i < SIZE) {
            return self.cells[index(x, y, a, b)];
        }
        let [Ok(x), Ok(y), Ok(a), Ok(b)] = [x, y, a, b].map(u8::try_from) else { return 0 };
        self.beyond.get(&Cell { x, y, a, b }).copied().unwrap_or(0)
    }

    /// Number of all trials.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// Number of trials with settings `x` and `y`; 0 beyond the table.
    pub fn setting_total(&self, x: usize, y: usize) -> u64 {
        let mut total = 0;
        if x < SIZE && y < SIZE {
            total += self.cells[index(x, y, 0, 0)..][..SIZE * SIZE].iter().sum::<u64>();
        }
        let (Ok(x), Ok(y)) = (u8::try_from(x), u8::try_from(y)) else { return total };
        let (first, last) = (Cell { x, y, a: 0, b: 0 }, Cell { x, y, a: u8::MAX, b: u8::MAX });
        total + self.beyond.range(first..=last).map(|(_, n)| n).sum::<u64>()
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

    /// The 256 cells with indices up to 3 with their counts, `b` running fastest, then all others that have trials.
    pub fn cells(&self) -> impl Iterator<Item = (Cell, u64)> + '_ {
        let inner = self.cells.iter().enumerate().map(|(i, &n)| {
            let digit = |place: usize| (i / SIZE.pow(place as u32) % SIZE) as u8;
            (Cell { x: digit(3), y: digit(2), a: digit(1), b: digit(0) }, n)
        });
        inner.chain(self.beyond.iter().map(|(&cell, &n)| (cell, n)))
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

/// One cell of a table: settings `x`, `y` and outcomes `a`, `b`, each from 0 to 254.
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

impl Cell {
    /// Where it is among the cells that need no heap.
    fn place(self) -> Option<usize> {
        let [x, y, a, b] = [self.x, self.y, self.a, self.b].map(usize::from);
        [x, y, a, b].iter().all(|&i| i < SIZE).then(|| index(x, y, a, b))
    }
}

/// How many settings and outcomes a Bell scenario has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Shape {
    /// Alice's number of settings, at most 255.
    pub settings_a: u8,
    /// Bob's number of settings, at most 255.
    pub settings_b: u8,
    /// Number of outcomes of Alice's measurements, at most 255.
    pub outcomes_a: u8,
    /// Number of outcomes of Bob's measurements, at most 255.
    pub outcomes_b: u8,
}

impl Shape {
    /// Two settings and two outcomes a side.
    pub const CHSH: Self = Self { settings_a: 2, settings_b: 2, outcomes_a: 2, outcomes_b: 2 };
    /// Any number of settings a side, two outcomes.
    pub const BINARY: Self = Self { settings_a: 255, settings_b: 255, outcomes_a: 2, outcomes_b: 2 };
    /// Everything that a table can hold.
    pub const FULL: Self = Self { settings_a: 255, settings_b: 255, outcomes_a: 255, outcomes_b: 255 };

    /// Number of cells.
    pub fn size(self) -> usize {
        [self.settings_a, self.settings_b, self.outcomes_a, self.outcomes_b]
            .into_iter()
            .map(usize::from)
            .product()
    }

    /// Place of a cell in a list of all cells, `b` running fastest, then `a`, `y`, `x`.
    pub fn place(self, x: usize, y: usize, a: usize, b: usize) -> usize {
        let [settings_b, outcomes_a, outcomes_b] =
            [self.settings_b, self.outcomes_a, self.outcomes_b].map(usize::from);
        ((x * settings_b + y) * outcomes_a + a) * outcomes_b + b
    }

    /// Number of deterministic strategies of Alice and of Bob; `None` where it exceeds 64 bits.
    pub(crate) fn strategies(self) -> (Option<u64>, Option<u64>) {
        let of = |settings: u8, outcomes: u8| u64::from(outcomes).checked_pow(settings.into());
        (of(self.settings_a, self.outcomes_a), of(self.settings_b, self.outcomes_b))
    }
}

/// Why a count could not be added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CountsError {
    /// A setting or outcome index above [`Counts::MAX_INDEX`].
    #[error(
        "{quantity} is {value}, but a counts table holds settings and outcomes 0 to 254; relabel or drop it"
    )]
    Cell {
        /// `x`, `y`, `a` or `b`.
        quantity: &'static str,
        /// What was given.
        value: u8,
    },
    /// More cells than a table holds.
    #[error("more than {max} cells with a setting or outcome above 3; group outcomes or split the table")]
    TooManyCells {
        /// The limit, [`Counts::MAX_CELLS`].
        max: usize,
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
        assert!(counts.add(Cell { x: 255, y: 0, a: 0, b: 0 }, 1).is_err());
        assert_eq!(counts, before);
    }

    #[test]
    fn any_number_of_settings_and_outcomes() {
        let (mut counts, mut other) = (Counts::new(), Counts::new());
        let far = Cell { x: 254, y: 2, a: 0, b: 200 };
        counts.add(far, 5).unwrap();
        counts.add(Cell { x: 254, y: 2, a: 3, b: 3 }, 2).unwrap();
        counts.add(Cell { x: 7, y: 7, a: 7, b: 7 }, 0).unwrap();
        other.add(far, 1).unwrap();
        other.add(Cell { x: 1, y: 1, a: 9, b: 0 }, 4).unwrap();
        other.add(Cell { x: 1, y: 1, a: 1, b: 0 }, 1).unwrap();
        let mut sum = other.clone();
        sum.merge(&counts).unwrap();
        counts.merge(&other).unwrap();
        assert_eq!(sum, counts);
        assert_eq!((counts.n(254, 2, 0, 200), counts.n(254, 2, 0, 456), counts.n(300, 0, 0, 0)), (6, 0, 0));
        assert_eq!((counts.setting_total(254, 2), counts.setting_total(1, 1), counts.total()), (8, 5, 13));
        assert_eq!(counts.cells().map(|(_, n)| n).sum::<u64>(), 13);
        let shape = Shape { settings_a: 255, settings_b: 3, outcomes_a: 10, outcomes_b: 201 };
        assert_eq!(counts.shape(), shape);
    }

    #[test]
    fn memory_is_bounded() {
        let mut counts = Counts::new();
        for i in 0..Counts::MAX_CELLS {
            let digit = |place: u32| (i / 200usize.pow(place) % 200) as u8;
            counts.add(Cell { x: 9, y: digit(2), a: digit(1), b: digit(0) }, 1).unwrap();
        }
        let full = Err(CountsError::TooManyCells { max: Counts::MAX_CELLS });
        assert_eq!(counts.add(Cell { x: 8, y: 7, a: 0, b: 0 }, 1), full);
        let before = counts.clone();
        let mut one = Counts::new();
        one.add(Cell { x: 8, y: 7, a: 0, b: 0 }, 1).unwrap();
        assert_eq!((counts.merge(&one), counts), (full, before));
    }
}
