//! The power fails at every single write and sync of an operation; unsynced writes survive at random.

use diqkd_keystore::{Error, Inserted, KeyState, KeyStore, StateName};

use crate::disk::Disk;
use crate::{NOW, id, insert, key, key_until, open, prepare, secret};

/// Runs `operation` on copies of a prepared disk, once for each point at which the power can fail and a few random
/// outcomes each, and hands its result and the store after the restart to `check`.
fn at_every_power_cut<T>(
    operation: impl Fn(&KeyStore) -> Result<T, Error>,
    check: impl Fn(Result<T, Error>, &KeyStore),
) {
    let prepared = Disk::default();
    let store = open(&prepared).expect("a new disk");
    insert(&store, &[key(1), key(2), key_until(3, NOW + 1)]).expect("room for three keys");
    drop(store);
    let prepared = prepared.bytes();

    let disk = Disk::with(prepared.clone());
    let store = open(&disk).expect("a sound disk");
    let before = disk.operations();
    operation(&store).expect("nothing fails while there is power");
    let operations = disk.operations() - before;
    assert!(operations > 3);

    for cut in 0..=operations {
        for seed in 0..4 {
            let disk = Disk::with(prepared.clone());
            let store = open(&disk).expect("a sound disk");
            disk.cut_power_after(cut);
            let result = operation(&store);
            assert!(result.is_ok() || disk.is_out(), "only a power cut makes it fail");
            drop(store);
            let store = open(&disk.restart(seed)).expect("a disk that lost power opens again");
            store.verify().expect("the chain survives a power cut");
            check(result, &store);
        }
    }
}

#[test]
fn a_store_whose_making_is_interrupted_is_made_anew() {
    let disk = Disk::default();
    drop(open(&disk).expect("a new disk"));
    let operations = disk.operations();
    for cut in 0..operations {
        for seed in 0..8 {
            let disk = Disk::default();
            disk.cut_power_after(cut);
            drop(open(&disk));
            let store = open(&disk.restart(seed)).unwrap_or_else(|e| panic!("cut {cut}, seed {seed}: {e}"));
            insert(&store, &[key(1)]).expect("room for a key");
            assert_eq!(store.deliver(id(1), "vpn", NOW).expect("it is there"), secret(1));
        }
    }
}

#[test]
fn a_key_that_was_returned_is_never_available_again() {
    at_every_power_cut(
        |store| store.deliver(id(1), "vpn", NOW),
        |result, store| {
            let again = store.deliver(id(1), "vpn", NOW);
            match result {
                Ok(bits) => {
                    assert_eq!(bits, secret(1));
                    assert!(matches!(
                        again,
                        Err(Error::IllegalTransition { state: StateName::Delivered, .. })
                    ));
                }
                Err(error) => {
                    assert!(matches!(error, Error::Storage(_)), "{error}");
                    assert!(again.is_err() || again.is_ok_and(|bits| bits == secret(1)));
                }
            }
            assert_eq!(store.deliver(id(2), "vpn", NOW).expect("untouched"), secret(2));
        },
    );
}

#[test]
fn a_batch_is_there_as_a_whole_or_not_at_all_and_can_be_repeated() {
    let batch = [key(4), key(5), key(6)];
    at_every_power_cut(
        |store| insert(store, &batch),
        |result, store| {
            let there = (4..=6).filter(|n| store.show(id(*n), NOW).is_ok()).count();
            assert!(there == 3 || (there == 0 && result.is_err()));
            let expected =
                if there == 3 { Inserted { new: 0, known: 3 } } else { Inserted { new: 3, known: 0 } };
            assert_eq!(insert(store, &batch).expect("there is power again"), expected);
        },
    );
}

#[test]
fn an_expired_key_that_was_purged_stays_purged() {
    at_every_power_cut(
        |store| store.purge(NOW + 1),
        |result, store| {
            let state = store.show(id(3), NOW).expect("a known key").state;
            match result {
                Ok(count) => assert_eq!((count, state), (1, KeyState::Expired { at_unix_s: NOW + 1 })),
                Err(_) => {
                    assert!(state == KeyState::Available || state == KeyState::Expired { at_unix_s: NOW + 1 })
                }
            }
        },
    );
}

#[test]
fn a_session_is_released_or_discarded_as_a_whole() {
    let batch = [key(4), key(5), key(6)];
    let session = batch[0].provenance.session;
    let states = |store: &KeyStore| -> Vec<StateName> {
        (4..=6).map(|n| store.show(id(n), NOW).expect("prepared before").state.name()).collect()
    };
    let prepared = |store: &KeyStore| prepare(store, &batch).expect("room for three keys");
    at_every_power_cut(
        |store| {
            prepare(store, &batch)?;
            store.release(session, NOW)
        },
        |result, store| {
            if store.show(id(4), NOW).is_err() {
                assert!(result.is_err());
                prepared(store);
            }
            let there = states(store);
            assert!(
                there == [StateName::Available; 3] || (there == [StateName::Prepared; 3] && result.is_err())
            );
            store.release(session, NOW).expect("there is power again");
            assert_eq!(states(store), [StateName::Available; 3]);
        },
    );
    at_every_power_cut(
        |store| {
            prepare(store, &batch)?;
            store.discard(session, NOW)
        },
        |result, store| {
            if store.show(id(4), NOW).is_err() {
                assert!(result.is_err());
                prepared(store);
            }
            let there = states(store);
            assert!(
                there == [StateName::Destroyed; 3] || (there == [StateName::Prepared; 3] && result.is_err())
            );
            store.discard(session, NOW).expect("there is power again");
            assert!(store.deliver(id(4), "vpn", NOW).is_err());
        },
    );
}
