//! Prepared keys: released once the peer is known to hold them, discarded once it is known not to.

use diqkd_core::{KeyId, SessionId};
use redb::ReadableTable;

use super::KeyStore;
use super::tables::{PREPARED, Tables};
use crate::audit::AuditEvent;
use crate::error::Error;
use crate::key::KeyState;
use crate::record::Stored;

impl KeyStore {
    /// Makes all prepared keys of a session available, durably, and gives their number; 0 when there are none.
    ///
    /// # Errors
    /// [`Error::Storage`], [`Error::Corrupt`].
    pub fn release(&self, session: SessionId, now_unix_s: u64) -> Result<u64, Error> {
        self.settle(session, |tables, id, stored| {
            tables.offer(id, &stored.fixed)?;
            let last_entry = tables.audit(now_unix_s, &AuditEvent::Released { id })?;
            let stored = Stored { state: KeyState::Available, last_entry, ..stored };
            tables.records.insert(&id.0, &stored.encode()[..]).map_err(Error::from_redb)?;
            Ok(())
        })
    }

    /// Erases all prepared keys of a session, durably, and gives their number; 0 when there are none.
    ///
    /// # Errors
    /// [`Error::Storage`], [`Error::Corrupt`].
    pub fn discard(&self, session: SessionId, now_unix_s: u64) -> Result<u64, Error> {
        self.settle(session, |tables, id, stored| {
            let state = KeyState::Destroyed { at_unix_s: now_unix_s };
            tables.retire(id, stored.fixed, state, now_unix_s, &AuditEvent::Destroyed { id })
        })
    }

    /// The sessions that have prepared keys, at most `limit` of them.
    ///
    /// # Errors
    /// [`Error::Storage`].
    pub fn prepared_sessions(&self, limit: usize) -> Result<Vec<SessionId>, Error> {
        let transaction = self.read()?;
        let prepared = transaction.open_table(PREPARED).map_err(Error::from_redb)?;
        let mut sessions = Vec::new();
        let mut from = [0; 16];
        while sessions.len() < limit {
            let next = prepared
                .range::<(&[u8; 16], &[u8; 16])>((&from, &[0; 16])..)
                .map_err(Error::from_redb)?
                .next()
                .transpose()
                .map_err(Error::from_redb)?;
            let Some((key, _)) = next else { break };
            let session = *key.value().0;
            sessions.push(SessionId(session));
            match u128::from_be_bytes(session).checked_add(1) {
                Some(after) => from = after.to_be_bytes(),
                None => break,
            }
        }
        Ok(sessions)
    }

    /// Takes every prepared key of a session off the list and gives it to `step`, in one transaction.
    fn settle(
        &self,
        session: SessionId,
        mut step: impl FnMut(&mut Tables<'_>, KeyId, Stored) -> Result<(), Error>,
    ) -> Result<u64, Error> {
        self.change(|tables| {
            let range = (&session.0, &[0; 16])..=(&session.0, &[0xff; 16]);
            let ids: Vec<KeyId> = tables
                .prepared
                .range::<(&[u8; 16], &[u8; 16])>(range)
                .map_err(Error::from_redb)?
                .map(|entry| entry.map(|(key, _)| KeyId(*key.value().1)).map_err(Error::from_redb))
                .collect::<Result<_, _>>()?;
            for &id in &ids {
                tables.prepared.remove((&session.0, &id.0)).map_err(Error::from_redb)?;
                let stored = tables
                    .record(id)?
                    .filter(|stored| stored.state == KeyState::Prepared)
                    .ok_or(Error::Corrupt { table: "prepared", what: "names a key that is not prepared" })?;
                step(tables, id, stored)?;
            }
            Ok(ids.len() as u64)
        })
    }
}
