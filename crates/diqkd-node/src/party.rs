//! One party from its first tag to its keys.

use std::error::Error;
use std::time::{Duration, Instant};

use diqkd_core::Role;
use diqkd_hal::{StationLayout, TimeTagger};
use diqkd_protocol::{Abort, Event, Report, SecretKey, Session};
use diqkd_timetag::slot::SlotReport;
use diqkd_timetag::sync::ClockFit;

use crate::drive::Drive;
use crate::error::NodeError;
use crate::observer::Observer;
use crate::station::{FollowerStation, Recording, ReferenceStation, StationError};
use crate::tcp::TcpLink;

/// How a party's session ended.
#[derive(Debug)]
pub enum Ending {
    /// With a key.
    Key(Box<Outcome>),
    /// Without one.
    Aborted {
        /// Why.
        abort: Abort,
        /// How the station's tags became trials, where they did.
        recording: Option<Box<SlotReport>>,
    },
}

/// What a party holds after a session that ended with a key.
#[derive(Debug)]
pub struct Outcome {
    /// The secret.
    pub key: SecretKey,
    /// How it came about.
    pub report: Report,
    /// How the station's tags became trials.
    pub recording: SlotReport,
    /// Tags read from the station.
    pub tags: u64,
    /// Bob: his clock against Alice's at acquisition.
    pub clock: Option<ClockFit>,
}

/// Runs a session at one site: records with `tagger`, talks over `link`, until there is a key or an abort.
///
/// # Errors
/// [`NodeError::Link`] when the connection fails before that.
pub fn run<T: TimeTagger>(
    session: Session,
    tagger: T,
    layout: &StationLayout,
    link: TcpLink,
    observer: &dyn Observer,
) -> Result<Ending, NodeError> {
    let role = session.role();
    let mut party = Party { drive: Drive::new(session, link, Instant::now()), role, observer, aborted: None };
    let recorded = match role {
        Role::Alice => party.record_reference(tagger, layout)?,
        Role::Bob => party.record_follower(tagger, layout)?,
    };
    let (recording, clock) = match recorded {
        Ok(recorded) => recorded,
        Err(error) => {
            party.drive.session.abort(Abort::InvalidRecording { what: with_causes(&error) });
            party.drive.flush()?;
            party.take_events(|_, _| Ok(()))?;
            let abort = party.aborted.unwrap_or(Abort::Cancelled);
            return Ok(Ending::Aborted { abort, recording: None });
        }
    };
    let Recording { table, report: slots, tags } = recording;
    party.drive.session.finish_recording(table);
    loop {
        if let Some((key, report)) = party.finish_turn()? {
            party.drive.flush()?;
            return Ok(Ending::Key(Box::new(Outcome { key, report, recording: slots, tags, clock })));
        }
        if let Some(abort) = party.aborted {
            party.drive.flush()?;
            return Ok(Ending::Aborted { abort, recording: Some(Box::new(slots)) });
        }
    }
}

struct Party<'a> {
    drive: Drive,
    role: Role,
    observer: &'a dyn Observer,
    aborted: Option<Abort>,
}

type Recorded = Result<(Recording, Option<ClockFit>), StationError>;

impl Party<'_> {
    fn record_reference<T: TimeTagger>(
        &mut self,
        tagger: T,
        layout: &StationLayout,
    ) -> Result<Recorded, NodeError> {
        let mut station = match ReferenceStation::start(tagger, layout) {
            Ok(station) => station,
            Err(error) => return Ok(Err(error)),
        };
        loop {
            let step = match station.step() {
                Ok(step) => step,
                Err(error) => return Ok(Err(error)),
            };
            for sample in &step.samples {
                self.drive.session.send_sync_sample(sample);
            }
            if step.ended {
                self.drive.session.send_sync_sample(&[]);
            }
            self.recording(station.rounds());
            self.drive.turn(Duration::ZERO)?;
            self.take_events(|_, _| Ok(()))?;
            if step.ended || self.aborted.is_some() {
                return Ok(station.finish().map(|recording| (recording, None)));
            }
        }
    }

    fn record_follower<T: TimeTagger>(
        &mut self,
        tagger: T,
        layout: &StationLayout,
    ) -> Result<Recorded, NodeError> {
        let mut station = match FollowerStation::start(tagger, layout) {
            Ok(station) => station,
            Err(error) => return Ok(Err(error)),
        };
        let mut ended = false;
        while !ended && self.aborted.is_none() {
            self.drive.turn(TURN)?;
            let placed = self.take_events(|party, sample| {
                ended |= sample.is_empty();
                let placed = station.sample(&sample);
                party.recording(station.rounds());
                placed
            });
            if let Err(error) = placed {
                return Ok(Err(error));
            }
        }
        let clock = station.clock().copied();
        Ok(station.finish().map(|recording| (recording, clock)))
    }

    /// One turn after recording.
    fn finish_turn(&mut self) -> Result<Option<(SecretKey, Report)>, NodeError> {
        self.drive.turn(TURN)?;
        while let Some(event) = self.drive.next_event() {
            match event {
                Event::Entered(stage) => self.observer.entered(self.role, stage),
                Event::Key { key, report } => return Ok(Some((key, *report))),
                Event::Aborted(abort) => self.aborted = Some(abort),
                _ => {}
            }
        }
        Ok(None)
    }

    /// Takes the session's events while recording; samples go to `on_sample`.
    fn take_events(
        &mut self,
        mut on_sample: impl FnMut(&Self, Vec<i64>) -> Result<(), StationError>,
    ) -> Result<(), StationError> {
        while let Some(event) = self.drive.next_event() {
            match event {
                Event::SyncSample(times) => on_sample(self, times)?,
                Event::Entered(stage) => self.observer.entered(self.role, stage),
                Event::Aborted(abort) => self.aborted = Some(abort),
                _ => {}
            }
        }
        Ok(())
    }

    fn recording(&self, recorded: u64) {
        self.observer.recording(self.role, recorded, self.drive.session.params().rounds);
    }
}

/// An error with its causes in one line.
fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        cause = inner.source();
    }
    text
}

/// How long a turn waits for the peer.
const TURN: Duration = Duration::from_millis(50);
