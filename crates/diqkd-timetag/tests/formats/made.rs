//! Recordings that the tests make up.

use rand::{Rng, RngExt, SeedableRng, rngs::StdRng};

use diqkd_timetag::formats::{
    DTIME_BITS, Decoder, ReadOptions, TagColumns, TickLength, TimeUnit, decode_all,
};

use crate::feed::{in_pieces, summary, whole};
use crate::naive::{Scale, naive_records};

/// A PTU file around records that the test makes up.
pub(crate) fn unified(code: u32, tags: &[(&str, u32, u64)], data: &[u8]) -> Vec<u8> {
    let mut file = b"PQTTTR\0\x001.0.00\0\0".to_vec();
    let code = [("TTResultFormat_TTTRRecType", 0x1000_0008, u64::from(code))];
    for (name, kind, value) in code.iter().chain(tags).chain(&[("Header_End", 0xFFFF_0008, 0)]) {
        let mut field = [0; 32];
        field[..name.len()].copy_from_slice(name.as_bytes());
        file.extend(field);
        file.extend((-1i32).to_le_bytes());
        file.extend(kind.to_le_bytes());
        file.extend(value.to_le_bytes());
    }
    file.extend(data);
    file
}

pub(crate) const FLOAT: u32 = 0x2000_0008;
pub(crate) const INT: u32 = 0x1000_0008;

pub(crate) const RECORD_TYPES: [u32; 12] = [
    0x0001_0203,
    0x0001_0303,
    0x0001_0204,
    0x0001_0304,
    0x0101_0204,
    0x0101_0304,
    0x0001_0205,
    0x0001_0305,
    0x0001_0206,
    0x0001_0306,
    0x0001_0207,
    0x0001_0307,
];

/// A file with the given resolution, and the scale that it means.
pub(crate) fn file_of(code: u32, fine: bool, data: &[u8]) -> (Vec<u8>, Scale) {
    let t3 = code >> 8 & 0xF == 3;
    let (global, scale): (f64, Scale) = match (t3, fine) {
        (false, false) => (250e-12, Scale { tick: 250, dtime: 0, den: 1 }),
        (false, true) => (0.5e-12, Scale { tick: 1, dtime: 0, den: 2 }),
        (true, false) => (12.5e-9, Scale { tick: 12_500, dtime: 32, den: 1 }),
        // 12500.25 ps is exact in binary but 12500.25e-12 s is not; the sync rate is.
        (true, true) => (0.0, Scale { tick: 1_000_000_000_000, dtime: 32 * 79_999_987, den: 79_999_987 }),
    };
    let mut tags =
        vec![("MeasDesc_Resolution", FLOAT, 32e-12f64.to_bits()), ("TTResult_SyncRate", INT, 79_999_987)];
    if global > 0.0 {
        tags.push(("MeasDesc_GlobalResolution", FLOAT, global.to_bits()));
    }
    (unified(code, &tags, data), scale)
}

/// Records in time order with overflows, markers and, if asked for, anything else.
pub(crate) fn random_records(
    code: u32,
    n: usize,
    overflow_chance: f64,
    wild: f64,
    rng: &mut StdRng,
) -> Vec<u8> {
    let pico = code & 0xFF == 3;
    let t3 = code >> 8 & 0xF == 3;
    let span: u32 = match (pico, t3) {
        (true, false) => 210_698_240,
        (true, true) => 65_536,
        (false, true) => 1024,
        (false, false) => 33_552_000,
    };
    let mut ticks = 0;
    let mut data = Vec::new();
    for _ in 0..n {
        let record = if rng.random_bool(wild) {
            rng.next_u32()
        } else if rng.random_bool(overflow_chance) {
            ticks = 0;
            let counts = [0, 1, 1, 1, 2, 3, if t3 { 1023 } else { 70_000 }];
            let count: u32 = counts[rng.random_range(0..counts.len())];
            match (pico, t3) {
                (true, false) => 0xF << 28 | count << 4,
                (true, true) => 0xF << 28 | (count & 0xFFFF),
                (false, _) => 0x7F << 25 | count,
            }
        } else {
            ticks += rng.random_range(0..=(span - 1 - ticks) / 16);
            let marker = rng.random_bool(0.05);
            let input: u32 = rng.random_range(1..5);
            match (pico, t3, marker) {
                (true, false, false) => input << 28 | ticks,
                (true, false, true) => 0xF << 28 | (ticks & !15) | input,
                (true, true, false) => input << 28 | rng.random_range(0..4096) << 16 | ticks,
                (true, true, true) => 0xF << 28 | input << 16 | ticks,
                (false, false, false) => (if rng.random_bool(0.2) { 0x40 } else { input }) << 25 | ticks,
                (false, true, false) => input << 25 | rng.random_range(0..32_768) << 10 | ticks,
                (false, _, true) => (0x40 | input) << 25 | ticks,
            }
        };
        data.extend(record.to_le_bytes());
    }
    data
}

#[test]
fn every_record_type_agrees_with_the_naive_reader() {
    let mut rng = StdRng::seed_from_u64(7);
    for code in RECORD_TYPES {
        for overflow_chance in [0.0, 0.02, 0.3, 0.95] {
            for fine in [false, true] {
                for wild in [0.0, 0.01] {
                    let data = random_records(code, 20_000, overflow_chance, wild, &mut rng);
                    let (file, scale) = file_of(code, fine, &data);
                    let naive = naive_records(code, scale, &data);
                    if naive.tags.iter().any(|tag| tag.0 < 0 || tag.0 > i64::MAX / 2) {
                        continue;
                    }
                    let found = whole(&file);
                    assert_eq!(found.tags, naive.tags, "{code:#x}");
                    let (columns, recording) = decode_all(&file, ReadOptions::default());
                    assert!(columns.time_ps.iter().copied().zip(columns.channel).eq(found.tags));
                    let first_faults = found.faults.iter().copied().take(TagColumns::MAX_FAULTS);
                    assert!(columns.faults.iter().copied().eq(first_faults));
                    assert_eq!(recording.records, naive.records);
                    naive.agrees_with(&summary(&file));
                    if wild == 0.0 {
                        assert_eq!(found.faults, [], "{code:#x}");
                    }
                }
            }
        }
    }
}

#[test]
fn ticks_are_those_of_the_records() {
    let mut rng = StdRng::seed_from_u64(8);
    for code in RECORD_TYPES {
        for fine in [false, true] {
            let data = random_records(code, 2_000, 0.05, 0.0, &mut rng);
            let (file, _) = file_of(code, fine, &data);
            let mut rooms = StdRng::seed_from_u64(9);
            let (ticks, decoder) = in_pieces(
                Decoder::new().with_unit(TimeUnit::Ticks),
                &file,
                || 333,
                || rooms.random_range(1..=64),
            );
            let header = decoder.header().unwrap();
            let fixed = |tick: TickLength, ticks: i64| {
                (u128::from(tick.whole_ps) << 64 | u128::from(tick.fraction)) * ticks as u128
            };
            let times: Vec<(i64, u16)> = ticks
                .tags
                .iter()
                .map(|&(ticks, channel)| {
                    let exact = match header.dtime_tick {
                        Some(dtime) => {
                            fixed(header.tick, ticks >> DTIME_BITS)
                                + fixed(dtime, ticks & ((1 << DTIME_BITS) - 1))
                        }
                        None => fixed(header.tick, ticks),
                    };
                    ((exact >> 64) as i64, channel)
                })
                .collect();
            assert!(!times.is_empty());
            assert_eq!(times, whole(&file).tags, "{code:#x}");
        }
    }
}
