//! The fourth notebook as a program; `cargo xtask notebooks` makes the notebook of it.
// %% [markdown]
// # Clock recovery between two drifting sites
//
// Two sites see the same heralds, each on a clock of its own. How are offset and drift found from the time tags alone, and how
// well?
// %%
//: :dep diqkd-core = { path = "../../crates/diqkd-core" }
//: :dep diqkd-plot = { path = "../../crates/diqkd-plot" }
//: :dep diqkd-sim = { path = "../../crates/diqkd-sim" }
//: :dep diqkd-timetag = { path = "../../crates/diqkd-timetag" }
use std::ops::ControlFlow;

use diqkd_core::Role;
use diqkd_plot::{Axis, Figure, Level, Series};
use diqkd_sim::hal::{TagBlock, record};
use diqkd_sim::{Experiment, Preset, SeededChooser, SimulatedStation};
use diqkd_timetag::sync::{AcquireOptions, acquire};

/// Shows a picture below the cell.
fn show(figure: &Figure) {
    let svg = figure.svg().unwrap_or_else(|error| error.to_string());
    println!("EVCXR_BEGIN_CONTENT image/svg+xml\n{svg}\nEVCXR_END_CONTENT");
}

/// The heralds of one station, channel 0, on its own clock, ps.
fn heralds(role: Role, experiment: &Experiment) -> Vec<i64> {
    let gamma = Preset::Photonic.test_probability();
    let chooser = |side| Box::new(SeededChooser::new(side, gamma, 3));
    let mut station = SimulatedStation::new(role, experiment, chooser(Role::Alice), chooser(Role::Bob));
    let (mut time_ps, mut channel) = ([0; 4096], [0; 4096]);
    let mut heralds = Vec::new();
    let recorded = record(
        &mut station,
        TagBlock { time_ps: &mut time_ps, channel: &mut channel },
        |times, channels, _| {
            heralds.extend(
                times.iter().zip(channels).filter(|(_, channel)| **channel == 0).map(|(time, _)| *time),
            );
            ControlFlow::Continue(())
        },
    );
    recorded.map_or_else(|_| Vec::new(), |_| heralds)
}
// %% [program]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    // %%
    let experiment = Experiment::new(Preset::Photonic, 400_000, 3);
    let (alice, bob) = (heralds(Role::Alice, &experiment), heralds(Role::Bob, &experiment));
    println!("{} common events at alice, {} at bob", alice.len(), bob.len());
    // %% [markdown]
    // The search correlates both streams for every offset up to five seconds and every drift up to 122 ppm, and says how sure it
    // is: minus the decimal logarithm of the probability that unrelated streams show such a peak anywhere.
    // %%
    let options = AcquireOptions { max_offset_ps: 5_000_000_000_000, ..AcquireOptions::default() };
    let fit = acquire(&alice, &bob, &options)?;
    let truth = experiment.bob_clock();
    println!(
        "offset {} ps, drift {:.2} ppb from {} pairs, rms {:.0} ps, significance {:.0}",
        fit.offset_ps, fit.drift_ppb, fit.pairs, fit.residual_rms_ps, fit.peak_significance
    );
    println!(
        "the simulator's drift: {:.2} ppb, found within 20 ppb: {}",
        truth.drift_ppb(),
        (fit.drift_ppb - truth.drift_ppb()).abs() < 20.0
    );
    // %% [markdown]
    // Without the drift the events would wander apart; with it they stay within the jitter of both sites:
    // %%
    let (mut corrected, mut offset_only) = (Vec::new(), Vec::new());
    let mut next = 0;
    for &a in &alice {
        let since = (a - fit.anchor_reference_ps) as f64;
        let distance = |b: i64| (b - fit.anchor_local_ps) as f64 - since * (1.0 + fit.drift_ppb * 1e-9);
        // The event of the other site that lies within five standard deviations, if there is one.
        while next < bob.len() && distance(bob[next]) < -5.0 * fit.residual_rms_ps {
            next += 1;
        }
        if let Some(rest) =
            bob.get(next).map(|&b| distance(b)).filter(|rest| *rest < 5.0 * fit.residual_rms_ps)
        {
            corrected.push((a as f64 * 1e-12, rest));
            offset_only.push((a as f64 * 1e-12, rest + since * fit.drift_ppb * 1e-9));
        }
    }
    let wander = offset_only.iter().fold(0.0, |most: f64, point| most.max(point.1.abs()));
    println!(
        "offset alone: up to {wander:.0} ps apart; with drift within {:.0} ps",
        corrected.iter().fold(0.0, |most: f64, p| most.max(p.1.abs()))
    );
    // %%
    show(
        &Figure::new(
            "Common events against the fitted clock",
            Axis::linear("time / s"),
            Axis::linear("distance from the fit / ps"),
        )
        .with(Series::dots("herald", corrected.iter().step_by(5).copied()))
        .with_level(Level::horizontal(fit.residual_rms_ps, "+rms"))
        .with_level(Level::horizontal(-fit.residual_rms_ps, "−rms")),
    );
    // %% [program]
    Ok(())
}
