//! Swabian Instruments Time Tagger: the raw stream of tags that its `Dump` measurement writes.
//!
//! Source: the vendor's description of the `Tag` structure as libtcspc (MIT) restates it. Not verified against a
//! recording.
//!
//! ```text
//! record, 16 bytes, little-endian
//!  0  type (u8): 0 time tag, 1 error, 2 overflow begins, 3 overflow ends, 4 missed events
//!  1  reserved (0)
//!  2  missed events (u16), of type 4
//!  4  channel (i32): from 1; negative for falling edges
//!  8  time in ps (i64)
//! ```
//! The file has no header and no magic number; it is recognised by its first records. A falling edge on channel `n`
//! becomes channel [`FALLING`] plus `n`. Errors, overflows of the device's buffer and missed events are reported as
//! lost tags at their place in the stream.

use super::FaultKind;
use super::item::{Clock, Item};

/// Set in the channel of a tag that is a falling edge of a Time Tagger; the bits below are the channel.
pub const FALLING: u16 = 0x4000;

/// A record.
pub(crate) fn item(clock: &mut Clock, record: [u8; 16]) -> Item {
    let [kind, reserved, m0, m1, c0, c1, c2, c3, t0, t1, t2, t3, t4, t5, t6, t7] = record;
    let missed = u16::from_le_bytes([m0, m1]);
    match (kind, reserved) {
        (0, 0) => {
            let channel = i32::from_le_bytes([c0, c1, c2, c3]);
            let time_ps = i64::from_le_bytes([t0, t1, t2, t3, t4, t5, t6, t7]);
            let number = u16::try_from(channel.unsigned_abs()).ok().filter(|n| (1..FALLING).contains(n));
            let Some(number) = number else {
                return Item::Faulty(FaultKind::NoSuchChannel { channel: channel.into() });
            };
            if time_ps < 0 {
                return Item::Faulty(FaultKind::ImpossibleTime { ticks: time_ps as u64 });
            }
            clock.tag(time_ps, if channel < 0 { FALLING | number } else { number })
        }
        (1..=3, 0) => Item::Faulty(FaultKind::TagsLost { count: 0 }),
        (4, 0) => Item::Faulty(FaultKind::TagsLost { count: missed.into() }),
        _ => Item::Faulty(FaultKind::UnknownRecord { record: u32::from_le_bytes([kind, reserved, m0, m1]) }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(kind: u8, missed: u16, channel: i32, time: i64) -> [u8; 16] {
        let mut record = [0; 16];
        record[0] = kind;
        record[2..4].copy_from_slice(&missed.to_le_bytes());
        record[4..8].copy_from_slice(&channel.to_le_bytes());
        record[8..].copy_from_slice(&time.to_le_bytes());
        record
    }

    #[test]
    fn every_type_of_record() {
        let mut clock = Clock::default();
        let tag = |time_ps, channel| Item::Tag { time_ps, channel, fault: None };
        assert_eq!(item(&mut clock, record(0, 0, 3, 77)), tag(77, 3));
        assert_eq!(item(&mut clock, record(0, 0, -3, 78)), tag(78, FALLING | 3));
        for kind in 1..4 {
            let lost = Item::Faulty(FaultKind::TagsLost { count: 0 });
            assert_eq!(item(&mut clock, record(kind, 0, 0, 80)), lost);
        }
        let missed = Item::Faulty(FaultKind::TagsLost { count: 900 });
        assert_eq!(item(&mut clock, record(4, 900, 1, 90)), missed);
        assert!(matches!(
            item(&mut clock, record(5, 0, 1, 90)),
            Item::Faulty(FaultKind::UnknownRecord { .. })
        ));
        for channel in [0, 0x4000, i32::MIN] {
            let none = Item::Faulty(FaultKind::NoSuchChannel { channel: channel.into() });
            assert_eq!(item(&mut clock, record(0, 0, channel, 90)), none);
        }
        let early = Item::Faulty(FaultKind::ImpossibleTime { ticks: u64::MAX });
        assert_eq!(item(&mut clock, record(0, 0, 1, -1)), early);
    }
}
