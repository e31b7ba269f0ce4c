//! Pictures of a period: S and error rate block by block, key bits row by row.

use std::collections::BTreeMap;

use diqkd_plot::{Axis, Figure, Level, Series};

use super::calendar::{Every, Span, Time};
use super::figures::{Estimate, Sums};
use super::line::Block;

/// Blocks by source, each in the order of time.
pub(super) type BySource<'a> = BTreeMap<&'a str, Vec<&'a Block>>;

/// S of the blocks whose game was counted; `None` where there is none.
pub(super) fn chsh(sources: &BySource<'_>, origin: Time, every: Every) -> Option<Figure> {
    let told = sources.values().flatten().filter_map(|block| block.omega_threshold);
    let mut thresholds: Vec<f64> = told.map(|omega| 8.0 * omega - 4.0).collect();
    thresholds.sort_unstable_by(f64::total_cmp);
    thresholds.dedup();
    thresholds.truncate(MOST_THRESHOLDS);
    let mut levels: Vec<(f64, String)> =
        thresholds.into_iter().map(|s| (s, format!("threshold (S = {s:.3})"))).collect();
    // What decides is the threshold; the limit of local models stands in where none is known.
    if levels.is_empty() {
        levels.push((2.0, "local (S = 2)".to_owned()));
    }
    let axis = levels.iter().fold(Axis::linear("S"), |axis, (s, _)| axis.including(*s - MARGIN));
    let figure =
        points(Figure::new("CHSH value", time_axis(origin), axis), sources, origin, every, Sums::chsh_s)?;
    Some(levels.into_iter().fold(figure, |figure, (s, name)| figure.with_level(Level::horizontal(s, name))))
}

/// The error rate of the blocks that tell it.
pub(super) fn qber(sources: &BySource<'_>, origin: Time, every: Every) -> Option<Figure> {
    let figure = Figure::new("Error rate of key rounds", time_axis(origin), Axis::linear("QBER / %"));
    let percent = |sums: &Sums| {
        let qber = sums.qber()?;
        Some(Estimate { value: 100.0 * qber.value, error: 100.0 * qber.error })
    };
    points(figure, sources, origin, every, percent)
}

/// Key bits of every row, also of those without a block.
pub(super) fn key_bits(sources: &BySource<'_>, origin: Time, every: Every) -> Option<Figure> {
    let ends = sources.values().flatten().map(|block| block.at);
    let every = every.or_coarser(Span { from: ends.clone().min()?, to: ends.max()? }, MOST_STEPS);
    let mut figure = Figure::new(
        format!("Certified key bits {}", per(every)),
        time_axis(origin),
        Axis::linear("key / bits").including(0.0),
    );
    for (name, blocks) in sources {
        let rows = super::figures::rows(blocks.iter().copied(), every);
        let (Some((&first, _)), Some((&last, _))) = (rows.first_key_value(), rows.last_key_value()) else {
            continue;
        };
        let mut bits = Vec::new();
        let mut at = first;
        while at <= last {
            bits.push((at, rows.get(&at).map_or(0, |sums| sums.key_bits) as f64));
            at = at.next(every);
        }
        // Areas would hide each other.
        figure = figure.with(if sources.len() == 1 {
            let end = [(at.days_since(origin), 0.0)];
            Series::steps(*name, bits.iter().map(|(at, bits)| (at.days_since(origin), *bits)).chain(end))
        } else {
            Series::line(*name, bits.iter().map(|(at, bits)| (middle(*at, every, origin), *bits))).marked()
        });
    }
    Some(figure)
}

/// A point for each block, or for each row where the blocks are many.
fn points(
    mut figure: Figure,
    sources: &BySource<'_>,
    origin: Time,
    every: Every,
    value: impl Fn(&Sums) -> Option<Estimate>,
) -> Option<Figure> {
    let in_rows = sources.values().any(|blocks| blocks.len() > MOST_POINTS);
    let mut has_points = false;
    for (name, blocks) in sources {
        let points: Vec<(f64, f64, f64)> = if in_rows {
            let rows = super::figures::rows(blocks.iter().copied(), every);
            rows.iter()
                .filter_map(|(at, sums)| value(sums).map(|v| (middle(*at, every, origin), v.value, v.error)))
                .collect()
        } else {
            let one = |block: &&Block| {
                let mut sums = Sums::default();
                sums.add(block);
                value(&sums).map(|v| (block.at.days_since(origin), v.value, v.error))
            };
            blocks.iter().filter_map(one).collect()
        };
        if !points.is_empty() {
            has_points = true;
            figure = figure.with(Series::marks(*name, points));
        }
    }
    let what = if in_rows { format!("mean {}", per(every)) } else { "block".to_owned() };
    has_points.then(|| figure.with_note(format!("each {what}, with one standard error")))
}

/// The middle of a row on the axis of time.
fn middle(at: Time, every: Every, origin: Time) -> f64 {
    (at.days_since(origin) + at.next(every).days_since(origin)) / 2.0
}

fn time_axis(origin: Time) -> Axis {
    Axis::linear(format!("days from {origin} UTC"))
}

fn per(every: Every) -> &'static str {
    match every {
        Every::Hour => "of an hour",
        Every::Day => "of a day",
        Every::Week => "of a week",
        Every::Month => "of a month",
    }
}

/// Room below a level, in S.
const MARGIN: f64 = 0.01;
const MOST_POINTS: usize = 200;
const MOST_STEPS: i64 = 2000;
const MOST_THRESHOLDS: usize = 3;
