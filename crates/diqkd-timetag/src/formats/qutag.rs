//! qutools quTAG and quTAU, ID Quantique ID800: the uncompressed binary files of their common control library.
//!
//! Source: the vendor's header `tdcbase.h`, which names the formats and the sizes of header and record and the numbers
//! of the marker channels; the order of the fields and the little-endian byte order are as users' readers have them.
//! Not verified against a recording.
//!
//! ```text
//! file     40 bytes of header (not interpreted), then records
//! record   10 bytes: time in units of the device (i64), channel (u16); little-endian
//! unit     quTAG 1 ps; quTAU and ID800 80.955 ps
//! channel  below 100: as it stands; 100 to 104 and 200 to 203: markers (edges on GPIO lines, 104: a tick every ms)
//! ```
//! The compressed format (5 bytes a record) and the one without a header are not read. Nothing in the file tells the
//! devices apart, so the format must be named.

use super::item::{Clock, Item};
use super::{FaultKind, MARKER, TickLength};

/// Bytes before the first record.
pub(crate) const HEADER_BYTES: usize = 40;

/// The unit of the quTAU and the ID800, 80.955 ps.
pub(crate) const QUTAU: TickLength = match TickLength::ratio(80_955, 1000) {
    Some(tick) => tick,
    None => TickLength::whole(81),
};

/// A record.
pub(crate) fn item(clock: &mut Clock, tick: TickLength, record: [u8; 10]) -> Item {
    let [t0, t1, t2, t3, t4, t5, t6, t7, c0, c1] = record;
    let ticks = u64::from_le_bytes([t0, t1, t2, t3, t4, t5, t6, t7]);
    let channel = u16::from_le_bytes([c0, c1]);
    let marker = match channel {
        0..100 => 0,
        100..=104 | 200..=203 => MARKER,
        _ => return Item::Faulty(FaultKind::NoSuchChannel { channel: channel.into() }),
    };
    match tick.to_ps(ticks) {
        Some(time_ps) => clock.tag(time_ps, marker | channel),
        None => Item::Faulty(FaultKind::ImpossibleTime { ticks }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_and_markers() {
        let record = |ticks: i64, channel: u16| {
            let mut record = [0; 10];
            record[..8].copy_from_slice(&ticks.to_le_bytes());
            record[8..].copy_from_slice(&channel.to_le_bytes());
            record
        };
        let mut clock = Clock::default();
        let tag = |time_ps, channel| Item::Tag { time_ps, channel, fault: None };
        assert_eq!(item(&mut clock, TickLength::whole(1), record(123, 4)), tag(123, 4));
        assert_eq!(item(&mut clock, QUTAU, record(1000, 2)), tag(80_955, 2));
        assert_eq!(item(&mut clock, QUTAU, record(1001, 104)), tag(81_035, MARKER | 104));
        assert!(matches!(
            item(&mut clock, QUTAU, record(1, 105)),
            Item::Faulty(FaultKind::NoSuchChannel { .. })
        ));
        assert!(matches!(
            item(&mut clock, QUTAU, record(-1, 1)),
            Item::Faulty(FaultKind::ImpossibleTime { .. })
        ));
    }
}
