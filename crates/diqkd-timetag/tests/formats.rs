//! Recordings against an independent reader: one file at a time in memory, one `match` per record, no shared code.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

use std::collections::BTreeMap;
use std::path::PathBuf;

use diqkd_timetag::formats::{
    Decoder, EventsWriter, Fault, FaultKind, Format, MARKER, PtuWriter, TagSink, TagSummary, WordOrder,
    read_all,
};
use proptest::prelude::*;
use rand::{Rng, RngExt, SeedableRng, rngs::StdRng};

#[derive(Debug, Default, PartialEq)]
struct Naive {
    tags: Vec<(i64, u16)>,
    records: u64,
    overflows: u64,
    markers: u64,
}

impl Naive {
    fn photons(&self) -> impl Iterator<Item = &(i64, u16)> {
        self.tags.iter().filter(|tag| tag.1 < MARKER)
    }

    fn agrees_with(&self, summary: &TagSummary) {
        let mut channels = BTreeMap::new();
        self.photons().for_each(|tag| *channels.entry(tag.1).or_insert(0) += 1);
        let sum = self.photons().fold(0u64, |sum, tag| sum.wrapping_add(tag.0 as u64));
        assert_eq!(summary.channels, channels);
        assert_eq!(summary.photons, self.photons().count() as u64);
        assert_eq!(
            (summary.records, summary.overflows, summary.markers),
            (self.records, self.overflows, self.markers)
        );
        assert_eq!(summary.first_ps, self.photons().next().map(|tag| tag.0));
        assert_eq!(summary.last_ps, self.photons().last().map(|tag| tag.0));
        assert_eq!(summary.sum_ps_mod_2_64, sum);
    }
}

/// Picoseconds as fractions over a common denominator, so that nothing is rounded before the end.
#[derive(Clone, Copy)]
struct Scale {
    tick: u128,
    dtime: u128,
    den: u128,
}

impl Scale {
    fn ps(self, ticks: u128, dtime: u128) -> i64 {
        ((ticks * self.tick + dtime * self.dtime) / self.den) as i64
    }
}

fn naive_records(code: u32, scale: Scale, data: &[u8]) -> Naive {
    let mut out = Naive::default();
    let mut base = 0u128;
    let pico = code & 0xFF == 3;
    let v1 = code == 0x0001_0204 || code == 0x0001_0304;
    let t3 = code >> 8 & 0xF == 3;
    for word in data.chunks_exact(4) {
        let r = u32::from_le_bytes(word.try_into().unwrap()) as u128;
        out.records += 1;
        match (pico, t3) {
            (true, false) => match (r >> 28, r & 15) {
                (15, 0) => {
                    base += 210_698_240;
                    out.overflows += 1;
                }
                (15, bits) => {
                    out.markers += 1;
                    out.tags.push((scale.ps(base + (r & 0xFFF_FFF0), 0), MARKER | bits as u16));
                }
                (channel, _) => out.tags.push((scale.ps(base + (r & 0xFFF_FFFF), 0), channel as u16)),
            },
            (true, true) => match (r >> 28, r >> 16 & 0xFFF) {
                (15, 0) => {
                    base += 65_536;
                    out.overflows += 1;
                }
                (15, bits) => {
                    out.markers += 1;
                    out.tags.push((scale.ps(base + (r & 0xFFFF), 0), MARKER | bits as u16));
                }
                (channel, dtime) => out.tags.push((scale.ps(base + (r & 0xFFFF), dtime), channel as u16)),
            },
            (false, _) => {
                let (special, channel) = (r >> 31 == 1, r >> 25 & 63);
                let (ticks, dtime) = if t3 { (r & 0x3FF, r >> 10 & 0x7FFF) } else { (r & 0x1FF_FFFF, 0) };
                let wrap = match (t3, v1) {
                    (true, _) => 1024,
                    (false, true) => 33_552_000,
                    (false, false) => 33_554_432,
                };
                match (special, channel) {
                    (false, _) => {
                        let channel = if t3 { channel } else { channel + 1 };
                        out.tags.push((scale.ps(base + ticks, dtime), channel as u16));
                    }
                    (true, 63) => {
                        base += wrap * if v1 || ticks == 0 { 1 } else { ticks };
                        out.overflows += 1;
                    }
                    (true, 0) if !t3 => out.tags.push((scale.ps(base + ticks, 0), 0)),
                    (true, 1..=15) => {
                        out.markers += 1;
                        out.tags.push((scale.ps(base + ticks, 0), MARKER | channel as u16));
                    }
                    _ => {}
                }
            }
        }
    }
    out
}

fn naive_events(words: impl Iterator<Item = u64>) -> Naive {
    let mut out = Naive::default();
    for word in words {
        out.records += 1;
        if word >> 4 & 1 == 1 {
            out.overflows += 1;
        } else {
            out.tags.push((((word >> 10) as u128 * 1000 / 256) as i64, (word & 15) as u16));
        }
    }
    out
}

/// Keeps everything, to compare with.
#[derive(Debug, Default, PartialEq)]
struct Kept {
    tags: Vec<(i64, u16)>,
    faults: Vec<Fault>,
}

impl TagSink for Kept {
    fn tags(&mut self, time_ps: &[i64], channel: &[u16]) {
        self.tags.extend(time_ps.iter().copied().zip(channel.iter().copied()));
    }

    fn fault(&mut self, fault: &Fault) {
        self.faults.push(*fault);
    }
}

/// Feeds `bytes` in pieces and with room as the two functions say.
fn in_pieces(
    mut decoder: Decoder,
    bytes: &[u8],
    mut piece: impl FnMut() -> usize,
    mut room: impl FnMut() -> usize,
) -> (Kept, Decoder) {
    let mut kept = Kept::default();
    let (mut time_ps, mut channel) = (vec![0; 64], vec![0; 64]);
    let mut at = 0;
    loop {
        let end = (at + piece()).min(bytes.len());
        let places = room();
        let finishing = at == bytes.len();
        let step = if finishing {
            decoder.finish(&mut time_ps[..places], &mut channel[..places])
        } else {
            decoder.push(&bytes[at..end], &mut time_ps[..places], &mut channel[..places])
        };
        at += step.consumed;
        kept.tags.extend(time_ps[..step.tags].iter().copied().zip(channel[..step.tags].iter().copied()));
        kept.faults.extend(step.fault);
        if step.fault.is_some_and(|fault| fault.kind.is_fatal()) || (finishing && !step.more) {
            return (kept, decoder);
        }
    }
}

fn summary(bytes: &[u8]) -> TagSummary {
    let mut rest = bytes;
    let mut summary = TagSummary::default();
    let source = |buffer: &mut [u8]| std::io::Read::read(&mut rest, buffer);
    let recording = read_all(source, &mut summary).unwrap();
    summary.complete(&recording);
    summary
}

fn whole(bytes: &[u8]) -> Kept {
    let mut rest = bytes;
    let mut kept = Kept::default();
    let _ = read_all(|buffer: &mut [u8]| std::io::Read::read(&mut rest, buffer), &mut kept).unwrap();
    kept
}

fn recording(name: &str) -> Option<Vec<u8>> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/timetag").join(name);
    let found = std::fs::read(&path).ok();
    if found.is_none() {
        println!("skipped: {} is absent", path.display());
    }
    found
}

#[test]
fn real_unified_file() {
    let Some(bytes) = recording("v30_t2.ptu") else { return };
    let naive = naive_records(0x0101_0204, Scale { tick: 1, dtime: 0, den: 1 }, &bytes[4392..]);
    let summary = summary(&bytes);
    naive.agrees_with(&summary);
    assert_eq!((summary.records, summary.photons, summary.overflows), (435_319, 305_565, 129_754));
    assert_eq!((summary.first_ps, summary.last_ps), (Some(24_433_765), Some(4_999_964_931_763)));
    assert_eq!(summary.sum_ps_mod_2_64, 763_828_286_071_656_274);
    assert_eq!(summary.resolution_ps, Some(1.0));
    assert!(!summary.truncated && summary.errors.is_empty());
}

#[test]
fn real_hydraharp_containers() {
    for (name, code, scale, records, promised) in [
        ("v10.ht2", 0x0001_0204, Scale { tick: 1, dtime: 0, den: 2 }, 25, 52_378_636),
        ("v20.ht2", 0x0101_0204, Scale { tick: 1, dtime: 0, den: 1 }, 25, 10_431_577),
        (
            "v10.ht3",
            0x0001_0304,
            Scale { tick: 1_000_000_000_000, dtime: 4 * 10_004_460, den: 10_004_460 },
            1050,
            72_463_591,
        ),
        (
            "v20.ht3",
            0x0101_0304,
            Scale { tick: 1_000_000_000_000, dtime: 16 * 998_898, den: 998_898 },
            53_606,
            53_606,
        ),
    ] {
        let Some(bytes) = recording(name) else { return };
        let naive = naive_records(code, scale, &bytes[800..]);
        let summary = summary(&bytes);
        naive.agrees_with(&summary);
        assert_eq!(summary.records, records, "{name}");
        assert_eq!(summary.truncated, records != promised, "{name}");
        let counts =
            summary.errors.iter().filter(|fault| matches!(fault.kind, FaultKind::RecordCount { .. }));
        assert_eq!(counts.count(), usize::from(records != promised), "{name}");
        assert!(
            summary.errors.iter().all(|fault| matches!(fault.kind, FaultKind::RecordCount { .. })),
            "{name} {:?}",
            summary.errors
        );
    }
}

#[test]
fn real_events_in_all_modes() {
    let words = |bytes: &[u8], rotate: u32| -> Vec<u64> {
        bytes
            .chunks_exact(8)
            .map(|word| u64::from_le_bytes(word.try_into().unwrap()).rotate_left(rotate))
            .collect()
    };
    let Some(plain) = recording("timestamp7_c1234.Aa1.ts") else { return };
    let found = summary(&plain);
    naive_events(words(&plain, 0).into_iter()).agrees_with(&found);
    assert_eq!((found.format, found.photons, found.errors.len()), (Some(Format::A1), 2000, 0));

    let Some(high_first) = recording("timestamp7_c14_rollover.Aa1fX.ts") else { return };
    let naive = naive_events(words(&high_first, 32).into_iter());
    let found = summary(&high_first);
    naive.agrees_with(&found);
    assert_eq!(found.format, Some(Format::A1HighWordFirst));
    assert_eq!((found.photons, found.overflows), (862, 138));
    assert_eq!(found.channels, BTreeMap::from([(1, 431), (8, 431)]));
    for (name, format) in
        [("timestamp7_c14_rollover.Aa0f.ts", Format::A0), ("timestamp7_c14_rollover.Aa2f.ts", Format::A2)]
    {
        let Some(bytes) = recording(name) else { return };
        let text = summary(&bytes);
        naive.agrees_with(&text);
        assert_eq!((text.format, text.truncated), (Some(format), false));
    }
}

/// A PTU file around records that the test makes up.
fn unified(code: u32, tags: &[(&str, u32, u64)], data: &[u8]) -> Vec<u8> {
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

const FLOAT: u32 = 0x2000_0008;
const INT: u32 = 0x1000_0008;

const RECORD_TYPES: [u32; 12] = [
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
fn file_of(code: u32, fine: bool, data: &[u8]) -> (Vec<u8>, Scale) {
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
fn random_records(code: u32, n: usize, overflow_chance: f64, wild: f64, rng: &mut StdRng) -> Vec<u8> {
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
fn time_running_backwards_is_named_and_the_rest_is_kept() {
    let mut out = Vec::new();
    let mut writer = PtuWriter::new(None, &mut out);
    let start = out.len();
    for i in 0..100 {
        writer.push(i * 1000, 1, &mut out).unwrap();
    }
    out[start + 4 * 50..start + 4 * 50 + 4].copy_from_slice(&10u32.to_le_bytes());
    let found = whole(&out);
    assert_eq!(found.tags.len(), 100);
    let kind = FaultKind::TimeBackwards { previous_ps: 49_000, time_ps: 10 };
    assert_eq!(found.faults, [Fault { offset: start as u64 + 200, kind }]);
}

#[test]
fn a_header_tag_of_2_to_the_60_is_refused_without_memory() {
    let mut file = unified(0x0101_0204, &[("Comment", 0x4001_FFFF, 1 << 60)], &[0; 64]);
    let found = summary(&file);
    assert!(matches!(found.fatal, Some(Fault { offset: 64, kind: FaultKind::HeaderTagTooLong { .. } })));
    file[64 + 40..64 + 48].copy_from_slice(&(-1i64).to_le_bytes());
    assert!(matches!(
        summary(&file).fatal,
        Some(Fault { offset: 64, kind: FaultKind::HeaderTagTooLong { .. } })
    ));
}

#[test]
fn headers_that_mean_nothing_are_named() {
    let good = [("MeasDesc_GlobalResolution", FLOAT, 1e-12f64.to_bits())];
    let fatal = |file: &[u8]| summary(file).fatal.unwrap().kind;
    assert!(matches!(fatal(&unified(0x77, &good, &[])), FaultKind::UnsupportedRecordType { code: 0x77 }));
    assert!(matches!(fatal(&unified(0x0001_0207, &[], &[])), FaultKind::MissingHeaderTag { .. }));
    assert!(matches!(fatal(&unified(0x0001_0307, &good, &[])), FaultKind::MissingHeaderTag { .. }));
    for value in [0.0, -1e-12, f64::NAN, 1e6] {
        let bad = [("MeasDesc_GlobalResolution", FLOAT, value.to_bits())];
        assert!(matches!(fatal(&unified(0x0101_0204, &bad, &[])), FaultKind::ImpossibleHeaderValue { .. }));
    }
    let wide = [("TTResultFormat_BitsPerRecord", INT, 64)];
    assert!(matches!(fatal(&unified(0x0101_0204, &wide, &[])), FaultKind::ImpossibleHeaderValue { .. }));
    assert!(matches!(
        fatal(&unified(0x0101_0204, &[("x", 5, 0)], &[])),
        FaultKind::UnknownTagType { code: 5 }
    ));
    // HydraHarp T2 needs no resolution tag.
    assert_eq!(summary(&unified(0x0101_0204, &[], &[5, 0, 0, 0])).last_ps, Some(5));
    assert!(matches!(fatal(b"not a recording"), FaultKind::UnknownFormat));
    assert!(matches!(fatal(b""), FaultKind::UnknownFormat));
}

#[test]
fn overflows_beyond_the_range_of_time_stop_the_reader() {
    let data: Vec<u8> = [1u32, 0xFFFF_FFFF].repeat(20_000).iter().flat_map(|r| r.to_le_bytes()).collect();
    let found = summary(&unified(0x0101_0204, &[], &data));
    assert!(matches!(found.fatal, Some(Fault { kind: FaultKind::TimeOutOfRange, .. })));
    assert!(found.last_ps.unwrap() > 9_000_000_000_000_000_000);
    assert!(found.photons > 8000 && found.photons < 8400);
}

fn small_file() -> Vec<u8> {
    let mut body = Vec::new();
    let mut file = Vec::new();
    let mut writer = PtuWriter::new(None, &mut body);
    let header = body.len();
    for i in 0..40i64 {
        writer
            .push(i * i * 100_003, if i % 7 == 3 { MARKER | 2 } else { (i % 5) as u16 }, &mut body)
            .unwrap();
    }
    PtuWriter::new(Some((body.len() - header) as u64 / 4), &mut file);
    file.extend(&body[header..]);
    file
}

#[test]
fn truncation_at_every_byte_keeps_what_is_whole() {
    let file = small_file();
    let all = whole(&file);
    assert_eq!((all.tags.len(), all.faults.len()), (40, 0));
    let header = summary(&file[..file.len() - 1]);
    assert!(header.truncated);
    for length in 0..file.len() {
        let cut = whole(&file[..length]);
        assert_eq!(cut.tags[..], all.tags[..cut.tags.len()]);
        assert!(!cut.faults.is_empty(), "{length}");
        let found = summary(&file[..length]);
        assert!(found.truncated || matches!(found.fatal, Some(Fault { kind: FaultKind::UnknownFormat, .. })));
        let bytes = (file.len() - length) as u64;
        assert!(found.records + bytes.div_ceil(4) >= 40 || found.header_is_cut(), "{length}");
    }
}

trait Cut {
    fn header_is_cut(&self) -> bool;
}

impl Cut for TagSummary {
    fn header_is_cut(&self) -> bool {
        self.fatal.is_some() || self.errors.iter().any(|fault| fault.kind == FaultKind::TruncatedHeader)
    }
}

#[test]
fn every_single_bit_flip_is_survived() {
    let file = small_file();
    for bit in 0..8 * file.len() {
        let mut flipped = file.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        let found = summary(&flipped);
        assert!(found.records <= 64);
        assert_eq!(
            found.records,
            found.photons
                + found.markers
                + found.overflows
                + found.errors.iter().filter(|f| matches!(f.kind, FaultKind::UnknownRecord { .. })).count()
                    as u64
        );
    }
}

#[test]
fn wrong_record_counts_are_reported_and_change_nothing() {
    let file = small_file();
    let at = file.windows(24).position(|window| window == b"TTResult_NumberOfRecords").unwrap() + 40;
    let records = u64::from_le_bytes(file[at..at + 8].try_into().unwrap());
    for (promised, truncated) in [(0, false), (records - 1, false), (records + 1, true), (1 << 62, true)] {
        let mut wrong = file.clone();
        wrong[at..at + 8].copy_from_slice(&promised.to_le_bytes());
        let found = summary(&wrong);
        assert_eq!((found.records, found.truncated), (records, truncated));
        assert_eq!(found.errors.len(), 1);
        assert_eq!(found.errors[0].kind, FaultKind::RecordCount { promised, found: records });
    }
    let mut absent = file.clone();
    absent[at..at + 8].copy_from_slice(&(-1i64).to_le_bytes());
    assert_eq!(summary(&absent).errors, []);
}

#[test]
fn damaged_text_lines_are_skipped_and_named() {
    let text = b"0000000000040001\n00000000000z0001\n0000000000080002\n00000008000\n00000000000c0004";
    let mut rest = &text[..];
    let mut kept = Kept::default();
    let (pieces, _) = in_pieces(Decoder::with_format(Format::A2), text, || 3, || 1);
    assert_eq!(pieces.tags, [(1000, 1), (2000, 2), (3000, 4)]);
    assert_eq!(pieces.faults.len(), 2);
    assert_eq!(pieces.faults[0], Fault { offset: 28, kind: FaultKind::NotHexadecimal { byte: b'z' } });
    assert!(matches!(pieces.faults[1].kind, FaultKind::LineLength { digits: 11, expected: 16 }));
    // Recognition refuses such a file: it must be asked for by name.
    let end = read_all(|buffer: &mut [u8]| std::io::Read::read(&mut rest, buffer), &mut kept).unwrap();
    assert!(matches!(end.fatal, Some(Fault { kind: FaultKind::UnknownFormat, .. })));
}

#[test]
fn text_that_ends_inside_a_damaged_pair_names_its_start() {
    let text = b"00040001\n00000000\n0\n00080\x1c";
    let (kept, decoder) = in_pieces(Decoder::with_format(Format::A0), text, || 5, || 9);
    assert_eq!(kept.tags, [(1000, 1)]);
    assert!(decoder.is_truncated());
    let last = kept.faults.last().unwrap();
    assert_eq!((last.offset, last.kind), (18, FaultKind::TruncatedRecord { bytes: 8 }));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn pieces_do_not_matter(seed: u64, kind in 0usize..16, overflow_chance in 0.0..1.0f64) {
        let mut rng = StdRng::seed_from_u64(seed);
        let file = match kind {
            0..12 => {
                let data = random_records(RECORD_TYPES[kind], 300, overflow_chance, 0.05, &mut rng);
                file_of(RECORD_TYPES[kind], seed % 2 == 0, &data).0
            }
            12 | 13 => {
                let order = if kind == 12 { WordOrder::LowFirst } else { WordOrder::HighFirst };
                let mut out = Vec::new();
                let mut time = rng.random_range(1..1i64 << 50);
                for _ in 0..rng.random_range(8..200) {
                    time += rng.random_range(0..1_000_000_000);
                    EventsWriter::new(order).push(time, rng.random_range(1..16), &mut out).unwrap();
                }
                out
            }
            _ => {
                let mut text = String::new();
                let mut word: u64 = rng.random_range(0..1 << 60);
                for _ in 0..rng.random_range(2..200) {
                    word += rng.random_range(0..1u64 << 30);
                    if kind == 14 {
                        text += &format!("{word:016x}\n");
                    } else {
                        text += &format!("{:08x}\r\n{:08x}\r\n", word as u32, word >> 32);
                    }
                }
                text.into_bytes()
            }
        };
        let cut = if seed % 3 == 0 { rng.random_range(0..file.len()) } else { file.len() };
        let file = &file[..cut];
        let reference = whole(file);
        let mut pieces = StdRng::seed_from_u64(seed ^ 1);
        let longest = [1, 3, 9, 100, 2000][pieces.random_range(0..5)];
        let mut rooms = StdRng::seed_from_u64(seed ^ 2);
        let (found, _) = in_pieces(
            Decoder::new(),
            file,
            || pieces.random_range(0..=longest),
            || rooms.random_range(1..=64),
        );
        prop_assert_eq!(found, reference);
    }

    #[test]
    fn written_recordings_are_read_back(
        gaps in prop::collection::vec((0i64..1 << 40, 0u16..80), 0..200),
        start in 0i64..1 << 45,
    ) {
        let mut file = Vec::new();
        let mut writer = PtuWriter::new(None, &mut file);
        let mut time = start;
        let mut tags = Vec::new();
        for (gap, channel) in gaps {
            time += gap >> (channel % 40);
            let channel = if channel > 64 { MARKER | (channel - 64) } else { channel };
            writer.push(time, channel, &mut file).unwrap();
            tags.push((time, channel));
        }
        prop_assert_eq!(whole(&file), Kept { tags, faults: vec![] });
    }

    #[test]
    fn written_events_are_read_back_within_a_unit(
        gaps in prop::collection::vec((0i64..1 << 36, 1u16..16), 8..100),
        start in 0i64..1 << 50,
        high_first: bool,
    ) {
        let order = if high_first { WordOrder::HighFirst } else { WordOrder::LowFirst };
        let format = if high_first { Format::A1HighWordFirst } else { Format::A1 };
        let mut file = Vec::new();
        let mut time = start;
        let mut tags = Vec::new();
        for (gap, pattern) in gaps {
            time += gap;
            EventsWriter::new(order).push(time, pattern, &mut file).unwrap();
            tags.push((time, pattern));
        }
        let (kept, _) = in_pieces(Decoder::with_format(format), &file, || 100, || 64);
        prop_assert_eq!(kept.faults, vec![]);
        for (found, written) in kept.tags.iter().zip(&tags) {
            prop_assert_eq!(found.1, written.1);
            prop_assert!((0..4).contains(&(found.0 - written.0)));
        }
        prop_assert_eq!(kept.tags.len(), tags.len());
    }

    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..2000), magic in 0usize..4) {
        let magics: [&[u8]; 4] = [b"", b"PQTTTR\0\0", b"HydraHarp\0\0\0\0\0\0\x001.0", b"PicoHarp 300\0\0\0\x002.0"];
        let file = [magics[magic], &bytes].concat();
        let found = summary(&file);
        prop_assert!(found.fatal.is_some() || found.records <= 500);
    }
}
