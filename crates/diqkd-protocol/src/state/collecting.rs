//! Rounds are being recorded. Both sites compare parameters; Alice sends sync samples; nothing else is said before both
//! have recorded all their rounds and stopped their devices.

use diqkd_core::{LocalTable, Role};

use super::{State, sifting::Sifting, unexpected};
use crate::abort::Abort;
use crate::event::{Event, Stage};
use crate::party::Party;
use crate::wire::Message;

#[derive(Default)]
pub(crate) struct Collecting {
    agreed: bool,
    own: Option<LocalTable>,
    peer_rounds: Option<u64>,
}

impl Collecting {
    /// This site has recorded all its rounds and its devices have stopped.
    pub(crate) fn recorded(mut self, table: LocalTable, party: &mut Party) -> Result<State, Abort> {
        enough(table.len() as u64, party)?;
        party.check_settings(&table)?;
        party.link.send(&Message::Recorded { rounds: table.len() as u64 })?;
        self.own = Some(table);
        self.advance(party)
    }

    pub(crate) fn has_recorded(&self) -> bool {
        self.own.is_some()
    }

    pub(crate) fn handle(mut self, message: Message, party: &mut Party) -> Result<State, Abort> {
        match message {
            Message::Hello(peer) if !self.agreed => {
                if let Some(field) = party.params.first_difference(&peer) {
                    return Err(Abort::ParametersDiffer { field });
                }
                self.agreed = true;
                party.events.push_back(Event::Agreed);
            }
            Message::SyncSample(times) if self.agreed && party.role == Role::Bob => {
                party.events.push_back(Event::SyncSample(times));
            }
            Message::Recorded { rounds } if self.agreed && self.peer_rounds.is_none() => {
                enough(rounds, party)?;
                self.peer_rounds = Some(rounds);
            }
            other => return unexpected(&other, Stage::Collecting),
        }
        self.advance(party)
    }

    fn advance(self, party: &mut Party) -> Result<State, Abort> {
        match self {
            Self { agreed: true, own: Some(table), peer_rounds: Some(rounds) } => {
                Sifting::start(table, rounds, party).map(State::Sifting)
            }
            waiting => Ok(State::Collecting(waiting)),
        }
    }
}

fn enough(observed: u64, party: &Party) -> Result<(), Abort> {
    let needed = party.params.rounds;
    if observed < needed { Err(Abort::TooFewRounds { observed, needed }) } else { Ok(()) }
}
