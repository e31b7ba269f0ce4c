//! Damaged recordings: named faults, everything before them delivered.

use diqkd_timetag::formats::{Decoder, Fault, FaultKind, Format, MARKER, PtuWriter, TagSummary, read_all};

use crate::feed::{Kept, in_pieces, summary, whole};
use crate::made::{FLOAT, INT, unified};

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
