//! A second look at frames that stand a few parities from success.
//!
//! A dozen or two of wrong decisions can hold each other: columns of degree 3 joined by chains of columns of degree 2,
//! all of whose checks are satisfied but one or a few. So single bits are turned over and the frame is decoded anew with
//! each: the least certain of the unsatisfied checks, then the least certain of all. Frames that fail for too much noise
//! leave more parities wrong and are not looked at again.

use alloc::vec::Vec;

use crate::code::QcCode;
use crate::propagation::{Ended, Propagation};

/// Goes on where [`Propagation::run`] has ended so without success, with the same code and syndrome. Counts the passes of
/// both: [`MORE`] times as many are added at most.
pub(crate) fn go_on(worker: &mut Propagation, code: &QcCode, syndrome: &[u64], ended: Ended) -> Ended {
    let Ended { mut iterations, .. } = ended;
    let most = ended.iterations.saturating_mul(1 + MORE);
    let doubts = doubts(worker, code, syndrome);
    let mut priors = if doubts.is_empty() { Vec::new() } else { worker.priors(code) };
    for bit in doubts {
        let turned = if bit.is_error { TURNED } else { -TURNED };
        let prior = core::mem::replace(&mut priors[bit.at], turned);
        worker.start(code, syndrome, priors.iter().copied());
        let ended = worker.run(code, syndrome, PASSES.min(most - iterations));
        iterations += ended.iterations;
        if ended.converged {
            return Ended { converged: true, iterations };
        }
        priors[bit.at] = prior;
    }
    Ended { converged: false, iterations }
}

/// A code bit that may be wrong, and whether it was decided to be an error.
struct Doubt {
    at: usize,
    is_error: bool,
}

/// The bits to turn over, in that order; none if too many checks are unsatisfied.
fn doubts(worker: &Propagation, code: &QcCode, syndrome: &[u64]) -> Vec<Doubt> {
    let lift = code.lift();
    let mut wrong = code.syndrome(worker.decisions());
    wrong.iter_mut().zip(syndrome).for_each(|(parity, wanted)| *parity ^= wanted);
    if wrong.iter().map(|word| word.count_ones()).sum::<u32>() > MOST_WRONG {
        return Vec::new();
    }
    let is_wrong = |check: &usize| wrong[check / 64] >> (check % 64) & 1 == 1;
    let bits_of = |check: usize| {
        let at =
            move |column: u32, shift: u32| column as usize * lift + (check % lift + shift as usize) % lift;
        code.row(check / lift).iter().map(move |edge| at(edge.column, edge.shift))
    };
    let certainty = |at: &usize| (worker.posterior(*at).unsigned_abs(), *at);
    let mut bits: Vec<usize> = (0..code.syndrome_bits()).filter(is_wrong).flat_map(bits_of).collect();
    bits.sort_unstable_by_key(certainty);
    bits.dedup();
    bits.truncate(OF_WRONG_CHECKS);
    let mut others: Vec<usize> = (0..code.code_bits()).filter(|at| !bits.contains(at)).collect();
    others.sort_unstable_by_key(certainty);
    bits.extend(others);
    bits.truncate(MOST_GUESSES);
    let is_error = |at: usize| worker.decisions()[at / 64] >> (at % 64) & 1 == 1;
    bits.into_iter().map(|at| Doubt { at, is_error: is_error(at) }).collect()
}

/// Checks that may be unsatisfied. Frames that fail for noise leave forty and more.
const MOST_WRONG: u32 = 16;
/// Bits that are turned over, and how many of them are of unsatisfied checks.
const MOST_GUESSES: usize = 40;
const OF_WRONG_CHECKS: usize = 16;
/// Passes of each attempt: with 20 two of eight frames stayed lost that 40 saved.
const PASSES: u32 = 40;
/// Passes of all attempts, for each that was made before.
const MORE: u32 = 8;
/// The prior of a bit that is turned over.
const TURNED: i16 = 10_000;
