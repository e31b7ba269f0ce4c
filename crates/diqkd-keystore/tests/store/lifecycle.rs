use std::collections::BTreeSet;

use diqkd_keystore::{AuditEvent, Error, Inserted, KeyState, KeyStore, StateName, StorageKey};
use rand::SeedableRng;
use rand::rngs::StdRng;

use crate::disk::Disk;
use crate::{NOW, id, insert, key, key_until, open, secret, storage_key};

#[test]
fn a_key_survives_reopening_and_goes_out_once() {
    let disk = Disk::default();
    let store = open(&disk).unwrap();
    assert_eq!(insert(&store, &[key(1), key(2)]).unwrap(), Inserted { new: 2, known: 0 });
    drop(store);

    let store = open(&disk).unwrap();
    let record = store.show(id(1), NOW).unwrap();
    assert_eq!((record.length_bits, &record.state), (256, &KeyState::Available));
    assert_eq!(record.provenance, key(1).provenance);
    assert_eq!(store.deliver(id(1), "vpn", NOW + 5).unwrap(), secret(1));
    drop(store);

    let store = open(&disk).unwrap();
    let again = store.deliver(id(1), "vpn", NOW + 6).unwrap_err();
    assert!(matches!(
        again,
        Error::IllegalTransition { state: StateName::Delivered, operation: "delivered", .. }
    ));
    let state = store.show(id(1), NOW + 6).unwrap().state;
    assert_eq!(state, KeyState::Delivered { consumer: "vpn".into(), at_unix_s: NOW + 5 });
    assert_eq!(store.available(NOW, 10).unwrap(), [id(2)]);
    assert!(matches!(store.deliver(id(9), "vpn", NOW), Err(Error::UnknownKey { .. })));
    let audit = store.verify().unwrap();
    assert_eq!((audit.entries, audit.available, audit.delivered), (4, 1, 1));
}

#[test]
fn inserting_again_is_harmless_and_other_bits_are_refused() {
    let disk = Disk::default();
    let store = open(&disk).unwrap();
    insert(&store, &[key(1), key(2)]).unwrap();
    store.deliver(id(1), "vpn", NOW).unwrap();
    assert_eq!(insert(&store, &[key(1), key(2), key(3)]).unwrap(), Inserted { new: 1, known: 2 });
    assert_eq!(store.show(id(1), NOW).unwrap().state.name(), StateName::Delivered);

    let mut other = key(2);
    other.secret[31] ^= 1;
    let entries = store.verify().unwrap().entries;
    assert!(matches!(insert(&store, &[key(4), other]), Err(Error::ConflictingKey { id: i }) if i == id(2)));
    assert!(matches!(store.show(id(4), NOW), Err(Error::UnknownKey { .. })), "all or none");
    assert_eq!(store.verify().unwrap().entries, entries);
}

#[test]
fn time_runs_out() {
    let disk = Disk::default();
    let store = open(&disk).unwrap();
    insert(&store, &[key_until(1, NOW + 10), key_until(2, NOW + 20), key_until(3, NOW + 10), key(4)])
        .unwrap();
    assert_eq!(store.available(NOW + 9, 9).unwrap().len(), 4);
    assert_eq!(store.available(NOW + 10, 9).unwrap(), [id(2), id(4)]);
    assert_eq!(store.show(id(1), NOW + 10).unwrap().state.name(), StateName::Expired);
    assert!(matches!(
        store.deliver(id(1), "vpn", NOW + 10),
        Err(Error::Expired { expires_unix_s, now_unix_s, .. }) if (expires_unix_s, now_unix_s) == (NOW + 10, NOW + 10)
    ));
    assert_eq!(store.purge(NOW + 10).unwrap(), 1, "the other one was erased when it was asked for");
    assert_eq!(store.purge(NOW + 10).unwrap(), 0);
    assert!(store.deliver(id(1), "vpn", NOW).is_err(), "turning back the clock brings nothing back");
    let audit = store.verify().unwrap();
    assert_eq!((audit.available, audit.expired), (2, 2));
    assert!(matches!(
        insert(&store, &[key_until(5, NOW)]),
        Err(Error::Limit { quantity: "the time limit of a new key", .. })
    ));
}

#[test]
fn the_oldest_key_goes_first_and_expired_ones_are_passed_over() {
    let store = open(&Disk::default()).unwrap();
    insert(&store, &[key(7), key_until(3, NOW + 1), key(5)]).unwrap();
    let next = || store.deliver_next("vpn", NOW + 2).unwrap().map(|key| (key.id, key.secret));
    assert_eq!(next(), Some((id(7), secret(7))));
    assert_eq!(next(), Some((id(5), secret(5))));
    assert_eq!(next(), None);
    assert_eq!(store.show(id(3), NOW).unwrap().state, KeyState::Expired { at_unix_s: NOW + 2 });
}

#[test]
fn destruction_ends_every_life_once() {
    let store = open(&Disk::default()).unwrap();
    insert(&store, &[key(1), key(2), key_until(3, NOW + 1)]).unwrap();
    store.deliver(id(2), "vpn", NOW).unwrap();
    store.purge(NOW + 1).unwrap();
    for n in 1..=3 {
        store.destroy(id(n), NOW + 2).unwrap();
        assert!(matches!(
            store.destroy(id(n), NOW + 3),
            Err(Error::IllegalTransition { state: StateName::Destroyed, .. })
        ));
        assert!(store.deliver(id(n), "vpn", NOW).is_err());
        assert_eq!(insert(&store, &[key(n)]).unwrap(), Inserted { new: 0, known: 1 });
    }
    assert_eq!(store.verify().unwrap().destroyed, 3);
}

#[test]
fn pages_list_every_key_once() {
    let store = open(&Disk::default()).unwrap();
    let batch: Vec<_> = (0..10).map(key).collect();
    insert(&store, &batch).unwrap();
    let mut seen = vec![];
    while let Some(page) = Some(store.list(NOW, seen.last().copied(), 3).unwrap()).filter(|p| !p.is_empty()) {
        seen.extend(page.into_iter().map(|record| record.id));
    }
    assert_eq!(seen, (0..10).map(id).collect::<Vec<_>>());
}

#[test]
fn limits_are_named() {
    let store = open(&Disk::default()).unwrap();
    let mut empty = key(1);
    empty.secret.clear();
    assert!(matches!(
        insert(&store, &[empty]),
        Err(Error::Limit { quantity: "the length of a key in bytes", .. })
    ));
    insert(&store, &[key(2)]).unwrap();
    assert!(matches!(store.deliver(id(2), "", NOW), Err(Error::Limit { .. })));
    assert!(matches!(store.deliver(id(2), &"x".repeat(257), NOW), Err(Error::Limit { value: 257, .. })));
    assert!(store.deliver(id(2), &"x".repeat(256), NOW).is_ok());
}

#[test]
fn two_stores_compare_keys_without_taking_them_out() {
    let alice = open(&Disk::default()).unwrap();
    let bob = KeyStore::open(Disk::default(), StorageKey::new([3; 32]), NOW, &mut StdRng::seed_from_u64(8))
        .unwrap();
    insert(&alice, &[key(1), key(2)]).unwrap();
    let mut differing = key(2);
    differing.secret[0] ^= 0x80;
    insert(&bob, &[key(1), differing]).unwrap();
    let digest = |store: &KeyStore, n| store.fingerprint(id(n), &[1; 32]).unwrap();
    assert_eq!(digest(&alice, 1), digest(&bob, 1));
    assert_ne!(digest(&alice, 2), digest(&bob, 2));
    assert_ne!(digest(&alice, 1), alice.fingerprint(id(1), &[2; 32]).unwrap());
    alice.deliver(id(1), "vpn", NOW).unwrap();
    assert!(matches!(alice.fingerprint(id(1), &[1; 32]), Err(Error::IllegalTransition { .. })));
}

#[test]
fn only_the_right_storage_key_opens_and_a_new_one_takes_over() {
    let disk = Disk::default();
    let other = || StorageKey::new([0x5b; 32]);
    let reopen = |key| KeyStore::open(disk.clone(), key, NOW, &mut StdRng::seed_from_u64(3));
    let mut store = open(&disk).unwrap();
    insert(&store, &[key(1), key(2)]).unwrap();
    store.deliver(id(1), "vpn", NOW).unwrap();
    store.rotate_storage_key(other(), NOW + 1, &mut StdRng::seed_from_u64(4)).unwrap();
    drop(store);
    assert!(matches!(reopen(storage_key()), Err(Error::WrongStorageKey)));
    let store = reopen(other()).unwrap();
    assert_eq!(insert(&store, &[key(1), key(2)]).unwrap(), Inserted { new: 0, known: 2 });
    store.verify().unwrap();
    assert_eq!(store.deliver(id(2), "vpn", NOW).unwrap(), secret(2));
    assert_eq!(store.audit_entries(4, 1).unwrap()[0].event, AuditEvent::StorageKeyRotated);
}

#[test]
fn threads_that_ask_for_the_same_key_get_it_once() {
    let store = open(&Disk::default()).unwrap();
    let batch: Vec<_> = (0..40).map(key).collect();
    insert(&store, &batch).unwrap();
    let delivered = |n| {
        std::thread::scope(|scope| {
            let threads: Vec<_> =
                (0..4).map(|_| scope.spawn(|| store.deliver(id(n), "vpn", NOW).is_ok())).collect();
            threads.into_iter().filter_map(|t| t.join().ok()).filter(|ok| *ok).count()
        })
    };
    for n in 0..10 {
        assert_eq!(delivered(n), 1);
    }
    let ids: Vec<_> = std::thread::scope(|scope| {
        let take_all = || {
            let mut ids = vec![];
            while let Some(key) = store.deliver_next("vpn", NOW).unwrap() {
                ids.push(key.id);
            }
            ids
        };
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(take_all)).collect();
        threads.into_iter().flat_map(|t| t.join().unwrap()).collect()
    });
    assert_eq!(ids.len(), 30);
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), 30);
    store.verify().unwrap();
}

#[test]
fn no_key_bits_are_ever_written() {
    let disk = Disk::default();
    let store = open(&disk).unwrap();
    let batch: Vec<_> = (0..50).map(key).collect();
    insert(&store, &batch).unwrap();
    for n in 0..25 {
        store.deliver(id(n), "vpn", NOW).unwrap();
    }
    store.destroy(id(30), NOW).unwrap();
    let written = disk.written();
    let windows: BTreeSet<&[u8]> = written.windows(8).collect();
    for n in 0..50 {
        for window in secret(n).windows(8) {
            assert!(!windows.contains(window), "bits of key {n} are on the disk");
        }
    }
    assert!(format!("{:?}", key(1)).contains("secret_bytes: 32") && !format!("{:?}", key(1)).contains("165"));
    assert_eq!(format!("{:?} {store:?}", storage_key()), "StorageKey KeyStore");
}

#[test]
fn a_block_of_keys_goes_in_and_out() {
    let store = open(&Disk::default()).unwrap();
    let batch: Vec<_> = (0..5000u32)
        .map(|n| {
            let mut new = key(1);
            new.id.0[..4].copy_from_slice(&n.to_le_bytes());
            new.secret[..4].copy_from_slice(&n.to_le_bytes());
            new.provenance.position = n;
            new
        })
        .collect();
    assert_eq!(insert(&store, &batch).unwrap(), Inserted { new: 5000, known: 0 });
    let audit = store.verify().unwrap();
    assert_eq!((audit.available, audit.entries), (5000, 5001));
    assert_eq!(store.available(NOW, 5000).unwrap().len(), 4096, "pages are bounded");
    let first = store.deliver_next("vpn", NOW).unwrap().unwrap();
    assert_eq!((first.id, &first.secret), (batch[0].id, &batch[0].secret));
}

#[test]
fn several_keys_go_out_together_or_not_at_all() {
    let store = open(&Disk::default()).unwrap();
    insert(&store, &[key(1), key(2), key_until(3, NOW + 5)]).unwrap();
    assert!(matches!(store.deliver_batch(&[id(1), id(9)], "link", NOW), Err(Error::UnknownKey { .. })));
    assert!(matches!(store.deliver_batch(&[id(1), id(3)], "link", NOW + 5), Err(Error::Expired { .. })));
    assert!(store.deliver_batch(&[id(1), id(1)], "link", NOW).is_err(), "one key, twice");
    assert_eq!(store.verify().unwrap().available, 3);
    let keys = store.deliver_batch(&[id(2), id(1)], "link", NOW).unwrap();
    assert_eq!((&keys[0].secret, &keys[1].secret), (&secret(2), &secret(1)));
    assert_eq!(store.verify().unwrap().delivered, 2);
}

#[test]
fn a_session_is_remembered_after_its_keys_are_gone() {
    let store = open(&Disk::default()).unwrap();
    let session = key(1).provenance.session;
    assert!(!store.has_session(session).unwrap());
    insert(&store, &[key(1)]).unwrap();
    store.deliver(id(1), "vpn", NOW).unwrap();
    assert!(store.has_session(session).unwrap());
}
