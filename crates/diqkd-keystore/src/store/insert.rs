//! Keys come in: a whole block in one durable transaction, available at once or prepared.

use rand_core::TryCryptoRng;
use redb::ReadableTable;

use super::KeyStore;
use super::tables::Tables;
use crate::audit::AuditEvent;
use crate::error::Error;
use crate::key::{KeyState, MAX_SECRET_BYTES, NewKey};
use crate::provenance::MAX_ASSUMPTIONS;
use crate::record::{Fixed, Stored};
use crate::seal::seal_key;

/// How a batch came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inserted {
    /// Keys stored now.
    pub new: usize,
    /// Keys with the same id and bits that were known before, in whatever state they are; nothing was changed.
    pub known: usize,
}

impl KeyStore {
    /// Stores keys, all or none, in one durable transaction; storing a known key with the same bits again is no
    /// error and never brings a delivered key back.
    ///
    /// # Errors
    /// [`Error::ConflictingKey`] for a known id with other bits, [`Error::Limit`] for an empty or overlong key, a
    /// batch above 2^20 keys or a key that has expired already, [`Error::Randomness`], [`Error::Storage`].
    pub fn insert_batch(
        &self,
        batch: &[NewKey],
        now_unix_s: u64,
        rng: &mut impl TryCryptoRng,
    ) -> Result<Inserted, Error> {
        self.store_batch(batch, &KeyState::Available, now_unix_s, rng)
    }

    /// Stores keys that are not to be delivered before [`KeyStore::release`]: of a session whose other end may or may not
    /// come to hold them.
    ///
    /// # Errors
    /// As for [`KeyStore::insert_batch`].
    pub fn prepare_batch(
        &self,
        batch: &[NewKey],
        now_unix_s: u64,
        rng: &mut impl TryCryptoRng,
    ) -> Result<Inserted, Error> {
        self.store_batch(batch, &KeyState::Prepared, now_unix_s, rng)
    }

    fn store_batch(
        &self,
        batch: &[NewKey],
        state: &KeyState,
        now_unix_s: u64,
        rng: &mut impl TryCryptoRng,
    ) -> Result<Inserted, Error> {
        limit("the number of keys in a batch", batch.len(), 0, MAX_BATCH)?;
        self.change(|tables| {
            let mut inserted = Inserted { new: 0, known: 0 };
            for key in batch {
                if self.insert(tables, key, state.clone(), now_unix_s, rng)? {
                    inserted.new += 1;
                } else {
                    inserted.known += 1;
                }
            }
            Ok(inserted)
        })
    }

    /// Whether the key was new.
    fn insert(
        &self,
        tables: &mut Tables<'_>,
        key: &NewKey,
        state: KeyState,
        now_unix_s: u64,
        rng: &mut impl TryCryptoRng,
    ) -> Result<bool, Error> {
        limit("the length of a key in bytes", key.secret.len(), 1, MAX_SECRET_BYTES)?;
        limit("the number of assumptions", key.provenance.assumptions.len(), 0, MAX_ASSUMPTIONS)?;
        let fingerprint = self.keys.fingerprint(key.id, &key.secret);
        if let Some(known) = tables.record(key.id)? {
            return if fingerprint == known.fixed.fingerprint {
                Ok(false)
            } else {
                Err(Error::ConflictingKey { id: key.id })
            };
        }
        if let Some(expires) = key.expires_unix_s
            && expires <= now_unix_s
        {
            return Err(Error::Limit {
                quantity: "the time limit of a new key",
                value: expires,
                low: now_unix_s.saturating_add(1),
                high: u64::MAX,
            });
        }

        let provenance = key.provenance.encode_shared();
        let provenance_digest = *blake3::hash(&provenance).as_bytes();
        if tables.provenance.get(&provenance_digest).map_err(Error::from_redb)?.is_none() {
            tables.provenance.insert(&provenance_digest, &provenance[..]).map_err(Error::from_redb)?;
        }
        let fixed = Fixed {
            secret_bytes: key.secret.len() as u32,
            provenance_digest,
            position: key.provenance.position,
            inserted_unix_s: now_unix_s,
            expires_unix_s: key.expires_unix_s,
            fingerprint: *fingerprint.as_bytes(),
            inserted_entry: tables.next_entry(),
        };
        let record_digest = fixed.digest();
        let event = match state {
            KeyState::Prepared => AuditEvent::Prepared { id: key.id, record_digest },
            _ => AuditEvent::Inserted { id: key.id, record_digest },
        };
        let last_entry = tables.audit(now_unix_s, &event)?;
        let sealed = seal_key(&self.storage_key, key.id, &key.secret, rng)?;
        let id = &key.id.0;
        tables.wrapping.insert(id, &sealed.wrapping[..]).map_err(Error::from_redb)?;
        tables.secrets.insert(id, &sealed.secret[..]).map_err(Error::from_redb)?;
        tables.sessions.insert(&key.provenance.session.0, ()).map_err(Error::from_redb)?;
        if state == KeyState::Prepared {
            let session = &key.provenance.session.0;
            tables.prepared.insert((session, id), ()).map_err(Error::from_redb)?;
        } else {
            tables.offer(key.id, &fixed)?;
        }
        let stored = Stored { fixed, state, last_entry };
        tables.records.insert(id, &stored.encode()[..]).map_err(Error::from_redb)?;
        Ok(true)
    }
}

pub(super) fn limit(quantity: &'static str, value: usize, low: usize, high: usize) -> Result<(), Error> {
    if (low..=high).contains(&value) {
        return Ok(());
    }
    Err(Error::Limit { quantity, value: value as u64, low: low as u64, high: high as u64 })
}

pub(super) const MAX_BATCH: usize = 1 << 20;
