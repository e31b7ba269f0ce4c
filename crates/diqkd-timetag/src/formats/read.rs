//! Whole recordings from a source that the caller has opened.

use alloc::vec;

use super::{Decoder, Fault, Header};

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
    read_with(Decoder::new(), source, sink)
}

/// Reads a recording as [`read_all`] does, with a decoder that the caller has made: for a format that must be named.
///
/// # Errors
/// What `source` returns; the tags before it have been delivered.
pub fn read_with<E>(
    mut decoder: Decoder,
    mut source: impl FnMut(&mut [u8]) -> Result<usize, E>,
    sink: &mut impl TagSink,
) -> Result<Recording, E> {
    let mut bytes = vec![0; READ_BYTES];
    let mut time_ps = vec![0; TAGS];
    let mut channel = vec![0; TAGS];
    let mut header_sent = false;
    let mut fatal = None;
    loop {
        let filled = source(&mut bytes)?.min(bytes.len());
        let mut used = 0;
        loop {
            let step = if filled > 0 {
                decoder.push(&bytes[used..filled], &mut time_ps, &mut channel)
            } else {
                decoder.finish(&mut time_ps, &mut channel)
            };
            used += step.consumed;
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
                }
            }
            if fatal.is_some() || (used == filled && !step.more) {
                break;
            }
        }
        if filled == 0 || fatal.is_some() {
            break;
        }
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

const READ_BYTES: usize = 64 << 10;
const TAGS: usize = READ_BYTES / 4;
