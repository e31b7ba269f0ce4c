//! Nodes that are killed at any moment: the same keys at both sites or none, no pad used twice, no key delivered twice.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::{Duration, Instant};

use diqkd_keystore::AuditEvent;
use diqkd_node::StoreOnDisk;
use diqkd_node::randomness::Randomness;
use rand::{RngExt, SeedableRng};

use crate::pair::{PATIENCE, Pair};

#[test]
fn nodes_killed_at_random_agree_on_every_key() {
    let variable = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let minutes = variable("DIQKD_SOAK_MINUTES");
    let seed = variable("DIQKD_SOAK_SEED").unwrap_or(1);
    let mut random = rand::rngs::StdRng::seed_from_u64(seed);
    let mut pair = Pair::new("killed");
    if minutes.is_some() {
        // Every kill costs the pads of the blocks in flight.
        let mut secret = vec![0; 50_000_000];
        blake3::Hasher::new().update(b"soak").finalize_xof().fill(&mut secret);
        std::fs::write(pair.folder().join("preshared.key"), secret).unwrap();
    }
    for settings in [&mut pair.alice, &mut pair.bob] {
        settings.pipelines = 2;
    }
    let end = minutes.map(|minutes| Instant::now() + Duration::from_secs(60 * minutes));
    let mut kills = 0;
    let (mut alice, mut bob) = (pair.start(&pair.alice, &[]), pair.start(&pair.bob, &[]));
    while end.map_or(kills < 8, |end| Instant::now() < end) {
        // Some kills come while a block is recorded or distilled, and in a soak most come after several.
        let longest = if minutes.is_some() { 8000 } else { 2500 };
        std::thread::sleep(Duration::from_millis(random.random_range(100..longest)));
        match random.random_range(0..5) {
            0 | 1 => {
                alice.kill();
                alice = pair.start(&pair.alice, &[]);
            }
            2 | 3 => {
                bob.kill();
                bob = pair.start(&pair.bob, &[]);
            }
            _ => {
                alice.kill();
                bob.kill();
                (alice, bob) = (pair.start(&pair.alice, &[]), pair.start(&pair.bob, &[]));
            }
        }
        kills += 1;
    }
    alice.kill();
    bob.kill();
    // A last block settles what the kills have left open.
    let (alice, bob) =
        (pair.start(&pair.alice, &["--blocks", "2"]), pair.start(&pair.bob, &["--blocks", "2"]));
    assert!(
        alice.wait(PATIENCE).0.success() && bob.wait(PATIENCE).0.success(),
        "seed {seed}: {}",
        pair.log("bob")
    );

    let keys = pair.same_keys("bench");
    let sessions = ["alice", "bob"].map(|role| {
        delivered_once(&pair.folder().join(role).join("bench/pads"));
        pads_used_once(&pair.folder().join(role))
    });
    let shared = sessions[0].iter().filter(|(session, range)| {
        let theirs = sessions[1].get(*session);
        assert!(theirs.is_none_or(|theirs| theirs == *range), "seed {seed}: pads differ");
        theirs.is_some()
    });
    println!(
        "seed {seed}: {kills} kills, {} sessions at alice's site, {} of them at both, {keys} keys, the same at both",
        sessions[0].len(),
        shared.count()
    );
    assert!(keys > 0, "seed {seed}");
}

/// No record of the audit chain delivers a key for the second time.
pub(crate) fn delivered_once(folder: &Path) {
    let store = StoreOnDisk::open(folder, &Randomness::from_seed(1)).unwrap();
    let (mut seen, mut from) = (BTreeSet::new(), 0);
    loop {
        let entries = store.keys().audit_entries(from, 4096).unwrap();
        if entries.is_empty() {
            return;
        }
        from += entries.len() as u64;
        for entry in entries {
            if let AuditEvent::Delivered { id, .. } = entry.event {
                assert!(seen.insert(id), "key {id} was delivered twice");
            }
        }
    }
}

/// The ranges of the pre-shared key that a site's journal says were used, by session; none overlaps another.
fn pads_used_once(folder: &Path) -> BTreeMap<[u8; 16], (u64, u64)> {
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let journal = files.into_iter().find(|path| path.extension().is_some_and(|e| e == "journal")).unwrap();
    let bytes = std::fs::read(journal).unwrap();
    let mut sessions = BTreeMap::new();
    for record in bytes.chunks_exact(64) {
        let word = |at: usize| u64::from_le_bytes(record[at..at + 8].try_into().unwrap());
        let (start, end) = (word(16), word(24));
        assert!(sessions.insert(record[..16].try_into().unwrap(), (start, end)).is_none(), "a session twice");
    }
    // What was set aside is not in the file: only the file's ranges are to be the same at both sites.
    sessions.retain(|_, (start, end)| start != end);
    let mut ranges: Vec<(u64, u64)> = sessions.values().copied().collect();
    ranges.sort_unstable();
    assert!(ranges.iter().all(|(start, end)| start < end), "{ranges:?}");
    assert!(ranges.windows(2).all(|pair| pair[0].1 <= pair[1].0), "pads used twice: {ranges:?}");
    sessions
}
