//! Events of qcrypto and the S-Fifteen timestamp card (`readevents`, output modes a0, a1, a2).
//!
//! Source: the readers of fpfind and qcrypto (S-Fifteen Instruments), checked against recordings of all three modes
//! and both word orders of a1.
//!
//! ```text
//! event, bit 63 first    time:54  flags:6  pattern:4      time in units of 1/256 ns = 3.90625 ps
//! flags & 1 (bit 4)      a dummy event that only marks the passing of time: counted as an overflow, not delivered
//!
//! a1   binary, two little-endian 32-bit words an event: low word first; high word first in legacy order (-X)
//! a0   text, two lines of 8 hexadecimal digits an event: low word, high word
//! a2   text, one line of 16 hexadecimal digits an event
//! ```
//! The time counts from an epoch of the card and starts anew after 2^54 units (19.5 hours), which is undone here. The
//! channel is the pattern: the sum of 1, 2, 4, 8 for the detectors that fired together. Times are rounded down to ps.
//!
//! # The older card
//! Source: the notes in `readevents3.c` of qcrypto. Not verified against a recording.
//!
//! ```text
//! event, bit 63 first    time:49  phase, slips or zero:11  pattern:4      time in units of 125 ps
//!
//! a1-49   binary, high word first (its mode 1)
//! a2-49   text, one line of 16 hexadecimal digits an event (its mode 2)
//! ```
//! Bits 4 to 14 are ignored and there are no dummy events. The time starts anew after 2^49 units (19.5 hours). Nothing
//! in a file tells the cards apart, so these two formats must be named.

use super::item::{Clock, Item};
use super::{FaultKind, TickLength, TimeUnit};

const DUMMY: u64 = 0x10;

/// Whose events they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Card {
    /// 54 bits of 1/256 ns.
    Timestamp7,
    /// 49 bits of 125 ps.
    Older,
}

impl Card {
    /// Bits below the time.
    fn shift(self) -> u32 {
        match self {
            Self::Timestamp7 => 10,
            Self::Older => 15,
        }
    }
}

/// Units of 1/256 ns to ps, rounded down.
#[inline(always)]
pub(crate) const fn units_to_ps(units: u64) -> i64 {
    ((units >> 5) * 125 + (((units & 31) * 125) >> 5)) as i64
}

/// Undoes the start anew of the card's clock.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EventState {
    card: Card,
    last: u64,
    clock: Clock,
    /// Events since the clock last started anew, and what the clock's base was before it did so for the first time in
    /// a while: a second start soon after the first is damage.
    since_wrap: u32,
    base_before: u64,
    pub(crate) unit: TimeUnit,
}

/// Events without a new start after which the base is trusted.
const SETTLED: u32 = 256;
/// A clock that seems to start anew again after fewer events (in 19.5 hours) runs backwards instead.
const LEAST_BETWEEN_WRAPS: u32 = 16;

impl EventState {
    pub(crate) fn new(card: Card) -> Self {
        Self {
            card,
            last: 0,
            clock: Clock::default(),
            since_wrap: SETTLED,
            base_before: 0,
            unit: TimeUnit::default(),
        }
    }

    pub(crate) fn numbers(&self) -> [u64; 5] {
        let [base, last_photon] = self.clock.numbers();
        [self.last, base, last_photon, u64::from(self.since_wrap), self.base_before]
    }

    /// `false` if no events lead to these numbers.
    pub(crate) fn set_numbers(
        &mut self,
        [last, base, last_photon, since_wrap, base_before]: [u64; 5],
    ) -> bool {
        (self.last, self.base_before) = (last, base_before);
        let Ok(since_wrap) = u32::try_from(since_wrap) else { return false };
        self.since_wrap = since_wrap;
        let latest = 1 << (70 - self.card.shift());
        let clock = self.clock.set_numbers(TickLength::whole(1), [base, last_photon]);
        clock && [last, base, base_before].iter().all(|&units| units <= 2 * latest) && base <= latest
    }

    #[inline(always)]
    pub(crate) fn event(&mut self, word: u64) -> Item {
        let shift = self.card.shift();
        let wrap = 1 << (64 - shift);
        let mut units = self.clock.base + (word >> shift);
        if units + wrap / 2 < self.last && self.since_wrap >= LEAST_BETWEEN_WRAPS {
            if self.clock.base + wrap > 1 << (70 - shift) {
                return Item::Faulty(FaultKind::TimeOutOfRange);
            }
            if self.since_wrap >= SETTLED {
                self.base_before = self.clock.base;
            }
            self.since_wrap = 0;
            self.clock.base += wrap;
            units += wrap;
        }
        self.since_wrap = self.since_wrap.saturating_add(1);
        self.last = units;
        let time_ps = match (self.card, self.unit) {
            (Card::Timestamp7, _) if word & DUMMY != 0 => return Item::Passing,
            (_, TimeUnit::Ticks) => units as i64,
            (Card::Timestamp7, _) => units_to_ps(units),
            (Card::Older, _) => (units * 125) as i64,
        };
        self.clock.tag(time_ps, (word & 0xF) as u16)
    }

    /// The events before were read from a wrong byte on: takes back the new starts that they seemed to show.
    pub(crate) fn forget_damage(&mut self) {
        if self.since_wrap < SETTLED {
            self.clock.base = self.base_before;
            self.since_wrap = SETTLED;
        }
        self.last = self.clock.base;
    }
}

/// Collects the digits of text events.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct TextState {
    value: u64,
    digits: u8,
    /// The line is damaged; it is skipped up to its end.
    bad: bool,
    /// The low word of an a0 event; `None` inside if its line was damaged.
    low: Option<Option<u32>>,
    /// Bytes since the end of the last event.
    since: u64,
}

/// What a character completed.
pub(crate) enum Text {
    Nothing,
    Word(u64),
    Fault(FaultKind),
}

impl TextState {
    /// `pairs`: a0, otherwise a2.
    pub(crate) fn character(&mut self, byte: u8, pairs: bool) -> Text {
        let expected = if pairs { 8 } else { 16 };
        self.since += 1;
        match byte {
            b'\n' => self.line(pairs, expected),
            b'\r' | b' ' => Text::Nothing,
            _ if self.bad => Text::Nothing,
            _ => match char::from(byte).to_digit(16) {
                Some(digit) => {
                    self.value = self.value << 4 | u64::from(digit);
                    self.digits = self.digits.saturating_add(1);
                    Text::Nothing
                }
                None => {
                    self.bad = true;
                    Text::Fault(FaultKind::NotHexadecimal { byte })
                }
            },
        }
    }

    /// Whether a line or a pair of lines is incomplete; a missing last line feed completes the line.
    pub(crate) fn finish(&mut self, pairs: bool) -> Text {
        let expected = if pairs { 8 } else { 16 };
        if self.digits == expected && !self.bad {
            return self.line(pairs, expected);
        }
        Text::Nothing
    }

    /// Whether the last byte ended an event.
    pub(crate) fn is_between_events(&self) -> bool {
        self.since == 0 && self.pending() == 0
    }

    /// Bytes of an event that is not complete.
    pub(crate) fn pending(&self) -> u64 {
        if self.digits > 0 || self.bad || self.low.is_some() { self.since } else { 0 }
    }

    fn line(&mut self, pairs: bool, expected: u8) -> Text {
        let (value, digits, bad) = (self.value, self.digits, self.bad);
        (self.value, self.digits, self.bad) = (0, 0, false);
        if digits == 0 && !bad {
            self.since = if self.low.is_some() { self.since } else { 0 };
            return Text::Nothing;
        }
        if !pairs || self.low.is_some() {
            self.since = 0;
        }
        let word = (digits == expected && !bad).then_some(value);
        let fault = |found| Text::Fault(FaultKind::LineLength { digits: found, expected });
        match (pairs, self.low.take(), word) {
            (false, _, Some(word)) => Text::Word(word),
            (true, None, low) => {
                self.low = Some(low.map(|low| low as u32));
                if low.is_none() && !bad { fault(digits) } else { Text::Nothing }
            }
            (true, Some(Some(low)), Some(high)) => Text::Word(high << 32 | u64::from(low)),
            (true, Some(None), Some(_)) => Text::Nothing,
            (_, _, None) if bad => Text::Nothing,
            (_, _, None) => fault(digits),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_starts_anew_again_and_again_stays_in_range() {
        for (card, shift, ps) in [(Card::Timestamp7, 10, 125.0 / 32.0), (Card::Older, 15, 125.0)] {
            let wrap = 1u64 << (64 - shift);
            let mut state = EventState::new(card);
            let (late, early) = (((wrap - 1) << shift) | 1, 1 << shift | 1);
            let mut last = 0;
            for round in 0..64 {
                let steps = (2..20).map(|i| (i * wrap / 20) << shift | 1);
                for word in [early].into_iter().chain(steps).chain([late]) {
                    let Item::Tag { time_ps, fault: None, .. } = state.event(word) else { panic!("{round}") };
                    assert!(time_ps > last || round == 0);
                    last = time_ps;
                }
            }
            let expected = 64.0 * wrap as f64 * ps;
            assert!((last as f64 / expected - 1.0).abs() < 1e-9, "{last} {expected}");
            for _ in 0..LEAST_BETWEEN_WRAPS {
                assert!(matches!(state.event(early), Item::Tag { fault: None, .. }));
            }
            assert!(matches!(state.event(late), Item::Tag { fault: None, .. }));
            assert_eq!(state.event(early), Item::Faulty(FaultKind::TimeOutOfRange));
        }
    }

    #[test]
    fn a_clock_that_starts_anew_twice_in_a_moment_is_damaged() {
        let (late, early) = ((u64::MAX >> 10) << 10 | 1, 1 << 10 | 1);
        let mut state = EventState::new(Card::Timestamp7);
        let faults = [late, early, late, early].map(|word| match state.event(word) {
            Item::Tag { fault, .. } => fault.is_some(),
            _ => panic!("a tag"),
        });
        assert_eq!(faults, [false, false, false, true]);
    }

    #[test]
    fn the_older_card_has_no_dummy_events() {
        let mut state = EventState::new(Card::Older);
        let word = 8_000u64 << 15 | 0x7FF << 4 | 0b0101;
        assert_eq!(state.event(word), Item::Tag { time_ps: 1_000_000, channel: 5, fault: None });
    }
}
