//! Deterministic simulation: two sites with journals, key stores and pre-shared key, on a network and a clock that
//! misbehave, crashed and restarted at any boundary between effects. One seed is one schedule. Every fourth runs with the real
//! key stores, whose power fails at any of their writes; a third of them with flags drawn at the sites, a third padded and
//! with answers at a fixed time.
//!
//! `cargo test -p diqkd-protocol --test simulation` runs a few hundred schedules. More, or one again:
//!
//! ```text
//! DIQKD_SCHEDULES=20000 cargo test --release -p diqkd-protocol --test simulation
//! DIQKD_FIRST_SEED=1234 DIQKD_SCHEDULES=1 cargo test -p diqkd-protocol --test simulation
//! ```

#![expect(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

mod adversary;
mod devices;
mod disk;
mod late_key;
mod network;
#[path = "../../../diqkd-keystore/tests/store/disk.rs"]
#[expect(dead_code, reason = "the tests of the key store look deeper into this disk")]
mod power_disk;
mod real_store;
mod schedule;
mod site;
mod variants;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use schedule::{Tally, run};

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().expect("a number"))
}

#[test]
fn sites_agree_whatever_happens() {
    let (first, count) = (number("DIQKD_FIRST_SEED", 0), number("DIQKD_SCHEDULES", 300));
    let variants = devices::variants().map(|variant| (variant, Arc::new(devices::agreement(variant))));
    let next = AtomicU64::new(first);
    let worker = || {
        let mut tally = Tally::default();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= first + count {
                return tally;
            }
            match catch_unwind(AssertUnwindSafe(|| run(seed, &variants))) {
                Ok(Ok(one)) => tally.add(one),
                Ok(Err(violation)) => panic!("seed {seed}: {violation}"),
                Err(_) => {
                    panic!("seed {seed} panicked; replay it with DIQKD_FIRST_SEED={seed} DIQKD_SCHEDULES=1")
                }
            }
        }
    };
    let tally = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..2).map(|_| scope.spawn(worker)).collect();
        workers.into_iter().fold(Tally::default(), |mut sum, worker| {
            sum.add(worker.join().expect("a schedule failed; its seed is above"));
            sum
        })
    });
    println!("{count} schedules from seed {first}: {tally:?}");
    // The schedules are worth their name.
    if count >= 300 {
        for (what, seen) in tally.seen() {
            assert!(seen > 0, "no schedule had {what}: {tally:?}");
        }
    }
}
