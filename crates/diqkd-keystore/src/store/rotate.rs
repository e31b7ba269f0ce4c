//! A new storage key: what makes erased keys unreadable for good.

use rand_core::TryCryptoRng;
use redb::ReadableTable;

use super::KeyStore;
use super::tables::meta_key;
use crate::audit::AuditEvent;
use crate::error::Error;
use crate::seal::{StorageKey, open_wrapping_key, seal_wrapping_key};

impl KeyStore {
    /// Seals the wrapping keys of all available keys under a new storage key, in one transaction.
    ///
    /// Freed pages of the file keep old entries until they are used again, among them sealed wrapping keys of keys
    /// that have been handed out or erased. These can be read by whoever has the file *and* the storage key of that
    /// time: rotate, then destroy the old storage key, and they are gone.
    ///
    /// # Errors
    /// [`Error::Corrupt`], [`Error::Randomness`], [`Error::Storage`]; the old key then stays in force, except after
    /// [`Error::Storage`], when either may be: reopen the store to find out.
    pub fn rotate_storage_key(
        &mut self,
        new: StorageKey,
        now_unix_s: u64,
        rng: &mut impl TryCryptoRng,
    ) -> Result<(), Error> {
        self.change(|tables| {
            let mut last: Option<[u8; 16]> = None;
            loop {
                let start = last.unwrap_or_default();
                let rows = tables
                    .wrapping
                    .range::<&[u8; 16]>(&start..)
                    .map_err(Error::from_redb)?
                    .filter(|row| row.as_ref().map_or(true, |(id, _)| last.is_none_or(|l| l != *id.value())))
                    .take(CHUNK)
                    .map(|row| row.map(|(id, sealed)| (*id.value(), sealed.value().to_vec())))
                    .collect::<Result<Vec<_>, _>>()
                    .map_err(Error::from_redb)?;
                for (id, sealed) in &rows {
                    let key = diqkd_core::KeyId(*id);
                    let wrapping_key = open_wrapping_key(&self.storage_key, key, sealed)?;
                    let sealed = seal_wrapping_key(&new, key, &wrapping_key, rng)?;
                    tables.wrapping.insert(id, &sealed[..]).map_err(Error::from_redb)?;
                }
                match rows.last() {
                    Some((id, _)) => last = Some(*id),
                    None => break,
                }
            }
            let sealed = self.keys.seal(&new, rng)?;
            tables.meta.insert(meta_key::STORE_KEYS, &sealed[..]).map_err(Error::from_redb)?;
            tables.audit(now_unix_s, &AuditEvent::StorageKeyRotated)?;
            Ok(())
        })?;
        self.storage_key = new;
        Ok(())
    }
}

/// Wrapping keys held in memory at a time.
const CHUNK: usize = 4096;
