//! Tables of tags in Parquet, as pyarrow writes them.

#![expect(clippy::unwrap_used, reason = "a test that cannot build its input has failed")]

use std::io::Cursor;

use diqkd_timetag::formats::{Fault, ParquetError, TagSink, TagSummary, read_parquet, recognise};

#[derive(Default)]
struct Tags {
    tags: Vec<(i64, u16)>,
    faults: Vec<Fault>,
}

impl TagSink for Tags {
    fn tags(&mut self, time_ps: &[i64], channel: &[u16]) {
        self.tags.extend(time_ps.iter().copied().zip(channel.iter().copied()));
    }

    fn fault(&mut self, fault: &Fault) {
        self.faults.push(*fault);
    }
}

fn file(name: &str) -> Vec<u8> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/parquet");
    std::fs::read(folder.join(name).with_extension("parquet")).unwrap()
}

fn error(name: &str) -> (String, Vec<(i64, u16)>) {
    let mut tags = Tags::default();
    let error = read_parquet(Cursor::new(file(name)), &mut tags).unwrap_err();
    (error.to_string(), tags.tags)
}

#[test]
fn columns_that_may_be_empty_beside_others_in_two_row_groups() {
    let bytes = file("optional");
    assert_eq!(recognise(&bytes).map(|format| format.name()), Some("parquet"));
    let (mut tags, mut summary) = (Tags::default(), TagSummary::default());
    let recording = read_parquet(Cursor::new(&bytes), &mut tags).unwrap();
    let expected: Vec<(i64, u16)> = (0..9).map(|i| (1000 * i, (i % 3) as u16)).collect();
    assert_eq!((tags.tags, recording.records, tags.faults.len()), (expected, 9, 0));
    let recording = read_parquet(Cursor::new(&bytes), &mut summary).unwrap();
    summary.complete(&recording);
    assert_eq!((summary.photons, summary.sum_ps_mod_2_64, summary.last_ps), (9, 36_000, Some(8_000)));
}

#[test]
fn what_is_not_read_is_named() {
    for (name, words) in [
        ("snappy", "column time_ps is compressed"),
        ("dictionary", "column time_ps is encoded with a dictionary"),
        ("v2", "column time_ps is in pages of version 2"),
        ("missing", "column time_ps lacks the value of row 2"),
        ("names", "found t; rename"),
    ] {
        let (error, tags) = error(name);
        assert!(error.contains(words) && tags.is_empty(), "{name}: {error}");
    }
}

#[test]
fn damage_is_an_error_and_never_a_panic() {
    let whole = file("optional");
    for length in 0..whole.len() {
        let cut = read_parquet(Cursor::new(&whole[..length]), &mut Tags::default());
        assert!(matches!(cut, Err(ParquetError::NoIndex)), "{length}");
    }
    let (mut refused, mut read) = (0, 0);
    for place in 0..whole.len() {
        for bit in 0..8 {
            let mut bytes = whole.clone();
            bytes[place] ^= 1 << bit;
            let mut tags = Tags::default();
            match read_parquet(Cursor::new(&bytes), &mut tags) {
                Ok(recording) => {
                    assert!(recording.records <= 9 && tags.tags.len() <= 9);
                    read += 1;
                }
                Err(_) => refused += 1,
            }
        }
    }
    // Bits of values, of names nobody reads and of counts nobody needs change; there are no checksums.
    assert!(refused > 1500 && read > 1000, "{refused} {read}");
}

#[test]
fn a_channel_that_is_none_and_time_that_runs_back_are_faults_at_their_row() {
    let mut bytes = file("optional");
    let place = |bytes: &[u8], value: i64| {
        let wanted = value.to_le_bytes();
        bytes.windows(8).position(|window| window == wanted).unwrap()
    };
    let time = place(&bytes, 7000);
    bytes[time..time + 8].copy_from_slice(&(-5i64).to_le_bytes());
    // The first 2 of the channels is row 2.
    let channels = place(&bytes, 4000) + 8;
    let channel = channels + place(&bytes[channels..], 2);
    bytes[channel..channel + 8].copy_from_slice(&70_000i64.to_le_bytes());
    let mut tags = Tags::default();
    let recording = read_parquet(Cursor::new(&bytes), &mut tags).unwrap();
    assert_eq!(recording.records, 9);
    let offsets: Vec<u64> = tags.faults.iter().map(|fault| fault.offset).collect();
    assert_eq!((offsets, tags.tags.len()), (vec![2, 7], 8), "{:?}", tags.faults);
    assert!(tags.tags.contains(&(-5, 1)));
}
