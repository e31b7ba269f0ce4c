//! The stream of a station, either direction: no panic, and every frame that is read is written alike.
#![no_main]

use diqkd_node::station_stream::Frames;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
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
});
