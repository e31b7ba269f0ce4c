//! A click table compiled for speed: one uniform word a round.

use crate::click_table::{ClickTable, Clicks};
use crate::noise::threshold;

/// A [`ClickTable`] compiled for sampling from one uniform word a round.
#[derive(Clone, Debug)]
pub struct ClickSampler {
    /// Index `[x * 4 + y]`.
    cells: [Cell; 16],
}

/// The patterns of one pair of settings, the likeliest first.
#[derive(Clone, Copy, Debug)]
struct Cell {
    /// By the first byte of the word: the pattern, or [`UNDECIDED`] where the byte leaves several.
    by_first_byte: [u8; 256],
    /// Words below `upper[i]` and not below `upper[i - 1]` give `pattern[i]`.
    upper: [u64; 16],
    pattern: [u8; 16],
    /// Index of the last pattern that is possible.
    last: u8,
}

impl ClickSampler {
    /// Compiles a table.
    pub fn new(table: &ClickTable) -> Self {
        Self { cells: core::array::from_fn(|xy| Cell::new(table.cell((xy >> 2) as u8, (xy & 3) as u8))) }
    }

    /// Clicks of both stations for settings `x`, `y` (below 4) and a uniform word.
    #[inline]
    pub fn sample(&self, x: u8, y: u8, word: u64) -> (Clicks, Clicks) {
        let cell = &self.cells[usize::from((x & 3) << 2 | (y & 3))];
        // All but a few in a hundred rounds are settled here.
        let mut pattern = cell.by_first_byte[(word >> 56) as usize];
        if pattern == UNDECIDED {
            pattern = cell.search(word);
        }
        let pattern = usize::from(pattern);
        (Clicks::from_index(pattern & 3), Clicks::from_index(pattern >> 2))
    }
}

impl Cell {
    fn new(probability: &[f64; 16]) -> Self {
        let mut pattern: [u8; 16] = core::array::from_fn(|i| i as u8);
        let p = |i: &u8| probability[usize::from(*i)];
        pattern.sort_by(|i, j| p(j).total_cmp(&p(i)));
        let total: f64 = probability.iter().sum();
        let last = pattern.iter().rposition(|i| p(i) > 0.0).unwrap_or(0);
        let mut upper = [u64::MAX; 16];
        let mut sum = 0.0;
        for (upper, i) in upper.iter_mut().zip(&pattern).take(last) {
            sum += p(i) / total;
            *upper = threshold(sum);
        }
        let mut cell = Self { by_first_byte: [UNDECIDED; 256], upper, pattern, last: last as u8 };
        for byte in 0..=255u8 {
            let least = u64::from(byte) << 56;
            let [first, last] = [least, least | u64::MAX >> 8].map(|word| cell.search(word));
            if first == last {
                cell.by_first_byte[usize::from(byte)] = first;
            }
        }
        cell
    }

    #[cold]
    fn search(&self, word: u64) -> u8 {
        let below = self.upper.partition_point(|&upper| upper <= word);
        self.pattern[below.min(usize::from(self.last))]
    }
}

const UNDECIDED: u8 = u8::MAX;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::click_table::Readout;
    use crate::noise::Noise;
    use crate::preset::Preset;

    fn index(clicks: Clicks) -> usize {
        usize::from(clicks.plus) | usize::from(clicks.minus) << 1
    }

    #[test]
    fn samples_follow_the_table() {
        // Chi-squared with 15 degrees of freedom exceeds 44.3 with probability 1e-4; 16 cells, fixed seed.
        let readout = Readout::TwoDetectors { efficiency: 0.8, dark_counts: 0.05 };
        let table = ClickTable::new(&Preset::Munich2022.model().behaviour(), readout, readout);
        let sampler = ClickSampler::new(&table);
        let noise = Noise::new(7, "samples");
        for xy in 0..16u8 {
            let n = 100_000;
            let mut counts = [0u32; 16];
            for i in 0..n {
                let (alice, bob) = sampler.sample(xy >> 2, xy & 3, noise.word(u64::from(xy) << 32 | i));
                counts[index(alice) | index(bob) << 2] += 1;
            }
            let expected = table.cell(xy >> 2, xy & 3);
            let chi2: f64 = (counts.iter().zip(expected))
                .map(|(&count, p)| (f64::from(count) - p * n as f64).powi(2) / (p * n as f64))
                .sum();
            assert!(chi2 < 44.3, "cell {xy}: {chi2}");
        }
    }

    /// The table by the first byte and the thresholds tell the same, at and around every threshold.
    #[test]
    fn the_first_byte_decides_what_the_whole_word_decides() {
        let readout = Readout::TwoDetectors { efficiency: 0.8, dark_counts: 0.05 };
        let behaviour = Preset::Munich2022.model().behaviour();
        for table in [ClickTable::new(&behaviour, readout, readout), Preset::Oxford2022.model().clicks] {
            for (xy, cell) in (0..).zip(ClickSampler::new(&table).cells) {
                let bytes = (0..=255u64).map(|byte| byte << 56);
                let words = cell
                    .upper
                    .into_iter()
                    .chain(bytes)
                    .flat_map(|w| [w.wrapping_sub(1), w, w.wrapping_add(1)]);
                for word in words {
                    let quick = cell.by_first_byte[(word >> 56) as usize];
                    assert!(quick == UNDECIDED || quick == cell.search(word), "cell {xy}, word {word:x}");
                }
                let undecided = cell.by_first_byte.iter().filter(|&&quick| quick == UNDECIDED).count();
                assert!(undecided <= 15, "cell {xy}");
            }
        }
    }

    #[test]
    fn impossible_patterns_never_come() {
        let sampler = ClickSampler::new(&Preset::Oxford2022.model().clicks);
        for word in [0, 1, u64::MAX / 2, u64::MAX - 1, u64::MAX] {
            let (alice, bob) = sampler.sample(0, 2, word);
            assert!(!alice.minus && !bob.minus, "there is one detector");
        }
    }
}
