//! Ways to feed a decoder.

use diqkd_timetag::formats::{Decoder, Fault, TagSink, TagSummary, read_all};

/// Keeps everything, to compare with.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Kept {
    pub(crate) tags: Vec<(i64, u16)>,
    pub(crate) faults: Vec<Fault>,
}

impl TagSink for Kept {
    fn tags(&mut self, time_ps: &[i64], channel: &[u16]) {
        self.tags.extend(time_ps.iter().copied().zip(channel.iter().copied()));
    }

    fn fault(&mut self, fault: &Fault) {
        self.faults.push(*fault);
    }
}

/// Feeds `bytes` in pieces and with room as the two functions say.
pub(crate) fn in_pieces(
    mut decoder: Decoder,
    bytes: &[u8],
    mut piece: impl FnMut() -> usize,
    mut room: impl FnMut() -> usize,
) -> (Kept, Decoder) {
    let mut kept = Kept::default();
    let (mut time_ps, mut channel) = (vec![0; 64], vec![0; 64]);
    let mut at = 0;
    loop {
        let end = (at + piece()).min(bytes.len());
        let places = room();
        let finishing = at == bytes.len();
        let step = if finishing {
            decoder.finish(&mut time_ps[..places], &mut channel[..places])
        } else {
            decoder.push(&bytes[at..end], &mut time_ps[..places], &mut channel[..places])
        };
        at += step.consumed;
        kept.tags.extend(time_ps[..step.tags].iter().copied().zip(channel[..step.tags].iter().copied()));
        kept.faults.extend(step.fault);
        if step.fault.is_some_and(|fault| fault.kind.is_fatal()) || (finishing && !step.more) {
            return (kept, decoder);
        }
    }
}

pub(crate) fn summary(bytes: &[u8]) -> TagSummary {
    let mut rest = bytes;
    let mut summary = TagSummary::default();
    let source = |buffer: &mut [u8]| std::io::Read::read(&mut rest, buffer);
    let recording = read_all(source, &mut summary).unwrap();
    summary.complete(&recording);
    summary
}

pub(crate) fn whole(bytes: &[u8]) -> Kept {
    let mut rest = bytes;
    let mut kept = Kept::default();
    let _ = read_all(|buffer: &mut [u8]| std::io::Read::read(&mut rest, buffer), &mut kept).unwrap();
    kept
}
