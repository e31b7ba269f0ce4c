//! Key lengths that count both of Alice's settings.
#![expect(clippy::unwrap_used, reason = "a test that cannot build its input has failed")]

use diqkd_core::{Epsilon, LeakBits, WinProbability};
use diqkd_entropy::{Certificate, EpsilonSplit, KeyLength, Params, SingleRound, Theorem, check, key_length};
use proptest::prelude::*;

fn params(bound: SingleRound, rounds: u64, gamma: f64, omega: f64, leak_rate: f64) -> Params {
    Params {
        rounds,
        gamma,
        omega_threshold: WinProbability::new(omega).unwrap(),
        leak_bits: LeakBits((rounds as f64 * leak_rate) as u64),
        eps_sound: Epsilon::new(1e-10).unwrap(),
        split: EpsilonSplit::Optimised,
        theorem: Theorem::Reat,
        bound,
        assumptions: vec![],
    }
}

fn key_bits(params: &Params) -> u64 {
    key_length(params).unwrap().key_bits()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// The searches are good to about 1e-6 bits a round.
    #[test]
    fn counting_both_settings_never_shortens_a_key(
        ln_rounds in 13.0f64..24.0, ln_gamma in -5.0f64..-1.0, omega in 0.78f64..0.85, q in 0.0f64..0.3,
    ) {
        let length = |bound| key_bits(&params(bound, ln_rounds.exp() as u64, ln_gamma.exp(), omega, 0.02));
        let slack = 2 + (ln_rounds.exp() * 4e-6) as u64;
        prop_assert!(length(SingleRound::ChshTwoBasisTests) + slack >= length(SingleRound::Chsh));
        prop_assert!(length(SingleRound::TwoBases) + slack >= length(SingleRound::Chsh));
        let noisy = length(SingleRound::NoisyPreprocessing { q });
        let noisy_tests = length(SingleRound::NoisyTwoBasisTests { q });
        let noisy_keys = length(SingleRound::NoisyTwoBases { q });
        prop_assert!(noisy_tests + slack >= noisy && noisy_keys + slack >= noisy, "{noisy} {noisy_tests} {noisy_keys}");
    }

    #[test]
    fn every_length_is_confirmed(
        ln_rounds in 12.0f64..27.0, ln_gamma in -5.0f64..-0.7, omega in 0.78f64..0.853, q in 0.0f64..0.3, which in 0usize..4,
    ) {
        let bound = [
            SingleRound::ChshTwoBasisTests,
            SingleRound::TwoBases,
            SingleRound::NoisyTwoBasisTests { q },
            SingleRound::NoisyTwoBases { q },
        ][which];
        let params = params(bound, ln_rounds.exp() as u64, ln_gamma.exp(), omega, 0.05);
        if let KeyLength::Key(certificate) = key_length(&params).unwrap() {
            let read = Certificate::from_json(&certificate.to_json()).unwrap();
            prop_assert_eq!(&read, &certificate);
            prop_assert_eq!(check::check(&read).unwrap().key_bits(), certificate.key_bits());
        }
    }
}
