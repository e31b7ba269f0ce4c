//! More records never mean more allocations, only trials do, and those grow in ever larger steps.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

use allocation_counter::measure;
use diqkd_core::{Channel, LocalTable, Outcome};
use diqkd_timetag::formats::{
    Decoder, EventsWriter, PtuT3Writer, PtuWriter, TagSummary, WordOrder, read_all,
};
use diqkd_timetag::slot::{SlotRule, Slotter, StationKind};

const GAP_PS: i64 = 700_000;

fn t2(records: i64) -> Vec<u8> {
    let mut file = Vec::new();
    let mut writer = PtuWriter::new(None, &mut file);
    (1..=records).try_for_each(|i| writer.push(i * GAP_PS, (i % 4) as u16, &mut file)).unwrap();
    file
}

fn t3(records: i64) -> Vec<u8> {
    let mut file = Vec::new();
    let mut writer = PtuT3Writer::new(12_500, 8, None, &mut file).unwrap();
    (1..=records).try_for_each(|i| writer.push(i * GAP_PS, (i % 4) as u16, &mut file)).unwrap();
    file
}

/// The header of the T2 file with the record type of a PicoHarp, and its records.
fn picoharp(records: i64) -> Vec<u8> {
    let mut file = t2(0);
    let name = b"TTResultFormat_TTTRRecType";
    let at = file.windows(name.len()).position(|bytes| bytes == name).unwrap() + 40;
    file[at..at + 8].copy_from_slice(&0x0001_0203u64.to_le_bytes());
    let mut overflows = 0;
    for i in 1..=records {
        let ticks = i * GAP_PS;
        while overflows < ticks / 210_698_240 {
            overflows += 1;
            file.extend(0xF000_0000u32.to_le_bytes());
        }
        file.extend((((i % 4) as u32) << 28 | (ticks % 210_698_240) as u32).to_le_bytes());
    }
    file
}

fn a1(records: i64) -> Vec<u8> {
    let mut file = Vec::new();
    let writer = EventsWriter::new(WordOrder::LowFirst);
    (1..=records).try_for_each(|i| writer.push(i * GAP_PS, 1 << (i % 4), &mut file)).unwrap();
    file
}

const KINDS: [fn(i64) -> Vec<u8>; 4] = [t2, t3, picoharp, a1];

#[test]
fn a_decoder_allocates_nothing() {
    for kind in KINDS {
        let file = kind(50_000);
        let (mut time_ps, mut channel) = (vec![0; 1000], vec![0; 1000]);
        let mut decoder = Decoder::new();
        let mut tags = 0;
        let counted = measure(|| {
            for mut piece in file.chunks(4099) {
                while !piece.is_empty() {
                    let step = decoder.push(piece, &mut time_ps, &mut channel);
                    assert_eq!(step.fault, None);
                    piece = &piece[step.consumed..];
                    tags += step.tags;
                }
            }
        });
        assert_eq!((tags, counted.count_total), (50_000, 0));
    }
}

#[test]
fn counting_a_longer_recording_allocates_no_more() {
    for kind in KINDS {
        let counted = [10_000, 100_000].map(|records| {
            let file = kind(records);
            let mut summary = TagSummary::default();
            let counted = measure(|| {
                let mut rest = &file[..];
                let read = read_all(|buffer| std::io::Read::read(&mut rest, buffer), &mut summary);
                summary.complete(&read.unwrap());
            });
            assert_eq!(summary.photons, records as u64);
            (counted.count_total, counted.bytes_max)
        });
        assert_eq!(counted[0], counted[1]);
    }
}

#[test]
fn slots_allocate_only_for_trials() {
    let rule = SlotRule {
        station: StationKind::EventReady { herald: Channel(0) },
        epoch_ps: 0,
        slot_period_ps: 1_000_000,
        settings: [Channel(1), Channel(2), Channel(3), Channel(4)],
        detectors: [Channel(5), Channel(6)],
        setting_window_ps: 100_000..300_000,
        detection_window_ps: 400_000..800_000,
        dead_time_ps: 20_000,
        no_click: Outcome::Minus,
        multi_click: Outcome::Plus,
    };
    let mut slotter = Slotter::new(rule).unwrap();
    let mut table = LocalTable::new();
    let noise: Vec<i64> = (0..100_000).map(|i| i * 10_000).collect();
    let channel: Vec<u16> = (0..100_000u32).map(|i| 5 + (i % 4) as u16).collect();
    let counted = measure(|| slotter.push(&noise, &channel, &mut table).unwrap());
    assert_eq!((table.len(), counted.count_total), (0, 0));

    let rounds = 100_000;
    let (mut time_ps, mut channel) = (Vec::new(), Vec::new());
    for round in 0..rounds {
        let herald = 2_000_050_000 + round * 1_000_000;
        time_ps.extend([herald, herald + 200_000, herald + 500_000]);
        channel.extend([0, 1 + (round % 2) as u16, 5 + (round % 3) as u16]);
    }
    let counted = measure(|| {
        slotter.push(&time_ps, &channel, &mut table).unwrap();
        slotter.advance_to(i64::MAX, &mut table).unwrap();
    });
    assert_eq!(table.len() as i64, rounds, "{:?}", slotter.report());
    // Four columns that double, and the blocks of round numbers.
    assert!(counted.count_total < 400, "{} for {rounds} trials", counted.count_total);
}
