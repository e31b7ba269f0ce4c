//! What the records of a journal say together.

use std::collections::BTreeMap;

use diqkd_auth::PoolId;
use diqkd_core::{Role, SessionId};

use super::Record;

/// Where a session stands, as far as its site knows for certain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Nothing was written that leads to a key: there is none, and after a restart there never will be.
    Open,
    /// Alice: Bob may hold the key. He is to be asked.
    SeedOut,
    /// Both sites hold the key.
    Key,
    /// There is no key, and will not be one.
    NoKey,
}

/// A site's memory of its sessions: the sum of its records.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Journal {
    spent: BTreeMap<PoolId, u64>,
    fates: BTreeMap<SessionId, (Role, Fate)>,
}

impl Journal {
    /// An empty journal.
    pub fn new() -> Self {
        Self::default()
    }

    /// The sum of recovered records.
    ///
    /// # Errors
    /// [`Refused`] for a record that contradicts the ones before: the file is not the journal of one site.
    pub fn replay<'a>(records: impl IntoIterator<Item = &'a Record>) -> Result<Self, Refused> {
        let mut journal = Self::new();
        records.into_iter().try_for_each(|record| journal.apply(record))?;
        Ok(journal)
    }

    /// Adds a record. Call it before the record is written: what is refused must not be written, and its session has to
    /// be aborted.
    ///
    /// # Errors
    /// [`Refused`]; the journal is then unchanged.
    pub fn apply(&mut self, record: &Record) -> Result<(), Refused> {
        match *record {
            Record::Spent { pool, position } => {
                let spent = self.spent.entry(pool).or_default();
                *spent = (*spent).max(position);
            }
            Record::Opened { session, role, pool, from, to } => {
                let spent = self.spent_position(pool);
                if from < spent || to < from {
                    return Err(Refused::PadsSpent { session, from, spent });
                }
                if self.fates.contains_key(&session) {
                    return Err(Refused::SessionKnown { session });
                }
                self.spent.insert(pool, to);
                self.fates.insert(session, (role, Fate::Open));
            }
            Record::SeedOut { session } => self.step(session, Role::Alice, &[Fate::Open], Fate::SeedOut)?,
            Record::Held { session } => self.step(session, Role::Bob, &[Fate::Open], Fate::Key)?,
            Record::Settled { session, has_key: true } => {
                self.step(session, Role::Alice, &[Fate::SeedOut, Fate::Key], Fate::Key)?;
            }
            Record::Settled { session, has_key: false } => match self.fates.get_mut(&session) {
                // Bob may be asked about a session that he never opened.
                None => {
                    self.fates.insert(session, (Role::Bob, Fate::NoKey));
                }
                Some((_, fate @ (Fate::Open | Fate::SeedOut | Fate::NoKey))) => *fate = Fate::NoKey,
                Some((_, fate)) => return Err(Refused::Order { session, fate: *fate }),
            },
        }
        Ok(())
    }

    fn step(&mut self, session: SessionId, role: Role, from: &[Fate], to: Fate) -> Result<(), Refused> {
        match self.fates.get_mut(&session) {
            Some((own, fate)) if *own == role && from.contains(fate) => {
                *fate = to;
                Ok(())
            }
            Some((_, fate)) => Err(Refused::Order { session, fate: *fate }),
            None => Err(Refused::SessionUnknown { session }),
        }
    }

    /// Position after the last byte of a pool that any session may have used.
    pub fn spent_position(&self, pool: PoolId) -> u64 {
        self.spent.get(&pool).copied().unwrap_or(0)
    }

    /// Where a session stands. One that was never opened here is open: there is no key.
    pub fn fate(&self, session: SessionId) -> Fate {
        self.fates.get(&session).map_or(Fate::Open, |&(_, fate)| fate)
    }

    /// Alice: the sessions of which she does not know whether Bob holds the key, at most `limit`.
    pub fn unresolved(&self, limit: usize) -> Vec<SessionId> {
        let seed_out = self.fates.iter().filter(|(_, (_, fate))| *fate == Fate::SeedOut);
        seed_out.map(|(&session, _)| session).take(limit).collect()
    }

    /// Forgets a session, but not the pre-shared key that it has spent: for who runs one again on purpose, with the same
    /// randomness, as a rehearsal.
    pub fn forget(&mut self, session: SessionId) {
        self.fates.remove(&session);
    }

    /// The records of a new journal that says the same, for a site none of whose sessions is running and whose key stores
    /// have done what it says. Sessions without a key are left out: their pre-shared key stays spent, and none of them can
    /// come to a key any more. Left out are also those whose key Alice may use: nobody asks her. A store that had not
    /// released such a key before would erase it, since [`Journal::fate`] calls a session that it does not know open.
    pub fn compact(&self) -> Vec<Record> {
        let spent = self.spent.iter().map(|(&pool, &position)| Record::Spent { pool, position });
        let mut records: Vec<Record> = spent.collect();
        for (&session, &(role, fate)) in &self.fates {
            let opened = Record::Opened { session, role, pool: COMPACTED, from: 0, to: 0 };
            let last = match (role, fate) {
                (_, Fate::Open | Fate::NoKey) => continue,
                (Role::Bob, _) => vec![opened, Record::Held { session }],
                (Role::Alice, Fate::SeedOut) => vec![opened, Record::SeedOut { session }],
                // Nobody will ask Alice.
                (Role::Alice, Fate::Key) => continue,
            };
            records.extend(last);
        }
        records
    }
}

/// The pool of sessions whose own one is accounted for by a [`Record::Spent`].
const COMPACTED: PoolId = PoolId([0xff; 16]);

/// A record that contradicts the journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refused {
    /// The session would use pre-shared key a second time.
    #[error(
        "session {session} would use the pre-shared key from byte {from}, of which {spent} bytes are spent; skip them"
    )]
    PadsSpent {
        /// The session.
        session: SessionId,
        /// Position of its first byte.
        from: u64,
        /// Position after the last spent byte.
        spent: u64,
    },
    /// A session of that name was opened before.
    #[error("session {session} was opened before; name every session anew")]
    SessionKnown {
        /// The session.
        session: SessionId,
    },
    /// A session that was never opened.
    #[error("session {session} was never opened")]
    SessionUnknown {
        /// The session.
        session: SessionId,
    },
    /// A step that has no place after what was written before.
    #[error("a step of session {session} has no place after {fate:?}")]
    Order {
        /// The session.
        session: SessionId,
        /// Where it stands.
        fate: Fate,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: SessionId = SessionId([1; 16]);
    const T: SessionId = SessionId([2; 16]);
    const POOL: PoolId = PoolId([5; 16]);

    fn opened(session: SessionId, role: Role, from: u64, to: u64) -> Record {
        Record::Opened { session, role, pool: POOL, from, to }
    }

    #[test]
    fn spent_key_is_never_opened_again() {
        let mut journal = Journal::new();
        journal.apply(&opened(S, Role::Alice, 0, 100)).unwrap();
        let refused = journal.clone().apply(&opened(T, Role::Alice, 99, 150)).unwrap_err();
        assert!(matches!(refused, Refused::PadsSpent { from: 99, spent: 100, .. }));
        assert!(journal.clone().apply(&opened(S, Role::Alice, 100, 150)).is_err());
        assert!(journal.clone().apply(&opened(T, Role::Alice, 150, 100)).is_err());
        journal.apply(&opened(T, Role::Alice, 120, 150)).unwrap();
        assert_eq!((journal.spent_position(POOL), journal.spent_position(PoolId([6; 16]))), (150, 0));
    }

    #[test]
    fn bob_decides_and_never_changes_his_word() {
        let mut bob = Journal::new();
        bob.apply(&opened(S, Role::Bob, 0, 100)).unwrap();
        let mut refusing = bob.clone();
        bob.apply(&Record::Held { session: S }).unwrap();
        assert_eq!(bob.fate(S), Fate::Key);
        assert!(bob.apply(&Record::Settled { session: S, has_key: false }).is_err());
        refusing.apply(&Record::Settled { session: S, has_key: false }).unwrap();
        assert!(refusing.apply(&Record::Held { session: S }).is_err());
        refusing.apply(&Record::Settled { session: T, has_key: false }).unwrap();
        assert!(refusing.apply(&opened(T, Role::Bob, 100, 200)).is_err());
        assert!(refusing.apply(&Record::SeedOut { session: S }).is_err());
    }

    #[test]
    fn alice_asks_until_she_knows() {
        let mut alice = Journal::new();
        assert!(alice.apply(&Record::SeedOut { session: S }).is_err());
        alice.apply(&opened(S, Role::Alice, 0, 100)).unwrap();
        assert!(alice.apply(&Record::Settled { session: S, has_key: true }).is_err());
        alice.apply(&Record::SeedOut { session: S }).unwrap();
        assert_eq!(alice.unresolved(9), [S]);
        for has_key in [true, false] {
            let mut settled = alice.clone();
            settled.apply(&Record::Settled { session: S, has_key }).unwrap();
            assert_eq!(settled.unresolved(9), []);
            assert_eq!(settled.fate(S), if has_key { Fate::Key } else { Fate::NoKey });
        }
    }

    #[test]
    fn a_compacted_journal_says_the_same() {
        let mut journal = Journal::new();
        for record in [
            opened(S, Role::Alice, 0, 100),
            Record::SeedOut { session: S },
            opened(T, Role::Alice, 100, 200),
            opened(SessionId([3; 16]), Role::Bob, 200, 300),
            Record::Held { session: SessionId([3; 16]) },
        ] {
            journal.apply(&record).unwrap();
        }
        let compact = Journal::replay(&journal.compact()).unwrap();
        assert_eq!(compact.spent_position(POOL), 300);
        assert_eq!(compact.unresolved(9), journal.unresolved(9));
        for session in [S, T, SessionId([3; 16])] {
            assert_eq!(compact.fate(session), journal.fate(session));
        }
        assert_eq!(compact.compact(), Journal::replay(&compact.compact()).unwrap().compact());
    }
}
