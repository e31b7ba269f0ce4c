//! One schedule: faults for a while, then calm; what must hold all the time, and in the end.

use std::collections::BTreeMap;
use std::sync::Arc;

use diqkd_core::{Role, SessionId};
use diqkd_protocol::{Agreement, Variant};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::disk::Disk;
use crate::network::{Network, Weather};
use crate::site::{Site, Stop};

/// Faults stop after this long.
const STORM_MS: u64 = 12_000;
/// After that both sites have to come to a key.
const CALM_MS: u64 = 60_000;
/// One schedule in so many has the real key stores.
const REAL_STORE_EVERY: u64 = 4;

/// What happened, summed up.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    sessions: u64,
    keys: u64,
    crashes: u64,
    torn: u64,
    aborts: u64,
    asked: u64,
    discarded: u64,
    refused_records: u64,
    power_cuts: u64,
    compacted: u64,
    dropped: u64,
    corrupted: u64,
    duplicated: u64,
    partitions: u64,
    clock_steps: u64,
}

impl Tally {
    pub(crate) fn add(&mut self, other: Self) {
        let Self {
            sessions,
            keys,
            crashes,
            torn,
            aborts,
            asked,
            discarded,
            refused_records,
            power_cuts,
            compacted,
            dropped,
            corrupted,
            duplicated,
            partitions,
            clock_steps,
        } = other;
        self.sessions += sessions;
        self.keys += keys;
        self.crashes += crashes;
        self.torn += torn;
        self.aborts += aborts;
        self.asked += asked;
        self.discarded += discarded;
        self.refused_records += refused_records;
        self.power_cuts += power_cuts;
        self.compacted += compacted;
        self.dropped += dropped;
        self.corrupted += corrupted;
        self.duplicated += duplicated;
        self.partitions += partitions;
        self.clock_steps += clock_steps;
    }

    pub(crate) fn seen(&self) -> [(&'static str, u64); 10] {
        [
            ("a crash", self.crashes),
            ("a torn record", self.torn),
            ("a power cut in a key store", self.power_cuts),
            ("a journal written anew", self.compacted),
            ("an abort", self.aborts),
            ("an open question after a crash", self.asked),
            ("a prepared key that was discarded", self.discarded),
            ("a lost frame", self.dropped),
            ("a partition", self.partitions),
            ("a clock step", self.clock_steps),
        ]
    }
}

/// Runs the schedule of a seed.
pub(crate) fn run(seed: u64, variants: &[(Variant, Arc<Agreement>)]) -> Result<Tally, String> {
    let mut rng = StdRng::seed_from_u64(seed);
    let storm = Weather::draw(&mut rng);
    let mut sites = [Role::Alice, Role::Bob].map(|role| {
        let real = seed.is_multiple_of(REAL_STORE_EVERY);
        let disk = if real { Disk::with_real_store(rng.random()) } else { Disk::default() };
        let (variant, agreement) = &variants[(seed % variants.len() as u64) as usize];
        Site::with_disk(role, (*variant, agreement), storm.stream, disk)
    });
    let mut network = Network::default();
    let mut tally = Tally::default();
    let mut sent: BTreeMap<(u8, Vec<u8>), Vec<u8>> = BTreeMap::new();
    let mut now = 0;
    let mut keys_in_calm = false;
    let mut keys_at_calm = None;
    while now < STORM_MS + CALM_MS {
        let weather = if now < STORM_MS { storm } else { storm.calm() };
        if now >= STORM_MS && keys_at_calm.is_none() {
            network.heal();
            keys_at_calm = Some(sites[0].disk.usable().len());
        }
        for site in &mut sites {
            if let Some(real) = &mut site.disk.real {
                real.crash = weather.crash;
            }
            site.boot(now)?;
        }
        if sites.iter().all(Site::is_up) && !sites[0].is_busy() && (storm.stream || rng.random_bool(0.7)) {
            if keys_in_calm && sites.iter().all(|site| site.is_settled() && !site.is_busy()) {
                break;
            }
            tally.sessions += 1;
            if storm.stream {
                // A new session is a new connection.
                network.cut();
                sites[1].disconnected(now)?;
            }
            let position = sites[0].spent().max(sites[1].spent());
            let mut id = [0; 16];
            id[..8].copy_from_slice(&seed.to_le_bytes());
            id[8..].copy_from_slice(&tally.sessions.to_le_bytes());
            let (world, broken) = (rng.random(), rng.random_bool(weather.broken_devices));
            for site in &mut sites {
                site.start(SessionId(id), position, now, world, broken);
            }
        }
        for at in 0..2 {
            if rng.random_bool(weather.clock_step) {
                tally.clock_steps += 1;
                sites[at].step_clock(rng.random_range(-2000..2000));
            }
            let mut frames = Vec::new();
            let turned = sites[at].turn(now, weather.crash, &mut rng, &mut frames);
            for frame in frames {
                unique(&mut sent, sites[at].role, &frame)?;
                network.send(sites[at].role, &frame, now, &weather, &mut rng);
            }
            match turned {
                Ok(()) => {}
                Err(Stop::Crash) => {
                    sites[at].kill(now, &mut rng);
                    if storm.stream {
                        network.cut();
                        sites[1 - at].disconnected(now)?;
                    }
                }
                Err(Stop::Violation(violation)) => return Err(violation),
            }
            if rng.random_bool(0.3) {
                match sites[at].disk.deliver() {
                    Ok(()) => {}
                    Err(Stop::Crash) => sites[at].kill(now, &mut rng),
                    Err(Stop::Violation(violation)) => return Err(violation),
                }
            }
            both_hold(&sites[at], &sites[1 - at])?;
        }
        keys_in_calm = keys_at_calm.is_some_and(|before| sites[0].disk.usable().len() > before);
        let next = [network.next_arrival(), sites[0].due(now), sites[1].due(now)].into_iter().flatten().min();
        now = next.unwrap_or(now + 1).max(now + 1).min(now + 50);
        while let Some((from, frame)) = network.arrive(now) {
            sites[1 - from as usize].receive(&frame, now);
        }
    }
    if !keys_in_calm {
        return Err(format!("no key in {CALM_MS} ms without faults ({storm:?})"));
    }
    in_the_end(&sites)?;
    for site in &mut sites {
        site.disk.check()?;
        tally.power_cuts += site.disk.real.as_ref().map_or(0, |real| real.cuts);
        tally.crashes += site.crashes;
        tally.torn += site.torn;
        tally.aborts += site.aborts;
        tally.asked += site.asked;
        tally.discarded += site.disk.discarded;
        tally.compacted += site.disk.compacted;
        tally.refused_records += site.refused_records;
    }
    tally.keys = sites[0].disk.usable().len() as u64;
    tally.dropped = network.dropped;
    tally.corrupted = network.corrupted;
    tally.duplicated = network.duplicated;
    tally.partitions = network.partitions;
    Ok(tally)
}

/// One pad masks one tag: a frame number of a session never has two contents.
fn unique(sent: &mut BTreeMap<(u8, Vec<u8>), Vec<u8>>, role: Role, frame: &[u8]) -> Result<(), String> {
    if frame[1] == 255 {
        return Ok(());
    }
    // Session and number.
    let content = sent.entry((role as u8, frame[4..28].to_vec())).or_insert_with(|| frame.to_vec());
    if content == frame { Ok(()) } else { Err(format!("{role} sent two frames under one number")) }
}

/// Whatever is usable at one site is held at the other, with the same bits.
fn both_hold(site: &Site, peer: &Site) -> Result<(), String> {
    for (id, secret) in &site.disk.available {
        if !peer.disk.holds(*id, secret) {
            return Err(format!("{} may use key {id}, which its peer does not hold", site.role));
        }
    }
    Ok(())
}

fn in_the_end(sites: &[Site; 2]) -> Result<(), String> {
    let [alice, bob] = [&sites[0], &sites[1]].map(|site| site.disk.usable());
    if alice != bob {
        return Err(format!("alice has {} keys, bob {}: not the same", alice.len(), bob.len()));
    }
    for site in sites {
        let mut ids: Vec<_> = site.disk.delivered.iter().map(|(id, _)| id).collect();
        ids.sort();
        if ids.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(format!("{} delivered a key twice", site.role));
        }
        let mut ranges = site.opened.clone();
        ranges.sort_by_key(|&(_, from, _)| from);
        if ranges.windows(2).any(|pair| pair[0].2 > pair[1].1) {
            return Err(format!("{} opened pre-shared key twice", site.role));
        }
    }
    for (id, from, to) in &sites[0].opened {
        for (other, other_from, other_to) in &sites[1].opened {
            if (id == other) != (from == other_from && to == other_to) && from < other_to && other_from < to {
                return Err(format!("sessions {id} and {other} share pre-shared key"));
            }
        }
    }
    Ok(())
}
