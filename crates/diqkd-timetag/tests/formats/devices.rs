//! Recordings of Becker & Hickl, Swabian, quTAG, NIST and the older qcrypto card that the tests make up.

use diqkd_timetag::formats::{
    Decoder, FALLING, Fault, FaultKind, Format, MARKER, OnDamage, ReadOptions, TagSummary, read_with,
    recognise,
};
use rand::{RngExt, SeedableRng, rngs::StdRng};

use crate::feed::{Kept, in_pieces, summary};

/// A recording, and the tags that must come out of it.
pub(crate) struct Made {
    pub(crate) file: Vec<u8>,
    tags: Vec<(i64, u16)>,
}

fn times(n: usize, longest_gap: u64, rng: &mut StdRng) -> Vec<u64> {
    let mut time = 0;
    (0..n)
        .map(|_| {
            time += rng.random_range(1..=longest_gap);
            time
        })
        .collect()
}

fn spc130(n: usize, rng: &mut StdRng) -> Made {
    let (mut file, mut tags, mut base) = (0x8000_0032u32.to_le_bytes().to_vec(), vec![], 0);
    for ticks in times(n, 9000, rng) {
        let rout: u32 = rng.random_range(0..4);
        let wraps = ticks / 4096 - base;
        base = ticks / 4096;
        let mark = rng.random_bool(0.05);
        let mut record = (ticks % 4096) as u32 | rout << 12 | rng.random_range(0..4096) << 16;
        match wraps {
            0 => {}
            1 => record |= 1 << 30,
            _ => file.extend((0xC000_0000 | wraps as u32).to_le_bytes()),
        }
        record |= if mark { 0x9000_0000 } else { 0 };
        file.extend(record.to_le_bytes());
        tags.push(((ticks * 5000) as i64, rout as u16 | if mark { MARKER } else { 0 }));
    }
    Made { file, tags }
}

fn spc600_256(n: usize, rng: &mut StdRng) -> Made {
    let (mut file, mut tags, mut base) = (0x8000_01F4u32.to_le_bytes().to_vec(), vec![], 0);
    for ticks in times(n, 300_000, rng) {
        let rout: u32 = rng.random_range(0..8);
        let wraps = ticks >> 17;
        if wraps > base {
            file.extend((0xC000_0000 | (wraps - base) as u32).to_le_bytes());
        }
        base = wraps;
        file.extend((rout << 25 | (ticks as u32 & 0x1_FFFF) << 8 | rng.random_range(0..256)).to_le_bytes());
        tags.push(((ticks * 50_000) as i64, rout as u16));
    }
    Made { file, tags }
}

fn spc600_4096(n: usize, rng: &mut StdRng) -> Made {
    let (mut file, mut tags, mut base) = (vec![1, 0, 0xF4, 1, 0, 0], vec![], 0);
    for ticks in times(n, 9_000_000, rng) {
        let rout: u8 = rng.random_range(0..200);
        let wraps = ticks >> 24;
        let adc: u16 = rng.random_range(0..4096);
        let flags = (adc >> 8) as u8 | if wraps > base { 0x20 } else { 0 };
        base = wraps;
        file.extend([adc as u8, flags, (ticks >> 16) as u8, rout, ticks as u8, (ticks >> 8) as u8]);
        tags.push(((ticks * 50_000) as i64, u16::from(rout)));
    }
    Made { file, tags }
}

fn swabian(n: usize, rng: &mut StdRng) -> Made {
    let (mut file, mut tags) = (vec![], vec![]);
    for ps in times(n, 9_000_000, rng) {
        let channel: i32 = rng.random_range(1..=18) * if rng.random_bool(0.2) { -1 } else { 1 };
        file.extend([0; 4]);
        file.extend(channel.to_le_bytes());
        file.extend(ps.to_le_bytes());
        let falling = if channel < 0 { FALLING } else { 0 };
        tags.push((ps as i64, channel.unsigned_abs() as u16 | falling));
    }
    Made { file, tags }
}

fn qutag(n: usize, unit: u64, rng: &mut StdRng) -> Made {
    let (mut file, mut tags) = (vec![0xA5; 40], vec![]);
    for ticks in times(n, 9_000_000, rng) {
        let marker = rng.random_bool(0.1);
        let channel = if marker { 104 } else { rng.random_range(0..5u16) };
        file.extend(ticks.to_le_bytes());
        file.extend(channel.to_le_bytes());
        tags.push(((ticks * unit / 1000) as i64, channel | if marker { MARKER } else { 0 }));
    }
    Made { file, tags }
}

fn nist(n: usize, rng: &mut StdRng) -> Made {
    let (mut file, mut tags) = (vec![], vec![]);
    for (i, ticks) in times(n, 9_000_000, rng).into_iter().enumerate() {
        let channel: u64 = rng.random_range(0..8);
        file.extend([channel, ticks, i as u64 / 100].iter().flat_map(|word| word.to_le_bytes()));
        tags.push(((ticks * 625 / 8) as i64, channel as u16));
    }
    Made { file, tags }
}

fn card_49(n: usize, text: bool, rng: &mut StdRng) -> Made {
    let (mut file, mut tags) = (vec![], vec![]);
    for ticks in times(n, 9_000_000, rng) {
        let pattern: u64 = rng.random_range(0..16);
        let word = ticks << 15 | rng.random_range(0..2048) << 4 | pattern;
        if text {
            file.extend(format!("{word:016x}\n").bytes());
        } else {
            file.extend(((word >> 32) as u32).to_le_bytes());
            file.extend((word as u32).to_le_bytes());
        }
        tags.push(((ticks * 125) as i64, pattern as u16));
    }
    Made { file, tags }
}

pub(crate) fn made(format: Format, n: usize, rng: &mut StdRng) -> Made {
    match format {
        Format::Spc130 => spc130(n, rng),
        Format::Spc600x256 => spc600_256(n, rng),
        Format::Spc600x4096 => spc600_4096(n, rng),
        Format::Swabian => swabian(n, rng),
        Format::QuTag => qutag(n, 1000, rng),
        Format::QuTau => qutag(n, 80_955, rng),
        Format::Nist => nist(n, rng),
        Format::A1Card49 => card_49(n, false, rng),
        Format::A2Card49 => card_49(n, true, rng),
        _ => panic!("{format} is tested elsewhere"),
    }
}

pub(crate) const FORMATS: [Format; 9] = [
    Format::Spc130,
    Format::Spc600x256,
    Format::Spc600x4096,
    Format::Swabian,
    Format::QuTag,
    Format::QuTau,
    Format::Nist,
    Format::A1Card49,
    Format::A2Card49,
];

#[test]
fn recordings_of_every_device_come_out_as_made_in_any_pieces() {
    let mut rng = StdRng::seed_from_u64(77);
    for format in FORMATS {
        for longest in [1, 7, 64, 5000] {
            let Made { file, tags } = made(format, 500, &mut rng);
            let (mut pieces, mut rooms) = (StdRng::seed_from_u64(longest), StdRng::seed_from_u64(longest));
            let (found, decoder) = in_pieces(
                Decoder::with_format(format),
                &file,
                || pieces.random_range(0..=longest as usize),
                || rooms.random_range(1..=64),
            );
            assert_eq!(found.faults, [], "{format}");
            assert_eq!(found.tags, tags, "{format}");
            assert_eq!(decoder.records(), 500 + decoder.overflows());
            assert!(!decoder.is_truncated());
        }
    }
}

#[test]
fn devices_are_recognised_by_their_records_or_not_at_all() {
    let mut rng = StdRng::seed_from_u64(78);
    for format in FORMATS {
        let named = matches!(
            format,
            Format::QuTag | Format::QuTau | Format::A1Card49 | Format::A2Card49 | Format::Spc600x256
        );
        for _ in 0..50 {
            let Made { file, tags } = made(format, 300, &mut rng);
            let found = recognise(&file);
            if !named {
                assert_eq!(found, Some(format));
                let summary = summary(&file);
                assert_eq!((summary.format, summary.error_count), (Some(format), 0));
                assert_eq!(summary.last_ps, tags.iter().rfind(|tag| tag.1 < MARKER).map(|tag| tag.0));
            } else if let Some(other) = found {
                // The older card is read as the newer one when it is not named: nothing tells them apart.
                let cards = [Format::A1HighWordFirst, Format::A2];
                assert!(cards.contains(&other) || other == format, "{format} {other}");
            }
        }
    }
}

#[test]
fn damage_is_named_where_it_is_and_the_rest_is_kept() {
    let mut rng = StdRng::seed_from_u64(79);
    for format in FORMATS {
        let Made { file, tags } = made(format, 60, &mut rng);
        for cut in 0..file.len() {
            let (found, decoder) = in_pieces(Decoder::with_format(format), &file[..cut], || 13, || 5);
            assert_eq!(found.tags[..], tags[..found.tags.len()], "{format} {cut}");
            assert!(found.faults.iter().all(|fault| fault.offset <= cut as u64), "{format} {cut}");
            assert_eq!(decoder.is_truncated(), !found.faults.is_empty(), "{format} {cut}");
        }
        for bit in 0..8 * file.len() {
            let mut flipped = file.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let (found, decoder) = in_pieces(Decoder::with_format(format), &flipped, || 97, || 64);
            assert!(decoder.records() <= 140, "{format} {bit}");
            assert!(found.tags.iter().all(|tag| tag.0 >= 0), "{format} {bit}");
        }
    }
}

#[test]
fn tags_that_a_device_lost_are_counted_at_their_place() {
    let mut rng = StdRng::seed_from_u64(80);
    let Made { mut file, .. } = swabian(20, &mut rng);
    let mut missed = [4, 0, 7, 1, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    missed[8..].copy_from_slice(&file[16 * 10 + 8..16 * 11]);
    file.splice(160..160, missed);
    let mut rest = &file[..];
    let mut summary = TagSummary::default();
    let source = |buffer: &mut [u8]| std::io::Read::read(&mut rest, buffer);
    let options = ReadOptions { format: Some(Format::Swabian), ..ReadOptions::default() };
    let recording = read_with(options, source, &mut summary).unwrap();
    summary.complete(&recording);
    assert_eq!((summary.photons, summary.lost, summary.error_count), (20, 263, 1));
    assert_eq!(summary.errors[0], Fault { offset: 160, kind: FaultKind::TagsLost { count: 263 } });
}

/// Bytes are lost or added in the middle; all but the records around that place come out again.
#[test]
fn the_boundary_of_records_is_found_again_on_request() {
    let mut rng = StdRng::seed_from_u64(81);
    for format in FORMATS {
        for change in -9i64..=9 {
            // Times of 64 bits shifted by some bytes are times in order too: nothing seems wrong.
            if matches!(format, Format::QuTag | Format::QuTau | Format::Nist) {
                continue;
            }
            let Made { file, tags } = made(format, 30_000, &mut rng);
            let mut damaged = file.clone();
            // Not at the end of a record, in a file longer than the reader's buffer.
            let place = file.len() / 2 + 1;
            match usize::try_from(change) {
                Ok(added) => drop(damaged.splice(place..place, (0..added).map(|i| 0x5A ^ i as u8))),
                Err(_) => drop(damaged.drain(place..place + change.unsigned_abs() as usize)),
            }
            let mut kept = Kept::default();
            let mut rest = &damaged[..];
            let source = |buffer: &mut [u8]| std::io::Read::read(&mut rest, buffer);
            let options = ReadOptions {
                format: Some(format),
                damage: OnDamage::Resynchronise,
                ..ReadOptions::default()
            };
            let recording = read_with(options, source, &mut kept).unwrap();
            assert_eq!(recording.fatal, None);
            let right: std::collections::BTreeSet<_> = tags.iter().collect();
            let wraps = matches!(format, Format::Spc130 | Format::Spc600x256 | Format::Spc600x4096);
            let found = if wraps {
                // Times may be off after the damage, channels and distances are right.
                let pairs = |tags: &[(i64, u16)]| -> std::collections::BTreeSet<_> {
                    tags.windows(2).map(|two| (two[1].0 - two[0].0, two[0].1, two[1].1)).collect()
                };
                let right = pairs(&tags);
                kept.tags
                    .windows(2)
                    .filter(|two| right.contains(&(two[1].0 - two[0].0, two[0].1, two[1].1)))
                    .count()
            } else {
                kept.tags.iter().filter(|tag| right.contains(tag)).count()
            };
            assert!(
                found > 29_000,
                "{format} {change}: {found} {:?}",
                &kept.faults[..kept.faults.len().min(4)]
            );
            assert!(kept.faults.len() < 60, "{format} {change}: {}", kept.faults.len());
        }
    }
}
