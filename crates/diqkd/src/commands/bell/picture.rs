//! The four correlators against what local models and quantum theory allow.

use std::f64::consts::FRAC_1_SQRT_2;

use diqkd_bell::BellReport;
use diqkd_plot::{Axis, Figure, Level, Series};

use super::reading::Data;
use crate::picture::grouped;

/// Correlators with their signs in the CHSH expression, so that all four count upwards, and their mean, S/4. The limits
/// are those of the mean: S = 2 for local models, 2 sqrt 2 in quantum theory.
pub(super) fn figure(data: &Data, report: &BellReport) -> Figure {
    let chsh = &report.chsh;
    let digits = if chsh.s_standard_error < 1e-3 { 7 } else { 4 };
    // The report is in the labelling of the game, where the last correlator is subtracted.
    let terms = [(0, 0, 1.0), (0, 1, 1.0), (1, 0, 1.0), (1, 1, -1.0)];
    let names = ["E₀₀", "E₀₁", "E₁₀", "−E₁₁", "S / 4"];
    let points = terms.iter().enumerate().map(|(place, &(x, y, sign))| {
        let e = &chsh.correlators[x][y];
        (place as f64, sign * e.value, e.standard_error)
    });
    Figure::new("CHSH correlators", Axis::names("", names), Axis::linear("correlator").including(0.0))
        .with_note(format!(
            "{}{} trials, S = {:.digits$} ± {:.digits$}{}; bars: one standard error; {}",
            if data.counts.total() > chsh.trials { "CHSH part: " } else { "" },
            grouped(chsh.trials),
            chsh.s,
            chsh.s_standard_error,
            distance(chsh.s, chsh.s_standard_error),
            report.options.convention.to_string().replace("= + ", "= ").replace(' ', "\u{a0}")
        ))
        .with(Series::marks("correlator", points))
        .with(Series::marks("mean of the four", [(4.0, chsh.s / 4.0, chsh.s_standard_error / 4.0)]))
        .with_level(Level::horizontal(0.5, "local (S = 2)"))
        .with_level(Level::horizontal(FRAC_1_SQRT_2, "quantum (S = 2√2)"))
}

/// How far S lies from the local limit, where a picture that shows all correlators can't: at S = 2.00003, say.
fn distance(s: f64, standard_error: f64) -> String {
    if standard_error <= 0.0 {
        return String::new();
    }
    let errors = (s - 2.0) / standard_error;
    let side = if errors < 0.0 { "below" } else { "above" };
    format!(" ({:.1} standard errors {side} 2)", errors.abs())
}
