//! Coincidences against all pairs.

use diqkd_timetag::coincidence::{CoincidenceError, count_pairs, histogram};
use proptest::prelude::*;

fn sorted(values: Vec<i64>) -> Vec<i64> {
    let mut values = values;
    values.sort_unstable();
    values
}

proptest! {
    #[test]
    fn pairs_and_bins_are_those_of_brute_force(
        a in prop::collection::vec(-500i64..500, 0..80),
        b in prop::collection::vec(-500i64..500, 0..80),
        delay in -100i64..100,
        window in 0i64..60,
        bin in 1i64..50,
        range in 1i64..200,
    ) {
        let (a, b) = (sorted(a), sorted(b));
        let all = || a.iter().flat_map(|a| b.iter().map(move |b| b - a));
        let count = all().filter(|distance| (distance - delay).abs() <= window).count() as u64;
        prop_assert_eq!(count_pairs(&a, &b, delay, window).unwrap().pairs, count);

        let mut bins = vec![0u64; (2 * range + bin - 1) as usize / bin as usize];
        for distance in all().filter(|distance| (-range..range).contains(distance)) {
            bins[((distance + range) / bin) as usize] += 1;
        }
        prop_assert_eq!(histogram(&a, &b, bin, range).unwrap(), bins);
    }
}

#[test]
fn accidentals_of_regular_streams() {
    // 1000 tags each over 1 ms: 1000 * 1000 * 2001 ps / 0.999 ms = 2003.
    let a: Vec<i64> = (0..1000).map(|i| i * 1_000_000).collect();
    let count = count_pairs(&a, &a, 0, 1000).unwrap();
    assert_eq!(count.pairs, 1000);
    assert!((count.accidentals - 2.003).abs() < 0.001);
    assert_eq!(count_pairs(&a, &a[..0], 0, 1000).unwrap().accidentals, 0.0);
}

#[test]
fn bad_input_is_named() {
    assert!(matches!(count_pairs(&[0], &[0], 0, -1), Err(CoincidenceError::Window { window_ps: -1 })));
    let unsorted = CoincidenceError::Unsorted { stream: "stream b", index: 1 };
    assert_eq!(count_pairs(&[0], &[1, 0], 0, 1), Err(unsorted));
    for (bin, range) in [(0, 10), (1, 0), (1, i64::MAX), (1, 1 << 40), (-3, 5)] {
        assert!(matches!(histogram(&[0], &[0], bin, range), Err(CoincidenceError::Bins { .. })));
    }
    assert_eq!(count_pairs(&[i64::MIN, i64::MAX], &[i64::MIN, i64::MAX], 0, i64::MAX).unwrap().pairs, 2);
    assert_eq!(
        histogram(&[i64::MIN, i64::MAX], &[i64::MIN, i64::MAX], 10, 10).unwrap().iter().sum::<u64>(),
        2
    );
}
