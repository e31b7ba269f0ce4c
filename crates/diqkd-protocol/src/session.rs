//! One block between two sites, as a state machine without effects.

use std::collections::VecDeque;
use std::sync::Arc;

use diqkd_auth::KeyPool;
use diqkd_core::{LocalTable, Role, RoundList, SessionId};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::abort::Abort;
use crate::agreement::Agreement;
use crate::error::SetupError;
use crate::event::{Event, Stage};
use crate::journal::Record;
use crate::lanes::Lanes;
use crate::link::{Link, LinkConfig, LinkKeys};
use crate::padding::Padding;
use crate::params::SessionParams;
use crate::party::Party;
use crate::security::SessionSecurity;
use crate::settings::TestFlags;
use crate::state::State;
use crate::state::collecting::Collecting;
use crate::wire::{MOST_OUTCOMES, Message};

/// One block of the protocol at one site.
///
/// Four kinds of method: getters, `handle_*` for what arrives, commands, `poll_*` for what has to be done. No socket,
/// clock, thread or randomness inside: `now_ms` is any monotone count of milliseconds. Equal inputs give equal outputs,
/// byte for byte.
///
/// The owner's loop: write what [`Session::poll_journal`] gives to disk and say [`Session::journalled`]; take events with
/// [`Session::poll_event`], store the key of [`Event::Key`] and say [`Session::key_stored`]; send what
/// [`Session::poll_transmit`] gives. As long as a record waits, the other two give nothing.
pub struct Session {
    party: Party,
    state: State,
    test_flag_seed: Zeroizing<[u8; 32]>,
    /// Whether records were given out that are not known to be on disk.
    records_out: bool,
}

impl Session {
    /// A session that has said hello and waits for its rounds.
    ///
    /// `pool` holds the pre-shared key, of which [`Agreement::key_pool_bytes`] are taken; `rng` is this site's
    /// private randomness, used for seeds after both stations have stopped.
    ///
    /// # Errors
    /// The outer error is the caller's: parameters that make no sense, too little pre-shared key. The inner one is the
    /// protocol's no: the parameters certify no key, so no round needs to be recorded.
    pub fn new(
        role: Role,
        params: SessionParams,
        pool: &mut KeyPool,
        rng: Box<dyn CryptoRng + Send>,
        link: LinkConfig,
        now_ms: u64,
    ) -> Result<Result<Self, Abort>, SetupError> {
        match Agreement::derive(&params)? {
            Ok(agreement) => Self::with_agreement(role, params, Arc::new(agreement), pool, rng, link, now_ms),
            Err(abort) => Ok(Err(abort)),
        }
    }

    /// As [`Session::new`], with an agreement that was derived before from parameters that differ in the name of the session
    /// at most: deriving it takes long, and the blocks of a link share it.
    ///
    /// # Errors
    /// As for [`Session::new`]; [`SetupError::Agreement`] for the agreement of other parameters.
    pub fn with_agreement(
        role: Role,
        params: SessionParams,
        agreement: Arc<Agreement>,
        pool: &mut KeyPool,
        rng: Box<dyn CryptoRng + Send>,
        link: LinkConfig,
        now_ms: u64,
    ) -> Result<Result<Self, Abort>, SetupError> {
        if params.key_length_bits == 0 || !params.key_length_bits.is_multiple_of(8) {
            return Err(SetupError::KeyLength { bits: params.key_length_bits });
        }
        if !agreement.is_of(&params) {
            return Err(SetupError::Agreement);
        }
        let from = pool.position();
        let Lanes { signer, verifier, test_flag_seed, check_key } =
            Lanes::split(pool, role, params.max_batches)?;
        let padding = match params.variant.padded {
            true => Padding::take(pool, &agreement.scheme)?,
            false => Padding::none(),
        };
        let (session, to) = (params.session, pool.position());
        let opened = Record::Opened { session, role, pool: pool.id(), from, to };
        let keys = LinkKeys { signer, verifier, check_key };
        let link = Link::new(&params, role, link, keys, now_ms);
        let flags = flags(&test_flag_seed, &params);
        let mut party = Party {
            role,
            params,
            agreement,
            link,
            rng,
            flags,
            padding,
            events: VecDeque::new(),
            records: VecDeque::from([opened]),
            asked: Vec::new(),
        };
        let hello = Message::Hello(party.params.hello());
        let state = match party.link.send(&hello) {
            Ok(()) => State::Collecting(Collecting::default()),
            Err(abort) => return Ok(Err(abort)),
        };
        Ok(Ok(Self { party, state, test_flag_seed, records_out: false }))
    }

    /// Whose side this is.
    pub fn role(&self) -> Role {
        self.party.role
    }

    /// The parameters.
    pub fn params(&self) -> &SessionParams {
        &self.party.params
    }

    /// What follows from the parameters: scheme, leak, certificate, hash plan.
    pub fn agreement(&self) -> &Agreement {
        &self.party.agreement
    }

    /// What the session's key is secure against, and what that rests on.
    pub fn security(&self) -> &SessionSecurity {
        &self.party.agreement.security
    }

    /// The test flags, for the station's setting chooser. They are secret until both stations have stopped. Not those of a
    /// session whose flags are [drawn at the sites](crate::FlagSource::Local).
    pub fn test_flags(&self) -> TestFlags {
        flags(&self.test_flag_seed, &self.party.params)
    }

    /// What the test flags are expanded from, for a station in another process. As secret as they are.
    pub fn test_flag_seed(&self) -> &[u8; 32] {
        &self.test_flag_seed
    }

    /// Where the session stands.
    pub fn stage(&self) -> Stage {
        self.state.stage()
    }

    /// Whether everything sent has left, and, on a lossy link, has been acknowledged.
    pub fn is_flushed(&self) -> bool {
        self.party.link.is_flushed()
    }

    /// Alice: announce the times of events that both sites see (heralds or sync pulses), on her clock, in picoseconds,
    /// non-decreasing. They say nothing about settings or outcomes. At most 131072 a call.
    pub fn send_sync_sample(&mut self, times_ps: &[i64]) {
        if self.party.role == Role::Alice && matches!(self.state, State::Collecting(_)) {
            let sent = self.party.link.send(&Message::SyncSample(times_ps.to_vec()));
            self.unless_aborted(sent);
        }
    }

    /// This site has recorded all its rounds and its devices have stopped. Without effect in a later stage. For sessions
    /// whose flags are [drawn at the sites](crate::FlagSource::Local) see [`Session::finish_recording_with_flags`].
    pub fn finish_recording(&mut self, table: LocalTable) {
        self.recorded(table, None);
    }

    /// As [`Session::finish_recording`], with the rounds in which this site's own flag was up
    /// ([`RaisedFlags`](crate::RaisedFlags)); rounds among them that are not in the table are passed over.
    pub fn finish_recording_with_flags(&mut self, table: LocalTable, raised: &RoundList) {
        self.recorded(table, Some(raised));
    }

    fn recorded(&mut self, table: LocalTable, raised: Option<&RoundList>) {
        match std::mem::replace(&mut self.state, State::Aborted) {
            State::Collecting(collecting) if !collecting.has_recorded() => {
                let before = Stage::Collecting;
                let next = collecting.recorded(table, raised, &mut self.party);
                self.enter(next, before);
            }
            other => self.state = other,
        }
    }

    /// The key of [`Event::Key`] is on disk, as one that is not to be used yet, and will survive a crash: the session goes
    /// on. Without effect at any other time.
    pub fn key_stored(&mut self) {
        self.state = match std::mem::replace(&mut self.state, State::Aborted) {
            State::Amplifying(amplifying) => State::Amplifying(amplifying.stored(&mut self.party)),
            other => other,
        };
    }

    /// All records that [`Session::poll_journal`] gave so far are on disk and will survive a crash: the session goes on.
    ///
    /// If a record can't be written, [`Session::abort`] with [`Abort::Storage`] instead, and read the journal again before
    /// anything else is done with it: what is on disk decides.
    pub fn journalled(&mut self) {
        self.records_out = false;
        if !self.party.records.is_empty() {
            return;
        }
        let before = self.stage();
        match std::mem::replace(&mut self.state, State::Aborted) {
            State::Amplifying(amplifying) => {
                let next = amplifying.recorded(&mut self.party);
                self.enter(next, before);
            }
            other => self.state = other,
        }
    }

    /// Alice: ask how earlier sessions ended at Bob's site, whose key she holds without knowing whether he does. At most
    /// 4096 a session, in one call; a second call before the answer has no effect, nor has one by Bob.
    pub fn ask_outcomes(&mut self, sessions: &[SessionId]) {
        let over = matches!(self.state, State::Done | State::Aborted);
        if self.party.role == Role::Bob || over || sessions.is_empty() || !self.party.asked.is_empty() {
            return;
        }
        self.party.asked = sessions[..sessions.len().min(MOST_OUTCOMES)].to_vec();
        let question = Message::Unresolved(self.party.asked.clone());
        let sent = self.party.link.send(&question);
        self.unless_aborted(sent);
    }

    /// Bob: the answer to [`Event::OutcomesAsked`], for the same sessions in the same order: whether he
    /// [holds](crate::journal::Fate::Key) their keys. Where he says no, a record of it has to be on disk before the answer
    /// leaves, so that he never will.
    pub fn answer_outcomes(&mut self, outcomes: &[(SessionId, bool)]) {
        if self.party.role == Role::Bob && !matches!(self.state, State::Done | State::Aborted) {
            let no = outcomes.iter().filter(|(_, has_key)| !has_key);
            self.party.records.extend(no.map(|&(session, has_key)| Record::Settled { session, has_key }));
            let sent = self.party.link.send(&Message::Outcomes(outcomes.to_vec()));
            self.unless_aborted(sent);
        }
    }

    /// End the session without a key, for a reason found outside of it. If a key was stored and no record of that was
    /// written yet, there is no key; if one was, the journal knows.
    pub fn abort(&mut self, abort: Abort) {
        if !matches!(self.state, State::Done | State::Aborted) {
            self.enter(Err(abort), self.stage());
        }
    }

    /// As [`Session::abort`], for a reason found inside. Once there is a key nothing that the peer or the link does takes it
    /// away.
    fn fail(&mut self, abort: Abort) {
        if !self.is_decided() {
            self.abort(abort);
        }
    }

    /// Whether the peer has still to say something before the session is over.
    pub fn needs_peer(&self) -> bool {
        !matches!(self.state, State::Done | State::Aborted) && !self.is_decided()
    }

    fn is_decided(&self) -> bool {
        matches!(&self.state, State::Amplifying(amplifying) if amplifying.is_decided())
    }

    /// One whole frame has arrived.
    pub fn handle_frame(&mut self, frame: &[u8], now_ms: u64) {
        let messages = match self.party.link.receive(frame, now_ms) {
            Ok(messages) => messages,
            Err(abort) => return self.fail(abort),
        };
        for message in messages {
            if matches!(self.state, State::Done | State::Aborted) || self.is_decided() {
                return;
            }
            let before = self.stage();
            let next = std::mem::replace(&mut self.state, State::Aborted).handle(message, &mut self.party);
            self.enter(next, before);
        }
    }

    /// The time of [`Session::poll_timeout`] has come.
    pub fn handle_timeout(&mut self, now_ms: u64) {
        if matches!(self.state, State::Done | State::Aborted) {
            self.party.link.give_up(now_ms);
        }
        let waiting = self.is_waiting();
        let handled = self.party.link.handle_timeout(now_ms, waiting);
        self.unless_aborted(handled);
    }

    /// The next record to write. Write all there are, wait until they are on disk, and say [`Session::journalled`].
    pub fn poll_journal(&mut self) -> Option<Record> {
        let record = self.party.records.pop_front()?;
        self.records_out = true;
        Some(record)
    }

    /// The next frame to send.
    pub fn poll_transmit(&mut self, now_ms: u64) -> Option<Vec<u8>> {
        match self.party.link.is_held(now_ms) {
            Ok(false) => {}
            Ok(true) => return None,
            Err(late) => self.fail(late),
        }
        let awaits_store = matches!(&self.state, State::Amplifying(amplifying) if amplifying.awaits_store());
        if awaits_store || self.awaits_journal() {
            return None;
        }
        self.party.link.poll_transmit(now_ms)
    }

    /// The next event for the owner.
    pub fn poll_event(&mut self) -> Option<Event> {
        if self.awaits_journal() {
            return None;
        }
        self.party.events.pop_front()
    }

    /// Whether records wait to be written.
    fn awaits_journal(&self) -> bool {
        self.records_out || !self.party.records.is_empty()
    }

    /// When [`Session::handle_timeout`] wants to be called, if nothing else happens before.
    pub fn poll_timeout(&self) -> Option<u64> {
        self.party.link.poll_timeout(self.is_waiting())
    }

    /// Whether only the peer can bring the session forward.
    fn is_waiting(&self) -> bool {
        match &self.state {
            State::Collecting(collecting) => collecting.has_recorded(),
            State::Amplifying(amplifying) => amplifying.awaits_peer(),
            State::Done | State::Aborted => false,
            _ => true,
        }
    }

    fn enter(&mut self, next: Result<State, Abort>, before: Stage) {
        match next {
            Ok(state) => {
                let stage = state.stage();
                self.state = state;
                if stage != before {
                    self.party.events.push_back(Event::Entered(stage));
                }
            }
            Err(abort) => {
                self.state = State::Aborted;
                self.party.link.take_back();
                let own = self.party.params.session;
                self.party.records.retain(|record| !record.is_step_of(own));
                if let Abort::Storage { .. } = abort {
                    // Nothing may leave that rests on a record, not even the word that it is over.
                    self.records_out = false;
                    self.party.records.clear();
                    self.party.link.close();
                    let rests = |event: &Event| matches!(event, Event::Confirmed | Event::Outcomes(_));
                    self.party.events.retain(|event| !rests(event));
                } else if abort != Abort::PeerAborted {
                    // With the pads used up the peer learns of the end by silence.
                    let _ = self.party.link.send(&Message::Abort);
                }
                self.party.events.push_back(Event::Aborted(abort));
            }
        }
    }

    fn unless_aborted(&mut self, result: Result<(), Abort>) {
        if let Err(abort) = result {
            self.fail(abort);
        }
    }
}

fn flags(seed: &[u8; 32], params: &SessionParams) -> TestFlags {
    TestFlags::new(seed, params.gamma).with_key_bases(seed, params.variant.key_bases)
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session")
            .field("role", &self.party.role)
            .field("session", &self.party.params.session)
            .field("stage", &self.stage())
            .finish_non_exhaustive()
    }
}
