//! The containers before the unified file: HydraHarp `.ht2` and `.ht3` (versions 1.0 and 2.0), PicoHarp 300 `.pt2`
//! and `.pt3` (version 2.0). Records are those of [`ptu`](super::ptu).
//!
//! Source: the structures of libpicoquant (T. Bischof, BSD licence), checked against recordings for HT2 and HT3 of
//! both versions; PT2 and PT3 follow the documentation alone.
//!
//! ```text
//! offset  both
//!      0  identity (16)  version (6)  creator (18)  creator version (12)  time (18)  CR LF (2)  comment (256)
//!    328  curves  bits per record  ...
//! offset  HydraHarp                                     offset  PicoHarp
//!    340  mode (2 = T2, 3 = T3)                            348  mode
//!    352  resolution in ps (f64): the T2 tick              584  resolution in ns (f32): the T3 dtime tick
//!         (0.5 in version 1.0), the T3 dtime tick          704  sync rate in Hz
//!    664  inputs present n (i32)                           720  records (i32)
//!    696  n inputs (16 each)  n rates (4 each)             724  words of image header m
//!    +0   sync rate in Hz (i32)                            728  m words, then records
//!    +12  words of image header m (i32)
//!    +16  records (u64)
//!    +24  m words, then records
//! ```

use super::header::{Fields, HEADER_LIMIT, Header};
use super::ptu::Progress;
use super::{FaultKind, Format, RecordType, TickLength};

pub(crate) const HYDRAHARP: &[u8; 16] = b"HydraHarp\0\0\0\0\0\0\0";
pub(crate) const PICOHARP: &[u8; 16] = b"PicoHarp 300\0\0\0\0";

const HYDRA_INPUTS_END: usize = 696;
const HYDRA_MAX_INPUTS: usize = 64;
const PICO_HEADER: usize = 728;
const MAX_BYTES: usize = HYDRA_INPUTS_END + 20 * HYDRA_MAX_INPUTS + 24;

/// Offset of the measurement mode, by which T2 and T3 files are told apart.
pub(crate) const HYDRA_MODE: usize = 340;
pub(crate) const PICO_MODE: usize = 348;

/// Reads a header from pieces of any size.
#[derive(Clone, Debug)]
pub(crate) struct HeaderParser {
    bytes: [u8; MAX_BYTES],
    filled: usize,
    skip: u64,
    header: Option<Header>,
}

impl HeaderParser {
    pub(crate) fn new() -> Self {
        Self { bytes: [0; MAX_BYTES], filled: 0, skip: 0, header: None }
    }

    pub(crate) fn push(&mut self, bytes: &[u8]) -> Progress {
        let mut at = 0;
        loop {
            if let Some(header) = self.header {
                let step = self.skip.min((bytes.len() - at) as u64);
                self.skip -= step;
                at += step as usize;
                return if self.skip == 0 { Progress::Done(at, header) } else { Progress::More };
            }
            let need = match self.length() {
                Ok(need) => need,
                Err((offset, kind)) => return Progress::Failed(offset, kind),
            };
            let step = (need - self.filled).min(bytes.len() - at);
            self.bytes[self.filled..self.filled + step].copy_from_slice(&bytes[at..at + step]);
            self.filled += step;
            at += step;
            if self.filled < need {
                return Progress::More;
            }
            if need == self.length().unwrap_or(need) {
                match self.interpret() {
                    Ok((header, skip)) => {
                        self.header = Some(header);
                        self.skip = skip;
                    }
                    Err((offset, kind)) => return Progress::Failed(offset, kind),
                }
            }
        }
    }

    fn is_hydraharp(&self) -> bool {
        self.bytes[..16] == HYDRAHARP[..]
    }

    /// Bytes up to the image header, as far as the bytes so far tell.
    fn length(&self) -> Result<usize, (u64, FaultKind)> {
        if self.filled < 16 {
            return Ok(16);
        }
        if !self.is_hydraharp() {
            return Ok(PICO_HEADER);
        }
        if self.filled < HYDRA_INPUTS_END {
            return Ok(HYDRA_INPUTS_END);
        }
        let inputs = Fields(&self.bytes).u32(664);
        if inputs as usize > HYDRA_MAX_INPUTS {
            let value = f64::from(inputs);
            return Err((664, FaultKind::ImpossibleHeaderValue { name: "the number of inputs", value }));
        }
        Ok(HYDRA_INPUTS_END + 20 * inputs as usize + 24)
    }

    /// The header, and the bytes of image header to skip.
    fn interpret(&self) -> Result<(Header, u64), (u64, FaultKind)> {
        let fields = Fields(&self.bytes);
        let hydra = self.is_hydraharp();
        if !hydra && self.bytes[..16] != PICOHARP[..] {
            return Err((0, FaultKind::UnknownFormat));
        }
        let impossible = |offset, name, value| (offset, FaultKind::ImpossibleHeaderValue { name, value });
        let bits = fields.u32(332);
        if bits != 32 {
            return Err(impossible(332, "bits per record", f64::from(bits)));
        }
        let mode_offset = if hydra { HYDRA_MODE } else { PICO_MODE };
        let version_1 = hydra && self.bytes[16..19] == b"1.0"[..];
        let (format, record_type) = match (hydra, fields.u32(mode_offset)) {
            (true, 2) if version_1 => (Format::Ht2, RecordType::HydraHarpV1T2),
            (true, 2) => (Format::Ht2, RecordType::HydraHarpV2T2),
            (true, 3) if version_1 => (Format::Ht3, RecordType::HydraHarpV1T3),
            (true, 3) => (Format::Ht3, RecordType::HydraHarpV2T3),
            (false, 2) => (Format::Pt2, RecordType::PicoHarpT2),
            (false, 3) => (Format::Pt3, RecordType::PicoHarpT3),
            (_, code) => return Err((mode_offset as u64, FaultKind::UnsupportedRecordType { code })),
        };
        let (resolution_offset, resolution_ps) =
            if hydra { (352, fields.f64(352)) } else { (584, f64::from(fields.f32(584)) * 1e3) };
        let resolution = if record_type == RecordType::PicoHarpT2 {
            TickLength::whole(4)
        } else {
            TickLength::from_ps(resolution_ps).ok_or(impossible(
                resolution_offset,
                "the resolution in ps",
                resolution_ps,
            ))?
        };
        let tail = self.filled - 24;
        let rate_offset = if hydra { tail } else { 704 };
        let rate = fields.u32(rate_offset);
        let (tick, dtime_tick) = if record_type.is_t3() {
            let period = TickLength::ratio(1_000_000_000_000, u64::from(rate));
            let period = period.ok_or(impossible(rate_offset as u64, "the sync rate in Hz", 0.0))?;
            (period, Some(resolution))
        } else {
            (resolution, None)
        };
        let (image_offset, records) =
            if hydra { (tail + 12, fields.u64(tail + 16)) } else { (724, u64::from(fields.u32(720))) };
        let image_bytes = 4 * u64::from(fields.u32(image_offset));
        if image_bytes > HEADER_LIMIT {
            let length = image_bytes as i64;
            let kind = FaultKind::HeaderTagTooLong { length, limit: HEADER_LIMIT };
            return Err((image_offset as u64, kind));
        }
        let header = Header {
            format,
            record_type,
            tick,
            dtime_tick,
            promised_records: Some(records),
            data_offset: self.filled as u64 + image_bytes,
        };
        Ok((header, image_bytes))
    }
}
