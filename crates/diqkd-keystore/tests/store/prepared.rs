//! Keys that wait for news of the peer.

use diqkd_core::SessionId;
use diqkd_keystore::{Error, Inserted, NewKey, StateName};

use crate::disk::Disk;
use crate::{NOW, id, insert, key, key_until, open, prepare, secret};

fn of_session(n: u8, session: u8) -> NewKey {
    let mut key = key(n);
    key.provenance.session = SessionId([session; 16]);
    key
}

#[test]
fn a_prepared_key_is_not_delivered_before_its_release() {
    let disk = Disk::default();
    let store = open(&disk).unwrap();
    prepare(&store, &[of_session(1, 7), of_session(2, 7), of_session(3, 0xff)]).unwrap();
    insert(&store, &[key(4)]).unwrap();
    let refused = store.deliver(id(1), "vpn", NOW).unwrap_err();
    assert!(matches!(refused, Error::IllegalTransition { state: StateName::Prepared, .. }), "{refused}");
    assert!(store.destroy(id(1), NOW).is_err());
    assert_eq!(store.available(NOW, 9).unwrap(), [id(4)]);
    let audit = store.verify().unwrap();
    assert_eq!((audit.prepared, audit.available), (3, 1));
    drop(store);

    let store = open(&disk).unwrap();
    assert_eq!(store.prepared_sessions(9).unwrap(), [SessionId([7; 16]), SessionId([0xff; 16])]);
    assert_eq!(store.prepared_sessions(1).unwrap().len(), 1);
    assert_eq!(store.release(SessionId([7; 16]), NOW).unwrap(), 2);
    assert_eq!(store.release(SessionId([7; 16]), NOW).unwrap(), 0, "a second release finds nothing");
    assert_eq!(store.discard(SessionId([0xff; 16]), NOW).unwrap(), 1);
    assert!(store.prepared_sessions(9).unwrap().is_empty());
    assert_eq!(store.deliver(id(2), "vpn", NOW).unwrap(), secret(2));
    assert!(store.deliver(id(3), "vpn", NOW).is_err());
    let audit = store.verify().unwrap();
    assert_eq!((audit.prepared, audit.available, audit.delivered, audit.destroyed), (0, 2, 1, 1));
}

#[test]
fn preparing_again_changes_nothing_and_brings_nothing_back() {
    let store = open(&Disk::default()).unwrap();
    let batch = [of_session(1, 7)];
    prepare(&store, &batch).unwrap();
    assert_eq!(prepare(&store, &batch).unwrap(), Inserted { new: 0, known: 1 });
    store.discard(SessionId([7; 16]), NOW).unwrap();
    assert_eq!(prepare(&store, &batch).unwrap(), Inserted { new: 0, known: 1 });
    assert_eq!(store.release(SessionId([7; 16]), NOW).unwrap(), 0);
    assert_eq!(store.show(id(1), NOW).unwrap().state.name(), StateName::Destroyed);
}

#[test]
fn time_runs_for_prepared_keys_too() {
    let store = open(&Disk::default()).unwrap();
    let key = key_until(1, NOW + 10);
    let session = key.provenance.session;
    prepare(&store, &[key]).unwrap();
    assert_eq!(store.purge(NOW + 20).unwrap(), 0, "it may yet be released");
    store.release(session, NOW + 20).unwrap();
    assert_eq!(store.purge(NOW + 20).unwrap(), 1);
    assert_eq!(store.verify().unwrap().expired, 1);
}
