//! Somebody who reads and writes every byte on the wire, and holds no key.

use std::sync::Arc;

use diqkd_core::{Role, SessionId};
use diqkd_protocol::Variant;
use proptest::prelude::*;
use rand::SeedableRng;
use rand::rngs::StdRng;

use crate::devices;
use crate::site::{Site, Stop};

/// What is done to one frame.
#[derive(Clone, Debug)]
enum Deed {
    Flip {
        at: usize,
        bit: u8,
    },
    Overwrite {
        at: usize,
        with: Vec<u8>,
    },
    Cut {
        to: usize,
    },
    Extend {
        by: Vec<u8>,
    },
    Replace {
        by: Vec<u8>,
    },
    Drop,
    Repeat,
    /// Comes again after so many others.
    Delay {
        by: usize,
    },
    /// Goes back to who sent it.
    Reflect,
    /// A frame that an earlier session of the same sites sent.
    Splice {
        at: usize,
    },
    /// The same with the name of this session.
    Rename {
        at: usize,
    },
    /// Says that it is the end of its batch, or that it is not.
    Seal,
}

fn deed() -> impl Strategy<Value = Deed> {
    let bytes = || proptest::collection::vec(any::<u8>(), 1..80);
    let at = any::<usize>;
    prop_oneof![
        (at(), 0..8u8).prop_map(|(at, bit)| Deed::Flip { at, bit }),
        (at(), bytes()).prop_map(|(at, with)| Deed::Overwrite { at, with }),
        at().prop_map(|to| Deed::Cut { to }),
        bytes().prop_map(|by| Deed::Extend { by }),
        bytes().prop_map(|by| Deed::Replace { by }),
        Just(Deed::Drop),
        Just(Deed::Repeat),
        (1..4usize).prop_map(|by| Deed::Delay { by }),
        Just(Deed::Reflect),
        at().prop_map(|at| Deed::Splice { at }),
        at().prop_map(|at| Deed::Rename { at }),
        Just(Deed::Seal),
    ]
}

/// One whole session of fresh sites; the adversary's deeds by the number of the frame on the wire.
struct Wire {
    sites: [Site; 2],
    now: u64,
    frames: Vec<(usize, Vec<u8>)>,
}

impl Wire {
    fn new(agreement: &Arc<diqkd_protocol::Agreement>, stream: bool, id: u8) -> Self {
        let mut sites = [Role::Alice, Role::Bob].map(|role| Site::new(role, agreement, stream));
        for site in &mut sites {
            site.boot(0).unwrap();
            // Each session has a range of the pre-shared key of its own.
            site.start(SessionId([id; 16]), 10_000 * u64::from(id), 0, 77, false);
        }
        Self { sites, now: 0, frames: Vec::new() }
    }

    fn run(&mut self, old: &[Vec<u8>], deeds: &[(usize, Deed)]) {
        let mut rng = StdRng::seed_from_u64(0);
        let mut later: Vec<(usize, usize, Vec<u8>)> = Vec::new();
        while self.now < 9000 {
            let mut moved = false;
            for at in 0..2 {
                let mut frames = Vec::new();
                match self.sites[at].turn(self.now, 0.0, &mut rng, &mut frames) {
                    Ok(()) => {}
                    Err(Stop::Crash) => panic!("nobody crashes here"),
                    Err(Stop::Violation(violation)) => panic!("{violation}"),
                }
                for frame in frames {
                    moved = true;
                    let number = self.frames.len();
                    self.frames.push((at, frame.clone()));
                    let deed = deeds.iter().find(|(at, _)| *at == number).map(|(_, deed)| deed);
                    for (to, bytes) in done_to(frame, at, old, deed, number, &mut later) {
                        self.sites[to].receive(&bytes, self.now);
                    }
                    later.retain(|(due, to, bytes)| {
                        let arrives = *due <= number;
                        if arrives {
                            self.sites[*to].receive(bytes, self.now);
                        }
                        !arrives
                    });
                }
            }
            self.now += if moved { 1 } else { 20 };
            if !self.sites.iter().any(Site::is_busy) {
                break;
            }
        }
    }
}

fn done_to(
    mut frame: Vec<u8>,
    from: usize,
    old: &[Vec<u8>],
    deed: Option<&Deed>,
    number: usize,
    later: &mut Vec<(usize, usize, Vec<u8>)>,
) -> Vec<(usize, Vec<u8>)> {
    let to = 1 - from;
    match deed {
        None => {}
        Some(Deed::Flip { at, bit }) => {
            let at = at % frame.len();
            frame[at] ^= 1 << bit;
        }
        Some(Deed::Overwrite { at, with }) => {
            let at = at % frame.len();
            frame.iter_mut().skip(at).zip(with).for_each(|(byte, &new)| *byte = new);
        }
        Some(Deed::Cut { to }) => frame.truncate(to % frame.len()),
        Some(Deed::Extend { by }) => frame.extend(by),
        Some(Deed::Replace { by }) => frame.clone_from(by),
        Some(Deed::Drop) => return Vec::new(),
        Some(Deed::Repeat) => return vec![(to, frame.clone()), (to, frame)],
        Some(Deed::Delay { by }) => {
            later.push((number + by, to, frame));
            return Vec::new();
        }
        Some(Deed::Reflect) => return vec![(from, frame.clone()), (to, frame)],
        Some(Deed::Splice { at }) => frame = old[at % old.len()].clone(),
        Some(Deed::Rename { at }) => {
            let name = frame[4..20].to_vec();
            frame = old[at % old.len()].clone();
            frame[4..20].copy_from_slice(&name);
        }
        Some(Deed::Seal) => {
            if let Some(seal) = frame.get_mut(3) {
                *seal ^= 1;
            }
        }
    }
    vec![(to, frame)]
}

#[test]
fn a_byte_level_adversary_gets_the_same_key_or_none() {
    let agreement = Arc::new(devices::agreement(Variant::default()));
    let mut earlier = Wire::new(&agreement, true, 1);
    earlier.run(&[], &[]);
    let old: Vec<Vec<u8>> = earlier.frames.iter().map(|(_, frame)| frame.clone()).collect();
    assert!(!earlier.sites[0].disk.usable().is_empty(), "the earlier session has a key");
    let count = old.len();

    let cases = ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() };
    proptest!(cases, |(stream: bool, deeds in proptest::collection::vec((0..count, deed()), 1..4))| {
        let mut wire = Wire::new(&agreement, stream, 2);
        wire.run(&old, &deeds);
        let [alice, bob] = &wire.sites;
        // Bob may use what Alice does not know yet that he holds; otherwise they have the same.
        let (alice_usable, bob_usable) = (alice.disk.usable(), bob.disk.usable());
        prop_assert!(alice_usable.is_empty() || alice_usable == bob_usable);
        for (id, secret) in &bob_usable {
            prop_assert!(alice.disk.holds(*id, secret));
        }
    });
}

/// On a stream one altered, repeated, swapped, cut or foreign frame ends the session, wherever it stands.
#[test]
fn every_frame_of_a_stream_is_guarded() {
    let agreement = Arc::new(devices::agreement(Variant::default()));
    let mut earlier = Wire::new(&agreement, true, 1);
    earlier.run(&[], &[]);
    let old: Vec<Vec<u8>> = earlier.frames.iter().map(|(_, frame)| frame.clone()).collect();
    let whole = old.len();
    for number in 0..whole {
        let last = number + 1 == whole;
        let deeds = [
            Deed::Flip { at: 40, bit: 3 },
            Deed::Repeat,
            Deed::Seal,
            Deed::Cut { to: 40 },
            Deed::Drop,
            Deed::Replace { by: old[number].clone() },
        ];
        for deed in deeds {
            let harmless_at_the_end = matches!(deed, Deed::Repeat);
            let mut wire = Wire::new(&agreement, true, 2);
            wire.run(&old, &[(number, deed.clone())]);
            let alice = wire.sites[0].disk.usable();
            if last && harmless_at_the_end {
                continue;
            }
            assert!(alice.is_empty(), "frame {number}: {deed:?} went unnoticed");
        }
    }
}
