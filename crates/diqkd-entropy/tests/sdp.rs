//! Semidefinite bounds against closed forms and known maxima.
#![cfg(feature = "sdp")]

use diqkd_entropy::sdp::{
    BellExpression, Event, Level, ObservedSum, Outcomes, OutcomesQuery, SdpQuery, min_entropy,
    quantum_maximum, von_neumann,
};
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

/// A matrix of 110 rows in two blocks. There is no closed form; the bound is what one attempt of the solver certifies, with
/// slopes that make it a minorant, and never beyond the bit.
#[test]
fn an_inequality_of_three_settings_is_certified() {
    let at = |value| {
        let query = SdpQuery { level: Level::OnePlusAbAa, nodes: 2, ..query(BellExpression::i3322(), value) };
        von_neumann(&query).unwrap()
    };
    let (low, high) = (at(4.9), at(4.95));
    assert!(high.entropy_bits > 0.448 && high.entropy_bits < 0.47, "{high:?}");
    assert!(low.entropy_bits > 0.2 && low.entropy_bits < high.entropy_bits, "{low:?}");
    assert!(high.entropy_bits - 0.05 * high.slopes[0] <= low.entropy_bits + 1e-6, "{low:?} {high:?}");
}

fn events(terms: impl Iterator<Item = (usize, usize, usize, usize, f64)>) -> Vec<(Event, f64)> {
    terms.map(|(x, y, a, b, weight)| (Event::Both { x, y, a, b }, weight)).collect()
}

fn outcomes(count: usize, terms: Vec<(Event, f64)>, value: f64) -> OutcomesQuery {
    OutcomesQuery {
        outcomes: Outcomes { alice: vec![count; 2], bob: vec![count; 2] },
        observed: vec![ObservedSum { terms, value }],
        key_setting: 0,
        level: Level::OnePlusAb,
        nodes: 4,
    }
}

#[test]
fn two_outcomes_in_probabilities_are_those_in_correlators() {
    let wins = (0..16usize).map(|k| (k & 1, k >> 1 & 1, k >> 2 & 1, k >> 3, 1.0));
    let terms = events(wins.filter(|&(x, y, a, b, _)| (a ^ b) == (x & y)));
    let query = outcomes(2, terms, 2.0 + 2.6 / 2.0);
    let bound = query.von_neumann().unwrap();
    let exact = single_round(EntropyBound::Chsh, 2.6).unwrap();
    assert!(bound.entropy_bits <= exact.entropy_bits, "{bound:?}");
    assert!(bound.entropy_bits > exact.entropy_bits - 1e-2, "{bound:?}");
    // The sum is 2 + S/2.
    assert!((bound.slopes[0] / 2.0 - exact.slope).abs() < 2e-2, "{bound:?} {exact:?}");
}

/// The inequality of Collins, Gisin, Linden, Massar and Popescu for three outcomes: local bound 2, quantum maximum
/// 2.9149.
fn cglmp() -> Vec<(Event, f64)> {
    let mut terms = Vec::new();
    for (a, b) in (0..9).map(|k| (k / 3, k % 3)) {
        let mut add = |x: usize, y: usize, holds: bool, weight: f64| {
            if holds {
                terms.push((x, y, a, b, weight));
            }
        };
        add(0, 0, a == b, 1.0);
        add(1, 0, b == (a + 1) % 3, 1.0);
        add(1, 1, a == b, 1.0);
        add(0, 1, a == b, 1.0);
        add(0, 0, a == (b + 2) % 3, -1.0);
        add(1, 0, a == b, -1.0);
        add(1, 1, a == (b + 2) % 3, -1.0);
        add(0, 1, b == (a + 2) % 3, -1.0);
    }
    events(terms.into_iter())
}

#[test]
fn three_outcomes() {
    let local = outcomes(3, cglmp(), 2.0).min_entropy().unwrap().entropy_bits;
    assert!(local < 1e-6, "{local}");
    let bits = outcomes(3, cglmp(), 2.9).min_entropy().unwrap().entropy_bits;
    assert!(bits > 1.0 && bits < 3f64.log2(), "more than a bit from three outcomes: {bits}");
}

#[test]
fn scenarios_of_outcomes_that_make_no_sense() {
    let good = outcomes(3, cglmp(), 2.5);
    let sizes = |alice: Vec<usize>| OutcomesQuery {
        outcomes: Outcomes { alice, ..good.outcomes.clone() },
        ..good.clone()
    };
    for alice in [vec![], vec![1, 3], vec![7, 3], vec![3; 7]] {
        assert_eq!(sizes(alice).min_entropy(), Err(Error::BellExpression));
    }
    assert_eq!(sizes(vec![2, 3]).min_entropy(), Err(Error::BellExpression));
    let setting = OutcomesQuery { key_setting: 2, ..good.clone() };
    assert!(matches!(setting.min_entropy(), Err(Error::KeySetting { .. })));
    assert_eq!(OutcomesQuery { observed: vec![], ..good.clone() }.min_entropy(), Err(Error::NothingObserved));
    assert!(matches!(outcomes(3, cglmp(), f64::NAN).von_neumann(), Err(Error::BellValue { .. })));
}
