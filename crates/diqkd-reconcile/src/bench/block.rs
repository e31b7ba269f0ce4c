//! Random blocks.

use alloc::vec::Vec;

use diqkd_gf2::{Bits, bits_from_words};

use super::BenchRequest;
use crate::splitmix::SplitMix64;

/// Both strings and the class map of one random block.
pub(super) struct Block {
    pub(super) alice: Bits,
    pub(super) bob: Bits,
    pub(super) class: Bits,
}

impl Block {
    pub(super) fn random(request: &BenchRequest, index: u32) -> Self {
        let mut rng = SplitMix64::new(request.seed ^ u64::from(index) << 32);
        let n = request.block as usize;
        let mut words = [(); 3].map(|()| Vec::with_capacity(n.div_ceil(64)));
        for start in (0..n).step_by(64) {
            let alice = rng.next();
            let (mut error, mut class) = (0, 0);
            for bit in 0..(n - start).min(64) {
                let second = request.classes.get(1).filter(|second| rng.chance(second.fraction));
                class |= u64::from(second.is_some()) << bit;
                let drawn = second.or(request.classes.first());
                error |= u64::from(drawn.is_some_and(|c| rng.chance(c.error_probability))) << bit;
            }
            for (words, word) in words.iter_mut().zip([alice, alice ^ error, class]) {
                words.push(word);
            }
        }
        let [alice, bob, class] = words.map(|words| bits_from_words(&words, n));
        Self { alice, bob, class }
    }
}

impl Block {
    /// Alice's and Bob's strings, with errors after a class map that is given.
    pub(super) fn random_with_classes(request: &BenchRequest, class: &Bits, index: u32) -> (Bits, Bits) {
        let mut rng = SplitMix64::new(request.seed ^ u64::from(index) << 32);
        let probability = |second: bool| {
            request.classes.get(usize::from(second)).map_or(0.0, |class| class.error_probability)
        };
        let pair = |second: bool| {
            let alice = rng.chance(0.5);
            (alice, alice ^ rng.chance(probability(second)))
        };
        class.iter().by_vals().map(pair).unzip()
    }
}

/// Alice's and Bob's random strings of `n` bits that differ with probability `qber`.
pub fn random_pair(n: usize, qber: f64, seed: u64) -> (Bits, Bits) {
    let Block { alice, bob, .. } = Block::random(&BenchRequest::symmetric(qber, n as u64, 1, seed), 0);
    (alice, bob)
}
