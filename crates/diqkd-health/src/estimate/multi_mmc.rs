//! Section 6.3.9: the next sample is guessed by Markov models of order 1 to 16 with counting (MultiMMC), the best one
//! so far being asked. `O(16 n)`; each model learns at most 100000 transitions.

use super::contexts::{BitContexts, ByteContexts, Contexts, DEPTH};
use super::prediction::Tally;

/// `symbols` holds at least 4 samples.
pub(super) fn multi_mmc(symbols: &[u8], alphabet: usize) -> f64 {
    let tally =
        if alphabet == 2 { guess(symbols, BitContexts::new()) } else { guess(symbols, ByteContexts::new()) };
    tally.min_entropy(alphabet)
}

fn guess<C: Contexts>(symbols: &[u8], mut contexts: C) -> Tally {
    let mut scores = [0u64; DEPTH];
    let mut transitions = [0u32; DEPTH];
    let mut winner = 0;
    let mut tally = Tally::default();
    for (i, &symbol) in symbols.iter().enumerate().skip(1) {
        let asked = winner;
        let mut correct = false;
        // The context of one order less, while it is in the tree; then the shorter one was seen too.
        let mut shorter = Some(C::ROOT);
        let mut seen = true;
        for (order, &older) in symbols[..i].iter().rev().take(DEPTH).enumerate() {
            let context = shorter.and_then(|node| contexts.child(node, older));
            let best = match context {
                // The first transition of an order is learned without a guess.
                Some(node) if seen && order + 1 < i => contexts.best(node),
                _ => (0, 0),
            };
            seen = best.1 > 0;
            let may_add = transitions[order] < MOST_TRANSITIONS;
            if seen {
                if best.0 == symbol {
                    scores[order] += 1;
                    if scores[order] >= scores[winner] {
                        winner = order;
                    }
                    correct |= order == asked;
                }
                if let Some(node) = context {
                    transitions[order] += u32::from(contexts.follow(node, symbol, may_add));
                }
                shorter = context;
            } else {
                // A context that could not be learned is never asked about, nor are those that extend it.
                shorter = shorter.filter(|_| may_add).map(|node| contexts.grow(node, older));
                if let Some(node) = shorter {
                    contexts.follow(node, symbol, true);
                }
                transitions[order] += u32::from(may_add);
            }
        }
        if i >= 2 {
            tally.count(correct);
        }
    }
    tally
}

const MOST_TRANSITIONS: u32 = 100_000;
