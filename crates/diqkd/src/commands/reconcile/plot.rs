//! Efficiency against noise as a picture.

use diqkd_plot::{Axis, Figure, Level, Series};

use super::point::Point;
use crate::picture::grouped;

/// `f_ec` and its finite-length bound against the QBER, a pair of curves for each length.
pub(super) fn figure(points: &[Point]) -> Figure {
    let mut figure = Figure::new(
        "Efficiency of reconciliation",
        Axis::linear("error rate Q / %"),
        Axis::linear("efficiency f = leak / entropy").including(1.0),
    )
    .with_note(
        "dashed: best that any code of that length can do at the same failure rate (normal approximation)",
    )
    .with_level(Level::horizontal(1.0, "limit"));
    let mut lengths: Vec<u64> = points.iter().map(|point| point.block).collect();
    lengths.dedup();
    for length in lengths {
        let curve = |f: fn(&Point) -> f64| {
            let of_length = points.iter().filter(|point| point.block == length);
            let mut curve: Vec<(f64, f64)> = of_length
                .map(|point| (100.0 * point.qber, f(point)))
                .filter(|point| point.1.is_finite())
                .collect();
            curve.sort_by(|a, b| a.0.total_cmp(&b.0));
            curve
        };
        figure = figure
            .with(Series::line(format!("n = {}", grouped(length)), curve(|p| p.report.f_ec)).marked().solid())
            .with(Series::line("", curve(|p| p.report.f_ec_bound)).marked().paired());
    }
    figure
}
