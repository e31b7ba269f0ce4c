//! The work of one lane: Alice proposes sessions, Bob takes part in them.

use std::sync::MutexGuard;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use diqkd_auth::{KeyPool, PoolId};
use diqkd_core::{Role, SessionId};
use diqkd_protocol::{Abort, LinkConfig, Session, SessionParams};
use rand_core::Rng;
use zeroize::Zeroizing;

use super::Site;
use super::block::{Block, Ending};
use super::lane::{Decline, Lane, PadsOffer, Word};
use crate::error::NodeError;
use crate::link_lost::LinkLost;
use crate::pads::Reservation;
use crate::source::{Device, Source};
use crate::vault::Vault;

/// Works until the site finishes.
pub(super) fn work(site: &Site, index: usize, pipeline: u16, lane: Lane) -> Result<(), NodeError> {
    let (source, vault) = &site.sources[index];
    let pool = PoolId(pipeline_name(pipeline));
    let mut worker = Worker {
        site,
        source,
        vault,
        lane,
        pool,
        failures: 0,
        rest: Duration::ZERO,
        peer_drains: false,
        peer_busy: false,
    };
    loop {
        let turn = match site.config.role {
            Role::Alice => worker.propose(),
            Role::Bob => worker.take_part(),
        };
        match turn {
            Ok(Turn::Again) => {}
            Ok(Turn::Finished) => return Ok(()),
            Err(NodeError::PeerLost(LinkLost::PeerRestarted)) => {
                site.peer_overspent.store(false, Ordering::Relaxed);
                site.peer_exhausted.store(false, Ordering::Relaxed);
                worker.peer_drains = false;
                worker.peer_busy = false;
                tracing::warn!(source = %source.name, "the peer was restarted; the block in progress gives no key here unless it had one");
                worker.lane.renew();
            }
            Err(NodeError::PeerLost(LinkLost::Stopped)) => return Ok(()),
            Err(error) => return Err(error),
        }
    }
}

/// The name of a pipeline as a pool; every source has a journal of its own.
fn pipeline_name(pipeline: u16) -> [u8; 16] {
    let mut name = *b"pipeline        ";
    name[14..].copy_from_slice(&pipeline.to_le_bytes());
    name
}

enum Turn {
    Again,
    Finished,
}

struct Worker<'a> {
    site: &'a Site,
    source: &'a Source,
    vault: &'a Vault,
    lane: Lane,
    /// Names the lane in the journal of the sessions.
    pool: PoolId,
    /// Blocks in a row that gave no key.
    failures: u32,
    /// A pause to be made before the next proposal.
    rest: Duration,
    /// The peer finishes and takes part in no further session of this lane until it is restarted.
    peer_drains: bool,
    /// The peer makes no further block unless one that is running gives no key.
    peer_busy: bool,
}

/// Secret bytes reserved for a session at this site, and how the peer is told about them.
struct Granted {
    offer: PadsOffer,
    secret: Zeroizing<Vec<u8>>,
}

/// What Alice has for a session.
enum Reserved {
    Granted(Granted),
    /// No key for authentication is left.
    Exhausted,
    /// No epsilon is left.
    Overspent,
}

impl Worker<'_> {
    /// Alice: one block, or a pause.
    fn propose(&mut self) -> Result<Turn, NodeError> {
        let site = self.site;
        let rest = std::mem::take(&mut self.rest);
        self.pause(rest);
        if site.is_finishing() {
            return Ok(Turn::Finished);
        }
        if !site.trunk.is_ready() {
            std::thread::sleep(PAUSE);
            return Ok(Turn::Again);
        }
        if self.peer_drains || !self.covers_a_session() || site.peer_overspent.load(Ordering::Relaxed) {
            // Hears, and so notices, when the peer was restarted.
            self.lane.hear(PAUSE)?;
            return Ok(Turn::Again);
        }
        if self.peer_busy && site.running.load(Ordering::Relaxed) > 0 {
            self.lane.hear(PAUSE)?;
            return Ok(Turn::Again);
        }
        self.peer_busy = false;
        let Some(_running) = Running::claim(site) else {
            std::thread::sleep(PAUSE);
            return Ok(Turn::Again);
        };
        let mut device = self.source.device();
        if site.is_finishing() {
            return Ok(Turn::Finished);
        }
        let block = device.as_ref().map_or(0, |device| device.blocks);
        if let Some(path) = self.source.recording(block)
            && !path.exists()
        {
            tracing::info!(source = %self.source.name, path = %path.display(), "no further recording");
            return Ok(Turn::Finished);
        }
        let mut nonce = [0; 16];
        crate::randomness::Randomness::from_system()?.generator("nonce of a session").fill_bytes(&mut nonce);
        let params = self.params(&nonce);
        let reserved = match self.reserve(&params)? {
            Reserved::Granted(reserved) => reserved,
            Reserved::Exhausted => {
                self.exhausted();
                // Hears, and so notices, when the peer was restarted, perhaps with more.
                self.lane.hear(PAUSE)?;
                return Ok(Turn::Again);
            }
            // The last session that the budget covers is another lane's.
            Reserved::Overspent => return Ok(Turn::Again),
        };
        let offered = match reserved.offer {
            PadsOffer::File { start } => Some(start),
            PadsOffer::Keys(_) => None,
        };
        self.lane.say(&Word::Propose { nonce, block, pads: reserved.offer })?;
        let session = self.session(&params, reserved.secret)?;
        match self.answer(params.session)? {
            Some(Ok(())) => {
                if let Some(device) = &mut device {
                    device.blocks += 1;
                }
                self.run(session, block, device)?;
            }
            Some(Err(Decline::PadsTaken { next })) if offered.is_some_and(|start| start >= next) => {
                tracing::error!(
                    source = %self.source.name, byte = next,
                    "the peer's pre-shared key ends before the next session's bytes; its free ones begin at `byte`. Compare pads.file \
                     of both sites"
                );
                site.peer_exhausted.store(true, Ordering::Relaxed);
            }
            Some(Err(Decline::PadsTaken { next })) => {
                tracing::info!(source = %self.source.name, next, "the peer has used more of the pre-shared key; going on from there");
                site.peer_next.fetch_max(next, Ordering::Relaxed);
            }
            Some(Err(Decline::Overspent)) => {
                tracing::error!(source = %self.source.name, "the peer's budget of epsilon does not cover another session; no blocks until it is restarted");
                site.peer_overspent.store(true, Ordering::Relaxed);
            }
            Some(Err(Decline::KeysTaken)) => {
                tracing::warn!(source = %self.source.name, "the peer lacks keys that were set aside; they are given up");
            }
            Some(Err(Decline::Draining)) => {
                // Each proposal costs what it reserves, and this one and those after it are in vain.
                tracing::info!(source = %self.source.name, "the peer is finishing; no further block until it is restarted");
                self.peer_drains = true;
            }
            Some(Err(Decline::Trouble)) => {
                tracing::info!(source = %self.source.name, "the peer declines");
                self.rest = DECLINED;
            }
            Some(Err(Decline::Busy)) => {
                tracing::info!(
                    source = %self.source.name,
                    "the blocks that are running are the last ones that the peer will make, if they give keys"
                );
                self.rest = DECLINED;
                self.peer_busy = true;
            }
            None => {}
        }
        Ok(Turn::Again)
    }

    /// Bob: one block, or a pause.
    fn take_part(&mut self) -> Result<Turn, NodeError> {
        let site = self.site;
        let Some(word) = self.lane.hear(PAUSE)? else {
            let idle = site.running.load(Ordering::Relaxed) == 0;
            return Ok(if site.is_finishing() && idle { Turn::Finished } else { Turn::Again });
        };
        // All other words belong to sessions that are over.
        let Word::Propose { nonce, block, pads } = word else { return Ok(Turn::Again) };
        let params = self.params(&nonce);
        let id = params.session;
        let decline = |why| Word::Decline { session: id, why };
        let Some(_running) = Running::claim_patiently(site) else {
            let why = if site.is_finishing() { Decline::Draining } else { Decline::Busy };
            self.lane.say(&decline(why))?;
            return Ok(Turn::Again);
        };
        let secret = match self.accept(&params, pads)? {
            Ok(secret) => secret,
            Err(why) => {
                self.lane.say(&decline(why))?;
                return Ok(Turn::Again);
            }
        };
        let session = self.session(&params, secret)?;
        let device = self.source.device();
        self.lane.say(&Word::Accept(id))?;
        self.run(session, block, device)?;
        Ok(Turn::Again)
    }

    /// Bob: the secret bytes that Alice suggests, or why not these.
    fn accept(
        &self,
        params: &SessionParams,
        pads: PadsOffer,
    ) -> Result<Result<Zeroizing<Vec<u8>>, Decline>, NodeError> {
        // Before anything is taken.
        if !self.covers_a_session() {
            return Ok(Err(Decline::Overspent));
        }
        let (id, bytes) = (params.session, self.site.config.session_bytes);
        let (start, length, set_aside) = match pads {
            PadsOffer::File { start } => (start, bytes as u64, None),
            PadsOffer::Keys(ids) => match self.vault.take_named(&ids, bytes)? {
                Some(taken) => (0, 0, Some(taken.secret)),
                None => return Ok(Err(Decline::KeysTaken)),
            },
        };
        let mut own = self.site.pads();
        Ok(match own.reserve(id, start, length, params.eps_sound)? {
            Reservation::Granted(secret) => Ok(set_aside.unwrap_or(secret)),
            Reservation::Taken => Err(Decline::PadsTaken { next: own.next() }),
            Reservation::Overspent => Err(Decline::Overspent),
        })
    }

    /// Whether the budget of epsilon covers one more session at this site.
    fn covers_a_session(&self) -> bool {
        self.site.pads().sessions_left(self.site.config.params.eps_sound) > 0
    }

    fn params(&self, nonce: &[u8; 16]) -> SessionParams {
        let mut hasher = blake3::Hasher::new_derive_key("diqkd node session v1");
        hasher.update(&self.site.digest).update(nonce);
        let mut session = [0; 16];
        session.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
        SessionParams { session: SessionId(session), ..self.site.config.params.clone() }
    }

    /// Alice: sets secret bytes aside for a session.
    fn reserve(&self, params: &SessionParams) -> Result<Reserved, NodeError> {
        let bytes = self.site.config.session_bytes;
        if self.site.config.pad_keys > 0
            && let Some(taken) = self.vault.take_pads(bytes)?
        {
            let offer = PadsOffer::Keys(taken.ids);
            return Ok(match self.site.pads().reserve(params.session, 0, 0, params.eps_sound)? {
                Reservation::Granted(_) => Reserved::Granted(Granted { offer, secret: taken.secret }),
                Reservation::Taken | Reservation::Overspent => Reserved::Overspent,
            });
        }
        if self.site.peer_exhausted.load(Ordering::Relaxed) {
            return Ok(Reserved::Exhausted);
        }
        let mut pads = self.site.pads();
        let start = pads.next().max(self.site.peer_next.load(Ordering::Relaxed));
        Ok(match pads.reserve(params.session, start, bytes as u64, params.eps_sound)? {
            Reservation::Granted(secret) => {
                Reserved::Granted(Granted { offer: PadsOffer::File { start }, secret })
            }
            Reservation::Taken => Reserved::Exhausted,
            Reservation::Overspent => Reserved::Overspent,
        })
    }

    fn exhausted(&mut self) {
        if !self.site.exhausted.swap(true, Ordering::Relaxed) {
            tracing::error!(
                "ALARM pads-exhausted: no key left for the authentication of a session; no further blocks until both sites \
                 have a new pre-shared key"
            );
        }
        self.rest = EXHAUSTED;
    }

    fn session(&self, params: &SessionParams, mut secret: Zeroizing<Vec<u8>>) -> Result<Session, NodeError> {
        self.site.exhausted.store(false, Ordering::Relaxed);
        let bits = 8 * secret.len() as u64;
        self.site.metrics.pads(|pads| pads.spent_bits += bits);
        // The ranges of the pre-shared key are accounted for by its own journal, keys set aside by their store. To the journal
        // of the sessions each lane is a pool of its own, in whose order it can't be overtaken by another lane.
        let spent = self.vault.spent_position(self.pool);
        let mut pool = KeyPool::new(std::mem::take(&mut *secret)).with_id(self.pool).starting_at(spent);
        let purpose = format!("private seeds of {}", params.session);
        let rng = Box::new(crate::randomness::Randomness::from_system()?.generator(&purpose));
        let silence = self.site.tunables().peer_silence.as_millis();
        let link =
            LinkConfig { idle_limit_ms: u64::try_from(silence).unwrap_or(u64::MAX), ..LinkConfig::stream() };
        let (role, agreement) = (self.site.config.role, std::sync::Arc::clone(&self.site.agreement));
        Session::with_agreement(role, params.clone(), agreement, &mut pool, rng, link, 0)?
            .map_err(|abort| NodeError::Refused(Box::new(abort)))
    }

    /// Alice: what Bob says to the proposal; `None` when he says nothing for too long.
    fn answer(&mut self, session: SessionId) -> Result<Option<Result<(), Decline>>, NodeError> {
        let until = Instant::now() + self.site.tunables().peer_silence;
        while Instant::now() < until && !self.site.control.is_cancelled() {
            match self.lane.hear(PAUSE)? {
                Some(Word::Accept(accepted)) if accepted == session => return Ok(Some(Ok(()))),
                Some(Word::Decline { session: declined, why }) if declined == session => {
                    return Ok(Some(Err(why)));
                }
                _ => {}
            }
        }
        Ok(None)
    }

    fn run(
        &mut self,
        session: Session,
        block: u64,
        device: Option<MutexGuard<'_, Device>>,
    ) -> Result<(), NodeError> {
        let id = session.params().session;
        let params = session.params();
        let omega_threshold = params.omega_threshold.get();
        tracing::info!(
            source = %self.source.name, session = %id, rounds = params.rounds, eps_sound = params.eps_sound.probability(),
            "block begins"
        );
        let began = Instant::now();
        let ending =
            Block::new(self.site, self.source, self.vault, &mut self.lane, session).run(block, device)?;
        let took_ms = began.elapsed().as_millis() as u64;
        match ending {
            Ending::Key(report) => {
                self.failures = 0;
                self.site.blocks.fetch_add(1, Ordering::Relaxed);
                {
                    let mut totals = self.site.totals();
                    totals.blocks += 1;
                    totals.rounds += report.rounds;
                    totals.key_bits += report.key_bits;
                }
                self.site.metrics.source(&self.source.name, |source| {
                    source.blocks += 1;
                    source.rounds += report.rounds;
                    source.key_bits += report.key_bits;
                    source.leak_bits += report.leak.0;
                    source.secret_fraction = report.key_bits as f64 / (report.rounds as f64).max(1.0);
                    source.f_ec = report.f_ec;
                    if let Some(observed) = &report.observed {
                        source.qber = observed.qber();
                        source.omega = observed.omega();
                    }
                });
                let observed = report.observed.as_ref();
                tracing::info!(
                    source = %self.source.name, session = %id, rounds = report.rounds, key_bits = report.key_bits,
                    leak_bits = report.leak.0, f_ec = report.f_ec, dropped_rounds = report.dropped_rounds,
                    unlike_flags = report.unlike_flags, padding_bits = report.padding_bits,
                    unpadded_outcomes = report.unpadded_outcomes, tests = observed.map(|o| o.tests),
                    wins = observed.map(|o| o.wins), omega_threshold, key_rounds = observed.map(|o| o.key_rounds),
                    key_errors = observed.map(|o| o.key_errors), took_ms, "key"
                );
            }
            Ending::Aborted(abort) => {
                self.failures += 1;
                self.site.totals().aborted += 1;
                self.site.metrics.aborted(&self.source.name, abort.reason());
                let game = match abort {
                    Abort::BellViolationTooLow { wins, tests, .. } => Some((wins, tests)),
                    _ => None,
                };
                tracing::warn!(
                    source = %self.source.name, session = %id, reason = abort.reason(), detail = %abort,
                    tests = game.map(|(_, tests)| tests), wins = game.map(|(wins, _)| wins),
                    omega_threshold = game.map(|_| omega_threshold), took_ms, "no key"
                );
                // A link in trouble must not eat up the key for authentication. Bob has nothing to pause.
                self.rest = FIRST_PAUSE.saturating_mul(1 << self.failures.min(8)).min(LONGEST_PAUSE);
            }
        }
        Ok(())
    }

    fn pause(&self, pause: Duration) {
        let until = Instant::now() + pause;
        while Instant::now() < until && !self.site.is_finishing() {
            std::thread::sleep(PAUSE.min(until.saturating_duration_since(Instant::now())));
        }
    }
}

/// Counts as a running block while it lives.
struct Running<'a>(&'a Site);

impl<'a> Running<'a> {
    /// `None` when enough blocks are running to reach the site's limit.
    fn claim(site: &'a Site) -> Option<Self> {
        let room = |running: u64| {
            site.limit
                .is_none_or(|limit| site.blocks.load(Ordering::Relaxed) + running < limit)
                .then_some(running + 1)
        };
        site.running.fetch_update(Ordering::Relaxed, Ordering::Relaxed, room).ok().map(|_| Self(site))
    }

    /// As [`Running::claim`], after another block that has ended at the peer's site had time to end here.
    fn claim_patiently(site: &'a Site) -> Option<Self> {
        let until = Instant::now() + SKEW;
        while !site.is_finishing() {
            let claimed = Self::claim(site);
            if claimed.is_some() || Instant::now() >= until {
                return claimed;
            }
            std::thread::sleep(PAUSE);
        }
        None
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::Relaxed);
    }
}

const PAUSE: Duration = Duration::from_millis(50);
const DECLINED: Duration = Duration::from_secs(1);
/// How much later a block may end at one site than at the other.
const SKEW: Duration = Duration::from_secs(2);
const EXHAUSTED: Duration = Duration::from_secs(5);
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
