//! The audit: does everything in the file agree with the chain, and the chain with its end?

use diqkd_core::KeyId;
use redb::{ReadTransaction, ReadableTable, ReadableTableMetadata};

use super::KeyStore;
use super::tables::{
    self, AUDIT, EXPIRY, Head, META, PREPARED, PROVENANCE, QUEUE, RECORDS, SECRETS, WRAPPING,
};
use crate::audit::{self, AuditEntry, AuditEvent};
use crate::error::Error;
use crate::key::KeyState;
use crate::record::Stored;
use crate::seal::open_key;

/// What a successful audit found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Audit {
    /// Number of entries of the chain.
    pub entries: u64,
    /// Hash of the last entry: noted elsewhere, it reveals a file that was replaced by an older copy.
    pub head: [u8; 32],
    /// Keys that are available, with those whose time is over but that have not been erased yet.
    pub available: u64,
    /// Keys that wait for news of the peer.
    pub prepared: u64,
    /// Keys that were handed out.
    pub delivered: u64,
    /// Keys that ran out of time.
    pub expired: u64,
    /// Keys that were erased on demand or retired.
    pub destroyed: u64,
}

impl KeyStore {
    /// Walks the whole audit chain and checks every record against it, both ways, and that every prepared or
    /// available key decrypts to the bits that came in and no other key has bits left in a table.
    ///
    /// Reads everything once; constant memory; runs beside changes, on the state at its start.
    ///
    /// # Errors
    /// [`Error::Tampered`] at the first entry that does not hold, [`Error::Corrupt`], [`Error::Storage`].
    pub fn verify(&self) -> Result<Audit, Error> {
        let transaction = self.read()?;
        let (head, inserted) = walk_chain(&transaction)?;
        let meta = transaction.open_table(META).map_err(Error::from_redb)?;
        if tables::read_head(&meta, &self.keys)? != head {
            return Err(Error::Tampered {
                entry: head.entries,
                what: "the chain does not end where it should",
            });
        }
        let audit = self.walk_records(&transaction, head)?;
        let records = audit.prepared + audit.available + audit.delivered + audit.expired + audit.destroyed;
        if records != inserted {
            return Err(Error::Tampered {
                entry: head.entries,
                what: "records and insertions differ in number",
            });
        }
        Ok(audit)
    }

    fn walk_records(&self, transaction: &ReadTransaction, head: Head) -> Result<Audit, Error> {
        let records = transaction.open_table(RECORDS).map_err(Error::from_redb)?;
        let entries = transaction.open_table(AUDIT).map_err(Error::from_redb)?;
        let provenance = transaction.open_table(PROVENANCE).map_err(Error::from_redb)?;
        let mut audit = Audit {
            entries: head.entries,
            head: head.hash,
            available: 0,
            prepared: 0,
            delivered: 0,
            expired: 0,
            destroyed: 0,
        };
        let mut limited = 0;
        for row in records.iter().map_err(Error::from_redb)? {
            let (id, bytes) = row.map_err(Error::from_redb)?;
            let id = KeyId(*id.value());
            let stored = Stored::decode(bytes.value())?;
            let tampered = |what| Error::Tampered { entry: stored.last_entry, what };
            let last = entries
                .get(stored.last_entry)
                .map_err(Error::from_redb)?
                .ok_or(tampered("a record names an entry that does not exist"))?;
            let last = audit::decode(last.value())?;
            if last.event.key() != Some(id) {
                return Err(tampered("a record names an entry about another key"));
            }
            match stored.state {
                KeyState::Prepared => {
                    audit.prepared += 1;
                    if !matches!(last.event, AuditEvent::Prepared { .. }) {
                        return Err(tampered("a prepared key has a later entry"));
                    }
                    self.check_bits(transaction, id, &stored)?;
                }
                KeyState::Available => {
                    audit.available += 1;
                    limited += u64::from(stored.fixed.expires_unix_s.is_some());
                    if !matches!(last.event, AuditEvent::Inserted { .. } | AuditEvent::Released { .. }) {
                        return Err(tampered("an available key has a later entry, or was never released"));
                    }
                    self.check_bits(transaction, id, &stored)?;
                    check_offered(transaction, id, &stored)?;
                }
                KeyState::Delivered { .. } => audit.delivered += 1,
                KeyState::Expired { .. } => audit.expired += 1,
                KeyState::Destroyed { .. } => audit.destroyed += 1,
            }
            let shared = provenance
                .get(&stored.fixed.provenance_digest)
                .map_err(Error::from_redb)?
                .ok_or(tampered("a record's provenance is missing"))?;
            if blake3::hash(shared.value()) != stored.fixed.provenance_digest {
                return Err(tampered("a record's provenance was changed"));
            }
        }
        let end = |what| Error::Tampered { entry: head.entries, what };
        let length = |count: Result<u64, redb::StorageError>| count.map_err(Error::from_redb);
        if length(transaction.open_table(WRAPPING).map_err(Error::from_redb)?.len())?
            != audit.prepared + audit.available
            || length(transaction.open_table(SECRETS).map_err(Error::from_redb)?.len())?
                != audit.prepared + audit.available
        {
            return Err(end("a key that is neither prepared nor available has bits in the store"));
        }
        if length(transaction.open_table(PREPARED).map_err(Error::from_redb)?.len())? != audit.prepared {
            return Err(end("the list of prepared keys names others"));
        }
        if length(transaction.open_table(QUEUE).map_err(Error::from_redb)?.len())? != audit.available
            || length(transaction.open_table(EXPIRY).map_err(Error::from_redb)?.len())? != limited
        {
            return Err(end("the queue or the expiry list names keys that are not available"));
        }
        Ok(audit)
    }

    /// Whether the bits of a key are those that came in.
    fn check_bits(&self, transaction: &ReadTransaction, id: KeyId, stored: &Stored) -> Result<(), Error> {
        let tampered = |what| Error::Tampered { entry: stored.last_entry, what };
        let wrapping = transaction.open_table(WRAPPING).map_err(Error::from_redb)?;
        let secrets = transaction.open_table(SECRETS).map_err(Error::from_redb)?;
        let wrapping = wrapping.get(&id.0).map_err(Error::from_redb)?.ok_or(tampered("no wrapping key"))?;
        let sealed = secrets.get(&id.0).map_err(Error::from_redb)?.ok_or(tampered("no bits"))?;
        let secret = open_key(&self.storage_key, id, wrapping.value(), sealed.value())?;
        if self.keys.fingerprint(id, &secret) != stored.fixed.fingerprint {
            return Err(tampered("the bits are not those that came in"));
        }
        Ok(())
    }
}

/// Whether an available key can be found by who asks for the next one, and by time.
fn check_offered(transaction: &ReadTransaction, id: KeyId, stored: &Stored) -> Result<(), Error> {
    let entry = stored.fixed.inserted_entry;
    let tampered = |what| Error::Tampered { entry, what };
    let queue = transaction.open_table(QUEUE).map_err(Error::from_redb)?;
    let expiry = transaction.open_table(EXPIRY).map_err(Error::from_redb)?;
    if queue.get(entry).map_err(Error::from_redb)?.is_none_or(|queued| *queued.value() != id.0) {
        return Err(tampered("an available key is not in the queue"));
    }
    if let Some(time) = stored.fixed.expires_unix_s
        && expiry.get((time, &id.0)).map_err(Error::from_redb)?.is_none()
    {
        return Err(tampered("a key with a time limit is not in the expiry list"));
    }
    Ok(())
}

/// The end of the chain as walked from its start, and the number of insertions; each step agrees with the record of
/// its key.
fn walk_chain(transaction: &ReadTransaction) -> Result<(Head, u64), Error> {
    let entries = transaction.open_table(AUDIT).map_err(Error::from_redb)?;
    let records = transaction.open_table(RECORDS).map_err(Error::from_redb)?;
    let mut head = Head::EMPTY;
    let mut inserted = 0;
    for row in entries.iter().map_err(Error::from_redb)? {
        let (number, bytes) = row.map_err(Error::from_redb)?;
        let entry = head.follow(bytes.value())?;
        let tampered = |what| Error::Tampered { entry: entry.sequence, what };
        if number.value() != entry.sequence {
            return Err(tampered("stored under another number"));
        }
        if let Some(id) = entry.event.key() {
            let bytes =
                records.get(&id.0).map_err(Error::from_redb)?.ok_or(tampered("no record of the key"))?;
            check_step(&entry, &Stored::decode(bytes.value())?).map_err(tampered)?;
        }
        inserted +=
            u64::from(matches!(entry.event, AuditEvent::Inserted { .. } | AuditEvent::Prepared { .. }));
    }
    Ok((head, inserted))
}

/// Whether the key's record agrees with this step of its life: the last step gives the state, and only a delivered or
/// expired key has a step after that, its destruction.
fn check_step(entry: &AuditEntry, stored: &Stored) -> Result<(), &'static str> {
    let at_unix_s = entry.at_unix_s;
    let result = match &entry.event {
        AuditEvent::Inserted { record_digest, .. } | AuditEvent::Prepared { record_digest, .. } => {
            if stored.fixed.digest() != *record_digest || stored.fixed.inserted_entry != entry.sequence {
                return Err("the record was changed after insertion");
            }
            return Ok(());
        }
        AuditEvent::Released { .. } => {
            let later = stored.last_entry > entry.sequence && !matches!(stored.state, KeyState::Prepared);
            let now = stored.last_entry == entry.sequence && stored.state == KeyState::Available;
            return if now || later {
                Ok(())
            } else {
                Err("the record's state does not follow from the chain")
            };
        }
        AuditEvent::Delivered { consumer, .. } => {
            KeyState::Delivered { consumer: consumer.clone(), at_unix_s }
        }
        AuditEvent::Expired { .. } => KeyState::Expired { at_unix_s },
        AuditEvent::Destroyed { .. } => KeyState::Destroyed { at_unix_s },
        AuditEvent::Created | AuditEvent::StorageKeyRotated | AuditEvent::StationTampered { .. } => {
            return Ok(());
        }
    };
    let is_last = stored.last_entry == entry.sequence;
    let destroyed_later = stored.last_entry > entry.sequence
        && matches!(stored.state, KeyState::Destroyed { .. })
        && !matches!(entry.event, AuditEvent::Destroyed { .. });
    if (is_last && stored.state == result) || destroyed_later {
        return Ok(());
    }
    Err("the record's state does not follow from the chain")
}
