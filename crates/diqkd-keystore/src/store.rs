//! The store: opening, and the frame that every change runs in.

mod begun;
mod deliver;
mod insert;
mod inspect;
mod prepare;
mod purge;
mod rotate;
mod tables;
mod tamper;
mod verify;

pub use insert::Inserted;
pub use verify::Audit;

use rand_core::TryCryptoRng;
use redb::{Builder, Database, ReadTransaction, ReadableDatabase, StorageBackend};

use crate::audit::AuditEvent;
use crate::error::Error;
use crate::seal::{StorageKey, StoreKeys};

use begun::Begun;
use tables::{FORMAT, Head, META, Tables, meta_key};

/// A durable store of keys in one file, safe to share between threads.
///
/// Every change is one transaction that is on disk, with its audit entries, before the call returns; changes wait for
/// each other. About 300 changes a second on a disk that syncs in 3 ms, so insert keys in batches.
pub struct KeyStore {
    database: Database,
    storage_key: StorageKey,
    keys: StoreKeys,
}

impl KeyStore {
    /// Opens the store in `backend`, or creates one if the backend is empty or holds one whose making was interrupted. The checksum of every page is verified,
    /// which reads the whole file.
    ///
    /// `now_unix_s`: seconds since 1970-01-01 UTC; `rng` is used when the store is created.
    ///
    /// # Errors
    /// [`Error::CorruptFile`], [`Error::WrongStorageKey`], [`Error::Version`], [`Error::InUse`], [`Error::Storage`],
    /// [`Error::Tampered`] when the audit chain does not end as this store left it, [`Error::Randomness`].
    pub fn open(
        backend: impl StorageBackend,
        storage_key: StorageKey,
        now_unix_s: u64,
        rng: &mut impl TryCryptoRng,
    ) -> Result<Self, Error> {
        let database = Builder::new()
            .set_cache_size(CACHE_BYTES)
            .set_check_integrity_on_open(true)
            .create_with_backend(Begun::new(backend))
            .map_err(Error::from_redb)?;
        let transaction = database.begin_write().map_err(Error::from_redb)?;
        let sealed = {
            let meta = transaction.open_table(META).map_err(Error::from_redb)?;
            tables::sealed_store_keys(&meta)?
        };
        let keys = match sealed {
            Some(sealed) => {
                let keys = StoreKeys::open(&storage_key, &sealed)?;
                Tables::open(&transaction, &keys)?;
                keys
            }
            None => {
                let keys = StoreKeys::random(rng)?;
                {
                    let mut meta = transaction.open_table(META).map_err(Error::from_redb)?;
                    meta.insert(meta_key::FORMAT, &[FORMAT][..]).map_err(Error::from_redb)?;
                    let sealed = keys.seal(&storage_key, rng)?;
                    meta.insert(meta_key::STORE_KEYS, &sealed[..]).map_err(Error::from_redb)?;
                    tables::write_head(&mut meta, &keys, Head::EMPTY)?;
                }
                let mut tables = Tables::open(&transaction, &keys)?;
                tables.audit(now_unix_s, &AuditEvent::Created)?;
                tables.finish(&keys)?;
                keys
            }
        };
        transaction.commit().map_err(Error::from_redb)?;
        Ok(Self { database, storage_key, keys })
    }

    /// Runs one change and commits it durably before its result is returned; an error changes nothing.
    fn change<T>(&self, change: impl FnOnce(&mut Tables<'_>) -> Result<T, Error>) -> Result<T, Error> {
        let transaction = self.database.begin_write().map_err(Error::from_redb)?;
        let result = {
            let mut tables = Tables::open(&transaction, &self.keys)?;
            let result = change(&mut tables)?;
            tables.finish(&self.keys)?;
            result
        };
        transaction.commit().map_err(Error::from_redb)?;
        Ok(result)
    }

    fn read(&self) -> Result<ReadTransaction, Error> {
        self.database.begin_read().map_err(Error::from_redb)
    }
}

impl core::fmt::Debug for KeyStore {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("KeyStore")
    }
}

/// Pages of the file in this process's own memory. Keys come and go once, so that hardly any page is looked at twice; a larger
/// cache would fill with them slowly, and a node's memory would grow for hours (it has two stores for each source). What is
/// not here is read from the file, which the operating system caches.
const CACHE_BYTES: usize = 2 << 20;
