//! Which of several draws of a base graph decodes soonest.
//!
//! At high leak rates columns have few edges, and the rows of a base graph differ by chance in how many of these lead to
//! columns of high degree: base graphs of one ensemble take from 90 to 170 passes for the same noise. Density evolution
//! on the base graph itself, in the Gaussian approximation, tells them apart. At lower rates they hardly differ.
//!
//! The arithmetic is on `f64` with the functions of `libm`, whose results are the same on any machine.

use alloc::vec;
use alloc::vec::Vec;

use crate::ensemble::Ensembles;
use crate::mixture_cost::error_probability;
use crate::normal_messages::NormalMessages;
use crate::shape::Shape;

/// Of `DRAWS` seeds from `seed` on, the one whose base graph decodes soonest; `seed` itself below a leak rate of `FROM`.
///
/// `base`: the rows of every column, of the base graph that a seed gives.
pub(crate) fn soonest(
    ensembles: Ensembles,
    shape: &Shape,
    seed: u64,
    base: impl Fn(u64) -> Vec<Vec<u32>>,
) -> u64 {
    let leak_rate = shape.rows as f64 / shape.columns as f64;
    if leak_rate < FROM {
        return seed;
    }
    let messages = NormalMessages::new();
    let noise = error_probability(share(shape.lift * shape.columns) * entropy_of(ensembles, leak_rate));
    let certainty = (1.0 - 2.0 * noise) * (1.0 - 2.0 * noise);
    let prior = messages.mean_of(certainty);
    let passes = |seed| Evolution::new(shape.rows, &base(seed)).passes(&messages, prior);
    let draws = (seed..seed + DRAWS).map(|seed| (seed, passes(seed)));
    draws.min_by(|(_, a), (_, b)| a.total_cmp(b)).map_or(seed, |(seed, _)| seed)
}

/// The share of the entropy that the ensemble stands at which base graphs of so many code bits are compared: about where frames
/// of that length are used. At more noise short base graphs do not decode at all, and of those the one that gets farthest
/// is one that leaves a few rows undecided, at less noise as well.
fn share(code_bits: usize) -> f64 {
    let n = code_bits as f64;
    if code_bits < SHORT { NOISE - SHARE_SHIFT / libm::cbrt(n * n) } else { NOISE }
}

/// The entropy whose codes have that leak rate.
fn entropy_of(ensembles: Ensembles, leak_rate: f64) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..40 {
        let middle = 0.5 * (low + high);
        if ensembles.leak_rate(middle).is_none_or(|rate| rate > leak_rate) {
            high = middle;
        } else {
            low = middle;
        }
    }
    low
}

/// Density evolution on one base graph. Edges are numbered column by column.
struct Evolution {
    /// The edges of every column begin here.
    starts: Vec<usize>,
    rows: Vec<Vec<usize>>,
}

impl Evolution {
    fn new(rows: usize, base: &[Vec<u32>]) -> Self {
        let (mut starts, mut edges_of_row, mut edges) = (vec![0], vec![Vec::new(); rows], 0);
        for column in base {
            for &row in column {
                edges_of_row[row as usize].push(edges);
                edges += 1;
            }
            starts.push(edges);
        }
        Self { starts, rows: edges_of_row }
    }

    /// After how many passes the bits are certain, as a number that grows with what is then uncertain if they never are.
    fn passes(&self, messages: &NormalMessages, prior: f64) -> f64 {
        let mut edges = vec![0.0; self.starts.last().copied().unwrap_or(0)];
        let mut uncertain = 1.0;
        for pass in 0..MOST_PASSES {
            let mut sum_certain = 0.0;
            for column in self.starts.windows(2) {
                let edges = &mut edges[column[0]..column[1]];
                let total = prior + edges.iter().sum::<f64>();
                sum_certain += messages.certainty_of(total);
                edges.iter_mut().for_each(|mean| *mean = messages.certainty_of(total - *mean));
            }
            let columns = (self.starts.len() - 1) as f64;
            uncertain = 1.0 - sum_certain / columns;
            if uncertain < CERTAIN {
                return f64::from(pass);
            }
            for row in &self.rows {
                self.row(messages, row, &mut edges);
            }
        }
        f64::from(MOST_PASSES) * (1.0 + uncertain)
    }

    /// Certainties to a row become means from it: the product of all others.
    fn row(&self, messages: &NormalMessages, row: &[usize], edges: &mut [f64]) {
        let mut before = 1.0;
        let mut befores = Vec::with_capacity(row.len());
        for &edge in row {
            befores.push(before);
            before *= edges[edge];
        }
        let mut after = 1.0;
        for (&edge, before) in row.iter().zip(befores).rev() {
            let here = edges[edge];
            edges[edge] = messages.mean_of(before * after);
            after *= here;
        }
    }
}

/// Draws that are compared.
const DRAWS: u64 = 4;
/// The leak rate from which on they are.
const FROM: f64 = 0.6;
/// [`share`] of an endless code.
const NOISE: f64 = 0.99;
/// Fewer code bits than these are compared at less noise, by the shift over the number of bits to the power of
/// 2/3: 0.034 less at 16,384.
const SHORT: usize = 1 << 18;
const SHARE_SHIFT: f64 = 22.0;
const MOST_PASSES: u32 = 400;
/// Mean uncertainty of a bit that counts as none.
const CERTAIN: f64 = 1e-4;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::construct;

    /// A short code that differs from draw to draw, and a base graph that does not decode at all.
    #[test]
    fn the_draw_that_decodes_soonest_is_taken() {
        let (ensembles, rows, columns) = (Ensembles::narrow(), 240, 300);
        let shape = Shape { lift: 1024, rows, columns, rest: 0 };
        let degrees = ensembles.degrees(rows, columns);
        let base = |seed| construct::base(rows, &degrees, seed);
        let worst = |seed| if seed == 5 { base(seed) } else { vec![vec![0]; columns] };
        for first in 2..=5 {
            assert_eq!(soonest(ensembles, &shape, first, worst), 5);
        }
        let messages = NormalMessages::new();
        let prior = messages.mean_of(0.3);
        let passes = |seed| Evolution::new(rows, &base(seed)).passes(&messages, prior);
        let all: Vec<f64> = (1..=4).map(passes).collect();
        assert!(all.iter().any(|passes| *passes != all[0]), "{all:?}");
        let half = Shape { columns: 2 * columns, ..shape };
        assert_eq!(soonest(ensembles, &half, 9, |_| unreachable!()), 9);
    }
}
