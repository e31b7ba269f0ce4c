//! Section 6.3.1: the frequency of the most common value, raised to its upper confidence limit. `O(n)`.

use super::confidence::{min_entropy, upper_limit};

pub(super) fn most_common(symbols: &[u8]) -> f64 {
    let mut counts = [0u64; 256];
    for &symbol in symbols {
        counts[usize::from(symbol)] += 1;
    }
    let n = symbols.len() as f64;
    let most = counts.into_iter().max().unwrap_or(0) as f64;
    min_entropy(upper_limit(most / n, n))
}
