//! Keys on their way in, and what the store tells about them afterwards.

use core::fmt;

use diqkd_core::KeyId;
use zeroize::Zeroizing;

use crate::provenance::Provenance;

/// A key to be stored.
pub struct NewKey {
    /// Its id, derived alike on both sides.
    pub id: KeyId,
    /// The key, 1 to 65536 bytes.
    pub secret: Zeroizing<Vec<u8>>,
    /// Where it comes from.
    pub provenance: Provenance,
    /// When it must no longer be delivered, in seconds since 1970-01-01 UTC; `None`: no limit.
    pub expires_unix_s: Option<u64>,
}

impl fmt::Debug for NewKey {
    /// Never shows key bits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewKey")
            .field("id", &self.id)
            .field("secret_bytes", &self.secret.len())
            .field("expires_unix_s", &self.expires_unix_s)
            .finish_non_exhaustive()
    }
}

/// A key that was handed out.
pub struct DeliveredKey {
    /// Its id.
    pub id: KeyId,
    /// The key.
    pub secret: Zeroizing<Vec<u8>>,
}

impl fmt::Debug for DeliveredKey {
    /// Never shows key bits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeliveredKey").field("id", &self.id).finish_non_exhaustive()
    }
}

/// What the store tells about a key: everything but its bits.
#[derive(Clone, Debug, PartialEq)]
pub struct KeyRecord {
    /// The id.
    pub id: KeyId,
    /// Length of the key in bits.
    pub length_bits: u32,
    /// Where the key comes from.
    pub provenance: Provenance,
    /// When it was stored.
    pub inserted_unix_s: u64,
    /// When it must no longer be delivered.
    pub expires_unix_s: Option<u64>,
    /// Where it is in its life.
    pub state: KeyState,
}

/// The life of a key: perhaps prepared, then available, then delivered or expired, in the end destroyed. Only a prepared
/// or available key has bits in the store.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyState {
    /// In the store, but not to be delivered before it is known that the peer holds it too.
    Prepared,
    /// In the store, to be delivered once.
    Available,
    /// Handed out; the bits have left the store.
    Delivered {
        /// Who asked for it.
        consumer: String,
        /// When.
        at_unix_s: u64,
    },
    /// Its time ran out before anyone asked; the bits have been erased.
    Expired {
        /// When the store noticed.
        at_unix_s: u64,
    },
    /// Erased on demand, or retired after delivery.
    Destroyed {
        /// When.
        at_unix_s: u64,
    },
}

impl KeyState {
    /// The state without its details.
    pub fn name(&self) -> StateName {
        match self {
            Self::Prepared => StateName::Prepared,
            Self::Available => StateName::Available,
            Self::Delivered { .. } => StateName::Delivered,
            Self::Expired { .. } => StateName::Expired,
            Self::Destroyed { .. } => StateName::Destroyed,
        }
    }
}

/// The name of a [`KeyState`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StateName {
    /// [`KeyState::Prepared`].
    Prepared,
    /// [`KeyState::Available`].
    Available,
    /// [`KeyState::Delivered`].
    Delivered,
    /// [`KeyState::Expired`].
    Expired,
    /// [`KeyState::Destroyed`].
    Destroyed,
}

impl fmt::Display for StateName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Prepared => "prepared",
            Self::Available => "available",
            Self::Delivered => "delivered",
            Self::Expired => "expired",
            Self::Destroyed => "destroyed",
        })
    }
}

/// The longest key in bytes.
pub(crate) const MAX_SECRET_BYTES: usize = 1 << 16;
/// The longest consumer name in bytes.
pub(crate) const MAX_CONSUMER_BYTES: usize = 256;
