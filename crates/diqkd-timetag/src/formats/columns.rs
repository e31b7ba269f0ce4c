//! Whole recordings in memory.

use alloc::vec;
use alloc::vec::Vec;

use super::{Decoder, Fault, ReadOptions, Recording};
use crate::backend::prefer_large;

/// All tags of a recording, in file order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TagColumns {
    /// Times, ps.
    pub time_ps: Vec<i64>,
    /// Channels, as many.
    pub channel: Vec<u16>,
    /// What was wrong, at most [`TagColumns::MAX_FAULTS`].
    pub faults: Vec<Fault>,
}

impl TagColumns {
    /// Faults that are kept; more only show in the counts of tags.
    pub const MAX_FAULTS: usize = 64;
}

/// Decodes a recording that lies in memory, into new columns: 2.5 bytes of them for each byte of 4-byte records. For
/// recordings of any length read in pieces: [`read_all`](super::read_all), or a [`Decoder`] into buffers that are used
/// again. Damage is reported and not resynchronised, whatever the options say.
///
/// ```
/// use diqkd_timetag::formats::{ReadOptions, decode_all};
///
/// let (tags, recording) = decode_all(b"0000000000040001\n0000000000080002\n", ReadOptions::default());
/// assert_eq!((&tags.time_ps[..], &tags.channel[..]), (&[1000, 2000][..], &[1, 2][..]));
/// assert_eq!(recording.records, 2);
/// ```
pub fn decode_all(bytes: &[u8], options: ReadOptions) -> (TagColumns, Recording) {
    let mut decoder = options.format.map_or_else(Decoder::new, Decoder::with_format).with_unit(options.unit);
    // No format has shorter records.
    let places = bytes.len() / 4 + 1;
    let (mut time_ps, mut channel) = (vec![0; places], vec![0; places]);
    prefer_large(&mut time_ps);
    prefer_large(&mut channel);
    let (mut faults, mut fatal) = (Vec::new(), None);
    let (mut at, mut tags) = (0, 0);
    loop {
        let ended = at == bytes.len();
        let room = (&mut time_ps[tags..], &mut channel[tags..]);
        let step =
            if ended { decoder.finish(room.0, room.1) } else { decoder.push(&bytes[at..], room.0, room.1) };
        at += step.consumed;
        tags += step.tags;
        if let Some(fault) = step.fault {
            if faults.len() < TagColumns::MAX_FAULTS {
                faults.push(fault);
            }
            fatal = Some(fault).filter(|fault| fault.kind.is_fatal());
        }
        if fatal.is_some() || (ended && !step.more) {
            break;
        }
    }
    time_ps.truncate(tags);
    channel.truncate(tags);
    let recording = Recording {
        header: decoder.header().copied(),
        records: decoder.records(),
        overflows: decoder.overflows(),
        markers: decoder.markers(),
        lost: decoder.lost(),
        truncated: decoder.is_truncated(),
        fatal,
    };
    (TagColumns { time_ps, channel, faults }, recording)
}
