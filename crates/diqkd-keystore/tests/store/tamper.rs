//! Someone edits the file with the database's own tools, without the storage key.

use diqkd_keystore::{AuditEvent, Error};
use redb::{Database, ReadableDatabase, ReadableTable, ReadableTableMetadata, TableDefinition};

use crate::disk::Disk;
use crate::{NOW, id, insert, key, key_until, open};

type Bytes = TableDefinition<'static, &'static [u8; 16], &'static [u8]>;
const RECORDS: Bytes = Bytes::new("records");
const WRAPPING: Bytes = Bytes::new("wrapping keys");
const SECRETS: Bytes = Bytes::new("secrets");
const PROVENANCE: TableDefinition<'static, &[u8; 32], &[u8]> = TableDefinition::new("provenance");
const QUEUE: TableDefinition<'static, u64, &[u8; 16]> = TableDefinition::new("queue");
const AUDIT: TableDefinition<'static, u64, &[u8]> = TableDefinition::new("audit");
const META: TableDefinition<'static, &str, &[u8]> = TableDefinition::new("meta");

/// A store with key 1 delivered, key 2 available, key 3 expired; `edit` changes the file behind its back.
fn edited(edit: impl FnOnce(&Database)) -> Disk {
    let disk = Disk::default();
    let store = open(&disk).expect("a new disk");
    insert(&store, &[key(1), key(2), key_until(3, NOW + 1)]).expect("room for three keys");
    store.deliver(id(1), "vpn", NOW).expect("an available key");
    store.purge(NOW + 1).expect("an expired key");
    store.verify().expect("a sound store");
    drop(store);
    let database = redb::Builder::new().create_with_backend(disk.clone()).expect("a sound file");
    edit(&database);
    drop(database);
    disk
}

fn flip(database: &Database, table: Bytes, key: [u8; 16], byte: usize) {
    let transaction = database.begin_write().expect("a writable file");
    {
        let mut table = transaction.open_table(table).expect("a table of the store");
        let mut value = table.get(&key).expect("readable").expect("an entry").value().to_vec();
        value[byte] ^= 1;
        table.insert(&key, &value[..]).expect("writable");
    }
    transaction.commit().expect("writable");
}

#[test]
fn every_byte_of_a_record_matters() {
    let length = {
        let mut length = 0;
        edited(|database| {
            let transaction = database.begin_read().unwrap();
            length = transaction.open_table(RECORDS).unwrap().get(&[1; 16]).unwrap().unwrap().value().len();
        });
        length
    };
    for byte in 0..length {
        let disk = edited(|database| flip(database, RECORDS, [1; 16], byte));
        assert!(open(&disk).and_then(|store| store.verify()).is_err(), "byte {byte}");
    }
}

#[test]
fn sealed_bits_are_bound_to_their_key() {
    for (table, byte) in [(WRAPPING, 0), (WRAPPING, 30), (WRAPPING, 71), (SECRETS, 0), (SECRETS, 47)] {
        let store = open(&edited(|database| flip(database, table, [2; 16], byte))).unwrap();
        assert!(matches!(store.verify(), Err(Error::Corrupt { what: "authentication failed", .. })));
        assert!(matches!(store.deliver(id(2), "vpn", NOW), Err(Error::Corrupt { .. })));
        assert!(matches!(store.fingerprint(id(2), &[0; 32]), Err(Error::Corrupt { .. })));
    }
    let moved = edited(|database| {
        let transaction = database.begin_write().unwrap();
        for table in [WRAPPING, SECRETS] {
            let mut table = transaction.open_table(table).unwrap();
            let value = table.get(&[2; 16]).unwrap().unwrap().value().to_vec();
            table.insert(&[1; 16], &value[..]).unwrap();
        }
        let mut records = transaction.open_table(RECORDS).unwrap();
        let available = records.get(&[2; 16]).unwrap().unwrap().value().to_vec();
        records.insert(&[1; 16], &available[..]).unwrap();
        drop(records);
        transaction.commit().unwrap();
    });
    let store = open(&moved).unwrap();
    assert!(matches!(store.deliver(id(1), "vpn", NOW), Err(Error::Corrupt { .. })));
    assert!(matches!(store.verify(), Err(Error::Tampered { .. })));
}

#[test]
fn the_chain_can_be_neither_cut_nor_changed_nor_continued() {
    let cut = edited(|database| {
        let transaction = database.begin_write().unwrap();
        {
            let mut audit = transaction.open_table(AUDIT).unwrap();
            let last = audit.last().unwrap().unwrap().0.value();
            audit.remove(last).unwrap();
        }
        transaction.commit().unwrap();
    });
    assert!(matches!(open(&cut).unwrap().verify(), Err(Error::Tampered { .. })));

    let changed = edited(|database| {
        let transaction = database.begin_write().unwrap();
        {
            let mut audit = transaction.open_table(AUDIT).unwrap();
            let mut entry = audit.get(4).unwrap().unwrap().value().to_vec();
            let at = entry.len() - 34;
            entry[at] ^= 2;
            audit.insert(4, &entry[..]).unwrap();
        }
        transaction.commit().unwrap();
    });
    let error = open(&changed).unwrap().verify().unwrap_err();
    assert!(matches!(error, Error::Tampered { entry: 4, .. }), "{error}");

    let forged_end = edited(|database| {
        let transaction = database.begin_write().unwrap();
        {
            let mut meta = transaction.open_table(META).unwrap();
            let mut head = meta.get("head").unwrap().unwrap().value().to_vec();
            head[8] ^= 1;
            meta.insert("head", &head[..]).unwrap();
        }
        transaction.commit().unwrap();
    });
    assert!(matches!(open(&forged_end), Err(Error::Tampered { .. })));
}

#[test]
fn missing_and_surplus_entries_are_found() {
    let no_queue = edited(|database| {
        let transaction = database.begin_write().unwrap();
        transaction.open_table(QUEUE).unwrap().retain(|_, _| false).unwrap();
        transaction.commit().unwrap();
    });
    assert!(open(&no_queue).unwrap().verify().is_err());

    let lost_record = edited(|database| {
        let transaction = database.begin_write().unwrap();
        transaction.open_table(RECORDS).unwrap().remove(&[3; 16]).unwrap();
        transaction.commit().unwrap();
    });
    assert!(open(&lost_record).unwrap().verify().is_err());

    let added_bits = edited(|database| {
        let transaction = database.begin_write().unwrap();
        transaction.open_table(SECRETS).unwrap().insert(&[1; 16], &[0; 48][..]).unwrap();
        transaction.commit().unwrap();
    });
    assert!(open(&added_bits).unwrap().verify().is_err());

    let other_provenance = edited(|database| {
        let transaction = database.begin_write().unwrap();
        {
            let mut table = transaction.open_table(PROVENANCE).unwrap();
            assert_eq!(table.len().unwrap(), 1, "keys of a block share their provenance");
            let (digest, mut value) = table
                .first()
                .unwrap()
                .map(|(digest, value)| (*digest.value(), value.value().to_vec()))
                .unwrap();
            let last = value.len() - 1;
            value[last] ^= 1;
            table.insert(&digest, &value[..]).unwrap();
        }
        transaction.commit().unwrap();
    });
    assert!(open(&other_provenance).unwrap().verify().is_err());

    let newer = edited(|database| {
        let transaction = database.begin_write().unwrap();
        transaction.open_table(META).unwrap().insert("format", &[2][..]).unwrap();
        transaction.commit().unwrap();
    });
    assert!(matches!(open(&newer), Err(Error::Version { found: 2, expected: 1 })));
}

#[test]
fn tamper_events_of_the_station_are_in_the_chain() {
    let disk = Disk::default();
    let store = open(&disk).unwrap();
    insert(&store, &[key(1)]).unwrap();
    store.note_tamper("sensor 7: enclosure", NOW + 5).unwrap();
    store.note_tamper(&"\u{e9}".repeat(1000), NOW + 6).unwrap();
    store.deliver(id(1), "vpn", NOW + 7).unwrap();
    drop(store);
    let store = open(&disk).unwrap();
    store.verify().unwrap();
    let entries = store.audit_entries(0, 1000).unwrap();
    let tampered: Vec<_> = entries
        .into_iter()
        .filter_map(|entry| match entry.event {
            AuditEvent::StationTampered { report } => Some((entry.at_unix_s, report)),
            _ => None,
        })
        .collect();
    assert_eq!(tampered, [(NOW + 5, "sensor 7: enclosure".to_owned()), (NOW + 6, "\u{e9}".repeat(128))]);
}
