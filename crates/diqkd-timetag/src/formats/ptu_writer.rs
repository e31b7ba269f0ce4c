//! Writes PTU files with HydraHarp V2 T2 records.

use alloc::vec::Vec;

use super::{MARKER, RecordType, ptu};

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
    /// The record has 6 bits of channel code and 4 marker inputs.
    #[error("channel {channel} does not exist; expected 0 (sync), 1 to 64, or MARKER plus 1 to 15")]
    NoSuchChannel {
        /// The channel.
        channel: u16,
    },
}

const WRAP: u64 = 1 << 25;
const MAX_COUNT: u64 = WRAP - 1;

impl PtuWriter {
    /// Appends the header to `out`. `records` (photons, markers and overflows) is what
    /// `TTResult_NumberOfRecords` will say; without it the tag is left out, which readers must accept.
    pub fn new(records: Option<u64>, out: &mut Vec<u8>) -> Self {
        out.extend_from_slice(ptu::MAGIC);
        out.extend_from_slice(b"1.0.00\0\0");
        let record_type = i64::from(RecordType::HydraHarpV2T2.ptu_code().unwrap_or_default());
        tag(out, "CreatorSW_Name", ptu::TYPE_ANSI, 8u64.to_le_bytes());
        out.extend_from_slice(b"diqkd\0\0\0");
        tag(out, ptu::RECORD_TYPE, ptu::TYPE_INT, record_type.to_le_bytes());
        tag(out, ptu::BITS_PER_RECORD, ptu::TYPE_INT, 32i64.to_le_bytes());
        tag(out, ptu::RESOLUTION, ptu::TYPE_FLOAT, 1e-12f64.to_le_bytes());
        tag(out, ptu::GLOBAL_RESOLUTION, ptu::TYPE_FLOAT, 1e-12f64.to_le_bytes());
        if let Some(records) = records {
            tag(out, ptu::NUMBER_OF_RECORDS, ptu::TYPE_INT, records.to_le_bytes());
        }
        tag(out, ptu::HEADER_END, ptu::TYPE_EMPTY, [0; 8]);
        Self { base: 0, last: 0 }
    }

    /// Appends a tag, after the overflow records that its time needs. Channels as a HydraHarp T2 reader numbers them:
    /// 0 is the sync input, 1 to 64 are input channels, [`MARKER`] plus 1 to 15 are markers.
    ///
    /// # Errors
    /// [`PtuWriteError`] if the tag has no such record; nothing is appended.
    pub fn push(&mut self, time_ps: i64, channel: u16, out: &mut Vec<u8>) -> Result<(), PtuWriteError> {
        let code = match channel {
            0 => 0x40,
            1..=64 => u32::from(channel) - 1,
            _ if channel & MARKER != 0 && (1..=15).contains(&(channel & !MARKER)) => {
                0x40 | u32::from(channel & !MARKER)
            }
            _ => return Err(PtuWriteError::NoSuchChannel { channel }),
        };
        let time = u64::try_from(time_ps)
            .ok()
            .filter(|&time| time >= self.last)
            .ok_or(PtuWriteError::OutOfOrder { previous_ps: self.last as i64, time_ps })?;
        let mut overflows = (time - self.base) / WRAP;
        while overflows > 0 {
            let count = overflows.min(MAX_COUNT);
            record(out, 0x7F, count as u32);
            self.base += count * WRAP;
            overflows -= count;
        }
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
