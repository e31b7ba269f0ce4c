//! Record kernels: 32-bit records in, times and channels out. `soft` is the portable reference; the configuration
//! `diqkd_backend="soft"` forces it.

#[cfg(all(target_arch = "x86_64", not(diqkd_backend = "soft")))]
mod avx2;
mod pages;
mod soft;

pub(crate) use pages::prefer_large;

use crate::formats::{FaultKind, RecordType, TickLength};

/// Set in the channel of a tag that is a marker; the bits below are the marker inputs that fired.
pub const MARKER: u16 = 0x8000;

/// The channel of the sync input in T2 recordings of HydraHarp and later devices: the code of its records, with the
/// special bit as bit 6. Inputs are 0 to 63.
pub const SYNC_INPUT: u16 = 0x40;

/// How the bits of a record are laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Layout {
    PicoT2,
    PicoT3,
    HydraT2,
    HydraT3,
}

/// Everything about a stream of records that does not change.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RecordFormat {
    layout: Layout,
    wrap: u64,
    /// Whether an overflow record holds the number of overflows.
    counted: bool,
    tick: TickLength,
    dtime: TickLength,
    /// Greatest overflow correction, in ticks, with which every record still has a time below 2^63 ps.
    base_limit: u64,
}

impl RecordFormat {
    /// `tick`: T2 tick or T3 sync period; `dtime`: tick of the time after a sync (T3).
    pub(crate) fn new(
        record_type: RecordType,
        tick: TickLength,
        dtime: TickLength,
    ) -> Result<Self, FaultKind> {
        let layout = match record_type {
            RecordType::PicoHarpT2 => Layout::PicoT2,
            RecordType::PicoHarpT3 => Layout::PicoT3,
            _ if record_type.is_t3() => Layout::HydraT3,
            _ => Layout::HydraT2,
        };
        let (name, longest, max_ticks) = if record_type.is_t3() {
            ("the sync period in ps", 1u64 << 40, 1u64 << 17)
        } else {
            ("the T2 tick in ps", 1 << 30, 1 << 29)
        };
        if tick.whole_ps >= longest {
            return Err(FaultKind::ImpossibleHeaderValue { name, value: tick.as_ps() });
        }
        if dtime.whole_ps >= 1 << 40 {
            let name = "the T3 resolution in ps";
            return Err(FaultKind::ImpossibleHeaderValue { name, value: dtime.as_ps() });
        }
        let latest_ps = i64::MAX as u64 - (1 << 56);
        Ok(Self {
            layout,
            wrap: u64::from(record_type.wraparound()),
            counted: !matches!(
                record_type,
                RecordType::PicoHarpT2
                    | RecordType::PicoHarpT3
                    | RecordType::HydraHarpV1T2
                    | RecordType::HydraHarpV1T3
            ),
            tick,
            dtime,
            base_limit: (latest_ps / (tick.whole_ps + u64::from(tick.fraction > 0)))
                .saturating_sub(max_ticks),
        })
    }
}

/// What a stream of records carries from one block to the next.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct RecordState {
    /// Overflow correction, ticks.
    base: u64,
    /// The last photon, ticks.
    last: u64,
}

impl RecordState {
    pub(crate) fn numbers(&self) -> [u64; 2] {
        [self.base, self.last]
    }

    /// `false` if no records lead to these numbers.
    pub(crate) fn set_numbers(&mut self, format: &RecordFormat, [base, last]: [u64; 2]) -> bool {
        *self = Self { base, last };
        let longest = match format.layout {
            Layout::PicoT2 | Layout::HydraT2 => 1 << 29,
            Layout::PicoT3 | Layout::HydraT3 => 1 << 17,
        };
        base <= format.base_limit && last <= base + longest
    }
}

/// What became of a block.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Decoded {
    /// Records consumed.
    pub(crate) records: usize,
    /// Tags written: photons and markers.
    pub(crate) tags: usize,
    /// Overflow records.
    pub(crate) overflows: u64,
    /// Markers among the tags.
    pub(crate) markers: u64,
    /// What is wrong with the last record consumed.
    pub(crate) fault: Option<FaultKind>,
}

/// Decodes records until the bytes, the room or the first fault end. `bytes` beyond a multiple of 4 are not touched.
pub(crate) fn decode(
    format: &RecordFormat,
    state: &mut RecordState,
    bytes: &[u8],
    time_ps: &mut [i64],
    channel: &mut [u16],
) -> Decoded {
    #[cfg(all(target_arch = "x86_64", not(diqkd_backend = "soft")))]
    if let Some(avx2) = avx2::Avx2::detect() {
        return avx2.decode(format, state, bytes, time_ps, channel);
    }
    soft::decode(format, state, bytes, time_ps, channel)
}
