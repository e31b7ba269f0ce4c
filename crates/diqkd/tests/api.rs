//! What the public interface does not have.

use diqkd::core::{Epsilon, LeakBits, WinProbability};
use diqkd::entropy::{EpsilonSplit, Params, SingleRound, Theorem};

/// Takes the parameters of a key length apart, without a rest: a field for visibility, efficiency, dark counts or any
/// other model of a device would not compile here.
#[test]
fn a_key_length_takes_no_device_model() {
    let params = Params {
        rounds: 1,
        gamma: 0.5,
        omega_threshold: WinProbability::new(0.8).expect("in range"),
        leak_bits: LeakBits(0),
        eps_sound: Epsilon::new(0.5).expect("in range"),
        split: EpsilonSplit::Optimised,
        theorem: Theorem::Reat,
        bound: SingleRound::Chsh,
        assumptions: Vec::new(),
    };
    let Params {
        rounds: _,
        gamma: _,
        omega_threshold: _,
        leak_bits: _,
        eps_sound: _,
        split: _,
        theorem: _,
        bound: _,
        assumptions: _,
    } = params;
}
