//! Key lengths by the leftover hash lemma, against the formulas in exact numbers.

#![expect(clippy::unwrap_used, reason = "a test that cannot build its input has failed")]

use diqkd_amplify::{LengthError, length_from_min_entropy, length_from_renyi_entropy};
use diqkd_core::Epsilon;

fn eps(log2: f64) -> Epsilon {
    Epsilon::from_log2(log2).unwrap()
}

#[test]
fn whole_numbers_lose_nothing() {
    assert_eq!(length_from_min_entropy(1000.0, eps(-64.0)), Ok(1000 - 128 + 2));
    // alpha = 2: alpha / (alpha - 1) = 2
    assert_eq!(
        length_from_renyi_entropy(1000.0, 2.0, eps(-64.0)),
        length_from_min_entropy(1000.0, eps(-64.0))
    );
    // alpha = 3/2: 3
    assert_eq!(length_from_renyi_entropy(1000.0, 1.5, eps(-64.0)), Ok(1000 - 192 + 2));
    // alpha = 1 + 2^-10: 1025
    assert_eq!(length_from_renyi_entropy(1e6, 1.0 + 1.0 / 1024.0, eps(-64.0)), Ok(1_000_000 - 65_600 + 2));
}

#[test]
fn fractions_are_rounded_down() {
    assert_eq!(length_from_min_entropy(1000.75, eps(-64.0)), Ok(874));
    assert_eq!(length_from_min_entropy(1000.0, eps(-64.25)), Ok(873));
    // 10^-10 is 33.219280948873623 bits; twice that from 100, plus 2: 35.56
    assert_eq!(length_from_min_entropy(100.0, Epsilon::new(1e-10).unwrap()), Ok(35));
}

/// Just below a whole number nothing is rounded up to it.
#[test]
fn the_entropy_is_never_rounded_up() {
    for k in 1..60 {
        let below = f64::from_bits((1000.0 + f64::from(k)).to_bits() - 1);
        assert_eq!(length_from_min_entropy(below, eps(-64.0)).unwrap(), 873 + k as u64);
    }
    // alpha/(alpha-1) is 11 for 11/10, a little less for the double 1.1, which is above it
    let exact = 1000 - 550 + 2;
    let found = length_from_renyi_entropy(1000.0, 1.1, eps(-50.0)).unwrap();
    assert!(found == exact || found == exact - 1, "{found}");
}

#[test]
fn too_little_entropy_gives_nothing() {
    assert_eq!(length_from_min_entropy(100.0, eps(-64.0)), Ok(0));
    assert_eq!(length_from_min_entropy(0.0, eps(-1e300)), Ok(0));
}

#[test]
fn impossible_numbers_are_refused() {
    for bits in [-1.0, f64::INFINITY] {
        assert_eq!(length_from_min_entropy(bits, eps(-1.0)), Err(LengthError::Entropy { bits }));
    }
    assert!(matches!(length_from_min_entropy(f64::NAN, eps(-1.0)), Err(LengthError::Entropy { .. })));
    for alpha in [1.0, 2.001, 0.5, f64::INFINITY] {
        assert_eq!(length_from_renyi_entropy(9.0, alpha, eps(-1.0)), Err(LengthError::Order { alpha }));
    }
}
