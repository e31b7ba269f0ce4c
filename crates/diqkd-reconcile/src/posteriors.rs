//! The decoder's opinion of every code bit, laid out so that any run of lanes is one load and one store.
//!
//! A run that starts near the end of a block column goes on at its beginning. Each column therefore has a margin behind
//! it that repeats its first lanes; what is written near an end is written again at the other.

use alloc::vec::Vec;

use crate::backend::LANES;
use crate::code::QcCode;

/// Log-likelihood ratios in steps, positive where no error is likelier.
#[derive(Debug, Default)]
pub(crate) struct Posteriors {
    lift: usize,
    /// Lanes that are repeated behind a column.
    margin: usize,
    /// Distance of columns: their lanes, their repeated first lanes, and as many that catch what is written before the
    /// next column.
    stride: usize,
    values: Vec<i16>,
}

impl Posteriors {
    /// Takes one value a code bit.
    pub(crate) fn reset(&mut self, code: &QcCode, mut values: impl Iterator<Item = i16>) {
        self.lift = code.lift();
        self.margin = if code.wraps() { LANES } else { 0 };
        self.stride = self.lift + 2 * self.margin;
        self.values.clear();
        self.values.reserve(self.margin + code.columns() * self.stride);
        self.values.resize(self.margin, 0);
        for _ in 0..code.columns() {
            let start = self.values.len();
            self.values.extend(values.by_ref().take(self.lift));
            self.values.extend_from_within(start..start + self.margin);
            self.values.resize(self.values.len() + self.margin, 0);
        }
    }

    /// Where `LANES` lanes of a column from lane `start` stand, `start < lift`.
    #[inline]
    pub(crate) fn place(&self, column: u32, start: usize) -> usize {
        self.margin + column as usize * self.stride + start
    }

    #[inline]
    pub(crate) fn lanes(&self, place: usize) -> &[i16; LANES] {
        self.values[place..].first_chunk().expect("every place has lanes behind it")
    }

    #[inline]
    pub(crate) fn lanes_mut(&mut self, place: usize) -> &mut [i16; LANES] {
        self.values[place..].first_chunk_mut().expect("every place has lanes behind it")
    }

    /// Where what is written at `place` has to be written again: where columns have as many lanes as a run, at both.
    #[inline]
    pub(crate) fn mirrors(&self, place: usize, start: usize) -> [Option<usize>; 2] {
        let before = self.margin > 0 && start > self.lift - LANES;
        let behind = self.margin > 0 && start < LANES;
        [before.then(|| place - self.lift), behind.then(|| place + self.lift)]
    }

    /// The lanes of each block column in turn.
    pub(crate) fn columns(&self) -> impl Iterator<Item = &[i16]> {
        self.values[self.margin..].chunks(self.stride.max(1)).map(|column| &column[..self.lift])
    }

    /// The opinion of one code bit.
    pub(crate) fn get(&self, bit: usize) -> i16 {
        self.values[self.place((bit / self.lift) as u32, bit % self.lift)]
    }
}
