//! What a picture is made of, before anyone decides between SVG and dots.

use crate::style::Colour;

/// A position in points from the upper left corner.
pub(crate) type Place = (f64, f64);

pub(crate) enum Shape {
    Line {
        places: Vec<Place>,
        colour: Colour,
        width: f64,
        dash: &'static [f64],
    },
    Polygon {
        places: Vec<Place>,
        fill: Colour,
        /// Drawn around it, of the same colour as what it marks.
        edge: Option<(Colour, f64)>,
    },
    Circle {
        at: Place,
        radius: f64,
        fill: Colour,
        edge: Option<(Colour, f64)>,
    },
    Text {
        at: Place,
        text: String,
        size: f64,
        bold: bool,
        colour: Colour,
        anchor: Anchor,
        /// Read from below to above.
        upright: bool,
    },
}

/// Which end of a text its position is; the base line goes through it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Anchor {
    Start,
    Middle,
    End,
}

impl Shape {
    pub(crate) fn text(
        at: Place,
        text: impl Into<String>,
        size: f64,
        colour: Colour,
        anchor: Anchor,
    ) -> Self {
        Self::Text { at, text: text.into(), size, bold: false, colour, anchor, upright: false }
    }

    pub(crate) fn rule(from: Place, to: Place, colour: Colour, width: f64) -> Self {
        Self::Line { places: vec![from, to], colour, width, dash: &[] }
    }
}
