//! A quasi-cyclic parity-check matrix: a base graph whose edges are cyclic shifts of `lift` lanes.
//!
//! Block column `c` holds the code bits `c·lift .. (c+1)·lift`, block row `r` the syndrome bits
//! `r·lift .. (r+1)·lift`; an edge `(r, c, s)` connects syndrome lane `z` of `r` to code lane `(z + s) mod lift` of
//! `c`. No block row holds a block column twice.

use alloc::vec;
use alloc::vec::Vec;

use crate::backend::LANES;
use crate::check_rule::strongest_message;
use crate::lanes;
use crate::splitmix::mix;

/// One circulant of a block row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Edge {
    pub(crate) column: u32,
    pub(crate) shift: u32,
}

/// The matrix as a list of block rows. `lift` is 32 or a multiple of 64.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct QcCode {
    lift: usize,
    columns: usize,
    starts: Vec<u32>,
    edges: Vec<Edge>,
    /// The strongest message of each edge.
    caps: Vec<u8>,
}

impl QcCode {
    pub(crate) fn new(lift: usize, columns: usize, rows: &[Vec<Edge>]) -> Self {
        debug_assert!(lift == lanes::HALF || lift.is_multiple_of(64));
        let mut starts = vec![0];
        let mut edges = Vec::new();
        for row in rows {
            edges.extend_from_slice(row);
            starts.push(edges.len() as u32);
        }
        let mut degrees = vec![0; columns];
        edges.iter().for_each(|edge| degrees[edge.column as usize] += 1);
        let caps = edges.iter().map(|edge| strongest_message(degrees[edge.column as usize])).collect();
        Self { lift, columns, starts, edges, caps }
    }

    pub(crate) fn lift(&self) -> usize {
        self.lift
    }

    pub(crate) fn columns(&self) -> usize {
        self.columns
    }

    pub(crate) fn rows(&self) -> usize {
        self.starts.len() - 1
    }

    pub(crate) fn edge_count(&self) -> usize {
        self.edges.len()
    }

    pub(crate) fn code_bits(&self) -> usize {
        self.columns * self.lift
    }

    pub(crate) fn syndrome_bits(&self) -> usize {
        self.rows() * self.lift
    }

    /// Index of the first edge of block row `r`.
    pub(crate) fn first_edge(&self, r: usize) -> usize {
        self.starts[r] as usize
    }

    pub(crate) fn row(&self, r: usize) -> &[Edge] {
        &self.edges[self.starts[r] as usize..self.starts[r + 1] as usize]
    }

    /// The strongest message that each edge of block row `r` carries.
    pub(crate) fn caps(&self, r: usize) -> &[u8] {
        &self.caps[self.starts[r] as usize..self.starts[r + 1] as usize]
    }

    pub(crate) fn largest_row_degree(&self) -> usize {
        (0..self.rows()).map(|r| self.row(r).len()).max().unwrap_or(0)
    }

    /// Whether a run of [`LANES`] lanes may begin in one column's end and go on at its beginning.
    pub(crate) fn wraps(&self) -> bool {
        self.edges.iter().any(|edge| !(edge.shift as usize).is_multiple_of(LANES))
    }

    /// The syndrome of `bits` (`columns·lift` bits in words), `rows·lift` bits.
    pub(crate) fn syndrome(&self, bits: &[u64]) -> Vec<u64> {
        let mut out = vec![0; self.syndrome_bits().div_ceil(64)];
        let mut block = vec![0; lanes::words(self.lift)];
        for r in 0..self.rows() {
            block.fill(0);
            self.add_row(r, bits, &mut block);
            lanes::put(self.lift, &mut out, r, &block);
        }
        out
    }

    /// Adds the parities of block row `r` to a block of lanes.
    pub(crate) fn add_row(&self, r: usize, bits: &[u64], lanes: &mut [u64]) {
        if self.lift == lanes::HALF {
            let columns =
                self.row(r).iter().map(|e| lanes::half(bits, e.column as usize).rotate_right(e.shift));
            lanes[0] ^= u64::from(columns.fold(0, |sum, column| sum ^ column));
            return;
        }
        let words = self.lift / 64;
        for edge in self.row(r) {
            let column = &bits[edge.column as usize * words..][..words];
            add_rotated(lanes, column, edge.shift as usize);
        }
    }

    /// A number that two codes share only if they are the same (or by a chance of 2^-64).
    pub(crate) fn checksum(&self) -> u64 {
        let mut sum = mix(self.lift as u64 ^ (self.columns as u64) << 32);
        for r in 0..self.rows() {
            sum = mix(sum ^ 0xf00d);
            for edge in self.row(r) {
                sum = mix(sum ^ u64::from(edge.column) << 32 ^ u64::from(edge.shift));
            }
        }
        sum
    }
}

/// `lanes[z] ^= column[(z + shift) mod lift]`.
fn add_rotated(lanes: &mut [u64], column: &[u64], shift: usize) {
    let (start, bit) = (shift / 64, shift % 64);
    let (before, after) = column.split_at(start);
    if bit == 0 {
        for (lane, word) in lanes.iter_mut().zip(after.iter().chain(before)) {
            *lane ^= word;
        }
        return;
    }
    let low = after.iter().chain(before);
    let high = after.iter().skip(1).chain(before).chain(after);
    for ((lane, low), high) in lanes.iter_mut().zip(low).zip(high) {
        *lane ^= low >> bit | high << (64 - bit);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::splitmix::SplitMix64;

    #[test]
    fn the_word_kernel_agrees_with_the_definition() {
        let mut rng = SplitMix64::new(7);
        for lift in [32usize, 64, 128, 320] {
            let rows: Vec<Vec<Edge>> = (0..3)
                .map(|_| (0..5).map(|column| Edge { column, shift: rng.below(lift as u64) as u32 }).collect())
                .collect();
            let code = QcCode::new(lift, 5, &rows);
            let bits: Vec<u64> = (0..(5 * lift).div_ceil(64)).map(|_| rng.next()).collect();
            let bit = |i: usize| bits[i / 64] >> (i % 64) & 1;
            let syndrome = code.syndrome(&bits);
            for r in 0..3 {
                for z in 0..lift {
                    let expected = code.row(r).iter().fold(0, |sum, e| {
                        sum ^ bit(e.column as usize * lift + (z + e.shift as usize) % lift)
                    });
                    let i = r * lift + z;
                    assert_eq!(syndrome[i / 64] >> (i % 64) & 1, expected, "lift {lift} row {r} lane {z}");
                }
            }
        }
    }
}
