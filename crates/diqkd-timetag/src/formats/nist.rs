//! The raw recordings of NIST's Bell tests of 2015 (`.dat`): 24 bytes a record.
//!
//! Source: readers of the published recordings. Not verified against a recording. The unit of 78.125 ps is inferred:
//! those readers expect 100 000 to 140 000 units between the sync pulses of runs at 100 kHz, and 128 000 units of
//! 78.125 ps, the resolution of taggers of that time, are 10 us.
//!
//! ```text
//! record   24 bytes: channel (u64), time in units of 78.125 ps (u64), number of the transfer (u64); little-endian
//! ```
//! The channel is the input as it stands: detector, settings of the random number generator, synchronisation and GPS
//! are inputs like any other. The file has no header and no magic number; it is recognised by its first records.

use super::item::{Clock, Item};
use super::{FaultKind, MARKER, TickLength};

/// 78.125 ps.
pub(crate) const TICK: TickLength = TickLength { whole_ps: 78, fraction: 1 << 61 };

/// A record.
pub(crate) fn item(clock: &mut Clock, tick: TickLength, record: [u8; 24]) -> Item {
    let (words, _) = record.as_chunks::<8>();
    let [channel, ticks] = [0, 1].map(|i| words.get(i).map_or(0, |word| u64::from_le_bytes(*word)));
    let Some(number) = u16::try_from(channel).ok().filter(|number| *number < MARKER) else {
        return Item::Faulty(FaultKind::NoSuchChannel {
            channel: i64::try_from(channel).unwrap_or(i64::MAX),
        });
    };
    match tick.to_ps(ticks) {
        Some(time_ps) => clock.tag(time_ps, number),
        None => Item::Faulty(FaultKind::ImpossibleTime { ticks }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sync_period_is_ten_microseconds() {
        let record = |channel: u64, ticks: u64| {
            let mut record = [0; 24];
            record[..8].copy_from_slice(&channel.to_le_bytes());
            record[8..16].copy_from_slice(&ticks.to_le_bytes());
            record
        };
        let mut clock = Clock::default();
        let tag = |time_ps, channel| Item::Tag { time_ps, channel, fault: None };
        assert_eq!(item(&mut clock, TICK, record(6, 128_000)), tag(10_000_000, 6));
        assert_eq!(item(&mut clock, TICK, record(0, 128_001)), tag(10_000_078, 0));
        assert!(matches!(
            item(&mut clock, TICK, record(1 << 15, 1)),
            Item::Faulty(FaultKind::NoSuchChannel { .. })
        ));
        assert!(matches!(
            item(&mut clock, TICK, record(1, u64::MAX)),
            Item::Faulty(FaultKind::ImpossibleTime { .. })
        ));
    }
}
