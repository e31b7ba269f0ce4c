//! What a header says about the records after it.

use crate::backend::RecordFormat;

use super::{FaultKind, Format, RecordType, TickLength};

/// What times are given in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum TimeUnit {
    /// Picoseconds, rounded down.
    #[default]
    Picoseconds,
    /// Ticks as they stand in the records, with wraparounds undone and nothing rounded: of the length
    /// [`Header::tick`]. For T3 the number of the sync, shifted left by [`DTIME_BITS`], plus the time after it in units
    /// of [`Header::dtime_tick`].
    Ticks,
}

/// Bits of the time after a sync in the ticks of a T3 recording.
pub const DTIME_BITS: u32 = 15;

/// What time 0 is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Epoch {
    /// The start of the recording.
    RecordingStart,
    /// What the clock of the device was set to: it was switched on then, or it counts from midnight or 1970. The same
    /// in all recordings until it is set again.
    DeviceClock,
}

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

    /// The same with ticks for times; see [`TimeUnit::Ticks`].
    pub(crate) fn tick_format(&self) -> Result<RecordFormat, FaultKind> {
        let t3 = self.record_type.is_t3();
        let tick = TickLength::whole(if t3 { 1 << DTIME_BITS } else { 1 });
        RecordFormat::new(self.record_type, tick, TickLength::whole(u64::from(t3)))
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
