//! Section 6.3.10: the next sample is guessed from the most frequent continuation of the last 1 to 16 samples, in a
//! dictionary that stops growing at 65536 contexts (LZ78Y). `O(16 n)`.

use super::contexts::{BitContexts, ByteContexts, Contexts, DEPTH};
use super::prediction::Tally;

/// `symbols` holds at least 19 samples.
pub(super) fn lz78y(symbols: &[u8], alphabet: usize) -> f64 {
    let tally =
        if alphabet == 2 { guess(symbols, BitContexts::new()) } else { guess(symbols, ByteContexts::new()) };
    tally.min_entropy(alphabet)
}

fn guess<C: Contexts>(symbols: &[u8], mut contexts: C) -> Tally {
    let mut learned = 0;
    let mut tally = Tally::default();
    for (i, &symbol) in symbols.iter().enumerate().skip(DEPTH) {
        let past = &symbols[i - DEPTH..i];
        let mut nodes = [None; DEPTH];
        let mut shorter = Some(C::ROOT);
        for (node, &older) in nodes.iter_mut().zip(past.iter().rev()) {
            shorter = shorter.and_then(|shorter| contexts.child(shorter, older));
            *node = shorter;
        }
        // From the longest context down, a shorter one is believed only if it was seen more often.
        let mut guess = (0, 0);
        for length in (1..=DEPTH).rev() {
            let node = nodes[length - 1].filter(|&node| contexts.best(node).1 > 0);
            if let Some(node) = node {
                let best = contexts.best(node);
                if best.1 > guess.1 {
                    guess = best;
                }
                contexts.follow(node, symbol, true);
            } else if learned < MOST_CONTEXTS {
                let mut node = C::ROOT;
                for &older in past.iter().rev().take(length) {
                    node = contexts.grow(node, older);
                }
                contexts.follow(node, symbol, true);
                learned += 1;
            }
        }
        if i > DEPTH {
            tally.count(guess.1 > 0 && guess.0 == symbol);
        }
    }
    tally
}

const MOST_CONTEXTS: u32 = 65_536;
