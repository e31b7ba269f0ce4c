//! Bits that left the laboratory about Alice's string.

use alloc::borrow::Cow;
use alloc::vec::Vec;
use core::fmt;
use core::iter::Sum;
use core::ops::Add;

/// A number of leaked bits: log2 of the number of transcripts that could have been sent, rounded up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LeakBits(pub u64);

impl LeakBits {
    /// The least whole number of bits that distinguishes `outcomes` possible messages.
    pub fn of_outcomes(outcomes: u64) -> Self {
        Self(u64::from(u64::BITS - outcomes.max(1).saturating_sub(1).leading_zeros()))
    }
}

impl Add for LeakBits {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sum for LeakBits {
    fn sum<I: Iterator<Item = Self>>(iter: I) -> Self {
        iter.fold(Self(0), Add::add)
    }
}

impl fmt::Display for LeakBits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bits", self.0)
    }
}

/// What leaks, message by message, under names a reader of the certificate understands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LeakLedger {
    entries: Vec<(Cow<'static, str>, LeakBits)>,
}

impl LeakLedger {
    /// An empty ledger.
    pub fn new() -> Self {
        Self::default()
    }

    /// Records a message or a group of messages.
    pub fn record(&mut self, name: impl Into<Cow<'static, str>>, bits: LeakBits) {
        self.entries.push((name.into(), bits));
    }

    /// Name and size of each entry, in order.
    pub fn entries(&self) -> impl ExactSizeIterator<Item = (&str, LeakBits)> {
        self.entries.iter().map(|(name, bits)| (name.as_ref(), *bits))
    }

    /// The sum, saturating.
    pub fn total(&self) -> LeakBits {
        self.entries.iter().map(|(_, bits)| *bits).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcomes_round_up_to_whole_bits() {
        for (outcomes, bits) in
            [(0, 0), (1, 0), (2, 1), (3, 2), (4, 2), (5, 3), (1 << 63, 63), (u64::MAX, 64)]
        {
            assert_eq!(LeakBits::of_outcomes(outcomes), LeakBits(bits), "{outcomes}");
        }
    }
}
