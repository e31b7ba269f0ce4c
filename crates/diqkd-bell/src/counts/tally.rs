//! Word-parallel counting of packed trial columns.
//!
//! For 64 trials at a time the population counts of the products of the columns (`x`, `y`, `xy`, `xya`, ...) are
//! summed; at the end a Moebius transform over the subsets turns "at least these bits set" into "exactly these bits
//! set". One word of five columns costs 31 ANDs and population counts, whatever the data: no branch, no table.

use super::{Cell, Counts, CountsError};

/// Packed columns of trials, LSB first: bit `i` of word `i / 64` belongs to trial `i`.
#[derive(Clone, Copy, Debug)]
pub struct TrialColumns<'a> {
    /// Low bit of Alice's setting.
    pub x: &'a [u64],
    /// High bit of Alice's setting, where she has more than two.
    pub x_high: Option<&'a [u64]>,
    /// Low bit of Bob's setting.
    pub y: &'a [u64],
    /// High bit of Bob's setting, where he has more than two.
    pub y_high: Option<&'a [u64]>,
    /// Alice's outcomes; 1 = value -1.
    pub a: &'a [u64],
    /// Bob's outcomes; 1 = value -1.
    pub b: &'a [u64],
    /// Trials to count; all where absent. For the protocol: the test rounds.
    pub select: Option<&'a [u64]>,
    /// Number of trials; bits beyond it are ignored.
    pub len: usize,
}

impl Counts {
    /// Counts `len` trials with two settings a side from packed columns.
    ///
    /// # Errors
    /// [`ColumnError::Short`] when a column has fewer than `len` bits.
    pub fn tally(x: &[u64], y: &[u64], a: &[u64], b: &[u64], len: usize) -> Result<Self, ColumnError> {
        Self::tally_columns(&TrialColumns { x, x_high: None, y, y_high: None, a, b, select: None, len })
    }

    /// Counts trials from packed columns, with up to four settings a side and a selection.
    ///
    /// # Errors
    /// [`ColumnError::Short`] when a column has fewer than `len` bits, [`ColumnError::Overflow`] beyond
    /// [`Counts::MAX_TOTAL`] trials.
    pub fn tally_columns(columns: &TrialColumns<'_>) -> Result<Self, ColumnError> {
        let words = columns.len.div_ceil(64);
        let column = |name, words_given: &[u64]| {
            if words_given.len() < words {
                return Err(ColumnError::Short {
                    column: name,
                    bits: words_given.len() * 64,
                    len: columns.len,
                });
            }
            Ok(())
        };
        column("x", columns.x)?;
        column("y", columns.y)?;
        column("a", columns.a)?;
        column("b", columns.b)?;
        for (name, optional) in
            [("x_high", columns.x_high), ("y_high", columns.y_high), ("select", columns.select)]
        {
            column(name, optional.unwrap_or(columns.x))?;
        }

        let low = Low { x: columns.x, y: columns.y, a: columns.a, b: columns.b };
        let mut counts = Self::new();
        for x_high in [false, true] {
            for y_high in [false, true] {
                if (x_high && columns.x_high.is_none()) || (y_high && columns.y_high.is_none()) {
                    continue;
                }
                let sixteen = low.tally(columns.len, |w| {
                    let mut keep = columns.select.map_or(u64::MAX, |s| s[w]);
                    if let Some(high) = columns.x_high {
                        keep &= if x_high { high[w] } else { !high[w] };
                    }
                    if let Some(high) = columns.y_high {
                        keep &= if y_high { high[w] } else { !high[w] };
                    }
                    keep
                });
                for (pattern, n) in sixteen.into_iter().enumerate() {
                    let bit = |place: usize| (pattern >> place & 1) as u8;
                    let cell = Cell {
                        x: bit(0) | u8::from(x_high) << 1,
                        y: bit(1) | u8::from(y_high) << 1,
                        a: bit(2),
                        b: bit(3),
                    };
                    counts.add(cell, n).map_err(ColumnError::Overflow)?;
                }
            }
        }
        Ok(counts)
    }
}

struct Low<'a> {
    x: &'a [u64],
    y: &'a [u64],
    a: &'a [u64],
    b: &'a [u64],
}

impl Low<'_> {
    /// How many kept trials have each of the 16 patterns `x + 2y + 4a + 8b`.
    fn tally(&self, len: usize, keep: impl Fn(usize) -> u64) -> [u64; 16] {
        let mut supersets = [0u64; 16];
        let whole = len / 64;
        for w in 0..whole {
            self.count_word(w, keep(w), &mut supersets);
        }
        if !len.is_multiple_of(64) {
            self.count_word(whole, keep(whole) & ((1 << (len % 64)) - 1), &mut supersets);
        }
        for place in 0..4 {
            for pattern in 0..16 {
                if pattern >> place & 1 == 0 {
                    supersets[pattern] -= supersets[pattern | 1 << place];
                }
            }
        }
        supersets
    }

    #[inline]
    fn count_word(&self, w: usize, keep: u64, supersets: &mut [u64; 16]) {
        let mut products = [keep; 16];
        for (place, column) in [self.x, self.y, self.a, self.b].into_iter().enumerate() {
            let word = column[w];
            for pattern in 1 << place..2 << place {
                products[pattern] = products[pattern ^ 1 << place] & word;
            }
        }
        for (sum, product) in supersets.iter_mut().zip(products) {
            *sum += u64::from(product.count_ones());
        }
    }
}

/// Why columns could not be counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ColumnError {
    /// A column is shorter than the number of trials.
    #[error("column {column} has {bits} bits, expected at least {len}, one a trial; pass the whole column")]
    Short {
        /// The field of [`TrialColumns`].
        column: &'static str,
        /// Bits that the column has.
        bits: usize,
        /// Number of trials.
        len: usize,
    },
    /// More trials than a table holds.
    #[error("the columns hold more trials than a table")]
    Overflow(#[source] CountsError),
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;
    use alloc::vec::Vec;
    use diqkd_core::{Outcome, Setting};
    use proptest::prelude::*;

    type Row = (u8, u8, bool, bool, bool);

    fn pack(bits: impl Iterator<Item = bool>) -> Vec<u64> {
        let mut words = vec![];
        for (i, bit) in bits.enumerate() {
            if i % 64 == 0 {
                words.push(0u64);
            }
            words[i / 64] |= u64::from(bit) << (i % 64);
        }
        words
    }

    proptest! {
        #[test]
        fn words_count_like_one_trial_at_a_time(
            trials in prop::collection::vec((0u8..4, 0u8..4, any::<bool>(), any::<bool>(), any::<bool>()), 0..300),
            garbage in any::<u64>(),
        ) {
            let mut expected = Counts::new();
            for &(x, y, a, b, selected) in &trials {
                if selected {
                    let (x, y) = (Setting::new(x).unwrap(), Setting::new(y).unwrap());
                    expected.record(x, y, Outcome::from_bit(a), Outcome::from_bit(b));
                }
            }
            let column = |bit: &dyn Fn(&Row) -> bool| {
                let mut words = pack(trials.iter().map(bit));
                if let (Some(last), 1..) = (words.last_mut(), trials.len() % 64) {
                    *last |= garbage << (trials.len() % 64);
                }
                words
            };
            let counted = Counts::tally_columns(&TrialColumns {
                x: &column(&|t| t.0 & 1 == 1),
                x_high: Some(&column(&|t| t.0 & 2 == 2)),
                y: &column(&|t| t.1 & 1 == 1),
                y_high: Some(&column(&|t| t.1 & 2 == 2)),
                a: &column(&|t| t.2),
                b: &column(&|t| t.3),
                select: Some(&column(&|t| t.4)),
                len: trials.len(),
            }).unwrap();
            prop_assert_eq!(counted, expected);
        }

        #[test]
        fn shards_add_up_in_any_order(words in prop::collection::vec(any::<[u64; 4]>(), 1..40), cut in 0usize..40) {
            let column = |i: usize, range: core::ops::Range<usize>| words[range].iter().map(|w| w[i]).collect::<Vec<_>>();
            let tally = |range: core::ops::Range<usize>| {
                let len = range.len() * 64;
                let [x, y, a, b] = [0, 1, 2, 3].map(|i| column(i, range.clone()));
                Counts::tally(&x, &y, &a, &b, len).unwrap()
            };
            let cut = cut.min(words.len());
            let mut merged = tally(cut..words.len());
            merged.merge(&tally(0..cut)).unwrap();
            prop_assert_eq!(merged, tally(0..words.len()));
        }
    }

    #[test]
    fn a_short_column_is_named() {
        let word = [0u64; 2];
        assert_eq!(
            Counts::tally(&word, &word, &word, &word[..1], 65),
            Err(ColumnError::Short { column: "b", bits: 64, len: 65 })
        );
    }
}
