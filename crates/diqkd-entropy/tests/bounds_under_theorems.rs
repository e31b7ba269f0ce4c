//! Every single-round bound under every accumulation theorem that takes it.
#![expect(clippy::unwrap_used, reason = "a test that cannot build its input has failed")]

use diqkd_core::{Epsilon, LeakBits, WinProbability, binary_entropy};
use diqkd_entropy::{
    EntropyBound, EpsilonSplit, Error, KeyLength, Params, SingleRound, Theorem, check, key_length,
    single_round,
};

const ROUNDS: u64 = 100_000_000_000;
const GAMMA: f64 = 0.01;
const OMEGA: f64 = 0.83;

fn params(theorem: Theorem, bound: SingleRound) -> Params {
    Params {
        rounds: ROUNDS,
        gamma: GAMMA,
        omega_threshold: WinProbability::new(OMEGA).unwrap(),
        leak_bits: LeakBits(0),
        eps_sound: Epsilon::new(1e-10).unwrap(),
        split: EpsilonSplit::Optimised,
        theorem,
        bound,
        assumptions: vec![],
    }
}

fn rate(theorem: Theorem, bound: SingleRound) -> f64 {
    let KeyLength::Key(certificate) = key_length(&params(theorem, bound)).unwrap() else {
        panic!("{theorem}")
    };
    let checked = check::check(&certificate).unwrap();
    assert_eq!(checked.key_bits(), certificate.key_bits());
    certificate.key_bits() as f64 / ROUNDS as f64
}

fn von_neumann(bound: EntropyBound) -> f64 {
    single_round(bound, 8.0 * OMEGA - 4.0).unwrap().entropy_bits
}

#[test]
fn many_rounds_approach_the_entropy_of_one_from_below() {
    let plain = von_neumann(EntropyBound::Chsh);
    for (bound, key, test) in [
        (SingleRound::Chsh, plain, plain),
        (
            SingleRound::NoisyPreprocessing { q: 0.1 },
            von_neumann(EntropyBound::NoisyPreprocessing { q: 0.1 }),
            plain,
        ),
        (SingleRound::ChshTwoBasisTests, plain, von_neumann(EntropyBound::TwoBases { q: 0.0 })),
        (
            SingleRound::NoisyTwoBases { q: 0.1 },
            von_neumann(EntropyBound::TwoBases { q: 0.1 }),
            von_neumann(EntropyBound::TwoBases { q: 0.0 }),
        ),
        (
            SingleRound::TwoBases,
            von_neumann(EntropyBound::TwoBases { q: 0.0 }),
            von_neumann(EntropyBound::TwoBases { q: 0.0 }),
        ),
    ] {
        // Bob's test outcomes cost these theorems one bit each; `reat` counts them at h(w).
        let limit = (1.0 - GAMMA) * key + GAMMA * test - GAMMA;
        for (theorem, within) in [
            (Theorem::Df19, 0.004),
            (Theorem::Df19FixedCPerp, 0.008),
            (Theorem::Geat, 0.004),
            (Theorem::Eat2018, 0.25),
        ] {
            let got = rate(theorem, bound);
            assert!(got < limit && got > limit - within, "{theorem} {bound:?}: {got} of {limit}");
        }
        if !matches!(bound, SingleRound::TwoBases | SingleRound::NoisyTwoBases { .. }) {
            let limit = (1.0 - GAMMA) * key + GAMMA * test - GAMMA * binary_entropy(OMEGA);
            let got = rate(Theorem::Reat, bound);
            assert!(got > limit - 0.002 && got < limit + GAMMA, "{bound:?}: {got} of {limit}");
        }
    }
}

#[test]
fn no_flips_are_the_plain_bound() {
    for theorem in [Theorem::Df19, Theorem::Geat, Theorem::Eat2018] {
        let key = |bound| key_length(&params(theorem, bound)).unwrap().key_bits();
        let (plain, unflipped) = (key(SingleRound::Chsh), key(SingleRound::NoisyPreprocessing { q: 0.0 }));
        assert!(plain.abs_diff(unflipped) <= plain / 1_000_000, "{theorem}: {plain} {unflipped}");
    }
}

#[test]
fn the_basic_form_takes_only_the_plain_bound() {
    let refused = key_length(&params(Theorem::ReatBasic, SingleRound::TwoBases));
    assert!(matches!(refused, Err(Error::BoundNotAvailable { theorem: Theorem::ReatBasic, .. })));
}
