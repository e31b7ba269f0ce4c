//! Two sessions on virtual time, with a network that loses, delays, reorders, duplicates and damages frames.

#![expect(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

mod adversaries;
mod agreement;
mod audit;
mod local_flags;
mod network;
mod replay;

use std::collections::VecDeque;

use diqkd_auth::KeyPool;
use diqkd_core::{
    Epsilon, LocalTable, LocalTrial, Loophole, LoopholeStatus, Outcome, PreSharedKey, Qber, Role, SessionId,
    Setting, WinProbability,
};
use diqkd_entropy::Theorem;
use diqkd_hal::{RngHealth, SettingRng};
use diqkd_protocol::{
    Abort, Event, LinkConfig, Report, SecretKey, Session, SessionParams, SpotCheckChooser, Variant,
};
use diqkd_sim::{Experiment, Preset, Strategy};
use rand::SeedableRng;
use rand::rand_core::{Infallible, TryRng};
use rand::rngs::StdRng;

/// Rounds of a block in these tests: a bit more than the least that give a key.
const ROUNDS: u64 = 250_000;

/// How one site ended.
#[derive(Debug)]
enum End {
    Key(SecretKey, Box<Report>),
    Aborted(Abort),
}

impl End {
    fn key_bytes(self) -> Option<Vec<(diqkd_core::KeyId, Vec<u8>)>> {
        match self {
            Self::Key(key, _) => {
                Some(key.into_keys(256).into_iter().map(|k| (k.id, k.secret.to_vec())).collect())
            }
            Self::Aborted(_) => None,
        }
    }
}

/// A software generator of setting bits.
struct SettingBits(StdRng);

impl TryRng for SettingBits {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        self.0.try_next_u32()
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        self.0.try_next_u64()
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        self.0.try_fill_bytes(bytes)
    }
}

impl SettingRng for SettingBits {
    fn health(&self) -> RngHealth {
        RngHealth::Healthy
    }
}

fn params(rounds: u64) -> SessionParams {
    let preset = Preset::Oxford2022;
    SessionParams {
        session: SessionId([9; 16]),
        rounds,
        gamma: preset.test_probability(),
        omega_threshold: WinProbability::new(0.829).unwrap(),
        qber_design: Qber::new(0.0144).unwrap(),
        omega_design: WinProbability::new((4.0 + 2.677) / 8.0).unwrap(),
        max_codeword_bits: 1 << 21,
        eps_sound: Epsilon::new(1e-10).unwrap(),
        verification_tag_bits: 64,
        theorem: Theorem::Reat,
        key_length_bits: 256,
        least_key_bits: 1,
        max_batches: 256,
        max_refused_frames: 1000,
        pre_shared_key: PreSharedKey::Carried,
        variant: Variant::default(),
    }
}

fn pool(params: &SessionParams) -> KeyPool {
    KeyPool::new((0..params.key_pool_bytes()).map(|i| (i * 131 % 251) as u8).collect())
}

fn session(role: Role, params: &SessionParams, link: LinkConfig, seed: u64) -> Session {
    let rng = Box::new(StdRng::seed_from_u64(seed));
    Session::new(role, params.clone(), &mut pool(params), rng, link, 0).unwrap().unwrap()
}

/// Both sites' trials of one simulated experiment, with the session's own test flags.
fn tables(session: &Session, strategy: Strategy, seed: u64) -> (LocalTable, LocalTable) {
    let rounds = session.params().rounds;
    let experiment = Experiment::new(Preset::Oxford2022, rounds, seed).with_strategy(strategy);
    let chooser = |role, seed| {
        SpotCheckChooser::new(role, session.test_flags(), SettingBits(StdRng::seed_from_u64(seed)))
    };
    let trials = experiment.trials(chooser(Role::Alice, seed ^ 0xa), chooser(Role::Bob, seed ^ 0xb));
    let (mut alice, mut bob) = (LocalTable::new(), LocalTable::new());
    for trial in trials {
        alice.push(LocalTrial { round: trial.round, setting: trial.x, outcome: trial.a }).unwrap();
        bob.push(LocalTrial { round: trial.round, setting: trial.y, outcome: trial.b }).unwrap();
    }
    (alice, bob)
}

/// Takes the records and events of a session. A key counts once it is confirmed.
fn events(session: &mut Session, end: &mut Option<End>) {
    loop {
        while session.poll_journal().is_some() {}
        session.journalled();
        let Some(event) = session.poll_event() else { return };
        match event {
            Event::Key { key, report } => {
                *end = Some(End::Key(key, report));
                session.key_stored();
            }
            Event::Aborted(abort) => *end = Some(End::Aborted(abort)),
            _ => {}
        }
    }
}

/// Runs two sessions over a perfect stream, recording every frame.
fn over_a_stream(mut alice: Session, mut bob: Session) -> (End, End, Vec<(Role, Vec<u8>)>) {
    let mut ends = [None, None];
    let mut wire = Vec::new();
    let mut queue: VecDeque<(Role, Vec<u8>)> = VecDeque::new();
    loop {
        for (session, end) in [&mut alice, &mut bob].into_iter().zip(&mut ends) {
            events(session, end);
            while let Some(frame) = session.poll_transmit(0) {
                queue.push_back((session.role(), frame));
            }
        }
        let Some((sender, frame)) = queue.pop_front() else { break };
        wire.push((sender, frame.clone()));
        match sender {
            Role::Alice => bob.handle_frame(&frame, 0),
            Role::Bob => alice.handle_frame(&frame, 0),
        }
    }
    let [alice_end, bob_end] = ends;
    (alice_end.expect("alice ended"), bob_end.expect("bob ended"), wire)
}

/// Flips every outcome of a table: what a station with swapped detectors would record.
fn swapped(table: &LocalTable) -> LocalTable {
    let mut swapped = LocalTable::new();
    for trial in table.iter() {
        swapped.push(LocalTrial { outcome: Outcome::from_bit(!trial.outcome.bit()), ..trial }).unwrap();
    }
    swapped
}
