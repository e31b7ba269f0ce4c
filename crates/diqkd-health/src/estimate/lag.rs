//! Section 6.3.8: the next sample is guessed to be the one 1 to 128 places back.
//!
//! Which lag is asked changes only when a lag that was right has at least the highest score so far. So samples are
//! taken 64 at a time: one pass of byte comparisons counts how often each lag is right in the block, and only lags
//! that can reach the highest score within it are followed sample by sample; on most sources these are a few of 128.
//! `O(128 n)` byte comparisons, 16 or more in one vector operation.

use super::prediction::Tally;

/// `symbols` holds at least 3 samples.
pub(super) fn lag(symbols: &[u8], alphabet: usize) -> f64 {
    let mut race = Race { scores: [0; LAGS], winner: 0, high: 0 };
    let mut tally = Tally::default();
    let all: [usize; LAGS] = core::array::from_fn(|place| place);
    let first = symbols.len().min(LAGS);
    for (i, &symbol) in symbols.iter().enumerate().take(first).skip(1) {
        tally.count(symbols[i - 1 - race.winner] == symbol);
        race.run(&all[..i], &symbols[..i], symbol);
    }
    let mut start = first;
    while start < symbols.len() {
        let end = symbols.len().min(start + BLOCK);
        let block = &symbols[start..end];
        let mut contenders = [0; LAGS];
        let mut count = 0;
        let mut final_scores = race.scores;
        for (place, score) in final_scores.iter_mut().enumerate() {
            *score += matches(block, &symbols[start - 1 - place..]);
            if *score >= race.high {
                contenders[count] = place;
                count += 1;
            }
        }
        for (i, &symbol) in block.iter().enumerate() {
            let past = &symbols[..start + i];
            tally.count(past[past.len() - 1 - race.winner] == symbol);
            race.run(&contenders[..count], past, symbol);
        }
        race.scores = final_scores;
        start = end;
    }
    tally.min_entropy(alphabet)
}

/// Place `d` belongs to the sample `d + 1` places back.
struct Race {
    scores: [u32; LAGS],
    winner: usize,
    high: u32,
}

impl Race {
    /// Raises the scores of those `contenders`, in ascending order, that guessed `symbol`. Of these, the longest lag
    /// among those with the best score wins, if none has a better one.
    fn run(&mut self, contenders: &[usize], past: &[u8], symbol: u8) {
        for &place in contenders {
            if past[past.len() - 1 - place] == symbol {
                self.scores[place] += 1;
                if self.scores[place] >= self.high {
                    self.high = self.scores[place];
                    self.winner = place;
                }
            }
        }
    }
}

/// Number of places at which the two agree, over the length of `block`, at most [`BLOCK`].
fn matches(block: &[u8], earlier: &[u8]) -> u32 {
    // A byte holds the sum: vectors of bytes are added, and nothing is widened until the end.
    let agree = block.iter().zip(earlier).fold(0u8, |sum, (a, b)| sum + u8::from(a == b));
    u32::from(agree)
}

const LAGS: usize = 128;
const BLOCK: usize = 64;

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use proptest::prelude::*;

    use super::*;

    /// Step by step as the standard has it: every lag is scored at every sample.
    fn naive(symbols: &[u8]) -> Tally {
        let (mut scores, mut winner, mut tally) = ([0u32; LAGS], 0, Tally::default());
        for i in 1..symbols.len() {
            tally.count(symbols[i - 1 - winner] == symbols[i]);
            for place in 0..LAGS.min(i) {
                if symbols[i - 1 - place] == symbols[i] {
                    scores[place] += 1;
                    if scores[place] >= scores[winner] {
                        winner = place;
                    }
                }
            }
        }
        tally
    }

    proptest! {
        #[test]
        fn blocks_equal_single_samples(
            pattern in prop::collection::vec(0u8..3, 1..300), flips in prop::collection::vec(0usize..900, 0..40),
            len in 3usize..900,
        ) {
            let mut symbols: Vec<u8> = pattern.iter().copied().cycle().take(len).collect();
            for at in flips {
                if let Some(symbol) = symbols.get_mut(at) {
                    *symbol = (*symbol + 1) % 3;
                }
            }
            prop_assert_eq!(lag(&symbols, 3).to_bits(), naive(&symbols).min_entropy(3).to_bits());
        }
    }
}
