//! The key store on a simulated disk: life of a key, power cuts, tampering.

mod crash;
mod damage;
mod disk;
mod lifecycle;
mod prepared;
mod tamper;

use diqkd_core::{Assumption, Epsilon, KeyId, SecurityModel, SessionId};
use diqkd_keystore::{Error, KeyStore, NewKey, Provenance, Route, StorageKey};
use rand::SeedableRng;
use rand::rngs::StdRng;
use zeroize::Zeroizing;

use disk::Disk;

/// Seconds; any time will do.
const NOW: u64 = 1_795_000_000;

fn storage_key() -> StorageKey {
    StorageKey::new([0x5a; 32])
}

fn open(disk: &Disk) -> Result<KeyStore, Error> {
    KeyStore::open(disk.clone(), storage_key(), NOW, &mut StdRng::seed_from_u64(1))
}

fn id(n: u8) -> KeyId {
    KeyId([n; 16])
}

/// 32 bytes, all windows of which are rare.
fn secret(n: u8) -> Zeroizing<Vec<u8>> {
    Zeroizing::new((0..32u8).map(|i| i.wrapping_mul(37).wrapping_add(n.wrapping_mul(101)) ^ 0xa5).collect())
}

fn key(n: u8) -> NewKey {
    NewKey {
        id: id(n),
        secret: secret(n),
        provenance: Provenance {
            session: SessionId([9; 16]),
            block: 4,
            position: n.into(),
            security_model: SecurityModel::DeviceIndependent,
            route: Route::Direct,
            assumptions: vec![Assumption::QuantumTheory, Assumption::ExpandedTestFlags],
            certificate_digest: [0xcd; 32],
            eps_sound: Epsilon::from_log2(-33.0).expect("a probability"),
            rng_attestation: String::new(),
            created_unix_s: NOW - 60,
        },
        expires_unix_s: None,
    }
}

fn key_until(n: u8, expires_unix_s: u64) -> NewKey {
    NewKey { expires_unix_s: Some(expires_unix_s), ..key(n) }
}

fn prepare(store: &KeyStore, batch: &[NewKey]) -> Result<diqkd_keystore::Inserted, Error> {
    store.prepare_batch(batch, NOW, &mut StdRng::seed_from_u64(3))
}

fn insert(store: &KeyStore, batch: &[NewKey]) -> Result<diqkd_keystore::Inserted, Error> {
    store.insert_batch(batch, NOW, &mut StdRng::seed_from_u64(2))
}
