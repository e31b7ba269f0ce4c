//! F3: a generator that stretches a seed must not outlive it.

use crate::{Alarm, Cause, Signal};

/// Counts the bits drawn since the last reseeding, and refuses what goes beyond the limit: there is no fallback to a
/// deterministic continuation.
#[derive(Clone, Debug)]
pub struct ReseedWatch {
    limit_bits: u64,
    drawn_bits: u64,
    reseeds: u64,
}

/// The answer to a wish for bits.
#[derive(Clone, Copy, Debug, PartialEq)]
#[must_use]
pub enum Draw {
    /// They may be drawn, and count.
    Granted,
    /// Nothing may be drawn before the generator is reseeded.
    Refused(Alarm),
}

impl ReseedWatch {
    /// A generator that was just seeded and may give `limit_bits` bits.
    pub fn new(limit_bits: u64) -> Self {
        Self { limit_bits, drawn_bits: 0, reseeds: 0 }
    }

    /// Asks for `bits` bits. A count is exact: no false alarm is possible.
    pub fn draw(&mut self, bits: u64) -> Draw {
        let after = self.drawn_bits.saturating_add(bits);
        if after <= self.limit_bits {
            self.drawn_bits = after;
            return Draw::Granted;
        }
        Draw::Refused(Alarm {
            signal: Signal::Reseed,
            observed: after as f64,
            threshold: self.limit_bits as f64,
            since: self.drawn_bits,
            raised: after,
            cause: Cause::GeneratorExhausted,
            false_alarm: None,
        })
    }

    /// The generator was reseeded from its physical source.
    pub fn reseeded(&mut self) {
        self.drawn_bits = 0;
        self.reseeds += 1;
    }

    /// Bits drawn since the last reseeding.
    pub fn drawn_bits(&self) -> u64 {
        self.drawn_bits
    }

    /// How often the generator was reseeded.
    pub fn reseeds(&self) -> u64 {
        self.reseeds
    }
}
