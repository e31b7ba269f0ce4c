//! What a decoder carries from one record to the next, so that another one can go on in the middle of a recording.

use super::{Decoder, Stage};

/// A boundary between two records and what came before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Carry {
    /// Offset in the recording of the next record, bytes.
    pub(crate) offset: u64,
    /// Records before.
    pub(crate) records: u64,
    /// The numbers of the stage; what they mean depends on the format, and those that it does not use are 0.
    pub(crate) state: [u64; STATE],
}

/// Numbers that a stage carries at most.
pub(crate) const STATE: usize = 5;

impl Decoder {
    /// Where the next record begins; `None` in the header and inside the line of a text event.
    pub(crate) fn carry(&self) -> Option<Carry> {
        if self.head.replayed < self.head.len || self.skip > 0 {
            return None;
        }
        let state = match &self.stage {
            Stage::Records(_, state) => pair(state.numbers()),
            Stage::Binary { state, .. } => state.numbers(),
            Stage::Text { text, state, .. } if text.is_between_events() => state.numbers(),
            Stage::Fixed { clock, .. } => pair(clock.numbers()),
            _ => return None,
        };
        let offset = self.offset - self.partial_len as u64;
        Some(Carry { offset, records: self.counts.records, state })
    }

    /// Whether records come next, so that the decoder can resume elsewhere.
    pub(crate) fn is_past_header(&self) -> bool {
        matches!(
            self.stage,
            Stage::Records(..) | Stage::Binary { .. } | Stage::Text { .. } | Stage::Fixed { .. }
        )
    }

    /// Goes on at a boundary: the next bytes are those from its offset on. Only for a decoder that has read the header;
    /// what it was given of the records is forgotten, counts of overflows, markers and lost tags included. `false` if no
    /// recording of the format leads to such numbers.
    pub(crate) fn resume(&mut self, carry: &Carry) -> bool {
        let [a, b, ..] = carry.state;
        let possible = match &mut self.stage {
            Stage::Records(format, state) => state.set_numbers(format, [a, b]),
            Stage::Binary { state, .. } => state.set_numbers(carry.state),
            Stage::Text { text, state, .. } => {
                *text = Default::default();
                state.set_numbers(carry.state)
            }
            Stage::Fixed { tick, clock, .. } => clock.set_numbers(*tick, [a, b]),
            _ => false,
        };
        self.head.replayed = self.head.len;
        (self.partial_len, self.skip) = (0, 0);
        self.offset = carry.offset;
        self.counts = Default::default();
        self.counts.records = carry.records;
        possible
    }
}

fn pair([a, b]: [u64; 2]) -> [u64; STATE] {
    [a, b, 0, 0, 0]
}
