//! How much key do more rounds give? A curve for each theorem, printed and drawn.
//!
//! ```sh
//! cargo run --release --example finite_key_curve -- curve.svg
//! ```

use std::path::PathBuf;

use diqkd_core::{Epsilon, LeakBits, WinProbability};
use diqkd_entropy::{EpsilonSplit, Params, SingleRound, Theorem, key_length};
use diqkd_plot::{Axis, Figure, Format, Level, Series};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut figure = Figure::new(
        "Certified key against the number of rounds",
        Axis::logarithmic("rounds n"),
        Axis::linear("key / (bits per round)").including(0.0),
    )
    .with_note("gamma 13/256, threshold 0.83, leak 0.1977 bits per round, soundness 1e-10");
    for theorem in [Theorem::Reat, Theorem::Df19, Theorem::Df19FixedCPerp, Theorem::Eat2018] {
        let mut points = Vec::new();
        for exponent in 20..=36 {
            let rounds = 10f64.powf(f64::from(exponent) / 4.0).round() as u64;
            let per_round = key_bits(theorem, rounds)? as f64 / rounds as f64;
            points.push((rounds as f64, per_round));
        }
        let first = points.iter().find(|point| point.1 > 0.0);
        println!(
            "{theorem:<12} {:>7} bits of 1.5e6 rounds, first key at {:.1e} rounds",
            key_bits(theorem, 1_500_000)?,
            first.map_or(f64::INFINITY, |point| point.0)
        );
        figure = figure.with(Series::line(theorem.name(), points).marked());
    }
    figure = figure.with_level(Level::vertical(1.5e6, "1.5 million rounds"));
    if let Some(path) = std::env::args_os().nth(1).map(PathBuf::from) {
        std::fs::write(&path, figure.render(Format::of(&path)?)?)?;
        println!("drawn in {}", path.display());
    }
    Ok(())
}

/// The certified length at the same leak per round; 0 where there is no key.
fn key_bits(theorem: Theorem, rounds: u64) -> Result<u64, Box<dyn std::error::Error>> {
    let params = Params {
        rounds,
        gamma: 13.0 / 256.0,
        omega_threshold: WinProbability::new(0.83)?,
        leak_bits: LeakBits((rounds as f64 * 296_581.0 / 1.5e6).ceil() as u64),
        eps_sound: Epsilon::new(1e-10)?,
        split: EpsilonSplit::Optimised,
        theorem,
        bound: SingleRound::Chsh,
        assumptions: Vec::new(),
    };
    Ok(key_length(&params)?.key_bits())
}
