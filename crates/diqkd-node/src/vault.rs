//! The keys of one quantum link on disk, and the keys set aside for the authentication of later sessions.
//!
//! ```text
//! DIR/SOURCE/         store and journal of the keys that are delivered
//! DIR/SOURCE/pads/    a store of the same kind whose keys later sessions take, each once
//! DIR/SOURCE/delivery/PAIR/
//!                     stores of the same kind for pairs of applications that take keys while the node runs
//! ```
//! The first keys of a block are set aside, then every pair gets its share, at both sites the same. All stores follow the one
//! journal. A session takes keys by their ids; a store gives a key away at most once, also across a crash.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use diqkd_auth::PoolId;
use diqkd_core::{KeyId, SessionId};
#[cfg(unix)]
use diqkd_keystore::DeliveredKey;
use diqkd_protocol::journal::{Fate, Record};
use diqkd_protocol::{Agreement, SecretKey};
use zeroize::Zeroizing;

use crate::error::NodeError;
use crate::events::Custody;
use crate::keeper::Keeper;
use crate::randomness::Randomness;
use crate::store::{BlockProvenance, StoreError, StoreOnDisk, now_unix_s};

pub(crate) struct Vault {
    stores: Mutex<Stores>,
    contents: Contents,
    rng_attestation: String,
}

/// What becomes of the keys of a block.
pub(crate) struct Contents {
    pub(crate) key_length_bits: u32,
    /// Keys of each block that are set aside for authentication.
    pub(crate) pad_keys: u32,
    /// What pairs of applications get, one after the other.
    pub(crate) shares: Vec<Share>,
}

/// What a pair of applications gets of each block.
pub(crate) struct Share {
    /// The folder of its store.
    pub(crate) name: String,
    /// Keys of each block at most; `None`: all that are left.
    pub(crate) keys_a_block: Option<u32>,
}

struct Stores {
    keeper: Keeper,
    pads: StoreOnDisk,
    shares: Vec<StoreOnDisk>,
    /// Sessions that are running at this site.
    running: BTreeSet<SessionId>,
}

/// Key material that was set aside, and its ids.
pub(crate) struct SetAside {
    pub(crate) ids: Vec<KeyId>,
    pub(crate) secret: Zeroizing<Vec<u8>>,
}

impl Vault {
    pub(crate) fn open(
        folder: &Path,
        contents: Contents,
        rng_attestation: &str,
        randomness: &Randomness,
    ) -> Result<Self, NodeError> {
        let had_store = folder.join("keys.redb").exists();
        let keeper = Keeper::open(folder, randomness, contents.key_length_bits)?;
        if !had_store && !keeper.journal().is_empty() {
            tracing::warn!(
                folder = %folder.display(), "there is a journal of sessions but no key store: a new one has been made, and what \
                 keys the old one had are gone at this site"
            );
        }
        if keeper.journal().was_torn() {
            tracing::warn!(
                folder = %folder.display(), "the last record of the sessions journal was torn by a crash and has been cut off; \
                 nothing was lost"
            );
        }
        let pads = StoreOnDisk::open(&folder.join("pads"), randomness)?;
        let mut stores = Stores { keeper, pads, shares: Vec::new(), running: BTreeSet::new() };
        stores.catch_up(&stores.pads)?;
        let deliveries = folder.join("delivery");
        let is_used =
            |path: &PathBuf| contents.shares.iter().any(|share| deliveries.join(&share.name) == *path);
        for path in folders_in(&deliveries)?.iter().filter(|path| !is_used(path)) {
            // Its pair is served no longer, or not now. The journal is not shortened before it has followed.
            stores.catch_up(&StoreOnDisk::open(path, randomness)?)?;
        }
        for share in &contents.shares {
            let store = StoreOnDisk::open(&deliveries.join(&share.name), randomness)?;
            stores.catch_up(&store)?;
            stores.shares.push(store);
        }
        stores.keeper.compact()?;
        let rng_attestation = rng_attestation.to_owned();
        Ok(Self { stores: Mutex::new(stores), contents, rng_attestation })
    }

    /// Whether a session has ever been run here.
    pub(crate) fn has_run(&self) -> bool {
        !self.lock().keeper.journal().is_empty()
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

    /// Puts a tamper event of the station into the audit chain of its keys.
    pub(crate) fn note_tamper(&self, report: &str) -> Result<(), NodeError> {
        let stores = self.lock();
        let store = stores.keeper.store();
        Ok(store.keys().note_tamper(report, now_unix_s()).map_err(|error| store.refused(error))?)
    }

    /// Keys that may be delivered, those of pairs of applications among them.
    pub(crate) fn keys_available(&self) -> Result<u64, NodeError> {
        let stores = self.lock();
        let all = std::iter::once(stores.keeper.store()).chain(&stores.shares);
        let count =
            |store: &StoreOnDisk| store.keys().available_count().map_err(|error| store.refused(error));
        Ok(all.map(count).sum::<Result<u64, _>>()?)
    }

    /// Bits set aside and not taken, at most what 4096 keys have.
    pub(crate) fn pad_bits(&self) -> Result<u64, NodeError> {
        let stores = self.lock();
        let ids = stores.pads.keys().available(now_unix_s(), MOST_LISTED);
        let ids = ids.map_err(|error| stores.pads.refused(error))?;
        Ok(ids.len() as u64 * u64::from(self.contents.key_length_bits))
    }

    /// Takes the oldest keys set aside that together have `bytes` bytes; `None` when there are too few.
    pub(crate) fn take_pads(&self, bytes: usize) -> Result<Option<SetAside>, NodeError> {
        let stores = self.lock();
        let needed = bytes.div_ceil(self.contents.key_length_bits as usize / 8);
        let refused = |error| stores.pads.refused(error);
        let ids = stores.pads.keys().available(now_unix_s(), needed).map_err(refused)?;
        if ids.len() < needed || needed == 0 {
            return Ok(None);
        }
        Ok(Some(stores.take(&ids, bytes).map_err(refused)?))
    }

    /// Takes the keys that the peer named; `None` when not all of them are here and free.
    pub(crate) fn take_named(&self, ids: &[KeyId], bytes: usize) -> Result<Option<SetAside>, NodeError> {
        use diqkd_keystore::Error::{IllegalTransition, Limit, UnknownKey};
        let stores = self.lock();
        match stores.take(ids, bytes) {
            Ok(taken) => Ok((taken.secret.len() == bytes).then_some(taken)),
            Err(UnknownKey { .. } | IllegalTransition { .. } | Limit { .. }) => Ok(None),
            Err(error) => Err(stores.pads.refused(error).into()),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Stores> {
        self.stores.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Of several lanes at once, each of which has its own reference.
impl Custody for &Vault {
    fn record(&mut self, records: &[Record]) -> Result<(), NodeError> {
        self.lock().keeper.record(records)
    }

    fn keep(&mut self, key: SecretKey, agreement: &Agreement) -> Result<(), NodeError> {
        let (rng_attestation, session) = (&self.rng_attestation, key.session());
        let Agreement { certificate, security, .. } = agreement;
        let block = BlockProvenance { security, certificate, session, rng_attestation };
        let mut rest = key.into_keys(self.contents.key_length_bits).into_iter();
        let mut first = |count: usize| rest.by_ref().take(count).collect();
        let mut stores = self.lock();
        stores.pads.prepare_block(first(self.contents.pad_keys as usize), &block)?;
        for (share, store) in self.contents.shares.iter().zip(&mut stores.shares) {
            store
                .prepare_block(first(share.keys_a_block.map_or(usize::MAX, |keys| keys as usize)), &block)?;
        }
        stores.keeper.store_mut().prepare_block(rest.collect(), &block)?;
        Ok(())
    }

    fn follow(&mut self, session: SessionId) -> Result<(), NodeError> {
        self.lock().follow(session)
    }

    fn outcomes(&self, asked: &[SessionId]) -> Vec<(SessionId, bool)> {
        self.lock().keeper.outcomes(asked)
    }
}

#[cfg(unix)]
impl Vault {
    /// Keys that a pair of applications may still take.
    pub(crate) fn share_available(&self, share: usize) -> Result<u64, StoreError> {
        let stores = self.lock();
        let store = &stores.shares[share];
        store.keys().available_count().map_err(|error| store.refused(error))
    }

    /// Takes the oldest `count` keys of a pair's share, all or none, out of the store for good; `None` when there are fewer.
    /// At most 4096.
    pub(crate) fn deliver_next(
        &self,
        share: usize,
        count: usize,
        consumer: &str,
    ) -> Result<Option<Vec<DeliveredKey>>, diqkd_keystore::Error> {
        let stores = self.lock();
        let (keys, now) = (stores.shares[share].keys(), now_unix_s());
        let ids = keys.available(now, count)?;
        if ids.len() < count {
            return Ok(None);
        }
        keys.deliver_batch(&ids, consumer, now).map(Some)
    }

    /// Takes these keys of a pair's share, all or none, out of the store for good.
    pub(crate) fn deliver_named(
        &self,
        share: usize,
        ids: &[KeyId],
        consumer: &str,
    ) -> Result<Vec<DeliveredKey>, diqkd_keystore::Error> {
        self.lock().shares[share].keys().deliver_batch(ids, consumer, now_unix_s())
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
        for store in std::iter::once(&self.pads).chain(&self.shares) {
            self.follow_in(store, session)?;
        }
        self.keeper.follow(session)?;
        Ok(())
    }

    /// Does in a store what the journal says of a session.
    fn follow_in(&self, store: &StoreOnDisk, session: SessionId) -> Result<(), NodeError> {
        let (keys, now) = (store.keys(), now_unix_s());
        match self.keeper.journal().state().fate(session) {
            Fate::Key => keys.release(session, now),
            Fate::Open | Fate::NoKey => keys.discard(session, now),
            Fate::SeedOut => return Ok(()),
        }
        .map_err(|error| store.refused(error))?;
        Ok(())
    }

    /// Brings a store to where the journal stands after whatever ended the last process.
    fn catch_up(&self, store: &StoreOnDisk) -> Result<(), NodeError> {
        let prepared = store.keys().prepared_sessions(usize::MAX).map_err(|error| store.refused(error))?;
        prepared.into_iter().try_for_each(|session| self.follow_in(store, session))
    }
}

/// The folders in a folder, which need not exist.
fn folders_in(folder: &Path) -> Result<Vec<PathBuf>, StoreError> {
    let io = |source| StoreError::Io { path: folder.to_path_buf(), source };
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(io(error)),
    };
    let paths = entries.map(|entry| Ok(entry.map_err(io)?.path())).collect::<Result<Vec<_>, StoreError>>()?;
    Ok(paths.into_iter().filter(|path| path.is_dir()).collect())
}

const MOST_LISTED: usize = 4096;

#[cfg(test)]
impl Vault {
    /// Puts keys into a share: some that may be delivered, some that may not yet.
    pub(crate) fn insert_in_share(
        &self,
        share: usize,
        available: &[diqkd_keystore::NewKey],
        prepared: &[diqkd_keystore::NewKey],
    ) {
        let stores = self.lock();
        let (keys, mut rng) = (stores.shares[share].keys(), Randomness::from_seed(9).generator("test"));
        keys.insert_batch(available, 1, &mut rng).unwrap();
        keys.prepare_batch(prepared, 1, &mut rng).unwrap();
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use diqkd_core::{Epsilon, Role, SecurityModel};
    use diqkd_keystore::{NewKey, Provenance, Route};
    use rand::SeedableRng;

    use super::*;

    /// A key of 32 equal bytes, directly from a session.
    pub(crate) fn new_key(id: u8, session: SessionId) -> NewKey {
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
    fn a_long_journal_is_shortened_after_all_stores_have_followed_it() {
        let folder = std::env::temp_dir().join(format!("diqkd-vault-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        let randomness = Randomness::from_seed(1);
        let share = || Share { name: "alice.a+bob.b".to_owned(), keys_a_block: None };
        let contents = |shares| Contents { key_length_bits: 256, pad_keys: 1, shares };
        let open = |shares| Vault::open(&folder, contents(shares), "", &randomness).unwrap();
        let session = |n: u64| SessionId((u128::from(n) + 1).to_be_bytes());
        let vault = open(vec![share()]);
        let mut records = Vec::new();
        for n in 0..700 {
            let (session, pool) = (session(n), PoolId([1; 16]));
            records.push(Record::Opened { session, role: Role::Alice, pool, from: n, to: n + 1 });
            records.push(Record::SeedOut { session });
            records.push(Record::Settled { session, has_key: true });
        }
        (&vault).record(&records).unwrap();
        {
            let stores = vault.lock();
            let mut rng = rand::rngs::StdRng::seed_from_u64(2);
            let keeper = stores.keeper.store().keys();
            keeper.prepare_batch(&[new_key(1, session(699))], 1, &mut rng).unwrap();
            stores.pads.keys().prepare_batch(&[new_key(2, session(699))], 1, &mut rng).unwrap();
            stores.shares[0].keys().prepare_batch(&[new_key(3, session(699))], 1, &mut rng).unwrap();
        }
        drop(vault);
        let journal = folder.join("sessions.journal");
        let long = std::fs::metadata(&journal).unwrap().len();
        // Also the store of a pair that is not served this time.
        let vault = open(Vec::new());
        assert!(std::fs::metadata(&journal).unwrap().len() < long / 100, "the journal is shortened");
        assert_eq!((vault.keys_available().unwrap(), vault.pad_bits().unwrap()), (1, 256));
        drop(vault);
        let vault = open(vec![share()]);
        assert_eq!(vault.keys_available().unwrap(), 2);
        assert_eq!(vault.deliver_next(0, 1, "a").unwrap().unwrap()[0].secret[..], [3; 32]);
        drop(vault);
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
