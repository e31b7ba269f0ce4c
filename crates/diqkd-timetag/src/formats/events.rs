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
//! The older cards with 49 bits of 125 ps are not read: nothing in the file tells them apart, and no recording was at
//! hand.

use super::FaultKind;

const DUMMY: u64 = 0x10;
const WRAP: u64 = 1 << 54;

/// Units of 1/256 ns to ps, rounded down.
#[inline(always)]
pub(crate) const fn units_to_ps(units: u64) -> i64 {
    ((units >> 5) * 125 + (((units & 31) * 125) >> 5)) as i64
}

/// What an event is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Event {
    Photon { time_ps: i64, pattern: u16, fault: Option<FaultKind> },
    Dummy,
    OutOfRange,
}

/// Undoes the start anew of the card's clock.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct EventState {
    base: u64,
    last: u64,
    last_photon: u64,
}

impl EventState {
    #[inline(always)]
    pub(crate) fn event(&mut self, word: u64) -> Event {
        let mut units = self.base + (word >> 10);
        if units + WRAP / 2 < self.last {
            self.base += WRAP;
            if self.base > 1 << 60 {
                return Event::OutOfRange;
            }
            units += WRAP;
        }
        self.last = units;
        if word & DUMMY != 0 {
            return Event::Dummy;
        }
        let time_ps = units_to_ps(units);
        let fault = (units < self.last_photon)
            .then(|| FaultKind::TimeBackwards { previous_ps: units_to_ps(self.last_photon), time_ps });
        self.last_photon = units;
        Event::Photon { time_ps, pattern: (word & 0xF) as u16, fault }
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
        let mut state = EventState::default();
        let (late, early) = (((WRAP - 1) << 10) | 1, 1 << 10 | 1);
        let mut last = 0;
        for round in 0..64 {
            for word in [early, late] {
                let Event::Photon { time_ps, fault: None, .. } = state.event(word) else { panic!("{round}") };
                assert!(time_ps > last || round == 0);
                last = time_ps;
            }
        }
        assert_eq!(last, ((64u128 * u128::from(WRAP) - 1) * 125 / 32) as i64);
        assert!(matches!(state.event(early), Event::Photon { .. }));
        assert!(matches!(state.event(late), Event::Photon { .. }));
        assert_eq!(state.event(early), Event::OutOfRange);
    }
}
