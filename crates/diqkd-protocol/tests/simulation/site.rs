//! One site: a process that runs sessions, and the disk that it leaves behind.

use std::sync::Arc;

use diqkd_auth::{KeyPool, PoolId};
use diqkd_core::{Role, SessionId};
use diqkd_protocol::journal::{Fate, Journal, Record, Writer};
use diqkd_protocol::{
    Abort, Agreement, Event, FlagSource, LinkConfig, Session, SessionParams, Stage, Variant,
};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::devices::{params, record, record_with_flags};
use crate::disk::Disk;

pub(crate) const POOL: PoolId = PoolId([0x50; 16]);
/// How long a session that is over stays to repeat its last words.
const LINGER_MS: u64 = 4000;
/// How long a site is down whose power failed while it had nothing to send.
const RESTART_MS: u64 = 50;

/// Why a step of a site did not come to its end.
#[derive(Debug)]
pub(crate) enum Stop {
    /// The process died there.
    Crash,
    /// It did something that must never happen.
    Violation(String),
}

/// A running process.
struct Process {
    journal: Journal,
    writer: Writer,
    sessions: Vec<Live>,
}

struct Live {
    id: SessionId,
    session: Session,
    record_at: u64,
    world: u64,
    broken: bool,
    over_at: Option<u64>,
}

pub(crate) struct Site {
    pub(crate) role: Role,
    pub(crate) disk: Disk,
    process: Option<Process>,
    pub(crate) down_until: u64,
    clock_offset: i64,
    variant: Variant,
    agreement: Arc<Agreement>,
    stream: bool,
    pub(crate) crashes: u64,
    pub(crate) torn: u64,
    pub(crate) aborts: u64,
    pub(crate) asked: u64,
    pub(crate) refused_records: u64,
    /// Sessions that were opened by a process of this site, with the key they took.
    pub(crate) opened: Vec<(SessionId, u64, u64)>,
}

impl Site {
    pub(crate) fn new(role: Role, agreement: &Arc<Agreement>, stream: bool) -> Self {
        Self::with_disk(role, (Variant::default(), agreement), stream, Disk::default())
    }

    /// `agreement`: that of the variant.
    pub(crate) fn with_disk(
        role: Role,
        (variant, agreement): (Variant, &Arc<Agreement>),
        stream: bool,
        disk: Disk,
    ) -> Self {
        Self {
            role,
            disk,
            process: None,
            down_until: 0,
            clock_offset: 0,
            variant,
            agreement: Arc::clone(agreement),
            stream,
            crashes: 0,
            torn: 0,
            aborts: 0,
            asked: 0,
            refused_records: 0,
            opened: Vec::new(),
        }
    }

    pub(crate) fn is_up(&self) -> bool {
        self.process.is_some()
    }

    /// Starts the process if it is down and its time has come.
    pub(crate) fn boot(&mut self, now: u64) -> Result<(), String> {
        if self.process.is_none() && now >= self.down_until {
            match self.disk.open() {
                Ok((journal, writer)) => {
                    self.process = Some(Process { journal, writer, sessions: Vec::new() });
                }
                Err(Stop::Crash) => self.die(now, RESTART_MS),
                Err(Stop::Violation(violation)) => return Err(violation),
            }
        }
        Ok(())
    }

    pub(crate) fn kill(&mut self, now: u64, rng: &mut StdRng) {
        self.die(now, rng.random_range(1..1500));
    }

    fn die(&mut self, now: u64, down_ms: u64) {
        self.process = None;
        self.disk.die();
        self.crashes += 1;
        self.down_until = now + down_ms;
    }

    pub(crate) fn step_clock(&mut self, by: i64) {
        self.clock_offset += by;
    }

    fn local(&self, now: u64) -> u64 {
        now.saturating_add_signed(self.clock_offset + 10_000_000)
    }

    pub(crate) fn spent(&self) -> u64 {
        self.process.as_ref().map_or(0, |process| process.journal.spent_position(POOL))
    }

    /// Whether a session is under way.
    pub(crate) fn is_busy(&self) -> bool {
        self.process
            .as_ref()
            .is_some_and(|process| process.sessions.iter().any(|live| live.over_at.is_none()))
    }

    /// Whether nothing remains to be settled.
    pub(crate) fn is_settled(&self) -> bool {
        self.disk.prepared.is_empty()
            && self.process.as_ref().is_some_and(|process| process.journal.unresolved(1).is_empty())
    }

    /// Opens a session at a position of the pool.
    pub(crate) fn start(&mut self, id: SessionId, position: u64, now: u64, world: u64, broken: bool) {
        let local = self.local(now);
        let Some(process) = &mut self.process else { return };
        let params = SessionParams { variant: self.variant, ..params(id) };
        let bytes = self.agreement.key_pool_bytes(&params);
        let secret = (0..position as usize + bytes).map(|i| (i * 131 % 251) as u8).collect();
        let mut pool = KeyPool::new(secret).with_id(POOL);
        pool.skip_to(position).unwrap();
        let seeds = Box::new(StdRng::seed_from_u64(world ^ self.role as u64));
        let link = LinkConfig { idle_limit_ms: 2500, retransmit_after_ms: (!self.stream).then_some(60) };
        let session = Session::with_agreement(
            self.role,
            params,
            Arc::clone(&self.agreement),
            &mut pool,
            seeds,
            link,
            local,
        );
        let mut session = session.unwrap().unwrap();
        let unresolved = process.journal.unresolved(100);
        self.asked += unresolved.len() as u64;
        session.ask_outcomes(&unresolved);
        let record_at = now + 1 + world % 40;
        process.sessions.push(Live { id, session, record_at, world, broken, over_at: None });
    }

    /// A frame arrives. The session's name is in its header.
    pub(crate) fn receive(&mut self, frame: &[u8], now: u64) {
        let local = self.local(now);
        let Some(process) = &mut self.process else { return };
        for live in &mut process.sessions {
            // A stream belongs to one session: what comes over it is for the youngest.
            if self.stream || frame.get(4..20) == Some(&live.id.0[..]) {
                live.session.handle_frame(frame, local);
            }
        }
    }

    /// The connection is gone: sessions that need it are, too.
    pub(crate) fn disconnected(&mut self, now: u64) -> Result<(), String> {
        match self.leave_all() {
            Err(Stop::Crash) => self.die(now, RESTART_MS),
            Err(Stop::Violation(violation)) => return Err(violation),
            Ok(()) => {}
        }
        Ok(())
    }

    fn leave_all(&mut self) -> Result<(), Stop> {
        let Some(process) = &mut self.process else { return Ok(()) };
        let gone: Vec<SessionId> =
            process.sessions.iter().filter(|live| live.session.needs_peer()).map(|live| live.id).collect();
        process.sessions.retain(|live| !live.session.needs_peer());
        gone.into_iter().try_for_each(|id| self.disk.follow(id, process.journal.fate(id)))
    }

    /// When this site has something to do by itself.
    pub(crate) fn due(&self, now: u64) -> Option<u64> {
        let Some(process) = &self.process else { return Some(self.down_until) };
        let offset = self.clock_offset + 10_000_000;
        let timers = process.sessions.iter().flat_map(|live| {
            let recording = (live.session.stage() == Stage::Collecting).then_some(live.record_at);
            let timeout = live.session.poll_timeout().map(|due| due.saturating_add_signed(-offset));
            let linger = live.over_at.map(|at| at + LINGER_MS);
            [recording.filter(|&at| at > now), timeout, linger]
        });
        timers.flatten().min().map(|due| due.max(now + 1))
    }

    /// Does everything that is to be done now; the frames that leave, also before a crash, go to `frames`.
    pub(crate) fn turn(
        &mut self,
        now: u64,
        crash: f64,
        rng: &mut StdRng,
        frames: &mut Vec<Vec<u8>>,
    ) -> Result<(), Stop> {
        let local = self.local(now);
        let Some(process) = &mut self.process else { return Ok(()) };
        let die = |rng: &mut StdRng| if rng.random_bool(crash) { Err(Stop::Crash) } else { Ok(()) };
        let Process { journal, writer, sessions } = process;
        for live in sessions.iter_mut() {
            if live.session.poll_timeout().is_some_and(|due| due <= local) {
                live.session.handle_timeout(local);
            }
            if live.record_at <= now && live.session.stage() == Stage::Collecting {
                live.record_at = u64::MAX;
                if self.variant.flags == FlagSource::Expanded {
                    let table = record(&live.session, live.world, live.broken);
                    live.session.finish_recording(table);
                } else {
                    let (table, raised) = record_with_flags(&live.session, live.world, live.broken);
                    live.session.finish_recording_with_flags(table, &raised);
                }
            }
            loop {
                let records: Vec<Record> = std::iter::from_fn(|| live.session.poll_journal()).collect();
                // An owner who asks too early gets nothing that rests on these records.
                frames.extend(std::iter::from_fn(|| live.session.poll_transmit(local)));
                if !records.is_empty() {
                    die(rng)?;
                    let mut bytes = Vec::new();
                    let mut allowed = true;
                    for record in &records {
                        allowed = journal.apply(record).is_ok();
                        if !allowed {
                            break;
                        }
                        bytes.extend(writer.append(record));
                    }
                    if rng.random_bool(crash) {
                        // Any part of it may have reached the disk, and rubbish after it.
                        let kept = rng.random_range(0..=bytes.len());
                        self.torn += u64::from(kept > 0 && kept < bytes.len());
                        self.disk.journal.extend(&bytes[..kept]);
                        let rubbish = rng.random_range(0..40) * usize::from(rng.random_bool(0.2));
                        self.disk.journal.extend(std::iter::repeat_n(0, rubbish));
                        return Err(Stop::Crash);
                    }
                    self.disk.journal.extend(&bytes);
                    for record in &records {
                        if let Record::Opened { session, from, to, .. } = *record {
                            self.opened.push((session, from, to));
                        }
                    }
                    die(rng)?;
                    if allowed {
                        live.session.journalled();
                    } else {
                        self.refused_records += 1;
                        live.session.abort(Abort::Storage { what: "refused".into() });
                    }
                }
                let Some(event) = live.session.poll_event() else { break };
                match event {
                    Event::Key { key, .. } => {
                        die(rng)?;
                        let keys = key.into_keys(64).into_iter().map(|k| (k.id, k.secret.to_vec())).collect();
                        self.disk.prepare(live.id, keys)?;
                        die(rng)?;
                        live.session.key_stored();
                    }
                    Event::Confirmed => {
                        die(rng)?;
                        self.disk.follow(live.id, journal.fate(live.id))?;
                        if journal.fate(live.id) != Fate::Key {
                            return Err(Stop::Violation(format!(
                                "{} is confirmed and not written down",
                                live.id
                            )));
                        }
                    }
                    Event::OutcomesAsked(asked) => {
                        let outcomes: Vec<(SessionId, bool)> =
                            asked.into_iter().map(|id| (id, journal.fate(id) == Fate::Key)).collect();
                        live.session.answer_outcomes(&outcomes);
                    }
                    Event::Outcomes(outcomes) => {
                        for (id, _) in outcomes {
                            die(rng)?;
                            self.disk.follow(id, journal.fate(id))?;
                        }
                    }
                    Event::Aborted(_) => {
                        self.aborts += 1;
                        self.disk.follow(live.id, journal.fate(live.id))?;
                    }
                    _ => {}
                }
            }
            if matches!(live.session.stage(), Stage::Done | Stage::Aborted) && live.over_at.is_none() {
                live.over_at = Some(now);
            }
            while let Some(frame) = live.session.poll_transmit(local) {
                die(rng)?;
                frames.push(frame);
            }
        }
        sessions.retain(|live| live.over_at.is_none_or(|at| now < at + LINGER_MS));
        // Killed while it waits.
        if rng.random_bool(crash / 5.0) { Err(Stop::Crash) } else { Ok(()) }
    }
}
