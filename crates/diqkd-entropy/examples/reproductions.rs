//! Published numbers beside the ones computed here.

use std::error::Error;

use diqkd_core::{Epsilon, LeakBits, WinProbability, binary_entropy};
use diqkd_entropy::{EntropyBound, EpsilonSplit, Params, SingleRound, Theorem, key_length, single_round};

fn main() -> Result<(), Box<dyn Error>> {
    println!(
        "Oxford 2022: n = 1.5e6, gamma = 13/256, threshold 0.83, leak 296 581 bits, eps 1e-10; published 95 628 bits"
    );
    for theorem in Theorem::ALL {
        println!("  {theorem:<12} {:>8} bits", key_length(&oxford(theorem, SingleRound::Chsh)?)?.key_bits());
    }
    let bits = key_length(&oxford(Theorem::Reat, SingleRound::ChshTwoBasisTests)?)?.key_bits();
    println!("  reat with the two-basis bound in test rounds {bits} bits");

    // A quarter of the events has matching key settings.
    let munich = (entropy(EntropyBound::TwoBases { q: 0.0 }, 2.578)? - binary_entropy(0.078)) / 4.0;
    println!("Munich 2022: S = 2.578, Q = 7.8 %; published 0.07 bit per event, computed {munich:.4}");

    println!(
        "Thresholds of the error rate for a depolarised maximally entangled state (published, computed):"
    );
    for (name, published, q, two) in [
        ("one basis", 0.0715, 0.0, false),
        ("one basis, noisy preprocessing", 0.08085, 0.499, false),
        ("two bases", 0.0836, 0.0, true),
        ("two bases, noisy preprocessing", 0.09244, 0.49, true),
    ] {
        let bound = if two { EntropyBound::TwoBases { q } } else { EntropyBound::NoisyPreprocessing { q } };
        println!("  {name:<32} {published:.5} {:.5}", depolarising_threshold(bound, q)?);
    }

    println!(
        "Photon pairs, maximally entangled, missing clicks binned: efficiency against S and key per round"
    );
    for percent in [88, 90, 92, 94, 96, 98, 100] {
        let eta = f64::from(percent) / 100.0;
        let s = eta * eta * 8f64.sqrt() + 2.0 * (1.0 - eta).powi(2);
        let rate = entropy(EntropyBound::Chsh, s)? - binned_error_entropy(eta);
        println!("  {percent:>3} %  S = {s:.4}  {rate:+.4} bit");
    }
    println!(
        "100-km single-atom experiment (arXiv:2602.09596): S and Q are not at hand here, so nothing is compared"
    );
    Ok(())
}

fn oxford(theorem: Theorem, bound: SingleRound) -> Result<Params, Box<dyn Error>> {
    Ok(Params {
        rounds: 1_500_000,
        gamma: 13.0 / 256.0,
        omega_threshold: WinProbability::new(0.83)?,
        leak_bits: LeakBits(296_581),
        eps_sound: Epsilon::new(1e-10)?,
        split: EpsilonSplit::Optimised,
        theorem,
        bound,
        assumptions: Vec::new(),
    })
}

fn entropy(bound: EntropyBound, s: f64) -> Result<f64, diqkd_entropy::Error> {
    Ok(single_round(bound, s)?.entropy_bits)
}

fn depolarising_threshold(bound: EntropyBound, q: f64) -> Result<f64, diqkd_entropy::Error> {
    let (mut low, mut high) = (0.05, 0.12);
    for _ in 0..30 {
        let qber: f64 = f64::midpoint(low, high);
        let rate =
            entropy(bound, 8f64.sqrt() * (1.0 - 2.0 * qber))? - binary_entropy(qber + q - 2.0 * q * qber);
        if rate > 0.0 { low = qber } else { high = qber }
    }
    Ok(low)
}

/// `H(A|B)` of perfectly correlated bits of which each side loses a part and writes 0 instead.
fn binned_error_entropy(eta: f64) -> f64 {
    let error = eta * (1.0 - eta) / 2.0;
    let one = eta / 2.0;
    one * binary_entropy(error / one) + (1.0 - one) * binary_entropy(error / (1.0 - one))
}
