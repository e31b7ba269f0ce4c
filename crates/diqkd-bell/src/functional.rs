//! General Bell functionals: `I = sum c(a,b,x,y) P(a,b|x,y)`, with the exact bound of local models.

mod catalogue;
#[cfg(feature = "see-saw")]
mod see_saw;
mod tsirelson;

use alloc::vec;
use alloc::vec::Vec;

use crate::chsh::ScenarioError;
use crate::counts::{Cell, Counts, Shape};

/// A Bell functional: one coefficient for every cell of a scenario.
///
/// ```
/// use diqkd_bell::BellFunctional;
///
/// assert_eq!(BellFunctional::chsh().local_bound(), 2.0);
/// assert_eq!(BellFunctional::chained(3)?.local_bound(), 4.0);
/// # Ok::<(), diqkd_bell::FunctionalError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct BellFunctional {
    shape: Shape,
    coefficients: Vec<f64>,
}

/// The value of a functional on a counts table.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FunctionalEstimate {
    /// The value with observed frequencies in place of probabilities.
    pub value: f64,
    /// Its standard error, for display; independent trials.
    pub standard_error: f64,
}

impl BellFunctional {
    /// A functional with the coefficients that `c` gives for every cell of the scenario.
    ///
    /// # Errors
    /// [`FunctionalError::Shape`] for a scenario with nothing to measure or more than a table holds,
    /// [`FunctionalError::NotFinite`] for a coefficient that is not a number.
    pub fn new(shape: Shape, mut c: impl FnMut(Cell) -> f64) -> Result<Self, FunctionalError> {
        let countable = shape.strategies().0.is_some_and(|alice| alice <= MAX_STRATEGIES_A);
        if !(1..=Counts::MAX_CELLS).contains(&shape.size()) || !countable {
            return Err(FunctionalError::Shape { shape });
        }
        let mut functional = Self { shape, coefficients: vec![0.0; shape.size()] };
        for cell in functional.cells() {
            let coefficient = c(cell);
            if !coefficient.is_finite() {
                return Err(FunctionalError::NotFinite { cell });
            }
            let place = functional.place(cell);
            functional.coefficients[place] = coefficient;
        }
        Ok(functional)
    }

    /// The scenario.
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// The coefficient of a cell; 0 outside the scenario.
    pub fn coefficient(&self, cell: Cell) -> f64 {
        let Shape { settings_a, settings_b, outcomes_a, outcomes_b } = self.shape;
        let inside = cell.x < settings_a && cell.y < settings_b && cell.a < outcomes_a && cell.b < outcomes_b;
        if inside { self.coefficients[self.place(cell)] } else { 0.0 }
    }

    fn place(&self, cell: Cell) -> usize {
        self.shape.place(cell.x.into(), cell.y.into(), cell.a.into(), cell.b.into())
    }

    /// The greatest value of local models, by enumeration: each of Alice's deterministic strategies with Bob's best
    /// answer. Exact up to the rounding of the sums. At most `2^20` strategies.
    pub fn local_bound(&self) -> f64 {
        let (settings, outcomes) = (u32::from(self.shape.settings_a), usize::from(self.shape.outcomes_a));
        (0..outcomes.pow(settings))
            .map(|strategy| (0..self.shape.settings_b).map(|y| self.best_answer(strategy, y)).sum::<f64>())
            .fold(f64::NEG_INFINITY, f64::max)
    }

    /// The most that setting `y` contributes against a strategy of Alice.
    fn best_answer(&self, strategy: usize, y: u8) -> f64 {
        (0..self.shape.outcomes_b)
            .map(|b| {
                (0..self.shape.settings_a)
                    .map(|x| {
                        let outcomes = usize::from(self.shape.outcomes_a);
                        let a = (strategy / outcomes.pow(u32::from(x)) % outcomes) as u8;
                        self.coefficients[self.place(Cell { x, y, a, b })]
                    })
                    .sum::<f64>()
            })
            .fold(f64::NEG_INFINITY, f64::max)
    }

    /// The value on a counts table. Pairs of settings whose coefficients are all equal need no trials.
    ///
    /// # Errors
    /// [`ScenarioError::EmptySetting`] for a pair of settings that matters and has no trial,
    /// [`ScenarioError::ForeignOutcome`] for an outcome outside the scenario.
    pub fn estimate(&self, counts: &Counts) -> Result<FunctionalEstimate, ScenarioError> {
        let (mut value, mut variance) = (0.0, 0.0);
        for x in 0..self.shape.settings_a {
            for y in 0..self.shape.settings_b {
                let cells: Vec<Cell> = self.cells().filter(|cell| cell.x == x && cell.y == y).collect();
                let first = self.coefficients[self.place(cells[0])];
                if cells.iter().all(|&cell| self.coefficients[self.place(cell)] == first) {
                    value += first;
                    continue;
                }
                let (x, y) = (usize::from(x), usize::from(y));
                let total = counts.setting_total(x, y);
                let count = |cell: Cell| counts.n(x, y, cell.a.into(), cell.b.into());
                if total == 0 {
                    return Err(ScenarioError::EmptySetting { x, y });
                }
                if cells.iter().map(|&cell| count(cell)).sum::<u64>() != total {
                    return Err(ScenarioError::ForeignOutcome { x, y });
                }
                let n = total as f64;
                let mean = |power: i32| -> f64 {
                    let weigh = |&cell: &Cell| {
                        let coefficient = self.coefficients[self.place(cell)];
                        (if power == 1 { coefficient } else { coefficient * coefficient })
                            * count(cell) as f64
                            / n
                    };
                    cells.iter().map(weigh).sum()
                };
                let (first, second) = (mean(1), mean(2));
                value += first;
                variance += (second - first * first).max(0.0) / n;
            }
        }
        Ok(FunctionalEstimate { value, standard_error: libm::sqrt(variance) })
    }

    fn cells(&self) -> impl Iterator<Item = Cell> + use<> {
        let Shape { settings_a, settings_b, outcomes_a, outcomes_b } = self.shape;
        (0..settings_a).flat_map(move |x| {
            (0..settings_b).flat_map(move |y| {
                (0..outcomes_a).flat_map(move |a| (0..outcomes_b).map(move |b| Cell { x, y, a, b }))
            })
        })
    }
}

/// Why coefficients make no functional.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum FunctionalError {
    /// A scenario that is empty or too large.
    #[error(
        "a functional needs a setting and an outcome a side, at most 2^16 cells and 2^20 strategies of Alice, not {shape:?}; \
         choose another size, or exchange the sides"
    )]
    Shape {
        /// What was asked for.
        shape: Shape,
    },
    /// A coefficient that is infinite or not a number.
    #[error(
        "the coefficient at x={},y={},a={},b={} is not a finite number; correct the table",
        cell.x, cell.y, cell.a, cell.b
    )]
    NotFinite {
        /// Its cell.
        cell: Cell,
    },
}

/// The most deterministic strategies of Alice that [`BellFunctional::local_bound`] enumerates: twenty binary settings.
const MAX_STRATEGIES_A: u64 = 1 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_general_form_agrees_with_the_special_ones() {
        let table = include_str!("../tests/data/nist-2015.csv");
        let counts = Counts::from_csv(table).unwrap();
        let (chsh, ch) = (counts.chsh().unwrap(), counts.ch().unwrap());
        let general = BellFunctional::chsh().estimate(&counts).unwrap();
        assert!((general.value - chsh.s).abs() < 1e-14);
        assert!((general.standard_error / chsh.s_standard_error - 1.0).abs() < 1e-6);
        let general = BellFunctional::eberhard().estimate(&counts).unwrap();
        assert!((general.value / ch.j - 1.0).abs() < 1e-12);
        assert!((general.standard_error / ch.j_standard_error - 1.0).abs() < 1e-12);
    }

    #[test]
    fn nonsense_is_refused() {
        assert!(matches!(
            BellFunctional::new(Shape::CHSH, |_| f64::NAN),
            Err(FunctionalError::NotFinite { cell: Cell { x: 0, y: 0, a: 0, b: 0 } })
        ));
        let empty = Shape { settings_a: 0, ..Shape::CHSH };
        assert_eq!(BellFunctional::new(empty, |_| 0.0), Err(FunctionalError::Shape { shape: empty }));
        assert_eq!(
            BellFunctional::chsh().estimate(&Counts::new()),
            Err(ScenarioError::EmptySetting { x: 0, y: 0 })
        );
    }
}
