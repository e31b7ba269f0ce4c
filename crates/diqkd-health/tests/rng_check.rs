//! The whole check: honest sources stay quiet, faulty ones do not, bad input is named.

use diqkd_core::Epsilon;
use diqkd_health::{
    Estimator, HealthError, RngCheck, RngCheckParams, RngReport, SampleWidth, estimate, most_samples,
    needed_samples,
};
use proptest::prelude::*;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

fn width(bits: u32) -> SampleWidth {
    SampleWidth::new(bits).expect("1 to 8")
}

fn params(bits: u32) -> RngCheckParams {
    RngCheckParams {
        bits_per_sample: width(bits),
        claimed_h_min: f64::from(bits),
        alpha: Epsilon::from_log2(-30.0).expect("negative"),
        eps_bias: Epsilon::new(1e-6).expect("in range"),
    }
}

fn check(samples: &[u8], bits: u32, piece: usize) -> Result<RngReport, HealthError> {
    let mut check = RngCheck::new(params(bits))?;
    for samples in samples.chunks(piece) {
        check.push(samples)?;
    }
    check.finish()
}

fn biased(n: usize, p_one: f64, seed: u64) -> Vec<u8> {
    let mut rng = StdRng::seed_from_u64(seed);
    (0..n).map(|_| u8::from(rng.random_bool(p_one))).collect()
}

#[test]
fn fair_bits_stay_quiet() {
    let report = check(&biased(200_000, 0.5, 1), 1, 4096).expect("enough samples");
    assert_eq!((report.samples, report.rct.count, report.apt.count), (200_000, 0, 0));
    assert!(report.min_entropy() > 0.6 && report.min_entropy() <= 1.0, "{}", report.min_entropy());
    assert!(report.bias.estimate < 0.005 && report.bias.upper < 0.01, "{:?}", report.bias);
    assert_eq!(report.estimate.estimators.len(), 10);
}

#[test]
fn biased_bits_lose_entropy_and_raise_alarms() {
    let report = check(&biased(200_000, 0.75, 2), 1, 1000).expect("enough samples");
    assert!(report.apt.count > 50 && report.apt.first.is_some_and(|first| first < 200_000));
    assert!((report.bias.estimate - 0.25).abs() < 0.01 && report.bias.upper > 0.25);
    // -log2(0.75) = 0.415; the estimators are pessimistic.
    assert!(report.min_entropy() > 0.2 && report.min_entropy() < 0.42, "{}", report.min_entropy());
}

/// Period 2: no bias, no repetition, no entropy; the predictors see it.
#[test]
fn alternating_bits_have_no_entropy() {
    let samples: Vec<u8> = (0..20_000).map(|i| i & 1).map(|bit: u16| bit as u8).collect();
    let report = check(&samples, 1, 777).expect("enough samples");
    assert_eq!((report.rct.count, report.apt.count, report.bias.estimate), (0, 0, 0.0));
    assert!(report.min_entropy() < 1e-3, "{}", report.min_entropy());
}

#[test]
fn a_constant_source_has_none() {
    for (value, bits) in [(0u8, 1), (1, 1), (7, 3)] {
        let report = check(&vec![value; 10_000], bits, 64).expect("enough samples");
        assert_eq!((report.min_entropy(), report.rct.count), (0.0, 1), "{value}");
        assert!(report.estimate.estimators.iter().all(|e| e.estimator == Estimator::MostCommonValue));
    }
}

#[test]
fn bad_input_is_named() {
    let mut samples = biased(10_000, 0.5, 3);
    samples[4321] = 2;
    let wide = HealthError::SampleTooWide { position: 4321, value: 2, width: width(1) };
    assert_eq!(check(&samples, 1, 1000), Err(wide));
    assert_eq!(estimate(&samples, width(1)), Err(wide));
    let few = HealthError::TooFewSamples { samples: 100, needed: needed_samples(width(1)) };
    assert_eq!(check(&samples[..100], 1, 10), Err(few));
    assert!(matches!(check(&[], 8, 1), Err(HealthError::TooFewSamples { samples: 0, .. })));
    let many = vec![0; most_samples(width(8)) as usize + 1];
    assert!(matches!(estimate(&many, width(8)), Err(HealthError::TooManySamples { .. })));
    assert!(RngCheck::new(RngCheckParams { claimed_h_min: 1.5, ..params(1) }).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Whatever the samples, every estimate is from 0 to the width, and pieces do not matter.
    #[test]
    fn estimates_stay_in_range(seed in any::<u64>(), bits in 1u32..=8, values in 1u32..=256, period in 1usize..9000) {
        let mut rng = StdRng::seed_from_u64(seed);
        let values = values.min(1 << bits);
        let pattern: Vec<u8> = (0..period).map(|_| rng.random_range(0..values) as u8).collect();
        let samples: Vec<u8> = pattern.iter().copied().cycle().take(7000).collect();
        let report = check(&samples, bits, 7000).expect("enough samples");
        for found in &report.estimate.estimators {
            prop_assert!((0.0..=f64::from(bits)).contains(&found.h_min), "{found:?}");
        }
        prop_assert!(report.min_entropy() >= 0.0 && report.min_entropy() <= f64::from(bits));
        prop_assert_eq!(check(&samples, bits, 613).expect("enough samples"), report);
    }

    /// The shortest data that are accepted, down to single repetitions.
    #[test]
    fn shortest_data(seed in any::<u64>(), bits in 1u32..=8, p in 0.0f64..0.002) {
        let mut rng = StdRng::seed_from_u64(seed);
        let n = needed_samples(width(bits)) as usize;
        let samples: Vec<u8> = (0..n).map(|_| u8::from(rng.random_bool(p))).collect();
        let report = estimate(&samples, width(bits)).expect("enough samples");
        prop_assert!((0.0..=1.0).contains(&report.min_entropy), "{report:?}");
    }
}
