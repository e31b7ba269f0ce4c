//! Devices that stay silent when the setting does not suit them.

use diqkd_core::Outcome;
use rand_core::Rng;

use super::{Devices, Preparation, Responses};
use crate::click_table::Clicks;
use crate::noise::NoiseRng;

/// Guesses one side's setting in advance and lets that side click only when the guess was right.
///
/// Whoever keeps only rounds with two clicks sees S = 4 and no errors. With an outcome for every round it is a local
/// strategy like any other and wins at most 3/4.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DetectionLoophole;

impl Devices for DetectionLoophole {
    fn prepare(&mut self, _round: u64, rng: &mut NoiseRng) -> Preparation {
        let word = rng.next_u64();
        let flip = word & 1 == 1;
        let click = |bit: bool| Clicks::only(Outcome::from_bit(bit ^ flip));
        let mut responses = Responses::default();
        if word & 2 == 2 {
            let guess = word & 4 == 4;
            responses.alice[usize::from(guess)] = click(false);
            responses.bob = [click(false), click(guess), click(false), click(false)];
        } else {
            let guess = (((word >> 32) * 3) >> 32) as usize;
            responses.bob[guess] = click(false);
            responses.alice = [click(false), click(guess == 1), click(false), click(false)];
        }
        Preparation::Local(responses)
    }
}
