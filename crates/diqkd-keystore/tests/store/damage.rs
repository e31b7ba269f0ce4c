//! Files that are cut, overwritten or something else altogether: an error that says what to do, never a panic.

use diqkd_keystore::Error;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::disk::Disk;
use crate::{NOW, id, insert, key, open, secret};

fn sound_file() -> Vec<u8> {
    let disk = Disk::default();
    let store = open(&disk).expect("a new disk");
    insert(&store, &[key(1), key(2)]).expect("room for two keys");
    drop(store);
    disk.bytes()
}

#[test]
fn another_kind_of_file() {
    for bytes in [b"x,y,a,b,n\n".repeat(500), vec![0xff; 1 << 16], vec![1; 100], vec![0; 1 << 18]] {
        let error = open(&Disk::with(bytes)).unwrap_err();
        assert!(matches!(error, Error::CorruptFile(_)), "{error:?}");
    }
}

#[test]
fn a_file_cut_anywhere() {
    let sound = sound_file();
    for part in [1, 7, 64, 320, 4096, 8192, sound.len() / 2, sound.len() - 4096, sound.len() - 1] {
        let result = open(&Disk::with(sound[..part].to_vec())).and_then(|store| store.verify());
        assert!(matches!(result, Err(Error::CorruptFile(_) | Error::Storage(_))), "{part}: {result:?}");
    }
}

#[test]
fn damaged_bytes_anywhere_never_yield_wrong_bits() {
    let sound = sound_file();
    let used: Vec<usize> = (0..sound.len()).filter(|&i| sound[i] != 0).collect();
    let mut rng = StdRng::seed_from_u64(5);
    for _ in 0..300 {
        let mut bytes = sound.clone();
        for _ in 0..rng.random_range(1..4) {
            let at = used[rng.random_range(0..used.len())];
            bytes[at] ^= 1 << rng.random_range(0..8);
        }
        if let Ok(store) = open(&Disk::with(bytes))
            && let Ok(bits) = store.deliver(id(1), "vpn", NOW)
        {
            assert_eq!(bits, secret(1));
        }
    }
}
