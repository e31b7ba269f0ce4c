//! Writes PTU files with HydraHarp V2 records, T2 and T3.

use alloc::vec::Vec;

use super::{MARKER, RecordType, SYNC_INPUT, TickLength, ptu};

/// Writes a HydraHarp V2 T2 recording, 1 ps ticks, into a buffer of the caller.
///
/// The writer only appends to a `Vec` that the caller writes out and clears; it holds 16 bytes.
///
/// ```
/// use diqkd_timetag::formats::{PtuWriter, TagSummary, read_all};
///
/// let mut file = Vec::new();
/// let mut writer = PtuWriter::new(None, &mut file);
/// writer.push(1_000, 0, &mut file)?;
/// writer.push(40_000_000, 2, &mut file)?;
///
/// let mut rest = &file[..];
/// let mut summary = TagSummary::default();
/// let recording = read_all(|buffer| std::io::Read::read(&mut rest, buffer), &mut summary)?;
/// summary.complete(&recording);
/// assert_eq!((summary.records, summary.overflows, summary.sum_ps_mod_2_64), (3, 1, 40_001_000));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct PtuWriter {
    base: u64,
    last: u64,
}

/// Why a tag could not be written. Nothing was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PtuWriteError {
    /// T2 recordings are in time order.
    #[error(
        "tag at {time_ps} ps lies before the last one at {previous_ps} ps; write tags in time order from 0 on"
    )]
    OutOfOrder {
        /// The last time, ps.
        previous_ps: i64,
        /// This time, ps.
        time_ps: i64,
    },
    /// A T3 record has 15 bits for the time after a sync.
    #[error(
        "a sync period of {period_ps} ps at a resolution of {resolution_ps} ps can't be written; expected 1 ps to 1 s, \
         at most 2^15 units of the resolution"
    )]
    Resolution {
        /// The sync period, ps.
        period_ps: u64,
        /// The resolution, ps.
        resolution_ps: u64,
    },
    /// The record has 6 bits of channel code and 4 marker inputs.
    #[error("channel {channel} does not exist; expected 0 to 63, in T2 64 (sync), or MARKER plus 1 to 15")]
    NoSuchChannel {
        /// The channel.
        channel: u16,
    },
}

const WRAP: u64 = 1 << 25;

impl PtuWriter {
    /// Appends the header to `out`. `records` (photons, markers and overflows) is what
    /// `TTResult_NumberOfRecords` will say; without it the tag is left out, which readers must accept.
    pub fn new(records: Option<u64>, out: &mut Vec<u8>) -> Self {
        let picosecond = TickLength::whole(1);
        header(RecordType::HydraHarpV2T2, picosecond, picosecond, records, out);
        Self { base: 0, last: 0 }
    }

    /// Appends a tag, after the overflow records that its time needs. Channels as the reader numbers them: 0 to 63 are
    /// inputs, [`SYNC_INPUT`] is the sync input, [`MARKER`] plus 1 to 15 are markers.
    ///
    /// # Errors
    /// [`PtuWriteError`] if the tag has no such record; nothing is appended.
    pub fn push(&mut self, time_ps: i64, channel: u16, out: &mut Vec<u8>) -> Result<(), PtuWriteError> {
        let code = match channel {
            0..=SYNC_INPUT => u32::from(channel),
            _ => marker_code(channel)?,
        };
        let time = u64::try_from(time_ps)
            .ok()
            .filter(|&time| time >= self.last)
            .ok_or(PtuWriteError::OutOfOrder { previous_ps: self.last as i64, time_ps })?;
        overflow_records(time - self.base, WRAP, out);
        self.base = time - time % WRAP;
        record(out, code, (time - self.base) as u32);
        self.last = time;
        Ok(())
    }

    /// Appends tags in order; see [`PtuWriter::push`].
    ///
    /// # Errors
    /// [`PtuWriteError`] at the first tag that cannot be written; those before it have been appended.
    pub fn extend(
        &mut self,
        time_ps: &[i64],
        channel: &[u16],
        out: &mut Vec<u8>,
    ) -> Result<(), PtuWriteError> {
        time_ps.iter().zip(channel).try_for_each(|(&time_ps, &channel)| self.push(time_ps, channel, out))
    }
}

/// Writes a HydraHarp V2 T3 recording into a buffer of the caller: a time is kept as a number of sync periods and the
/// time after the last sync.
///
/// ```
/// use diqkd_timetag::formats::{PtuT3Writer, TagSummary, read_all};
///
/// let mut file = Vec::new();
/// // Sync pulses at 80 MHz, a resolution of 4 ps.
/// let mut writer = PtuT3Writer::new(12_500, 4, None, &mut file)?;
/// writer.push(1_003, 0, &mut file)?;
/// writer.push(40_000_000, 2, &mut file)?;
///
/// let mut rest = &file[..];
/// let mut summary = TagSummary::default();
/// let recording = read_all(|buffer| std::io::Read::read(&mut rest, buffer), &mut summary)?;
/// summary.complete(&recording);
/// assert_eq!((summary.records, summary.first_ps, summary.last_ps), (3, Some(1_000), Some(40_000_000)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct PtuT3Writer {
    period_ps: u64,
    resolution_ps: u64,
    /// Sync periods of the overflows so far.
    base: u64,
    last: u64,
}

const T3_WRAP: u64 = 1 << 10;
const T3_DTIMES: u64 = 1 << 15;

impl PtuT3Writer {
    /// Appends the header to `out`. `period_ps`: time between sync pulses; `resolution_ps`: unit of the time after a
    /// sync; `records` as in [`PtuWriter::new`].
    ///
    /// # Errors
    /// [`PtuWriteError::Resolution`] if a period is 0 or longer than 2^15 units of the resolution.
    pub fn new(
        period_ps: u64,
        resolution_ps: u64,
        records: Option<u64>,
        out: &mut Vec<u8>,
    ) -> Result<Self, PtuWriteError> {
        let fits = resolution_ps > 0 && (1..1 << 40).contains(&period_ps);
        if !fits || (period_ps - 1) / resolution_ps >= T3_DTIMES {
            return Err(PtuWriteError::Resolution { period_ps, resolution_ps });
        }
        let (period, resolution) = (TickLength::whole(period_ps), TickLength::whole(resolution_ps));
        header(RecordType::HydraHarpV2T3, period, resolution, records, out);
        Ok(Self { period_ps, resolution_ps, base: 0, last: 0 })
    }

    /// Appends a tag, after the overflow records that its time needs. The time of a photon is rounded down to the
    /// resolution, that of a marker to a sync period. Channels: 0 to 63 are inputs, [`MARKER`] plus 1 to 15 markers.
    ///
    /// # Errors
    /// [`PtuWriteError`] if the tag has no such record; nothing is appended.
    pub fn push(&mut self, time_ps: i64, channel: u16, out: &mut Vec<u8>) -> Result<(), PtuWriteError> {
        let marker = channel & MARKER != 0;
        let code = if channel < SYNC_INPUT { u32::from(channel) } else { marker_code(channel)? };
        let time = u64::try_from(time_ps)
            .ok()
            .filter(|&time| time >= self.last)
            .ok_or(PtuWriteError::OutOfOrder { previous_ps: self.last as i64, time_ps })?;
        let (nsync, after_ps) = (time / self.period_ps, time % self.period_ps);
        overflow_records(nsync - self.base, T3_WRAP, out);
        self.base = nsync - nsync % T3_WRAP;
        let dtime = if marker { 0 } else { after_ps / self.resolution_ps };
        record(out, code, (dtime << 10 | (nsync - self.base)) as u32);
        self.last = time;
        Ok(())
    }
}

/// Overflow records for so many ticks, without the rest of them.
fn overflow_records(ticks: u64, wrap: u64, out: &mut Vec<u8>) {
    let mut overflows = ticks / wrap;
    while overflows > 0 {
        let count = overflows.min(wrap - 1);
        record(out, 0x7F, count as u32);
        overflows -= count;
    }
}

fn marker_code(channel: u16) -> Result<u32, PtuWriteError> {
    match channel ^ MARKER {
        bits @ 1..=15 => Ok(0x40 | u32::from(bits)),
        _ => Err(PtuWriteError::NoSuchChannel { channel }),
    }
}

fn header(
    record_type: RecordType,
    tick: TickLength,
    resolution: TickLength,
    records: Option<u64>,
    out: &mut Vec<u8>,
) {
    out.extend_from_slice(ptu::MAGIC);
    out.extend_from_slice(b"1.0.00\0\0");
    let seconds = |tick: TickLength| (tick.as_ps() / 1e12).to_le_bytes();
    tag(out, "CreatorSW_Name", ptu::TYPE_ANSI, 8u64.to_le_bytes());
    out.extend_from_slice(b"diqkd\0\0\0");
    let mode: i64 = if record_type.is_t3() { 3 } else { 2 };
    tag(out, "Measurement_Mode", ptu::TYPE_INT, mode.to_le_bytes());
    tag(out, "Measurement_SubMode", ptu::TYPE_INT, 0i64.to_le_bytes());
    let code = i64::from(record_type.ptu_code().unwrap_or_default());
    tag(out, ptu::RECORD_TYPE, ptu::TYPE_INT, code.to_le_bytes());
    tag(out, ptu::BITS_PER_RECORD, ptu::TYPE_INT, 32i64.to_le_bytes());
    tag(out, ptu::RESOLUTION, ptu::TYPE_FLOAT, seconds(resolution));
    tag(out, ptu::GLOBAL_RESOLUTION, ptu::TYPE_FLOAT, seconds(tick));
    if record_type.is_t3() {
        let rate = libm::round(1e12 / tick.as_ps()) as i64;
        tag(out, ptu::SYNC_RATE, ptu::TYPE_INT, rate.to_le_bytes());
    }
    if let Some(records) = records {
        tag(out, ptu::NUMBER_OF_RECORDS, ptu::TYPE_INT, records.to_le_bytes());
    }
    tag(out, ptu::HEADER_END, ptu::TYPE_EMPTY, [0; 8]);
}

fn tag(out: &mut Vec<u8>, name: &str, code: u32, value: [u8; 8]) {
    let mut field = [0; 32];
    field[..name.len()].copy_from_slice(name.as_bytes());
    out.extend_from_slice(&field);
    out.extend_from_slice(&(-1i32).to_le_bytes());
    out.extend_from_slice(&code.to_le_bytes());
    out.extend_from_slice(&value);
}

fn record(out: &mut Vec<u8>, code: u32, time: u32) {
    out.extend_from_slice(&(code << 25 | time).to_le_bytes());
}
