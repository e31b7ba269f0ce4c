//! Tables in Parquet: no panic, no more rows than the file has bytes, and what is delivered is what is counted.

#![no_main]

use std::io::Cursor;

use diqkd_timetag::formats::{TagSink, read_parquet};
use libfuzzer_sys::fuzz_target;

#[derive(Default)]
struct Count(u64);

impl TagSink for Count {
    fn tags(&mut self, time_ps: &[i64], channel: &[u16]) {
        assert_eq!(time_ps.len(), channel.len());
        self.0 += time_ps.len() as u64;
    }
}

fuzz_target!(|data: &[u8]| {
    let mut count = Count::default();
    if let Ok(recording) = read_parquet(Cursor::new(data), &mut count) {
        assert!(count.0 <= recording.records);
    }
    // A group may name bytes that another one has named, so rows are bounded by both: groups, and rows of each.
    assert!(count.0 <= (data.len() as u64).pow(2));
});
