//! A published matrix, below the noise where it begins to fail.

use std::path::Path;

use diqkd_reconcile::{Bits, FrameDecoder, ParityMatrix};

/// `n` bits that are 1 with the given probability.
fn bits(n: usize, state: &mut u64, probability: f64) -> Bits {
    let mut draw = || {
        *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (*state ^ *state >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 32
    };
    (0..n).map(|_| (draw() as f64) < probability * 2f64.powi(32)).collect()
}

/// One frame in a hundred fails at an error rate of 0.083, hardly any at 0.075; that a frame ends at a wrong string
/// is rarer still.
#[test]
fn every_frame_ends_at_the_right_string_below_the_waterfall() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/ldpc/qc4096.alist");
    if !path.exists() {
        println!("skipped: the reference data are not here (ldpc/qc4096.alist)");
        return;
    }
    let matrix = ParityMatrix::from_text(&std::fs::read_to_string(path).unwrap()).unwrap();
    assert_eq!((matrix.columns(), matrix.rows()), (4096, 2048));
    let mut state = 1;
    let alice: Vec<Bits> = (0..64).map(|_| bits(4096, &mut state, 0.5)).collect();
    let bob: Vec<Bits> = alice.iter().map(|alice| alice.clone() ^ bits(4096, &mut state, 0.075)).collect();
    let syndromes: Vec<Bits> = alice.iter().map(|alice| matrix.syndrome(alice).unwrap()).collect();
    let mut decoder = FrameDecoder::new(&matrix, &[0.075; 4096]).unwrap();
    let decoded = decoder.decode(&bob, &syndromes).unwrap();
    let failed = decoded.iter().filter(|frame| !frame.converged).count();
    let undetected =
        decoded.iter().zip(&alice).filter(|(d, alice)| d.converged && d.estimate != **alice).count();
    assert_eq!((failed, undetected), (0, 0), "of {}", decoded.len());
}
