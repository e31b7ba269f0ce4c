//! From a degree distribution to a code: progressive edge growth on the base graph, then shifts that avoid short
//! cycles, above all those that few edges connect to the rest of the graph.
//!
//! All arithmetic is on integers and the generator is seeded, so both sides build the same matrix on any machine.
//!
//! # References
//! X.-Y. Hu, E. Eleftheriou, D. M. Arnold, "Regular and irregular progressive edge-growth Tanner graphs" (2005);
//! T. Tian et al., "Selective avoidance of cycles in irregular LDPC code construction" (2004).

use alloc::vec;
use alloc::vec::Vec;

use crate::code::{Edge, QcCode};
use crate::splitmix::SplitMix64;

/// Builds a code with `rows` block rows of `lift` lanes and one block column per entry of `degrees`, in that order.
///
/// Every degree is at least 1 and at most `rows`. Cost: about `edges · (row degree · column degree)^2` steps.
pub(crate) fn construct(lift: usize, rows: usize, degrees: &[u32], seed: u64) -> QcCode {
    let mut rng = SplitMix64::new(seed);
    let columns = grow_base(rows, degrees, &mut rng);
    let shifts = Lifting::new(lift, rows, &columns).shifts(&mut rng);
    let mut by_row = vec![Vec::new(); rows];
    for (c, (rows_of_column, shifts)) in columns.iter().zip(&shifts).enumerate() {
        for (&r, &shift) in rows_of_column.iter().zip(shifts) {
            by_row[r as usize].push(Edge { column: c as u32, shift });
        }
    }
    QcCode::new(lift, degrees.len(), &by_row)
}

/// Rows of each column. Low degrees are placed first; each edge goes to a row as far from the column as possible,
/// among those to one of least degree, and at random among equals.
fn grow_base(rows: usize, degrees: &[u32], rng: &mut SplitMix64) -> Vec<Vec<u32>> {
    let mut columns: Vec<Vec<u32>> = vec![Vec::new(); degrees.len()];
    let mut columns_of_row: Vec<Vec<u32>> = vec![Vec::new(); rows];
    for c in by_degree(degrees) {
        for _ in 0..degrees[c] {
            let distance = distances(c, &columns, &columns_of_row);
            let rank = |r: usize| (core::cmp::Reverse(distance[r]), columns_of_row[r].len());
            let free = || (0..rows).filter(|&r| distance[r] > 0);
            let Some(best) = free().map(rank).min() else { break };
            let ties = free().filter(|&r| rank(r) == best).count() as u64;
            let pick = rng.below(ties) as usize;
            if let Some(r) = free().filter(|&r| rank(r) == best).nth(pick) {
                columns[c].push(r as u32);
                columns_of_row[r].push(c as u32);
            }
        }
    }
    columns
}

/// Column numbers in order of degree, equals in order of number.
fn by_degree(degrees: &[u32]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..degrees.len()).collect();
    order.sort_by_key(|&c| degrees[c]);
    order
}

/// Steps from column `c` to each row: 0 for its own rows, `u32::MAX` for rows that are not connected to it.
fn distances(c: usize, columns: &[Vec<u32>], columns_of_row: &[Vec<u32>]) -> Vec<u32> {
    let mut distance = vec![u32::MAX; columns_of_row.len()];
    let mut front: Vec<u32> = columns[c].clone();
    let mut steps = 0;
    for &r in &front {
        distance[r as usize] = 0;
    }
    while !front.is_empty() {
        steps += 1;
        let mut next = Vec::new();
        for &r in &front {
            for &through in &columns_of_row[r as usize] {
                for &far in &columns[through as usize] {
                    if distance[far as usize] == u32::MAX {
                        distance[far as usize] = steps;
                        next.push(far);
                    }
                }
            }
        }
        front = next;
    }
    distance
}

/// Chooses shifts column by column, low degrees first, each to close as few harmful short cycles as possible.
struct Lifting<'a> {
    lift: usize,
    columns: &'a [Vec<u32>],
    shifts: Vec<Vec<u32>>,
    /// Edges of each row whose shift is already chosen: (column, shift).
    placed: Vec<Vec<(u32, u32)>>,
    /// Harm of each shift of the edge being placed.
    harm: Vec<u64>,
}

impl<'a> Lifting<'a> {
    fn new(lift: usize, rows: usize, columns: &'a [Vec<u32>]) -> Self {
        Self {
            lift,
            columns,
            shifts: vec![Vec::new(); columns.len()],
            placed: vec![Vec::new(); rows],
            harm: vec![0; lift],
        }
    }

    fn shifts(mut self, rng: &mut SplitMix64) -> Vec<Vec<u32>> {
        let degrees: Vec<u32> = self.columns.iter().map(|c| c.len() as u32).collect();
        for c in by_degree(&degrees) {
            for i in 0..self.columns[c].len() {
                let shift = if i == 0 { rng.below(self.lift as u64) as u32 } else { self.best(c, i, rng) };
                self.shifts[c].push(shift);
            }
            for (&r, &shift) in self.columns[c].iter().zip(&self.shifts[c]) {
                self.placed[r as usize].push((c as u32, shift));
            }
        }
        self.shifts
    }

    /// The least harmful shift for edge `i` of column `c`; the first one from a random start.
    fn best(&mut self, c: usize, i: usize, rng: &mut SplitMix64) -> u32 {
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
            let goes_on = length < 6 || length == 6 && slack <= SLACK_OF_EIGHT_CYCLES;
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
    let isolation = 1 << (12 - slack.min(12));
    match length {
        4 => isolation << 24,
        6 => isolation << 10,
        _ => isolation,
    }
}

/// 8-cycles are counted when their first three columns have at most this many edges to spare.
const SLACK_OF_EIGHT_CYCLES: usize = 3;

#[cfg(test)]
mod tests {
    use super::*;

    fn degrees() -> Vec<u32> {
        let mut d = vec![8; 10];
        d.extend(vec![3; 70]);
        d.extend(vec![2; 19]);
        d
    }

    #[test]
    fn degrees_are_kept_and_rows_are_even() {
        let code = construct(128, 20, &degrees(), 1);
        let mut seen = vec![0; 99];
        let mut row_degrees = Vec::new();
        for r in 0..20 {
            let mut columns: Vec<u32> = code.row(r).iter().map(|e| e.column).collect();
            columns.iter().for_each(|&c| seen[c as usize] += 1);
            row_degrees.push(columns.len());
            columns.sort_unstable();
            columns.dedup();
            assert_eq!(columns.len(), code.row(r).len());
        }
        assert_eq!(seen, degrees());
        assert!(
            row_degrees.iter().max().unwrap() - row_degrees.iter().min().unwrap() <= 2,
            "{row_degrees:?}"
        );
    }

    #[test]
    fn the_same_seed_gives_the_same_code_and_another_seed_another() {
        let sum = |seed| construct(128, 20, &degrees(), seed).checksum();
        assert_eq!(sum(1), sum(1));
        assert_ne!(sum(1), sum(2));
    }

    #[test]
    fn a_large_lift_has_no_cycle_of_length_four() {
        let code = construct(512, 20, &degrees(), 3);
        let lift = code.lift() as u32;
        for r in 0..code.rows() {
            for other in 0..r {
                let mut differences: Vec<u32> = Vec::new();
                for a in code.row(r) {
                    for b in code.row(other).iter().filter(|b| b.column == a.column) {
                        differences.push((a.shift + lift - b.shift) % lift);
                    }
                }
                let count = differences.len();
                differences.sort_unstable();
                differences.dedup();
                assert_eq!(differences.len(), count, "rows {r} and {other}");
            }
        }
    }
}
