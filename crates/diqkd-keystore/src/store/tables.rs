//! The tables of the file, and the operations on several of them that must go together.

use diqkd_core::KeyId;
use redb::{ReadableTable, Table, TableDefinition, WriteTransaction};

use crate::audit::AuditEvent;
pub(super) use crate::audit::Head;
use crate::codec::{Reader, Writer};
use crate::error::Error;
use crate::key::KeyState;
use crate::record::{Fixed, Stored};
use crate::seal::StoreKeys;

pub(super) type Bytes = TableDefinition<'static, &'static [u8; 16], &'static [u8]>;

/// Format version, sealed store keys, head of the audit chain.
pub(super) const META: TableDefinition<'static, &str, &[u8]> = TableDefinition::new("meta");
/// What is known about each key; entries are never removed.
pub(super) const RECORDS: Bytes = Bytes::new("records");
/// Provenance by its digest, shared by the keys of a block.
pub(super) const PROVENANCE: TableDefinition<'static, &[u8; 32], &[u8]> = TableDefinition::new("provenance");
/// Sealed wrapping keys of prepared and available keys.
pub(super) const WRAPPING: Bytes = Bytes::new("wrapping keys");
/// Sealed prepared and available keys.
pub(super) const SECRETS: Bytes = Bytes::new("secrets");
/// Available keys by the audit entry of their insertion: oldest first.
pub(super) const QUEUE: TableDefinition<'static, u64, &[u8; 16]> = TableDefinition::new("queue");
/// Available keys with a time limit, by that time.
pub(super) const EXPIRY: TableDefinition<'static, (u64, &[u8; 16]), ()> = TableDefinition::new("expiry");
/// Prepared keys by their session.
pub(super) const PREPARED: TableDefinition<'static, (&[u8; 16], &[u8; 16]), ()> =
    TableDefinition::new("prepared");
/// Sessions that have ever stored a key.
pub(super) const SESSIONS: TableDefinition<'static, &[u8; 16], ()> = TableDefinition::new("sessions");
/// The audit chain.
pub(super) const AUDIT: TableDefinition<'static, u64, &[u8]> = TableDefinition::new("audit");

pub(super) const FORMAT: u8 = 1;

/// Keys of the table [`META`].
pub(super) mod meta_key {
    pub(crate) const FORMAT: &str = "format";
    pub(crate) const STORE_KEYS: &str = "store keys";
    pub(crate) const HEAD: &str = "head";
}

/// All tables, open for one change.
pub(super) struct Tables<'t> {
    pub(super) meta: Table<'t, &'static str, &'static [u8]>,
    pub(super) records: Table<'t, &'static [u8; 16], &'static [u8]>,
    pub(super) provenance: Table<'t, &'static [u8; 32], &'static [u8]>,
    pub(super) wrapping: Table<'t, &'static [u8; 16], &'static [u8]>,
    pub(super) secrets: Table<'t, &'static [u8; 16], &'static [u8]>,
    pub(super) queue: Table<'t, u64, &'static [u8; 16]>,
    pub(super) expiry: Table<'t, (u64, &'static [u8; 16]), ()>,
    pub(super) prepared: Table<'t, (&'static [u8; 16], &'static [u8; 16]), ()>,
    pub(super) sessions: Table<'t, &'static [u8; 16], ()>,
    audit: Table<'t, u64, &'static [u8]>,
    head: Head,
}

impl<'t> Tables<'t> {
    /// # Errors
    /// [`Error::Tampered`] when the head of the chain is not the one that this store wrote.
    pub(super) fn open(transaction: &'t WriteTransaction, keys: &StoreKeys) -> Result<Self, Error> {
        let meta = transaction.open_table(META).map_err(Error::from_redb)?;
        let head = read_head(&meta, keys)?;
        Ok(Self {
            meta,
            records: transaction.open_table(RECORDS).map_err(Error::from_redb)?,
            provenance: transaction.open_table(PROVENANCE).map_err(Error::from_redb)?,
            wrapping: transaction.open_table(WRAPPING).map_err(Error::from_redb)?,
            secrets: transaction.open_table(SECRETS).map_err(Error::from_redb)?,
            queue: transaction.open_table(QUEUE).map_err(Error::from_redb)?,
            expiry: transaction.open_table(EXPIRY).map_err(Error::from_redb)?,
            prepared: transaction.open_table(PREPARED).map_err(Error::from_redb)?,
            sessions: transaction.open_table(SESSIONS).map_err(Error::from_redb)?,
            audit: transaction.open_table(AUDIT).map_err(Error::from_redb)?,
            head,
        })
    }

    /// The number of the next audit entry.
    pub(super) fn next_entry(&self) -> u64 {
        self.head.entries
    }

    /// Appends to the audit chain and gives the entry's number.
    pub(super) fn audit(&mut self, at_unix_s: u64, event: &AuditEvent) -> Result<u64, Error> {
        let sequence = self.head.entries;
        let bytes = self.head.append(at_unix_s, event);
        self.audit.insert(sequence, &bytes[..]).map_err(Error::from_redb)?;
        Ok(sequence)
    }

    /// Writes what a change leaves for the next one: the head of the chain.
    pub(super) fn finish(mut self, keys: &StoreKeys) -> Result<(), Error> {
        write_head(&mut self.meta, keys, self.head)
    }

    pub(super) fn record(&self, id: KeyId) -> Result<Option<Stored>, Error> {
        self.records
            .get(&id.0)
            .map_err(Error::from_redb)?
            .map(|bytes| Stored::decode(bytes.value()))
            .transpose()
    }

    /// Puts a key into the queue of those that can be delivered, and onto the list of those with a time limit.
    pub(super) fn offer(&mut self, id: KeyId, fixed: &Fixed) -> Result<(), Error> {
        self.queue.insert(fixed.inserted_entry, &id.0).map_err(Error::from_redb)?;
        if let Some(time) = fixed.expires_unix_s {
            self.expiry.insert((time, &id.0), ()).map_err(Error::from_redb)?;
        }
        Ok(())
    }

    /// Erases the bits of a prepared or available key and notes its new state, with the audit entry.
    pub(super) fn retire(
        &mut self,
        id: KeyId,
        fixed: Fixed,
        state: KeyState,
        at_unix_s: u64,
        event: &AuditEvent,
    ) -> Result<(), Error> {
        self.wrapping.remove(&id.0).map_err(Error::from_redb)?;
        self.secrets.remove(&id.0).map_err(Error::from_redb)?;
        self.queue.remove(fixed.inserted_entry).map_err(Error::from_redb)?;
        if let Some(time) = fixed.expires_unix_s {
            self.expiry.remove((time, &id.0)).map_err(Error::from_redb)?;
        }
        let last_entry = self.audit(at_unix_s, event)?;
        let stored = Stored { fixed, state, last_entry };
        self.records.insert(&id.0, &stored.encode()[..]).map_err(Error::from_redb)?;
        Ok(())
    }

    /// Erases a key whose time is over.
    pub(super) fn expire(&mut self, id: KeyId, fixed: Fixed, now_unix_s: u64) -> Result<(), Error> {
        let state = KeyState::Expired { at_unix_s: now_unix_s };
        self.retire(id, fixed, state, now_unix_s, &AuditEvent::Expired { id })
    }
}

/// The sealed store keys; `None` in a new file.
pub(super) fn sealed_store_keys(
    meta: &impl ReadableTable<&'static str, &'static [u8]>,
) -> Result<Option<Vec<u8>>, Error> {
    let corrupt = |what| Error::Corrupt { table: "meta", what };
    if meta.is_empty().map_err(Error::from_redb)? {
        return Ok(None);
    }
    let format = meta.get(meta_key::FORMAT).map_err(Error::from_redb)?.ok_or(corrupt("no format version"))?;
    match format.value() {
        [FORMAT] => {}
        [found] => return Err(Error::Version { found: *found, expected: FORMAT }),
        _ => return Err(corrupt("format version")),
    }
    let sealed = meta.get(meta_key::STORE_KEYS).map_err(Error::from_redb)?.ok_or(corrupt("no store keys"))?;
    Ok(Some(sealed.value().to_vec()))
}

pub(super) fn read_head(
    meta: &impl ReadableTable<&'static str, &'static [u8]>,
    keys: &StoreKeys,
) -> Result<Head, Error> {
    let bytes = meta
        .get(meta_key::HEAD)
        .map_err(Error::from_redb)?
        .ok_or(Error::Corrupt { table: "meta", what: "no head of the audit chain" })?;
    let mut r = Reader::new("meta", bytes.value());
    let head = Head { entries: r.u64()?, hash: r.array()? };
    let tag: [u8; 32] = r.array()?;
    r.end()?;
    if keys.head_tag(head.entries, &head.hash) != tag {
        return Err(Error::Tampered {
            entry: head.entries,
            what: "the end of the chain is not the one written last",
        });
    }
    Ok(head)
}

pub(super) fn write_head(
    meta: &mut Table<'_, &'static str, &'static [u8]>,
    keys: &StoreKeys,
    head: Head,
) -> Result<(), Error> {
    let mut w = Writer::default();
    w.u64(head.entries);
    w.array(&head.hash);
    w.array(keys.head_tag(head.entries, &head.hash).as_bytes());
    meta.insert(meta_key::HEAD, &w.finish()[..]).map_err(Error::from_redb)?;
    Ok(())
}
