//! What a setup can hope for, against the number of rounds.

use diqkd_entropy::{Plan, PlanRequest, SingleRound, Theorem, plan_under};
use diqkd_plot::{Axis, Figure, Level, Series};

use crate::picture::{grouped, ladder};

/// The best key per round from below the least number of rounds to far above the plan.
pub(super) fn figure(request: &PlanRequest, plan: &Plan, theorem: Theorem, bound: SingleRound) -> Figure {
    let first = plan.min_rounds.unwrap_or(plan.rounds).min(plan.rounds) / 2;
    let last = plan.rounds.max(plan.min_rounds.unwrap_or(0)).saturating_mul(1_000).min(LAST);
    let mut rungs = ladder(first.max(100), last.max(first.max(100)), RUNGS);
    rungs.extend(plan.min_rounds);
    rungs.push(plan.rounds);
    rungs.sort_unstable();
    rungs.dedup();
    let points: Vec<(f64, f64)> = rungs
        .iter()
        .filter_map(|&rounds| {
            let planned =
                plan_under(&PlanRequest { rounds: Some(rounds), ..*request }, theorem, bound).ok()?;
            Some((rounds as f64, planned.key_rate_per_round))
        })
        .collect();
    let mut figure = Figure::new(
        "Key that a setup can hope for",
        Axis::logarithmic("rounds n"),
        Axis::linear("key / (bits per round)").including(0.0),
    )
    .with_note(format!(
        "S {}, Q {} %, f {}, soundness {:.1e}, honest abort {:.1e}, {theorem} with bound {}; best gamma and threshold at each n",
        request.chsh.get(),
        100.0 * request.qber.get(),
        request.f_ec,
        request.eps_sound.probability(),
        request.eps_complete.probability(),
        bound.name()
    ))
    .with(Series::line("best plan", points).marked())
    .with(Series::marks(format!("this plan: {} rounds", grouped(plan.rounds)), [(
        plan.rounds as f64,
        plan.key_rate_per_round,
        0.0,
    )]));
    if let Some(least) = plan.min_rounds {
        figure =
            figure.with_level(Level::vertical(least as f64, format!("least: {} rounds", grouped(least))));
    }
    figure
}

const RUNGS: u32 = 20;
/// Beyond this no plan is made.
const LAST: u64 = 100_000_000_000_000;
