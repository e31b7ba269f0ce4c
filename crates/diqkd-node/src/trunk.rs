//! What both sites talk over: several links to one peer, one ordered stream of messages that no outage loses.
//!
//! Each link is a TCP connection that is made again, with backoff and jitter, whenever it ends. Messages are numbered and
//! kept until the peer has acknowledged them; a new connection, of the same link or another, goes on where the peer has
//! stopped. One link carries all messages of this end; which one is chosen by its round-trip time and recent failures
//! (`health`). Channels share the stream, one for each block in flight.
//!
//! Frames are tagged with a keyed digest so that strangers can neither speak nor acknowledge here. No security rests on
//! that: what decides about keys is authenticated information-theoretically inside the sessions.

mod connection;
mod health;
mod link;
mod stream;
#[cfg(all(unix, feature = "tls"))]
mod tls;
mod wire;

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use diqkd_core::Role;
use zeroize::Zeroizing;

use crate::config::{LinkConfig, LinkEnd, Tunables};
use crate::error::NodeError;
use crate::link_lost::LinkLost;
use crate::randomness::Randomness;
use health::Health;
use stream::Stream;
#[cfg(all(unix, feature = "tls"))]
pub use tls::TlsError;
#[cfg(fuzzing)]
pub(crate) use wire::fuzz;

/// The links to a peer.
pub struct Trunk {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

/// What a trunk needs to know.
pub(crate) struct TrunkOptions {
    pub(crate) role: Role,
    /// Shared by both sites and nobody else.
    pub(crate) key: Zeroizing<[u8; 32]>,
    /// What both sites must have alike.
    pub(crate) agreed: Vec<(String, String)>,
    pub(crate) links: Vec<LinkConfig>,
    pub(crate) channels: u16,
    pub(crate) tunables: Arc<Mutex<Tunables>>,
    pub(crate) randomness: Randomness,
}

/// How a link is doing.
#[derive(Clone, Debug, PartialEq)]
pub struct LinkStatus {
    /// Its name.
    pub name: String,
    /// Whether it is connected.
    pub up: bool,
    /// Whether this end's messages take it.
    pub active: bool,
    /// Its round-trip time in seconds; 0 when unknown.
    pub rtt_s: f64,
    /// Connections made so far.
    pub connections: u64,
    /// Connections given up because of frames that were altered or forged.
    pub altered: u64,
}

/// Whether both sites have the same agreed fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Agreed {
    /// No peer has told yet.
    Unknown,
    Yes,
    /// The first field that differs, with both values.
    No {
        field: String,
        ours: String,
        theirs: String,
    },
}

impl Trunk {
    /// Starts to dial and to listen.
    ///
    /// # Errors
    /// [`NodeError::Link`] when an address can't be listened on or no thread can be started, [`NodeError::Tls`].
    pub(crate) fn start(options: TrunkOptions) -> Result<Self, NodeError> {
        let incarnation = options.randomness.seed("incarnation");
        let links = options.links.iter().map(|link| Link::new(&link.name)).collect();
        let inboxes = (0..options.channels).map(|_| VecDeque::new()).collect();
        #[cfg(all(unix, feature = "tls"))]
        let tls = {
            let load = |link: &LinkConfig| {
                let listens = matches!(link.end, LinkEnd::Listen(_));
                link.tls.as_ref().map(|files| tls::Tls::load(files, listens)).transpose()
            };
            options.links.iter().map(load).collect::<Result<_, _>>()?
        };
        let shared = Arc::new(Shared {
            #[cfg(all(unix, feature = "tls"))]
            tls,
            state: Mutex::new(State {
                incarnation,
                peer: None,
                epoch: 0,
                first: 0,
                outgoing: VecDeque::new(),
                outgoing_bytes: 0,
                next_expected: 0,
                inboxes,
                inbox_bytes: 0,
                links,
                active: None,
                agreed: Agreed::Unknown,
                stopped: false,
            }),
            changed: Condvar::new(),
            options,
        });
        let mut threads = Vec::new();
        for (index, config) in shared.options.links.iter().enumerate() {
            let thread = std::thread::Builder::new().name(format!("link {}", config.name));
            let (shared, name) = (Arc::clone(&shared), config.name.clone());
            let started = match &config.end {
                LinkEnd::Connect(address) => {
                    let address = address.clone();
                    thread.spawn(move || link::dial(&shared, index, &address))
                }
                LinkEnd::Listen(address) => {
                    let listener = link::bind(address)
                        .map_err(|source| NodeError::Link { address: address.clone(), source })?;
                    thread.spawn(move || link::listen(&shared, index, &listener))
                }
            };
            threads.push(started.map_err(|source| NodeError::Link { address: name, source })?);
        }
        Ok(Self { shared, threads })
    }

    /// A channel; the peer has one of the same number.
    pub(crate) fn channel(&self, id: u16) -> Channel {
        let epoch = self.shared.lock().epoch;
        Channel { shared: Arc::clone(&self.shared), id, epoch }
    }

    /// How the links are doing.
    pub fn links(&self) -> Vec<LinkStatus> {
        let state = self.shared.lock();
        let status = |(index, link): (usize, &Link)| LinkStatus {
            name: link.name.clone(),
            up: link.connection.is_some(),
            active: state.active == Some(index),
            rtt_s: link.health.rtt_s().unwrap_or(0.0),
            connections: link.connections,
            altered: link.altered,
        };
        state.links.iter().enumerate().map(status).collect()
    }

    pub(crate) fn agreed(&self) -> Agreed {
        self.shared.lock().agreed.clone()
    }

    /// Whether a link is up and both sites have the same agreed fields.
    pub(crate) fn is_ready(&self) -> bool {
        let state = self.shared.lock();
        state.agreed == Agreed::Yes && state.links.iter().any(|link| link.connection.is_some())
    }

    /// Waits until the peer has acknowledged everything; whether it has.
    pub(crate) fn flush(&self, wait: Duration) -> bool {
        let until = Instant::now() + wait;
        let mut connected = Instant::now();
        let mut state = self.shared.lock();
        while !state.outgoing.is_empty() {
            if state.links.iter().any(|link| link.connection.is_some()) {
                connected = Instant::now();
            }
            let left = until.saturating_duration_since(Instant::now());
            // A peer that has gone has what it needed: its last words came before.
            if left.is_zero() || connected.elapsed() > GONE {
                return false;
            }
            state = self.shared.wait(state, left.min(STEP));
        }
        true
    }

    /// Ends all links and waits for their threads.
    pub(crate) fn stop(mut self) {
        {
            let mut state = self.shared.lock();
            state.stopped = true;
            for link in &mut state.links {
                link.close();
            }
        }
        self.shared.changed.notify_all();
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

/// One of the conversations that share the links.
pub(crate) struct Channel {
    shared: Arc<Shared>,
    id: u16,
    epoch: u64,
}

impl Channel {
    /// Goes on after the peer has been restarted: nothing of what was said before arrives any more.
    pub(crate) fn renew(&mut self) {
        self.epoch = self.shared.lock().epoch;
    }

    /// Queues a message; waits while too much is queued.
    ///
    /// # Errors
    /// [`LinkLost`] when the peer has been restarted or the trunk stopped.
    pub(crate) fn send(&self, message: &[u8]) -> Result<(), LinkLost> {
        let mut state = self.shared.lock();
        loop {
            state.check(self.epoch)?;
            if state.outgoing_bytes <= MOST_OUTGOING_BYTES {
                break;
            }
            state = self.shared.wait(state, STEP);
        }
        state.outgoing_bytes += message.len();
        state.outgoing.push_back(Arc::new(wire::data_body(self.id, message)));
        drop(state);
        self.shared.changed.notify_all();
        Ok(())
    }

    /// The next message; `None` when none came within `wait`.
    ///
    /// # Errors
    /// As for [`Channel::send`].
    pub(crate) fn receive(&self, wait: Duration) -> Result<Option<Vec<u8>>, LinkLost> {
        let until = Instant::now() + wait;
        let mut state = self.shared.lock();
        loop {
            state.check(self.epoch)?;
            if let Some(message) = state.inboxes.get_mut(usize::from(self.id)).and_then(VecDeque::pop_front) {
                state.inbox_bytes -= message.len();
                return Ok(Some(message));
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(None);
            }
            state = self.shared.wait(state, left);
        }
    }
}

struct Shared {
    /// What each link needs for TLS.
    #[cfg(all(unix, feature = "tls"))]
    tls: Vec<Option<tls::Tls>>,
    state: Mutex<State>,
    /// Something in the state has changed that somebody may wait for.
    changed: Condvar,
    options: TrunkOptions,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&self, state: MutexGuard<'a, State>, wait: Duration) -> MutexGuard<'a, State> {
        self.changed.wait_timeout(state, wait).map_or_else(|e| e.into_inner().0, |(state, _)| state)
    }

    fn tunables(&self) -> Tunables {
        self.options.tunables.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

struct State {
    /// This process.
    incarnation: u64,
    /// The peer's process.
    peer: Option<u64>,
    /// Counts the peer's restarts.
    epoch: u64,
    /// Number of the first message in `outgoing`.
    first: u64,
    /// Bodies of messages that the peer has not acknowledged.
    outgoing: VecDeque<Arc<Vec<u8>>>,
    outgoing_bytes: usize,
    /// Number of the next message from the peer.
    next_expected: u64,
    inboxes: Vec<VecDeque<Vec<u8>>>,
    inbox_bytes: usize,
    links: Vec<Link>,
    /// The link that carries this end's messages.
    active: Option<usize>,
    agreed: Agreed,
    stopped: bool,
}

struct Link {
    name: String,
    connection: Option<Connection>,
    health: Health,
    connections: u64,
    altered: u64,
}

/// A connection that has proved itself.
struct Connection {
    /// Tells it from earlier ones of the same link.
    number: u64,
    stream: Stream,
    /// The next message to write.
    cursor: u64,
    ack_due: bool,
    pong_due: Option<u64>,
}

impl Link {
    fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            connection: None,
            health: Health::default(),
            connections: 0,
            altered: 0,
        }
    }

    fn close(&mut self) {
        if let Some(connection) = self.connection.take() {
            connection.stream.shutdown();
        }
    }
}

impl State {
    fn check(&self, epoch: u64) -> Result<(), LinkLost> {
        if self.stopped {
            return Err(LinkLost::Stopped);
        }
        if self.epoch != epoch {
            return Err(LinkLost::PeerRestarted);
        }
        Ok(())
    }

    /// A peer has proved itself on link `index`. If its process is another one than before, nothing said before counts.
    fn meet(&mut self, peer: u64) {
        if let Some(before) = self.peer.replace(peer)
            && before != peer
        {
            self.epoch += 1;
            self.first = 0;
            self.outgoing.clear();
            self.outgoing_bytes = 0;
            self.next_expected = 0;
            self.inbox_bytes = 0;
            self.inboxes.iter_mut().for_each(VecDeque::clear);
            self.links.iter_mut().for_each(Link::close);
            self.active = None;
        }
    }

    /// The peer has everything before `next`; whether that can be.
    fn acknowledge(&mut self, next: u64) -> bool {
        if next > self.first + self.outgoing.len() as u64 {
            return false;
        }
        while self.first < next {
            if let Some(body) = self.outgoing.pop_front() {
                self.outgoing_bytes -= wire::message_len(&body);
            }
            self.first += 1;
        }
        true
    }

    /// Chooses the link that carries this end's messages.
    fn choose(&mut self, now: Instant) {
        let up = |link: &Link| link.connection.is_some();
        let best = (0..self.links.len())
            .filter(|&index| up(&self.links[index]))
            .min_by(|&a, &b| self.links[a].health.score(now).total_cmp(&self.links[b].health.score(now)));
        let keep = self.active.filter(|&active| {
            up(&self.links[active])
                && best.is_none_or(|best| {
                    !self.links[best].health.is_clearly_better(&self.links[active].health, now)
                })
        });
        let chosen = keep.or(best);
        if chosen != self.active {
            self.active = chosen;
            let first = self.first;
            if let Some(index) = chosen
                && let Some(connection) = &mut self.links[index].connection
            {
                // Whatever the link before has not brought across goes again.
                connection.cursor = first;
                tracing::info!(link = %self.links[index].name, "messages take this link");
            }
        }
    }
}

/// Queued beyond this, senders wait.
const MOST_OUTGOING_BYTES: usize = 64 << 20;
/// A peer that sends this much ahead of what is read has gone wrong.
const MOST_INBOX_BYTES: usize = 256 << 20;
/// A peer that has been out of reach for so long while everything ends has ended, too.
const GONE: Duration = Duration::from_millis(500);
const STEP: Duration = Duration::from_millis(100);
