//! A figure: what is drawn, in the words of the caller.

use crate::axis::Axis;
use crate::format::{Error, Format};
use crate::{layout, raster, svg};

/// A picture with two axes.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    pub(crate) title: String,
    pub(crate) note: Option<String>,
    pub(crate) x: Axis,
    pub(crate) y: Axis,
    pub(crate) series: Vec<Series>,
    pub(crate) levels: Vec<Level>,
}

impl Figure {
    /// An empty picture.
    pub fn new(title: impl Into<String>, x: Axis, y: Axis) -> Self {
        Self { title: title.into(), note: None, x, y, series: Vec::new(), levels: Vec::new() }
    }

    /// A line below the title: the conditions of what is shown.
    #[must_use]
    pub fn with_note(mut self, note: impl Into<String>) -> Self {
        self.note = Some(note.into());
        self
    }

    /// Adds a series; its colour, dash and marker follow from its place.
    #[must_use]
    pub fn with(mut self, series: Series) -> Self {
        self.series.push(series);
        self
    }

    /// Adds a level to compare with.
    #[must_use]
    pub fn with_level(mut self, level: Level) -> Self {
        self.levels.push(level);
        self
    }

    /// The picture as a file of that kind.
    ///
    /// # Errors
    ///
    /// [`Error::NoPoints`] if nothing can be shown, [`Error::Bitmap`] if there is no memory for the bitmap.
    pub fn render(&self, format: Format) -> Result<Vec<u8>, Error> {
        match format {
            Format::Svg => self.svg().map(String::into_bytes),
            Format::Png => raster::png(&layout::shapes(self)?),
        }
    }

    /// The picture as the text of an SVG file.
    ///
    /// # Errors
    ///
    /// [`Error::NoPoints`] if nothing can be shown.
    pub fn svg(&self) -> Result<String, Error> {
        Ok(svg::text(&layout::shapes(self)?, &self.title))
    }
}

/// Values that belong together.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    pub(crate) name: String,
    pub(crate) points: Vec<Point>,
    pub(crate) look: Look,
    pub(crate) marked: bool,
    /// Takes the colour of the series before it, to be read with it.
    pub(crate) paired: bool,
    pub(crate) solid: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Point {
    pub(crate) x: f64,
    pub(crate) y: f64,
    /// Half the length of the error bar, 0 for none.
    pub(crate) error: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Look {
    Line,
    Marks,
    Dots,
    Steps,
}

impl Series {
    /// A curve through points (x, y).
    pub fn line(name: impl Into<String>, points: impl IntoIterator<Item = (f64, f64)>) -> Self {
        Self::of(name, Look::Line, points.into_iter().map(|(x, y)| Point { x, y, error: 0.0 }))
    }

    /// Points (x, y, standard error) with error bars of one standard error; 0 draws none.
    pub fn marks(name: impl Into<String>, points: impl IntoIterator<Item = (f64, f64, f64)>) -> Self {
        Self::of(name, Look::Marks, points.into_iter().map(|(x, y, error)| Point { x, y, error }))
    }

    /// Many points (x, y) as small dots.
    pub fn dots(name: impl Into<String>, points: impl IntoIterator<Item = (f64, f64)>) -> Self {
        Self::of(name, Look::Dots, points.into_iter().map(|(x, y)| Point { x, y, error: 0.0 }))
    }

    /// A histogram: each (start, height) holds until the next start; the last closes it and its height is not used.
    pub fn steps(name: impl Into<String>, bins: impl IntoIterator<Item = (f64, f64)>) -> Self {
        Self::of(name, Look::Steps, bins.into_iter().map(|(x, y)| Point { x, y, error: 0.0 }))
    }

    fn of(name: impl Into<String>, look: Look, points: impl Iterator<Item = Point>) -> Self {
        Self { name: name.into(), points: points.collect(), look, marked: false, paired: false, solid: false }
    }

    /// A curve with markers at its points.
    #[must_use]
    pub fn marked(mut self) -> Self {
        self.marked = true;
        self
    }

    /// Without dashes whatever its place, to be told from a dashed companion.
    #[must_use]
    pub fn solid(mut self) -> Self {
        self.solid = true;
        self
    }

    /// The same colour as the series before, with another dash: a bound, say, beside what it bounds.
    #[must_use]
    pub fn paired(mut self) -> Self {
        self.paired = true;
        self
    }
}

/// A level that the data are compared with.
#[derive(Clone, Debug, PartialEq)]
pub struct Level {
    pub(crate) at: f64,
    pub(crate) name: String,
    pub(crate) vertical: bool,
}

impl Level {
    /// A line at one height, named at the right edge.
    pub fn horizontal(at: f64, name: impl Into<String>) -> Self {
        Self { at, name: name.into(), vertical: false }
    }

    /// A line at one x, named in the legend.
    pub fn vertical(at: f64, name: impl Into<String>) -> Self {
        Self { at, name: name.into(), vertical: true }
    }
}
