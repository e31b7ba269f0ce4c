//! Efficiency against noise as a picture.

use std::path::Path;

use plotters::prelude::*;

use super::point::Point;
use crate::answer::Failure;

/// Draws `f_ec` and its bound against the QBER, a pair of curves for each length.
pub(super) fn draw(path: &Path, points: &[Point]) -> Result<(), Failure> {
    let picture = picture(points).map_err(|error| Failure::because("can't draw the plot", error))?;
    std::fs::write(path, picture)
        .map_err(|error| Failure::because(format!("can't write {}", path.display()), error))
}

fn picture(points: &[Point]) -> Result<String, DrawingAreaErrorKind<std::io::Error>> {
    let mut svg = String::new();
    let percent = |point: &Point| 100.0 * point.qber;
    let most = points.iter().map(|point| point.report.f_ec).filter(|f| f.is_finite()).fold(1.05, f64::max);
    let (left, right) = points
        .iter()
        .map(percent)
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), q| (low.min(q), high.max(q)));
    let room = ((right - left) * 0.05).max(0.1);
    {
        let area = SVGBackend::with_string(&mut svg, (800, 500)).into_drawing_area();
        area.fill(&WHITE)?;
        let mut chart = ChartBuilder::on(&area)
            .margin(16)
            .caption("Reconciliation efficiency", ("sans-serif", 20))
            .x_label_area_size(40)
            .y_label_area_size(60)
            .build_cartesian_2d((left - room).max(0.0)..right + room, 0.995..most + (most - 1.0) * 0.1)?;
        chart.configure_mesh().x_desc("QBER / %").y_desc("f_ec").light_line_style(WHITE).draw()?;
        let mut lengths: Vec<u64> = points.iter().map(|point| point.block).collect();
        lengths.dedup();
        for (i, &length) in lengths.iter().enumerate() {
            let colour = Palette99::pick(i).to_rgba();
            let of_length = || points.iter().filter(|point| point.block == length);
            let curve = |f: fn(&Point) -> f64| {
                let mut curve: Vec<(f64, f64)> = of_length()
                    .map(|point| (percent(point), f(point)))
                    .filter(|xy| xy.1.is_finite())
                    .collect();
                curve.sort_by(|a, b| a.0.total_cmp(&b.0));
                curve
            };
            let measured = curve(|point| point.report.f_ec);
            let line = LineSeries::new(measured.iter().copied(), colour.stroke_width(2));
            chart
                .draw_series(line)?
                .label(format!("n = {length}"))
                .legend(move |(x, y)| PathElement::new(vec![(x, y), (x + 20, y)], colour.stroke_width(2)));
            chart.draw_series(measured.iter().map(|&xy| Circle::new(xy, 3, colour.filled())))?;
            let bound = curve(|point| point.report.f_ec_bound);
            let line = DashedLineSeries::new(bound, 6, 4, colour.stroke_width(1));
            chart
                .draw_series(line)?
                .label("its bound (normal approximation)")
                .legend(move |(x, y)| PathElement::new(vec![(x, y), (x + 6, y)], colour.stroke_width(1)));
        }
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::UpperRight)
            .background_style(WHITE.mix(0.8))
            .border_style(BLACK)
            .draw()?;
        area.present()?;
    }
    Ok(svg)
}
