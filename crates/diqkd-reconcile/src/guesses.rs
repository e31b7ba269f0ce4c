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
    let doubts = doubts(worker, code, &worker.wrong_checks(code, syndrome), |_| true);
    let mut priors = if doubts.is_empty() { Vec::new() } else { worker.priors(code) };
    for doubt in doubts {
        let prior = core::mem::replace(&mut priors[doubt.bit], doubt.turned);
        worker.start(code, syndrome, priors.iter().copied());
        let ended = worker.run(code, syndrome, PASSES.min(most - iterations));
        iterations += ended.iterations;
        if ended.converged {
            return Ended { converged: true, iterations };
        }
        priors[doubt.bit] = prior;
    }
    Ended { converged: false, iterations }
}

/// A code bit that may be wrong, and its prior when it is turned over.
pub(crate) struct Doubt {
    pub(crate) bit: usize,
    pub(crate) turned: i16,
}

/// The bits to turn over among some, in that order, 40 at most; none if too many checks are unsatisfied.
pub(crate) fn doubts(
    worker: &Propagation,
    code: &QcCode,
    wrong: &[u64],
    among: impl Fn(&usize) -> bool,
) -> Vec<Doubt> {
    let lift = code.lift();
    if wrong.iter().map(|word| word.count_ones()).sum::<u32>() > MOST_WRONG {
        return Vec::new();
    }
    let is_wrong = |check: &usize| wrong[check / 64] >> (check % 64) & 1 == 1;
    let bits_of = |check: usize| {
        let bit =
            move |column: u32, shift: u32| column as usize * lift + (check % lift + shift as usize) % lift;
        code.row(check / lift).iter().map(move |edge| bit(edge.column, edge.shift))
    };
    let certainty = |bit: &usize| (worker.posterior(*bit).unsigned_abs(), *bit);
    let mut bits: Vec<usize> = (0..code.syndrome_bits()).filter(is_wrong).flat_map(bits_of).collect();
    bits.sort_unstable_by_key(certainty);
    bits.dedup();
    bits.truncate(OF_WRONG_CHECKS);
    let mut others: Vec<usize> =
        (0..code.code_bits()).filter(among).filter(|bit| !bits.contains(bit)).collect();
    others.sort_unstable_by_key(certainty);
    bits.extend(others);
    bits.truncate(MOST_GUESSES);
    let is_error = |bit: usize| worker.decisions()[bit / 64] >> (bit % 64) & 1 == 1;
    bits.into_iter().map(|bit| Doubt { bit, turned: if is_error(bit) { TURNED } else { -TURNED } }).collect()
}

/// Checks that may be unsatisfied. Frames that fail for noise leave forty and more.
const MOST_WRONG: u32 = 16;
/// Bits that are turned over, and how many of them are of unsatisfied checks.
const MOST_GUESSES: usize = 40;
const OF_WRONG_CHECKS: usize = 16;
/// Passes of each attempt: with 20 two of eight frames stayed lost that 40 saved.
pub(crate) const PASSES: u32 = 40;
/// Passes of all attempts, for each that was made before.
const MORE: u32 = 8;
/// The prior of a bit that is turned over.
const TURNED: i16 = 10_000;

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;
    use crate::backend::Backend;
    use crate::check_rule::prior;
    use crate::construct::construct;
    use crate::splitmix::SplitMix64;

    /// A short code of columns of degree 2 and 3 alone, where failures with a few wrong parities are common.
    #[test]
    fn frames_a_few_parities_from_success_are_saved() {
        let degrees: Vec<u32> = [vec![3; 40], vec![2; 40]].concat();
        let code = construct(32, 44, &degrees, 1);
        let mut worker = Propagation::new(Backend::detect(), 0);
        let mut rng = SplitMix64::new(7);
        let (mut near, mut saved) = (0, 0);
        for _ in 0..3000 {
            let mut errors = vec![0u64; code.code_bits() / 64];
            (0..code.code_bits()).for_each(|at| errors[at / 64] |= u64::from(rng.chance(0.09)) << (at % 64));
            let syndrome = code.syndrome(&errors);
            worker.start(&code, &syndrome, core::iter::repeat_n(prior(0.09), code.code_bits()));
            let ended = worker.run(&code, &syndrome, 100);
            let wrong = worker.wrong_checks(&code, &syndrome).iter().map(|w| w.count_ones()).sum::<u32>();
            if ended.converged || wrong > MOST_WRONG {
                continue;
            }
            assert!(worker.priors(&code).iter().all(|&p| p == prior(0.09)));
            let after = go_on(&mut worker, &code, &syndrome, ended);
            assert!((101..=900).contains(&after.iterations), "{after:?}");
            near += 1;
            saved += u32::from(after.converged && worker.decisions() == errors);
        }
        assert!(near > 30 && saved > near / 3, "{saved} of {near}");
    }
}
