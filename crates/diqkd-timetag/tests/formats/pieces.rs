//! Properties: pieces do not matter, what is written is read back.

use diqkd_timetag::formats::{Decoder, EventsWriter, Format, MARKER, PtuT3Writer, PtuWriter, WordOrder};
use proptest::prelude::*;
use rand::{RngExt, SeedableRng, rngs::StdRng};

use crate::feed::{Kept, in_pieces, summary, whole};
use crate::made::{RECORD_TYPES, file_of, random_records};

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
    fn written_t3_recordings_are_read_back_within_the_resolution(
        gaps in prop::collection::vec((0i64..1 << 36, 0u16..80), 0..200),
        period_ps in 1u64..200_000,
        resolution_ps in 1u64..64,
    ) {
        let mut file = Vec::new();
        let writer = PtuT3Writer::new(period_ps, resolution_ps, None, &mut file);
        if period_ps.div_ceil(resolution_ps) > 1 << 15 {
            prop_assert!(writer.is_err() && file.is_empty());
            return Ok(());
        }
        let mut writer = writer.unwrap();
        let mut time = 0;
        let mut tags = Vec::new();
        for (gap, channel) in gaps {
            time += gap >> (channel % 37);
            let channel = if channel > 63 { MARKER | (channel - 63).min(15) } else { channel };
            writer.push(time, channel, &mut file).unwrap();
            let period_ps = period_ps as i64;
            let after = if channel & MARKER == 0 { time % period_ps } else { 0 };
            tags.push((time - time % period_ps + after - after % resolution_ps as i64, channel));
        }
        prop_assert!(writer.push(time + 1, 64, &mut file).is_err());
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
