//! Test flags drawn at both sites.
#![expect(clippy::unwrap_used, reason = "a test that cannot build its input has failed")]

use diqkd_core::{Epsilon, LeakBits, WinProbability};
use diqkd_entropy::{
    Certificate, EpsilonSplit, Error, KeyLength, LocalFlags, Params, SingleRound, Theorem, check, key_length,
    key_length_with_local_flags,
};

fn params(theorem: Theorem, bound: SingleRound) -> Params {
    Params {
        rounds: 1_500_000,
        gamma: 0.5,
        omega_threshold: WinProbability::new(0.83).unwrap(),
        leak_bits: LeakBits(296_581),
        eps_sound: Epsilon::new(1e-10).unwrap(),
        split: EpsilonSplit::Optimised,
        theorem,
        bound,
        assumptions: vec![],
    }
}

fn certificate(params: &Params, flags: LocalFlags) -> Certificate {
    match key_length_with_local_flags(params, flags).unwrap() {
        KeyLength::Key(certificate) => certificate,
        KeyLength::NoKey(reason) => panic!("{reason}"),
    }
}

/// Kept rounds are worth what rounds with a shared flag of the same probability are.
#[test]
fn kept_rounds_count_like_rounds_with_a_shared_flag() {
    let flags = LocalFlags::new(0.19, 0.185).unwrap();
    let gamma = flags.test_probability();
    assert!((gamma - 0.19 * 0.185 / (0.19 * 0.185 + 0.81 * 0.815)).abs() < 1e-16);
    for (theorem, bound) in [
        (Theorem::Reat, SingleRound::Chsh),
        (Theorem::Reat, SingleRound::NoisyPreprocessing { q: 0.05 }),
        (Theorem::Reat, SingleRound::ChshTwoBasisTests),
        (Theorem::Reat, SingleRound::TwoBases),
        (Theorem::ReatBasic, SingleRound::Chsh),
    ] {
        let base = params(theorem, bound);
        let local = certificate(&base, flags);
        let shared = key_length(&Params { gamma, ..base }).unwrap().key_bits();
        assert!(local.key_bits() <= shared && local.key_bits() + 1 >= shared, "{theorem} {bound:?}");
        let read = Certificate::from_json(&local.to_json()).unwrap();
        assert_eq!(read, local);
        assert_eq!(read.local_flags(), Some(flags));
        assert_eq!(check::check(&read).unwrap().key_bits(), local.key_bits());
    }
}

#[test]
fn flags_that_do_not_give_gamma_are_refused() {
    let flags = LocalFlags::new(0.19, 0.185).unwrap();
    let text = certificate(&params(Theorem::Reat, SingleRound::Chsh), flags).to_json();
    for (from, to) in [("\"alice\": 0.19", "\"alice\": 0.1901"), ("\"bob\": 0.185", "\"bob\": 0.18")] {
        assert!(text.contains(from));
        let forged = Certificate::from_json(&text.replacen(from, to, 1)).unwrap();
        assert!(matches!(check::check(&forged), Err(check::CheckError::NotProved { .. })));
    }
    assert!(Certificate::from_json(&text.replacen("\"alice\": 0.19", "\"alice\": 1.5", 1)).is_err());
}

#[test]
fn what_is_not_proved_is_named() {
    let flags = LocalFlags::new(0.2, 0.2).unwrap();
    let under = |theorem| key_length_with_local_flags(&params(theorem, SingleRound::Chsh), flags);
    assert!(matches!(under(Theorem::Df19), Err(Error::LocalFlagsNotAvailable { .. })));
    for (alice, bob) in [(0.0, 0.5), (0.5, 1.0), (f64::NAN, 0.5), (-0.1, 0.5), (1e-300, 1e-300)] {
        assert!(matches!(LocalFlags::new(alice, bob), Err(Error::LocalFlags { .. })), "{alice} {bob}");
    }
}
