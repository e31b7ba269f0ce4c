//! Lines of whole numbers.

use alloc::vec::Vec;

use super::MatrixFileError;

/// The lines that are not blank, with their numbers.
pub(super) struct Lines<'a> {
    lines: core::iter::Enumerate<core::str::Lines<'a>>,
    last: usize,
}

impl<'a> Lines<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { lines: text.lines().enumerate(), last: 0 }
    }

    /// The next line, which is expected to hold `what`, and its number.
    pub(super) fn next(&mut self, what: &'static str) -> Result<(usize, Vec<i64>), MatrixFileError> {
        match self.following() {
            Some((line, text)) => numbers(line, text).map(|numbers| (line, numbers)),
            None => Err(MatrixFileError::EndsEarly { line: self.last, what }),
        }
    }

    /// Succeeds if nothing follows.
    pub(super) fn end(mut self) -> Result<(), MatrixFileError> {
        self.following().map_or(Ok(()), |(line, _)| Err(MatrixFileError::GoesOn { line }))
    }

    fn following(&mut self) -> Option<(usize, &'a str)> {
        let (i, text) = self.lines.find(|(_, text)| !text.trim().is_empty())?;
        self.last = i + 1;
        Some((self.last, text))
    }
}

fn numbers(line: usize, text: &str) -> Result<Vec<i64>, MatrixFileError> {
    let number = |(i, word): (usize, &str)| {
        let value = word.parse::<i64>().ok().filter(|value| (-1..=i64::from(u32::MAX)).contains(value));
        value.ok_or(MatrixFileError::NotANumber { line, word: i + 1 })
    };
    text.split_ascii_whitespace().enumerate().map(number).collect()
}

/// A number in its range.
pub(super) fn within(
    line: usize,
    what: &'static str,
    value: i64,
    least: i64,
    most: i64,
) -> Result<usize, MatrixFileError> {
    if (least..=most).contains(&value) {
        return Ok(value.max(0) as usize);
    }
    Err(MatrixFileError::OutOfRange { line, what, value, least, most })
}
