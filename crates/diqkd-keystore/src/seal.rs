//! Encryption at rest.
//!
//! ```text
//! storage key (caller's)
//!   |- seals the store's own keys (fingerprints, chain head), random per store
//!   `- seals one random wrapping key per stored key  --- each seals that key's bits
//! ```
//! XChaCha20-Poly1305 with random nonces under the storage key, ChaCha20-Poly1305 with the zero nonce under wrapping
//! keys, which encrypt once. Key ids and purposes are associated data, so that entries can't be swapped.

use blake3::{Hash, Hasher};
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{ChaCha20Poly1305, XChaCha20Poly1305};
use diqkd_core::KeyId;
use rand_core::TryCryptoRng;
use zeroize::Zeroizing;

use crate::error::Error;

/// The 256-bit key under which a store is encrypted; the caller keeps it, apart from the file.
#[derive(Clone)]
pub struct StorageKey(Zeroizing<[u8; 32]>);

impl StorageKey {
    /// The key with these bytes, which must be uniformly random.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }
}

impl core::fmt::Debug for StorageKey {
    /// Never shows key bits.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("StorageKey")
    }
}

/// The store's own keys, which survive a change of the storage key.
pub(crate) struct StoreKeys {
    bytes: Zeroizing<[u8; 64]>,
}

impl StoreKeys {
    pub(crate) fn random(rng: &mut impl TryCryptoRng) -> Result<Self, Error> {
        Ok(Self { bytes: random(rng)? })
    }

    pub(crate) fn seal(
        &self,
        storage_key: &StorageKey,
        rng: &mut impl TryCryptoRng,
    ) -> Result<Vec<u8>, Error> {
        seal(storage_key, STORE_KEYS, &self.bytes[..], rng)
    }

    /// # Errors
    /// [`Error::WrongStorageKey`].
    pub(crate) fn open(storage_key: &StorageKey, sealed: &[u8]) -> Result<Self, Error> {
        let opened = open(storage_key, STORE_KEYS, sealed).ok_or(Error::WrongStorageKey)?;
        let mut bytes = Zeroizing::new([0; 64]);
        if opened.len() != bytes.len() {
            return Err(Error::WrongStorageKey);
        }
        bytes.copy_from_slice(&opened);
        Ok(Self { bytes })
    }

    /// Recognises a key that was stored before, also after its bits have gone.
    pub(crate) fn fingerprint(&self, id: KeyId, secret: &[u8]) -> Hash {
        keyed(&self.bytes[..32]).update(&id.0).update(secret).finalize()
    }

    /// Vouches for the head of the audit chain.
    pub(crate) fn head_tag(&self, entries: u64, head: &[u8; 32]) -> Hash {
        keyed(&self.bytes[32..]).update(&entries.to_le_bytes()).update(head).finalize()
    }
}

/// The two ciphertexts of a key.
pub(crate) struct SealedKey {
    /// The wrapping key, sealed under the storage key.
    pub(crate) wrapping: Vec<u8>,
    /// The key, sealed under the wrapping key.
    pub(crate) secret: Vec<u8>,
}

pub(crate) fn seal_key(
    storage_key: &StorageKey,
    id: KeyId,
    secret: &[u8],
    rng: &mut impl TryCryptoRng,
) -> Result<SealedKey, Error> {
    let wrapping_key: Zeroizing<[u8; 32]> = random(rng)?;
    let sealed = ChaCha20Poly1305::new((&*wrapping_key).into())
        .encrypt(&Default::default(), Payload { msg: secret, aad: &id.0 })
        .expect("keys are far shorter than the cipher's limit");
    Ok(SealedKey { wrapping: seal_wrapping_key(storage_key, id, &wrapping_key, rng)?, secret: sealed })
}

pub(crate) fn seal_wrapping_key(
    storage_key: &StorageKey,
    id: KeyId,
    wrapping_key: &[u8; 32],
    rng: &mut impl TryCryptoRng,
) -> Result<Vec<u8>, Error> {
    seal(storage_key, &wrapping_label(id), wrapping_key, rng)
}

pub(crate) fn open_wrapping_key(
    storage_key: &StorageKey,
    id: KeyId,
    sealed: &[u8],
) -> Result<Zeroizing<[u8; 32]>, Error> {
    let damaged = Error::Corrupt { table: "wrapping keys", what: "authentication failed" };
    let Some(opened) = open(storage_key, &wrapping_label(id), sealed) else { return Err(damaged) };
    let mut key = Zeroizing::new([0; 32]);
    if opened.len() != key.len() {
        return Err(damaged);
    }
    key.copy_from_slice(&opened);
    Ok(key)
}

pub(crate) fn open_key(
    storage_key: &StorageKey,
    id: KeyId,
    wrapping: &[u8],
    secret: &[u8],
) -> Result<Zeroizing<Vec<u8>>, Error> {
    let wrapping_key = open_wrapping_key(storage_key, id, wrapping)?;
    ChaCha20Poly1305::new((&*wrapping_key).into())
        .decrypt(&Default::default(), Payload { msg: secret, aad: &id.0 })
        .map(Zeroizing::new)
        .map_err(|_| Error::Corrupt { table: "secrets", what: "authentication failed" })
}

fn seal(
    storage_key: &StorageKey,
    label: &[u8],
    message: &[u8],
    rng: &mut impl TryCryptoRng,
) -> Result<Vec<u8>, Error> {
    let nonce: Zeroizing<[u8; NONCE_BYTES]> = random(rng)?;
    let sealed = XChaCha20Poly1305::new((&*storage_key.0).into())
        .encrypt((&*nonce).into(), Payload { msg: message, aad: label })
        .expect("short messages");
    Ok([&nonce[..], &sealed].concat())
}

fn open(storage_key: &StorageKey, label: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (nonce, message) = sealed.split_first_chunk::<NONCE_BYTES>()?;
    XChaCha20Poly1305::new((&*storage_key.0).into())
        .decrypt(nonce.into(), Payload { msg: message, aad: label })
        .ok()
        .map(Zeroizing::new)
}

fn random<const N: usize>(rng: &mut impl TryCryptoRng) -> Result<Zeroizing<[u8; N]>, Error> {
    let mut bytes = Zeroizing::new([0; N]);
    rng.try_fill_bytes(&mut *bytes).map_err(|_| Error::Randomness)?;
    Ok(bytes)
}

fn keyed(key: &[u8]) -> Hasher {
    let mut bytes = Zeroizing::new([0; 32]);
    bytes.copy_from_slice(key);
    Hasher::new_keyed(&bytes)
}

fn wrapping_label(id: KeyId) -> [u8; 32] {
    let mut label = *b"diqkd wrapping..................";
    label[16..].copy_from_slice(&id.0);
    label
}

const NONCE_BYTES: usize = 24;
const STORE_KEYS: &[u8] = b"diqkd store keys";
