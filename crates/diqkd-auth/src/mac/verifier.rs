//! The receiving end.

use alloc::vec;
use alloc::vec::Vec;
use core::fmt;

use diqkd_gf2::{Gf128, PolyEval};
use zeroize::{Zeroize, Zeroizing};

use crate::key_pool::KeyPool;
use crate::mac::Tag;
use crate::poly_hash;

/// Verifies the messages of one direction, in any order, each number once.
pub struct Verifier {
    hash_key: PolyEval,
    pads: Vec<Zeroizing<[u8; 16]>>,
    accepted: Vec<bool>,
    failures: u64,
}

impl Verifier {
    /// A verifier with the hash key and the pads of its signer.
    pub fn new(hash_key: Zeroizing<[u8; 16]>, pads: KeyPool) -> Self {
        let pads: Vec<_> =
            pads.remaining().as_chunks::<16>().0.iter().map(|pad| Zeroizing::new(*pad)).collect();
        let accepted = vec![false; pads.len()];
        Self { hash_key: PolyEval::new(Gf128::from_bytes(*hash_key)), pads, accepted, failures: 0 }
    }

    /// Accepts `message` under number `sequence` if `tag` is its tag; the pad is then wiped.
    ///
    /// A refusal changes nothing but the count of failures: the genuine message is still welcome.
    ///
    /// # Errors
    /// [`AuthError::Forged`], [`AuthError::Replayed`] or [`AuthError::Exhausted`].
    pub fn verify(&mut self, sequence: u64, message: &[u8], tag: &Tag) -> Result<(), AuthError> {
        self.open(sequence, tag, |key| poly_hash::of_bytes(key, message))
    }

    /// As [`Verifier::verify`] for the frames of a batch, in their order.
    ///
    /// # Errors
    /// As [`Verifier::verify`].
    pub fn verify_batch(&mut self, sequence: u64, frames: &[&[u8]], tag: &Tag) -> Result<(), AuthError> {
        self.open(sequence, tag, |key| poly_hash::of_list(key, frames))
    }

    fn open(
        &mut self,
        sequence: u64,
        tag: &Tag,
        hash: impl FnOnce(&PolyEval) -> u128,
    ) -> Result<(), AuthError> {
        let messages = self.pads.len() as u64;
        let beyond = AuthError::Exhausted { sequence, messages };
        let index = usize::try_from(sequence).map_err(|_| beyond)?;
        let pad = self.pads.get_mut(index).ok_or(beyond)?;
        if self.accepted[index] {
            return Err(AuthError::Replayed { sequence });
        }
        let hash = hash(&self.hash_key);
        if Tag((hash ^ u128::from_le_bytes(**pad)).to_le_bytes()) != *tag {
            self.failures = self.failures.saturating_add(1);
            return Err(AuthError::Forged { sequence });
        }
        pad.zeroize();
        self.accepted[index] = true;
        Ok(())
    }

    /// Messages refused because their tag was wrong.
    pub fn failures(&self) -> u64 {
        self.failures
    }

    /// Messages accepted.
    pub fn accepted_messages(&self) -> u64 {
        self.accepted.iter().filter(|accepted| **accepted).count() as u64
    }

    /// Tags compared so far, accepted and refused: the `attempts` of [`forgery_epsilon`](crate::forgery_epsilon).
    pub fn attempts(&self) -> u64 {
        self.accepted_messages().saturating_add(self.failures)
    }

    /// How many more messages can be accepted.
    pub fn remaining_messages(&self) -> u64 {
        self.pads.len() as u64 - self.accepted_messages()
    }

    /// Bits of pad spent so far.
    pub fn consumed_bits(&self) -> u64 {
        128 * self.accepted_messages()
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verifier")
            .field("accepted_messages", &self.accepted_messages())
            .field("remaining_messages", &self.remaining_messages())
            .field("failures", &self.failures)
            .finish_non_exhaustive()
    }
}

/// Why a message was not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AuthError {
    /// The tag is not that of this message under this number: altered on the way, forged, or another key.
    #[error("message {sequence} does not carry its tag; drop it and wait for the genuine one")]
    Forged {
        /// The number it came with.
        sequence: u64,
    },
    /// A message with this number was accepted before.
    #[error("message {sequence} was accepted before; drop it as a duplicate")]
    Replayed {
        /// The number it came with.
        sequence: u64,
    },
    /// The lane has no pad for this number.
    #[error(
        "message {sequence} lies beyond the pads of {messages} messages; open a lane with fresh shared key"
    )]
    Exhausted {
        /// The number it came with.
        sequence: u64,
        /// Messages that the lane was made for.
        messages: u64,
    },
}
