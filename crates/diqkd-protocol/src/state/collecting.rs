//! Rounds are being recorded. Both sites compare parameters; Alice sends sync samples; nothing else is said before both
//! have recorded all their rounds and stopped their devices.

use diqkd_core::{LocalTable, Role, RoundList};
use diqkd_gf2::Bits;

use super::{State, sifting::Sifting, unexpected};
use crate::abort::Abort;
use crate::event::{Event, Stage};
use crate::local_flags;
use crate::party::Party;
use crate::variant::FlagSource;
use crate::wire::Message;

/// What this site has recorded.
pub(crate) struct Recorded {
    pub(crate) table: LocalTable,
    /// The flags of its rounds, where this site drew them.
    pub(crate) flags: Option<Bits>,
}

#[derive(Default)]
pub(crate) struct Collecting {
    agreed: bool,
    own: Option<Recorded>,
    peer_rounds: Option<u64>,
}

impl Collecting {
    /// This site has recorded all its rounds and its devices have stopped.
    pub(crate) fn recorded(
        mut self,
        table: LocalTable,
        raised: Option<&RoundList>,
        party: &mut Party,
    ) -> Result<State, Abort> {
        enough(table.len() as u64, party)?;
        let flags = match (party.params.variant.flags, raised) {
            (FlagSource::Expanded, None) => None,
            (FlagSource::Local { .. }, Some(raised)) => Some(local_flags::of_table(&table, raised)),
            (FlagSource::Expanded, Some(_)) => return Err(wrong_flags("come from the pre-shared seed")),
            (FlagSource::Local { .. }, None) => return Err(wrong_flags("are drawn at the sites")),
        };
        party.check_settings(&table, flags.as_ref())?;
        party.link.send(&Message::Recorded { rounds: table.len() as u64 })?;
        self.own = Some(Recorded { table, flags });
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
            Self { agreed: true, own: Some(recorded), peer_rounds: Some(rounds) } => {
                Sifting::start(recorded, rounds, party).map(State::Sifting)
            }
            waiting => Ok(State::Collecting(waiting)),
        }
    }
}

fn wrong_flags(whence: &str) -> Abort {
    Abort::InvalidRecording {
        what: format!("the recording has the wrong kind of test flags; those of this session {whence}"),
    }
}

fn enough(observed: u64, party: &Party) -> Result<(), Abort> {
    let needed = party.params.rounds;
    if observed < needed { Err(Abort::TooFewRounds { observed, needed }) } else { Ok(()) }
}
