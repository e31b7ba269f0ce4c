//! Measured loss along a fibre, and its division into spans of equal loss.

use crate::error::{Error, positive};

/// A stretch of fibre with a common loss per length.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Segment {
    /// Length in km, at least 0; a connector or splice has length 0.
    pub length_km: f64,
    /// Loss in dB, at least 0.
    pub loss_db: f64,
}

/// The loss of a fibre from one end to the other.
#[derive(Clone, Debug, PartialEq)]
pub struct LossProfile {
    segments: Vec<Segment>,
}

impl LossProfile {
    /// A fibre of one kind.
    ///
    /// # Errors
    /// [`Error::Field`] unless the length is positive and the loss per km at least 0.
    pub fn uniform(length_km: f64, db_per_km: f64) -> Result<Self, Error> {
        let length_km = positive("length_km", length_km)?;
        if !(db_per_km >= 0.0 && db_per_km.is_finite()) {
            return Err(Error::Field { field: "db_per_km", value: db_per_km, expected: "0 or more" });
        }
        Ok(Self { segments: vec![Segment { length_km, loss_db: length_km * db_per_km }] })
    }

    /// Reads a table with one of two headers: `length_km,loss_db`, a row a segment, or `position_km,loss_db`, the
    /// cumulative loss at rising positions as a reflectometer prints it. Empty lines and lines that begin with `#` are
    /// skipped.
    ///
    /// # Errors
    /// [`MalformedLossProfile`] naming the line.
    ///
    /// # Examples
    /// ```
    /// use diqkd_planner::LossProfile;
    ///
    /// let profile = LossProfile::parse("position_km,loss_db\n0,0\n10.0,2.1\n10.0,2.6\n25.0,5.6\n")?;
    /// assert_eq!((profile.length_km(), profile.loss_db()), (25.0, 5.6));
    /// # Ok::<(), diqkd_planner::MalformedLossProfile>(())
    /// ```
    pub fn parse(csv: &str) -> Result<Self, MalformedLossProfile> {
        let mut lines = csv
            .lines()
            .enumerate()
            .map(|(k, line)| (k + 1, line.trim()))
            .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
        let (number, header) = lines.next().ok_or(MalformedLossProfile::Empty)?;
        let names: Vec<&str> = header.split(',').map(str::trim).collect();
        let cumulative = match names.as_slice() {
            ["length_km", "loss_db"] => false,
            ["position_km", "loss_db"] => true,
            _ => return Err(MalformedLossProfile::Header { line: number }),
        };
        let mut segments = Vec::new();
        let mut last: Option<(f64, f64)> = None;
        for (line, text) in lines {
            let (first, second) = text.split_once(',').ok_or(MalformedLossProfile::Row { line })?;
            let value = |text: &str| {
                text.trim()
                    .parse::<f64>()
                    .ok()
                    .filter(|value| value.is_finite())
                    .ok_or(MalformedLossProfile::Row { line })
            };
            let (at, loss) = (value(first)?, value(second)?);
            let step = if cumulative {
                let before = last.replace((at, loss));
                let Some((position, so_far)) = before else { continue };
                (at - position, loss - so_far)
            } else {
                (at, loss)
            };
            if step.0 < 0.0 || step.1 < 0.0 {
                return Err(MalformedLossProfile::Falls { line });
            }
            segments.push(Segment { length_km: step.0, loss_db: step.1 });
        }
        if segments.iter().map(|segment| segment.length_km).sum::<f64>() > 0.0 {
            Ok(Self { segments })
        } else {
            Err(MalformedLossProfile::Empty)
        }
    }

    /// Its segments, from one end to the other.
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// Total length in km.
    pub fn length_km(&self) -> f64 {
        self.segments.iter().map(|segment| segment.length_km).sum()
    }

    /// Total loss in dB.
    pub fn loss_db(&self) -> f64 {
        self.segments.iter().map(|segment| segment.loss_db).sum()
    }

    /// The length in km of each of `spans` spans of equal loss: where repeaters serve best.
    ///
    /// A fibre without loss is divided by length.
    pub fn spans_of_equal_loss(&self, spans: usize) -> Vec<f64> {
        let spans = spans.max(1);
        let weight = |segment: &Segment| {
            if self.loss_db() > 0.0 { segment.loss_db } else { segment.length_km }
        };
        let total: f64 = self.segments.iter().map(weight).sum();
        let mut ends = Vec::with_capacity(spans + 1);
        ends.push(0.0);
        for k in 1..spans {
            let target = total * k as f64 / spans as f64;
            let (mut passed, mut position) = (0.0, 0.0);
            for segment in &self.segments {
                let here = weight(segment);
                if passed + here >= target && here > 0.0 {
                    position += segment.length_km * (target - passed) / here;
                    break;
                }
                passed += here;
                position += segment.length_km;
            }
            ends.push(position);
        }
        ends.push(self.length_km());
        ends.windows(2).map(|pair| pair[1] - pair[0]).collect()
    }
}

/// A loss table that can't be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MalformedLossProfile {
    /// No row with a length above 0.
    #[error("the loss table has no segment with a length; give at least two positions or one segment")]
    Empty,
    /// Neither of the two headers.
    #[error("line {line} of the loss table: expected the header length_km,loss_db or position_km,loss_db")]
    Header {
        /// Line, from 1.
        line: usize,
    },
    /// Not two finite numbers.
    #[error("line {line} of the loss table: expected two numbers separated by a comma")]
    Row {
        /// Line, from 1.
        line: usize,
    },
    /// A length or a loss below 0.
    #[error(
        "line {line} of the loss table: position or loss falls; a fibre does not amplify, average the reflectometer's \
         traces of both directions"
    )]
    Falls {
        /// Line, from 1.
        line: usize,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_agree() {
        let segments = LossProfile::parse("length_km,loss_db\n10,2\n0,0.5\n15,3\n").unwrap();
        let positions =
            LossProfile::parse("# trace\nposition_km,loss_db\n0,0\n10,2\n10,2.5\n\n25,5.5\n").unwrap();
        assert_eq!(segments, positions);
        assert_eq!(segments.segments().len(), 3);
    }

    #[test]
    fn spans_have_equal_loss() {
        let profile = LossProfile::parse("length_km,loss_db\n10,2\n10,4\n").unwrap();
        // Halves of 3 dB: all of the first segment and a quarter of the second.
        assert_eq!(profile.spans_of_equal_loss(2), [12.5, 7.5]);
        assert_eq!(profile.spans_of_equal_loss(1), [20.0]);
        let clear = LossProfile::uniform(9.0, 0.0).unwrap();
        assert_eq!(clear.spans_of_equal_loss(3), [3.0, 3.0, 3.0]);
    }

    #[test]
    fn the_line_is_named() {
        let read = |text: &str| LossProfile::parse(text).unwrap_err();
        assert_eq!(read(""), MalformedLossProfile::Empty);
        assert_eq!(read("length_km,loss_db\n"), MalformedLossProfile::Empty);
        assert_eq!(read("km,db\n1,2\n"), MalformedLossProfile::Header { line: 1 });
        assert_eq!(read("length_km,loss_db\n1,2\n1;2\n"), MalformedLossProfile::Row { line: 3 });
        assert_eq!(read("length_km,loss_db\n1,NaN\n"), MalformedLossProfile::Row { line: 2 });
        assert_eq!(read("position_km,loss_db\n0,0\n5,1\n6,0.9\n"), MalformedLossProfile::Falls { line: 4 });
    }
}
