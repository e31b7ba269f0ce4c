//! Puts keys and records on disk so that both sites agree after a crash at any point. The journal decides, the store
//! follows.

use std::path::Path;

use diqkd_core::{KeyId, SessionId};
use diqkd_protocol::journal::{Fate, Record};
use diqkd_protocol::{Agreement, SecretKey};

use crate::error::NodeError;
use crate::events::Custody;
use crate::journal::JournalFile;
use crate::randomness::Randomness;
use crate::store::{BlockProvenance, StoreOnDisk, now_unix_s};

/// One site's key store and journal.
///
/// ```text
/// DIR/keys.redb, DIR/storage.key    the key store
/// DIR/sessions.journal              what must not be forgotten of the sessions
/// ```
pub struct Keeper {
    store: StoreOnDisk,
    journal: JournalFile,
    key_length_bits: u32,
    rng_attestation: String,
    last_ids: Vec<KeyId>,
}

impl Keeper {
    /// Opens store and journal of a directory, or makes them, and brings the store to where the journal stands after
    /// whatever ended the last process. Blocks will be cut into keys of `key_length_bits`.
    ///
    /// # Errors
    /// [`NodeError::Store`], [`NodeError::Journal`].
    pub fn open(folder: &Path, randomness: &Randomness, key_length_bits: u32) -> Result<Self, NodeError> {
        let store = StoreOnDisk::open(folder, randomness)?;
        let journal = JournalFile::open(&folder.join("sessions.journal"))?;
        let mut keeper =
            Self { store, journal, key_length_bits, rng_attestation: String::new(), last_ids: Vec::new() };
        let prepared = keeper.store.keys().prepared_sessions(usize::MAX);
        let prepared = prepared.map_err(|error| keeper.store.refused(error))?;
        prepared.into_iter().try_for_each(|session| keeper.follow(session))?;
        Ok(keeper)
    }

    /// Keys to come refer to this attestation of the generator that chooses this site's settings.
    pub fn set_rng_attestation(&mut self, attestation: &str) {
        attestation.clone_into(&mut self.rng_attestation);
    }

    /// The store.
    pub fn store(&self) -> &StoreOnDisk {
        &self.store
    }

    /// The store, for who needs to change it.
    pub fn store_mut(&mut self) -> &mut StoreOnDisk {
        &mut self.store
    }

    /// The journal.
    pub fn journal(&self) -> &JournalFile {
        &self.journal
    }

    /// Ids of the keys of the last block.
    pub fn last_ids(&self) -> &[KeyId] {
        &self.last_ids
    }

    /// Shortens a long journal. Only while no session runs and after every store that follows it has done so: this one has
    /// when it is opened.
    ///
    /// # Errors
    /// [`NodeError::Journal`].
    pub(crate) fn compact(&mut self) -> Result<(), NodeError> {
        Ok(self.journal.compact()?)
    }

    /// Alice: sessions whose keys she holds without knowing whether Bob does.
    pub(crate) fn unresolved(&self) -> Vec<SessionId> {
        self.journal.state().unresolved(MOST_UNRESOLVED)
    }

    /// A session is about to be run again on purpose, with the same randomness.
    ///
    /// # Errors
    /// [`NodeError::Journal`].
    pub(crate) fn forget(&mut self, session: SessionId) -> Result<(), NodeError> {
        Ok(self.journal.forget(session)?)
    }
}

impl Custody for Keeper {
    /// Where the journal fails the session must not go on.
    fn record(&mut self, records: &[Record]) -> Result<(), NodeError> {
        Ok(self.journal.append(records)?)
    }

    /// Where the store fails the session must not go on.
    fn keep(&mut self, key: SecretKey, agreement: &Agreement) -> Result<(), NodeError> {
        let rng_attestation = &self.rng_attestation;
        let session = key.session();
        let Agreement { certificate, security, .. } = agreement;
        let block = BlockProvenance { security, certificate, session, rng_attestation };
        self.last_ids = self.store.prepare_block(key.into_keys(self.key_length_bits), &block)?;
        Ok(())
    }

    /// Prepared keys become available where both sites hold them, are erased where the other never will, and left alone where
    /// that is not known.
    fn follow(&mut self, session: SessionId) -> Result<(), NodeError> {
        let keys = self.store.keys();
        match self.journal.state().fate(session) {
            Fate::Key => {
                keys.release(session, now_unix_s()).map_err(|error| self.store.refused(error))?;
            }
            Fate::Open | Fate::NoKey => {
                keys.discard(session, now_unix_s()).map_err(|error| self.store.refused(error))?;
            }
            Fate::SeedOut => {}
        }
        Ok(())
    }

    fn outcomes(&self, asked: &[SessionId]) -> Vec<(SessionId, bool)> {
        let journal = self.journal.state();
        asked.iter().map(|&session| (session, journal.fate(session) == Fate::Key)).collect()
    }
}

/// Sessions asked about at once.
const MOST_UNRESOLVED: usize = 1024;
