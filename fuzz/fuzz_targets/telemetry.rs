//! Telemetry frames: no panic, no dependence on the pieces, and every delivered message survives being sent again.
#![no_main]

use diqkd_hal::telemetry::{FrameCounts, FrameReader, MAX_FRAME_BYTES, Received, encode};
use libfuzzer_sys::fuzz_target;

fn read(bytes: &[u8], piece: usize) -> (Vec<Received>, FrameCounts) {
    let (mut reader, mut received) = (FrameReader::default(), Vec::new());
    for piece in bytes.chunks(piece) {
        reader.push(piece, |message| received.push(message));
    }
    (received, reader.counts())
}

fuzz_target!(|input: &[u8]| {
    let &[piece, ref bytes @ ..] = input else { return };
    let whole = read(bytes, bytes.len().max(1));
    assert_eq!(whole, read(bytes, usize::from(piece) + 1));
    for Received { sequence, message, .. } in whole.0 {
        let mut frame = [0; MAX_FRAME_BYTES];
        let len = encode(&message, sequence, &mut frame);
        assert_eq!(read(&frame[..len], len).0, [Received { sequence, lost: 0, message }]);
    }
});
