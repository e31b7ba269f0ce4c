//! What a user of the public interface can rely on.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use diqkd_reconcile::{Bits, Decoder, DesignOptions, Encoder, ErrorClass, Scheme};

fn random(n: usize, seed: u64) -> impl Iterator<Item = u64> {
    let mut state = seed;
    (0..n).map(move |_| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let word = (state ^ state >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word >> 32
    })
}

fn bits(n: usize, seed: u64, probability: f64) -> Bits {
    random(n, seed).map(|word| (word as f64) < probability * 2f64.powi(32)).collect()
}

fn scheme(n: u64, error_probability: f64, max_frame_bits: u32) -> Scheme {
    let class = ErrorClass { fraction: 1.0, error_probability };
    let options = DesignOptions { max_frame_bits, ..DesignOptions::default() };
    Scheme::design(n, &[class], &options).unwrap()
}

/// The decoder sees the difference of both strings alone: the same errors end the same way under any key.
#[test]
fn decisions_do_not_depend_on_the_key() {
    let n = 40_000;
    let scheme = scheme(n as u64, 0.04, 16_384);
    let class = Bits::repeat(false, n);
    // Twice the designed noise in the second case: frames that fail have to fail alike, too.
    for (probability, fails) in [(0.04, false), (0.08, true)] {
        let errors = bits(n, 1, probability);
        let ends: Vec<_> = [2, 3, 4]
            .map(|seed| {
                let alice = bits(n, seed, 0.5);
                let bob: Bits = alice.iter().zip(&errors).map(|(a, e)| *a ^ *e).collect();
                let syndrome = Encoder::new(&scheme).syndrome(&alice).unwrap();
                let decoded = Decoder::new(&scheme).decode(&bob, &class, &syndrome).unwrap();
                let pattern: Bits = decoded.estimate.iter().zip(&bob).map(|(a, b)| *a ^ *b).collect();
                (pattern, decoded.failed, decoded.iterations)
            })
            .to_vec();
        assert_eq!(ends[0], ends[1]);
        assert_eq!(ends[0], ends[2]);
        assert_eq!(ends[0].1.is_empty(), !fails);
        assert_eq!(ends[0].0 == errors, !fails);
    }
}

/// Every leak rate has a code that corrects what it was designed for, from very little noise to very much.
#[test]
fn every_noise_level_decodes() {
    for error_probability in [0.0005, 0.002, 0.005, 0.01, 0.03, 0.07, 0.11, 0.16, 0.22, 0.28, 0.33] {
        let n = 60_000;
        let scheme = scheme(n as u64, error_probability, 1 << 20);
        let alice = bits(n, 5, 0.5);
        let errors = bits(n, 6, error_probability);
        let bob: Bits = alice.iter().zip(&errors).map(|(a, e)| *a ^ *e).collect();
        let syndrome = Encoder::new(&scheme).syndrome(&alice).unwrap();
        assert_eq!(syndrome.len() as u64, scheme.leak_cap().0);
        let decoded = Decoder::new(&scheme).decode(&bob, &Bits::repeat(false, n), &syndrome).unwrap();
        assert!(decoded.failed.is_empty(), "{error_probability}: {} f {}", scheme.id(), scheme.f_ec());
        assert!(decoded.estimate == alice);
    }
}

/// Frames with columns of up to 80 edges.
#[test]
fn long_frames_decode_closer_to_the_bound() {
    let n = 300_000;
    let scheme = scheme(n as u64, 0.02, 1 << 20);
    assert!(scheme.f_ec() < 1.07, "{}", scheme.f_ec());
    let (alice, errors) = (bits(n, 11, 0.5), bits(n, 12, 0.02));
    let bob: Bits = alice.iter().zip(&errors).map(|(a, e)| *a ^ *e).collect();
    let syndrome = Encoder::new(&scheme).syndrome(&alice).unwrap();
    let decoded = Decoder::new(&scheme).decode(&bob, &Bits::repeat(false, n), &syndrome).unwrap();
    assert!(decoded.failed.is_empty() && decoded.estimate == alice);
}

/// Where a base graph has columns of degree 3 that cycles join, no light string may have the syndrome 0. (With shifts that took
/// no care of these, one frame in a hundred of this code ended as another string.)
#[test]
fn no_frame_ends_as_another_string() {
    let n = 16_384;
    let class = ErrorClass { fraction: 1.0, error_probability: 0.08 };
    let options = DesignOptions { leak_rate: Some(7928.0 / n as f64), ..DesignOptions::default() };
    let scheme = Scheme::design(n as u64, &[class], &options).unwrap();
    let alice = Bits::repeat(false, n);
    let syndrome = Encoder::new(&scheme).syndrome(&alice).unwrap();
    let mut decoder = Decoder::new(&scheme);
    for seed in 0..600 {
        let decoded = decoder.decode(&bits(n, seed, 0.08), &alice, &syndrome).unwrap();
        assert!(decoded.failed.is_empty() && decoded.estimate == alice, "string {seed}, {}", scheme.id());
    }
}

/// Half of the positions have no errors, the others one in ten: 0.2345 bits each, but 0.2864 to a design that takes
/// them all for alike.
#[test]
fn two_classes_cost_less_than_their_average() {
    let n = 200_000;
    let sure = ErrorClass { fraction: 0.5, error_probability: 0.0 };
    let noisy = ErrorClass { fraction: 0.5, error_probability: 0.1 };
    let scheme = Scheme::design(n as u64, &[sure, noisy], &DesignOptions::default()).unwrap();
    let leak = scheme.leak_cap().0 as f64 / n as f64;
    assert!((0.2345..0.2864).contains(&leak), "{leak}");
    let (alice, class) = (bits(n, 7, 0.5), bits(n, 8, 0.5));
    let errors: Bits = bits(n, 9, 0.1).iter().zip(&class).map(|(e, c)| *e & *c).collect();
    let bob: Bits = alice.iter().zip(&errors).map(|(a, e)| *a ^ *e).collect();
    let syndrome = Encoder::new(&scheme).syndrome(&alice).unwrap();
    let decoded = Decoder::new(&scheme).decode(&bob, &class, &syndrome).unwrap();
    assert!(decoded.failed.is_empty() && decoded.estimate == alice);
    // All positions of the noisy class: priors that say nothing about the difference.
    let alike = Bits::repeat(true, n);
    let blind = Decoder::new(&scheme).decode(&bob, &alike, &syndrome).unwrap();
    assert!(!blind.failed.is_empty());
}
