//! A whole session against somebody who reads and writes every byte on the wire.
//!
//! The input is a byte whose lowest bit chooses the channel, reliable or lossy, and whose next two the variant (plain, flags
//! drawn at the sites, padded), and a list of deeds, six bytes each: number of the frame on the wire, what to do, where
//! (u16), with what (u16).

#![no_main]

use std::collections::VecDeque;
use std::sync::{Arc, OnceLock};

use diqkd_auth::KeyPool;
use diqkd_core::{Role, SessionId};
use diqkd_protocol::{Agreement, Event, FlagSource, LinkConfig, Session, SessionParams};
use libfuzzer_sys::fuzz_target;
use rand::SeedableRng;
use rand::rngs::StdRng;

#[path = "../../crates/diqkd-protocol/tests/simulation/devices.rs"]
mod devices;

type Keys = Vec<(diqkd_core::KeyId, Vec<u8>)>;

fn session(role: Role, link: LinkConfig, variant: usize) -> Session {
    static AGREEMENTS: OnceLock<[Arc<Agreement>; 3]> = OnceLock::new();
    let agreements =
        AGREEMENTS.get_or_init(|| devices::variants().map(|variant| Arc::new(devices::agreement(variant))));
    let agreement = Arc::clone(&agreements[variant]);
    let variant = devices::variants()[variant];
    let params = SessionParams { variant, ..devices::params(SessionId([7; 16])) };
    let bytes = agreement.key_pool_bytes(&params);
    let mut pool = KeyPool::new((0..bytes).map(|i| (i * 131 % 251) as u8).collect());
    let rng = Box::new(StdRng::seed_from_u64(role as u64));
    let mut session = Session::with_agreement(role, params, agreement, &mut pool, rng, link, 0)
        .expect("the parameters make sense")
        .expect("the parameters give a key");
    if variant.flags == FlagSource::Expanded {
        let table = devices::record(&session, 5, false);
        session.finish_recording(table);
    } else {
        let (table, raised) = devices::record_with_flags(&session, 5, false);
        session.finish_recording_with_flags(table, &raised);
    }
    session
}

fn turn(session: &mut Session, held: &mut Option<Keys>, usable: &mut bool, now: u64) -> Vec<Vec<u8>> {
    session.handle_timeout(now);
    let mut frames = Vec::new();
    loop {
        while session.poll_journal().is_some() {}
        session.journalled();
        match session.poll_event() {
            Some(Event::Key { key, .. }) => {
                let keys = key.into_keys(64);
                *held = Some(keys.into_iter().map(|key| (key.id, key.secret.to_vec())).collect());
                session.key_stored();
            }
            Some(Event::Confirmed) => *usable = true,
            Some(_) => {}
            None => break,
        }
    }
    while let Some(frame) = session.poll_transmit(now) {
        frames.push(frame);
    }
    frames
}

fuzz_target!(|data: &[u8]| {
    let Some((&kind, deeds)) = data.split_first() else { return };
    let link = if kind & 1 == 0 { LinkConfig::stream() } else { LinkConfig::lossy() };
    let variant = usize::from(kind >> 1) % 3;
    let mut sites = [Role::Alice, Role::Bob].map(|role| session(role, link, variant));
    let mut held: [Option<Keys>; 2] = [None, None];
    let mut usable = [false; 2];
    let mut wire: VecDeque<(usize, Vec<u8>)> = VecDeque::new();
    let mut seen: Vec<Vec<u8>> = Vec::new();
    for now in 0..400 {
        for at in 0..2 {
            let frames = turn(&mut sites[at], &mut held[at], &mut usable[at], 50 * now);
            for mut frame in frames {
                let number = seen.len();
                seen.push(frame.clone());
                for deed in deeds.chunks_exact(6).filter(|deed| usize::from(deed[0]) == number) {
                    let place = usize::from(u16::from_le_bytes([deed[2], deed[3]]));
                    let place = place % frame.len().max(1);
                    match deed[1] % 8 {
                        0 if !frame.is_empty() => frame[place] ^= deed[4],
                        1 => frame.truncate(place),
                        2 => frame.extend_from_slice(&deed[4..]),
                        3 => wire.push_back((1 - at, frame.clone())),
                        4 => wire.push_back((at, frame.clone())),
                        5 => frame.clone_from(&seen[place % seen.len()]),
                        6 => wire.push_front((1 - at, frame.clone())),
                        _ => frame.clear(),
                    }
                }
                wire.push_back((1 - at, frame));
            }
        }
        while let Some((to, frame)) = wire.pop_front() {
            sites[to].handle_frame(&frame, 50 * now);
        }
    }
    // Whoever may use a key knows that the other has the same.
    if usable.contains(&true) {
        assert!(held[0].is_some() && held[0] == held[1]);
    }
    if usable[0] {
        assert!(usable[1], "alice has bob's word");
    }
});
