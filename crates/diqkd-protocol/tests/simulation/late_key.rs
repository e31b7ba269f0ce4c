//! Alice dies with her seed on the way, comes back and asks; Bob says no; then the seed arrives.

use std::sync::Arc;

use diqkd_core::{Role, SessionId};
use diqkd_protocol::Variant;
use rand::SeedableRng;
use rand::rngs::StdRng;

use crate::devices;
use crate::site::{Site, Stop};

const HASH_SEED: u8 = 38;

/// Carries frames between both sites for a while; frames of `kept` kind by Alice are kept back.
fn carry(sites: &mut [Site; 2], now: &mut u64, kept: Option<u8>) -> Vec<Vec<u8>> {
    let mut rng = StdRng::seed_from_u64(0);
    let mut back = Vec::new();
    for _ in 0..100 {
        *now += 1;
        for at in 0..2 {
            let mut frames = Vec::new();
            match sites[at].turn(*now, 0.0, &mut rng, &mut frames) {
                Ok(()) => {}
                Err(Stop::Crash) => panic!("nobody crashes here"),
                Err(Stop::Violation(violation)) => panic!("{violation}"),
            }
            for frame in frames {
                if at == 0 && kept == Some(frame[1]) {
                    back.push(frame);
                } else {
                    sites[1 - at].receive(&frame, *now);
                }
            }
        }
        if !back.is_empty() {
            break;
        }
    }
    back
}

#[test]
fn a_key_that_comes_after_bob_said_no_is_no_key() {
    let agreement = Arc::new(devices::agreement(Variant::default()));
    let mut sites = [Role::Alice, Role::Bob].map(|role| Site::new(role, &agreement, false));
    let mut now = 0;
    for site in &mut sites {
        site.boot(now).unwrap();
        site.start(SessionId([1; 16]), 0, now, 5, false);
    }
    let seed = carry(&mut sites, &mut now, Some(HASH_SEED));
    assert!(!seed.is_empty() && sites[0].disk.prepared.len() == 1, "alice is about to send her seed");

    sites[0].kill(now, &mut StdRng::seed_from_u64(0));
    now = sites[0].down_until;
    sites[0].boot(now).unwrap();
    assert_eq!(sites[0].disk.prepared.len(), 1, "alice does not know");
    let position = sites[0].spent().max(sites[1].spent());
    for site in &mut sites {
        site.start(SessionId([2; 16]), position, now, 6, false);
    }
    carry(&mut sites, &mut now, None);
    let usable = sites[0].disk.usable();
    assert!(!usable.is_empty() && usable == sites[1].disk.usable(), "the second session has a key");
    assert!(
        sites[0].disk.prepared.is_empty() && sites[0].disk.discarded == 1,
        "the first has none at alice's"
    );

    for frame in seed {
        sites[1].receive(&frame, now);
    }
    carry(&mut sites, &mut now, None);
    assert_eq!(sites[1].refused_records, 1, "bob's journal does not allow it");
    assert!(sites[1].disk.prepared.is_empty());
    assert_eq!(sites[1].disk.usable(), usable);
}
