//! The audit chain: every step in the life of every key, each entry bound to all before it by blake3.
//!
//! `hash_i = blake3(context, hash_(i-1) || body_i)`. The hashes can be checked by anyone who has the entries; that
//! the last of them is the one this store wrote is vouched for by a tag under a key of the store, so that someone
//! without the storage key can neither alter nor cut the chain unseen. Against a file replaced as a whole by an older
//! copy of itself only a head noted elsewhere helps ([`crate::Audit::head`]).

use diqkd_core::KeyId;

use crate::codec::{Reader, Writer};
use crate::error::Error;
use crate::key::MAX_CONSUMER_BYTES;

/// One step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// Its number, from 0.
    pub sequence: u64,
    /// When, as the caller said, in seconds since 1970-01-01 UTC.
    pub at_unix_s: u64,
    /// What happened.
    pub event: AuditEvent,
    /// The chain's hash up to and including this entry.
    pub hash: [u8; 32],
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AuditEvent {
    /// The store was created.
    Created,
    /// A key was stored.
    Inserted {
        /// The key.
        id: KeyId,
        /// Digest of the unchangeable part of its record.
        record_digest: [u8; 32],
    },
    /// A key was stored, not to be delivered yet.
    Prepared {
        /// The key.
        id: KeyId,
        /// Digest of the unchangeable part of its record.
        record_digest: [u8; 32],
    },
    /// A prepared key became available.
    Released {
        /// The key.
        id: KeyId,
    },
    /// A key was handed out.
    Delivered {
        /// The key.
        id: KeyId,
        /// To whom.
        consumer: String,
    },
    /// A key ran out of time and was erased.
    Expired {
        /// The key.
        id: KeyId,
    },
    /// A key was erased on demand, or retired after delivery.
    Destroyed {
        /// The key.
        id: KeyId,
    },
    /// The storage key was changed.
    StorageKeyRotated,
    /// A tamper sensor of the station fired.
    StationTampered {
        /// What the station reported: which sensor, and what it saw.
        report: String,
    },
}

impl AuditEvent {
    /// The key that the step is about.
    pub fn key(&self) -> Option<KeyId> {
        match self {
            Self::Inserted { id, .. }
            | Self::Prepared { id, .. }
            | Self::Released { id }
            | Self::Delivered { id, .. }
            | Self::Expired { id }
            | Self::Destroyed { id } => Some(*id),
            Self::Created | Self::StorageKeyRotated | Self::StationTampered { .. } => None,
        }
    }
}

/// The end of the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) entries: u64,
    pub(crate) hash: [u8; 32],
}

impl Head {
    pub(crate) const EMPTY: Self = Self { entries: 0, hash: [0; 32] };

    /// The next entry with its stored bytes.
    pub(crate) fn append(&mut self, at_unix_s: u64, event: &AuditEvent) -> Vec<u8> {
        let mut w = Writer::default();
        w.u8(VERSION);
        w.u64(self.entries);
        w.u64(at_unix_s);
        match event {
            AuditEvent::Created => w.u8(0),
            AuditEvent::Inserted { id, record_digest } => {
                w.u8(1);
                w.array(&id.0);
                w.array(record_digest);
            }
            AuditEvent::Delivered { id, consumer } => {
                w.u8(2);
                w.array(&id.0);
                w.text(consumer);
            }
            AuditEvent::Expired { id } => {
                w.u8(3);
                w.array(&id.0);
            }
            AuditEvent::Destroyed { id } => {
                w.u8(4);
                w.array(&id.0);
            }
            AuditEvent::StorageKeyRotated => w.u8(5),
            AuditEvent::Prepared { id, record_digest } => {
                w.u8(6);
                w.array(&id.0);
                w.array(record_digest);
            }
            AuditEvent::Released { id } => {
                w.u8(7);
                w.array(&id.0);
            }
            AuditEvent::StationTampered { report } => {
                w.u8(8);
                w.text(report);
            }
        }
        let mut bytes = w.finish();
        self.hash = chain(&self.hash, &bytes);
        self.entries += 1;
        bytes.extend_from_slice(&self.hash);
        bytes
    }

    /// Reads the entry that follows and moves on to it.
    pub(crate) fn follow(&mut self, bytes: &[u8]) -> Result<AuditEntry, Error> {
        let tampered = |what| Error::Tampered { entry: self.entries, what };
        let entry = decode(bytes)?;
        if entry.sequence != self.entries {
            return Err(tampered("out of sequence"));
        }
        let body = &bytes[..bytes.len() - HASH_BYTES];
        if chain(&self.hash, body) != entry.hash {
            return Err(tampered("hash does not continue the chain"));
        }
        self.hash = entry.hash;
        self.entries += 1;
        Ok(entry)
    }
}

/// Reads an entry without checking its place in the chain.
pub(crate) fn decode(bytes: &[u8]) -> Result<AuditEntry, Error> {
    let mut r = Reader::new("audit", bytes);
    r.version(VERSION)?;
    let sequence = r.u64()?;
    let at_unix_s = r.u64()?;
    let event = match r.u8()? {
        0 => AuditEvent::Created,
        1 => AuditEvent::Inserted { id: KeyId(r.array()?), record_digest: r.array()? },
        2 => {
            AuditEvent::Delivered { id: KeyId(r.array()?), consumer: r.text(MAX_CONSUMER_BYTES)?.to_owned() }
        }
        3 => AuditEvent::Expired { id: KeyId(r.array()?) },
        4 => AuditEvent::Destroyed { id: KeyId(r.array()?) },
        5 => AuditEvent::StorageKeyRotated,
        6 => AuditEvent::Prepared { id: KeyId(r.array()?), record_digest: r.array()? },
        7 => AuditEvent::Released { id: KeyId(r.array()?) },
        8 => AuditEvent::StationTampered { report: r.text(MAX_CONSUMER_BYTES)?.to_owned() },
        _ => return Err(r.corrupt("unknown event")),
    };
    let hash = r.array()?;
    r.end()?;
    Ok(AuditEntry { sequence, at_unix_s, event, hash })
}

fn chain(previous: &[u8; HASH_BYTES], body: &[u8]) -> [u8; HASH_BYTES] {
    *blake3::Hasher::new_derive_key(CONTEXT).update(previous).update(body).finalize().as_bytes()
}

const VERSION: u8 = 1;
const HASH_BYTES: usize = 32;
const CONTEXT: &str = "diqkd-keystore audit chain v1";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_reads_back_and_every_flipped_bit_breaks_it() {
        let id = KeyId([3; 16]);
        let events = [
            AuditEvent::Created,
            AuditEvent::Inserted { id, record_digest: [4; 32] },
            AuditEvent::Delivered { id, consumer: "vpn".into() },
            AuditEvent::Expired { id },
            AuditEvent::Destroyed { id },
            AuditEvent::StorageKeyRotated,
            AuditEvent::Prepared { id, record_digest: [5; 32] },
            AuditEvent::Released { id },
            AuditEvent::StationTampered { report: "sensor 3, light".into() },
        ];
        let mut head = Head::EMPTY;
        let stored: Vec<_> = events.iter().zip(100..).map(|(event, time)| head.append(time, event)).collect();
        let mut reader = Head::EMPTY;
        for (bytes, event) in stored.iter().zip(&events) {
            assert_eq!(&reader.follow(bytes).unwrap().event, event);
        }
        assert_eq!(reader, head);

        for (i, bytes) in stored.iter().enumerate() {
            for bit in 0..bytes.len() * 8 {
                let mut changed = bytes.clone();
                changed[bit / 8] ^= 1 << (bit % 8);
                let mut reader = Head::EMPTY;
                for earlier in &stored[..i] {
                    reader.follow(earlier).unwrap();
                }
                assert!(reader.follow(&changed).is_err(), "entry {i}, bit {bit}");
            }
        }
        let mut reader = Head::EMPTY;
        reader.follow(&stored[0]).unwrap();
        assert!(reader.follow(&stored[2]).is_err());
    }
}
