//! What one record is, whatever the format.

use super::{FaultKind, MARKER, TickLength};

/// What one record is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Item {
    /// A photon, or a marker if [`MARKER`] is set in its channel; the fault comes right after it.
    Tag { time_ps: i64, channel: u16, fault: Option<FaultKind> },
    /// A record that only moves time on, or that its device marks as invalid.
    Passing,
    /// A record that can't be used.
    Faulty(FaultKind),
}

/// What formats with one absolute or wrapping time a record carry from record to record.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Clock {
    /// Ticks of the overflows so far.
    pub(crate) base: u64,
    last_photon_ps: i64,
}

impl Clock {
    pub(crate) fn numbers(&self) -> [u64; 2] {
        [self.base, self.last_photon_ps.cast_unsigned()]
    }

    /// `false` if no records with this tick lead to these numbers.
    pub(crate) fn set_numbers(&mut self, tick: TickLength, [base, last]: [u64; 2]) -> bool {
        *self = Self { base, last_photon_ps: last.cast_signed() };
        base <= i64::MAX as u64 / 2 / tick.whole_ps.max(1)
    }

    /// A tag at a time, with a fault if it is a photon and lies before the last one.
    #[inline(always)]
    pub(crate) fn tag(&mut self, time_ps: i64, channel: u16) -> Item {
        if channel & MARKER != 0 {
            return Item::Tag { time_ps, channel, fault: None };
        }
        let previous_ps = core::mem::replace(&mut self.last_photon_ps, time_ps);
        let fault = (time_ps < previous_ps).then_some(FaultKind::TimeBackwards { previous_ps, time_ps });
        Item::Tag { time_ps, channel, fault }
    }
}
