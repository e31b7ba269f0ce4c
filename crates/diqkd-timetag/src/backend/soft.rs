//! The portable kernel.

use super::{Decoded, Layout, MARKER, RecordFormat, RecordState};
use crate::formats::FaultKind;

/// See [`super::decode`].
pub(super) fn decode(
    format: &RecordFormat,
    state: &mut RecordState,
    bytes: &[u8],
    time_ps: &mut [i64],
    channel: &mut [u16],
) -> Decoded {
    match (format.layout, format.tick.fraction | format.dtime.fraction) {
        (Layout::HydraT2, 0) => run::<HydraT2, true>(format, state, bytes, time_ps, channel),
        (Layout::HydraT2, _) => run::<HydraT2, false>(format, state, bytes, time_ps, channel),
        (Layout::HydraT3, 0) => run::<HydraT3, true>(format, state, bytes, time_ps, channel),
        (Layout::HydraT3, _) => run::<HydraT3, false>(format, state, bytes, time_ps, channel),
        (Layout::PicoT2, 0) => run::<PicoT2, true>(format, state, bytes, time_ps, channel),
        (Layout::PicoT2, _) => run::<PicoT2, false>(format, state, bytes, time_ps, channel),
        (Layout::PicoT3, 0) => run::<PicoT3, true>(format, state, bytes, time_ps, channel),
        (Layout::PicoT3, _) => run::<PicoT3, false>(format, state, bytes, time_ps, channel),
    }
}

/// Bit fields of a record.
trait Fields {
    /// Whether the record is a photon, and on which channel.
    fn photon(record: u32) -> Option<u16>;
    /// What a record that is no photon is.
    fn special(record: u32) -> Special;
    /// Ticks or sync count since the last overflow.
    fn ticks(record: u32) -> u64;
    /// Time after the sync.
    fn dtime(record: u32) -> u64;
}

enum Special {
    Overflow {
        /// 0 counts as 1.
        count: u32,
    },
    Marker {
        bits: u16,
        ticks: u64,
    },
    Unknown,
}

struct HydraT2;

impl Fields for HydraT2 {
    #[inline(always)]
    fn photon(record: u32) -> Option<u16> {
        let code = record >> 25;
        if code < 0x40 { Some(code as u16 + 1) } else { (code == 0x40).then_some(0) }
    }

    #[inline(always)]
    fn special(record: u32) -> Special {
        hydra_special(record, record & 0x01FF_FFFF, Self::ticks(record))
    }

    #[inline(always)]
    fn ticks(record: u32) -> u64 {
        u64::from(record & 0x01FF_FFFF)
    }

    #[inline(always)]
    fn dtime(_: u32) -> u64 {
        0
    }
}

struct HydraT3;

impl Fields for HydraT3 {
    #[inline(always)]
    fn photon(record: u32) -> Option<u16> {
        let code = record >> 25;
        (code < 0x40).then_some(code as u16)
    }

    #[inline(always)]
    fn special(record: u32) -> Special {
        hydra_special(record, record & 0x3FF, Self::ticks(record))
    }

    #[inline(always)]
    fn ticks(record: u32) -> u64 {
        u64::from(record & 0x3FF)
    }

    #[inline(always)]
    fn dtime(record: u32) -> u64 {
        u64::from(record >> 10 & 0x7FFF)
    }
}

#[inline(always)]
fn hydra_special(record: u32, count: u32, ticks: u64) -> Special {
    match record >> 25 & 0x3F {
        0x3F => Special::Overflow { count },
        bits @ 1..=15 => Special::Marker { bits: bits as u16, ticks },
        _ => Special::Unknown,
    }
}

struct PicoT2;

impl Fields for PicoT2 {
    #[inline(always)]
    fn photon(record: u32) -> Option<u16> {
        let code = record >> 28;
        (code != 0xF).then_some(code as u16)
    }

    #[inline(always)]
    fn special(record: u32) -> Special {
        match record & 0xF {
            0 => Special::Overflow { count: 1 },
            bits => Special::Marker { bits: bits as u16, ticks: u64::from(record & 0x0FFF_FFF0) },
        }
    }

    #[inline(always)]
    fn ticks(record: u32) -> u64 {
        u64::from(record & 0x0FFF_FFFF)
    }

    #[inline(always)]
    fn dtime(_: u32) -> u64 {
        0
    }
}

struct PicoT3;

impl Fields for PicoT3 {
    #[inline(always)]
    fn photon(record: u32) -> Option<u16> {
        PicoT2::photon(record)
    }

    #[inline(always)]
    fn special(record: u32) -> Special {
        match record >> 16 & 0xFFF {
            0 => Special::Overflow { count: 1 },
            bits => Special::Marker { bits: bits as u16, ticks: Self::ticks(record) },
        }
    }

    #[inline(always)]
    fn ticks(record: u32) -> u64 {
        u64::from(record & 0xFFFF)
    }

    #[inline(always)]
    fn dtime(record: u32) -> u64 {
        u64::from(record >> 16 & 0xFFF)
    }
}

/// Time in ps, rounded down.
#[inline(always)]
fn time<const WHOLE: bool>(format: &RecordFormat, ticks: u64, dtime: u64) -> i64 {
    if WHOLE {
        (ticks * format.tick.whole_ps + dtime * format.dtime.whole_ps) as i64
    } else {
        (format.tick.times(ticks).wrapping_add(format.dtime.times(dtime)) >> 64) as i64
    }
}

fn run<F: Fields, const WHOLE: bool>(
    format: &RecordFormat,
    state: &mut RecordState,
    bytes: &[u8],
    time_ps: &mut [i64],
    channel: &mut [u16],
) -> Decoded {
    let mut done = Decoded::default();
    let room = time_ps.len().min(channel.len());
    for word in bytes.chunks_exact(4) {
        if done.tags == room {
            break;
        }
        let record = u32::from_le_bytes([word[0], word[1], word[2], word[3]]);
        done.records += 1;
        if let Some(input) = F::photon(record) {
            let ticks = state.base + F::ticks(record);
            let at = time::<WHOLE>(format, ticks, F::dtime(record));
            time_ps[done.tags] = at;
            channel[done.tags] = input;
            done.tags += 1;
            if ticks < state.last {
                let previous_ps = time::<WHOLE>(format, state.last, 0);
                state.last = ticks;
                done.fault = Some(FaultKind::TimeBackwards { previous_ps, time_ps: at });
                break;
            }
            state.last = ticks;
            continue;
        }
        match F::special(record) {
            Special::Overflow { count } => {
                done.overflows += 1;
                let count = if format.counted { count.max(1) } else { 1 };
                state.base += u64::from(count) * format.wrap;
                if state.base > format.base_limit {
                    done.fault = Some(FaultKind::TimeOutOfRange);
                    break;
                }
            }
            Special::Marker { bits, ticks } => {
                done.markers += 1;
                time_ps[done.tags] = time::<WHOLE>(format, state.base + ticks, 0);
                channel[done.tags] = MARKER | bits;
                done.tags += 1;
            }
            Special::Unknown => {
                done.fault = Some(FaultKind::UnknownRecord { record });
                break;
            }
        }
    }
    done
}
