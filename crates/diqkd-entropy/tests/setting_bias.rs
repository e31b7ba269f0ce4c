//! Setting bits with a bounded bias inside the functional.
#![expect(clippy::unwrap_used, reason = "a test that cannot build its input has failed")]

use diqkd_core::{Epsilon, LeakBits, WinProbability};
use diqkd_entropy::{
    Certificate, EpsilonSplit, Error, KeyLength, Params, SingleRound, Theorem, check, key_length,
};

fn params(bound: SingleRound, rounds: u64, gamma: f64, omega: f64, leak: u64) -> Params {
    Params {
        rounds,
        gamma,
        omega_threshold: WinProbability::new(omega).unwrap(),
        leak_bits: LeakBits(leak),
        eps_sound: Epsilon::new(1e-10).unwrap(),
        split: EpsilonSplit::Optimised,
        theorem: Theorem::Reat,
        bound,
        assumptions: vec![],
    }
}

fn oxford(tau: f64, q: f64) -> Params {
    params(SingleRound::BiasedSettings { q, tau }, 1_500_000, 13.0 / 256.0, 0.83, 296_581)
}

fn key_bits(params: &Params) -> u64 {
    key_length(params).unwrap().key_bits()
}

#[test]
fn no_bias_is_the_plain_bound_and_bias_costs() {
    assert!(key_bits(&oxford(0.0, 0.0)).abs_diff(454_725) <= 1);
    let mut last = u64::MAX;
    for tau in [0.0, 1e-5, 1e-4, 1e-3, 5e-3, 1e-2] {
        let bits = key_bits(&oxford(tau, 0.0));
        assert!(bits < last && bits > 0, "{tau}: {bits}");
        last = bits;
    }
    assert_eq!(key_bits(&oxford(0.2, 0.0)), 0);
    let noisy = Params { bound: SingleRound::NoisyPreprocessing { q: 0.05 }, ..oxford(0.0, 0.05) };
    assert!(key_bits(&oxford(0.0, 0.05)).abs_diff(key_bits(&noisy)) <= 1);
    let basic = Params { theorem: Theorem::ReatBasic, ..oxford(1e-3, 0.0) };
    assert!((1..389_946).contains(&key_bits(&basic)));
}

#[test]
fn what_local_devices_win_with_biased_settings_is_no_violation() {
    // 3/4 + tau - tau^2 = 0.7599.
    let at = |omega| {
        let bound = SingleRound::BiasedSettings { q: 0.0, tau: 0.01 };
        key_length(&params(bound, 10_000_000_000_000, 1e-3, omega, 0)).unwrap().key_bits()
    };
    assert_eq!(at(0.7598), 0);
    assert!(at(0.7615) > 0);
}

#[test]
fn a_certificate_holds_for_its_own_bias_only() {
    let KeyLength::Key(certificate) = key_length(&oxford(1e-3, 0.0)).unwrap() else { panic!() };
    let text = certificate.to_json();
    assert_eq!(
        check::check(&Certificate::from_json(&text).unwrap()).unwrap().key_bits(),
        certificate.key_bits()
    );
    // The scores were made for a bias of 0.001; a larger one makes them inadmissible.
    for (from, to) in [("\"tau\": 0.001", "\"tau\": 0.0011"), ("\"tau\": 0.001", "\"tau\": 0.7")] {
        assert!(text.contains(from));
        assert!(check::check(&Certificate::from_json(&text.replacen(from, to, 1)).unwrap()).is_err());
    }
}

#[test]
fn nonsense_is_named() {
    for tau in [-0.1, 0.5, f64::NAN, f64::INFINITY] {
        assert!(matches!(key_length(&oxford(tau, 0.0)), Err(Error::SettingBias { .. })), "{tau}");
    }
    for theorem in [Theorem::Df19, Theorem::Geat, Theorem::Eat2018] {
        let params = Params { theorem, ..oxford(1e-3, 0.0) };
        assert!(matches!(key_length(&params), Err(Error::BoundNotAvailable { .. })), "{theorem}");
    }
}
