//! A hash key that serves several lanes, and when it is replaced.
//!
//! The pads hide the hash key perfectly, so it could serve for ever if pads were perfect. They are keys of earlier
//! sessions, each with its own error `eps`, and what a pad of such a key gives away about the hash key adds up: after
//! `N` lanes the bound of `mac` holds with the errors of all pads used so far added. A limit keeps that sum, and the
//! damage of one key that leaks, small; a limit of one lane's messages never recycles.
//!
//! References: C. Portmann, "Key recycling in authentication", IEEE Trans. Inf. Theory 60, 4383 (2014); A. Abidin and
//! J.-Å. Larsson, "Direct proof of security of Wegman-Carter authentication with partially known key", Quantum Inf.
//! Process. 13, 2155 (2014).

use core::fmt;

use zeroize::Zeroizing;

use crate::key_pool::{KeyPool, PoolExhausted};

/// When a hash key is replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rotation {
    /// Messages that one hash key may sign; a lane for more gets a key of its own.
    pub max_messages: u64,
}

/// The hash key of one direction, kept from lane to lane. Both ends keep one and ask for the same lanes in the same
/// order, so that they replace it at the same time.
///
/// ```
/// use diqkd_auth::{HashKey, KeyPool, Rotation};
///
/// let mut pool = KeyPool::new((0..48).collect());
/// let rotation = Rotation { max_messages: 1000 };
/// let mut key = HashKey::draw(&mut pool)?;
/// let first = key.lane(400, rotation, &mut pool)?;
/// assert_eq!(first, key.lane(600, rotation, &mut pool)?);
/// assert_ne!(first, key.lane(1, rotation, &mut pool)?);
/// assert_eq!((key.generation(), pool.consumed_bits()), (1, 256));
/// # Ok::<(), diqkd_auth::PoolExhausted>(())
/// ```
pub struct HashKey {
    secret: Zeroizing<[u8; 16]>,
    messages: u64,
    generation: u64,
}

impl HashKey {
    /// The next 16 bytes of the pool.
    ///
    /// # Errors
    /// [`PoolExhausted`] if fewer are left.
    pub fn draw(pool: &mut KeyPool) -> Result<Self, PoolExhausted> {
        Ok(Self { secret: pool.take::<16>(PURPOSE)?, messages: 0, generation: 0 })
    }

    /// The key for a lane of at most `messages` messages; a fresh one if this one would serve more than it may.
    ///
    /// # Errors
    /// [`PoolExhausted`] if a fresh key is due and the pool has none; the old one is then not given out either.
    pub fn lane(
        &mut self,
        messages: u64,
        rotation: Rotation,
        pool: &mut KeyPool,
    ) -> Result<Zeroizing<[u8; 16]>, PoolExhausted> {
        let total = self.messages.saturating_add(messages);
        if self.messages > 0 && total > rotation.max_messages {
            self.secret = pool.take::<16>(PURPOSE)?;
            self.generation += 1;
            self.messages = messages;
        } else {
            self.messages = total;
        }
        Ok(self.secret.clone())
    }

    /// How often the key has been replaced.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// Messages of the lanes that this key was given to.
    pub fn messages(&self) -> u64 {
        self.messages
    }
}

impl fmt::Debug for HashKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HashKey")
            .field("generation", &self.generation)
            .field("messages", &self.messages)
            .finish_non_exhaustive()
    }
}

const PURPOSE: &str = "hash key";
