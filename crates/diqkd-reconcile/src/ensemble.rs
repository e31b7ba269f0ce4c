//! Which degree distribution serves a leak rate, how much noise it stands, and how much room a finite frame needs.

use alloc::vec::Vec;

use crate::ensemble_table::{LONG, MIDDLE, NARROW, SHORT};

/// One entry of the table.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Ensemble {
    /// Syndrome bits per code bit.
    pub(crate) leak_rate: f64,
    /// Entropy of an error, bits a position, up to which belief propagation converges on an endless code.
    pub(crate) threshold: f64,
    /// Degree and share of the columns that have it.
    pub(crate) shares: &'static [(u32, f64)],
}

/// Entries in order of their leak rates.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Ensembles(&'static [Ensemble]);

impl Ensembles {
    /// Columns of at most 40 edges, which lose least where positions differ in their noise.
    pub(crate) fn narrow() -> Self {
        Self(NARROW)
    }

    /// Columns of up to 64 edges, with room in every pass, for frames of few thousand syndrome bits.
    pub(crate) fn short() -> Self {
        Self(SHORT)
    }

    /// Columns of up to 80 edges, with room in every pass.
    pub(crate) fn middle() -> Self {
        Self(MIDDLE)
    }

    /// Columns of up to 80 edges: closest to the limit, for frames that are given many passes.
    pub(crate) fn long() -> Self {
        Self(LONG)
    }

    /// What serves frames of so many syndrome bits whose positions are of so many classes.
    pub(crate) fn for_leak(bits: u64, classes: usize) -> Self {
        match (bits, classes) {
            (LEAST_LONG.., _) => Self::long(),
            (_, 2..) => Self::narrow(),
            (LEAST_MIDDLE.., _) => Self::middle(),
            _ => Self::short(),
        }
    }

    /// The same for frames of `frame_bits` that are decoded on their own, where columns of 80 edges have to be many to be worth it.
    pub(crate) fn for_frame(frame_bits: u64, leak_bits: u64, classes: usize) -> Self {
        let by_leak = Self::for_leak(leak_bits, classes);
        if by_leak == Self::middle() && frame_bits < LEAST_MIDDLE_FRAME { Self::short() } else { by_leak }
    }

    /// Where the codes of these ensembles are drawn from: with 1, a quarter more frames of 65,536 positions failed at 2 %.
    pub(crate) fn seed(self) -> u64 {
        if self == Self::middle() { 3 } else { 1 }
    }

    pub(crate) fn is_long(self) -> bool {
        self == Self::long()
    }

    /// The highest leak rate that codes exist for.
    pub(crate) fn most_leak_rate(self) -> f64 {
        self.0.last().map_or(0.0, |e| e.leak_rate)
    }

    /// The least leak rate whose codes stand `entropy` bits of noise a position; `None` above the table. Below it the
    /// first entry is stretched in proportion.
    pub(crate) fn leak_rate(self, entropy: f64) -> Option<f64> {
        let first = self.0.first()?;
        if entropy <= first.threshold {
            return Some(entropy * first.leak_rate / first.threshold);
        }
        self.0.windows(2).find(|pair| entropy <= pair[1].threshold).map(|pair| {
            let share = (entropy - pair[0].threshold) / (pair[1].threshold - pair[0].threshold);
            pair[0].leak_rate + share * (pair[1].leak_rate - pair[0].leak_rate)
        })
    }

    /// Degrees for `columns` block columns over `rows` block rows, highest first, by the method of largest remainders on
    /// a distribution between the two nearest entries.
    ///
    /// No degree exceeds `rows`.
    pub(crate) fn degrees(self, rows: usize, columns: usize) -> Vec<u32> {
        let shares = self.shares(rows as f64 / columns as f64);
        let mut counts: Vec<(u32, usize, f64)> = shares
            .iter()
            .map(|&(degree, share)| {
                let exact = share * columns as f64;
                (degree.min(rows as u32), exact as usize, exact - libm::floor(exact))
            })
            .collect();
        let mut missing = columns.saturating_sub(counts.iter().map(|c| c.1).sum());
        counts.sort_by(|a, b| b.2.total_cmp(&a.2).then(a.0.cmp(&b.0)));
        for count in &mut counts {
            let more = missing.min(1);
            count.1 += more;
            missing -= more;
        }
        let mut degrees: Vec<u32> =
            counts.iter().flat_map(|&(d, count, _)| core::iter::repeat_n(d, count)).collect();
        degrees.sort_unstable_by(|a, b| b.cmp(a));
        degrees
    }

    /// The distribution at a leak rate, linear between entries and constant beyond their ends.
    pub(crate) fn shares(self, leak_rate: f64) -> Vec<(u32, f64)> {
        let mut out: Vec<(u32, f64)> = Vec::new();
        let mut add = |ensemble: &Ensemble, weight: f64| {
            for &(degree, share) in ensemble.shares {
                match out.iter_mut().find(|(d, _)| *d == degree) {
                    Some((_, sum)) => *sum += weight * share,
                    None => out.push((degree, weight * share)),
                }
            }
        };
        let above = self.0.iter().position(|e| e.leak_rate > leak_rate).unwrap_or(self.0.len());
        match (above.checked_sub(1).and_then(|i| self.0.get(i)), self.0.get(above)) {
            (Some(low), Some(high)) => {
                let weight = (leak_rate - low.leak_rate) / (high.leak_rate - low.leak_rate);
                add(low, 1.0 - weight);
                add(high, weight);
            }
            (Some(only), None) | (None, Some(only)) => add(only, 1.0),
            (None, None) => {}
        }
        out.sort_unstable_by_key(|&(degree, _)| degree);
        out
    }
}

/// Syndrome bits from which on frames get the long ensembles; two classes that differ much lose with them where frames are
/// shorter.
const LEAST_LONG: u64 = 30_000;
/// The same of the middle ones.
const LEAST_MIDDLE: u64 = 9_000;
/// Positions from which on they serve: with 30,000 at 5 % and 40,000 at 8 % one and a half times as many frames failed as with
/// the short ones at the same leak, with 60,000 at 3 % as many, with 65,536 at 2 % fewer.
const LEAST_MIDDLE_FRAME: u64 = 50_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_in_order_and_each_distribution_sums_to_one() {
        for table in [NARROW, SHORT, MIDDLE, LONG] {
            for pair in table.windows(2) {
                assert!(pair[0].leak_rate < pair[1].leak_rate && pair[0].threshold < pair[1].threshold);
            }
            for e in table {
                let sum: f64 = e.shares.iter().map(|s| s.1).sum();
                assert!((sum - 1.0).abs() < 1e-3, "{}: {sum}", e.leak_rate);
                assert!(e.threshold < e.leak_rate, "no code beats the Slepian-Wolf bound");
            }
        }
    }

    #[test]
    fn leak_rates_grow_with_the_noise_and_are_less_for_long_frames() {
        let mut last = 0.0;
        for i in 1..90 {
            let entropy = f64::from(i) / 100.0 * 0.7;
            let rate = Ensembles::long().leak_rate(entropy).unwrap();
            assert!(rate > last && rate > entropy);
            assert!(rate <= Ensembles::narrow().leak_rate(entropy).unwrap(), "{entropy}");
            last = rate;
        }
        assert!(Ensembles::long().leak_rate(0.99).is_none());
    }

    #[test]
    fn degrees_fill_every_column() {
        for (rows, columns) in [(3, 40), (20, 400), (55, 313), (60, 410), (90, 180), (120, 133)] {
            for ensembles in [Ensembles::narrow(), Ensembles::short(), Ensembles::middle(), Ensembles::long()]
            {
                let degrees = ensembles.degrees(rows, columns);
                assert_eq!(degrees.len(), columns);
                assert!(degrees.iter().all(|&d| d >= 2 && d as usize <= rows));
                assert!(degrees.is_sorted_by(|a, b| a >= b));
            }
        }
    }
}
