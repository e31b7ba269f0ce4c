//! Devices that stay silent, or answer at another time, when the setting does not suit them.

use diqkd_core::Outcome;
use rand_core::Rng;

use super::{Answer, Delay, Devices, Preparation, Responses};
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
        Preparation::Local(guessing(rng.next_u64(), |answer| answer.unwrap_or(Clicks::NONE).into()))
    }
}

/// Bright light turns every detector into a switch of the adversary: a side clicks only when its setting is the one
/// that the adversary measured in (Gerhardt et al., Phys. Rev. Lett. 107, 170404 (2011)). Half of the clicks are
/// missing at either side.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FakedState;

impl Devices for FakedState {
    fn prepare(&mut self, _round: u64, rng: &mut NoiseRng) -> Preparation {
        let word = rng.next_u64();
        let x = usize::from(word & 2 == 2);
        let y = third(word);
        let (a, b) = (word & 1 == 1, (word & 1 == 1) ^ (x == 1 && y == 1));
        let mut responses = Responses::default();
        responses.alice[x] = Clicks::only(Outcome::from_bit(a)).into();
        responses.bob[y] = Clicks::only(Outcome::from_bit(b)).into();
        Preparation::Local(responses)
    }
}

/// Clicks always, but late when the setting does not suit it, so that a coincidence window loses exactly the pairs that
/// would lower S (Larsson and Gill, arXiv quant-ph/0312035). Slots that are fixed beforehand keep them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CoincidenceTime;

impl Devices for CoincidenceTime {
    fn prepare(&mut self, _round: u64, rng: &mut NoiseRng) -> Preparation {
        let word = rng.next_u64();
        let late = Answer { clicks: Clicks::only(Outcome::from_bit(word & 8 == 8)), delay: Delay::Late };
        Preparation::Local(guessing(word, |answer| match answer {
            None => late,
            Some(clicks) => Answer { clicks, delay: Delay::Early },
        }))
    }
}

/// A strategy that wins whenever a guessed setting of one side comes. `answer` makes the answer: from the clicks where
/// the guess holds and at the other side, from nothing where the guess fails.
fn guessing(word: u64, answer: impl Fn(Option<Clicks>) -> Answer) -> Responses {
    let flip = word & 1 == 1;
    let click = |bit: bool| answer(Some(Clicks::only(Outcome::from_bit(bit ^ flip))));
    let mut responses = Responses { alice: [answer(None); 4], bob: [answer(None); 4] };
    if word & 2 == 2 {
        let guess = word & 4 == 4;
        responses.alice[usize::from(guess)] = click(false);
        responses.bob = [click(false), click(guess), click(false), click(false)];
    } else {
        let guess = third(word);
        responses.bob[guess] = click(false);
        responses.alice = [click(false), click(guess == 1), click(false), click(false)];
    }
    responses
}

/// 0, 1 or 2 from the upper half of a word.
fn third(word: u64) -> usize {
    (((word >> 32) * 3) >> 32) as usize
}
