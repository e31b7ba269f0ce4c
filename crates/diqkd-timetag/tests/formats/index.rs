//! Ranges of time against the whole recording, filtered.

use core::convert::Infallible;

use diqkd_timetag::formats::{
    EventsWriter, Format, IndexError, PtuT3Writer, PtuWriter, RangeError, ReadOptions, TimeIndex, WordOrder,
    read_with,
};
use rand::{Rng, RngExt, SeedableRng, rngs::StdRng};

use crate::devices::{FORMATS, made};
use crate::feed::Kept;
use crate::made::{RECORD_TYPES, file_of, random_records};

fn whole(format: Option<Format>, mut file: &[u8]) -> Kept {
    let mut kept = Kept::default();
    let options = ReadOptions { format, ..ReadOptions::default() };
    let _ = read_with(options, |buffer| std::io::Read::read(&mut file, buffer), &mut kept).unwrap();
    kept
}

fn index(format: Option<Format>, spacing: u64, mut file: &[u8], rng: &mut StdRng) -> TimeIndex {
    let index = TimeIndex::build(format, spacing, |buffer| {
        let most = rng.random_range(1..=buffer.len());
        std::io::Read::read(&mut file, &mut buffer[..most])
    });
    index.unwrap()
}

/// The source of a range that reads pieces of any length.
fn pieces<'a>(
    file: &'a [u8],
    rng: &'a mut StdRng,
) -> impl FnMut(u64, &mut [u8]) -> Result<usize, Infallible> + 'a {
    move |at, buffer| {
        let rest = &file[(at as usize).min(file.len())..];
        let length = rng.random_range(1..=buffer.len()).min(rest.len());
        buffer[..length].copy_from_slice(&rest[..length]);
        Ok(length)
    }
}

/// Every range holds what the filtered recording holds; returns the number of marks.
fn agrees(format: Option<Format>, file: &[u8], rng: &mut StdRng) -> usize {
    let full = whole(format, file);
    let index = TimeIndex::decode(&index(format, 3000, file, rng).encode()).unwrap();
    let all: Vec<i64> = full.tags.iter().map(|tag| tag.0).collect();
    assert_eq!(index.span_ps(), all.iter().min().copied().zip(all.iter().max().copied()));
    let mut edges = vec![i64::MIN, 0, i64::MAX];
    if !all.is_empty() {
        edges.extend((0..8).map(|_| all[rng.random_range(0..all.len())]));
        edges.extend([all[all.len() - 1], all[all.len() - 1] + 1]);
    }
    for &from in &edges {
        for &to in &edges {
            let mut found = Kept::default();
            let read = index.read_range(from..to, pieces(file, rng), &mut found).unwrap();
            let expected = full.tags.iter().copied().filter(|tag| (from..to).contains(&tag.0));
            assert!(found.tags.iter().copied().eq(expected), "{format:?}: {from}..{to}");
            assert!(found.faults.iter().all(|fault| full.faults.contains(fault)), "{:?}", found.faults);
            assert!(read.bytes <= file.len() as u64);
            if (from, to) == (i64::MIN, i64::MAX) && !all.is_empty() {
                assert_eq!(found.faults, full.faults);
                assert_eq!(read.fatal, full.faults.iter().copied().find(|fault| fault.kind.is_fatal()));
            }
        }
    }
    index.marks()
}

#[test]
fn any_range_of_any_picoquant_recording_is_the_filtered_recording() {
    let mut rng = StdRng::seed_from_u64(133);
    for code in RECORD_TYPES {
        for wild in [0.0, 0.002] {
            let data = random_records(code, 30_000, 0.3, wild, &mut rng);
            let (mut file, _) = file_of(code, wild > 0.0, &data);
            assert!(agrees(None, &file, &mut rng) >= 4, "{code:#x}");
            file.truncate(file.len() - 4001);
            agrees(None, &file, &mut rng);
        }
    }
}

#[test]
fn any_range_of_any_other_recording_is_the_filtered_recording() {
    let mut rng = StdRng::seed_from_u64(134);
    for format in FORMATS {
        assert!(agrees(Some(format), &made(format, 20_000, &mut rng).file, &mut rng) >= 3, "{format}");
    }
    for format in [Format::A0, Format::A1, Format::A1HighWordFirst, Format::A2] {
        let mut file = Vec::new();
        // The clock starts anew in the middle, and a few events come late.
        let mut units: u64 = (1 << 54) - 10_000 * 5_000;
        for i in 0..20_000 {
            units += rng.random_range(0..10_000);
            let late = if i % 997 == 0 { 300_000 } else { 0 };
            let flags = if rng.random_bool(0.05) { 0x10 } else { rng.random_range(1..16) };
            let word = ((units - late) % (1 << 54)) << 10 | flags;
            match format {
                Format::A0 => file.extend(format!("{:08x}\n{:08x}\n", word as u32, word >> 32).bytes()),
                Format::A1 => file.extend(word.to_le_bytes()),
                Format::A2 => file.extend(format!("{word:016x}\n").bytes()),
                _ => file.extend(word.rotate_left(32).to_le_bytes()),
            }
        }
        assert!(agrees(None, &file, &mut rng) >= 4, "{format}");
        for cut in [0, 5, 100, file.len() - 3] {
            agrees(None, &file[..cut], &mut rng);
            agrees(Some(format), &file[..cut], &mut rng);
        }
    }
}

#[test]
fn written_recordings_have_ranges_and_little_is_decoded_for_them() {
    let mut rng = StdRng::seed_from_u64(135);
    let (mut t2, mut t3, mut a1) = (Vec::new(), Vec::new(), Vec::new());
    let mut t2_writer = PtuWriter::new(None, &mut t2);
    let mut t3_writer = PtuT3Writer::new(12_500, 8, None, &mut t3).unwrap();
    let mut time = 1;
    for _ in 0..50_000 {
        time += rng.random_range(0..5_000_000);
        t2_writer.push(time, 1, &mut t2).unwrap();
        t3_writer.push(time, 1, &mut t3).unwrap();
        EventsWriter::new(WordOrder::LowFirst).push(time, 1, &mut a1).unwrap();
    }
    for file in [t2, t3, a1] {
        let index = index(None, 2500, &file, &mut rng);
        assert!(index.marks() > 10);
        let mut found = Kept::default();
        let middle = time / 2;
        let read =
            index.read_range(middle..middle + 50_000_000, pieces(&file, &mut rng), &mut found).unwrap();
        assert!(found.tags.len() > 5);
        assert!(read.bytes < file.len() as u64 / 4, "{} of {}", read.bytes, file.len());
        let mut found = Kept::default();
        let read = index.read_range(-5..0, pieces(&file, &mut rng), &mut found).unwrap();
        assert_eq!((read.bytes, found), (0, Kept::default()));
    }
}

#[test]
fn an_index_of_another_recording_or_a_damaged_one_is_refused() {
    let mut rng = StdRng::seed_from_u64(136);
    let data = random_records(RECORD_TYPES[4], 20_000, 0.3, 0.0, &mut rng);
    let (file, _) = file_of(RECORD_TYPES[4], false, &data);
    let index = index(None, 1000, &file, &mut rng);
    let mut longer = file.clone();
    longer.extend([0; 4]);
    let mut altered = file.clone();
    altered[600] ^= 1;
    for other in [&longer[..], &file[..file.len() - 4], &altered, &[]] {
        let read = index.read_range(0..i64::MAX, pieces(other, &mut rng), &mut Kept::default());
        assert_eq!(read, Err(RangeError::OtherRecording));
    }

    let bytes = index.encode();
    assert_eq!(TimeIndex::decode(&bytes), Ok(index));
    assert_eq!(TimeIndex::decode(&file), Err(IndexError::NotAnIndex));
    let mut newer = bytes.clone();
    newer[8] = 2;
    assert_eq!(TimeIndex::decode(&newer), Err(IndexError::Version { found: 2 }));
    for length in 12..bytes.len() {
        assert_eq!(TimeIndex::decode(&bytes[..length]), Err(IndexError::Damaged));
    }
    for _ in 0..2000 {
        let mut damaged = bytes.clone();
        damaged[rng.random_range(12..bytes.len())] ^= 1 << rng.random_range(0..8);
        assert_eq!(TimeIndex::decode(&damaged), Err(IndexError::Damaged));
    }
}

/// A checksum does not protect from what someone wrote on purpose.
#[test]
fn numbers_that_no_recording_leads_to_are_survived() {
    let mut rng = StdRng::seed_from_u64(137);
    let mut files = Vec::new();
    for code in RECORD_TYPES {
        let data = random_records(code, 20_000, 0.3, 0.0, &mut rng);
        files.push((None, file_of(code, false, &data).0));
    }
    files.extend(FORMATS.map(|format| (Some(format), made(format, 20_000, &mut rng).file)));
    let (mut refused, mut read) = (0, 0);
    for (format, file) in files {
        let bytes = index(format, 3000, &file, &mut rng).encode();
        for _ in 0..50 {
            let mut forged = bytes.clone();
            let body = forged.len() - 4;
            // Numbers of the second mark.
            let at = 52 + 72 + 8 * rng.random_range(2..7);
            let number = rng.next_u64() >> rng.random_range(0..64);
            forged[at..at + 8].copy_from_slice(&number.to_le_bytes());
            let sum = crc(&forged[..body]);
            forged[body..].copy_from_slice(&sum.to_le_bytes());
            let index = TimeIndex::decode(&forged).unwrap();
            let (_, greatest) = index.span_ps().unwrap();
            let from = greatest / 3;
            match index.read_range(from..greatest, pieces(&file, &mut rng), &mut Kept::default()) {
                Ok(_) => read += 1,
                Err(error) => {
                    assert_eq!(error, RangeError::OtherRecording);
                    refused += 1;
                }
            }
        }
    }
    assert!(read > 100, "{refused} {read}");
}

fn crc(bytes: &[u8]) -> u32 {
    let mut sum = u32::MAX;
    for byte in bytes {
        sum ^= u32::from(*byte);
        for _ in 0..8 {
            sum = if sum & 1 == 1 { sum >> 1 ^ 0xEDB8_8320 } else { sum >> 1 };
        }
    }
    !sum
}
