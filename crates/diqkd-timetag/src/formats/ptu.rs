//! PicoQuant unified files (`.ptu`).
//!
//! Source: the vendor's documentation and readers at github.com/PicoQuant/PicoQuant-Time-Tagged-File-Format-Demos.
//! Verified against recordings: HydraHarp V2 T2, and the same record types in the older containers.
//!
//! ```text
//! header    "PQTTTR\0\0"  version (8 bytes)  tag  tag  ...  tag "Header_End"   then records of 32 bits
//! tag       name (32 bytes, NUL-padded)  index (i32)  type (u32)  value (8 bytes)  [payload of `value` bytes]
//!
//! record, bit 31 first                                        overflow       wraps at
//! HydraHarp, TimeHarp 260, MultiHarp, PicoHarp 330
//!   T2   special:1 channel:6 time:25                          channel 63     V1 33552000, others 33554432 x time
//!   T3   special:1 channel:6 dtime:15 nsync:10                channel 63     1024, others than V1 x nsync
//!        special: channel 1 to 15 marker bits; T2 channel 0 sync input; an overflow count of 0 means 1
//! PicoHarp 300
//!   T2   channel:4 time:28                                    channel 15, time & 15 = 0   210698240
//!   T3   channel:4 dtime:12 nsync:16                          channel 15, dtime = 0       65536
//!        channel 15: marker bits in time & 15 (T2, whose time then lacks its low 4 bits) or in dtime (T3)
//! ```
//! All integers are little-endian. The wraparound follows from the record type, never from the container.
//!
//! Only the header tags that fix the meaning of records are read, and no payload is kept. Tags that may be missing:
//! `TTResult_NumberOfRecords`; `MeasDesc_GlobalResolution` where the device fixes it (T2 of PicoHarp 300: 4 ps, of
//! HydraHarp: 1 ps) or where `TTResult_SyncRate` gives the sync period (T3).

use super::header::{Fields, HEADER_LIMIT, Header};
use super::{FaultKind, Format, RecordType, TickLength};

pub(crate) const MAGIC: &[u8; 8] = b"PQTTTR\0\0";
const PREAMBLE_BYTES: usize = 16;
const TAG_BYTES: usize = 48;

pub(crate) const TYPE_EMPTY: u32 = 0xFFFF_0008;
const TYPE_BOOL: u32 = 0x0000_0008;
pub(crate) const TYPE_INT: u32 = 0x1000_0008;
const TYPE_BITS: u32 = 0x1100_0008;
const TYPE_COLOUR: u32 = 0x1200_0008;
pub(crate) const TYPE_FLOAT: u32 = 0x2000_0008;
const TYPE_TIME: u32 = 0x2100_0008;
const TYPE_FLOATS: u32 = 0x2001_FFFF;
pub(crate) const TYPE_ANSI: u32 = 0x4001_FFFF;
const TYPE_WIDE: u32 = 0x4002_FFFF;
const TYPE_BLOB: u32 = 0xFFFF_FFFF;

pub(crate) const RECORD_TYPE: &str = "TTResultFormat_TTTRRecType";
pub(crate) const BITS_PER_RECORD: &str = "TTResultFormat_BitsPerRecord";
pub(crate) const GLOBAL_RESOLUTION: &str = "MeasDesc_GlobalResolution";
pub(crate) const RESOLUTION: &str = "MeasDesc_Resolution";
pub(crate) const NUMBER_OF_RECORDS: &str = "TTResult_NumberOfRecords";
pub(crate) const SYNC_RATE: &str = "TTResult_SyncRate";
pub(crate) const HEADER_END: &str = "Header_End";

/// Reads a header from pieces of any size.
#[derive(Clone, Debug)]
pub(crate) struct HeaderParser {
    item: [u8; TAG_BYTES],
    filled: usize,
    preamble_read: bool,
    skip: u64,
    read: u64,
    fields: Found,
}

#[derive(Clone, Copy, Debug, Default)]
struct Found {
    record_type: Option<u32>,
    bits_per_record: Option<i64>,
    global_resolution_s: Option<f64>,
    resolution_s: Option<f64>,
    sync_rate_hz: Option<i64>,
    records: Option<i64>,
}

/// How far a header has come.
pub(crate) enum Progress {
    /// All bytes are consumed and the header goes on.
    More,
    /// The header ended after so many of the bytes.
    Done(usize, Header),
    /// The item that starts at this offset of the recording is wrong.
    Failed(u64, FaultKind),
}

impl HeaderParser {
    pub(crate) fn new() -> Self {
        Self {
            item: [0; TAG_BYTES],
            filled: 0,
            preamble_read: false,
            skip: 0,
            read: 0,
            fields: Found::default(),
        }
    }

    pub(crate) fn push(&mut self, bytes: &[u8]) -> Progress {
        let mut at = 0;
        while at < bytes.len() {
            if self.skip > 0 {
                let step = self.skip.min((bytes.len() - at) as u64);
                self.skip -= step;
                self.read += step;
                at += step as usize;
                continue;
            }
            let size = if self.preamble_read { TAG_BYTES } else { PREAMBLE_BYTES };
            let step = (size - self.filled).min(bytes.len() - at);
            self.item[self.filled..self.filled + step].copy_from_slice(&bytes[at..at + step]);
            self.filled += step;
            at += step;
            self.read += step as u64;
            if self.filled < size {
                break;
            }
            self.filled = 0;
            if !self.preamble_read {
                self.preamble_read = true;
                if self.item[..8] != MAGIC[..] {
                    return Progress::Failed(0, FaultKind::UnknownFormat);
                }
                continue;
            }
            let tag_offset = self.read - TAG_BYTES as u64;
            match self.tag() {
                Ok(false) => {}
                Ok(true) => {
                    return match self.fields.header(self.read) {
                        Ok(header) => Progress::Done(at, header),
                        Err(kind) => Progress::Failed(tag_offset, kind),
                    };
                }
                Err(kind) => return Progress::Failed(tag_offset, kind),
            }
        }
        Progress::More
    }

    /// Interprets a complete tag; `true` at the end of the header.
    fn tag(&mut self) -> Result<bool, FaultKind> {
        let fields = Fields(&self.item);
        let (code, value) = (fields.u32(36), fields.i64(40));
        match code {
            TYPE_FLOATS | TYPE_ANSI | TYPE_WIDE | TYPE_BLOB => {
                let limit = HEADER_LIMIT.saturating_sub(self.read);
                self.skip = u64::try_from(value)
                    .ok()
                    .filter(|&length| length <= limit)
                    .ok_or(FaultKind::HeaderTagTooLong { length: value, limit })?;
            }
            TYPE_EMPTY | TYPE_BOOL | TYPE_INT | TYPE_BITS | TYPE_COLOUR | TYPE_FLOAT | TYPE_TIME => {}
            _ => return Err(FaultKind::UnknownTagType { code }),
        }
        if self.read > HEADER_LIMIT {
            return Err(FaultKind::HeaderTooLong { limit: HEADER_LIMIT });
        }
        let name = self.item[..32].split(|&byte| byte == 0).next().unwrap_or_default();
        let found = &mut self.fields;
        match (core::str::from_utf8(name).unwrap_or_default(), code) {
            (RECORD_TYPE, TYPE_INT) => found.record_type = Some(value as u32),
            (BITS_PER_RECORD, TYPE_INT) => found.bits_per_record = Some(value),
            (GLOBAL_RESOLUTION, TYPE_FLOAT) => found.global_resolution_s = Some(fields.f64(40)),
            (RESOLUTION, TYPE_FLOAT) => found.resolution_s = Some(fields.f64(40)),
            (SYNC_RATE, TYPE_INT) => found.sync_rate_hz = Some(value),
            (NUMBER_OF_RECORDS, TYPE_INT) => found.records = Some(value),
            (HEADER_END, _) => return Ok(true),
            _ => {}
        }
        Ok(false)
    }
}

impl Found {
    fn header(&self, data_offset: u64) -> Result<Header, FaultKind> {
        let code = self.record_type.ok_or(FaultKind::MissingHeaderTag { name: RECORD_TYPE })?;
        let record_type = RecordType::from_ptu_code(code).ok_or(FaultKind::UnsupportedRecordType { code })?;
        if let Some(bits) = self.bits_per_record.filter(|&bits| bits != 32) {
            return Err(FaultKind::ImpossibleHeaderValue { name: BITS_PER_RECORD, value: bits as f64 });
        }
        let dtime_tick = match (record_type.is_t3(), self.resolution_s) {
            (false, _) => None,
            (true, None) => return Err(FaultKind::MissingHeaderTag { name: RESOLUTION }),
            (true, Some(seconds)) => Some(tick(RESOLUTION, seconds)?),
        };
        Ok(Header {
            format: Format::Ptu,
            record_type,
            tick: self.tick(record_type)?,
            dtime_tick,
            promised_records: self.records.and_then(|records| u64::try_from(records).ok()),
            data_offset,
        })
    }

    fn tick(&self, record_type: RecordType) -> Result<TickLength, FaultKind> {
        if let Some(seconds) = self.global_resolution_s {
            return tick(GLOBAL_RESOLUTION, seconds);
        }
        let missing = FaultKind::MissingHeaderTag { name: GLOBAL_RESOLUTION };
        match record_type {
            RecordType::PicoHarpT2 => Ok(TickLength::whole(4)),
            RecordType::HydraHarpV1T2 | RecordType::HydraHarpV2T2 => Ok(TickLength::whole(1)),
            _ if record_type.is_t3() => self
                .sync_rate_hz
                .and_then(|rate| u64::try_from(rate).ok())
                .and_then(|rate| TickLength::ratio(1_000_000_000_000, rate))
                .ok_or(missing),
            _ => Err(missing),
        }
    }
}

fn tick(name: &'static str, seconds: f64) -> Result<TickLength, FaultKind> {
    TickLength::from_ps(seconds * 1e12).ok_or(FaultKind::ImpossibleHeaderValue { name, value: seconds })
}
