//! Sections 6.3.5 and 6.3.6: the t-tuple and the longest repeated substring (LRS) estimates.
//!
//! Both ask how often the tuples of each length occur. Suffixes that share a prefix are adjacent in the suffix array:
//! each interval of `c` suffixes with a common prefix of length `h`, inside one of length `h' < h`, says that one tuple
//! of each length from `h' + 1` to `h` occurs exactly `c` times. A stack walks all intervals once: `O(n)` after the
//! suffix array, 8 bytes a position and another 12 for each length up to the longest repetition.
//!
//! The t-tuple estimate uses the lengths up to `t`, the longest with a tuple that occurs 35 times; the LRS estimate the
//! collision probability of those above, up to the longest repeated.

use alloc::vec;
use alloc::vec::Vec;

use super::confidence::{min_entropy, upper_limit};
use super::suffix_array::{common_prefixes, suffix_array};

/// Both estimates; each is `None` if there is no tuple length for it.
pub(super) struct TupleEstimates {
    pub(super) t_tuple: Option<f64>,
    pub(super) lrs: Option<f64>,
}

pub(super) fn tuples(symbols: &[u8]) -> TupleEstimates {
    let n = symbols.len();
    let Repeats { most, pairs } = repeats(symbols);
    let t = most.iter().skip(1).take_while(|&&count| count >= FREQUENT).count();
    let root = |p: f64, length: usize| libm::pow(p, 1.0 / length as f64);
    let estimate = |largest: f64| (largest > 0.0).then(|| min_entropy(upper_limit(largest, n as f64)));
    let frequency = |length: usize| f64::from(most[length]) / (n - length + 1) as f64;
    let collision = |length: usize| {
        let places = (n - length + 1) as f64;
        pairs[length] as f64 / (0.5 * places * (places - 1.0))
    };
    TupleEstimates {
        t_tuple: estimate((1..=t).map(|length| root(frequency(length), length)).fold(0.0, f64::max)),
        lrs: estimate((t + 1..pairs.len()).map(|length| root(collision(length), length)).fold(0.0, f64::max)),
    }
}

/// By length of a tuple, from 0 to the longest that is repeated.
struct Repeats {
    /// How often the most frequent tuple occurs.
    most: Vec<u32>,
    /// How many pairs of places hold equal tuples.
    pairs: Vec<u64>,
}

fn repeats(symbols: &[u8]) -> Repeats {
    let order = suffix_array(symbols, 256);
    let prefixes = common_prefixes(symbols, &order);
    let longest = prefixes.iter().copied().max().unwrap_or(0) as usize;
    let mut most = vec![1u32; longest + 1];
    // Differences between the pairs of one length and of the next; they wrap, their sums do not.
    let mut pairs = vec![0u64; longest + 1];
    let mut open: Vec<Interval> = Vec::new();
    for at in 0..=order.len() {
        let prefix = order.get(at).map_or(0, |&suffix| prefixes[suffix as usize]);
        let mut start = at.saturating_sub(1);
        while let Some(interval) = open.pop_if(|interval| interval.prefix > prefix) {
            let count = (at - interval.start) as u64;
            let outer = open.last().map_or(0, |outer| outer.prefix).max(prefix);
            let length = interval.prefix as usize;
            most[length] = most[length].max(count as u32);
            let equal = count * (count - 1) / 2;
            pairs[length] = pairs[length].wrapping_add(equal);
            pairs[outer as usize] = pairs[outer as usize].wrapping_sub(equal);
            start = interval.start;
        }
        if prefix > open.last().map_or(0, |interval| interval.prefix) {
            open.push(Interval { start, prefix });
        }
    }
    for length in (1..longest).rev() {
        most[length] = most[length].max(most[length + 1]);
        pairs[length] = pairs[length].wrapping_add(pairs[length + 1]);
    }
    Repeats { most, pairs }
}

/// Suffixes from place `start` of the suffix array on share `prefix` letters.
struct Interval {
    start: usize,
    prefix: u32,
}

/// Occurrences that make a tuple frequent.
const FREQUENT: u32 = 35;

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeMap;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn repeats_by_counting(symbols in prop_oneof![
            prop::collection::vec(0u8..2, 1..120),
            prop::collection::vec(0u8..5, 1..120),
            (prop::collection::vec(0u8..2, 1..8), 1usize..12).prop_map(|(piece, times)| piece.repeat(times)),
        ]) {
            let found = repeats(&symbols);
            for length in 1..=symbols.len() {
                let mut counts = BTreeMap::new();
                for tuple in symbols.windows(length) {
                    *counts.entry(tuple).or_insert(0u64) += 1;
                }
                let most = counts.values().copied().max().expect("some tuple");
                let pairs: u64 = counts.values().map(|c| c * (c - 1) / 2).sum();
                if length < found.most.len() {
                    prop_assert_eq!((u64::from(found.most[length]), found.pairs[length]), (most, pairs));
                } else {
                    prop_assert_eq!(most, 1);
                }
            }
        }
    }
}
