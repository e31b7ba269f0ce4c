//! Names of series in rows above the data, so that they never cover them.

use crate::font;
use crate::layout::{Style, marker, pale};
use crate::shape::{Anchor, Place, Shape};
use crate::style;

/// A name and how it is drawn.
pub(crate) struct Entry {
    pub(crate) name: String,
    pub(crate) sample: Sample,
}

pub(crate) enum Sample {
    Line { style: Style, marked: bool },
    Mark(Style),
    Dot(Style),
    Block(Style),
    Level,
}

const SAMPLE: f64 = 30.0;
const GAP: f64 = 6.0;
const BETWEEN: f64 = 20.0;
const ROW: f64 = style::TICK * 1.45;

/// Draws rows from `top`; gives the height at which they end.
pub(crate) fn draw(entries: &[Entry], top: f64, room: f64, shapes: &mut Vec<Shape>) -> f64 {
    let (mut x, mut y) = (0.0, top);
    for (number, entry) in entries.iter().enumerate() {
        let wide = SAMPLE + GAP + font::width(&entry.name, style::TICK, false);
        if number == 0 {
            y += ROW;
        } else if x + wide > room {
            (x, y) = (0.0, y + ROW);
        }
        let at = (style::MARGIN + x, y - style::TICK * 0.35);
        sample(&entry.sample, at, shapes);
        let base = (at.0 + SAMPLE + GAP, y);
        shapes.push(Shape::text(base, &entry.name, style::TICK, style::BLACK, Anchor::Start));
        x += wide + BETWEEN;
    }
    y
}

fn sample(sample: &Sample, (x, y): Place, shapes: &mut Vec<Shape>) {
    let middle = (x + SAMPLE / 2.0, y);
    let ends = vec![(x, y), (x + SAMPLE, y)];
    match *sample {
        Sample::Line { style, marked } => {
            let (colour, width) = (style.colour, style::CURVE);
            shapes.push(Shape::Line { places: ends, colour, width, dash: style.dash });
            if marked {
                marker(style, middle, style::MARKER_RADIUS, shapes);
            }
        }
        Sample::Mark(style) => marker(style, middle, style::MARKER_RADIUS * 1.2, shapes),
        Sample::Dot(style) => {
            shapes.push(Shape::Circle { at: middle, radius: 2.0, fill: style.colour, edge: None });
        }
        Sample::Block(style) => {
            let (left, right, up, down) = (x + 8.0, x + SAMPLE, y - 4.5, y + 4.5);
            let places = vec![(left, up), (right, up), (right, down), (left, down)];
            let edge = Some((style.colour, 1.2));
            shapes.push(Shape::Polygon { places, fill: pale(style.colour), edge });
        }
        Sample::Level => {
            shapes.push(Shape::Line { places: ends, colour: style::QUIET, width: 1.2, dash: style::dash(1) });
        }
    }
}
