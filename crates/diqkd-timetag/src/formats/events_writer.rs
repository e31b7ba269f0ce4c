//! Writes qcrypto a1 recordings.

use alloc::vec::Vec;

/// Which 32-bit word of an event comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WordOrder {
    /// The low word, as `readevents` writes today.
    LowFirst,
    /// The high word: legacy order, option `-X`.
    HighFirst,
}

/// Writes qcrypto a1 events into a buffer of the caller. Times are rounded up to the card's unit of 3.90625 ps, so
/// that a reader that rounds down gives back at least the time and less than 4 ps more.
#[derive(Clone, Debug)]
pub struct EventsWriter {
    order: WordOrder,
}

/// Why an event could not be written. Nothing was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EventsWriteError {
    /// The card counts 54 bits.
    #[error(
        "time {time_ps} ps does not fit the card's clock; expected 0 to 2^54 units of 3.90625 ps (19.5 hours)"
    )]
    TimeOutOfRange {
        /// The time, ps.
        time_ps: i64,
    },
    /// A pattern has four detectors.
    #[error(
        "detector pattern {pattern} does not exist; expected 0 to 15, the sum of 1, 2, 4, 8 for four detectors"
    )]
    NoSuchPattern {
        /// The pattern.
        pattern: u16,
    },
}

impl EventsWriter {
    /// A writer for one word order; a1 has no header.
    pub fn new(order: WordOrder) -> Self {
        Self { order }
    }

    /// Appends an event. The detector `pattern` is the sum of 1, 2, 4, 8 for the detectors that fired.
    ///
    /// # Errors
    /// [`EventsWriteError`] if the event does not fit; nothing is appended.
    pub fn push(&self, time_ps: i64, pattern: u16, out: &mut Vec<u8>) -> Result<(), EventsWriteError> {
        let units = u128::try_from(time_ps).ok().map(|time| (time * 32).div_ceil(125));
        let units =
            units.filter(|&units| units < 1 << 54).ok_or(EventsWriteError::TimeOutOfRange { time_ps })?;
        if pattern > 15 {
            return Err(EventsWriteError::NoSuchPattern { pattern });
        }
        let word = (units as u64) << 10 | u64::from(pattern);
        let word = match self.order {
            WordOrder::LowFirst => word,
            WordOrder::HighFirst => word.rotate_left(32),
        };
        out.extend_from_slice(&word.to_le_bytes());
        Ok(())
    }
}
