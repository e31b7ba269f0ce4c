//! Any stretch of time of a long recording, without decoding what lies before it.

mod file;
mod range;

use alloc::vec;
use alloc::vec::Vec;

use super::decoder::{Carry, Decoder};
use super::{Format, read};

pub use file::IndexError;
pub use range::{RangeError, RangeRead};

/// Where the times of a recording stand in it: one mark for about every [`TimeIndex::SPACING`] records, with what the
/// decoder carried there and the least and greatest time up to the next mark. So a range of times is complete also where
/// times run backwards. Times are picoseconds.
///
/// It is built in one pass, in memory that does not grow with the recording (at most [`TimeIndex::MOST_MARKS`] marks of
/// 72 bytes; a longer recording gets wider gaps), and kept as a file with [`TimeIndex::encode`].
///
/// ```
/// use diqkd_timetag::formats::{PtuWriter, TagSink, TimeIndex};
///
/// struct Times(Vec<i64>);
///
/// impl TagSink for Times {
///     fn tags(&mut self, time_ps: &[i64], _: &[u16]) {
///         self.0.extend(time_ps);
///     }
/// }
///
/// let mut file = Vec::new();
/// let mut writer = PtuWriter::new(None, &mut file);
/// (1..=50_000).try_for_each(|i| writer.push(i * 1_000_000, 1, &mut file))?;
///
/// let mut rest = &file[..];
/// let index = TimeIndex::build(None, 10_000, |buffer| std::io::Read::read(&mut rest, buffer))?;
/// let mut times = Times(Vec::new());
/// let source = |at: u64, buffer: &mut [u8]| std::io::Read::read(&mut &file[at as usize..], buffer);
/// let read = index.read_range(40_000_000_000..40_002_000_000, source, &mut times)?;
/// assert_eq!(times.0, [40_000_000_000, 40_001_000_000]);
/// assert!(read.bytes < file.len() as u64 / 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimeIndex {
    format: Option<Format>,
    /// Length of the recording, bytes.
    length: u64,
    records: u64,
    /// Checksum of the first [`IDENTITY_BYTES`] of the recording.
    identity: u32,
    /// The first one is the start of the recording, header included.
    marks: Vec<Mark>,
}

/// A place in a recording, and the times from it to the next mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Mark {
    carry: Carry,
    /// Least time, ps; above the greatest one where there are no tags.
    least_ps: i64,
    greatest_ps: i64,
}

impl Mark {
    fn new(carry: Carry) -> Self {
        Self { carry, least_ps: i64::MAX, greatest_ps: i64::MIN }
    }
}

/// First bytes of a recording by which it is known again.
const IDENTITY_BYTES: usize = 4096;

/// Few enough that the room for tags ends most steps: right after a record, also in text.
const TAGS: usize = 2048;

impl TimeIndex {
    /// Records from one mark to the next that are a good choice: 1 to 4 ms of decoding.
    pub const SPACING: u64 = 1_000_000;

    /// Greatest number of marks.
    pub const MOST_MARKS: usize = 1 << 16;

    /// Reads a recording to its end and marks a place every `spacing` records (0 is taken as 1). `format`: `None`: by the
    /// first bytes. `source` fills a buffer and returns the number of bytes, 0 at the end. A damaged recording is indexed
    /// as far as it can be read.
    ///
    /// # Errors
    /// What `source` returns.
    pub fn build<E>(
        format: Option<Format>,
        spacing: u64,
        mut source: impl FnMut(&mut [u8]) -> Result<usize, E>,
    ) -> Result<Self, E> {
        let mut decoder = format.map_or_else(Decoder::new, Decoder::with_format);
        let mut bytes = vec![0; read::READ_BYTES];
        let (mut time_ps, mut channel) = (vec![0; TAGS], vec![0; TAGS]);
        let mut spacing = spacing.max(1);
        let mut marks = vec![Mark::new(Carry::default())];
        let (mut length, mut first) = (0, Vec::with_capacity(IDENTITY_BYTES));
        let (mut start, mut end, mut more, mut fatal) = (0, 0, false, false);
        loop {
            if start == end && !more {
                (start, end) = (0, source(&mut bytes)?.min(bytes.len()));
                length += end as u64;
                let missing = IDENTITY_BYTES - first.len();
                first.extend_from_slice(&bytes[..end.min(missing)]);
            }
            if fatal {
                // Only the length is of interest any more.
                if end == 0 {
                    break;
                }
                start = end;
                continue;
            }
            let ended = start == end && !more;
            let step = if ended {
                decoder.finish(&mut time_ps, &mut channel)
            } else {
                decoder.push(&bytes[start..end], &mut time_ps, &mut channel)
            };
            start += step.consumed;
            more = step.more;
            if let Some(mark) = marks.last_mut() {
                for &time in &time_ps[..step.tags] {
                    mark.least_ps = mark.least_ps.min(time);
                    mark.greatest_ps = mark.greatest_ps.max(time);
                }
                if decoder.records() - mark.carry.records >= spacing
                    && let Some(carry) = decoder.carry().filter(|_| !ended)
                {
                    if marks.len() == Self::MOST_MARKS {
                        halve(&mut marks);
                        spacing = spacing.saturating_mul(2);
                    }
                    marks.push(Mark::new(carry));
                }
            }
            if step.fault.is_some_and(|fault| fault.kind.is_fatal()) {
                (fatal, more, start) = (true, false, end);
            } else if ended && step.tags == 0 && step.fault.is_none() && !more {
                break;
            }
        }
        // So that the faults of the end come with the last tags.
        while marks.len() > 1 && marks.last().is_some_and(|mark| mark.least_ps > mark.greatest_ps) {
            marks.pop();
        }
        let identity = file::checksum(&first);
        Ok(Self { format, length, records: decoder.records(), identity, marks })
    }

    /// Records of the recording.
    pub fn records(&self) -> u64 {
        self.records
    }

    /// Marks.
    pub fn marks(&self) -> usize {
        self.marks.len()
    }

    /// The least and the greatest time of all tags, ps; `None` without tags.
    pub fn span_ps(&self) -> Option<(i64, i64)> {
        let least = self.marks.iter().map(|mark| mark.least_ps).min()?;
        let greatest = self.marks.iter().map(|mark| mark.greatest_ps).max()?;
        (least <= greatest).then_some((least, greatest))
    }
}

/// Makes one mark of two.
fn halve(marks: &mut Vec<Mark>) {
    let merged = marks.chunks(2).map(|pair| Mark {
        carry: pair[0].carry,
        least_ps: pair.iter().map(|mark| mark.least_ps).min().unwrap_or(i64::MAX),
        greatest_ps: pair.iter().map(|mark| mark.greatest_ps).max().unwrap_or(i64::MIN),
    });
    *marks = merged.collect();
}
