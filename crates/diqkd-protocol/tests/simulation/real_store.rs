//! The key store of the library on a disk that loses power, held against the model in `disk.rs`.
//!
//! The power may fail at any write or sync of a change. After the restart the change has happened as a whole or not at all,
//! and whatever was answered before is there.

use std::collections::{BTreeMap, BTreeSet};

use diqkd_core::{Assumption, Epsilon, KeyId, SecurityModel, SessionId};
use diqkd_keystore::{DeliveredKey, Error, KeyState, KeyStore, NewKey, Provenance, Route, StorageKey};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use zeroize::Zeroizing;

use crate::power_disk::Disk as PowerDisk;
use crate::site::Stop;

/// A store, open or not, and the disk under it.
pub(crate) struct RealStore {
    disk: PowerDisk,
    store: Option<KeyStore>,
    rng: StdRng,
    /// Probability that the power fails during a change.
    pub(crate) crash: f64,
    /// Changes during which it did.
    pub(crate) cuts: u64,
}

/// What a store knows of its keys.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Contents {
    pub(crate) prepared: BTreeMap<SessionId, BTreeSet<KeyId>>,
    /// With a digest of the bits.
    pub(crate) available: BTreeMap<KeyId, [u8; 32]>,
    pub(crate) delivered: BTreeSet<KeyId>,
}

impl RealStore {
    pub(crate) fn new(seed: u64) -> Self {
        let rng = StdRng::seed_from_u64(seed);
        Self { disk: PowerDisk::default(), store: None, rng, crash: 0.0, cuts: 0 }
    }

    pub(crate) fn is_open(&self) -> bool {
        self.store.is_some()
    }

    /// As a process does that starts.
    pub(crate) fn open(&mut self) -> Result<(), Stop> {
        self.arm();
        let opened = KeyStore::open(self.disk.clone(), StorageKey::new([0x5a; 32]), NOW, &mut self.rng);
        self.store = Some(self.answer(opened)?);
        Ok(())
    }

    /// The process dies with its machine: what was not synced survives at random.
    pub(crate) fn die(&mut self) {
        self.disk.cut_power_after(0);
        self.store = None;
        self.disk = self.disk.restart(self.rng.random());
    }

    pub(crate) fn prepare(&mut self, session: SessionId, keys: &[(KeyId, Vec<u8>)]) -> Result<(), Stop> {
        let batch: Vec<NewKey> = (0..).zip(keys).map(|(at, key)| new_key(session, at, key)).collect();
        let mut seal = StdRng::seed_from_u64(self.rng.random());
        self.change(|store| store.prepare_batch(&batch, NOW, &mut seal)).map(|_| ())
    }

    pub(crate) fn release(&mut self, session: SessionId) -> Result<u64, Stop> {
        self.change(|store| store.release(session, NOW))
    }

    pub(crate) fn discard(&mut self, session: SessionId) -> Result<u64, Stop> {
        self.change(|store| store.discard(session, NOW))
    }

    pub(crate) fn deliver(&mut self) -> Result<Option<DeliveredKey>, Stop> {
        self.change(|store| store.deliver_next("application", NOW))
    }

    pub(crate) fn contents(&mut self) -> Result<Contents, Stop> {
        let mut contents = Contents::default();
        let store = self.store.as_ref().ok_or(Stop::Crash)?;
        let mut after = None;
        let wrong = |error: Error| Stop::Violation(format!("the store can't be read: {error}"));
        store.verify().map_err(wrong)?;
        loop {
            let page = store.list(NOW, after, 4096).map_err(wrong)?;
            let Some(last) = page.last() else { return Ok(contents) };
            after = Some(last.id);
            for key in page {
                match key.state {
                    KeyState::Prepared => {
                        contents.prepared.entry(key.provenance.session).or_default().insert(key.id);
                    }
                    KeyState::Available => {
                        let digest = store.fingerprint(key.id, &COMPARISON_KEY).map_err(wrong)?;
                        contents.available.insert(key.id, digest);
                    }
                    KeyState::Delivered { .. } => {
                        contents.delivered.insert(key.id);
                    }
                    _ => {}
                }
            }
        }
    }

    /// Has the power fail at one of the next writes, now and then.
    fn arm(&mut self) {
        if self.crash > 0.0 && self.rng.random_bool(self.crash) {
            self.disk.cut_power_after(self.rng.random_range(0..MOST_OPERATIONS));
        }
    }

    fn change<T>(&mut self, change: impl FnOnce(&KeyStore) -> Result<T, Error>) -> Result<T, Stop> {
        self.arm();
        let store = self.store.as_ref().ok_or(Stop::Crash)?;
        let result = change(store);
        self.answer(result)
    }

    /// A store without power fails; nothing else makes it fail.
    fn answer<T>(&mut self, result: Result<T, Error>) -> Result<T, Stop> {
        match result {
            Ok(answer) => Ok(answer),
            Err(Error::Storage(_)) if self.disk.is_out() => {
                self.cuts += 1;
                Err(Stop::Crash)
            }
            Err(error) => Err(Stop::Violation(format!("the store fails by itself: {error}"))),
        }
    }
}

/// What [`Contents::available`] says of these bits.
pub(crate) fn digest(id: KeyId, secret: &[u8]) -> [u8; 32] {
    *blake3::Hasher::new_keyed(&COMPARISON_KEY).update(&id.0).update(secret).finalize().as_bytes()
}

fn new_key(session: SessionId, position: u32, (id, secret): &(KeyId, Vec<u8>)) -> NewKey {
    let provenance = Provenance {
        session,
        block: 0,
        position,
        security_model: SecurityModel::DeviceIndependent,
        route: Route::Direct,
        assumptions: vec![Assumption::QuantumTheory],
        certificate_digest: [0xcd; 32],
        eps_sound: Epsilon::new(0.01).unwrap(),
        rng_attestation: String::new(),
        created_unix_s: NOW,
    };
    NewKey { id: *id, secret: Zeroizing::new(secret.clone()), provenance, expires_unix_s: None }
}

/// Seconds; any time will do.
const NOW: u64 = 1_795_000_000;
const COMPARISON_KEY: [u8; 32] = [0x77; 32];
/// About as many writes and syncs as the longest change has.
const MOST_OPERATIONS: usize = 60;
