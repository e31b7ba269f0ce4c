//! Key length against the number of rounds, a curve for each theorem.

use diqkd_core::LeakBits;
use diqkd_entropy::{Params, Theorem, key_length};
use diqkd_plot::{Axis, Figure, Level, Series};

use crate::picture::{grouped, ladder};

/// The key per round of every theorem that takes this bound, at the same leak per round. Where nothing is certified the
/// curve is at 0.
pub(super) fn figure(params: &Params) -> Figure {
    let rounds = params.rounds;
    let rungs = ladder((rounds / 100).max(100), rounds.saturating_mul(100), RUNGS);
    let per_round = |params: &Params| match key_length(params) {
        Ok(length) => Some(length.key_bits() as f64 / params.rounds as f64),
        Err(_) => None,
    };
    let mut figure = Figure::new(
        "Certified key against the number of rounds",
        Axis::logarithmic("rounds n"),
        Axis::linear("key / (bits per round)").including(0.0),
    )
    .with_note(format!(
        "gamma {:.5}, omega at least {}, leak {:.5} bits per round, soundness {:.1e}, bound {}",
        params.gamma,
        params.omega_threshold.get(),
        params.leak_bits.0 as f64 / rounds as f64,
        params.eps_sound.probability(),
        params.bound.name()
    ));
    for theorem in Theorem::ALL {
        let points: Vec<(f64, f64)> = rungs
            .iter()
            .filter_map(|&n| {
                let leak = (u128::from(params.leak_bits.0) * u128::from(n)).div_ceil(u128::from(rounds));
                let leak_bits = LeakBits(u64::try_from(leak).ok()?);
                let at = Params { rounds: n, leak_bits, theorem, ..params.clone() };
                Some((n as f64, per_round(&at)?))
            })
            .collect();
        if points.iter().any(|point| point.1 > 0.0) {
            figure = figure.with(Series::line(theorem.name(), points));
        }
    }
    let asked = per_round(params).unwrap_or(0.0);
    figure
        .with(Series::marks(
            format!("asked: {} rounds, {}", grouped(rounds), params.theorem.name()),
            [(rounds as f64, asked, 0.0)],
        ))
        .with_level(Level::vertical(rounds as f64, ""))
}

/// Steps of the four decades.
const RUNGS: u32 = 40;
