//! What survives a crash: the journal's bytes and the key store.

use std::collections::BTreeMap;

use diqkd_core::{KeyId, SessionId};
use diqkd_protocol::journal::{Fate, Journal, Writer, recover};

use crate::real_store::{Contents, RealStore, digest};
use crate::site::Stop;

/// Records beyond twice the necessary ones before the journal is written anew.
const SLACK_RECORDS: usize = 6;

type Keys = Vec<(KeyId, Vec<u8>)>;

/// A key store that keeps what it was told before it answers: a model, and in some schedules the real one beside it.
#[derive(Default)]
pub(crate) struct Disk {
    pub(crate) journal: Vec<u8>,
    pub(crate) prepared: BTreeMap<SessionId, Keys>,
    pub(crate) available: BTreeMap<KeyId, Vec<u8>>,
    pub(crate) delivered: Vec<(KeyId, Vec<u8>)>,
    pub(crate) discarded: u64,
    /// How often the journal was written anew.
    pub(crate) compacted: u64,
    pub(crate) real: Option<RealStore>,
    /// What the real store was doing when its power failed; whether it has done it shows when it is opened again.
    undecided: Option<Change>,
}

enum Change {
    Prepare(SessionId, Keys),
    Settle(SessionId, Fate),
    Deliver,
}

impl Disk {
    pub(crate) fn with_real_store(seed: u64) -> Self {
        Self { real: Some(RealStore::new(seed)), ..Self::default() }
    }

    /// Opens journal and store as a process does that starts.
    pub(crate) fn open(&mut self) -> Result<(Journal, Writer), Stop> {
        let recovered = recover(&self.journal).map_err(|error| Stop::Violation(error.to_string()))?;
        self.journal.truncate(recovered.whole_bytes as usize);
        let journal =
            Journal::replay(&recovered.records).map_err(|error| Stop::Violation(error.to_string()))?;
        if let Some(real) = &mut self.real {
            real.open()?;
            let contents = real.contents()?;
            self.decide(&contents)?;
            self.compare(&contents)?;
        }
        let sessions: Vec<SessionId> = self.prepared.keys().copied().collect();
        for session in sessions {
            self.follow(session, journal.fate(session))?;
        }
        let records = journal.compact();
        if recovered.records.len() <= records.len() * 2 + SLACK_RECORDS {
            return Ok((journal, Writer::after(recovered.records.len() as u64)));
        }
        // In one step, by a new name.
        let mut writer = Writer::default();
        self.journal = records.iter().flat_map(|record| writer.append(record)).collect();
        self.compacted += 1;
        let journal = Journal::replay(&records).map_err(|error| Stop::Violation(error.to_string()))?;
        Ok((journal, writer))
    }

    /// The process is gone, and what its store had not synced.
    pub(crate) fn die(&mut self) {
        if let Some(real) = &mut self.real {
            real.die();
        }
    }

    /// The keys of a session come in, not to be used yet.
    pub(crate) fn prepare(&mut self, session: SessionId, keys: Keys) -> Result<(), Stop> {
        if let Some(real) = &mut self.real
            && let Err(stop) = real.prepare(session, &keys)
        {
            self.undecided = Some(Change::Prepare(session, keys));
            return Err(stop);
        }
        self.prepared.insert(session, keys);
        Ok(())
    }

    /// The store does what the journal says.
    pub(crate) fn follow(&mut self, session: SessionId, fate: Fate) -> Result<(), Stop> {
        if let Some(real) = &mut self.real {
            let settled = match fate {
                Fate::SeedOut => return Ok(()),
                Fate::Open | Fate::NoKey => real.discard(session),
                Fate::Key => real.release(session),
            };
            match settled {
                Ok(count) => {
                    let expected = self.prepared.get(&session).map_or(0, Vec::len);
                    if count != expected as u64 {
                        let what = format!("the store settled {count} keys of {session}, not {expected}");
                        return Err(Stop::Violation(what));
                    }
                }
                Err(stop) => {
                    self.undecided = Some(Change::Settle(session, fate));
                    return Err(stop);
                }
            }
        }
        self.settle(session, fate)
    }

    fn settle(&mut self, session: SessionId, fate: Fate) -> Result<(), Stop> {
        match fate {
            Fate::SeedOut => {}
            Fate::Open | Fate::NoKey => self.discarded += u64::from(self.prepared.remove(&session).is_some()),
            Fate::Key => {
                for (id, secret) in self.prepared.remove(&session).unwrap_or_default() {
                    if self.delivered.iter().any(|(known, _)| *known == id) {
                        let what = format!("key {id} of {session} is released after it was delivered");
                        return Err(Stop::Violation(what));
                    }
                    if self.available.insert(id, secret).is_some() {
                        return Err(Stop::Violation(format!("key {id} of {session} is released twice")));
                    }
                }
            }
        }
        Ok(())
    }

    /// An application takes the next key.
    pub(crate) fn deliver(&mut self) -> Result<(), Stop> {
        let Some(real) = &mut self.real else {
            self.delivered.extend(self.available.pop_first());
            return Ok(());
        };
        if !real.is_open() {
            return Ok(());
        }
        match real.deliver() {
            Ok(None) if self.available.is_empty() => Ok(()),
            Ok(Some(key)) if self.available.get(&key.id) == Some(&*key.secret) => {
                self.delivered.extend(self.available.remove_entry(&key.id));
                Ok(())
            }
            Ok(key) => {
                Err(Stop::Violation(format!("the store delivered {key:?}, which is not to be delivered")))
            }
            Err(stop) => {
                self.undecided = Some(Change::Deliver);
                Err(stop)
            }
        }
    }

    /// Whether the real store has done what it was doing when its power failed.
    fn decide(&mut self, real: &Contents) -> Result<(), Stop> {
        match self.undecided.take() {
            Some(Change::Prepare(session, keys)) if real.prepared.contains_key(&session) => {
                self.prepared.insert(session, keys);
            }
            Some(Change::Settle(session, fate)) if !real.prepared.contains_key(&session) => {
                self.settle(session, fate)?;
            }
            // A key that left the store and never arrived is lost; it counts as delivered.
            Some(Change::Deliver) => {
                let lost: Vec<KeyId> =
                    self.available.keys().filter(|id| real.delivered.contains(id)).copied().collect();
                for id in lost {
                    self.delivered.extend(self.available.remove_entry(&id));
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// The real store, if there is one, holds what the model holds.
    pub(crate) fn check(&mut self) -> Result<(), String> {
        let Some(real) = &mut self.real else { return Ok(()) };
        let compared = real.contents().and_then(|contents| self.compare(&contents));
        compared.map_err(|stop| format!("{stop:?}"))
    }

    /// The real store holds exactly what the model holds.
    fn compare(&self, real: &Contents) -> Result<(), Stop> {
        let ids = |keys: &Keys| keys.iter().map(|(id, _)| *id).collect();
        let model = Contents {
            prepared: self.prepared.iter().map(|(session, keys)| (*session, ids(keys))).collect(),
            available: self.available.iter().map(|(id, secret)| (*id, digest(*id, secret))).collect(),
            delivered: self.delivered.iter().map(|(id, _)| *id).collect(),
        };
        if model == *real {
            return Ok(());
        }
        Err(Stop::Violation(format!("the store holds {real:?}, it was told {model:?}")))
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
