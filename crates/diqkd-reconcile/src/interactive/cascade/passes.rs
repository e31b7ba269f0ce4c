//! The public orders of positions, one a pass.

use alloc::vec;
use alloc::vec::Vec;

use crate::splitmix::SplitMix64;

/// The order of one pass and its block size.
#[derive(Clone, Debug)]
pub(super) struct Order {
    /// Position at each place of the order.
    pub(super) positions: Vec<u32>,
    /// Place of each position.
    pub(super) places: Vec<u32>,
    /// Length of a block; the last may be shorter.
    pub(super) block: usize,
}

impl Order {
    /// The first pass keeps the order of the string, the others shuffle it (Fisher-Yates).
    pub(super) fn new(n: usize, block: usize, pass: u64, seed: u64) -> Self {
        let mut positions: Vec<u32> = (0..n as u32).collect();
        if pass > 0 {
            let mut rng = SplitMix64::new(seed ^ pass << 56);
            for last in (1..n).rev() {
                positions.swap(last, rng.below(last as u64 + 1) as usize);
            }
        }
        let mut places = vec![0; n];
        for (place, &position) in (0..).zip(&positions) {
            places[position as usize] = place;
        }
        Self { positions, places, block }
    }

    /// Parity of the string's positions before each place of this order: `n + 1` entries.
    pub(super) fn prefix_parities(&self, string: &[u64]) -> Vec<bool> {
        let mut parity = false;
        let mut prefix = Vec::with_capacity(self.positions.len() + 1);
        prefix.push(parity);
        prefix.extend(self.positions.iter().map(|&at| {
            parity ^= string[at as usize / 64] >> (at % 64) & 1 == 1;
            parity
        }));
        prefix
    }
}
