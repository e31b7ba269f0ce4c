//! Whole recordings from a source that the caller has opened.

use alloc::vec;

use super::{Decoder, Fault, Format, Header, TimeUnit};

/// Takes what a recording delivers, in file order.
pub trait TagSink {
    /// Called once, before the first tags. Recordings whose format is not recognised have no header.
    fn header(&mut self, header: &Header) {
        let _ = header;
    }

    /// Tags: times in ps and channels, of equal length; see [`formats`](super) for the numbers of channels.
    fn tags(&mut self, time_ps: &[i64], channel: &[u16]);

    /// Something wrong right after the tags so far.
    fn fault(&mut self, fault: &Fault) {
        let _ = fault;
    }
}

/// How a recording ended. Tags that were delivered stay valid whatever it says.
#[derive(Clone, Copy, Debug, PartialEq)]
#[must_use]
pub struct Recording {
    /// What the header says; `None` if there is none that can be read.
    pub header: Option<Header>,
    /// Records read.
    pub records: u64,
    /// Overflow records and dummy events read.
    pub overflows: u64,
    /// Markers read.
    pub markers: u64,
    /// Tags that the device says it lost, as far as it counts them.
    pub lost: u64,
    /// Whether the recording ended early.
    pub truncated: bool,
    /// The fault after which nothing could be interpreted.
    pub fatal: Option<Fault>,
}

/// Reads a recording of any length in bounded memory (about 230 KiB): `source` fills a buffer and returns the number
/// of bytes, 0 at the end.
///
/// # Errors
/// What `source` returns; the tags before it have been delivered.
///
/// ```
/// use diqkd_timetag::formats::{TagSummary, read_all};
///
/// let mut file: &[u8] = b"0000000000040001\n0000000000080002\n";
/// let mut summary = TagSummary::default();
/// let recording = read_all(|buffer| std::io::Read::read(&mut file, buffer), &mut summary)?;
/// summary.complete(&recording);
/// assert_eq!((summary.photons, summary.last_ps), (2, Some(2000)));
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn read_all<E>(
    source: impl FnMut(&mut [u8]) -> Result<usize, E>,
    sink: &mut impl TagSink,
) -> Result<Recording, E> {
    read_with(ReadOptions::default(), source, sink)
}

/// How to read a recording.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReadOptions {
    /// The format; `None`: by the first bytes.
    pub format: Option<Format>,
    /// What happens after damage.
    pub damage: OnDamage,
    /// What times are given in.
    pub unit: TimeUnit,
}

/// What happens after a damaged record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnDamage {
    /// The damage is reported, and the next record is expected where it should be.
    #[default]
    Report,
    /// The damage is reported, and the boundary of records is looked for; see [`Decoder::realign`].
    Resynchronise,
}

/// Reads a recording as [`read_all`] does, in a format that is named or with resynchronisation after damage.
///
/// ```
/// use diqkd_timetag::formats::{FaultKind, OnDamage, PtuWriter, ReadOptions, TagSummary, read_with};
///
/// let mut file = Vec::new();
/// let mut writer = PtuWriter::new(None, &mut file);
/// (1..=300).try_for_each(|i| writer.push(i * 100_000, 1, &mut file))?;
/// let middle = file.len() / 2;
/// file.drain(middle..middle + 3); // three bytes get lost
///
/// let mut rest = &file[..];
/// let mut summary = TagSummary::default();
/// let options = ReadOptions { damage: OnDamage::Resynchronise, ..ReadOptions::default() };
/// let recording = read_with(options, |buffer| std::io::Read::read(&mut rest, buffer), &mut summary)?;
/// summary.complete(&recording);
/// assert!(summary.errors.iter().any(|fault| matches!(fault.kind, FaultKind::Resynchronised { .. })));
/// assert!(summary.channels[&1] > 280);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// What `source` returns; the tags before it have been delivered.
pub fn read_with<E>(
    options: ReadOptions,
    mut source: impl FnMut(&mut [u8]) -> Result<usize, E>,
    sink: &mut impl TagSink,
) -> Result<Recording, E> {
    let mut decoder = options.format.map_or_else(Decoder::new, Decoder::with_format).with_unit(options.unit);
    let mut bytes = vec![0; READ_BYTES];
    let mut time_ps = vec![0; TAGS];
    let mut channel = vec![0; TAGS];
    let mut header_sent = false;
    let mut fatal = None;
    let (mut start, mut end, mut ended) = (0, 0, false);
    loop {
        let step = if ended && start == end {
            decoder.finish(&mut time_ps, &mut channel)
        } else {
            decoder.push(&bytes[start..end], &mut time_ps, &mut channel)
        };
        start += step.consumed;
        if let Some(header) = decoder.header().filter(|_| !header_sent) {
            header_sent = true;
            sink.header(header);
        }
        if step.tags > 0 {
            sink.tags(&time_ps[..step.tags], &channel[..step.tags]);
        }
        if let Some(fault) = &step.fault {
            sink.fault(fault);
            if fault.kind.is_fatal() {
                fatal = Some(*fault);
                break;
            }
            if options.damage == OnDamage::Resynchronise && fault.kind.is_damage() {
                if end - start < Decoder::REALIGN_BYTES {
                    bytes.copy_within(start..end, 0);
                    (start, end) = (0, end - start);
                    while !ended && end < Decoder::REALIGN_BYTES {
                        let filled = source(&mut bytes[end..])?.min(READ_BYTES - end);
                        ended = filled == 0;
                        end += filled;
                    }
                }
                if let Some(fault) = decoder.realign(&bytes[start..end]) {
                    sink.fault(&fault);
                }
            }
        }
        if start < end || step.more {
            continue;
        }
        if ended {
            if step.tags == 0 && step.fault.is_none() {
                break;
            }
            continue;
        }
        start = 0;
        end = source(&mut bytes)?.min(READ_BYTES);
        ended = end == 0;
    }
    Ok(Recording {
        header: decoder.header().copied(),
        records: decoder.records(),
        overflows: decoder.overflows(),
        markers: decoder.markers(),
        lost: decoder.lost(),
        truncated: decoder.is_truncated(),
        fatal,
    })
}

pub(super) const READ_BYTES: usize = 64 << 10;
pub(super) const TAGS: usize = READ_BYTES / 4;
