//! What has become of keys, from the audit chain of a key store.

use std::collections::BTreeMap;
use std::path::Path;

use diqkd_keystore::{AuditEvent, KeyStore};

use super::calendar::{Time, Window};
use crate::answer::Failure;

/// The steps of the period in one store whose chain has been verified.
#[derive(Debug, Default)]
pub(super) struct Keys {
    /// The folder's own name: that of the source whose keys are in it.
    pub(super) name: String,
    /// Entries of the whole chain, and its last hash.
    pub(super) entries: u64,
    pub(super) head: String,
    /// Keys that may be delivered now, whatever the period.
    pub(super) available: u64,
    pub(super) stored: u64,
    pub(super) delivered: BTreeMap<String, u64>,
    pub(super) expired: u64,
    pub(super) destroyed: u64,
    pub(super) rotations: u64,
    /// Tamper events of the station: when, and what it reported.
    pub(super) tampered: Vec<(Time, String)>,
}

impl Keys {
    /// Verifies a store and counts.
    pub(super) fn read(folder: &Path, period: Window) -> Result<Self, Failure> {
        let store = crate::commands::keys::open(folder)?;
        let keys = store.keys();
        let refused = |error| Failure::because(format!("{}: the key store refused", folder.display()), error);
        let audit = keys.verify().map_err(refused)?;
        let mut counted = Self {
            name: folder.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned()),
            entries: audit.entries,
            head: audit.head.iter().map(|byte| format!("{byte:02x}")).collect(),
            available: audit.available,
            ..Self::default()
        };
        counted.walk(keys, period).map_err(refused)?;
        Ok(counted)
    }

    pub(super) fn delivered(&self) -> u64 {
        self.delivered.values().sum()
    }

    fn walk(&mut self, keys: &KeyStore, period: Window) -> Result<(), diqkd_keystore::Error> {
        let mut from = 0;
        loop {
            let page = keys.audit_entries(from, PAGE)?;
            let Some(last) = page.last() else { return Ok(()) };
            from = last.sequence + 1;
            for entry in page {
                let at = Time::from_unix_s(entry.at_unix_s);
                if period.contains(at) {
                    self.count(at, entry.event);
                }
            }
        }
    }

    fn count(&mut self, at: Time, event: AuditEvent) {
        match event {
            AuditEvent::Inserted { .. } | AuditEvent::Released { .. } => self.stored += 1,
            AuditEvent::Delivered { consumer, .. } => *self.delivered.entry(consumer).or_default() += 1,
            AuditEvent::Expired { .. } => self.expired += 1,
            AuditEvent::Destroyed { .. } => self.destroyed += 1,
            AuditEvent::StorageKeyRotated => self.rotations += 1,
            AuditEvent::StationTampered { report } => self.tampered.push((at, report)),
            _ => {}
        }
    }
}

const PAGE: usize = 4096;
