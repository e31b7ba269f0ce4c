//! A party's key store on disk.
//!
//! ```text
//! DIR/keys.redb     the store: keys encrypted, records, audit chain
//! DIR/storage.key   32 random bytes, readable by the owner only; the encryption key is derived from them
//! ```

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use diqkd_core::KeyId;
use diqkd_keystore::{KeyStore, NewKey, Provenance, Route, StorageKey};
use diqkd_protocol::{IdentifiedKey, SessionSecurity};
use rand::rngs::StdRng;
use rand_core::Rng;
use sha3::{Digest, Sha3_256};
use zeroize::Zeroizing;

use crate::randomness::Randomness;

/// What all keys of one block share.
#[derive(Clone, Debug)]
pub struct BlockProvenance<'a> {
    /// What they are secure against, and what that rests on.
    pub security: &'a SessionSecurity,
    /// The certificate that allowed the keys.
    pub certificate: &'a diqkd_entropy::Certificate,
    /// The session that made them.
    pub session: diqkd_core::SessionId,
    /// Attestation of the generator that chose this site's settings; empty when there is none.
    pub rng_attestation: &'a str,
}

/// An open store.
pub struct StoreOnDisk {
    path: PathBuf,
    store: KeyStore,
    rng: StdRng,
}

impl StoreOnDisk {
    /// Opens the store of a directory, or makes directory and store.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn open(folder: &Path, randomness: &Randomness) -> Result<Self, StoreError> {
        let io = |path: &Path| {
            let path = path.to_path_buf();
            move |source| StoreError::Io { path, source }
        };
        std::fs::create_dir_all(folder).map_err(io(folder))?;
        let mut rng = randomness.generator(&format!("key store in {}", folder.display()));
        let key_path = folder.join("storage.key");
        let storage_key = storage_key(&key_path, &mut rng).map_err(io(&key_path))?;
        let path = folder.join("keys.redb");
        let file = private(OpenOptions::new().read(true).write(true).create(true).truncate(false))
            .open(&path)
            .map_err(io(&path))?;
        let backend =
            redb::backends::FileBackend::new(file).map_err(|_| StoreError::InUse { path: path.clone() })?;
        let store =
            KeyStore::open(backend, storage_key, now_unix_s(), &mut rng).map_err(|error| match error {
                diqkd_keystore::Error::InUse => StoreError::InUse { path: path.clone() },
                source => StoreError::Store { path: path.clone(), source },
            })?;
        Ok(Self { path, store, rng })
    }

    /// The store's file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Stores the keys of a block, all or none, as prepared: not to be delivered before it is known that the peer holds
    /// them too. They are on disk when this returns. Gives their ids in order.
    ///
    /// # Errors
    /// [`StoreError::Store`].
    pub fn prepare_block(
        &mut self,
        keys: Vec<IdentifiedKey>,
        block: &BlockProvenance<'_>,
    ) -> Result<Vec<KeyId>, StoreError> {
        let keys = new_keys(keys, block);
        let stored = self.store.prepare_batch(&keys, now_unix_s(), &mut self.rng);
        stored.map_err(|error| self.refused(error))?;
        Ok(keys.iter().map(|key| key.id).collect())
    }

    /// Whether two stores hold the same bits under these ids. Takes nothing out.
    ///
    /// # Errors
    /// [`StoreError::Store`] when a store can't be read or lacks a key.
    pub fn same_keys(&mut self, other: &Self, ids: &[KeyId]) -> Result<bool, StoreError> {
        let mut comparison_key = Zeroizing::new([0; 32]);
        self.rng.fill_bytes(&mut *comparison_key);
        for &id in ids {
            let digest =
                |it: &Self| it.store.fingerprint(id, &comparison_key).map_err(|error| it.refused(error));
            if digest(self)? != digest(other)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// What a failure of this store is called.
    pub(crate) fn refused(&self, source: diqkd_keystore::Error) -> StoreError {
        StoreError::Store { path: self.path.clone(), source }
    }

    /// The store itself: metadata, delivery, audit.
    pub fn keys(&self) -> &KeyStore {
        &self.store
    }
}

/// Why a store on disk can't be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// A file can't be read or written.
    #[error("can't use {path}; check that it is a writable place, or choose another directory")]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Another process has the store open.
    #[error("{path} is open in another process; stop that one or choose another directory")]
    InUse {
        /// The store's file.
        path: PathBuf,
    },
    /// The store refused.
    #[error("the key store {path} refused")]
    Store {
        /// The store's file.
        path: PathBuf,
        /// Why.
        source: diqkd_keystore::Error,
    },
}

/// Seconds since 1970-01-01 UTC.
pub fn now_unix_s() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// The encryption key derived from the secret in `path`, which is made if it does not exist.
fn storage_key(path: &Path, rng: &mut StdRng) -> std::io::Result<StorageKey> {
    let mut secret = Zeroizing::new([0; 32]);
    if !path.exists() {
        // Under another name until it is whole: a crash must not leave half of it. A link never replaces a file.
        let beside = path.with_extension(format!("new-{}", std::process::id()));
        rng.fill_bytes(&mut *secret);
        let mut file = private(OpenOptions::new().write(true).create(true).truncate(true)).open(&beside)?;
        file.write_all(&*secret)?;
        file.sync_all()?;
        match std::fs::hard_link(&beside, path) {
            Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
                // Not every file system has links.
                std::fs::rename(&beside, path)?;
            }
            _ => std::fs::remove_file(&beside)?,
        }
        crate::journal::sync_folder(path)?;
    }
    File::open(path)?.read_exact(&mut *secret)?;
    let derived = Sha3_256::new().chain_update(b"diqkd storage key v1").chain_update(*secret).finalize();
    Ok(StorageKey::new(derived.into()))
}

/// The keys of a block as the store takes them.
fn new_keys(keys: Vec<IdentifiedKey>, block: &BlockProvenance<'_>) -> Vec<NewKey> {
    let now = now_unix_s();
    let certificate_digest = *blake3::hash(block.certificate.to_json().as_bytes()).as_bytes();
    let new_key = |key: IdentifiedKey| NewKey {
        id: key.id,
        secret: key.secret,
        provenance: Provenance {
            session: block.session,
            block: 0,
            position: u32::try_from(key.index).unwrap_or(u32::MAX),
            security_model: block.security.model(),
            route: Route::Direct,
            assumptions: block.security.assumptions().to_vec(),
            certificate_digest,
            eps_sound: block.certificate.eps_sound(),
            rng_attestation: block.rng_attestation.to_owned(),
            created_unix_s: now,
        },
        expires_unix_s: None,
    };
    keys.into_iter().map(new_key).collect()
}

/// Files that only their owner may read.
pub(crate) fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    options
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("diqkd-node-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        folder
    }

    #[test]
    fn a_store_reopens_with_its_own_storage_key_only() {
        let folder = folder("reopen");
        let randomness = Randomness::from_seed(1);
        drop(StoreOnDisk::open(&folder, &randomness).unwrap());
        drop(StoreOnDisk::open(&folder, &Randomness::from_seed(2)).unwrap());
        let files = std::fs::read_dir(&folder).unwrap().map(|file| file.unwrap().file_name());
        assert_eq!(files.collect::<std::collections::BTreeSet<_>>().len(), 2, "what was beside them is gone");
        std::fs::write(folder.join("storage.key"), [1; 32]).unwrap();
        assert!(matches!(
            StoreOnDisk::open(&folder, &randomness).map(|_| ()),
            Err(StoreError::Store { source: diqkd_keystore::Error::WrongStorageKey, .. })
        ));
        std::fs::write(folder.join("storage.key"), [1; 5]).unwrap();
        assert!(matches!(StoreOnDisk::open(&folder, &randomness).map(|_| ()), Err(StoreError::Io { .. })));
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn secrets_are_for_their_owner() {
        use std::os::unix::fs::PermissionsExt;
        let folder = folder("mode");
        let store = StoreOnDisk::open(&folder, &Randomness::from_seed(1)).unwrap();
        for name in ["storage.key", "keys.redb"] {
            let mode = std::fs::metadata(folder.join(name)).unwrap().permissions().mode();
            assert_eq!(mode & 0o077, 0, "{name}");
        }
        drop(store);
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
