//! Key lengths against published and independently computed values.
#![expect(clippy::unwrap_used, reason = "a test that cannot build its input has failed")]

use diqkd_core::{Epsilon, LeakBits, WinProbability};
use diqkd_entropy::{
    Certificate, EpsilonSplit, Error, KeyLength, NoKeyReason, Params, SingleRound, Theorem, check, key_length,
};

/// The parameters of the Oxford experiment of 2022 as recalled in `docs/theory.md`.
fn oxford(theorem: Theorem) -> Params {
    Params {
        rounds: 1_500_000,
        gamma: 13.0 / 256.0,
        omega_threshold: WinProbability::new(0.83).unwrap(),
        leak_bits: LeakBits(296_581),
        eps_sound: Epsilon::new(1e-10).unwrap(),
        split: EpsilonSplit::Optimised,
        theorem,
        bound: SingleRound::Chsh,
        assumptions: vec![],
    }
}

fn key_bits(params: &Params) -> u64 {
    key_length(params).unwrap().key_bits()
}

#[test]
fn the_oxford_point_under_every_theorem() {
    // Two independent programs: reat 454 725, reat-basic 389 946, df19 92 825 with its best split.
    assert_eq!(key_bits(&oxford(Theorem::Reat)), 454_725);
    assert_eq!(key_bits(&oxford(Theorem::ReatBasic)), 389_946);
    let df19 = key_bits(&oxford(Theorem::Df19));
    assert!((92_815..=92_825).contains(&df19), "{df19}");
    let geat = key_bits(&oxford(Theorem::Geat));
    assert!((90_000..df19).contains(&geat), "{geat}");
    for hopeless in [Theorem::Df19FixedCPerp, Theorem::Eat2018] {
        assert_eq!(key_bits(&oxford(hopeless)), 0);
    }
}

#[test]
fn the_optimum_is_reached_at_the_stated_scores() {
    let KeyLength::Key(certificate) = key_length(&oxford(Theorem::Reat)).unwrap() else { panic!() };
    let diqkd_entropy::Witness::Reat(witness) = certificate.witness() else { panic!() };
    assert!((witness.alpha - 1.0 - 4.5112e-4).abs() < 1e-8);
    assert!((witness.s_none - 0.549_983_5).abs() < 1e-7);
    assert!((witness.s_win - 35.719_5).abs() < 1e-3);
    assert!((witness.s_lose + 171.160_1).abs() < 1e-3);
    assert_eq!(witness.q_win, 0.83);
}

#[test]
fn splits_agree_with_their_statement() {
    let eps = |p: f64| Epsilon::new(p).unwrap();
    let fixed = EpsilonSplit::Fixed { eps_pa: eps(1e-10), eps_ev: eps(1e-12), eps_auth: eps(1e-12) };
    let params = Params { eps_sound: eps(1.1e-10), split: fixed, ..oxford(Theorem::Reat) };
    assert_eq!(key_bits(&params), 454_725);
    let remaining = EpsilonSplit::Remaining { eps_ev: eps(1e-12), eps_auth: eps(1e-12) };
    let params = Params { eps_sound: eps(1.02e-10), split: remaining, ..oxford(Theorem::Reat) };
    assert_eq!(key_bits(&params), 454_725);
    let over = Params { eps_sound: eps(1e-10), split: fixed, ..oxford(Theorem::Reat) };
    assert!(matches!(key_length(&over), Err(Error::BudgetExceeded { .. })));
    let smoothing = Params {
        eps_sound: eps(1e-10),
        split: EpsilonSplit::Fixed { eps_pa: eps(1e-12), eps_ev: eps(1e-15), eps_auth: eps(1e-15) },
        ..oxford(Theorem::Df19)
    };
    assert!((91_000..93_500).contains(&key_bits(&smoothing)));
}

#[test]
fn every_certificate_survives_json_and_the_checker() {
    for theorem in Theorem::ALL {
        let params = Params { rounds: 10_000_000_000, leak_bits: LeakBits(1_500_000_000), ..oxford(theorem) };
        let KeyLength::Key(certificate) = key_length(&params).unwrap() else { panic!("{theorem}") };
        let read = Certificate::from_json(&certificate.to_json()).unwrap();
        assert_eq!(read, certificate);
        let checked = check::check(&read).unwrap();
        assert_eq!(checked.key_bits(), certificate.key_bits());
        let sum: f64 = certificate.terms().iter().map(|term| term.bits).sum();
        assert!((sum - checked.proved_bits()).abs() < 1e-3);
        assert!(certificate.ledger().unwrap().total().unwrap().log2() <= params.eps_sound.log2());
    }
}

#[test]
fn a_tampered_certificate_is_refused() {
    let KeyLength::Key(certificate) = key_length(&oxford(Theorem::Reat)).unwrap() else { panic!() };
    let text = certificate.to_json();
    let refused = |from: &str, to: &str| {
        assert!(text.contains(from), "{from}");
        let tampered = Certificate::from_json(&text.replacen(from, to, 1)).unwrap();
        assert!(check::check(&tampered).is_err(), "{from} -> {to}");
    };
    refused("\"key_bits\": 454725", "\"key_bits\": 454726");
    refused("\"key_bits\": 454725", "\"key_bits\": 0");
    refused("\"leak_bits\": 296581", "\"leak_bits\": 296580001");
    refused("\"omega_threshold\": 0.83", "\"omega_threshold\": 0.829999");
    refused("\"rounds\": 1500000", "\"rounds\": 1499000");
    refused("\"gamma\": 0.05078125", "\"gamma\": 0.0507");
    refused("\"theorem\": \"reat\"", "\"theorem\": \"reat-basic\"");
    refused("\"theorem\": \"reat\"", "\"theorem\": \"df19\"");
    refused("\"s_win\": 35.7195", "\"s_win\": 35.7196");
    refused("\"s_lose\": -171.16006", "\"s_lose\": -171.16005");
    refused("\"q_win\": 0.83", "\"q_win\": 0.82");
    refused("\"alpha\": 1.00045", "\"alpha\": 1.00046");
    refused("\"linear hashing\"", "\"linear hash\"");
    refused("\"bits\": 2.0", "\"bits\": 3.0");
    refused("    \"isolated-laboratories\",\n", "");
    refused("\"privacy_amplification\": -33.2", "\"privacy_amplification\": -33.1");
    refused("\"verification\": -53.2", "\"verification\": -3.2");
    assert!(
        Certificate::from_json(&text.replacen("certificate_version\": 1", "certificate_version\": 2", 1))
            .is_err()
    );
    assert!(Certificate::from_json("{}").is_err());
}

#[test]
fn scores_rounded_up_in_the_seventh_digit_are_inadmissible() {
    let KeyLength::Key(certificate) = key_length(&oxford(Theorem::Reat)).unwrap() else { panic!() };
    let mut value: serde_json::Value = serde_json::from_str(&certificate.to_json()).unwrap();
    for score in ["s_none", "s_win", "s_lose"] {
        let field = &mut value["witness"]["reat"][score];
        *field = (field.as_f64().unwrap() + 5e-9).into();
    }
    let shifted = Certificate::from_json(&value.to_string()).unwrap();
    assert!(matches!(check::check(&shifted), Err(check::CheckError::NotProved { .. })));
}

#[test]
fn nonsense_is_named() {
    let base = oxford(Theorem::Reat);
    assert_eq!(key_length(&Params { rounds: 0, ..base.clone() }), Err(Error::NoRounds));
    for gamma in [0.0, 1.0, -0.1, f64::NAN, f64::INFINITY] {
        assert!(matches!(key_length(&Params { gamma, ..base.clone() }), Err(Error::Gamma { .. })));
    }
    for q in [-0.1, 0.6, f64::NAN] {
        let bound = SingleRound::NoisyPreprocessing { q };
        assert!(matches!(key_length(&Params { bound, ..base.clone() }), Err(Error::FlipProbability { .. })));
    }
    let bound = SingleRound::NoisyPreprocessing { q: 0.1 };
    let params = Params { bound, ..oxford(Theorem::ReatBasic) };
    assert!(matches!(key_length(&params), Err(Error::BoundNotAvailable { .. })));
    let bound = SingleRound::NoisyTwoBases { q: 0.4 };
    let params = Params { bound, ..base };
    assert!(matches!(key_length(&params), Err(Error::FlipProbabilityOfTwoBases { .. })));
}

#[test]
fn too_little_is_never_a_key() {
    let base = oxford(Theorem::Reat);
    let no_key = |params: &Params| match key_length(params).unwrap() {
        KeyLength::NoKey(reason) => reason,
        KeyLength::Key(certificate) => panic!("{} bits", certificate.key_bits()),
    };
    let local = no_key(&Params { omega_threshold: WinProbability::new(0.75).unwrap(), ..base.clone() });
    assert!(matches!(local, NoKeyReason::NoViolation { .. }));
    let leaky = no_key(&Params { leak_bits: LeakBits(u64::MAX), ..base.clone() });
    assert!(matches!(leaky, NoKeyReason::LeakTooLarge { .. }) && leaky.best_bits() < 0.0);
    let short = no_key(&Params { rounds: 1, leak_bits: LeakBits(0), ..base.clone() });
    assert!(matches!(short, NoKeyReason::TooFewRounds { least_rounds: Some(_), .. }), "{short:?}");
    let exact = 454_725 + 296_581;
    assert_eq!(key_bits(&Params { leak_bits: LeakBits(exact - 1), ..base.clone() }), 1);
    assert!(no_key(&Params { leak_bits: LeakBits(exact), ..base.clone() }).best_bits() <= 0.0);
}

#[test]
fn noisy_preprocessing_adds_entropy() {
    let mut last = 0;
    for q in [0.0, 1e-6, 0.001, 0.05, 0.2, 0.5] {
        let bits =
            key_bits(&Params { bound: SingleRound::NoisyPreprocessing { q }, ..oxford(Theorem::Reat) });
        assert!(bits >= last, "{q}: {bits}");
        last = bits;
    }
    assert!(last > 1_100_000);
}

#[test]
fn two_bases_certify_more() {
    let with = |bound| match key_length(&Params { bound, ..oxford(Theorem::Reat) }).unwrap() {
        KeyLength::Key(certificate) => certificate,
        KeyLength::NoKey(reason) => panic!("{reason}"),
    };
    let (tests, keys) = (with(SingleRound::ChshTwoBasisTests), with(SingleRound::TwoBases));
    assert!((471_400..471_600).contains(&tests.key_bits()), "{}", tests.key_bits());
    assert!((659_800..660_000).contains(&keys.key_bits()), "{}", keys.key_bits());
    for certificate in [tests, keys] {
        let read = Certificate::from_json(&certificate.to_json()).unwrap();
        assert_eq!(check::check(&read).unwrap().key_bits(), certificate.key_bits());
        let claim = read.to_json().replacen(
            &format!("\"name\": \"{}\"", read.bound().name()),
            "\"name\": \"chsh\"",
            1,
        );
        assert!(check::check(&Certificate::from_json(&claim).unwrap()).is_err());
    }
}

#[test]
fn two_bases_have_keys_where_their_functional_is_not_concave() {
    let params = Params {
        rounds: 10_000_000,
        omega_threshold: WinProbability::new(0.77).unwrap(),
        leak_bits: LeakBits(100_000),
        bound: SingleRound::TwoBases,
        ..oxford(Theorem::Reat)
    };
    assert!(key_bits(&params) > key_bits(&Params { bound: SingleRound::Chsh, ..params.clone() }));
}
