//! Semidefinite bounds against closed forms and known maxima.
#![cfg(feature = "sdp")]

use diqkd_entropy::sdp::{BellExpression, Level, SdpQuery, min_entropy, quantum_maximum, von_neumann};
use diqkd_entropy::{EntropyBound, Error, single_round};

fn query(expression: BellExpression, value: f64) -> SdpQuery {
    SdpQuery {
        observed: vec![(expression, value)],
        key_setting: 0,
        q: 0.0,
        level: Level::OnePlusAb,
        extra: Vec::new(),
        nodes: 8,
    }
}

#[test]
fn quantum_maxima() {
    for (expression, level, exact, room) in [
        (BellExpression::chsh(), Level::One, 8f64.sqrt(), 1e-8),
        (BellExpression::tilted_chsh(0.5), Level::OnePlusAb, 8.5f64.sqrt(), 1e-8),
        (BellExpression::chained(3), Level::OnePlusAb, 6.0 * (std::f64::consts::PI / 6.0).cos(), 1e-8),
        // The known value of this relaxation in probabilities, 0.251 470 90.
        (BellExpression::i3322(), Level::OnePlusAb, 4.0 + 4.0 * 0.251_470_90, 1e-7),
    ] {
        let bound = quantum_maximum(&expression, level, &[]).unwrap();
        assert!(
            bound >= exact - 1e-7 * f64::from(u8::from(room > 1e-8)) && bound <= exact + room,
            "{bound} {exact}"
        );
    }
}

#[test]
fn min_entropy_of_chsh_meets_the_closed_form() {
    for s in [2.1, 2.4, 2.6, 2.8] {
        let bound = min_entropy(&query(BellExpression::chsh(), s)).unwrap();
        let exact = single_round(EntropyBound::MinEntropy, s).unwrap();
        assert!(bound.entropy_bits <= exact.entropy_bits + 1e-12, "{s} {bound:?} {exact:?}");
        assert!(bound.entropy_bits >= exact.entropy_bits - 1e-6, "{s} {bound:?} {exact:?}");
        assert!((bound.slopes[0] - exact.slope).abs() < 1e-3 * exact.slope, "{s} {bound:?} {exact:?}");
    }
}

#[test]
fn von_neumann_entropy_of_chsh_stays_below_the_closed_form() {
    // The gap at 8 nodes is that of the quadrature; at S = 2.6 it nearly vanishes.
    for (s, q, room) in [(2.2, 0.0, 4e-3), (2.6, 0.0, 2e-5), (2.8, 0.0, 2e-3), (2.6, 0.1, 6e-3)] {
        let bound = von_neumann(&SdpQuery { q, ..query(BellExpression::chsh(), s) }).unwrap();
        let exact = single_round(EntropyBound::NoisyPreprocessing { q }, s).unwrap();
        assert!(bound.entropy_bits <= exact.entropy_bits, "{s} {q} {bound:?} {exact:?}");
        assert!(bound.entropy_bits >= exact.entropy_bits - room, "{s} {q} {bound:?} {exact:?}");
        // The certificate is an affine minorant.
        for other in [2.0, 2.3, 2.5, 2.7, 2.8284] {
            let there = single_round(EntropyBound::NoisyPreprocessing { q }, other).unwrap();
            let line = bound.entropy_bits + bound.slopes[0] * (other - s);
            assert!(line <= there.entropy_bits + 1e-9, "{s} {q} {other}: {line} {there:?}");
        }
    }
}

#[test]
fn full_statistics_say_more_than_chsh() {
    // cos t |00> + sin t |11> with measurements that are good for CHSH, mixed with a little noise.
    let (t, visibility): (f64, f64) = (0.6, 0.99);
    let tilt = (2.0 * t).sin();
    let mu = tilt.atan();
    let alice = [0.0f64, std::f64::consts::FRAC_PI_2];
    let bob = [mu, -mu];
    let value = |x: usize, y: usize| {
        visibility * (alice[x].cos() * bob[y].cos() + tilt * alice[x].sin() * bob[y].sin())
    };
    let s = value(0, 0) + value(0, 1) + value(1, 0) - value(1, 1);
    let only_chsh = von_neumann(&SdpQuery { nodes: 4, ..query(BellExpression::chsh(), s) }).unwrap();
    let marginal = |side: usize| {
        let mut expression = BellExpression::correlator(2, 2, 2, 2);
        if side < 2 {
            expression.alice[side] = 1.0
        } else {
            expression.bob[side - 2] = 1.0
        }
        expression
    };
    let mut observed: Vec<(BellExpression, f64)> =
        (0..4).map(|k| (BellExpression::correlator(2, 2, k / 2, k % 2), value(k / 2, k % 2))).collect();
    for (side, angle) in [alice[0], alice[1], bob[0], bob[1]].into_iter().enumerate() {
        observed.push((marginal(side), visibility * (2.0 * t).cos() * angle.cos()));
    }
    let full = von_neumann(&SdpQuery { observed, nodes: 4, ..query(BellExpression::chsh(), s) }).unwrap();
    assert!(full.entropy_bits > only_chsh.entropy_bits + 0.01, "{full:?} {only_chsh:?}");
    assert_eq!(full.slopes.len(), 8);
}

#[test]
fn nonsense_is_named_and_impossible_values_never_panic() {
    let chsh = |value| query(BellExpression::chsh(), value);
    assert_eq!(von_neumann(&SdpQuery { observed: vec![], ..chsh(2.5) }), Err(Error::NothingObserved));
    assert!(matches!(von_neumann(&SdpQuery { key_setting: 2, ..chsh(2.5) }), Err(Error::KeySetting { .. })));
    assert!(matches!(von_neumann(&SdpQuery { nodes: 1, ..chsh(2.5) }), Err(Error::QuadratureNodes { .. })));
    assert!(matches!(von_neumann(&SdpQuery { q: 0.6, ..chsh(2.5) }), Err(Error::FlipProbability { .. })));
    for value in [4.1, f64::NAN] {
        assert!(matches!(min_entropy(&chsh(value)), Err(Error::BellValue { .. })));
    }
    let ragged = BellExpression { alice: vec![0.0; 3], ..BellExpression::chsh() };
    assert_eq!(min_entropy(&query(ragged, 1.0)), Err(Error::BellExpression));
    let twice = SdpQuery { observed: vec![(BellExpression::chsh(), 2.5); 2], ..chsh(2.5) };
    assert_eq!(min_entropy(&twice), Err(Error::BellExpression));
    let other = SdpQuery {
        observed: vec![(BellExpression::chsh(), 2.5), (BellExpression::i3322(), 4.5)],
        ..chsh(2.5)
    };
    assert_eq!(min_entropy(&other), Err(Error::MixedScenarios));
    for value in [-4.0, 0.0, 3.0, 4.0] {
        let _ = min_entropy(&chsh(value));
    }
}
