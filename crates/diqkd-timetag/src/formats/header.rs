//! What a header says about the records after it.

use crate::backend::RecordFormat;

use super::{FaultKind, Format, RecordType, TickLength};

/// What a header says about the records after it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Header {
    /// The container.
    pub format: Format,
    /// The meaning of a record.
    pub record_type: RecordType,
    /// The tick of a T2 or timestamp-card record; the sync period of a T3 record.
    pub tick: TickLength,
    /// The tick of the time after a sync, for T3.
    pub dtime_tick: Option<TickLength>,
    /// Number of records that the header promises; files exist in which it is wrong.
    pub promised_records: Option<u64>,
    /// Offset in bytes of the first record.
    pub data_offset: u64,
}

impl Header {
    /// The resolution of a photon's time in ps: the tick, or for T3 the tick of the time after a sync.
    pub fn resolution_ps(&self) -> f64 {
        self.dtime_tick.unwrap_or(self.tick).as_ps()
    }

    pub(crate) fn record_format(&self) -> Result<RecordFormat, FaultKind> {
        RecordFormat::new(self.record_type, self.tick, self.dtime_tick.unwrap_or(TickLength::whole(0)))
    }
}

/// Greatest header that is accepted, in bytes. Headers with embedded waveforms and comments reach a few MiB.
pub(crate) const HEADER_LIMIT: u64 = 64 << 20;

/// Little-endian fields at fixed places of a buffer that is long enough by construction; 0 beyond its end.
pub(crate) struct Fields<'a>(pub(crate) &'a [u8]);

impl Fields<'_> {
    fn bytes<const N: usize>(&self, at: usize) -> [u8; N] {
        let mut bytes = [0; N];
        if let Some(found) = self.0.get(at..at + N) {
            bytes.copy_from_slice(found);
        }
        bytes
    }

    pub(crate) fn u16(&self, at: usize) -> u16 {
        u16::from_le_bytes(self.bytes(at))
    }

    pub(crate) fn u32(&self, at: usize) -> u32 {
        u32::from_le_bytes(self.bytes(at))
    }

    pub(crate) fn i64(&self, at: usize) -> i64 {
        i64::from_le_bytes(self.bytes(at))
    }

    pub(crate) fn u64(&self, at: usize) -> u64 {
        u64::from_le_bytes(self.bytes(at))
    }

    pub(crate) fn f32(&self, at: usize) -> f32 {
        f32::from_le_bytes(self.bytes(at))
    }

    pub(crate) fn f64(&self, at: usize) -> f64 {
        f64::from_le_bytes(self.bytes(at))
    }
}
