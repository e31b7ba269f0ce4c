//! What survives a crash: the journal's bytes and the key store.

use std::collections::BTreeMap;

use diqkd_core::{KeyId, SessionId};
use diqkd_protocol::journal::{Fate, Journal, Writer, recover};

/// A key store that keeps what it was told before it answers, as the real one does.
#[derive(Default)]
pub(crate) struct Disk {
    pub(crate) journal: Vec<u8>,
    pub(crate) prepared: BTreeMap<SessionId, Vec<(KeyId, Vec<u8>)>>,
    pub(crate) available: BTreeMap<KeyId, Vec<u8>>,
    pub(crate) delivered: Vec<(KeyId, Vec<u8>)>,
    pub(crate) discarded: u64,
}

impl Disk {
    /// Opens the journal as a process does that starts.
    pub(crate) fn open(&mut self) -> Result<(Journal, Writer), String> {
        let recovered = recover(&self.journal).map_err(|error| format!("{error}"))?;
        self.journal.truncate(recovered.whole_bytes as usize);
        let journal = Journal::replay(&recovered.records).map_err(|error| error.to_string())?;
        let sessions: Vec<SessionId> = self.prepared.keys().copied().collect();
        for session in sessions {
            self.follow(session, journal.fate(session))?;
        }
        Ok((journal, Writer::after(recovered.records.len() as u64)))
    }

    /// The store does what the journal says.
    pub(crate) fn follow(&mut self, session: SessionId, fate: Fate) -> Result<(), String> {
        match fate {
            Fate::SeedOut => {}
            Fate::Open | Fate::NoKey => self.discarded += u64::from(self.prepared.remove(&session).is_some()),
            Fate::Key => {
                for (id, secret) in self.prepared.remove(&session).unwrap_or_default() {
                    if self.delivered.iter().any(|(known, _)| *known == id) {
                        return Err(format!("key {id} of {session} is released after it was delivered"));
                    }
                    if self.available.insert(id, secret).is_some() {
                        return Err(format!("key {id} of {session} is released twice"));
                    }
                }
            }
        }
        Ok(())
    }

    /// An application takes the next key.
    pub(crate) fn deliver(&mut self) {
        self.delivered.extend(self.available.pop_first());
    }

    /// All keys that were ever usable.
    pub(crate) fn usable(&self) -> BTreeMap<KeyId, Vec<u8>> {
        let delivered = self.delivered.iter().cloned();
        self.available.clone().into_iter().chain(delivered).collect()
    }

    /// Whether a key is here, usable or prepared, with these bits.
    pub(crate) fn holds(&self, id: KeyId, secret: &[u8]) -> bool {
        let prepared = self.prepared.values().flatten();
        let usable = self.available.iter().chain(self.delivered.iter().map(|(id, secret)| (id, secret)));
        usable.chain(prepared.map(|(id, secret)| (id, secret))).any(|(k, s)| *k == id && s == secret)
    }
}
