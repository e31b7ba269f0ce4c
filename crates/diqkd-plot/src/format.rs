//! Kinds of files, and what can go wrong.

use std::path::Path;

/// A kind of picture file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Scalable, text stays text.
    Svg,
    /// 300 dots an inch at 16 cm width.
    Png,
}

impl Format {
    /// The kind that a file's name asks for by its ending.
    ///
    /// # Errors
    ///
    /// [`Error::Ending`] for anything but `.svg` and `.png`, in small or capital letters.
    pub fn of(path: &Path) -> Result<Self, Error> {
        let ending = path.extension().map(|ending| ending.to_string_lossy().to_ascii_lowercase());
        match ending.as_deref() {
            Some("svg") => Ok(Self::Svg),
            Some("png") => Ok(Self::Png),
            _ => Err(Error::Ending),
        }
    }
}

/// Why there is no picture.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The name of the file does not say which kind of picture is wanted.
    #[error("a picture's name ends in .svg (scales, text stays text) or .png")]
    Ending,
    /// No series has a point with finite coordinates that its axes can show.
    #[error("there is no point to draw")]
    NoPoints,
    /// The bitmap could not be made.
    #[error("the bitmap can't be made: {0}")]
    Bitmap(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endings_decide() {
        assert_eq!(Format::of(Path::new("a/b.SVG")), Ok(Format::Svg));
        assert_eq!(Format::of(Path::new("b.png")), Ok(Format::Png));
        for name in ["b.jpg", "svg", ".png", "b", "-"] {
            assert_eq!(Format::of(Path::new(name)), Err(Error::Ending), "{name}");
        }
    }
}
