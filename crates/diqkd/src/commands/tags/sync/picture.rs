//! How far common events lie from the fitted clock.

use diqkd_plot::{Axis, Figure, Level, Series};
use diqkd_timetag::sync::ClockFit;

use crate::picture::{grouped, signed};

/// Residuals of the events that have a partner near the fitted line, against time. A good fit is a level band; a slope is
/// drift that is left, a bend is a drift that changes.
pub(super) fn figure(fit: &ClockFit, reference: &[i64], local: &[i64]) -> Figure {
    let reach = (5.0 * fit.residual_rms_ps).max(2.0);
    let mut residuals = Vec::new();
    let mut next = 0;
    for &time in reference {
        let since_anchor = (time - fit.anchor_reference_ps) as f64;
        // Relative to the anchor, where doubles are exact enough for picoseconds.
        let expected = since_anchor * (1.0 + fit.drift_ppb * 1e-9);
        let residual_of = |t: i64| (t - fit.anchor_local_ps) as f64 - expected;
        while next < local.len() && residual_of(local[next]) < -reach {
            next += 1;
        }
        let near = local[next..].iter().map(|&t| residual_of(t)).take_while(|residual| *residual <= reach);
        if let Some(nearest) = near.min_by(|a, b| a.abs().total_cmp(&b.abs())) {
            residuals.push((time as f64 * 1e-12, nearest));
        }
    }
    let total = residuals.len();
    let every = total.div_ceil(MOST_DOTS).max(1);
    let shown = residuals.into_iter().step_by(every);
    let note = format!(
        "b = a {} ps {:+.3} ppb; {} of {} reference events have a partner{}",
        signed(fit.offset_ps),
        fit.drift_ppb,
        grouped(total as u64),
        grouped(reference.len() as u64),
        if every > 1 { format!(", one in {every} shown") } else { String::new() }
    );
    Figure::new(
        "Common events against the fitted clock",
        Axis::linear("time of a / s"),
        Axis::linear("distance from the fit / ps"),
    )
    .with_note(note)
    .with(Series::dots("", shown))
    .with_level(Level::horizontal(0.0, ""))
    .with_level(Level::horizontal(fit.residual_rms_ps, "+rms"))
    .with_level(Level::horizontal(-fit.residual_rms_ps, "−rms"))
}

const MOST_DOTS: usize = 3_000;
