//! Feeds a decoder in pieces; shared by the targets.

use diqkd_timetag::formats::{Decoder, Fault};

/// What a decoder delivered.
#[derive(Debug)]
pub struct Delivered {
    pub tags: Vec<(i64, u16)>,
    pub faults: Vec<Fault>,
    pub counts: [u64; 3],
    pub truncated: bool,
}

impl Delivered {
    /// A header may hold a NaN, which its fault repeats: faults are compared as they print.
    pub fn assert_same(&self, other: &Self) {
        assert_eq!(format!("{:?}", self.faults), format!("{:?}", other.faults));
        assert_eq!(self.tags, other.tags);
        assert_eq!((self.counts, self.truncated), (other.counts, other.truncated));
    }
}

/// Decodes `bytes` in pieces of `piece` bytes with room for `room` tags.
pub fn decode(mut decoder: Decoder, bytes: &[u8], piece: usize, room: usize) -> Delivered {
    let (mut time_ps, mut channel) = (vec![0; room], vec![0; room]);
    let (mut tags, mut faults) = (Vec::new(), Vec::new());
    let mut at = 0;
    loop {
        let finishing = at == bytes.len();
        let end = (at + piece).min(bytes.len());
        let step = if finishing {
            decoder.finish(&mut time_ps, &mut channel)
        } else {
            decoder.push(&bytes[at..end], &mut time_ps, &mut channel)
        };
        at += step.consumed;
        tags.extend(time_ps[..step.tags].iter().copied().zip(channel[..step.tags].iter().copied()));
        faults.extend(step.fault);
        if step.fault.is_some_and(|fault| fault.kind.is_fatal()) || (finishing && !step.more) {
            break;
        }
    }
    let counts = [decoder.records(), decoder.overflows(), decoder.markers()];
    Delivered { tags, faults, counts, truncated: decoder.is_truncated() }
}
