//! Becker & Hickl FIFO files (`.spc`) of the SPC-130 family and of the SPC-600/630.
//!
//! Source: the field tables in the documentation of phconvert (MIT) and libtcspc (MIT), which follow the vendor's TCSPC
//! handbook. SPC-130: checked against the recording of an SPC-150 that phconvert publishes, photon by photon against
//! its ASCII export. SPC-600/630: not verified against a recording.
//!
//! ```text
//! file                      header of one record, then records; all little-endian
//! header, 4-byte records    bits 0-23 macro time unit in 0.1 ns
//! header, 6-byte records    bytes 2-3 macro time unit in 0.1 ns
//!
//! record, bit 31 first
//! SPC-130, 140, 150, 160, 180, 830     invalid:1 overflow:1 gap:1 mark:1 adc:12 rout:4 time:12    wraps at 2^12
//! SPC-600/630, 256 channels            invalid:1 overflow:1 gap:1 0:1 rout:3 time:17 adc:8        wraps at 2^17
//! SPC-600/630, 4096 channels, bytes    adc[7:0]   0:1 gap:1 overflow:1 invalid:1 adc[11:8]   time[23:16]
//!                                      rout:8   time[7:0]   time[15:8]                            wraps at 2^24
//!
//! invalid and overflow, no mark        no photon: as many overflows as the low 28 bits say (4-byte records)
//! overflow                             one overflow before this record
//! mark                                 a marker whose bits are in rout
//! gap                                  the FIFO was full before this record: photons are lost
//! ```
//! The channel is `rout` as it stands. The time is the macro time: the time after the excitation pulse (`adc`) needs
//! the range and gain of the converter, which stand in the `.set` file beside the recording and not in this one.
//! Records that the card marks invalid carry no photon and are counted with the overflows.
//!
//! The format has no magic number. It is recognised where the first 512 bytes make sense as one of the three layouts
//! and not as another; otherwise it must be named.

use super::item::{Clock, Item};
use super::{FaultKind, MARKER, TickLength};

const INVALID: u32 = 1 << 31;
const OVERFLOW: u32 = 1 << 30;
const GAP: u32 = 1 << 29;
const MARK: u32 = 1 << 28;

/// The macro time unit of a header; `tenths_ns` as the file gives it.
pub(crate) fn unit(tenths_ns: u32) -> Result<TickLength, FaultKind> {
    // 10 kHz to 10 GHz; real cards count a sync signal of 1 to 200 MHz, or a 20 MHz quartz.
    if !(1..=1_000_000).contains(&tenths_ns) {
        let value = f64::from(tenths_ns);
        return Err(FaultKind::ImpossibleHeaderValue { name: "the macro time unit in 0.1 ns", value });
    }
    Ok(TickLength::whole(100 * u64::from(tenths_ns)))
}

/// A record of the SPC-130 family.
pub(crate) fn spc130(clock: &mut Clock, tick: TickLength, record: u32) -> Item {
    let fields = Fields {
        flags: record,
        time: u64::from(record & 0xFFF),
        bits: 12,
        rout: (record >> 12 & 0xF) as u16,
        many: u64::from(record & 0x0FFF_FFFF),
    };
    item(clock, tick, fields)
}

/// A record of the SPC-600/630 with 256 channels.
pub(crate) fn spc600_256(clock: &mut Clock, tick: TickLength, record: u32) -> Item {
    let fields = Fields {
        flags: record & !MARK,
        time: u64::from(record >> 8 & 0x1_FFFF),
        bits: 17,
        rout: (record >> 25 & 0x7) as u16,
        many: u64::from(record & 0x0FFF_FFFF),
    };
    item(clock, tick, fields)
}

/// A record of the SPC-600/630 with 4096 channels.
pub(crate) fn spc600_4096(clock: &mut Clock, tick: TickLength, record: [u8; 6]) -> Item {
    let [_, flags, high, rout, low, middle] = record;
    let flag = |bit: u32, value: u32| if flags >> bit & 1 == 1 { value } else { 0 };
    let fields = Fields {
        flags: flag(4, INVALID) | flag(5, OVERFLOW) | flag(6, GAP),
        time: u64::from(u32::from_le_bytes([low, middle, high, 0])),
        bits: 24,
        rout: u16::from(rout),
        many: 1,
    };
    item(clock, tick, fields)
}

struct Fields {
    flags: u32,
    time: u64,
    /// Bits of the macro time.
    bits: u32,
    rout: u16,
    /// Overflows of a record that is nothing else.
    many: u64,
}

fn item(clock: &mut Clock, tick: TickLength, fields: Fields) -> Item {
    let has = |flag: u32| fields.flags & flag != 0;
    let only_overflows = has(INVALID) && has(OVERFLOW) && !has(MARK);
    let overflows = if only_overflows { fields.many } else { u64::from(has(OVERFLOW)) };
    let base = clock.base + (overflows << fields.bits);
    if base > i64::MAX as u64 / 2 / tick.whole_ps.max(1) {
        return Item::Faulty(FaultKind::TimeOutOfRange);
    }
    clock.base = base;
    if only_overflows || (has(INVALID) && !has(MARK)) {
        return Item::Passing;
    }
    let time_ps = ((base + fields.time) * tick.whole_ps) as i64;
    if has(MARK) {
        return clock.tag(time_ps, MARKER | fields.rout);
    }
    match clock.tag(time_ps, fields.rout) {
        Item::Tag { time_ps, channel, fault: None } if has(GAP) => {
            Item::Tag { time_ps, channel, fault: Some(FaultKind::TagsLost { count: 0 }) }
        }
        item => item,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TICK: TickLength = TickLength::whole(9_500);

    #[test]
    fn the_first_records_of_a_real_recording() {
        // An SPC-150 with a unit of 9.5 ns; the export of its vendor's software lists the macro times 44054 and 72904.
        let mut clock = Clock::default();
        assert_eq!(unit(0x5F), Ok(TICK));
        assert_eq!(spc130(&mut clock, TICK, 0xC000_000A), Item::Passing);
        let photon = |ticks: i64| Item::Tag { time_ps: 9_500 * ticks, channel: 0, fault: None };
        assert_eq!(spc130(&mut clock, TICK, 0x04D7_0C16), photon(44_054));
        assert_eq!(spc130(&mut clock, TICK, 0xC000_0007), Item::Passing);
        assert_eq!(spc130(&mut clock, TICK, 0x0984_0CC8), photon(72_904));
    }

    #[test]
    fn flags_mean_what_the_handbook_says() {
        let tick = TickLength::whole(100);
        let mut clock = Clock::default();
        let tag = |ticks: i64, channel, fault| Item::Tag { time_ps: 100 * ticks, channel, fault };
        assert_eq!(spc130(&mut clock, tick, OVERFLOW | 3 << 12 | 5), tag(4101, 3, None));
        let lost = Some(FaultKind::TagsLost { count: 0 });
        assert_eq!(spc130(&mut clock, tick, GAP | 2 << 12 | 6), tag(4102, 2, lost));
        assert_eq!(spc130(&mut clock, tick, INVALID | 9), Item::Passing);
        assert_eq!(spc130(&mut clock, tick, INVALID | MARK | 4 << 12 | 7), tag(4103, MARKER | 4, None));
        // A marker can share its record with an overflow.
        assert_eq!(
            spc130(&mut clock, tick, INVALID | OVERFLOW | MARK | 1 << 12),
            tag(8192, MARKER | 1, None)
        );
        let backwards = FaultKind::TimeBackwards { previous_ps: 410_200, time_ps: 0 };
        let mut early = clock;
        early.base = 0;
        assert_eq!(spc130(&mut early, tick, 0), tag(0, 0, Some(backwards)));

        let mut clock = Clock::default();
        assert_eq!(
            spc600_256(&mut clock, tick, OVERFLOW | 5 << 25 | 77 << 8 | 0xFF),
            tag(131_072 + 77, 5, None)
        );
        assert_eq!(spc600_256(&mut clock, tick, INVALID | OVERFLOW | 2), Item::Passing);
        assert_eq!(spc600_256(&mut clock, tick, 1 << 8), tag(3 * 131_072 + 1, 0, None));

        let mut clock = Clock::default();
        let record = [0xAB, 0x2C, 0x01, 9, 0x34, 0x12];
        assert_eq!(spc600_4096(&mut clock, tick, record), tag((1 << 24) + 0x01_1234, 9, None));
        assert_eq!(spc600_4096(&mut clock, tick, [0, 0x30, 0, 0, 0, 0]), Item::Passing);
        assert_eq!(spc600_4096(&mut clock, tick, [0, 0x40, 0, 1, 1, 0]), tag((2 << 24) + 1, 1, lost));
    }

    #[test]
    fn overflows_end_with_the_range_of_time() {
        let mut clock = Clock::default();
        let tick = TickLength::whole(100_000_000);
        let items = (0..1000).map(|_| spc130(&mut clock, tick, 0xCFFF_FFFF));
        assert_eq!(items.last(), Some(Item::Faulty(FaultKind::TimeOutOfRange)));
    }
}
