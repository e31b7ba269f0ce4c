//! Telemetry frames: golden bytes, any pieces, any damage.
#![expect(clippy::unwrap_used, reason = "a test that cannot build its input has failed")]

use diqkd_core::Channel;
use diqkd_hal::telemetry::{FrameCounts, FrameReader, MAX_FRAME_BYTES, Message, Received, encode};
use diqkd_hal::{
    Alignment, ClockSource, ClockState, DetectorReading, EnvironmentReading, InterlockState, Lock, Quantity,
    RngFault, RngHealth, SourceState, TamperCause, TamperEvent,
};
use proptest::prelude::*;

/// One message of each kind, with its frame as an independent program (Python's `struct` and `zlib.crc32`) writes it.
fn golden() -> Vec<(Message, u16, &'static str)> {
    vec![
        (
            Message::Heartbeat { uptime_ms: 1234, dropped: 5 },
            7,
            "d151010107000c00d2040000000000000500000074f363ef",
        ),
        (
            Message::Environment(EnvironmentReading {
                sensor: 3,
                quantity: Quantity::Temperature,
                value: 293_150_000,
                time_ps: -5,
            }),
            8,
            "d151010208001300030000301d791100000000fbffffffffffffff7b929aa2",
        ),
        (
            Message::Detector {
                channel: Channel(6),
                reading: DetectorReading {
                    bias_uv: -20_000,
                    temperature_mk: 800,
                    count_rate_hz: 123_456,
                    dead_time_ps: 50_000,
                    saturated: true,
                },
            },
            9,
            "d151010309001f000600e0b1ffffffffffff2003000040e201000000000050c300000000000001632e8044",
        ),
        (
            Message::Clock(ClockState {
                source: ClockSource::WhiteRabbit,
                lock: Lock::Locked,
                offset_ps: Some(-17),
                uncertainty_ps: Some(250),
            }),
            10,
            "d15101040a001300020103effffffffffffffffa00000000000000ac50092f",
        ),
        (Message::SettingRng(RngHealth::Failed(RngFault::Biased)), 11, "d15101050b00020003014dab5467"),
        (
            Message::Tamper(TamperEvent { cause: TamperCause::Light, sensor: 4, time_ps: Some(999) }),
            12,
            "d15101060c000c0001040001e7030000000000000a915026",
        ),
        (Message::Interlock(InterlockState::Tripped), 65535, "d1510107ffff010002142eb3dd"),
        (
            Message::Source(SourceState {
                time_ps: 77,
                rate_hz: 1.5,
                visibility: Some(0.987654),
                alignment: Alignment::Drifted,
            }),
            0,
            "d1510108000015004d00000000000000dc0500000000000006120f000175ab4045",
        ),
        (
            Message::Firmware(core::array::from_fn(|i| i as u8)),
            1,
            "d151010901002000000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1fc410171f",
        ),
    ]
}

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|i| u8::from_str_radix(&hex[i..i + 2], 16).unwrap()).collect()
}

fn frame(message: &Message, sequence: u16) -> Vec<u8> {
    let mut out = [0xAA; MAX_FRAME_BYTES];
    let len = encode(message, sequence, &mut out);
    out[..len].to_vec()
}

fn read(stream: &[u8], piece: usize) -> (Vec<Received>, FrameCounts) {
    let (mut reader, mut received) = (FrameReader::default(), Vec::new());
    for piece in stream.chunks(piece) {
        reader.push(piece, |message| received.push(message));
    }
    (received, reader.counts())
}

#[test]
fn frames_are_those_of_the_specification() {
    for (message, sequence, hex) in golden() {
        assert_eq!(frame(&message, sequence), bytes(hex), "{message:?}");
        let (received, counts) = read(&bytes(hex), 1);
        assert_eq!(received, [Received { sequence, lost: 0, message }]);
        assert_eq!(counts, FrameCounts { delivered: 1, ..FrameCounts::default() });
    }
}

/// The golden frames follow each other across the wrap of the sequence, but for one jump.
#[test]
fn any_pieces_give_the_same_messages() {
    let stream: Vec<u8> = golden().iter().flat_map(|(_, _, hex)| bytes(hex)).collect();
    let whole = read(&stream, stream.len());
    assert_eq!(whole.0.len(), golden().len());
    assert_eq!(whole.0.iter().map(|r| r.lost).collect::<Vec<_>>(), [0, 0, 0, 0, 0, 0, 0, 0, 0]);
    for piece in 1..100 {
        assert_eq!(read(&stream, piece), whole);
    }
}

#[test]
fn lost_frames_show_and_a_restart_is_no_loss() {
    let beat = |sequence| frame(&Message::Heartbeat { uptime_ms: 0, dropped: 0 }, sequence);
    let stream: Vec<u8> = [65_534, 1, 2, 2, 0, 10].into_iter().flat_map(beat).collect();
    let (received, counts) = read(&stream, 7);
    assert_eq!(received.iter().map(|r| r.lost).collect::<Vec<_>>(), [0, 2, 0, 0, 0, 9]);
    assert_eq!((counts.delivered, counts.lost), (6, 11));
}

/// A flipped bit anywhere loses that frame alone; it never becomes another message.
#[test]
fn every_flipped_bit_is_noticed_and_the_next_frame_is_found() {
    let follower = Message::Interlock(InterlockState::Closed);
    for (message, sequence, hex) in golden() {
        let good = bytes(hex);
        for bit in 0..8 * good.len() {
            let mut stream = good.clone();
            stream[bit / 8] ^= 1 << (bit % 8);
            // A damaged length may swallow what follows: as many bytes as the longest frame settle it.
            stream.extend(frame(&follower, sequence.wrapping_add(1)));
            stream.extend([0; MAX_FRAME_BYTES]);
            let (received, counts) = read(&stream, 13);
            assert_eq!(
                received.iter().map(|r| r.message).collect::<Vec<_>>(),
                [follower],
                "{message:?} {bit}"
            );
            assert!(counts.skipped_bytes >= good.len() as u64);
        }
    }
}

#[test]
fn what_is_not_known_is_counted_and_skipped() {
    let stream = [
        bytes("d15101c803000200010253e4f28d"),
        bytes("d151020104000c000100000000000000010000002d99b438"),
        bytes("d1510107050001000991b9e096"),
    ]
    .concat();
    let (received, counts) = read(&stream, 4);
    assert!(received.is_empty());
    assert_eq!(counts, FrameCounts { unknown: 2, invalid: 1, ..FrameCounts::default() });
}

#[test]
fn a_source_keeps_its_rate_to_a_millihertz() {
    let state =
        |rate_hz, visibility| SourceState { time_ps: 0, rate_hz, visibility, alignment: Alignment::Unknown };
    for (rate_hz, read_hz) in [
        (0.0004, 0.0),
        (0.0006, 0.001),
        (1e6 / 3.0, 333_333.333),
        (f64::NAN, 0.0),
        (-1.0, 0.0),
        (f64::INFINITY, (1u64 << 50) as f64 / 1e3),
    ] {
        let (received, _) = read(&frame(&Message::Source(state(rate_hz, None)), 0), 64);
        assert_eq!(received[0].message, Message::Source(state(read_hz, None)));
    }
    let (received, _) = read(&frame(&Message::Source(state(0.0, Some(1.5))), 0), 64);
    assert_eq!(received[0].message, Message::Source(state(0.0, Some(1.0))));
}

proptest! {
    /// Arbitrary bytes, with frames among them, in arbitrary pieces: no panic, every byte accounted for, the same
    /// messages whatever the pieces.
    #[test]
    fn noise_between_frames_changes_no_message(
        parts in prop::collection::vec((prop::collection::vec(any::<u8>(), 0..90), 0..9usize), 0..12),
        piece in 1..200usize,
    ) {
        let golden = golden();
        let mut stream = Vec::new();
        for (noise, which) in &parts {
            // Without the first byte of a mark, noise cannot hide the frame behind it.
            stream.extend(noise.iter().filter(|byte| **byte != 0xD1));
            stream.extend(frame(&golden[*which].0, golden[*which].1));
        }
        let (received, counts) = read(&stream, piece);
        let expected: Vec<_> = parts.iter().map(|(_, which)| golden[*which].0).collect();
        prop_assert_eq!(received.iter().map(|r| r.message).collect::<Vec<_>>(), expected);
        prop_assert_eq!(counts.damaged, 0);
    }

    #[test]
    fn arbitrary_bytes_never_panic(stream in prop::collection::vec(prop_oneof![Just(0xD1u8), Just(0x51), any::<u8>()], 0..2000), piece in 1..300usize) {
        let (a, b) = (read(&stream, piece), read(&stream, 1));
        prop_assert_eq!(a, b);
    }
}
