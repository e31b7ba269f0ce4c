//! `--plot FILE`: a picture beside the answer.

use std::path::PathBuf;
use std::str::FromStr;

use diqkd_plot::{Error, Figure, Format};

use crate::answer::Failure;

/// A file whose name says which kind of picture it will be; checked before any work is done.
#[derive(Clone, Debug)]
pub(crate) struct PictureFile {
    path: PathBuf,
    format: Format,
}

impl FromStr for PictureFile {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        let path = PathBuf::from(name);
        Ok(Self { format: Format::of(&path)?, path })
    }
}

impl PictureFile {
    /// Draws and writes.
    pub(crate) fn write(&self, figure: &Figure) -> Result<(), Failure> {
        let picture = figure
            .render(self.format)
            .map_err(|error| Failure::because(format!("{}: no picture", self.path.display()), error))?;
        std::fs::write(&self.path, picture).map_err(|error| {
            let what = format!(
                "can't write {}; check that its folder exists and may be written",
                self.path.display()
            );
            Failure::because(what, error)
        })
    }
}

/// `1500000` with its digits in threes, for names in pictures.
pub(crate) fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) && digits.len() > 4 {
            text.push('\u{a0}');
        }
        text.push(digit);
    }
    text
}

/// The same with its sign, also where it is positive.
pub(crate) fn signed(n: i64) -> String {
    format!("{}{}", if n < 0 { '−' } else { '+' }, grouped(n.unsigned_abs()))
}

/// Numbers of rounds from `first` to `last`, equal factors apart, without repetition.
pub(crate) fn ladder(first: u64, last: u64, steps: u32) -> Vec<u64> {
    let (low, high) = ((first.max(1) as f64).ln(), (last.max(1) as f64).ln());
    let mut rungs: Vec<u64> = (0..=steps)
        .map(|i| (low + (high - low) * f64::from(i) / f64::from(steps)).exp().round() as u64)
        .collect();
    rungs.dedup();
    rungs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_from_the_right() {
        assert_eq!(
            ["5", "4096", "10 000", "1 500 000"],
            [5, 4096, 10_000, 1_500_000]
                .map(|n| grouped(n).replace('\u{a0}', " "))
                .each_ref()
                .map(String::as_str)
        );
        assert_eq!([-1_010_371, 7].map(signed), ["−1\u{a0}010\u{a0}371", "+7"]);
    }

    #[test]
    fn a_ladder_begins_and_ends_where_it_should() {
        let rungs = ladder(1_000, 1_000_000, 6);
        assert_eq!((rungs[0], rungs[6]), (1_000, 1_000_000));
        assert_eq!(ladder(1, 2, 10), [1, 2]);
    }
}
