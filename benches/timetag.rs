//! How many million records a second are decoded, how many events are put into pairs, and how long does it take to find
//! the clock of a second site?
//!
//! The records are made here: two photons in three, with overflows between them as a device at about 60 kHz (T2) or
//! 40 MHz sync (T3) writes them. `benches/peers/timetag.py` measures other readers on the files that this program leaves
//! behind when `DIQKD_BENCH_FILES` names a folder; `DIQKD_BENCH_RECORDS` sets the number of records (10 million).

use std::hint::black_box;
use std::io::Read;
use std::path::PathBuf;

use criterion::{Criterion, Throughput, criterion_group};
use diqkd_timetag::coincidence::{count_pairs, histogram};
use diqkd_timetag::formats::{Decoder, ReadOptions, RecordType, TagSummary, decode_all, read_all};
use diqkd_timetag::sync::{AcquireOptions, acquire};

/// The three layouts that peers read as well.
const RECORD_TYPES: [RecordType; 3] =
    [RecordType::HydraHarpV2T2, RecordType::HydraHarpV2T3, RecordType::PicoHarpT2];

fn decode(c: &mut Criterion) {
    let records = records_wanted();
    for record_type in RECORD_TYPES {
        let file = recording(record_type, records);
        let mut group = c.benchmark_group(format!("decode-{record_type}"));
        group.throughput(Throughput::Elements(records as u64)).sample_size(10);
        let (mut time_ps, mut channel) = (vec![0; TAGS], vec![0; TAGS]);
        group.bench_function("reused-buffers", |b| {
            b.iter(|| {
                let mut decoder = Decoder::new();
                let mut tags = 0;
                for piece in file.chunks(4 * TAGS) {
                    let mut rest = piece;
                    while !rest.is_empty() {
                        let step = decoder.push(rest, &mut time_ps, &mut channel);
                        tags += step.tags;
                        rest = &rest[step.consumed..];
                    }
                    black_box(&time_ps);
                }
                assert_eq!(decoder.records(), records as u64);
                tags
            });
        });
        group.bench_function("materialised", |b| {
            b.iter(|| {
                let (tags, recording) = decode_all(&file, ReadOptions::default());
                assert_eq!(recording.records, records as u64);
                tags
            });
        });
        let path = folder().join(format!("{record_type}.ptu"));
        std::fs::write(&path, &file).expect("the folder can be written");
        group.bench_function("file-to-summary", |b| {
            b.iter(|| {
                let mut source = std::fs::File::open(&path).expect("the file was just written");
                let mut summary = TagSummary::default();
                let end = read_all(|buffer| source.read(buffer), &mut summary).expect("the file can be read");
                summary.complete(&end);
                assert_eq!(summary.records, records as u64);
                summary.sum_ps_mod_2_64
            });
        });
        group.finish();
        if std::env::var_os("DIQKD_BENCH_FILES").is_none() {
            std::fs::remove_file(&path).expect("the file was just written");
        }
    }
}

fn pairs(c: &mut Criterion) {
    let events = (records_wanted() / 2).max(1000);
    // Two streams of 1 MHz: a coincidence window of 1 ns, and a histogram of about two pairs an event.
    let (a, b) = (arrivals(events, 1_000_000, 1), arrivals(events, 1_000_000, 2));
    let mut group = c.benchmark_group("pairs");
    group.throughput(Throughput::Elements(2 * events as u64)).sample_size(10);
    group.bench_function("window-1ns", |bench| {
        bench.iter(|| count_pairs(black_box(&a), black_box(&b), 0, 1000).expect("sorted streams"));
    });
    group.bench_function("histogram-1us-1ns", |bench| {
        bench.iter(|| histogram(black_box(&a), black_box(&b), 1000, 1_000_000).expect("sorted streams"));
    });
    group.finish();
}

fn clock(c: &mut Criterion) {
    let mut group = c.benchmark_group("clock");
    group.sample_size(10);
    for ppm in [0.0, 13.0, 100.0, -122.0] {
        let (reference, local) = two_sites(ppm * 1e-6);
        group.bench_function(format!("5s-160kcps-{ppm}ppm"), |bench| {
            bench.iter(|| {
                let fit = acquire(&reference, &local, &AcquireOptions::default()).expect("a clear peak");
                assert!((fit.drift_ppb - ppm * 1e3).abs() < 1.0, "{ppm} ppm: {fit:?}");
                fit
            });
        });
    }
    group.finish();
}

/// Tags of a buffer: 64 KiB of records.
const TAGS: usize = 16 << 10;

fn records_wanted() -> usize {
    std::env::var("DIQKD_BENCH_RECORDS").ok().and_then(|n| n.parse().ok()).unwrap_or(10_000_000)
}

fn folder() -> PathBuf {
    std::env::var_os("DIQKD_BENCH_FILES").map_or_else(std::env::temp_dir, PathBuf::from)
}

/// A PTU file of records that a device could have written.
fn recording(record_type: RecordType, records: usize) -> Vec<u8> {
    let mut file = b"PQTTTR\0\x001.0.00\0\0".to_vec();
    let mut tag = |name: &str, kind: u32, value: u64| {
        let mut field = [0; 32];
        field[..name.len()].copy_from_slice(name.as_bytes());
        file.extend(field);
        file.extend((-1i32).to_le_bytes());
        file.extend(kind.to_le_bytes());
        file.extend(value.to_le_bytes());
    };
    let t3 = record_type.is_t3();
    let global = if t3 {
        25e-9f64
    } else if record_type == RecordType::PicoHarpT2 {
        4e-12
    } else {
        1e-12
    };
    tag("Measurement_Mode", 0x1000_0008, if t3 { 3 } else { 2 });
    tag("Measurement_SubMode", 0x1000_0008, 0);
    tag("TTResultFormat_TTTRRecType", 0x1000_0008, record_type.ptu_code().unwrap_or_default().into());
    tag("TTResultFormat_BitsPerRecord", 0x1000_0008, 32);
    tag("TTResult_SyncRate", 0x1000_0008, 40_000_000);
    tag("MeasDesc_Resolution", 0x2000_0008, 4e-12f64.to_bits());
    tag("MeasDesc_GlobalResolution", 0x2000_0008, global.to_bits());
    tag("TTResult_NumberOfRecords", 0x1000_0008, records as u64);
    tag("Header_End", 0xFFFF_0008, 0);

    let mut random = Noise(7);
    let (wrap, overflow) = match record_type {
        RecordType::PicoHarpT2 => (210_698_240, 0xF000_0000),
        _ if t3 => (1024, 0xFE00_0001),
        _ => (33_554_432, 0xFE00_0001),
    };
    let (mut ticks, mut written) = (0, 0);
    while written < records {
        ticks += (random.next() % wrap) as u32;
        let record = if u64::from(ticks) >= wrap {
            ticks -= wrap as u32;
            overflow
        } else {
            let channel = (random.next() % 4) as u32;
            match record_type {
                RecordType::PicoHarpT2 => channel << 28 | ticks,
                _ if t3 => channel << 25 | (random.next() as u32 & 0x1FFF) << 10 | ticks,
                _ => channel << 25 | ticks,
            }
        };
        file.extend(record.to_le_bytes());
        written += 1;
        if record == overflow && written < records {
            let channel = if record_type == RecordType::PicoHarpT2 { 1 << 28 } else { 1 << 25 };
            file.extend((channel | ticks).to_le_bytes());
            written += 1;
        }
    }
    file
}

/// Random arrival times at a rate, ps.
fn arrivals(events: usize, rate_hz: u64, seed: u64) -> Vec<i64> {
    let mut random = Noise(seed);
    let mut time = 0.0;
    let mean = 1e12 / rate_hz as f64;
    (0..events)
        .map(|_| {
            time -= mean * random.unit().ln();
            time as i64
        })
        .collect()
}

/// Five seconds of 160 kcps a side, 90 000 true pairs, 150 ps of jitter a side, 1.5 ms of offset.
fn two_sites(drift: f64) -> (Vec<i64>, Vec<i64>) {
    let mut random = Noise(3);
    let common = arrivals(90_000, 18_000, 4);
    let mut side = |seed: u64, offset: f64, drift: f64| {
        let mut times: Vec<i64> = arrivals(710_000, 142_000, seed);
        times.extend(common.iter().map(|&t| t + (150.0 * random.normal()) as i64));
        for time in &mut times {
            *time = (*time as f64 + offset + drift * *time as f64) as i64;
        }
        times.sort_unstable();
        times
    };
    (side(5, 0.0, 0.0), side(6, 1.5e9, drift))
}

/// Numbers that look random and are the same in every run (SplitMix64).
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let v = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let v = (v ^ v >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        v ^ v >> 31
    }

    /// Above 0, up to 1.
    fn unit(&mut self) -> f64 {
        ((self.next() >> 11) + 1) as f64 / (1u64 << 53) as f64
    }

    fn normal(&mut self) -> f64 {
        (-2.0 * self.unit().ln()).sqrt() * (2.0 * std::f64::consts::PI * self.unit()).cos()
    }
}

criterion_group!(benches, decode, pairs, clock);

fn main() {
    diqkd_benches::record::run("timetag", benches);
}
