//! The portable kernel.

use core::hint::select_unpredictable;

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
    /// Whether the record is a photon.
    fn is_photon(record: u32) -> bool;
    /// Whether the record is neither a photon nor an overflow; one comparison, so that no branch tells those apart.
    fn is_unusual(record: u32) -> bool;
    /// Whether an unusual record is a marker.
    fn is_marker(record: u32) -> bool;
    /// Channel of a photon.
    fn input(record: u32) -> u16;
    /// Marker inputs of a marker.
    fn marker(record: u32) -> u16;
    /// Ticks or sync count since the last overflow; the number of overflows in an overflow record.
    fn ticks(record: u32) -> u64;
    /// Ticks of a marker.
    fn marker_ticks(record: u32) -> u64 {
        Self::ticks(record)
    }
    /// Time after the sync.
    fn dtime(record: u32) -> u64;
}

/// Codes 1 to 15 of a special record of the HydraHarp family.
#[inline(always)]
fn is_hydra_marker(record: u32) -> bool {
    (0x41..=0x4F).contains(&(record >> 25))
}

struct HydraT2;

impl Fields for HydraT2 {
    #[inline(always)]
    fn is_photon(record: u32) -> bool {
        record >> 25 <= 0x40
    }

    #[inline(always)]
    fn is_unusual(record: u32) -> bool {
        (0x41..0x7F).contains(&(record >> 25))
    }

    #[inline(always)]
    fn is_marker(record: u32) -> bool {
        is_hydra_marker(record)
    }

    #[inline(always)]
    fn input(record: u32) -> u16 {
        (record >> 25) as u16
    }

    #[inline(always)]
    fn marker(record: u32) -> u16 {
        (record >> 25 & 0xF) as u16
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
    fn is_photon(record: u32) -> bool {
        record >> 25 < 0x40
    }

    #[inline(always)]
    fn is_unusual(record: u32) -> bool {
        (0x40..0x7F).contains(&(record >> 25))
    }

    #[inline(always)]
    fn is_marker(record: u32) -> bool {
        is_hydra_marker(record)
    }

    #[inline(always)]
    fn input(record: u32) -> u16 {
        (record >> 25) as u16
    }

    #[inline(always)]
    fn marker(record: u32) -> u16 {
        HydraT2::marker(record)
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

struct PicoT2;

impl Fields for PicoT2 {
    #[inline(always)]
    fn is_photon(record: u32) -> bool {
        record >> 28 != 0xF
    }

    #[inline(always)]
    fn is_unusual(record: u32) -> bool {
        (record >> 28 == 0xF) & (record & 0xF != 0)
    }

    #[inline(always)]
    fn is_marker(_: u32) -> bool {
        true
    }

    #[inline(always)]
    fn input(record: u32) -> u16 {
        (record >> 28) as u16
    }

    #[inline(always)]
    fn marker(record: u32) -> u16 {
        (record & 0xF) as u16
    }

    #[inline(always)]
    fn ticks(record: u32) -> u64 {
        u64::from(record & 0x0FFF_FFFF)
    }

    #[inline(always)]
    fn marker_ticks(record: u32) -> u64 {
        u64::from(record & 0x0FFF_FFF0)
    }

    #[inline(always)]
    fn dtime(_: u32) -> u64 {
        0
    }
}

struct PicoT3;

impl Fields for PicoT3 {
    #[inline(always)]
    fn is_photon(record: u32) -> bool {
        record >> 28 != 0xF
    }

    #[inline(always)]
    fn is_unusual(record: u32) -> bool {
        record >> 16 > 0xF000
    }

    #[inline(always)]
    fn is_marker(_: u32) -> bool {
        true
    }

    #[inline(always)]
    fn input(record: u32) -> u16 {
        (record >> 28) as u16
    }

    #[inline(always)]
    fn marker(record: u32) -> u16 {
        (record >> 16 & 0xFFF) as u16
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

/// Photons and overflows take the same path without a branch between them: their order is random.
fn run<F: Fields, const WHOLE: bool>(
    format: &RecordFormat,
    state: &mut RecordState,
    bytes: &[u8],
    time_ps: &mut [i64],
    channel: &mut [u16],
) -> Decoded {
    let room = time_ps.len().min(channel.len());
    let (time_ps, channel) = (&mut time_ps[..room], &mut channel[..room]);
    let RecordState { mut base, mut last } = *state;
    let (mut records, mut tags, mut overflows, mut markers) = (0, 0, 0, 0);
    let mut fault = None;
    for word in bytes.as_chunks::<4>().0 {
        if tags == room {
            break;
        }
        let record = u32::from_le_bytes(*word);
        records += 1;
        if F::is_unusual(record) {
            if !F::is_marker(record) {
                fault = Some(FaultKind::UnknownRecord { record });
                break;
            }
            time_ps[tags] = time::<WHOLE>(format, base + F::marker_ticks(record), 0);
            channel[tags] = MARKER | F::marker(record);
            tags += 1;
            markers += 1;
            continue;
        }
        let photon = F::is_photon(record);
        let ticks = base + F::ticks(record);
        let at = time::<WHOLE>(format, ticks, F::dtime(record));
        // Not kept where the record is an overflow: the next tag is written to the same place.
        time_ps[tags] = at;
        channel[tags] = F::input(record);
        let count = if format.counted { F::ticks(record).max(1) } else { 1 };
        base += select_unpredictable(photon, 0, count * format.wrap);
        tags += usize::from(photon);
        overflows += u64::from(!photon);
        let previous = last;
        last = select_unpredictable(photon, ticks, last);
        if last < previous {
            let previous_ps = time::<WHOLE>(format, previous, 0);
            fault = Some(FaultKind::TimeBackwards { previous_ps, time_ps: at });
            break;
        }
        if base > format.base_limit {
            fault = Some(FaultKind::TimeOutOfRange);
            break;
        }
    }
    *state = RecordState { base, last };
    Decoded { records, tags, overflows, markers, fault }
}

#[cfg(test)]
mod tests {
    use super::super::*;
    use rand::{Rng, RngExt, SeedableRng, rngs::StdRng};
    use std::vec;

    /// The kernel that is used against the portable one, tag by tag and state by state.
    #[test]
    fn the_fast_kernel_agrees() {
        let mut rng = StdRng::seed_from_u64(11);
        for record_type in [
            RecordType::PicoHarpT2,
            RecordType::PicoHarpT3,
            RecordType::HydraHarpV1T2,
            RecordType::HydraHarpV1T3,
            RecordType::HydraHarpV2T2,
            RecordType::HydraHarpV2T3,
        ] {
            for (tick, dtime) in [
                (TickLength::whole(1), TickLength::whole(1)),
                (TickLength::whole(12_500), TickLength::whole(32)),
                (TickLength { whole_ps: 12_500, fraction: u64::MAX / 3 }, TickLength::whole(8)),
                (
                    TickLength { whole_ps: 0, fraction: 1 << 63 },
                    TickLength { whole_ps: 0, fraction: 1 << 63 },
                ),
                (TickLength::whole((1 << 30) - 1), TickLength::whole((1 << 40) - 1)),
            ] {
                let format = RecordFormat::new(record_type, tick, dtime).unwrap();
                for special in [0u32, 1, 2, 8] {
                    compare(&format, special, &mut rng);
                }
            }
        }
    }

    fn compare(format: &RecordFormat, special: u32, rng: &mut StdRng) {
        let mut bytes = vec::Vec::new();
        let mut ticks = 0;
        for _ in 0..4000 {
            // Mostly rising times below the narrowest wrap, so that long runs are in order.
            ticks = (ticks + rng.random_range(0..3)) % 1000;
            let record = match rng.random_range(0..64u32) {
                0 if special == 8 => rng.next_u32(),
                n if n < 8 * special => {
                    ticks = 0;
                    match format.layout {
                        Layout::PicoT2 | Layout::PicoT3 => 0xF000_0000,
                        _ => 0xFE00_0000 | [0, 1, 2, 300][rng.random_range(0..4)],
                    }
                }
                _ => match format.layout {
                    Layout::PicoT2 | Layout::PicoT3 => rng.random_range(1..5) << 28 | ticks,
                    _ => rng.random_range(0..5) << 25 | ticks,
                },
            };
            bytes.extend(record.to_le_bytes());
        }
        let (mut fast_state, mut soft_state) = (RecordState::default(), RecordState::default());
        let mut at = 0;
        while at < bytes.len() {
            let (mut fast, mut soft) = ((vec![0; 300], vec![0; 300]), (vec![0; 300], vec![0; 300]));
            let end = (at + rng.random_range(4..2000)).min(bytes.len());
            let room = rng.random_range(1..=300);
            let piece = &bytes[at..end];
            let a = decode(format, &mut fast_state, piece, &mut fast.0[..room], &mut fast.1);
            let b = soft::decode(format, &mut soft_state, piece, &mut soft.0[..room], &mut soft.1);
            assert_eq!(a, b);
            assert_eq!(fast.0[..a.tags], soft.0[..a.tags]);
            assert_eq!(fast.1[..a.tags], soft.1[..a.tags]);
            assert_eq!((fast_state.base, fast_state.last), (soft_state.base, soft_state.last));
            if a.fault == Some(FaultKind::TimeOutOfRange) {
                break;
            }
            at += if a.records > 0 { 4 * a.records } else { end - at };
        }
    }
}
