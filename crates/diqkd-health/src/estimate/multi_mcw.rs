//! Section 6.3.7: the next sample is guessed to be the most common one of a window (MultiMCW). `O(n)` for frequent
//! values, `O(n k)` at worst for `k` values.

use super::prediction::Tally;

/// Samples that the estimator needs.
pub(super) const NEEDED_SAMPLES: usize = WIDTHS[WIDTHS.len() - 1] + 1;

/// `symbols` holds more than the narrowest window.
pub(super) fn multi_mcw(symbols: &[u8], alphabet: usize) -> f64 {
    let mut windows = WIDTHS.map(Window::new);
    let mut scores = [0u64; WIDTHS.len()];
    let mut winner = 0;
    let mut tally = Tally::default();
    for (i, &symbol) in symbols.iter().enumerate() {
        if i >= WIDTHS[0] {
            tally.count(windows[winner].most_common == symbol);
        }
        for (j, window) in windows.iter_mut().enumerate() {
            if i < window.width {
                window.enter(symbol, i);
                continue;
            }
            if window.most_common == symbol {
                scores[j] += 1;
                if scores[j] >= scores[winner] {
                    winner = j;
                }
            }
            window.slide(symbols[i - window.width], symbol, i, alphabet);
        }
    }
    tally.min_entropy(alphabet)
}

/// The last `width` samples; among equally common values the one seen last counts as the most common.
struct Window {
    width: usize,
    counts: [u32; 256],
    last_seen: [usize; 256],
    most_common: u8,
}

impl Window {
    fn new(width: usize) -> Self {
        Self { width, counts: [0; 256], last_seen: [0; 256], most_common: 0 }
    }

    fn enter(&mut self, symbol: u8, position: usize) {
        self.counts[usize::from(symbol)] += 1;
        self.last_seen[usize::from(symbol)] = position;
        if self.counts[usize::from(symbol)] >= self.counts[usize::from(self.most_common)] {
            self.most_common = symbol;
        }
    }

    fn slide(&mut self, oldest: u8, newest: u8, position: usize, alphabet: usize) {
        let lost = oldest == self.most_common;
        self.counts[usize::from(oldest)] -= 1;
        self.enter(newest, position);
        if lost {
            let rank = |&value: &usize| (self.counts[value], self.last_seen[value]);
            self.most_common = (0..alphabet).max_by_key(rank).map_or(0, |value| value as u8);
        }
    }
}

const WIDTHS: [usize; 4] = [63, 255, 1023, 4095];
