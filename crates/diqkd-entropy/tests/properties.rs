//! How key lengths depend on theorem and parameters.
#![expect(clippy::unwrap_used, reason = "a test that cannot build its input has failed")]

use diqkd_core::{Epsilon, LeakBits, WinProbability, binary_entropy};
use diqkd_entropy::{
    EpsilonSplit, KeyLength, Params, SingleRound, Theorem, VariableLength, VariableLengthError, check,
    completeness, key_length,
};
use proptest::prelude::*;

fn key_bits(params: &Params) -> u64 {
    key_length(params).unwrap().key_bits()
}

prop_compose! {
    fn arb_params()(
        ln_rounds in 12.0f64..27.0,
        ln_gamma in -5.0f64..-0.7,
        omega in 0.80f64..0.85,
        leak_rate in 0.0f64..0.3,
        eps_log2 in -100.0f64..-10.0,
    ) -> Params {
        let rounds = ln_rounds.exp() as u64;
        Params {
            rounds,
            gamma: ln_gamma.exp(),
            omega_threshold: WinProbability::new(omega).unwrap(),
            leak_bits: LeakBits((rounds as f64 * leak_rate) as u64),
            eps_sound: Epsilon::from_log2(eps_log2).unwrap(),
            split: EpsilonSplit::Optimised,
            theorem: Theorem::Reat,
            bound: SingleRound::Chsh,
            assumptions: vec![],
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Not a theorem, but so wherever both are positive. `reat-basic` lies above `df19` only where finite-size cost
    /// prevails: its rate for infinitely many rounds, `(1-gamma) H - gamma`, is below `H - gamma`.
    #[test]
    fn theorems_are_ordered(params in arb_params()) {
        let bits = |theorem| key_bits(&Params { theorem, ..params.clone() });
        let order = [Theorem::Reat, Theorem::Df19, Theorem::Df19FixedCPerp, Theorem::Eat2018].map(bits);
        for pair in order.windows(2) {
            prop_assert!(pair[1] == 0 || pair[0] >= pair[1], "{:?}", order);
        }
        prop_assert!(bits(Theorem::ReatBasic) <= order[0]);
        prop_assert!(bits(Theorem::Geat) <= order[1]);
    }

    #[test]
    fn lengths_are_monotone(params in arb_params(), theorem in 0usize..6) {
        let params = Params { theorem: Theorem::ALL[theorem], ..params };
        let bits = key_bits(&params);
        // The searches are good to a relative 1e-6 of the entropy.
        let slack = params.rounds as f64 * 1e-6 + 2.0;
        let omega = WinProbability::new(params.omega_threshold.get() + 0.001).unwrap();
        let eps = Epsilon::from_log2(params.eps_sound.log2() / 1.1).unwrap();
        let better = [
            Params { rounds: params.rounds + params.rounds / 10, ..params.clone() },
            Params { omega_threshold: omega, ..params.clone() },
            Params { eps_sound: eps, ..params.clone() },
        ];
        for better in better {
            prop_assert!(key_bits(&better) as f64 >= bits as f64 - slack, "{:?} {}", better, bits);
        }
        let with_leak = |leak: u64| key_bits(&Params { leak_bits: LeakBits(leak), ..params.clone() });
        let leak = params.leak_bits.0;
        prop_assert!(with_leak(leak - leak / 10) >= bits);
        prop_assert!(with_leak(leak + 10) == bits.saturating_sub(10) || bits <= 10);
    }

    #[test]
    fn every_length_is_confirmed(params in arb_params(), theorem in 0usize..6, q in 0.0f64..0.5) {
        let bound = if theorem == 0 { SingleRound::NoisyPreprocessing { q } } else { SingleRound::Chsh };
        let params = Params { theorem: Theorem::ALL[theorem], bound, ..params };
        match key_length(&params).unwrap() {
            KeyLength::Key(certificate) => {
                prop_assert_eq!(check::check(&certificate).unwrap().key_bits(), certificate.key_bits());
                prop_assert!(certificate.key_bits() <= params.rounds);
            }
            KeyLength::NoKey(reason) => prop_assert!(reason.best_bits() <= 0.0 && reason.best_bits().is_finite()),
        }
    }

    #[test]
    fn parameters_never_panic(
        rounds in any::<u64>(), gamma in any::<f64>(), omega in 0.0f64..=1.0, leak in any::<u64>(),
        eps_log2 in -1e6f64..-1e-9, theorem in 0usize..6,
    ) {
        let params = Params {
            rounds,
            gamma,
            omega_threshold: WinProbability::new(omega).unwrap(),
            leak_bits: LeakBits(leak),
            eps_sound: Epsilon::from_log2(eps_log2).unwrap(),
            split: EpsilonSplit::Optimised,
            theorem: Theorem::ALL[theorem],
            bound: SingleRound::Chsh,
            assumptions: vec![],
        };
        let _ = key_length(&params);
        let _ = key_length(&Params { gamma: gamma.abs().fract(), ..params });
    }
}

/// The longest key over a few test probabilities, with the honest threshold three standard deviations below the mean and a
/// leak of `n[(1-gamma) h(Q) + gamma h(w)] + 50 sqrt n + 64`.
fn best_over_gamma(theorem: Theorem, rounds: u64, chsh: f64, qber: f64) -> u64 {
    let (omega, n) = ((4.0 + chsh) / 8.0, rounds as f64);
    [0.02, 0.035, 0.07, 0.09, 0.11, 0.17]
        .into_iter()
        .map(|gamma| {
            let threshold = omega - 3.0 * (omega * (1.0 - omega) / (n * gamma)).sqrt();
            let leak =
                n * ((1.0 - gamma) * binary_entropy(qber) + gamma * binary_entropy(omega)) + 50.0 * n.sqrt();
            key_bits(&Params {
                rounds,
                gamma,
                omega_threshold: WinProbability::new(threshold.max(0.0)).unwrap(),
                leak_bits: LeakBits(leak as u64 + 64),
                eps_sound: Epsilon::new(1e-10).unwrap(),
                split: EpsilonSplit::Optimised,
                theorem,
                bound: SingleRound::Chsh,
                assumptions: vec![],
            })
        })
        .max()
        .unwrap()
}

#[test]
fn least_rounds_at_the_published_setups() {
    // Oxford 2022 (S = 2.677, Q = 1.44 %) and Munich 2022 (S = 2.578, Q = 7.8 %).
    for (theorem, enough, too_few) in [
        (Theorem::Reat, 142_000, 135_000),
        (Theorem::ReatBasic, 190_000, 180_000),
        (Theorem::Df19, 900_000, 860_000),
        (Theorem::Df19FixedCPerp, 1_670_000, 1_400_000),
        (Theorem::Eat2018, 28_000_000, 25_000_000),
    ] {
        assert!(best_over_gamma(theorem, enough, 2.677, 0.0144) > 0, "{theorem}");
        assert_eq!(best_over_gamma(theorem, too_few, 2.677, 0.0144), 0, "{theorem}");
    }
    assert!(best_over_gamma(Theorem::Reat, 4_100_000, 2.578, 0.078) > 0);
}

fn oxford() -> diqkd_entropy::Certificate {
    let params = Params {
        rounds: 1_500_000,
        gamma: 13.0 / 256.0,
        omega_threshold: WinProbability::new(0.83).unwrap(),
        leak_bits: LeakBits(296_581),
        eps_sound: Epsilon::new(1e-10).unwrap(),
        split: EpsilonSplit::Optimised,
        theorem: Theorem::Reat,
        bound: SingleRound::Chsh,
        assumptions: vec![],
    };
    match key_length(&params).unwrap() {
        KeyLength::Key(certificate) => certificate,
        KeyLength::NoKey(reason) => panic!("{reason}"),
    }
}

#[test]
fn a_variable_length_costs_a_few_bits_and_follows_the_wins() {
    let certificate = oxford();
    let one = VariableLength::new(certificate.clone(), 1, 1).unwrap();
    assert_eq!(one.lengths(), [certificate.key_bits()]);
    let table = VariableLength::new(certificate.clone(), 4_096, 2).unwrap();
    let tests = 76_172;
    let least = certificate.min_wins(tests);
    // log2 4096 = 12 bits dearer than the fixed length, 206.88 bits a win.
    assert_eq!(table.key_bits(least, tests), certificate.key_bits() - 12);
    let more = table.key_bits(least + 100, tests) - table.key_bits(least, tests);
    assert!((20_687..=20_688).contains(&more), "{more}");
    assert_eq!(table.key_bits(least + 1, tests), table.key_bits(least, tests));
    assert!(table.key_bits(least - 2, tests) < table.key_bits(least, tests));
    assert_eq!(table.key_bits(0, tests), 0);
    assert_eq!(table.key_bits(tests + 1, tests), 0);
    assert!(table.lengths().is_sorted());
}

#[test]
fn a_variable_length_needs_a_theorem_that_covers_it() {
    let certificate = oxford();
    let classes = |classes, step| VariableLength::new(certificate.clone(), classes, step);
    assert!(matches!(classes(0, 1), Err(VariableLengthError::Classes { .. })));
    assert!(matches!(classes(1 << 21, 1), Err(VariableLengthError::Classes { .. })));
    assert!(matches!(classes(4, 0), Err(VariableLengthError::Classes { .. })));
}

#[test]
fn honest_devices_rarely_abort() {
    let certificate = oxford();
    let honest = WinProbability::new((4.0 + 2.677) / 8.0).unwrap();
    let abort = completeness(certificate.rounds(), certificate.gamma(), honest, &certificate);
    // 0.004625 above the threshold with a standard deviation of 0.001346: 3.436 of them.
    assert!((2.5e-4..3.5e-4).contains(&abort), "{abort}");
}
