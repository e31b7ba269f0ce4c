//! Finds the boundary of records again after bytes were lost or added.

use super::{Decoder, Stage};
use crate::formats::{Fault, FaultKind, MARKER};

impl Decoder {
    /// Bytes that [`Decoder::realign`] wants to see.
    pub const REALIGN_BYTES: usize = RECORDS * 24 + 24;

    /// Called after a fault: looks whether the bytes that follow, `ahead`, make sense as records from another byte on.
    /// If so, the decoder will skip the bytes before it, and the returned fault says how many.
    ///
    /// `ahead` holds the bytes that are to be pushed next, best [`Decoder::REALIGN_BYTES`] of them. It is only looked
    /// at. Among the boundaries with at most two faults in the next 64 records the one whose photons span the least time
    /// is taken, if the present one has at least eight faults more or spans sixteen times as much; a boundary from
    /// which less than half of the usual share of records are tags is none. The clock stays as the damaged records left it: where records hold
    /// wrapping times, an overflow record that was made up of two halves may have moved it (but a qcrypto card's). Text finds its next line by
    /// itself. Times of 64 bits are in order from a wrong boundary too (quTAG, NIST), so that no fault may occur that would
    /// lead here. `None` where nothing better is found, which is also the answer to a single damaged record.
    pub fn realign(&mut self, ahead: &[u8]) -> Option<Fault> {
        let size = match &self.stage {
            Stage::Records(..) => 4,
            Stage::Binary { .. } => 8,
            Stage::Fixed { layout, .. } => layout.record_bytes(),
            _ => return None,
        };
        if self.partial_len > 0 || self.head.replayed < self.head.len || self.skip > 0 {
            return None;
        }
        let window = RECORDS * size;
        if ahead.len() < LEAST_RECORDS * size + size {
            return None;
        }
        let view = |shift: usize| {
            let end = (shift + window).min(ahead.len());
            let mut decoder = self.clone();
            if let Stage::Binary { state, .. } = &mut decoder.stage {
                state.forget_damage();
            }
            decoder.view_of(&ahead[shift..end])
        };
        let present = view(0);
        let tags = self.counts.records.saturating_sub(self.counts.overflows);
        let expected = RECORDS as u64 * tags / self.counts.records.max(1);
        let (shift, found) = (1..size)
            .map(|shift| (shift, view(shift)))
            .filter(|(_, view)| view.faults <= MOST_FAULTS && 2 * view.tags >= expected)
            .min_by_key(|(_, view)| view.span_ps)?;
        let fewer = present.faults >= found.faults + CLEARLY_FEWER;
        let shorter = present.span_ps / CLEARLY_SHORTER > found.span_ps;
        if !fewer && !shorter {
            return None;
        }
        self.skip = shift;
        if let Stage::Binary { state, .. } = &mut self.stage {
            state.forget_damage();
        }
        Some(Fault { offset: self.offset, kind: FaultKind::Resynchronised { skipped: shift as u64 } })
    }

    /// What the bytes look like from this boundary.
    fn view_of(mut self, mut bytes: &[u8]) -> View {
        let (mut time_ps, mut channel) = ([0; RECORDS], [0; RECORDS]);
        let (mut faults, mut tags, mut first, mut span_ps) = (0, 0, None, 0);
        while !bytes.is_empty() {
            let step = self.push(bytes, &mut time_ps, &mut channel);
            bytes = &bytes[step.consumed..];
            tags += step.tags as u64;
            for (&time, _) in
                time_ps.iter().zip(&channel).take(step.tags).filter(|(_, channel)| **channel & MARKER == 0)
            {
                let first = *first.get_or_insert(time);
                span_ps = span_ps.max(time.abs_diff(first));
            }
            match step.fault {
                Some(fault) if fault.kind.is_fatal() => {
                    return View { faults: usize::MAX / 2, tags, span_ps: u64::MAX };
                }
                Some(_) => faults += 1,
                None if step.consumed == 0 => break,
                None => {}
            }
        }
        View { faults, tags, span_ps }
    }
}

/// How records look from a boundary: at a wrong one, bits of no weight become bits of much weight.
struct View {
    faults: usize,
    /// Photons and markers.
    tags: u64,
    /// Time that the photons span, ps.
    span_ps: u64,
}

/// Records by which a boundary is judged.
const RECORDS: usize = 64;
/// Fewer say nothing.
const LEAST_RECORDS: usize = 16;
/// The first record after the damage may seem to lie too early, and one more may be damaged.
const MOST_FAULTS: usize = 2;
/// What makes another boundary clearly better: so many faults fewer, or records that span so much less time.
const CLEARLY_FEWER: usize = 8;
const CLEARLY_SHORTER: u64 = 16;
