//! Looking at the store without taking anything out.

use diqkd_core::{KeyId, SessionId};
use redb::{ReadTransaction, ReadableTable, ReadableTableMetadata};

use super::KeyStore;
use super::tables::{AUDIT, PROVENANCE, QUEUE, RECORDS, SECRETS, SESSIONS, WRAPPING};
use crate::audit::{self, AuditEntry};
use crate::error::Error;
use crate::key::{KeyRecord, KeyState};
use crate::provenance::Provenance;
use crate::record::Stored;
use crate::seal::open_key;

impl KeyStore {
    /// The records after the id `after`, in the order of ids, at most `limit` (and 4096) of them. A key whose time is
    /// over at `now_unix_s` is shown as expired, whether it has been erased yet or not.
    ///
    /// # Errors
    /// [`Error::Storage`], [`Error::Corrupt`].
    pub fn list(&self, now_unix_s: u64, after: Option<KeyId>, limit: usize) -> Result<Vec<KeyRecord>, Error> {
        let transaction = self.read()?;
        let records = transaction.open_table(RECORDS).map_err(Error::from_redb)?;
        let start = after.map_or([0; 16], |id| id.0);
        records
            .range::<&[u8; 16]>(&start..)
            .map_err(Error::from_redb)?
            .filter(|entry| entry.as_ref().map_or(true, |(id, _)| after.is_none_or(|a| a.0 != *id.value())))
            .take(limit.min(MAX_PAGE))
            .map(|entry| {
                let (id, bytes) = entry.map_err(Error::from_redb)?;
                describe(&transaction, KeyId(*id.value()), Stored::decode(bytes.value())?, now_unix_s)
            })
            .collect()
    }

    /// The record of a key.
    ///
    /// # Errors
    /// [`Error::UnknownKey`], [`Error::Storage`], [`Error::Corrupt`].
    pub fn show(&self, id: KeyId, now_unix_s: u64) -> Result<KeyRecord, Error> {
        let transaction = self.read()?;
        let stored = stored(&transaction, id)?;
        describe(&transaction, id, stored, now_unix_s)
    }

    /// Whether a session has ever stored a key here, whatever has become of it.
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub fn has_session(&self, session: SessionId) -> Result<bool, Error> {
        let sessions = self.read()?.open_table(SESSIONS).map_err(Error::from_redb)?;
        Ok(sessions.get(&session.0).map_err(Error::from_redb)?.is_some())
    }

    /// The ids of available keys, oldest first, at most `limit` (and 4096) of them.
    ///
    /// # Errors
    /// [`Error::Storage`], [`Error::Corrupt`].
    pub fn available(&self, now_unix_s: u64, limit: usize) -> Result<Vec<KeyId>, Error> {
        let transaction = self.read()?;
        let queue = transaction.open_table(QUEUE).map_err(Error::from_redb)?;
        let mut ids = vec![];
        for entry in queue.iter().map_err(Error::from_redb)? {
            if ids.len() == limit.min(MAX_PAGE) {
                break;
            }
            let id = KeyId(*entry.map_err(Error::from_redb)?.1.value());
            if stored(&transaction, id)?.fixed.expires_unix_s.is_none_or(|expires| expires > now_unix_s) {
                ids.push(id);
            }
        }
        Ok(ids)
    }

    /// How many keys are available, without looking at each: those whose time is over count until they are erased.
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub fn available_count(&self) -> Result<u64, Error> {
        self.read()?.open_table(QUEUE).map_err(Error::from_redb)?.len().map_err(Error::from_redb)
    }

    /// The audit entries from number `from` on, at most `limit` (and 4096) of them.
    ///
    /// # Errors
    /// [`Error::Storage`], [`Error::Corrupt`].
    pub fn audit_entries(&self, from: u64, limit: usize) -> Result<Vec<AuditEntry>, Error> {
        let transaction = self.read()?;
        let entries = transaction.open_table(AUDIT).map_err(Error::from_redb)?;
        entries
            .range(from..)
            .map_err(Error::from_redb)?
            .take(limit.min(MAX_PAGE))
            .map(|entry| audit::decode(entry.map_err(Error::from_redb)?.1.value()))
            .collect()
    }

    /// A digest of an available key under `comparison_key`, to see whether two stores hold the same key without
    /// taking it out: blake3 keyed hash of id and key. Give both stores the same fresh random comparison key and
    /// compare in private; the digest is not for publication, as it holds `min(256, key length)` bits of information
    /// about the key for anyone unbounded who knows the comparison key.
    ///
    /// # Errors
    /// [`Error::UnknownKey`]; [`Error::IllegalTransition`] for a key that is not available; [`Error::Corrupt`];
    /// [`Error::Storage`].
    pub fn fingerprint(&self, id: KeyId, comparison_key: &[u8; 32]) -> Result<[u8; 32], Error> {
        let transaction = self.read()?;
        let stored = stored(&transaction, id)?;
        if stored.state != KeyState::Available {
            return Err(Error::IllegalTransition { id, state: stored.state.name(), operation: "compared" });
        }
        let missing = |table| Error::Corrupt { table, what: "no entry for an available key" };
        let wrapping = transaction.open_table(WRAPPING).map_err(Error::from_redb)?;
        let secrets = transaction.open_table(SECRETS).map_err(Error::from_redb)?;
        let wrapping = wrapping.get(&id.0).map_err(Error::from_redb)?.ok_or(missing("wrapping keys"))?;
        let sealed = secrets.get(&id.0).map_err(Error::from_redb)?.ok_or(missing("secrets"))?;
        let secret = open_key(&self.storage_key, id, wrapping.value(), sealed.value())?;
        Ok(*blake3::Hasher::new_keyed(comparison_key).update(&id.0).update(&secret).finalize().as_bytes())
    }
}

fn stored(transaction: &ReadTransaction, id: KeyId) -> Result<Stored, Error> {
    let records = transaction.open_table(RECORDS).map_err(Error::from_redb)?;
    let bytes = records.get(&id.0).map_err(Error::from_redb)?.ok_or(Error::UnknownKey { id })?;
    Stored::decode(bytes.value())
}

fn describe(
    transaction: &ReadTransaction,
    id: KeyId,
    stored: Stored,
    now_unix_s: u64,
) -> Result<KeyRecord, Error> {
    let Stored { fixed, mut state, .. } = stored;
    let table = transaction.open_table(PROVENANCE).map_err(Error::from_redb)?;
    let bytes = table
        .get(&fixed.provenance_digest)
        .map_err(Error::from_redb)?
        .ok_or(Error::Corrupt { table: "provenance", what: "no entry for a known key" })?;
    let provenance = Provenance::decode_shared(bytes.value(), fixed.position)?;
    if let (KeyState::Available, Some(expires)) = (&state, fixed.expires_unix_s)
        && expires <= now_unix_s
    {
        state = KeyState::Expired { at_unix_s: expires };
    }
    Ok(KeyRecord {
        id,
        length_bits: fixed.secret_bytes.saturating_mul(8),
        provenance,
        inserted_unix_s: fixed.inserted_unix_s,
        expires_unix_s: fixed.expires_unix_s,
        state,
    })
}

const MAX_PAGE: usize = 4096;
