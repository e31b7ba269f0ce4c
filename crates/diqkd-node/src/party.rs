//! One party from its first tag to its keys.

use std::time::{Duration, Instant};

use diqkd_core::Role;
use diqkd_hal::{StationLayout, TimeTagger};
use diqkd_protocol::{Abort, Event, RaisedFlags, Report, Session};
use diqkd_timetag::slot::SlotReport;
use diqkd_timetag::sync::ClockFit;

use crate::drive::Drive;
use crate::error::NodeError;
use crate::events::{Custody, Told};
use crate::keeper::Keeper;
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

/// What is known after a session that ended with a key, which the keeper has.
#[derive(Debug)]
pub struct Outcome {
    /// How the key came about.
    pub report: Report,
    /// How the station's tags became trials.
    pub recording: SlotReport,
    /// Tags read from the station.
    pub tags: u64,
    /// Bob: his clock against Alice's at acquisition.
    pub clock: Option<ClockFit>,
}

/// What a party records with.
#[derive(Debug)]
pub struct Station<'a, T> {
    /// Where its tags come from.
    pub tagger: T,
    /// What the tags mean.
    pub layout: &'a StationLayout,
    /// The flags that the station's chooser draws, in a session whose sites [draw their own](diqkd_protocol::FlagSource::Local).
    pub raised: Option<RaisedFlags>,
}

/// Runs a session at one site: records with `station`, talks over `link`, gives the key and the records of the journal to
/// `keeper`, until both sites hold the key or there is an abort. Earlier sessions that a crash has left open are settled on
/// the way.
///
/// # Errors
/// [`NodeError::Connection`] when the connection fails before that, [`NodeError::Store`] and [`NodeError::Journal`] when something
/// can't be stored: then open the keeper again before the next session.
pub fn run<T: TimeTagger>(
    session: Session,
    station: Station<'_, T>,
    link: TcpLink,
    keeper: &mut Keeper,
    observer: &dyn Observer,
) -> Result<Ending, NodeError> {
    let (role, id) = (session.role(), session.params().session);
    let drive = Drive::new(session, link, Instant::now());
    let mut party = Party { drive, role, keeper, observer, told: Told::default() };
    let ending = party.run(station);
    party.keeper.follow(id)?;
    ending
}

struct Party<'a> {
    drive: Drive,
    role: Role,
    keeper: &'a mut Keeper,
    observer: &'a dyn Observer,
    told: Told,
}

type Recorded = Result<(Recording, Option<ClockFit>), StationError>;

impl Party<'_> {
    fn run<T: TimeTagger>(&mut self, station: Station<'_, T>) -> Result<Ending, NodeError> {
        let Station { tagger, layout, raised } = station;
        let unresolved = self.keeper.unresolved();
        self.drive.session.ask_outcomes(&unresolved);
        let recorded = match self.role {
            Role::Alice => self.record_reference(tagger, layout)?,
            Role::Bob => self.record_follower(tagger, layout)?,
        };
        let (recording, clock) = match recorded {
            Ok(recorded) => recorded,
            Err(error) => {
                self.drive.session.abort(error.abort());
                self.take_events()?;
                self.drive.flush()?;
                let abort = self.told.aborted.take().unwrap_or(Abort::Cancelled);
                return Ok(Ending::Aborted { abort, recording: None });
            }
        };
        let Recording { table, report: slots, tags } = recording;
        match raised {
            None => self.drive.session.finish_recording(table),
            Some(raised) => self.drive.session.finish_recording_with_flags(table, &raised.take()),
        }
        loop {
            self.drive.turn(TURN)?;
            self.take_events()?;
            if self.told.confirmed
                && let Some(report) = self.told.report.take()
            {
                self.drive.flush()?;
                return Ok(Ending::Key(Box::new(Outcome { report: *report, recording: slots, tags, clock })));
            }
            if let Some(abort) = self.told.aborted.take() {
                self.drive.flush()?;
                return Ok(Ending::Aborted { abort, recording: Some(Box::new(slots)) });
            }
        }
    }

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
            self.take_events()?;
            if step.ended || self.told.aborted.is_some() {
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
        while !ended && self.told.aborted.is_none() {
            self.drive.turn(TURN)?;
            self.take_events()?;
            for sample in std::mem::take(&mut self.told.samples) {
                ended |= sample.is_empty();
                let placed = station.sample(&sample);
                self.recording(station.rounds());
                if let Err(error) = placed {
                    return Ok(Err(error));
                }
            }
        }
        let clock = station.clock().copied();
        Ok(station.finish().map(|recording| (recording, clock)))
    }

    fn take_events(&mut self) -> Result<(), NodeError> {
        let (observer, role) = (self.observer, self.role);
        self.told.take(&mut self.drive.session, self.keeper, |event| {
            if let Event::Entered(stage) = event {
                observer.entered(role, *stage);
            }
        })
    }

    fn recording(&self, recorded: u64) {
        self.observer.recording(self.role, recorded, self.drive.session.params().rounds_to_record());
    }
}

/// How long a turn waits for the peer.
const TURN: Duration = Duration::from_millis(50);
