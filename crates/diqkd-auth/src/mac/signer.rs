//! The sending end.

use core::fmt;

use diqkd_gf2::{Gf128, PolyEval};
use zeroize::Zeroizing;

use crate::key_pool::{KeyPool, PoolExhausted};
use crate::mac::Tag;
use crate::poly_hash;

/// Signs the messages of one direction, in sequence.
pub struct Signer {
    hash_key: PolyEval,
    pads: KeyPool,
    sequence: u64,
}

impl Signer {
    /// A signer with this hash key and these pads, which no other signer may hold.
    pub fn new(hash_key: Zeroizing<[u8; 16]>, pads: KeyPool) -> Self {
        Self { hash_key: PolyEval::new(Gf128::from_bytes(*hash_key)), pads, sequence: 0 }
    }

    /// The number and the tag of `message`; spends one pad. Numbers count up from 0.
    ///
    /// To send the same message again, send the same number and tag; do not sign it twice.
    ///
    /// # Errors
    /// [`PoolExhausted`] when the lane has fewer than 128 bits left.
    pub fn sign(&mut self, message: &[u8]) -> Result<(u64, Tag), PoolExhausted> {
        let hash = poly_hash::of_bytes(&self.hash_key, message);
        self.seal(hash)
    }

    /// The number and the one tag of several frames in their order, for example all of a round of the protocol; spends
    /// one pad.
    ///
    /// # Errors
    /// As [`Signer::sign`].
    pub fn sign_batch(&mut self, frames: &[&[u8]]) -> Result<(u64, Tag), PoolExhausted> {
        let hash = poly_hash::of_list(&self.hash_key, frames);
        self.seal(hash)
    }

    fn seal(&mut self, hash: u128) -> Result<(u64, Tag), PoolExhausted> {
        let pad = self.pads.take::<16>("authentication pad")?;
        let sequence = self.sequence;
        self.sequence += 1;
        Ok((sequence, Tag((hash ^ u128::from_le_bytes(*pad)).to_le_bytes())))
    }

    /// How many more messages can be signed.
    pub fn remaining_messages(&self) -> u64 {
        self.pads.remaining_bits() / 128
    }

    /// Bits of pad spent so far.
    pub fn consumed_bits(&self) -> u64 {
        self.pads.consumed_bits()
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signer")
            .field("sequence", &self.sequence)
            .field("remaining_messages", &self.remaining_messages())
            .finish_non_exhaustive()
    }
}
