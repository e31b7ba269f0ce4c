//! Keys end: by time or on demand.

use diqkd_core::KeyId;
use redb::ReadableTable;

use super::KeyStore;
use crate::audit::AuditEvent;
use crate::error::Error;
use crate::key::KeyState;
use crate::record::Stored;

impl KeyStore {
    /// Erases the bits of every key whose time is over, and gives their number.
    ///
    /// # Errors
    /// [`Error::Storage`], [`Error::Corrupt`]; keys erased before the error stay erased.
    pub fn purge(&self, now_unix_s: u64) -> Result<u64, Error> {
        let mut erased = 0;
        loop {
            let count = self.change(|tables| {
                let due = tables
                    .expiry
                    .iter()
                    .map_err(Error::from_redb)?
                    .take(CHUNK)
                    .map(|entry| entry.map(|(key, _)| (key.value().0, KeyId(*key.value().1))))
                    .take_while(|entry| entry.as_ref().map_or(true, |(time, _)| *time <= now_unix_s))
                    .collect::<Result<Vec<_>, _>>()
                    .map_err(Error::from_redb)?;
                for &(_, id) in &due {
                    let stored =
                        tables.record(id)?.filter(|stored| stored.state == KeyState::Available).ok_or(
                            Error::Corrupt { table: "expiry", what: "names a key that is not available" },
                        )?;
                    tables.expire(id, stored.fixed, now_unix_s)?;
                }
                Ok(due.len())
            })?;
            erased += count as u64;
            if count < CHUNK {
                return Ok(erased);
            }
        }
    }

    /// Erases an available key, or retires one that was delivered or has expired.
    ///
    /// # Errors
    /// [`Error::UnknownKey`]; [`Error::IllegalTransition`] for a key that is destroyed already, or only prepared (see
    /// [`KeyStore::discard`]); [`Error::Storage`].
    pub fn destroy(&self, id: KeyId, now_unix_s: u64) -> Result<(), Error> {
        self.change(|tables| {
            let Stored { fixed, state, .. } = tables.record(id)?.ok_or(Error::UnknownKey { id })?;
            if matches!(state, KeyState::Destroyed { .. } | KeyState::Prepared) {
                return Err(Error::IllegalTransition { id, state: state.name(), operation: "destroyed" });
            }
            let state = KeyState::Destroyed { at_unix_s: now_unix_s };
            tables.retire(id, fixed, state, now_unix_s, &AuditEvent::Destroyed { id })
        })
    }
}

/// Keys erased in one transaction.
const CHUNK: usize = 8192;
