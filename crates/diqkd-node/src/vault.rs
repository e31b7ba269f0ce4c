//! The keys of one quantum link on disk, and the keys set aside for the authentication of later sessions.
//!
//! ```text
//! DIR/SOURCE/         store and journal of the keys that are delivered
//! DIR/SOURCE/pads/    a store of the same kind whose keys later sessions take, each once
//! ```
//! The first keys of a block are set aside, at both sites the same. Both stores follow the one journal. A session takes keys
//! by their ids; the store gives a key away at most once, also across a crash.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use diqkd_auth::PoolId;
use diqkd_core::{Assumption, KeyId, SessionId};
use diqkd_entropy::Certificate;
use diqkd_protocol::SecretKey;
use diqkd_protocol::journal::{Fate, Record};
use zeroize::Zeroizing;

use crate::error::NodeError;
use crate::keeper::Keeper;
use crate::randomness::Randomness;
use crate::store::{BlockProvenance, StoreError, StoreOnDisk, now_unix_s};

pub(crate) struct Vault {
    stores: Mutex<Stores>,
    key_length_bits: u32,
    /// Keys of each block that are set aside.
    pad_keys: u32,
    rng_attestation: String,
    /// What the keys rest on besides the certificate's assumptions.
    assumptions: &'static [Assumption],
}

struct Stores {
    keeper: Keeper,
    pads: StoreOnDisk,
    /// Sessions that are running at this site.
    running: BTreeSet<SessionId>,
    keys_available: u64,
}

/// Key material that was set aside, and its ids.
pub(crate) struct SetAside {
    pub(crate) ids: Vec<KeyId>,
    pub(crate) secret: Zeroizing<Vec<u8>>,
}

impl Vault {
    pub(crate) fn open(
        folder: &Path,
        key_length_bits: u32,
        pad_keys: u32,
        rng_attestation: &str,
        assumptions: &'static [Assumption],
        randomness: &Randomness,
    ) -> Result<Self, NodeError> {
        let keeper = Keeper::open(folder, randomness, key_length_bits)?;
        let pads = StoreOnDisk::open(&folder.join("pads"), randomness)?;
        let available =
            keeper.store().keys().available(now_unix_s(), MOST_LISTED).map_err(StoreError::from)?;
        let keys_available = available.len() as u64;
        let mut stores = Stores { keeper, pads, running: BTreeSet::new(), keys_available };
        let prepared = stores.pads.keys().prepared_sessions(usize::MAX).map_err(StoreError::from)?;
        prepared.into_iter().try_for_each(|session| stores.follow(session))?;
        stores.keeper.compact()?;
        Ok(Self {
            stores: Mutex::new(stores),
            key_length_bits,
            pad_keys,
            rng_attestation: rng_attestation.to_owned(),
            assumptions,
        })
    }

    /// Position after the last byte that the sessions of a lane have taken.
    pub(crate) fn spent_position(&self, pool: PoolId) -> u64 {
        self.lock().keeper.journal().state().spent_position(pool)
    }

    /// A session begins. Gives the earlier ones whose end at the peer's site is not known.
    pub(crate) fn begin(&self, session: SessionId) -> Vec<SessionId> {
        let mut stores = self.lock();
        stores.running.insert(session);
        let unresolved = stores.keeper.unresolved();
        // A session that is still running at another lane is settled there.
        unresolved.into_iter().filter(|session| !stores.running.contains(session)).collect()
    }

    /// A session is over, however it ended.
    pub(crate) fn end(&self, session: SessionId) -> Result<(), NodeError> {
        let mut stores = self.lock();
        stores.running.remove(&session);
        stores.follow(session)
    }

    /// These records are on disk when this returns.
    pub(crate) fn record(&self, records: &[Record]) -> Result<(), NodeError> {
        self.lock().keeper.record(records)
    }

    /// A block's keys are on disk, not to be used yet, when this returns.
    pub(crate) fn keep(&self, key: SecretKey, certificate: &Certificate) -> Result<(), NodeError> {
        let (rng_attestation, assumptions) = (&self.rng_attestation, self.assumptions);
        let block = BlockProvenance { certificate, session: key.session(), rng_attestation, assumptions };
        let mut keys = key.into_keys(self.key_length_bits);
        let rest = keys.split_off(keys.len().min(self.pad_keys as usize));
        let mut stores = self.lock();
        stores.pads.prepare_block(keys, &block)?;
        stores.keeper.store_mut().prepare_block(rest, &block)?;
        Ok(())
    }

    /// Does with the keys of a session what the journal says.
    pub(crate) fn follow(&self, session: SessionId) -> Result<(), NodeError> {
        self.lock().follow(session)
    }

    /// Bob's answer to Alice about earlier sessions.
    pub(crate) fn outcomes(&self, asked: &[SessionId]) -> Vec<(SessionId, bool)> {
        self.lock().keeper.outcomes(asked)
    }

    /// Puts a tamper event of the station into the audit chain of its keys.
    pub(crate) fn note_tamper(&self, report: &str) -> Result<(), NodeError> {
        let stores = self.lock();
        Ok(stores.keeper.store().keys().note_tamper(report, now_unix_s()).map_err(StoreError::from)?)
    }

    /// At least so many keys may be delivered.
    pub(crate) fn keys_available(&self) -> u64 {
        self.lock().keys_available
    }

    /// Bits set aside and not taken, at most what 4096 keys have.
    pub(crate) fn pad_bits(&self) -> Result<u64, NodeError> {
        let stores = self.lock();
        let ids = stores.pads.keys().available(now_unix_s(), MOST_LISTED).map_err(StoreError::from)?;
        Ok(ids.len() as u64 * u64::from(self.key_length_bits))
    }

    /// Takes the oldest keys set aside that together have `bytes` bytes; `None` when there are too few.
    pub(crate) fn take_pads(&self, bytes: usize) -> Result<Option<SetAside>, NodeError> {
        let stores = self.lock();
        let needed = bytes.div_ceil(self.key_length_bits as usize / 8);
        let ids = stores.pads.keys().available(now_unix_s(), needed).map_err(StoreError::from)?;
        if ids.len() < needed || needed == 0 {
            return Ok(None);
        }
        Ok(Some(stores.take(&ids, bytes).map_err(StoreError::from)?))
    }

    /// Takes the keys that the peer named; `None` when not all of them are here and free.
    pub(crate) fn take_named(&self, ids: &[KeyId], bytes: usize) -> Result<Option<SetAside>, NodeError> {
        use diqkd_keystore::Error::{IllegalTransition, Limit, UnknownKey};
        match self.lock().take(ids, bytes) {
            Ok(taken) => Ok((taken.secret.len() == bytes).then_some(taken)),
            Err(UnknownKey { .. } | IllegalTransition { .. } | Limit { .. }) => Ok(None),
            Err(error) => Err(StoreError::from(error).into()),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Stores> {
        self.stores.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Stores {
    fn take(&self, ids: &[KeyId], bytes: usize) -> Result<SetAside, diqkd_keystore::Error> {
        let keys = self.pads.keys().deliver_batch(ids, "authentication of sessions", now_unix_s())?;
        let mut secret = Zeroizing::new(Vec::with_capacity(bytes));
        for key in &keys {
            let room = bytes - secret.len();
            secret.extend_from_slice(&key.secret[..key.secret.len().min(room)]);
        }
        Ok(SetAside { ids: ids.to_vec(), secret })
    }

    fn follow(&mut self, session: SessionId) -> Result<(), NodeError> {
        let (pads, now) = (self.pads.keys(), now_unix_s());
        match self.keeper.journal().state().fate(session) {
            Fate::Key => pads.release(session, now),
            Fate::Open | Fate::NoKey => pads.discard(session, now),
            Fate::SeedOut => return Ok(()),
        }
        .map_err(StoreError::from)?;
        self.keys_available += self.keeper.follow(session)?;
        Ok(())
    }
}

const MOST_LISTED: usize = 4096;

#[cfg(test)]
mod tests {
    use diqkd_core::{Epsilon, Role, SecurityModel};
    use diqkd_keystore::{NewKey, Provenance, Route};
    use rand::SeedableRng;

    use super::*;

    fn key(id: u8, session: SessionId) -> NewKey {
        let provenance = Provenance {
            session,
            block: 0,
            position: 0,
            security_model: SecurityModel::DeviceIndependent,
            route: Route::Direct,
            assumptions: Vec::new(),
            certificate_digest: [0; 32],
            eps_sound: Epsilon::new(1e-10).unwrap(),
            rng_attestation: String::new(),
            created_unix_s: 1,
        };
        NewKey { id: KeyId([id; 16]), secret: Zeroizing::new(vec![id; 32]), provenance, expires_unix_s: None }
    }

    /// Killed between the record that both sites hold the key and its release, with a journal that is about to be shortened.
    #[test]
    fn a_long_journal_is_shortened_after_both_stores_have_followed_it() {
        let folder = std::env::temp_dir().join(format!("diqkd-vault-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        let randomness = Randomness::from_seed(1);
        let open = || Vault::open(&folder, 256, 1, "", &[], &randomness).unwrap();
        let session = |n: u64| SessionId((u128::from(n) + 1).to_be_bytes());
        let vault = open();
        let mut records = Vec::new();
        for n in 0..700 {
            let (session, pool) = (session(n), PoolId([1; 16]));
            records.push(Record::Opened { session, role: Role::Alice, pool, from: n, to: n + 1 });
            records.push(Record::SeedOut { session });
            records.push(Record::Settled { session, has_key: true });
        }
        vault.record(&records).unwrap();
        {
            let stores = vault.lock();
            let mut rng = rand::rngs::StdRng::seed_from_u64(2);
            let keeper = stores.keeper.store().keys();
            keeper.prepare_batch(&[key(1, session(699))], 1, &mut rng).unwrap();
            stores.pads.keys().prepare_batch(&[key(2, session(699))], 1, &mut rng).unwrap();
        }
        drop(vault);
        let journal = folder.join("sessions.journal");
        let long = std::fs::metadata(&journal).unwrap().len();
        let vault = open();
        assert!(std::fs::metadata(&journal).unwrap().len() < long / 100, "the journal is shortened");
        assert_eq!((vault.keys_available(), vault.pad_bits().unwrap()), (1, 256));
        drop(vault);
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
