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
        let at = |n: u64| {
            let leak = (u128::from(params.leak_bits.0) * u128::from(n)).div_ceil(u128::from(rounds));
            let leak_bits = LeakBits(u64::try_from(leak).ok()?);
            let at = Params { rounds: n, leak_bits, theorem, ..params.clone() };
            Some((n, per_round(&at)?))
        };
        let mut points: Vec<(u64, f64)> = rungs.iter().copied().filter_map(at).collect();
        onset(&mut points, at);
        let points: Vec<(f64, f64)> = points.into_iter().map(|(n, key)| (n as f64, key)).collect();
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

/// Adds points where a curve leaves zero, which it does steeply: the corner lies between two rungs.
fn onset(points: &mut Vec<(u64, f64)>, at: impl Fn(u64) -> Option<(u64, f64)>) {
    let Some(place) = points.windows(2).position(|pair| pair[0].1 <= 0.0 && pair[1].1 > 0.0) else { return };
    let (mut none, first) = (points[place].0, points[place + 1].0);
    let mut some = first;
    for _ in 0..HALVINGS {
        let middle = none.midpoint(some);
        match at(middle) {
            Some((n, key)) if key > 0.0 => some = n,
            _ => none = middle,
        }
    }
    let between = [none, some, some + (first - some) / 3, some + (first - some) / 3 * 2];
    points.splice(place + 1..place + 1, between.into_iter().filter_map(at));
    points.dedup_by_key(|point| point.0);
}

/// Between two rungs, to a thousandth of their distance.
const HALVINGS: u32 = 8;
/// Steps of the four decades.
const RUNGS: u32 = 40;
