//! What the events of a session ask of its site, done in the order that survives a crash: records are on disk before anything
//! that follows from them leaves, a key is on disk before the session goes on, and the store follows the journal.

use diqkd_core::SessionId;
use diqkd_protocol::journal::Record;
use diqkd_protocol::{Abort, Agreement, Event, Report, SecretKey, Session};

use crate::error::NodeError;
use crate::journal;

/// Where a session's records and its key go.
pub(crate) trait Custody {
    /// These records are on disk when this returns.
    fn record(&mut self, records: &[Record]) -> Result<(), NodeError>;

    /// A block's keys are on disk, not to be used yet, when this returns.
    fn keep(&mut self, key: SecretKey, agreement: &Agreement) -> Result<(), NodeError>;

    /// Does with the keys of a session what the journal says.
    fn follow(&mut self, session: SessionId) -> Result<(), NodeError>;

    /// Bob's answer to Alice about earlier sessions.
    fn outcomes(&self, asked: &[SessionId]) -> Vec<(SessionId, bool)>;
}

/// What a session has told so far.
#[derive(Debug, Default)]
pub(crate) struct Told {
    /// Events on Alice's clock that nobody has used yet.
    pub(crate) samples: Vec<Vec<i64>>,
    /// How the key came about that is on disk.
    pub(crate) report: Option<Box<Report>>,
    /// The key may be used at this site.
    pub(crate) confirmed: bool,
    pub(crate) aborted: Option<Abort>,
}

impl Told {
    /// Writes the session's records, takes its events and does what they ask for. `heard` gets those that are no data, once
    /// they are done.
    pub(crate) fn take(
        &mut self,
        session: &mut Session,
        custody: &mut impl Custody,
        mut heard: impl FnMut(&Event),
    ) -> Result<(), NodeError> {
        loop {
            journal::write_due(session, |records| custody.record(records))?;
            let Some(event) = session.poll_event() else { return Ok(()) };
            match event {
                Event::SyncSample(times) => {
                    self.samples.push(times);
                    continue;
                }
                Event::Key { key, report } => {
                    custody.keep(key, session.agreement())?;
                    self.report = Some(report);
                    session.key_stored();
                    continue;
                }
                Event::Confirmed => {
                    custody.follow(session.params().session)?;
                    self.confirmed = true;
                }
                Event::OutcomesAsked(ref asked) => session.answer_outcomes(&custody.outcomes(asked)),
                Event::Outcomes(ref outcomes) => {
                    outcomes.iter().try_for_each(|&(session, _)| custody.follow(session))?;
                }
                Event::Aborted(abort) => {
                    self.aborted = Some(abort);
                    continue;
                }
                _ => {}
            }
            heard(&event);
        }
    }
}
