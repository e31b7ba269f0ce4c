//! The third notebook as a program; `cargo xtask notebooks` makes the notebook of it.
// %% [markdown]
// # Reconciliation efficiency
//
// What making both strings equal gives away, as a multiple of the entropy of the errors, against the error rate; beside it
// the least that any code of that length can do at the same failure rate (normal approximation).
// %%
//: :dep diqkd-plot = { path = "../../crates/diqkd-plot" }
//: :dep diqkd-reconcile = { path = "../../crates/diqkd-reconcile" }
use std::time::Duration;

use diqkd_plot::{Axis, Figure, Level, Series};
use diqkd_reconcile::bench::{BenchRequest, run};

/// Shows a picture below the cell.
fn show(figure: &Figure) {
    let svg = figure.svg().unwrap_or_else(|error| error.to_string());
    println!("EVCXR_BEGIN_CONTENT image/svg+xml\n{svg}\nEVCXR_END_CONTENT");
}
// %% [program]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    // %%
    let mut curves = Vec::new();
    for block in [8_192, 32_768] {
        let (mut measured, mut bound) = (Vec::new(), Vec::new());
        for qber in [0.01, 0.02, 0.03, 0.05, 0.08] {
            // Five random blocks, always the same ones; no clock, as speed is not the question.
            let report = run(&BenchRequest::symmetric(qber, block, 5, 1), &|| Duration::ZERO)?;
            println!(
                "n = {block}, Q = {:.0} %: f = {:.4}, at least {:.4}; {} of {} frames failed, {} undetected",
                100.0 * qber,
                report.f_ec,
                report.f_ec_bound,
                (report.fer * f64::from(report.frames)).round(),
                report.frames,
                report.undetected
            );
            measured.push((100.0 * qber, report.f_ec));
            bound.push((100.0 * qber, report.f_ec_bound));
        }
        curves.push((block, measured, bound));
    }
    // %%
    let mut figure = Figure::new(
        "Efficiency of reconciliation",
        Axis::linear("error rate Q / %"),
        Axis::linear("efficiency f = leak / entropy").including(1.0),
    )
    .with_note("dashed: best that any code of that length can do at the same failure rate")
    .with_level(Level::horizontal(1.0, "limit"));
    for (block, measured, bound) in curves {
        figure = figure
            .with(Series::line(format!("n = {block}"), measured).marked().solid())
            .with(Series::line("", bound).paired());
    }
    show(&figure);
    // %% [program]
    Ok(())
}
