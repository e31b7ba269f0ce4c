//! What a site must not forget: the irreversible steps of its sessions, written down before they happen.
//!
//! A [`Session`](crate::Session) hands out [`Record`]s and stands still until its owner says that they are on disk. After
//! a crash [`recover`] reads the records back, and [`Journal`], rebuilt from them, says which pre-shared key is spent and
//! what becomes of the keys that the store holds as prepared.
//!
//! The order of writing makes the sites agree. Alice's key is stored before the seed of the hash may leave, so that it is
//! there if Bob ever has his. Bob's record [`Record::Held`] decides: before it there is no key at either site, after it
//! both have it. A site that does not know asks, and Bob's no is written down before it is said.

mod record;
mod recover;
mod state;

pub use record::{Record, RecordError};
pub use recover::{JournalError, RECORD_BYTES_MAX, Recovered, Writer, recover};
pub use state::{Fate, Journal, Refused};
