//! Where the bits of a seed come from.

use core::convert::Infallible;
use core::fmt;

use diqkd_gf2::{BitRef, Bits, copy_to_words};

/// A seed that is read piece by piece, from memory or from a file.
///
/// A hash that takes its input from the first bit on reads its seed from the last bits down, as the first input bit
/// meets the last `m` bits of the seed; neighbouring pieces overlap, and of two of them either may come first. Any thread of
/// the pool may do the reading.
pub trait SeedSource: Send {
    /// Why reading failed.
    type Error: core::error::Error + Send + 'static;

    /// Replaces `words` by the bits `from ..` of the seed, least significant first; bits beyond its end are zero.
    ///
    /// # Errors
    /// Whatever keeps the bits from being read; the hash is then abandoned.
    fn read(&mut self, from: u64, words: &mut [u64]) -> Result<(), Self::Error>;
}

impl SeedSource for &BitRef {
    type Error = Infallible;

    fn read(&mut self, from: u64, words: &mut [u64]) -> Result<(), Infallible> {
        let from = usize::try_from(from).unwrap_or(self.len()).min(self.len());
        let to = from.saturating_add(64 * words.len()).min(self.len());
        copy_to_words(&self[from..to], words, 0);
        Ok(())
    }
}

/// A seed that serves one hash: it cannot be copied, and hashing consumes it.
///
/// In a device-independent protocol the seed is drawn after both devices have stopped and then announced. Devices that
/// know a seed beforehand can force the key, so a seed that has been announced must never hash a later block.
///
/// ```compile_fail,E0382
/// # use diqkd_amplify::{OneTimeSeed, Plan, Scratch};
/// # use diqkd_gf2::Bits;
/// fn twice(plan: &Plan, a: &Bits, b: &Bits, seed: OneTimeSeed, scratch: &mut Scratch, key: &mut Bits) {
///     let _ = plan.hash_once(a, seed, scratch, key);
///     let _ = plan.hash_once(b, seed, scratch, key);
/// }
/// ```
pub struct OneTimeSeed(Bits);

impl OneTimeSeed {
    /// The bits drawn, or received from the party that drew them.
    pub fn new(bits: Bits) -> Self {
        Self(bits)
    }

    pub(crate) fn bits(&self) -> &BitRef {
        &self.0
    }
}

impl fmt::Debug for OneTimeSeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OneTimeSeed").field("bits", &self.0.len()).finish_non_exhaustive()
    }
}
