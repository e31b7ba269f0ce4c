//! What can go wrong with a key store.

use diqkd_core::KeyId;

use crate::key::StateName;

/// Why an operation on a key store failed. A failed operation changes nothing, except that [`Error::Expired`] has
/// erased the expired key, and that a [`Error::Storage`] during a commit leaves open whether the change happened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The storage failed.
    #[error(
        "the key store's file could not be read or written; check disk space, permissions and the device, then reopen it"
    )]
    Storage(#[source] Box<redb::Error>),
    /// The file is not a key store, or its pages don't match their checksums.
    #[error(
        "the file is damaged or is not a key store; restore it from a copy, and count keys delivered since as lost"
    )]
    CorruptFile(#[source] Box<redb::Error>),
    /// Another process has the file open.
    #[error("the key store is open in another process; stop that one first")]
    InUse,
    /// The file was written by another version of this program.
    #[error(
        "the key store has format version {found}, this program reads version {expected}; use the program that wrote it"
    )]
    Version {
        /// The version in the file.
        found: u8,
        /// The version that is understood.
        expected: u8,
    },
    /// The storage key does not open this store.
    #[error(
        "the storage key does not open this key store; give the key it was created with or last rotated to"
    )]
    WrongStorageKey,
    /// A value in the file can't be what this program wrote.
    #[error(
        "table {table} holds a damaged entry: {what}; run the audit, restore the file from a copy if it fails"
    )]
    Corrupt {
        /// The table.
        table: &'static str,
        /// What is wrong.
        what: &'static str,
    },
    /// The audit chain, or a record it vouches for, was changed.
    #[error("audit entry {entry}: {what}; the file was changed outside this program: do not use its keys")]
    Tampered {
        /// The number of the entry, from 0.
        entry: u64,
        /// What does not agree.
        what: &'static str,
    },
    /// No key of this name.
    #[error(
        "key {id} is not in this store; list the keys, and check that the id comes from the same session"
    )]
    UnknownKey {
        /// The id.
        id: KeyId,
    },
    /// The key's state does not allow the operation.
    #[error("key {id} is {state} and can not be {operation}; use another key")]
    IllegalTransition {
        /// The id.
        id: KeyId,
        /// The state it is in.
        state: StateName,
        /// What was asked for: `delivered`, `destroyed`, `compared`.
        operation: &'static str,
    },
    /// The key's time is over; its bits have been erased.
    #[error(
        "key {id} expired at {expires_unix_s} (unix time, it is {now_unix_s}) and was erased; use another key"
    )]
    Expired {
        /// The id.
        id: KeyId,
        /// When it expired.
        expires_unix_s: u64,
        /// The time given.
        now_unix_s: u64,
    },
    /// A key with this id and other bits exists already.
    #[error(
        "key {id} exists with other bits; nothing was inserted: the two sides or sessions have mixed up their ids"
    )]
    ConflictingKey {
        /// The id.
        id: KeyId,
    },
    /// A number outside the store's limits.
    #[error("{quantity} is {value}, expected {low} to {high}")]
    Limit {
        /// What was given.
        quantity: &'static str,
        /// Its value.
        value: u64,
        /// The least allowed.
        low: u64,
        /// The greatest allowed.
        high: u64,
    },
    /// The randomness source failed.
    #[error("the randomness source failed; nothing was inserted")]
    Randomness,
}

impl Error {
    pub(crate) fn from_redb(error: impl Into<redb::Error>) -> Self {
        use std::io::ErrorKind;
        let error = error.into();
        match &error {
            redb::Error::DatabaseAlreadyOpen => Self::InUse,
            redb::Error::Corrupted(_) | redb::Error::RepairAborted | redb::Error::UpgradeRequired(_) => {
                Self::CorruptFile(Box::new(error))
            }
            redb::Error::TableTypeMismatch { .. }
            | redb::Error::TableIsMultimap(_)
            | redb::Error::TableDoesNotExist(_)
            | redb::Error::TypeDefinitionChanged { .. } => Self::CorruptFile(Box::new(error)),
            redb::Error::Io(io) if matches!(io.kind(), ErrorKind::InvalidData | ErrorKind::UnexpectedEof) => {
                Self::CorruptFile(Box::new(error))
            }
            _ => Self::Storage(Box::new(error)),
        }
    }
}
