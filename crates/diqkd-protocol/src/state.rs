//! The states of a session, in the order in which it passes through them.

pub(crate) mod amplifying;
pub(crate) mod collecting;
pub(crate) mod reconciling;
pub(crate) mod sifting;
pub(crate) mod verifying;

use diqkd_core::{Role, SessionId};

use crate::abort::Abort;
use crate::event::{Event, Stage};
use crate::journal::Record;
use crate::party::Party;
use crate::wire::Message;

/// A session is in exactly one of these.
pub(crate) enum State {
    Collecting(collecting::Collecting),
    Sifting(sifting::Sifting),
    Reconciling(reconciling::Reconciling),
    Verifying(verifying::Verifying),
    Amplifying(amplifying::Amplifying),
    Done,
    Aborted,
}

impl State {
    /// The state after an authentic message.
    pub(crate) fn handle(self, message: Message, party: &mut Party) -> Result<Self, Abort> {
        if message == Message::Abort {
            return Err(Abort::PeerAborted);
        }
        let message = match outcomes(message, party)? {
            Some(message) => message,
            None => return Ok(self),
        };
        match self {
            Self::Collecting(state) => state.handle(message, party),
            Self::Sifting(state) => state.handle(message, party),
            Self::Reconciling(state) => state.handle(message, party),
            Self::Verifying(state) => state.handle(message, party),
            Self::Amplifying(state) => state.handle(message, party),
            Self::Done | Self::Aborted => unexpected(&message, self.stage()),
        }
    }

    pub(crate) fn stage(&self) -> Stage {
        match self {
            Self::Collecting(_) => Stage::Collecting,
            Self::Sifting(_) => Stage::Sifting,
            Self::Reconciling(_) => Stage::Reconciling,
            Self::Verifying(_) => Stage::Verifying,
            Self::Amplifying(_) => Stage::Amplifying,
            Self::Done => Stage::Done,
            Self::Aborted => Stage::Aborted,
        }
    }
}

/// Questions and answers about earlier sessions, which have a place in every state; other messages come back.
fn outcomes(message: Message, party: &mut Party) -> Result<Option<Message>, Abort> {
    match (party.role, message) {
        (Role::Bob, Message::Unresolved(sessions)) => {
            party.events.push_back(Event::OutcomesAsked(sessions));
        }
        (Role::Alice, Message::Outcomes(outcomes)) => {
            if !outcomes.iter().map(|(session, _)| session).eq(&party.asked) {
                return Err(Abort::Inconsistent { message: "outcomes" });
            }
            party.asked.clear();
            let settled = |&(session, has_key): &(SessionId, bool)| Record::Settled { session, has_key };
            party.records.extend(outcomes.iter().map(settled));
            party.events.push_back(Event::Outcomes(outcomes));
        }
        (_, other) => return Ok(Some(other)),
    }
    Ok(None)
}

fn unexpected<T>(message: &Message, stage: Stage) -> Result<T, Abort> {
    Err(Abort::Unexpected { message: message.name(), state: stage.name() })
}
