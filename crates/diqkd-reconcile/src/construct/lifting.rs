//! Shifts that close few harmful short cycles.

use alloc::collections::BTreeSet;
use alloc::vec;
use alloc::vec::Vec;

use super::{FEW, by_degree};
use crate::splitmix::SplitMix64;

/// Chooses shifts column by column, low degrees first: for low degrees the least harmful ones, for high degrees any
/// that close no cycle of length four.
pub(super) struct Lifting<'a> {
    lift: usize,
    rows: usize,
    columns: &'a [Vec<u32>],
    shifts: Vec<Vec<u32>>,
    /// Edges of each row to columns of low degree whose shift is already chosen: (column, shift).
    placed: Vec<Vec<(u32, u32)>>,
    /// Harm of each shift of the edge being placed.
    harm: Vec<u64>,
    /// The differences of shifts that the columns placed so far have, with their pairs of rows.
    taken: BTreeSet<u64>,
}

impl<'a> Lifting<'a> {
    pub(super) fn new(lift: usize, rows: usize, columns: &'a [Vec<u32>]) -> Self {
        Self {
            lift,
            rows,
            columns,
            shifts: vec![Vec::new(); columns.len()],
            placed: vec![Vec::new(); rows],
            harm: vec![0; lift],
            taken: BTreeSet::new(),
        }
    }

    pub(super) fn shifts(mut self, rng: &mut SplitMix64) -> Vec<Vec<u32>> {
        let degrees: Vec<u32> = self.columns.iter().map(|c| c.len() as u32).collect();
        for c in by_degree(&degrees) {
            for i in 0..self.columns[c].len() {
                let shift = match (i, degrees[c] <= FEW) {
                    (0, _) => rng.below(self.lift as u64) as u32,
                    (_, true) => self.least_harm(c, i, rng),
                    (_, false) => self.no_four_cycle(c, i, rng),
                };
                self.shifts[c].push(shift);
                for j in 0..i {
                    let difference = self.difference(c, (i, shift), j);
                    self.taken.insert(difference);
                }
            }
            if degrees[c] <= FEW {
                for (&r, &shift) in self.columns[c].iter().zip(&self.shifts[c]) {
                    self.placed[r as usize].push((c as u32, shift));
                }
            }
        }
        self.shifts
    }

    /// What `taken` keeps for the difference of edge `i` of column `c` with a shift and its edge `j`.
    fn difference(&self, c: usize, (i, shift): (usize, u32), j: usize) -> u64 {
        let (mut a, mut b) = ((self.columns[c][i], shift), (self.columns[c][j], self.shifts[c][j]));
        if a.0 > b.0 {
            core::mem::swap(&mut a, &mut b);
        }
        let pair = a.0 as usize * self.rows + b.0 as usize;
        (pair * self.lift + (a.1 as usize + self.lift - b.1 as usize) % self.lift) as u64
    }

    /// Cycles of length four that a shift of edge `i` of column `c` closes, as far as they can be told apart.
    fn four_cycles(&self, c: usize, edge: (usize, u32)) -> usize {
        (0..edge.0).filter(|&j| self.taken.contains(&self.difference(c, edge, j))).count()
    }

    /// The first shift from a random start with the fewest cycles of length four.
    fn no_four_cycle(&self, c: usize, i: usize, rng: &mut SplitMix64) -> u32 {
        let start = rng.below(self.lift as u64) as usize;
        let mut best = (usize::MAX, start as u32);
        for k in 0..self.lift {
            let shift = ((start + k) % self.lift) as u32;
            let cycles = self.four_cycles(c, (i, shift));
            if cycles < best.0 {
                best = (cycles, shift);
            }
            if cycles == 0 {
                break;
            }
        }
        best.1
    }

    /// The least harmful shift for edge `i` of column `c`; the first one from a random start.
    fn least_harm(&mut self, c: usize, i: usize, rng: &mut SplitMix64) -> u32 {
        self.harm.fill(0);
        let from = self.columns[c][i];
        for j in 0..i {
            let (to, shift) = (self.columns[c][j], self.shifts[c][j]);
            let slack = self.columns[c].len() - 2;
            self.walk(Walk { start: from, at: from, to, came: c as u32, shift, slack, length: 2 });
        }
        let start = rng.below(self.lift as u64) as usize;
        let mut best = start;
        for k in 0..self.lift {
            let shift = (start + k) % self.lift;
            if self.harm[shift] < self.harm[best] {
                best = shift;
            }
            if self.harm[best] == 0 {
                break;
            }
        }
        best as u32
    }

    /// Extends a path through placed columns; each way to reach `to` makes one shift close a cycle.
    ///
    /// A lane `z` of row `r` meets lane `z + s` of a column, so a closed path needs the alternating sum of its shifts
    /// to vanish: with the new edge's shift `x`, `x = shift(to) + sum over the path of (out - in)`.
    fn walk(&mut self, walk: Walk) {
        for k in 0..self.placed[walk.at as usize].len() {
            let (through, into) = self.placed[walk.at as usize][k];
            if through == walk.came {
                continue;
            }
            let rows = &self.columns[through as usize];
            let slack = (walk.slack + rows.len()).saturating_sub(2);
            let length = walk.length + 2;
            let goes_on = self.goes_on(length, slack);
            for m in 0..self.columns[through as usize].len() {
                let next = self.columns[through as usize][m];
                if next == walk.at {
                    continue;
                }
                let lift = self.lift as u32;
                let out = self.shifts[through as usize][m];
                let shift = (walk.shift + into + lift - out) % lift;
                if next == walk.to {
                    self.harm[shift as usize] += harm(length, slack);
                } else if goes_on && next != walk.start {
                    self.walk(Walk { at: next, came: through, shift, slack, length, ..walk });
                }
            }
        }
    }

    /// Whether a path is followed further: all of a few steps, longer ones only through columns of degree 2, whose cycles
    /// are code words of low weight, and with one or two of degree 3, which leave as many checks to break the cycle.
    ///
    /// Where most columns of low degree are of degree 2, cycles with three of degree 3 are followed as far: five of these that chains
    /// join in all but one of their rows are where frames end that have no more errors than others, and in any such five
    /// three are on a cycle. At lower leak rates there are too many paths to follow.
    fn goes_on(&self, length: usize, slack: usize) -> bool {
        let few_paths = self.rows as f64 >= FEW_PATHS * self.columns.len() as f64;
        length < 6 || slack <= 2 && length < 12 || (slack <= 1 || few_paths && slack <= 3) && length < LONGEST
    }
}

/// A path that starts at row `start` and stands at row `at`, having come through column `came`.
#[derive(Clone, Copy)]
struct Walk {
    start: u32,
    at: u32,
    to: u32,
    came: u32,
    shift: u32,
    /// Edges that leave the path: the sum of (degree - 2) over its columns (the extrinsic message degree).
    slack: usize,
    /// Length of the cycle so far, counting the column of the new edge.
    length: usize,
}

/// How bad it is to close a cycle of `length` with `slack` outgoing edges.
fn harm(length: usize, slack: usize) -> u64 {
    1 << (40 - 4 * slack.min(4) - length.min(LONGEST))
}

/// Cycles longer than this are not looked for.
const LONGEST: usize = 20;
/// The leak rate from which on cycles with three columns of degree 3 are followed.
const FEW_PATHS: f64 = 0.44;
