//! From a degree distribution to a code: an even base graph, then shifts that avoid short cycles, above all those that
//! few edges connect to the rest of the graph.
//!
//! All arithmetic on the way from a seed is on integers and the generator is seeded, so both sides build the same matrix
//! on any machine; which of several seeds is taken, `draw` decides.
//!
//! # References
//! X.-Y. Hu, E. Eleftheriou, D. M. Arnold, "Regular and irregular progressive edge-growth Tanner graphs" (2005);
//! T. Tian et al., "Selective avoidance of cycles in irregular LDPC code construction" (2004).

pub(crate) mod draw;
mod lifting;

use alloc::vec;
use alloc::vec::Vec;

use crate::code::{Edge, QcCode};
use crate::splitmix::SplitMix64;
use lifting::Lifting;

/// Builds a code with `rows` block rows of `lift` lanes and one block column per entry of `degrees`, in that order.
///
/// Every degree is at least 1 and at most `rows`. Cost: about `edges · rows` steps for the base graph, and
/// `columns of degree 2 and 3 · (their edges a row)^2` for the shifts.
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

/// The rows of every column in the base graph of [`construct`].
pub(crate) fn base(rows: usize, degrees: &[u32], seed: u64) -> Vec<Vec<u32>> {
    grow_base(rows, degrees, &mut SplitMix64::new(seed))
}

/// Rows of each column: random, with the same number of edges in every row (or one more).
///
/// Only the total is even. How many of a row's edges lead to columns of high degree is left to chance, as in the
/// endless code whose threshold is known: rows with more of these than others are where decoding starts, and sharing
/// them out evenly costs several per cent of the threshold.
/// Columns of degree 2 come first, and each of their edges goes to a row as far as possible: they alone can
/// close cycles that are code words. The others follow from the highest degree down, so that few sockets are left
/// over in rows that a column already has.
fn grow_base(rows: usize, degrees: &[u32], rng: &mut SplitMix64) -> Vec<Vec<u32>> {
    let mut columns: Vec<Vec<u32>> = vec![Vec::new(); degrees.len()];
    let mut columns_of_row: Vec<Vec<u32>> = vec![Vec::new(); rows];
    let mut sockets = sockets(rows, degrees, rng);
    let mut order = by_degree(degrees);
    let twos = order.iter().filter(|&&c| degrees[c] <= 2).count();
    order[twos..].reverse();
    for c in order {
        for _ in 0..degrees[c] {
            let at = if degrees[c] <= 2 {
                farthest_socket(&sockets, &distances(c, &columns, &columns_of_row), rng)
            } else {
                new_socket(&sockets, &columns[c], rng)
            };
            let r = match at {
                Some(at) => sockets.swap_remove(at),
                // Any new row serves, and a socket elsewhere stays unused.
                None => {
                    let start = rng.below(rows as u64) as usize;
                    let from_start = (0..rows).map(|k| ((start + k) % rows) as u32);
                    let Some(r) = from_start.into_iter().find(|r| !columns[c].contains(r)) else { break };
                    r
                }
            };
            columns[c].push(r);
            if degrees[c] <= 2 {
                columns_of_row[r as usize].push(c as u32);
            }
        }
    }
    columns
}

/// A random socket among those in rows at the greatest distance, unless that is 0.
fn farthest_socket(sockets: &[u32], distance: &[u32], rng: &mut SplitMix64) -> Option<usize> {
    let far = |r: &u32| distance[*r as usize];
    let most = sockets.iter().map(far).max().filter(|&most| most > 0)?;
    let count = sockets.iter().filter(|r| far(r) == most).count();
    let pick = rng.below(count as u64) as usize;
    (0..sockets.len()).filter(|&i| far(&sockets[i]) == most).nth(pick)
}

/// A random socket in a row other than `rows`, if one is found soon.
fn new_socket(sockets: &[u32], rows: &[u32], rng: &mut SplitMix64) -> Option<usize> {
    let draws = if sockets.is_empty() { 0 } else { DRAWS };
    (0..draws).map(|_| rng.below(sockets.len() as u64) as usize).find(|&at| !rows.contains(&sockets[at]))
}

/// Each row as often as it has edges; the rows with one more than others are random.
fn sockets(rows: usize, degrees: &[u32], rng: &mut SplitMix64) -> Vec<u32> {
    let edges: usize = degrees.iter().map(|&d| d as usize).sum();
    let mut longer: Vec<u32> = (0..rows as u32).collect();
    let count = edges % rows;
    for i in 0..count {
        let j = i + rng.below((rows - i) as u64) as usize;
        longer.swap(i, j);
    }
    let each = (0..rows as u32).flat_map(|r| core::iter::repeat_n(r, edges / rows));
    each.chain(longer[..count].iter().copied()).collect()
}

/// Column numbers in order of degree, equals in order of number.
fn by_degree(degrees: &[u32]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..degrees.len()).collect();
    order.sort_by_key(|&c| degrees[c]);
    order
}

/// Steps through columns of degree 2 from column `c` to each row: 0 for its own rows, `u32::MAX` for rows that are not connected to it.
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

/// Random sockets that are tried for a row that the column does not have.
const DRAWS: usize = 40;
/// Columns of at most this degree are where decoding gets stuck on short cycles.
const FEW: u32 = 3;

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
