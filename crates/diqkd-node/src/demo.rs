//! The main job in one process: two simulated stations, two parties on threads of their own, loopback TCP between them,
//! a key store for each.

pub(crate) mod plan;
mod report;
mod symptoms;

pub use plan::{DemoOptions, Preparation};
pub use report::{AgreementFacts, DemoEnding, DemoFacts, DemoReport, PartyReport};
pub use symptoms::{Sign, Symptom};

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

use diqkd_auth::{KeyPool, PoolId};
use diqkd_core::Role;
use diqkd_hal::SettingChooser;
use diqkd_protocol::{
    Abort, FlagSource, LinkConfig, LocalFlagChooser, RaisedFlags, Session, SpotCheckChooser,
};
use diqkd_sim::SimulatedStation;
use rand_core::Rng;
use zeroize::Zeroizing;

use crate::error::NodeError;
use crate::keeper::Keeper;
use crate::observer::Observer;
use crate::party::{self, Ending, Outcome, Station};
use crate::randomness::Randomness;
use crate::setting_rng::SoftwareSettingRng;
use crate::tcp::TcpLink;

/// Runs the demo.
///
/// # Errors
/// [`NodeError`] for what is not the protocol's no: impossible parameters, sockets, disks.
pub fn run(options: &DemoOptions, observer: &dyn Observer) -> Result<DemoEnding, NodeError> {
    let randomness = match options.seed {
        Some(seed) => Randomness::from_seed(seed),
        None => Randomness::from_system()?,
    };
    let prepared = Preparation::new(options, &randomness)?;
    let mut sessions = Vec::new();
    // The pre-shared key is made for this run: another run's journal says nothing about it.
    let mut pool = PoolId::default();
    Randomness::from_system()?.generator("name of the pool").fill_bytes(&mut pool.0);
    for role in [Role::Alice, Role::Bob] {
        match open_session(role, &prepared, &randomness, pool)? {
            Ok(session) => sessions.push(session),
            Err(abort) => {
                let facts = Box::new(prepared.facts(None));
                let least_rounds = Preparation::least_rounds(options, &randomness)?;
                return Ok(DemoEnding::Aborted {
                    by: role,
                    abort,
                    facts,
                    least_rounds,
                    symptoms: Vec::new(),
                });
            }
        }
    }
    let [alice, bob]: [Session; 2] = sessions.try_into().map_err(|_| NodeError::Thread)?;
    let facts = prepared.facts(Some(alice.agreement()));
    let layout = prepared.experiment.layout();
    let [alice_station, bob_station] = [Role::Alice, Role::Bob].map(|role| {
        let (tagger, raised) = station(role, &prepared, &randomness, &alice);
        Station { tagger, layout: &layout, raised }
    });
    let [alice_link, bob_link] = loopback()?;
    let keeper = |role: Role| -> Result<Keeper, NodeError> {
        let folder = options.out.join(role.to_string());
        let mut keeper = Keeper::open(&folder, &randomness, prepared.params.key_length_bits)?;
        if options.seed.is_some() {
            // A replay is the same session again.
            keeper.forget(prepared.params.session)?;
        }
        Ok(keeper)
    };
    let (mut alice_keys, mut bob_keys) = (keeper(Role::Alice)?, keeper(Role::Bob)?);

    let started = Instant::now();
    let (alice, bob) = std::thread::scope(|scope| {
        let alice = scope.spawn(|| party::run(alice, alice_station, alice_link, &mut alice_keys, observer));
        let bob = scope.spawn(|| party::run(bob, bob_station, bob_link, &mut bob_keys, observer));
        (alice.join(), bob.join())
    });
    let elapsed = started.elapsed();
    let (alice, bob) = (alice.map_err(|_| NodeError::Thread)?, bob.map_err(|_| NodeError::Thread)?);
    let recordings = [&alice, &bob].map(|ending| match ending {
        Ok(Ending::Aborted { recording, .. }) => recording.as_deref(),
        _ => None,
    });
    let aborted = |by, abort, facts: DemoFacts| DemoEnding::Aborted {
        by,
        abort,
        symptoms: symptoms::symptoms(&prepared.experiment, facts.params.gamma, recordings),
        facts: Box::new(facts),
        least_rounds: None,
    };
    match (&alice, &bob) {
        // Who knows the reason speaks; the other only knows that it is over.
        (Ok(Ending::Aborted { abort, .. }), other) if *abort != Abort::PeerAborted || !is_abort(other) => {
            Ok(aborted(Role::Alice, abort.clone(), facts))
        }
        (_, Ok(Ending::Aborted { abort, .. })) => Ok(aborted(Role::Bob, abort.clone(), facts)),
        (Ok(Ending::Aborted { abort, .. }), _) => Ok(aborted(Role::Alice, abort.clone(), facts)),
        _ => match (alice?, bob?) {
            (Ending::Key(alice), Ending::Key(bob)) => {
                compare(facts, (*alice, alice_keys), (*bob, bob_keys), elapsed)
            }
            // Every abort was taken above.
            _ => Err(NodeError::Thread),
        },
    }
}

fn is_abort(ending: &Result<Ending, NodeError>) -> bool {
    matches!(ending, Ok(Ending::Aborted { .. }))
}

fn open_session(
    role: Role,
    prepared: &Preparation,
    randomness: &Randomness,
    pool: PoolId,
) -> Result<Result<Session, Abort>, NodeError> {
    let mut secret = Zeroizing::new(vec![0; prepared.params.key_pool_bytes()]);
    randomness.generator("pre-shared key").fill_bytes(&mut secret);
    let mut pool = KeyPool::new(std::mem::take(&mut *secret)).with_id(pool);
    let seeds = Box::new(randomness.generator(&format!("{role}'s private seeds")));
    Ok(Session::new(role, prepared.params.clone(), &mut pool, seeds, LinkConfig::stream(), 0)?)
}

/// A site's station, and the flags that it draws where it draws its own. It simulates the whole world, so it has the choosers
/// of both sites; it hands out its own tags. `session` is that of either site: they have the same flags.
fn station(
    role: Role,
    prepared: &Preparation,
    randomness: &Randomness,
    session: &Session,
) -> (SimulatedStation, Option<RaisedFlags>) {
    let chooser = |site: Role| -> (Box<dyn SettingChooser + Send>, Option<RaisedFlags>) {
        let bits = SoftwareSettingRng::new(randomness.generator(&format!("{site}'s setting bits")));
        let probability = match (prepared.params.variant.flags, site) {
            (FlagSource::Expanded, _) => {
                return (Box::new(SpotCheckChooser::new(site, session.test_flags(), bits)), None);
            }
            (FlagSource::Local { alice, .. }, Role::Alice) => alice,
            (FlagSource::Local { bob, .. }, Role::Bob) => bob,
        };
        let (chooser, raised) = LocalFlagChooser::new(site, probability, bits);
        (Box::new(chooser), Some(raised))
    };
    let ((alice, alices), (bob, bobs)) = (chooser(Role::Alice), chooser(Role::Bob));
    let raised = if role == Role::Alice { alices } else { bobs };
    (SimulatedStation::new(role, &prepared.experiment, alice, bob), raised)
}

/// Two ends of a TCP connection on the loopback interface.
fn loopback() -> Result<[TcpLink; 2], NodeError> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(NodeError::Socket)?;
    let address = listener.local_addr().map_err(NodeError::Socket)?;
    let alice = TcpStream::connect(address).map_err(NodeError::Socket)?;
    let (bob, _) = listener.accept().map_err(NodeError::Socket)?;
    Ok([TcpLink::new(alice)?, TcpLink::new(bob)?])
}

/// Puts both ends side by side: what each reports, and whether their stores hold the same keys.
fn compare(
    facts: DemoFacts,
    (alice, mut alice_keys): (Outcome, Keeper),
    (bob, bob_keys): (Outcome, Keeper),
    elapsed: Duration,
) -> Result<DemoEnding, NodeError> {
    let same_ids = alice_keys.last_ids() == bob_keys.last_ids();
    let ids = alice_keys.last_ids().to_vec();
    let keys_match = same_ids && alice_keys.store_mut().same_keys(bob_keys.store(), &ids)?;
    let party = |role: Role, outcome: Outcome, keys: &Keeper| {
        let Outcome { report, recording, tags, clock } = outcome;
        let (key_ids, store) = (keys.last_ids().to_vec(), keys.store().path().to_path_buf());
        PartyReport { role, report, recording, tags, clock, key_ids, store }
    };
    let (alice, bob) = (party(Role::Alice, alice, &alice_keys), party(Role::Bob, bob, &bob_keys));
    Ok(DemoEnding::Key(Box::new(DemoReport { facts, alice, bob, keys_match, elapsed })))
}
