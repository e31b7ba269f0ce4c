//! The second notebook as a program; `cargo xtask notebooks` makes the notebook of it.
// %% [markdown]
// # Finite-key curves
//
// Key per round against the number of rounds, for four accumulation theorems, at the parameters of the ion experiment of
// Oxford 2022, with its published key drawn in.
// %%
//: :dep diqkd-core = { path = "../../crates/diqkd-core" }
//: :dep diqkd-entropy = { path = "../../crates/diqkd-entropy" }
//: :dep diqkd-plot = { path = "../../crates/diqkd-plot" }
use diqkd_core::{Epsilon, LeakBits, WinProbability};
use diqkd_entropy::{EntropyBound, EpsilonSplit, Params, SingleRound, Theorem, key_length, single_round};
use diqkd_plot::{Axis, Figure, Level, Series};

/// Shows a picture below the cell.
fn show(figure: &Figure) {
    let svg = figure.svg().unwrap_or_else(|error| error.to_string());
    println!("EVCXR_BEGIN_CONTENT image/svg+xml\n{svg}\nEVCXR_END_CONTENT");
}

/// Parameters of Oxford 2022 for another number of rounds, at the same leak per round.
fn oxford(rounds: u64, theorem: Theorem) -> Result<Params, Box<dyn std::error::Error>> {
    Ok(Params {
        rounds,
        gamma: 13.0 / 256.0,
        omega_threshold: WinProbability::new(0.83)?,
        leak_bits: LeakBits((rounds as f64 * 296_581.0 / 1.5e6).ceil() as u64),
        eps_sound: Epsilon::new(1e-10)?,
        split: EpsilonSplit::Optimised,
        theorem,
        bound: SingleRound::Chsh,
        assumptions: vec![],
    })
}
// %% [program]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    // %%
    let theorems = [Theorem::Reat, Theorem::ReatBasic, Theorem::Df19, Theorem::Df19FixedCPerp];
    let mut curves = Vec::new();
    for theorem in theorems {
        let mut curve = Vec::new();
        for step in 0..=40 {
            let rounds = 10f64.powf(4.5 + f64::from(step) / 10.0).round() as u64;
            curve.push((
                rounds as f64,
                key_length(&oxford(rounds, theorem)?)?.key_bits() as f64 / rounds as f64,
            ));
        }
        let first = curve.iter().find(|point| point.1 > 0.0).map_or(f64::NAN, |point| point.0);
        println!("{:<12} first key at about {first:.1e} rounds", theorem.name());
        curves.push((theorem.name(), curve));
    }
    // %% [markdown]
    // No finite run gives more than the entropy of one round at the threshold, less the leak:
    // %%
    let threshold = WinProbability::new(0.83)?;
    let limit = single_round(EntropyBound::Chsh, threshold.chsh_s())?.entropy_bits - 296_581.0 / 1.5e6;
    println!("limit of long runs: {limit:.4} bits per round");
    println!(
        "Oxford 2022: published 95628 bits, here {} by reat and {} by df19",
        key_length(&oxford(1_500_000, Theorem::Reat)?)?.key_bits(),
        key_length(&oxford(1_500_000, Theorem::Df19)?)?.key_bits()
    );
    // %%
    let mut figure = Figure::new(
        "Certified key against the number of rounds",
        Axis::logarithmic("rounds n"),
        Axis::linear("key / (bits per round)").including(0.0),
    )
    .with_note("gamma 13/256, threshold 0.83, leak 0.1977 bits per round, soundness 1e-10")
    .with_level(Level::horizontal(limit, "limit"));
    for (name, curve) in curves {
        figure = figure.with(Series::line(name, curve));
    }
    let published = Series::marks("Oxford 2022, published", [(1.5e6, 95_628.0 / 1.5e6, 0.0)]);
    show(&figure.with(published));
    // %% [program]
    Ok(())
}
