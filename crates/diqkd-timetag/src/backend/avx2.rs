//! Eight records at a time.
//!
//! A group of eight records is decoded without branches on its overflows: their counts become a prefix sum over the
//! lanes, by a table of sums where each counts one, the photons are packed to the left by a table of permutations, and both halves of the group are written
//! whatever the number of photons. Groups with markers, unknown records, times out of order, large overflow counts or a
//! time near the end of the range go to the portable kernel.

use core::arch::x86_64::*;

use super::{Decoded, Layout, RecordFormat, RecordState, soft};
use crate::formats::FaultKind;

cpufeatures::new!(detected, "avx2", "popcnt");

/// Proof that the processor has the instructions of this file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Avx2(());

impl Avx2 {
    pub(super) fn detect() -> Option<Self> {
        detected::get().then_some(Self(()))
    }

    /// See [`super::decode`].
    pub(super) fn decode(
        self,
        format: &RecordFormat,
        state: &mut RecordState,
        bytes: &[u8],
        time_ps: &mut [i64],
        channel: &mut [u16],
    ) -> Decoded {
        let Some(scale) = scale(format) else {
            return soft::decode(format, state, bytes, time_ps, channel);
        };
        let kernel = match (format.layout, scale) {
            (Layout::HydraT2, ONE) => run::<HYDRA_T2, ONE>,
            (Layout::HydraT2, _) => run::<HYDRA_T2, WHOLE>,
            (Layout::HydraT3, FRACTION) => run::<HYDRA_T3, FRACTION>,
            (Layout::HydraT3, _) => run::<HYDRA_T3, WHOLE>,
            (Layout::PicoT2, _) => run::<PICO_T2, WHOLE>,
            (Layout::PicoT3, FRACTION) => run::<PICO_T3, FRACTION>,
            (Layout::PicoT3, _) => run::<PICO_T3, WHOLE>,
        };
        // SAFETY: `self` exists only where `detect` found the features that `run` enables.
        #[expect(unsafe_code, reason = "calls a kernel whose features were detected")]
        unsafe {
            kernel(format, state, bytes, time_ps, channel)
        }
    }
}

const HYDRA_T2: u8 = 0;
const HYDRA_T3: u8 = 1;
const PICO_T2: u8 = 2;
const PICO_T3: u8 = 3;

/// A T2 tick of 1 ps.
const ONE: u8 = 0;
/// Ticks of whole picoseconds.
const WHOLE: u8 = 1;
/// A sync period with a fraction, a time after the sync in whole picoseconds.
const FRACTION: u8 = 2;

fn scale(format: &RecordFormat) -> Option<u8> {
    let t3 = matches!(format.layout, Layout::HydraT3 | Layout::PicoT3);
    let small = format.tick.whole_ps >> 32 == 0 && format.dtime.whole_ps >> 32 == 0;
    match (small, format.tick.fraction, format.dtime.fraction) {
        (true, 0, 0) if !t3 && format.tick.whole_ps == 1 => Some(ONE),
        (true, 0, 0) => Some(WHOLE),
        (true, _, 0) if t3 => Some(FRACTION),
        _ => None,
    }
}

/// How the photons of a group are packed, whose lanes are a set.
struct Packing {
    /// Their lanes in order, the last one repeated.
    lanes: [u8; 8],
    /// How many other lanes are before each of these.
    others: [u8; 8],
}

static PACKINGS: [Packing; 256] = {
    let mut table = [const { Packing { lanes: [0; 8], others: [0; 8] } }; 256];
    let mut set = 0;
    while set < 256 {
        let (mut place, mut lane, mut last) = (0, 0, 0);
        while lane < 8 {
            if set >> lane & 1 == 1 {
                table[set].lanes[place] = lane;
                table[set].others[place] = lane - place as u8;
                place += 1;
                last = lane;
            }
            lane += 1;
        }
        let photons = place as u8;
        while place < 8 {
            table[set].lanes[place] = last;
            table[set].others[place] = (last + 1).saturating_sub(photons);
            place += 1;
        }
        set += 1;
    }
    table
};

#[target_feature(enable = "avx2,popcnt")]
fn run<const LAYOUT: u8, const SCALE: u8>(
    format: &RecordFormat,
    state: &mut RecordState,
    bytes: &[u8],
    time_ps: &mut [i64],
    channel: &mut [u16],
) -> Decoded {
    let t3 = LAYOUT == HYDRA_T3 || LAYOUT == PICO_T3;
    let pico = LAYOUT == PICO_T2 || LAYOUT == PICO_T3;
    let (most_ticks, most_dtime) = match LAYOUT {
        HYDRA_T2 => (0x01FF_FFFF, 0),
        HYDRA_T3 => (0x3FF, 0x7FFF),
        PICO_T2 => (0x0FFF_FFFF, 0),
        _ => (0xFFFF, 0xFFF),
    };
    let tick_mask = _mm256_set1_epi32(most_ticks as i32);
    let wrap = _mm256_set1_epi32(format.wrap as u32 as i32);
    // Beyond this sum of counts a time does not fit 31 bits.
    let most_overflows = if LAYOUT == HYDRA_T2 { 60 } else { 8 * 1024 };
    // Up to this sum of counts the picoseconds since the base fit 32 bits. (Without dtimes nothing is won by that.)
    let few_overflows = (t3 && SCALE == WHOLE)
        .then_some(u64::from(u32::MAX))
        .and_then(|most_ps| most_ps.checked_sub(most_dtime * format.dtime.whole_ps))
        .and_then(|most_ps| (most_ps / format.tick.whole_ps.max(1)).checked_sub(most_ticks))
        .map(|ticks| (ticks / format.wrap) as u32);
    let one = _mm256_set1_epi32(1);
    let counted = _mm256_set1_epi32(if format.counted { -1 } else { 0 });
    let more_than_one = _mm256_andnot_si256(one, _mm256_and_si256(counted, tick_mask));
    let upper = _mm256_setr_epi32(0, 0, 0, 0, -1, -1, -1, -1);
    let lane_3 = _mm256_set1_epi32(3);
    let before = _mm256_setr_epi32(0, 0, 1, 2, 3, 4, 5, 6);
    let tick_ps = _mm256_set1_epi64x(format.tick.whole_ps as i64);
    let dtime_ps = _mm256_set1_epi64x(format.dtime.whole_ps as i64);
    let (tick_32, dtime_32) =
        (_mm256_set1_epi32(format.tick.whole_ps as i32), _mm256_set1_epi32(format.dtime.whole_ps as i32));
    let fraction_low = _mm256_set1_epi64x((format.tick.fraction & 0xFFFF_FFFF) as i64);
    let fraction_high = _mm256_set1_epi64x((format.tick.fraction >> 32) as i64);

    let RecordState { mut base, mut last } = *state;
    let (mut records_done, mut tags_done, mut markers) = (0, 0, 0);
    let groups = bytes.as_chunks::<32>().0;
    let room = time_ps.len().min(channel.len());
    for group in groups {
        if room - tags_done < 8 {
            break;
        }
        let out = tags_done..tags_done + 8;
        let records = load(group);
        let ticks = _mm256_and_si256(records, tick_mask);
        // The bits above the ticks: channel code, and dtime in T3.
        let rest = match LAYOUT {
            HYDRA_T2 => _mm256_srli_epi32::<25>(records),
            HYDRA_T3 => _mm256_srli_epi32::<10>(records),
            PICO_T2 => _mm256_srli_epi32::<28>(records),
            _ => _mm256_srli_epi32::<16>(records),
        };
        let (special, overflow, sync) = if pico {
            let code = if t3 { _mm256_srli_epi32::<28>(records) } else { rest };
            let special = _mm256_cmpeq_epi32(code, _mm256_set1_epi32(0xF));
            let overflow = if t3 {
                _mm256_cmpeq_epi32(rest, _mm256_set1_epi32(0xF000))
            } else {
                let bits = _mm256_and_si256(records, _mm256_set1_epi32(0xF000_000F_u32 as i32));
                _mm256_cmpeq_epi32(bits, _mm256_set1_epi32(0xF000_0000_u32 as i32))
            };
            (special, overflow, _mm256_setzero_si256())
        } else {
            let code = _mm256_srli_epi32::<25>(records);
            let overflow = _mm256_cmpeq_epi32(code, _mm256_set1_epi32(0x7F));
            let sync =
                if t3 { _mm256_setzero_si256() } else { _mm256_cmpeq_epi32(code, _mm256_set1_epi32(0x40)) };
            (records, overflow, sync)
        };
        let overflows = lanes(overflow);
        let plain = lanes(special) == lanes(_mm256_or_si256(overflow, sync));

        let keep = (!overflows & 0xFF) as usize;
        let packing = &PACKINGS[keep];
        let order = bytes_to_lanes(packing.lanes);
        let ticks_in_order = _mm256_permutevar8x32_epi32(ticks, order);
        // Where every overflow record stands for one overflow their number is known from their places.
        let (sums, total) =
            if pico || _mm256_testz_si256(_mm256_and_si256(overflow, more_than_one), records) == 1 {
                (bytes_to_lanes(packing.others), overflows.count_ones())
            } else {
                let count = _mm256_and_si256(overflow, _mm256_max_epu32(ticks, one));
                let sums = _mm256_add_epi32(count, _mm256_slli_si256::<4>(count));
                let sums = _mm256_add_epi32(sums, _mm256_slli_si256::<8>(sums));
                let low_total = _mm256_and_si256(_mm256_permutevar8x32_epi32(sums, lane_3), upper);
                let sums = _mm256_add_epi32(sums, low_total);
                let total = _mm256_extract_epi32::<7>(sums) as u32;
                (_mm256_permutevar8x32_epi32(sums, order), total)
            };
        let elapsed = _mm256_add_epi32(ticks_in_order, _mm256_mullo_epi32(sums, wrap));
        let backwards = _mm256_cmpgt_epi32(_mm256_permutevar8x32_epi32(elapsed, before), elapsed);
        let first = base + u64::from(_mm256_extract_epi32::<0>(elapsed) as u32);
        let next_base = base + u64::from(total) * format.wrap;
        let in_order = lanes(backwards) == 0 && first >= last;
        let fits = total <= most_overflows && next_base <= format.base_limit;
        if !(plain && in_order && fits) || keep == 0 {
            *state = RecordState { base, last };
            let group = unusual(format, state, group, &mut time_ps[out.clone()], &mut channel[out]);
            records_done += group.records;
            tags_done += group.tags;
            markers += group.markers;
            if group.fault.is_some() {
                return finish(records_done, tags_done, markers, group.fault);
            }
            RecordState { base, last } = *state;
            continue;
        }

        let rest = _mm256_permutevar8x32_epi32(rest, order);
        let (code, dtime) = match LAYOUT {
            HYDRA_T2 => (rest, rest),
            HYDRA_T3 => (_mm256_srli_epi32::<15>(rest), _mm256_and_si256(rest, _mm256_set1_epi32(0x7FFF))),
            PICO_T2 => (rest, rest),
            _ => (_mm256_srli_epi32::<12>(rest), _mm256_and_si256(rest, _mm256_set1_epi32(0xFFF))),
        };
        let (base_ps, base_fraction) = if SCALE == FRACTION {
            let exact = format.tick.times(base);
            ((exact >> 64) as u64, exact as u64)
        } else {
            (base.wrapping_mul(format.tick.whole_ps), 0)
        };
        let base_ps = _mm256_set1_epi64x(base_ps as i64);
        let base_low = _mm256_set1_epi64x((base_fraction & 0xFFFF_FFFF) as i64);
        let base_high = _mm256_set1_epi64x((base_fraction >> 32) as i64);
        let times = |elapsed: __m128i, dtime: __m128i| {
            let elapsed = _mm256_cvtepu32_epi64(elapsed);
            let mut time = match SCALE {
                ONE => _mm256_add_epi64(base_ps, elapsed),
                _ => _mm256_add_epi64(base_ps, _mm256_mul_epu32(elapsed, tick_ps)),
            };
            if t3 {
                time = _mm256_add_epi64(time, _mm256_mul_epu32(_mm256_cvtepu32_epi64(dtime), dtime_ps));
            }
            if SCALE == FRACTION {
                let low = _mm256_add_epi64(_mm256_mul_epu32(elapsed, fraction_low), base_low);
                let high = _mm256_add_epi64(_mm256_mul_epu32(elapsed, fraction_high), base_high);
                let carried = _mm256_add_epi64(high, _mm256_srli_epi64::<32>(low));
                time = _mm256_add_epi64(time, _mm256_srli_epi64::<32>(carried));
            }
            time
        };
        let (lower, higher) = if few_overflows.is_some_and(|few| total <= few) {
            let since =
                _mm256_add_epi32(_mm256_mullo_epi32(elapsed, tick_32), _mm256_mullo_epi32(dtime, dtime_32));
            (
                _mm256_add_epi64(base_ps, _mm256_cvtepu32_epi64(_mm256_castsi256_si128(since))),
                _mm256_add_epi64(base_ps, _mm256_cvtepu32_epi64(_mm256_extracti128_si256::<1>(since))),
            )
        } else {
            (
                times(_mm256_castsi256_si128(elapsed), _mm256_castsi256_si128(dtime)),
                times(_mm256_extracti128_si256::<1>(elapsed), _mm256_extracti128_si256::<1>(dtime)),
            )
        };
        let codes = _mm256_permute4x64_epi64::<0b1000>(_mm256_packus_epi32(code, code));
        store(lower, higher, _mm256_castsi256_si128(codes), &mut time_ps[out.clone()], &mut channel[out]);

        last = base + u64::from(_mm256_extract_epi32::<7>(elapsed) as u32);
        base = next_base;
        records_done += 8;
        tags_done += keep.count_ones() as usize;
    }
    *state = RecordState { base, last };
    let tail = soft::decode(
        format,
        state,
        &bytes[4 * records_done..],
        &mut time_ps[tags_done..],
        &mut channel[tags_done..],
    );
    finish(records_done + tail.records, tags_done + tail.tags, markers + tail.markers, tail.fault)
}

/// Of the records, those that are no tags are overflows, but for the last one if it has a fault and no tag.
fn finish(records: usize, tags: usize, markers: u64, fault: Option<FaultKind>) -> Decoded {
    let unknown = usize::from(matches!(fault, Some(FaultKind::UnknownRecord { .. })));
    Decoded { records, tags, overflows: (records - tags - unknown) as u64, markers, fault }
}

/// A group that the fast path leaves to the portable kernel.
#[cold]
#[inline(never)]
fn unusual(
    format: &RecordFormat,
    state: &mut RecordState,
    group: &[u8],
    time_ps: &mut [i64],
    channel: &mut [u16],
) -> Decoded {
    soft::decode(format, state, group, time_ps, channel)
}

/// A number in each lane.
#[target_feature(enable = "avx2")]
fn bytes_to_lanes(bytes: [u8; 8]) -> __m256i {
    _mm256_cvtepu8_epi32(_mm_set_epi64x(0, i64::from_le_bytes(bytes)))
}

/// One bit a lane: its sign.
#[target_feature(enable = "avx2")]
fn lanes(mask: __m256i) -> u32 {
    _mm256_movemask_ps(_mm256_castsi256_ps(mask)) as u32
}

#[target_feature(enable = "avx2")]
fn load(bytes: &[u8; 32]) -> __m256i {
    // SAFETY: 32 bytes are read, the length of the array; the load is unaligned.
    #[expect(unsafe_code, reason = "an unaligned load of an array")]
    unsafe {
        _mm256_loadu_si256(bytes.as_ptr().cast())
    }
}

/// Writes eight tags; both slices have eight places.
#[target_feature(enable = "avx2")]
fn store(lower: __m256i, higher: __m256i, codes: __m128i, time_ps: &mut [i64], channel: &mut [u16]) {
    let (Some(time_ps), Some(channel)) = (time_ps.as_mut_array::<8>(), channel.as_mut_array::<8>()) else {
        return;
    };
    let (low, high) = time_ps.split_at_mut(4);
    // SAFETY: 32, 32 and 16 bytes are written, the lengths of the parts of the arrays; the stores are unaligned.
    #[expect(unsafe_code, reason = "unaligned stores to arrays")]
    unsafe {
        _mm256_storeu_si256(low.as_mut_ptr().cast(), lower);
        _mm256_storeu_si256(high.as_mut_ptr().cast(), higher);
        _mm_storeu_si128(channel.as_mut_ptr().cast(), codes);
    }
}
