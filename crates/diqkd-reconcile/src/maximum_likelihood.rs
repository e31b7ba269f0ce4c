//! The decoder beside the best there is, on matrices so small that every error pattern can be tried.
//!
//! What is decoded depends on the syndrome of the error pattern alone, so one run for each syndrome gives the exact
//! probability that a decoder finds the pattern: there is no sampling in these figures.

use alloc::format;
use alloc::vec;
use alloc::vec::Vec;

use crate::check_rule::{STEPS_PER_NAT, prior};
use crate::oracle;
use crate::splitmix::SplitMix64;
use crate::{Bits, FrameDecoder, ParityMatrix};

/// The edges of the Petersen graph as columns, its vertices as rows: 15 by 10, shortest cycle of 10.
fn petersen() -> ParityMatrix {
    let edges = (0..5u32).flat_map(|i| [(i, (i + 1) % 5), (i, i + 5), (i + 5, (i + 2) % 5 + 5)]);
    from_columns(10, &edges.map(|(a, b)| vec![a, b]).collect::<Vec<_>>())
}

/// The cells of a 4 by 4 grid as columns; its lines, columns and the symbols of a Latin square as rows: 16 by 12.
fn latin_square() -> ParityMatrix {
    let cells = (0..16u32).map(|i| (i / 4, i % 4));
    from_columns(12, &cells.map(|(a, b)| vec![a, 4 + b, 8 + (a ^ b)]).collect::<Vec<_>>())
}

/// The cells of a 4 by 5 grid as columns, its lines and columns as rows: 20 by 9.
fn grid() -> ParityMatrix {
    from_columns(9, &(0..20u32).map(|i| vec![i / 5, 4 + i % 5]).collect::<Vec<_>>())
}

fn from_columns(rows: usize, columns: &[Vec<u32>]) -> ParityMatrix {
    let mut out = vec![Vec::new(); rows];
    for (column, ones) in (0..).zip(columns) {
        ones.iter().for_each(|&row| out[row as usize].push(column));
    }
    ParityMatrix::new(columns.len(), &out).unwrap()
}

/// Probability of an error pattern, a bit a position.
fn likelihood(probabilities: &[f64], pattern: u32) -> f64 {
    let factor = |(i, p): (usize, &f64)| if pattern >> i & 1 == 1 { *p } else { 1.0 - p };
    probabilities.iter().enumerate().map(factor).product()
}

fn syndrome(matrix: &ParityMatrix, pattern: u32) -> usize {
    let parity = |r| matrix.row(r).fold(0, |sum, c| sum ^ (pattern >> c & 1)) as usize;
    (0..matrix.rows()).fold(0, |all, r| all | parity(r) << r)
}

/// Probability of the likeliest pattern of each syndrome; 0 where there is none.
fn maximum_likelihood(matrix: &ParityMatrix, probabilities: &[f64]) -> Vec<f64> {
    let columns: Vec<usize> = (0..matrix.columns()).map(|c| syndrome(matrix, 1 << c)).collect();
    let mut best = vec![0f64; 1 << matrix.rows()];
    let (mut pattern, mut sum) = (0u32, 0);
    for step in 1..=1u32 << matrix.columns() {
        best[sum] = best[sum].max(likelihood(probabilities, pattern));
        // The next pattern of the Gray code, one bit away.
        let flipped = step.trailing_zeros() as usize % matrix.columns();
        pattern ^= 1 << flipped;
        sum ^= columns[flipped];
    }
    best
}

/// The pattern that the default decoder finds for each syndrome.
fn decoded(matrix: &ParityMatrix, probabilities: &[f64], syndromes: &[usize]) -> Vec<Option<u32>> {
    let alice: Vec<Bits> =
        syndromes.iter().map(|s| (0..matrix.rows()).map(|r| s >> r & 1 == 1).collect()).collect();
    let bob = vec![Bits::repeat(false, matrix.columns()); alice.len()];
    let mut decoder = FrameDecoder::new(matrix, probabilities).unwrap().with_max_iterations(PASSES);
    let frames = decoder.decode(&bob, &alice).unwrap();
    let pattern = |bits: &Bits| bits.iter_ones().fold(0, |pattern, i| pattern | 1 << i);
    frames.iter().map(|frame| frame.converged.then(|| pattern(&frame.estimate))).collect()
}

/// The pattern that sum-product decoding in double precision finds, from the priors that the decoder rounds to.
fn decoded_exactly(matrix: &ParityMatrix, probabilities: &[f64], syndrome: usize) -> Option<u32> {
    let priors: Vec<f64> =
        probabilities.iter().flat_map(|&p| [f64::from(prior(p)) / STEPS_PER_NAT; 64]).collect();
    // The frame in the first lane; the others have no errors and are done at once.
    let lanes: Vec<u64> = (0..matrix.rows()).map(|r| (syndrome >> r & 1) as u64).collect();
    let (ended, decisions) = oracle::decode(matrix.code(), &priors, &lanes, PASSES);
    let pattern = (0..).zip(&decisions).fold(0, |pattern, (i, lanes)| pattern | ((lanes & 1) as u32) << i);
    ended.converged.then_some(pattern)
}

/// The most for either decoder.
const PASSES: u32 = 30;

/// Neither decoder ever beats the best, and both come near it: the margins are factors on its failure rate.
#[test]
fn the_decoder_is_near_maximum_likelihood_and_never_above_it() {
    let mut gained = 0.0;
    for (name, matrix, margin) in
        [("Petersen", petersen(), 1.03), ("Latin square", latin_square(), 1.15), ("grid", grid(), 1.15)]
    {
        // All different, so that hardly any syndrome has two likeliest patterns.
        let mut rng = SplitMix64::new(3);
        let probabilities: Vec<f64> =
            (0..matrix.columns()).map(|_| 0.02 + 0.001 * rng.below(80) as f64).collect();
        let best = maximum_likelihood(&matrix, &probabilities);
        let syndromes: Vec<usize> = (0..best.len()).filter(|&s| best[s] > 0.0).collect();
        let found = decoded(&matrix, &probabilities, &syndromes);
        let (mut right, mut right_exactly, mut most) = (0.0, 0.0, 0.0);
        for (&s, found) in syndromes.iter().zip(&found) {
            most += best[s];
            for (pattern, right) in
                [(*found, &mut right), (decoded_exactly(&matrix, &probabilities, s), &mut right_exactly)]
            {
                let Some(pattern) = pattern else { continue };
                assert_eq!(syndrome(&matrix, pattern), s, "{name}: a wrong syndrome");
                let likelihood = likelihood(&probabilities, pattern);
                assert!(likelihood <= best[s] * (1.0 + 1e-12), "{name} {s}: likelier than the likeliest");
                *right += likelihood;
            }
        }
        let (failed, failed_exactly, least) = (1.0 - right, 1.0 - right_exactly, 1.0 - most);
        let figures = format!("{name}: {failed} of the decoder, {failed_exactly} exactly, {least} at best");
        assert!(least <= failed && least <= failed_exactly, "{figures}");
        assert!(failed <= margin * least, "{figures}");
        // It may be better by its second look at what stands a few parities from success.
        assert!(failed <= failed_exactly + 0.03 * least, "{figures}");
        gained += failed_exactly - failed;
    }
    assert!(gained > 0.002, "{gained}");
}
