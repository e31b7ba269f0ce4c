//! The stream of a station, either direction: no panic, and every frame that is read is written alike.
//!
//! The input is read as it is, and once more with right checksums, which mutations rarely hit: a length byte, a kind and body
//! of that length, and so on.
#![no_main]

use diqkd_node::station_stream::Frames;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    both_ways(input);
    let (mut stream, mut rest) = (Vec::new(), input);
    while let Some((&length, after)) = rest.split_first() {
        let (content, after) = after.split_at(usize::from(length).min(after.len()));
        let start = stream.len();
        stream.extend_from_slice(&(content.len() as u32).to_le_bytes());
        stream.extend_from_slice(content);
        let check = crc32fast::hash(&stream[start..]);
        stream.extend_from_slice(&check.to_le_bytes());
        rest = after;
    }
    both_ways(&stream);
});

fn both_ways(input: &[u8]) {
    let (mut frames, mut at) = (Frames::new(input), 0);
    while let Ok(message) = frames.from_station() {
        let frame = message.encode();
        assert_eq!(frame, input[at..at + frame.len()]);
        at += frame.len();
    }
    let (mut frames, mut at) = (Frames::new(input), 0);
    while let Ok(message) = frames.to_station() {
        let frame = message.encode();
        assert_eq!(frame[..], input[at..at + frame.len()]);
        at += frame.len();
    }
}
