//! Pre-shared secret bytes: used once, wiped when used, accounted by purpose.

use alloc::vec::Vec;
use core::fmt;

use zeroize::{Zeroize, Zeroizing};

/// Secret bytes shared by two parties who take from them in the same order.
///
/// Bytes leave from the front, once, and are wiped here as they leave; the rest is wiped on drop. `Debug` shows
/// numbers only.
pub struct KeyPool {
    id: PoolId,
    secret: Zeroizing<Vec<u8>>,
    next: usize,
    /// Position of the first byte of `secret`.
    origin: u64,
    ledger: Vec<(&'static str, u64)>,
    low_water_bits: u64,
}

impl KeyPool {
    /// A pool of these bytes. They must be uniform to anyone but the two parties.
    pub fn new(secret: Vec<u8>) -> Self {
        Self {
            id: PoolId::default(),
            secret: Zeroizing::new(secret),
            next: 0,
            origin: 0,
            ledger: Vec::new(),
            low_water_bits: 0,
        }
    }

    /// The same pool under a name, which both parties have given it. The name is public.
    #[must_use]
    pub fn with_id(self, id: PoolId) -> Self {
        Self { id, ..self }
    }

    /// The same bytes as the part of a longer pool that begins at `position`.
    #[must_use]
    pub fn starting_at(self, position: u64) -> Self {
        Self { origin: position, ..self }
    }

    /// The name.
    pub fn id(&self) -> PoolId {
        self.id
    }

    /// How many bytes have been taken or skipped since the pool was made.
    pub fn position(&self) -> u64 {
        self.origin.saturating_add(self.next as u64)
    }

    /// Wipes everything before `position`, which somebody has used or may have used: after a restart, what a journal
    /// says is spent. Without effect if the pool is further on already.
    ///
    /// # Errors
    /// [`PoolExhausted`] if the pool ends before; nothing is skipped then.
    pub fn skip_to(&mut self, position: u64) -> Result<(), PoolExhausted> {
        let count = position.saturating_sub(self.position());
        let exhausted = PoolExhausted {
            purpose: SKIPPED,
            requested_bits: count.saturating_mul(8),
            remaining_bits: self.remaining_bits(),
        };
        let count = usize::try_from(count).map_err(|_| exhausted)?;
        self.draw(count, SKIPPED, |_| {})
    }

    /// The same pool with a mark: [`KeyPool::is_low`] once fewer than `bits` bits are left. Set it to what the sessions
    /// take that run before fresh key can be had.
    #[must_use]
    pub fn with_low_water_mark(self, bits: u64) -> Self {
        Self { low_water_bits: bits, ..self }
    }

    /// Whether the pool is below its low-water mark: time to refill it, while everything still works.
    pub fn is_low(&self) -> bool {
        self.remaining_bits() < self.low_water_bits
    }

    /// The next `N` bytes, recorded under `purpose`.
    ///
    /// # Errors
    /// [`PoolExhausted`] if fewer are left; nothing is taken then.
    pub fn take<const N: usize>(
        &mut self,
        purpose: &'static str,
    ) -> Result<Zeroizing<[u8; N]>, PoolExhausted> {
        let mut taken = Zeroizing::new([0; N]);
        self.draw(N, purpose, |bytes| taken.copy_from_slice(bytes))?;
        Ok(taken)
    }

    /// The next `bytes` bytes as a pool of their own (a lane), recorded here under `purpose`.
    ///
    /// # Errors
    /// [`PoolExhausted`] if fewer are left; nothing is taken then.
    pub fn split_off(&mut self, bytes: usize, purpose: &'static str) -> Result<Self, PoolExhausted> {
        let mut lane = Self::new(Vec::new());
        self.draw(bytes, purpose, |taken| lane.refill(taken))?;
        Ok(lane)
    }

    /// Adds secret bytes at the end; both parties must do so at the same point of their order.
    pub fn refill(&mut self, secret: &[u8]) {
        // A new buffer, because one that grows in place may leave a copy behind.
        let mut joined = Vec::with_capacity(self.remaining().len() + secret.len());
        joined.extend_from_slice(self.remaining());
        joined.extend_from_slice(secret);
        self.origin = self.position();
        self.secret = Zeroizing::new(joined);
        self.next = 0;
    }

    /// Bits not taken yet.
    pub fn remaining_bits(&self) -> u64 {
        bits(self.remaining().len())
    }

    /// Bits taken so far.
    pub fn consumed_bits(&self) -> u64 {
        self.ledger.iter().map(|(_, bits)| bits).sum()
    }

    /// What the bits were taken for: purpose and bits, in the order of first use.
    pub fn consumptions(&self) -> impl ExactSizeIterator<Item = (&'static str, u64)> {
        self.ledger.iter().copied()
    }

    /// The bytes not taken yet.
    pub(crate) fn remaining(&self) -> &[u8] {
        &self.secret[self.next..]
    }

    /// Shows the next `count` bytes to `give`, then wipes and records them.
    fn draw(
        &mut self,
        count: usize,
        purpose: &'static str,
        give: impl FnOnce(&[u8]),
    ) -> Result<(), PoolExhausted> {
        let exhausted =
            PoolExhausted { purpose, requested_bits: bits(count), remaining_bits: self.remaining_bits() };
        let taken = self.secret[self.next..].get_mut(..count).ok_or(exhausted)?;
        give(taken);
        taken.zeroize();
        self.next += count;
        match self.ledger.iter_mut().find(|(name, _)| *name == purpose) {
            Some((_, total)) => *total += bits(count),
            None => self.ledger.push((purpose, bits(count))),
        }
        Ok(())
    }
}

impl fmt::Debug for KeyPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyPool")
            .field("position", &self.position())
            .field("remaining_bits", &self.remaining_bits())
            .field("consumed_bits", &self.consumed_bits())
            .finish_non_exhaustive()
    }
}

/// The name of a pool.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PoolId(pub [u8; 16]);

const SKIPPED: &str = "bytes that may have been used before";

/// A pool has too few bytes left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the key pool has {remaining_bits} bits left, {purpose} needs {requested_bits}; refill it with fresh shared key"
)]
pub struct PoolExhausted {
    /// What the bytes were wanted for.
    pub purpose: &'static str,
    /// How many were wanted, bits.
    pub requested_bits: u64,
    /// How many are left, bits.
    pub remaining_bits: u64,
}

fn bits(bytes: usize) -> u64 {
    (bytes as u64).saturating_mul(8)
}

#[cfg(test)]
mod tests {
    use alloc::format;
    use alloc::vec;

    use super::*;

    #[test]
    fn bytes_leave_in_order_once_and_are_wiped() {
        let mut pool = KeyPool::new((1..=20).collect());
        assert_eq!(*pool.take::<3>("a").unwrap(), [1, 2, 3]);
        let mut lane = pool.split_off(4, "b").unwrap();
        assert_eq!(pool.secret[..7], [0; 7]);
        assert_eq!(*lane.take::<4>("c").unwrap(), [4, 5, 6, 7]);
        assert_eq!(*pool.take::<2>("a").unwrap(), [8, 9]);
        assert_eq!(pool.consumptions().collect::<Vec<_>>(), [("a", 40), ("b", 32)]);
        assert_eq!((pool.consumed_bits(), pool.remaining_bits()), (72, 88));
    }

    #[test]
    fn an_exhausted_pool_says_so_and_keeps_what_it_has() {
        let mut pool = KeyPool::new(vec![7; 10]);
        let exhausted = PoolExhausted { purpose: "pad", requested_bits: 88, remaining_bits: 80 };
        assert_eq!(pool.take::<11>("pad").unwrap_err(), exhausted);
        assert_eq!(pool.split_off(11, "pad").unwrap_err(), exhausted);
        assert_eq!((pool.consumed_bits(), pool.remaining_bits()), (0, 80));
        assert_eq!(*pool.take::<10>("pad").unwrap(), [7; 10]);
        pool.refill(&[1, 2]);
        assert_eq!(*pool.take::<2>("pad").unwrap(), [1, 2]);
    }

    #[test]
    fn a_pool_is_low_before_it_is_empty() {
        assert!(!KeyPool::new(Vec::new()).is_low());
        let mut pool = KeyPool::new(vec![7; 10]).with_low_water_mark(64);
        let mut low = vec![pool.is_low()];
        for _ in 0..3 {
            pool.take::<1>("pad").unwrap();
            low.push(pool.is_low());
        }
        assert_eq!(low, [false, false, false, true]);
        pool.refill(&[1]);
        assert!(!pool.is_low());
    }

    #[test]
    fn what_may_have_been_used_is_skipped_and_wiped() {
        let mut pool = KeyPool::new((1..=20).collect());
        pool.skip_to(5).unwrap();
        assert_eq!((pool.secret[..5].to_vec(), pool.position()), (vec![0; 5], 5));
        pool.skip_to(3).unwrap();
        assert_eq!(*pool.take::<1>("a").unwrap(), [6]);
        pool.refill(&[21]);
        assert_eq!(pool.position(), 6);
        assert!(pool.skip_to(22).is_err() && pool.skip_to(u64::MAX).is_err());
        pool.skip_to(20).unwrap();
        assert_eq!((*pool.take::<1>("a").unwrap(), pool.position()), ([21], 21));
    }

    #[test]
    fn debug_shows_no_content() {
        let text = format!("{:?}", KeyPool::new(vec![0xab; 4]));
        assert_eq!(text, "KeyPool { position: 0, remaining_bits: 32, consumed_bits: 0, .. }");
    }
}
