//! The best local strategy without memory.

use diqkd_core::Outcome;
use rand_core::Rng;

use super::{Devices, Preparation, Responses};
use crate::click_table::Clicks;
use crate::noise::NoiseRng;

/// In each round one of the eight deterministic strategies that win CHSH at three of the four settings, at random.
///
/// Wins with probability exactly 3/4 at uniform settings; Bob's key outcome always equals Alice's, and the adversary
/// knows both.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Memoryless;

impl Devices for Memoryless {
    fn prepare(&mut self, _round: u64, rng: &mut NoiseRng) -> Preparation {
        let word = rng.next_u64();
        Preparation::Local(losing_at(word & 1 == 1, word & 2 == 2, word & 4 == 4))
    }
}

/// Loses at `x = y = 1` in every round: the best that a device without memory can do when it knows beforehand that this
/// pair of settings is the rarest. Beyond 3/4 only where the setting bits are biased.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BiasedSettings;

impl Devices for BiasedSettings {
    fn prepare(&mut self, _round: u64, rng: &mut NoiseRng) -> Preparation {
        Preparation::Local(losing_at(true, true, rng.next_u64() & 1 == 1))
    }
}

/// The deterministic strategy that loses CHSH at the settings `(x, y)` only; `flip` negates every outcome.
///
/// From `x y XOR (x XOR u)(y XOR v) = x v XOR u y XOR u v` with `u = NOT lost_x`, `v = NOT lost_y`.
pub(crate) fn losing_at(lost_x: bool, lost_y: bool, flip: bool) -> Responses {
    let (u, v) = (!lost_x, !lost_y);
    let click = |bit: bool| Clicks::only(Outcome::from_bit(bit ^ flip));
    Responses {
        alice: [click(false), click(v), click(false), click(false)].map(Into::into),
        bob: [click(u & v), click(u ^ (u & v)), click(false), click(false)].map(Into::into),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_strategy_loses_exactly_where_it_says() {
        for word in 0..8 {
            let (lost_x, lost_y) = (word & 1 == 1, word & 2 == 2);
            let responses = losing_at(lost_x, lost_y, word & 4 == 4);
            for x in [false, true] {
                for y in [false, true] {
                    let a = responses.alice[usize::from(x)].clicks.minus;
                    let b = responses.bob[usize::from(y)].clicks.minus;
                    assert_eq!((a ^ b) == (x & y), (x, y) != (lost_x, lost_y));
                }
            }
            assert_eq!(responses.alice[0], responses.bob[2]);
        }
    }
}
