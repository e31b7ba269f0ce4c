//! From a figure to shapes: where everything goes.

use crate::axis::Span;
use crate::figure::{Figure, Look, Point, Series};
use crate::font;
use crate::format::Error;
use crate::legend::{self, Entry, Sample};
use crate::shape::{Anchor, Place, Shape};
use crate::style::{self, Colour, Marker};

/// The whole picture, back to front.
pub(crate) fn shapes(figure: &Figure) -> Result<Vec<Shape>, Error> {
    let mut shapes = Vec::new();
    let top = head(figure, &mut shapes);
    let frame = Frame::new(figure, top)?;
    frame.grid(&mut shapes);
    levels(figure, &frame, &mut shapes);
    for (series, style) in figure.series.iter().zip(styles(figure)) {
        draw(series, style, &frame, figure, &mut shapes);
    }
    frame.edge(&mut shapes);
    Ok(shapes)
}

/// Title, note and legend; gives the height at which they end.
fn head(figure: &Figure, shapes: &mut Vec<Shape>) -> f64 {
    let room = style::SIZE.0 - 2.0 * style::MARGIN;
    let size = style::TITLE * (room / font::width(&figure.title, style::TITLE, true)).min(1.0);
    let mut y = style::MARGIN + style::TITLE * 0.8;
    shapes.push(Shape::Text {
        at: (style::MARGIN, y),
        text: figure.title.clone(),
        size,
        bold: true,
        colour: style::BLACK,
        anchor: Anchor::Start,
        upright: false,
    });
    for line in figure.note.iter().flat_map(|note| wrapped(note, style::NOTE, room)) {
        y += style::NOTE * 1.4;
        shapes.push(Shape::text((style::MARGIN, y), line, style::NOTE, style::QUIET, Anchor::Start));
    }
    let series = figure.series.iter().zip(styles(figure)).map(|(series, style)| Entry {
        name: series.name.clone(),
        sample: match series.look {
            Look::Line => Sample::Line { style, marked: series.marked },
            Look::Marks => Sample::Mark(style),
            Look::Dots => Sample::Dot(style),
            Look::Steps => Sample::Block(style),
        },
    });
    let verticals = figure.levels.iter().filter(|level| level.vertical);
    let verticals = verticals.map(|level| Entry { name: level.name.clone(), sample: Sample::Level });
    let entries: Vec<Entry> = series.chain(verticals).filter(|entry| !entry.name.is_empty()).collect();
    legend::draw(&entries, y + 6.0, room, shapes) + 8.0
}

/// What a series looks like.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Style {
    pub(crate) colour: Colour,
    pub(crate) dash: &'static [f64],
    pub(crate) marker: Marker,
}

fn styles(figure: &Figure) -> Vec<Style> {
    let mut place = 0;
    let mut styles: Vec<Style> = Vec::new();
    for series in &figure.series {
        let style = match styles.last() {
            Some(&before) if series.paired => {
                let dash = if before.dash.is_empty() { style::dash(1) } else { style::dash(2) };
                Style { dash, ..before }
            }
            _ => {
                place += 1;
                let place = place - 1;
                let dash = if series.solid { &[] } else { style::dash(place) };
                Style { colour: style::colour(place), dash, marker: style::marker(place) }
            }
        };
        styles.push(style);
    }
    styles
}

/// The rectangle of the data, with its axes.
struct Frame {
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
    x: Span,
    y: Span,
}

impl Frame {
    fn new(figure: &Figure, top: f64) -> Result<Self, Error> {
        let shown: Vec<&Point> = figure.series.iter().flat_map(|series| &series.points).collect();
        let visible = |p: &&&Point| figure.x.measure(p.x).is_some() && figure.y.measure(p.y).is_some();
        if !shown.iter().any(|point| visible(&point)) {
            return Err(Error::NoPoints);
        }
        let at = |vertical| {
            figure.levels.iter().filter(move |level| level.vertical == vertical).map(|level| level.at)
        };
        let xs = shown.iter().map(|point| point.x).chain(at(true));
        let ends = shown.iter().flat_map(|point| [point.y - point.error, point.y + point.error]);
        let (Some(x), Some(y)) = (figure.x.span(xs), figure.y.span(ends.chain(at(false)))) else {
            return Err(Error::NoPoints);
        };
        let widest = |texts: &mut dyn Iterator<Item = &String>, size| {
            texts.map(|text| font::width(text, size, false)).fold(0.0, f64::max)
        };
        let ticks = widest(&mut y.ticks.iter().map(|tick| &tick.label), style::TICK);
        let mut names = figure.levels.iter().filter(|level| !level.vertical).map(|level| &level.name);
        let names = widest(&mut names, style::NOTE);
        let last_tick = x.ticks.last().map_or(0.0, |tick| font::width(&tick.label, style::TICK, false) / 2.0);
        let right_room = if names > 0.0 { names + 6.0 } else { last_tick.min(40.0) };
        Ok(Self {
            left: style::MARGIN + style::LABEL * 1.4 + ticks + style::TICK_LENGTH + 4.0,
            right: style::SIZE.0 - style::MARGIN - right_room,
            top,
            bottom: style::SIZE.1
                - style::MARGIN
                - if x.label.is_empty() { 0.0 } else { style::LABEL * 1.5 }
                - style::TICK * 1.5,
            x,
            y,
        })
    }

    fn column(&self, measure: f64) -> f64 {
        self.left + self.x.share(measure) * (self.right - self.left)
    }

    fn row(&self, measure: f64) -> f64 {
        self.bottom - self.y.share(measure) * (self.bottom - self.top)
    }

    /// Where a point lies; `None` if an axis can't show it.
    fn place(&self, figure: &Figure, x: f64, y: f64) -> Option<Place> {
        Some((self.column(figure.x.measure(x)?), self.row(figure.y.measure(y)?)))
    }

    /// Lines of the grid, ticks and labels.
    fn grid(&self, shapes: &mut Vec<Shape>) {
        let mut free_from = f64::NEG_INFINITY;
        for tick in &self.x.ticks {
            let x = self.column(tick.at);
            if self.x.grid {
                shapes.push(Shape::rule((x, self.top), (x, self.bottom), style::GRID, style::THIN));
            }
            let end = (x, self.bottom + style::TICK_LENGTH);
            shapes.push(Shape::rule((x, self.bottom), end, style::FRAME, style::THIN));
            // A label that would run into the one before is left out; its tick stays.
            let half = font::width(&tick.label, style::TICK, false) / 2.0;
            if x - half < free_from {
                continue;
            }
            free_from = x + half + 6.0;
            let at = (x, self.bottom + style::TICK_LENGTH + style::TICK * 1.05);
            shapes.push(Shape::text(at, &tick.label, style::TICK, style::FRAME, Anchor::Middle));
        }
        for tick in &self.y.ticks {
            let y = self.row(tick.at);
            if self.y.grid {
                shapes.push(Shape::rule((self.left, y), (self.right, y), style::GRID, style::THIN));
            }
            let end = (self.left - style::TICK_LENGTH, y);
            shapes.push(Shape::rule(end, (self.left, y), style::FRAME, style::THIN));
            let at = (self.left - style::TICK_LENGTH - 3.0, y + style::TICK * 0.36);
            shapes.push(Shape::text(at, &tick.label, style::TICK, style::FRAME, Anchor::End));
        }
        let middle = 0.5 * (self.left + self.right);
        let at = (middle, style::SIZE.1 - style::MARGIN);
        shapes.push(Shape::text(at, &self.x.label, style::LABEL, style::BLACK, Anchor::Middle));
        shapes.push(Shape::Text {
            at: (style::MARGIN + style::LABEL * 0.8, 0.5 * (self.top + self.bottom)),
            text: self.y.label.clone(),
            size: style::LABEL,
            bold: false,
            colour: style::BLACK,
            anchor: Anchor::Middle,
            upright: true,
        });
    }

    fn edge(&self, shapes: &mut Vec<Shape>) {
        let corners = [
            (self.left, self.top),
            (self.left, self.bottom),
            (self.right, self.bottom),
            (self.right, self.top),
            (self.left, self.top),
        ];
        shapes.push(Shape::Line {
            places: corners.to_vec(),
            colour: style::FRAME,
            width: style::THIN,
            dash: &[],
        });
    }
}

/// Reference lines, the names of horizontal ones beside the frame and apart from each other.
fn levels(figure: &Figure, frame: &Frame, shapes: &mut Vec<Shape>) {
    let mut names: Vec<(f64, &str)> = Vec::new();
    for level in &figure.levels {
        let axis = if level.vertical { &figure.x } else { &figure.y };
        let Some(measure) = axis.measure(level.at) else { continue };
        let ends = if level.vertical {
            let x = frame.column(measure);
            [(x, frame.bottom), (x, frame.top)]
        } else {
            let y = frame.row(measure);
            names.push((y, &level.name));
            [(frame.left, y), (frame.right, y)]
        };
        let (places, dash) = (ends.to_vec(), style::dash(1));
        shapes.push(Shape::Line { places, colour: style::QUIET, width: 1.2, dash });
    }
    names.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut free_from = f64::NEG_INFINITY;
    for (y, name) in names {
        let y = y.max(free_from);
        free_from = y + style::NOTE * 1.2;
        let at = (frame.right + 6.0, y + style::NOTE * 0.36);
        shapes.push(Shape::text(at, name, style::NOTE, style::QUIET, Anchor::Start));
    }
}

fn draw(series: &Series, style: Style, frame: &Frame, figure: &Figure, shapes: &mut Vec<Shape>) {
    let place = |point: &Point| frame.place(figure, point.x, point.y);
    match series.look {
        Look::Line => {
            // A point that can't be shown, as zero on a logarithmic axis, breaks the line.
            for run in series.points.split(|point| place(point).is_none()) {
                let places = thinned(run.iter().filter_map(place).collect());
                if places.len() > 1 {
                    let (colour, width) = (style.colour, style::CURVE);
                    shapes.push(Shape::Line { places, colour, width, dash: style.dash });
                }
            }
            if series.marked {
                for at in series.points.iter().filter_map(place) {
                    marker(style, at, style::MARKER_RADIUS, shapes);
                }
            }
        }
        Look::Marks => {
            for point in &series.points {
                let Some(at) = place(point) else { continue };
                let ends = [point.y - point.error, point.y + point.error];
                if let (true, [Some(low), Some(high)]) =
                    (point.error > 0.0, ends.map(|y| frame.place(figure, point.x, y)))
                {
                    shapes.push(Shape::rule(low, high, style.colour, style::CURVE));
                    for (x, y) in [low, high] {
                        shapes.push(Shape::rule((x - 5.0, y), (x + 5.0, y), style.colour, style::CURVE));
                    }
                }
                marker(style, at, style::MARKER_RADIUS * 1.2, shapes);
            }
        }
        Look::Dots => {
            for at in series.points.iter().filter_map(place) {
                shapes.push(Shape::Circle { at, radius: 1.3, fill: style.colour, edge: None });
            }
        }
        Look::Steps => {
            let places: Vec<Place> = series.points.iter().filter_map(place).collect();
            let mut outline = Vec::with_capacity(2 * places.len());
            for pair in places.windows(2) {
                outline.extend([pair[0], (pair[1].0, pair[0].1)]);
            }
            let outline = thinned(outline);
            let (Some(first), Some(last)) = (outline.first(), outline.last()) else { return };
            let ground = figure.y.measure(0.0).map_or(frame.bottom, |zero| frame.row(zero).min(frame.bottom));
            let mut area = vec![(first.0, ground)];
            area.extend(&outline);
            area.push((last.0, ground));
            let fill = pale(style.colour);
            shapes.push(Shape::Polygon { places: area, fill, edge: None });
            shapes.push(Shape::Line { places: outline, colour: style.colour, width: 1.2, dash: &[] });
        }
    }
}

/// One marker; a white rim keeps it apart from lines below it.
pub(crate) fn marker(style: Style, (x, y): Place, r: f64, shapes: &mut Vec<Shape>) {
    let rim = Some((style::WHITE, 0.8));
    let polygon = |places: Vec<Place>| Shape::Polygon { places, fill: style.colour, edge: rim };
    match style.marker {
        Marker::Circle => {
            shapes.push(Shape::Circle { at: (x, y), radius: r, fill: style.colour, edge: rim });
        }
        Marker::Square => {
            let r = 0.9 * r;
            shapes.push(polygon(vec![(x - r, y - r), (x + r, y - r), (x + r, y + r), (x - r, y + r)]));
        }
        Marker::Triangle => {
            let r = 1.25 * r;
            shapes.push(polygon(vec![(x, y - r), (x + 0.87 * r, y + 0.5 * r), (x - 0.87 * r, y + 0.5 * r)]));
        }
        Marker::Diamond => {
            let r = 1.3 * r;
            shapes.push(polygon(vec![(x, y - r), (x + r, y), (x, y + r), (x - r, y)]));
        }
        Marker::Cross => {
            shapes.push(Shape::rule((x - r, y - r), (x + r, y + r), style.colour, style::CURVE));
            shapes.push(Shape::rule((x - r, y + r), (x + r, y - r), style.colour, style::CURVE));
        }
    }
}

pub(crate) fn pale(Colour(r, g, b): Colour) -> Colour {
    let mix = |c: u8| 255 - (255 - c) / 5;
    Colour(mix(r), mix(g), mix(b))
}

/// At most two places a half-point of width, lowest and highest, so that a million bins are no larger than a thousand.
fn thinned(places: Vec<Place>) -> Vec<Place> {
    const MOST: usize = 5_000;
    if places.len() <= MOST {
        return places;
    }
    let mut kept: Vec<Place> = Vec::new();
    let half_points = places.chunk_by(|a, b| (2.0 * a.0).floor() == (2.0 * b.0).floor());
    for same in half_points {
        let height = |a: &&Place, b: &&Place| a.1.total_cmp(&b.1);
        kept.extend(same.iter().min_by(height));
        kept.extend(same.iter().max_by(height));
    }
    kept
}

/// Lines of words that fit a width.
fn wrapped(text: &str, size: f64, room: f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    // Not at no-break spaces, which hold numbers and formulas together.
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        match lines.last_mut() {
            Some(line) if font::width(&format!("{line} {word}"), size, false) <= room => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Axis, Level};

    #[test]
    fn a_million_bins_become_few_places_and_keep_their_peak() {
        let bins = (0..1_000_000).map(|i| (f64::from(i), if i == 123_456 { 50.0 } else { 1.0 }));
        let figure = Figure::new("t", Axis::linear("x"), Axis::linear("y").including(0.0));
        let shapes = shapes(&figure.with(Series::steps("", bins))).unwrap();
        let (places, top) = shapes
            .iter()
            .filter_map(|shape| match shape {
                Shape::Line { places, width, .. } if *width > 1.0 => {
                    Some((places.len(), places.iter().map(|p| p.1).fold(f64::INFINITY, f64::min)))
                }
                _ => None,
            })
            .next()
            .unwrap();
        assert!(places < 5_000, "{places}");
        assert!(top < 80.0, "{top}");
    }

    #[test]
    fn what_no_axis_shows_is_an_error_or_a_gap() {
        let empty = Figure::new("t", Axis::linear("x"), Axis::logarithmic("y"));
        let series = |ys: &[f64]| Series::line("", ys.iter().enumerate().map(|(i, &y)| (i as f64, y)));
        for ys in [&[][..], &[0.0, -1.0], &[f64::NAN]] {
            assert_eq!(empty.clone().with(series(ys)).svg(), Err(Error::NoPoints), "{ys:?}");
        }
        let gap = shapes(&empty.with(series(&[1.0, 10.0, 0.0, 10.0, 1.0]))).unwrap();
        let curves =
            gap.iter().filter(|s| matches!(s, Shape::Line { width, .. } if *width == style::CURVE)).count();
        assert_eq!(curves, 2);
    }

    #[test]
    fn names_of_close_levels_keep_apart_and_nothing_leaves_the_picture() {
        let figure = Figure::new("t", Axis::linear("x"), Axis::linear("y"))
            .with_note("a ".repeat(200))
            .with(Series::line("a curve", [(0.0, 0.0), (1.0, 1.0)]))
            .with_level(Level::horizontal(0.5, "one"))
            .with_level(Level::horizontal(0.501, "two"))
            .with_level(Level::vertical(0.3, "three"));
        let mut heights = Vec::new();
        for shape in shapes(&figure).unwrap() {
            let Shape::Text { at, text, size, bold, anchor, upright: false, .. } = shape else { continue };
            let wide = font::width(&text, size, bold);
            let left = match anchor {
                Anchor::Start => at.0,
                Anchor::Middle => at.0 - wide / 2.0,
                Anchor::End => at.0 - wide,
            };
            assert!(left >= 0.0 && left + wide <= style::SIZE.0 && at.1 <= style::SIZE.1, "{text}");
            if ["one", "two"].contains(&text.as_str()) {
                heights.push(at.1);
            }
        }
        assert!((heights[0] - heights[1]).abs() >= style::NOTE, "{heights:?}");
    }
}
