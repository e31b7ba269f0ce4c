#![forbid(unsafe_code)]
#![doc = include_str!("../README.md")]

mod axis;
mod figure;
mod font;
mod format;
mod layout;
mod legend;
mod raster;
mod shape;
mod style;
mod svg;

pub use axis::Axis;
pub use figure::{Figure, Level, Series};
pub use format::{Error, Format};
