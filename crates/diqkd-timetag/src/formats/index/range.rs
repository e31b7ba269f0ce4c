//! Reads a range of times.

use alloc::vec;
use core::ops::Range;

use super::{IDENTITY_BYTES, TimeIndex, file};
use crate::formats::decoder::Decoder;
use crate::formats::{Fault, TagSink, read};

/// How a range was read.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct RangeRead {
    /// Bytes of records that were decoded.
    pub bytes: u64,
    /// The fault after which nothing could be interpreted, if the range lies around it.
    pub fatal: Option<Fault>,
}

/// Why a range can't be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RangeError<E> {
    /// The source failed; the tags before have been delivered.
    #[error("reading failed: {0}")]
    Source(E),
    /// The length, the first bytes or the header are not those of the recording that was indexed.
    #[error("the index belongs to another recording, or the recording has changed; make the index anew")]
    OtherRecording,
}

impl<E> From<E> for RangeError<E> {
    fn from(error: E) -> Self {
        Self::Source(error)
    }
}

impl TimeIndex {
    /// Delivers the tags with `range.start <= time < range.end` in file order: those that a full decode of the recording
    /// gives, markers included. Faults are delivered that lie between the marks around them; those of the whole
    /// recording (its record count) only if its end is among them.
    ///
    /// `source` fills a buffer with the bytes of the recording from an offset on and returns their number, 0 at the end
    /// (or to stop).
    ///
    /// # Errors
    /// [`RangeError`].
    pub fn read_range<E>(
        &self,
        range: Range<i64>,
        mut source: impl FnMut(u64, &mut [u8]) -> Result<usize, E>,
        sink: &mut impl TagSink,
    ) -> Result<RangeRead, RangeError<E>> {
        let mut bytes = vec![0; read::READ_BYTES];
        let (mut time_ps, mut channel) = (vec![0; read::TAGS], vec![0; read::TAGS]);
        self.check_identity(&mut source, &mut bytes)?;
        let wanted = |mark: &super::Mark| mark.least_ps < range.end && mark.greatest_ps >= range.start;
        let (Some(first), Some(last)) =
            (self.marks.iter().position(wanted), self.marks.iter().rposition(wanted))
        else {
            return Ok(RangeRead::default());
        };
        let mut decoder = self.format.map_or_else(Decoder::new, Decoder::with_format);
        if first > 0 {
            read_header(&mut decoder, &mut source, &mut bytes, &mut time_ps, &mut channel)?;
            if !decoder.resume(&self.marks[first].carry) {
                return Err(RangeError::OtherRecording);
            }
        }
        let to_end = last + 1 == self.marks.len();
        let stop = self.marks.get(last + 1).map_or(self.length, |mark| mark.carry.offset);
        let mut at = self.marks[first].carry.offset;
        let mut read = RangeRead { bytes: stop - at, fatal: None };
        let (mut start, mut end, mut more, mut header_sent) = (0, 0, false, false);
        loop {
            if start == end && !more && at < stop {
                let most = usize::try_from(stop - at).map_or(bytes.len(), |left| left.min(bytes.len()));
                (start, end) = (0, source(at, &mut bytes[..most])?.min(most));
                at = if end == 0 { stop } else { at + end as u64 };
            }
            let ended = start == end && !more;
            if ended && !to_end {
                return Ok(read);
            }
            let step = if ended {
                decoder.finish(&mut time_ps, &mut channel)
            } else {
                decoder.push(&bytes[start..end], &mut time_ps, &mut channel)
            };
            start += step.consumed;
            more = step.more;
            if let Some(header) = decoder.header().filter(|_| !header_sent) {
                header_sent = true;
                sink.header(header);
            }
            let kept = keep(&range, &mut time_ps[..step.tags], &mut channel[..step.tags]);
            if kept > 0 {
                sink.tags(&time_ps[..kept], &channel[..kept]);
            }
            if let Some(fault) = step.fault {
                sink.fault(&fault);
                if fault.kind.is_fatal() {
                    read.fatal = Some(fault);
                    return Ok(read);
                }
            } else if ended && step.tags == 0 && !more {
                return Ok(read);
            }
        }
    }

    /// Compares the length and the first bytes.
    fn check_identity<E>(
        &self,
        source: &mut impl FnMut(u64, &mut [u8]) -> Result<usize, E>,
        bytes: &mut [u8],
    ) -> Result<(), RangeError<E>> {
        let mut filled = 0;
        while filled < IDENTITY_BYTES {
            let read = source(filled as u64, &mut bytes[filled..IDENTITY_BYTES])?;
            if read == 0 {
                break;
            }
            filled += read.min(IDENTITY_BYTES - filled);
        }
        let same = file::checksum(&bytes[..filled]) == self.identity;
        let one = &mut [0];
        let reaches = self.length == 0 || source(self.length - 1, one)? > 0;
        let ends = source(self.length, one)? == 0;
        if same && reaches && ends { Ok(()) } else { Err(RangeError::OtherRecording) }
    }
}

/// Feeds a decoder up to its first records.
fn read_header<E>(
    decoder: &mut Decoder,
    source: &mut impl FnMut(u64, &mut [u8]) -> Result<usize, E>,
    bytes: &mut [u8],
    time_ps: &mut [i64],
    channel: &mut [u16],
) -> Result<(), RangeError<E>> {
    let mut at = 0;
    while !decoder.is_past_header() {
        let filled = source(at, &mut bytes[..IDENTITY_BYTES])?.min(IDENTITY_BYTES);
        let mut start = 0;
        while start < filled && !decoder.is_past_header() {
            let step = decoder.push(&bytes[start..filled], time_ps, channel);
            start += step.consumed;
            if step.fault.is_some_and(|fault| fault.kind.is_fatal()) || step.consumed == 0 {
                return Err(RangeError::OtherRecording);
            }
        }
        if filled == 0 {
            return Err(RangeError::OtherRecording);
        }
        at += filled as u64;
    }
    Ok(())
}

/// Moves the tags of the range to the front; returns their number.
fn keep(range: &Range<i64>, time_ps: &mut [i64], channel: &mut [u16]) -> usize {
    let mut kept = 0;
    for i in 0..time_ps.len() {
        if range.contains(&time_ps[i]) {
            (time_ps[kept], channel[kept]) = (time_ps[i], channel[i]);
            kept += 1;
        }
    }
    kept
}
