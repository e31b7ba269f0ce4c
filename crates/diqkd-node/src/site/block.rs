//! One block at this site: record, talk, store.

use std::sync::MutexGuard;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use diqkd_core::{LocalTable, Role, RoundList, SessionId};
use diqkd_hal::{StationLayout, TimeTagger};
use diqkd_protocol::{Abort, Event, Report, Session};

use super::Site;
use super::lane::{Lane, Word};
use crate::drive;
use crate::error::{NodeError, with_causes};
use crate::events::Told;
use crate::source::{Device, RecordedTags, Recorder, Source};
use crate::station::{self, FollowerStation, Recording, ReferenceStation, StationError};
use crate::vault::Vault;

/// A session on a lane.
pub(super) struct Block<'a> {
    pub(super) site: &'a Site,
    pub(super) source: &'a Source,
    pub(super) vault: &'a Vault,
    pub(super) lane: &'a mut Lane,
    pub(super) session: Session,
    started: Instant,
    recorded_at: Option<Instant>,
    /// The rounds in which this site's own flag was up, where it draws its own, once they are recorded.
    raised: Option<RoundList>,
    told: Told,
}

/// How a block ended that had no trouble with disk or peer.
pub(super) enum Ending {
    Key(Box<Report>),
    Aborted(Abort),
}

impl<'a> Block<'a> {
    pub(super) fn new(
        site: &'a Site,
        source: &'a Source,
        vault: &'a Vault,
        lane: &'a mut Lane,
        session: Session,
    ) -> Self {
        Self {
            site,
            source,
            vault,
            lane,
            session,
            started: Instant::now(),
            recorded_at: None,
            raised: None,
            told: Told::default(),
        }
    }

    /// Runs the block to its end.
    pub(super) fn run(
        mut self,
        block: u64,
        device: Option<MutexGuard<'_, Device>>,
    ) -> Result<Ending, NodeError> {
        let session = self.id();
        let unresolved = self.vault.begin(session);
        self.session.ask_outcomes(&unresolved);
        let ended = self.record_and_distil(block, device);
        // Whatever ended the block, the store follows the journal.
        self.vault.end(session)?;
        ended?;
        match (self.told.report, self.told.confirmed, self.told.aborted) {
            (Some(report), true, _) => Ok(Ending::Key(report)),
            (_, _, abort) => Ok(Ending::Aborted(abort.unwrap_or(Abort::Cancelled))),
        }
    }

    fn record_and_distil(
        &mut self,
        block: u64,
        mut device: Option<MutexGuard<'_, Device>>,
    ) -> Result<(), NodeError> {
        let (metrics, name) = (&self.site.metrics, &self.source.name);
        metrics.source(name, |source| source.recording += 1);
        let recorded = self.record(block, device.as_deref_mut());
        drop(device);
        metrics.source(name, |source| source.recording -= 1);
        match recorded? {
            Ok(table) => {
                let rounds = table.len() as u64;
                metrics.source(name, |source| {
                    source.backlog_blocks += 1;
                    source.backlog_rounds += rounds;
                });
                let ended = self.distil(table);
                metrics.source(name, |source| {
                    source.backlog_blocks -= 1;
                    source.backlog_rounds -= rounds;
                });
                ended?;
            }
            Err(error) => {
                if let StationError::Tampered { report } = &error {
                    self.vault.note_tamper(report)?;
                    tracing::error!(source = %self.source.name, session = %self.id(), %report, "station tampered with");
                }
                self.session.abort(error.abort());
                self.take_events()?;
            }
        }
        self.flush()?;
        self.lane.say(&Word::Over(self.id()))?;
        Ok(())
    }

    fn id(&self) -> SessionId {
        self.session.params().session
    }

    fn record(
        &mut self,
        block: u64,
        device: Option<&mut Device>,
    ) -> Result<Result<LocalTable, StationError>, NodeError> {
        let unlimited = AtomicBool::new(false);
        match (self.source.recorder(&self.session, block), device) {
            (Recorder::Trials { trials, raised }, _) => {
                let table = self.record_trials(trials)?;
                self.raised = raised.map(|raised| raised.take());
                Ok(Ok(table))
            }
            (Recorder::Simulated { station, layout, raised }, _) => {
                let recorded = self.record_tags(*station, &layout, &unlimited);
                self.raised = raised.map(|raised| raised.take());
                recorded
            }
            (Recorder::Recorded { path, layout }, _) => match RecordedTags::open(&path) {
                Ok(tags) => self.record_tags(tags, &layout, &unlimited),
                Err(error) => {
                    tracing::error!(path = %path.display(), detail = with_causes(&error), "no recording");
                    Ok(Err(station::device(error)))
                }
            },
            (Recorder::Station { at, begin, layout }, Some(device)) => {
                let recorded = match device.station(&at, begin) {
                    Ok(station) => {
                        let enough = station.enough();
                        let recorded = self.record_tags(&mut *station, &layout, &enough)?;
                        self.raised = station.take_raised();
                        recorded
                    }
                    Err(error) => {
                        tracing::error!(source = %self.source.name, detail = with_causes(&error), "no station");
                        Err(station::device(error))
                    }
                };
                if recorded.is_err() {
                    device.hang_up();
                }
                Ok(recorded)
            }
            // The guard of the device is the caller's for every source that has one.
            (Recorder::Station { .. }, None) => {
                Ok(Err(StationError::Device { kind: diqkd_hal::ErrorKind::Disconnected }))
            }
        }
    }

    fn record_trials(
        &mut self,
        mut trials: Box<dyn Iterator<Item = diqkd_core::LocalTrial> + Send>,
    ) -> Result<LocalTable, NodeError> {
        let mut table = LocalTable::new();
        let mut ended = false;
        while !ended && self.told.aborted.is_none() {
            {
                let _place = self.site.gate.enter(self.source.priority);
                for trial in trials.by_ref().take(TRIALS_A_STEP) {
                    // Rounds of an experiment increase.
                    let _ = table.push(trial);
                }
                ended = !table.len().is_multiple_of(TRIALS_A_STEP) || table.is_empty();
            }
            self.pace(table.len() as u64)?;
            self.turn(Duration::ZERO)?;
        }
        Ok(table)
    }

    fn record_tags<T: TimeTagger>(
        &mut self,
        tagger: T,
        layout: &StationLayout,
        enough: &AtomicBool,
    ) -> Result<Result<LocalTable, StationError>, NodeError> {
        let recorded = match self.session.role() {
            Role::Alice => self.record_reference(tagger, layout, enough)?,
            Role::Bob => self.record_follower(tagger, layout, enough)?,
        };
        Ok(recorded.map(|recording| recording.table))
    }

    fn record_reference<T: TimeTagger>(
        &mut self,
        tagger: T,
        layout: &StationLayout,
        enough: &AtomicBool,
    ) -> Result<Result<Recording, StationError>, NodeError> {
        let mut station = match ReferenceStation::start(tagger, layout) {
            Ok(station) => station,
            Err(error) => return Ok(Err(error)),
        };
        // What later stages may lose at the edges.
        let rounds = self.session.params().rounds_to_record();
        let wanted = rounds.saturating_add(rounds / 200).saturating_add(100);
        loop {
            let step = match station.step() {
                Ok(step) => step,
                Err(error) => return Ok(Err(error)),
            };
            for sample in &step.samples {
                self.session.send_sync_sample(sample);
            }
            if step.ended {
                self.session.send_sync_sample(&[]);
            }
            if station.rounds() >= wanted || self.told.aborted.is_some() {
                enough.store(true, Ordering::Relaxed);
            }
            self.pace(station.rounds())?;
            self.turn(Duration::ZERO)?;
            if step.ended || self.told.aborted.is_some() {
                return Ok(station.finish());
            }
        }
    }

    fn record_follower<T: TimeTagger>(
        &mut self,
        tagger: T,
        layout: &StationLayout,
        enough: &AtomicBool,
    ) -> Result<Result<Recording, StationError>, NodeError> {
        let mut station = match FollowerStation::start(tagger, layout) {
            Ok(station) => station,
            Err(error) => return Ok(Err(error)),
        };
        let mut ended = false;
        while !ended && self.told.aborted.is_none() {
            self.turn(TURN)?;
            for sample in std::mem::take(&mut self.told.samples) {
                ended |= sample.is_empty();
                if let Err(error) = station.sample(&sample) {
                    return Ok(Err(error));
                }
            }
        }
        enough.store(true, Ordering::Relaxed);
        Ok(station.finish())
    }

    /// Waits as long as rounds may not come faster.
    fn pace(&mut self, rounds: u64) -> Result<(), NodeError> {
        let Some(pace_hz) = self.source.pace_hz() else { return Ok(()) };
        let due = self.started + Duration::from_secs_f64(rounds as f64 / pace_hz as f64);
        while self.told.aborted.is_none() {
            let left = due.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            std::thread::sleep(left.min(LONGEST_PAUSE));
            self.turn(Duration::ZERO)?;
        }
        Ok(())
    }

    /// From the recorded table to the key or an abort.
    fn distil(&mut self, table: LocalTable) -> Result<(), NodeError> {
        self.recorded_at = Some(Instant::now());
        {
            let _place = self.site.gate.enter(self.source.priority);
            match self.raised.take() {
                None => self.session.finish_recording(table),
                Some(raised) => self.session.finish_recording_with_flags(table, &raised),
            }
        }
        self.take_events()?;
        while !self.told.confirmed && self.told.aborted.is_none() {
            self.turn(TURN)?;
        }
        Ok(())
    }

    /// Sends what is due and takes what has arrived, waiting at most `wait` for the first word.
    fn turn(&mut self, wait: Duration) -> Result<(), NodeError> {
        if self.site.control.is_cancelled() {
            self.session.abort(Abort::Cancelled);
        }
        self.flush()?;
        let mut wait = drive::until_due(&self.session, self.now_ms(), wait);
        while self.session.needs_peer() {
            let Some(word) = self.lane.hear(wait)? else { break };
            wait = Duration::ZERO;
            let now = self.now_ms();
            match word {
                Word::Frame(frame) if is_of(&frame, self.id()) => {
                    let _place = self.site.gate.enter(self.source.priority);
                    self.session.handle_frame(&frame, now);
                }
                Word::Over(session) if session == self.id() => self.session.abort(Abort::PeerAborted),
                Word::Propose { .. } => {
                    self.lane.put_back(word);
                    self.session.abort(Abort::PeerAborted);
                }
                // What is left of a session before.
                _ => {}
            }
            self.take_events()?;
        }
        let now = self.now_ms();
        self.session.handle_timeout(now);
        self.take_events()?;
        self.flush()
    }

    fn take_events(&mut self) -> Result<(), NodeError> {
        let (site, source, id, recorded_at) = (self.site, self.source, self.id(), self.recorded_at);
        self.told.take(&mut self.session, &mut self.vault, |event| match event {
            Event::Entered(stage) => tracing::debug!(source = %source.name, session = %id, %stage, "stage"),
            Event::Confirmed => {
                if let Some(recorded_at) = recorded_at {
                    site.metrics.latency(&source.name, recorded_at.elapsed());
                }
            }
            Event::OutcomesAsked(asked) => {
                tracing::info!(source = %source.name, sessions = asked.len(), "the peer asks how earlier sessions ended");
            }
            Event::Outcomes(outcomes) => {
                for (session, has_key) in outcomes {
                    tracing::info!(source = %source.name, %session, has_key, "an earlier session is settled");
                }
            }
            _ => {}
        })
    }

    fn flush(&mut self) -> Result<(), NodeError> {
        let now = self.now_ms();
        while let Some(frame) = self.session.poll_transmit(now) {
            self.lane.say(&Word::Frame(frame))?;
        }
        Ok(())
    }

    fn now_ms(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

/// Whether the header of a frame names the session.
fn is_of(frame: &[u8], session: SessionId) -> bool {
    frame.get(4..20).is_some_and(|id| id == session.0)
}

const TRIALS_A_STEP: usize = 1 << 16;
/// How long a turn waits for the peer.
const TURN: Duration = Duration::from_millis(50);
/// A paced recording looks after its session at least so often.
const LONGEST_PAUSE: Duration = Duration::from_millis(200);
