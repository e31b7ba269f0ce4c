//! Indices of recordings from arbitrary bytes, and ranges read with them: an index that is read is written the same, no
//! index makes a reader fail, and the recording's own index gives the tags that reading it whole gives.
//!
//! First two bytes: how much of the rest is an index; first of that a byte that says whether its checksum is put right.

#![no_main]

use std::convert::Infallible;

use diqkd_timetag::formats::{RangeError, RangeRead, TagSink, TimeIndex};
use libfuzzer_sys::fuzz_target;

#[derive(Default)]
struct Tags(Vec<(i64, u16)>);

impl TagSink for Tags {
    fn tags(&mut self, time_ps: &[i64], channel: &[u16]) {
        self.0.extend(time_ps.iter().copied().zip(channel.iter().copied()));
    }
}

fn read(
    index: &TimeIndex,
    range: std::ops::Range<i64>,
    file: &[u8],
) -> (Result<RangeRead, RangeError<Infallible>>, Tags) {
    let mut tags = Tags::default();
    let source = |from: u64, buffer: &mut [u8]| {
        let rest = usize::try_from(from).ok().and_then(|from| file.get(from..)).unwrap_or_default();
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        Ok::<_, Infallible>(count)
    };
    (index.read_range(range, source, &mut tags), tags)
}

fuzz_target!(|data: &[u8]| {
    let Some((&[low, high], rest)) = data.split_first_chunk::<2>() else { return };
    let (index, file) = rest.split_at(usize::from(u16::from_le_bytes([low, high])).min(rest.len()));

    let mut left = file;
    let source = |buffer: &mut [u8]| {
        let count = left.len().min(buffer.len());
        buffer[..count].copy_from_slice(&left[..count]);
        left = &left[count..];
        Ok::<_, Infallible>(count)
    };
    let Ok(own) = TimeIndex::build(None, 7, source);
    assert_eq!(TimeIndex::decode(&own.encode()).map(|read| read.encode()), Ok(own.encode()));
    let (whole, tags) = read(&own, i64::MIN..i64::MAX, file);
    assert!(whole.is_ok());
    if let Some((first, last)) = own.span_ps() {
        let middle = first.midpoint(last);
        let (_, part) = read(&own, middle..i64::MAX, file);
        let expected: Vec<_> = tags.0.iter().copied().filter(|tag| tag.0 >= middle).collect();
        assert!(whole.is_ok_and(|whole| whole.fatal.is_some()) || part.0 == expected);
    }

    let Some((&mend, given)) = index.split_first() else { return };
    let mut given = given.to_vec();
    if let Some((body, sum)) = given.split_last_chunk_mut::<4>()
        && mend & 1 == 1
    {
        *sum = crc32fast::hash(body).to_le_bytes();
    }
    if let Ok(index) = TimeIndex::decode(&given) {
        assert_eq!(index.encode(), given);
        for range in [i64::MIN..i64::MAX, 0..1 << 40, 5..5] {
            let (_, tags) = read(&index, range.clone(), file);
            assert!(tags.0.iter().all(|(time, _)| range.contains(time)));
        }
    }
});
