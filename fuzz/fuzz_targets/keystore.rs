//! A key store whose file somebody has changed, with the database's own tools or byte by byte: nothing panics, no bits come
//! out that did not go in under their name, and none twice.
//!
//! The input is a list of changes: kind, entry, place (u16), length, and that many bytes.

#![no_main]

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, OnceLock};

use diqkd_core::{Assumption, Epsilon, KeyId, SecurityModel, SessionId};
use diqkd_keystore::{KeyStore, NewKey, Provenance, Route, StorageKey};
use libfuzzer_sys::fuzz_target;
use rand::SeedableRng;
use rand::rngs::StdRng;
use redb::{Database, ReadableTable, StorageBackend, TableDefinition};
use zeroize::Zeroizing;

type Bytes = TableDefinition<'static, &'static [u8; 16], &'static [u8]>;
const RECORDS: Bytes = Bytes::new("records");
const WRAPPING: Bytes = Bytes::new("wrapping keys");
const SECRETS: Bytes = Bytes::new("secrets");
const PROVENANCE: TableDefinition<'static, &[u8; 32], &[u8]> = TableDefinition::new("provenance");
const QUEUE: TableDefinition<'static, u64, &[u8; 16]> = TableDefinition::new("queue");
const AUDIT: TableDefinition<'static, u64, &[u8]> = TableDefinition::new("audit");
const META: TableDefinition<'static, &str, &[u8]> = TableDefinition::new("meta");
const NOW: u64 = 1_795_000_000;

/// A file in memory; clones share it.
#[derive(Clone, Debug, Default)]
struct Disk(Arc<Mutex<Vec<u8>>>);

impl Disk {
    fn bytes(&self) -> std::sync::MutexGuard<'_, Vec<u8>> {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl StorageBackend for Disk {
    fn len(&self) -> std::io::Result<u64> {
        Ok(self.bytes().len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> std::io::Result<()> {
        let bytes = self.bytes();
        let from = usize::try_from(offset).unwrap_or(usize::MAX);
        let part = from.checked_add(out.len()).and_then(|to| bytes.get(from..to));
        out.copy_from_slice(part.ok_or(std::io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn set_len(&self, len: u64) -> std::io::Result<()> {
        if len > 1 << 26 {
            return Err(std::io::ErrorKind::StorageFull.into());
        }
        self.bytes().resize(len as usize, 0);
        Ok(())
    }

    fn sync_data(&self) -> std::io::Result<()> {
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> std::io::Result<()> {
        let mut bytes = self.bytes();
        let from = usize::try_from(offset).unwrap_or(usize::MAX);
        let part = from.checked_add(data.len()).and_then(|to| bytes.get_mut(from..to));
        part.ok_or(std::io::ErrorKind::UnexpectedEof)?.copy_from_slice(data);
        Ok(())
    }
}

fn open(disk: &Disk) -> Result<KeyStore, diqkd_keystore::Error> {
    KeyStore::open(disk.clone(), StorageKey::new([0x5a; 32]), NOW, &mut StdRng::seed_from_u64(1))
}

fn secret(n: u8) -> Vec<u8> {
    (0..32u8).map(|i| i.wrapping_mul(37) ^ n).collect()
}

fn key(n: u8) -> NewKey {
    NewKey {
        id: KeyId([n; 16]),
        secret: Zeroizing::new(secret(n)),
        provenance: Provenance {
            session: SessionId([9; 16]),
            block: 4,
            position: n.into(),
            security_model: SecurityModel::DeviceIndependent,
            route: Route::Direct,
            assumptions: vec![Assumption::QuantumTheory, Assumption::ExpandedTestFlags],
            certificate_digest: [0xcd; 32],
            eps_sound: Epsilon::from_log2(-33.0).expect("a probability"),
            rng_attestation: "certificate 7".to_owned(),
            created_unix_s: NOW - 60,
        },
        expires_unix_s: (n == 3).then_some(NOW + 1),
    }
}

/// Key 1 delivered, 2 available, 3 expired, 4 destroyed, 5 available; 6 prepared in a session of its own.
fn sound() -> &'static [u8] {
    static SOUND: OnceLock<Vec<u8>> = OnceLock::new();
    SOUND.get_or_init(|| {
        let disk = Disk::default();
        let store = open(&disk).expect("an empty disk");
        let rng = &mut StdRng::seed_from_u64(2);
        store.insert_batch(&[1, 2, 3, 4, 5].map(key), NOW, rng).expect("new keys");
        let mut prepared = key(6);
        prepared.provenance.session = SessionId([8; 16]);
        store.prepare_batch(&[prepared], NOW, rng).expect("a new key");
        store.deliver(KeyId([1; 16]), "vpn", NOW).expect("an available key");
        store.purge(NOW + 1).expect("an expired key");
        store.destroy(KeyId([4; 16]), NOW).expect("an available key");
        store.verify().expect("a sound store");
        drop(store);
        let bytes = disk.bytes().clone();
        bytes
    })
}

/// `old` with `new` in the place of as many bytes from `place` on; cut off there if `cut`.
fn changed(old: &[u8], place: usize, new: &[u8], cut: bool) -> Vec<u8> {
    let place = place.min(old.len());
    let rest = if cut { &[] } else { old.get(place + new.len()..).unwrap_or_default() };
    [&old[..place], new, rest].concat()
}

fn edit(database: &Database, kind: u8, entry: u8, place: usize, new: &[u8]) -> Option<()> {
    let transaction = database.begin_write().ok()?;
    let (id, cut) = ([entry; 16], kind & 0x80 != 0);
    match kind & 7 {
        table @ 0..=2 => {
            let mut table = transaction.open_table([RECORDS, WRAPPING, SECRETS][usize::from(table)]).ok()?;
            let old = table.get(&id).ok()?.map(|value| value.value().to_vec()).unwrap_or_default();
            table.insert(&id, &changed(&old, place, new, cut)[..]).ok()?;
        }
        3 => {
            let mut table = transaction.open_table(PROVENANCE).ok()?;
            let (digest, old) =
                table.iter().ok()?.nth(entry.into())?.ok().map(|(k, v)| (*k.value(), v.value().to_vec()))?;
            table.insert(&digest, &changed(&old, place, new, cut)[..]).ok()?;
        }
        4 => {
            let mut table = transaction.open_table(AUDIT).ok()?;
            let old =
                table.get(u64::from(entry)).ok()?.map(|value| value.value().to_vec()).unwrap_or_default();
            table.insert(u64::from(entry), &changed(&old, place, new, cut)[..]).ok()?;
        }
        5 => {
            let mut table = transaction.open_table(META).ok()?;
            let name = ["format", "store keys", "head"][usize::from(entry) % 3];
            let old = table.get(name).ok()?.map(|value| value.value().to_vec()).unwrap_or_default();
            table.insert(name, &changed(&old, place, new, cut)[..]).ok()?;
        }
        6 => {
            let mut table = transaction.open_table(QUEUE).ok()?;
            table.insert(place as u64, &id).ok()?;
        }
        _ => {
            // An entry of one key under the name of another.
            for table in [RECORDS, WRAPPING, SECRETS] {
                let mut table = transaction.open_table(table).ok()?;
                let old = table.get(&id).ok()?.map(|value| value.value().to_vec())?;
                table.insert(&[place as u8; 16], &old[..]).ok()?;
            }
        }
    }
    transaction.commit().ok()
}

fuzz_target!(|data: &[u8]| {
    let disk = Disk(Arc::new(Mutex::new(sound().to_vec())));
    let mut changes = data;
    while let Some((&[kind, entry, low, high, length], rest)) = changes.split_first_chunk::<5>() {
        let (new, rest) = rest.split_at(usize::from(length).min(rest.len()));
        let place = usize::from(u16::from_le_bytes([low, high]));
        changes = rest;
        if kind & 0x40 == 0 {
            let Ok(database) = redb::Builder::new().create_with_backend(disk.clone()) else { return };
            edit(&database, kind, entry, place, new);
        } else {
            // Behind the database's back: anywhere in the file.
            let mut bytes = disk.bytes();
            let from = place << 8 | usize::from(entry);
            bytes.iter_mut().skip(from).zip(new).for_each(|(byte, new)| *byte ^= new);
        }
    }
    let Ok(store) = open(&disk) else { return };
    let sound = store.verify().is_ok();
    let _ = (store.list(NOW, None, 100), store.prepared_sessions(100), store.audit_entries(0, 100));
    let _ = (store.has_session(SessionId([9; 16])), store.available(NOW, 100));
    let mut delivered = BTreeSet::new();
    let mut came_out = |id: KeyId, bits: &[u8]| {
        let n = id.0[0];
        assert!((1..=6).contains(&n) && bits == secret(n), "bits that are not those of key {n}");
        assert!(delivered.insert(n), "key {n} came out twice");
        assert!(!sound || n == 2 || n == 5 || n == 6, "key {n} came out of a store that called itself sound");
    };
    for n in [1, 2, 3, 4] {
        let id = KeyId([n; 16]);
        let _ = (store.show(id, NOW), store.fingerprint(id, &[7; 32]));
        if let Ok(bits) = store.deliver(id, "a", NOW) {
            came_out(id, &bits);
        }
    }
    let _ = store.release(SessionId([8; 16]), NOW);
    for _ in 0..8 {
        match store.deliver_next("b", NOW) {
            Ok(Some(key)) => came_out(key.id, &key.secret),
            _ => break,
        }
    }
    let _ =
        (store.purge(NOW + 2), store.discard(SessionId([9; 16]), NOW), store.destroy(KeyId([5; 16]), NOW));
    let _ = store.verify();
});
