//! Alice draws the seed of the hash and both hash. Each key is stored by its owner, and a record of it is on disk, before
//! the next message leaves: Alice's before the seed, Bob's before his word that he holds it. So after a crash at any point
//! Bob's record decides whether there is a key, and Alice's store has it if there is. No value computed from the key is
//! ever sent.

use diqkd_amplify::OneTimeSeed;

use super::{State, unexpected};
use crate::abort::Abort;
use crate::assembly::Assembly;
use crate::bits;
use crate::event::{Event, Stage};
use crate::journal::Record;
use crate::party::{BlockNumbers, Party};
use crate::report::Observed;
use crate::stage::Accepted;
use crate::wire::{ChunkKind, Message};

pub(crate) struct Amplifying {
    step: Step,
}

enum Step {
    /// Alice has handed out the key; the seed waits until it is stored.
    SeedHeld,
    /// Alice's record that the seed leaves is being written.
    SeedRecorded,
    /// Alice waits for Bob's word.
    AwaitDone,
    /// Alice has Bob's word, and her record of it is being written.
    WordRecorded,
    /// Bob waits for the seed.
    AwaitSeed { block: Accepted, observed: Box<Observed>, assembly: Assembly, numbers: BlockNumbers },
    /// Bob has handed out the key; his word waits until it is stored.
    WordHeld,
    /// Bob's record that he holds the key is being written.
    HeldRecorded,
}

impl Amplifying {
    pub(crate) fn alice(block: Accepted, numbers: BlockNumbers, party: &mut Party) -> Result<Self, Abort> {
        let len = party.agreement.plan.plan().seed_bits();
        let mut bytes = vec![0; len.div_ceil(8)];
        party.rng.fill_bytes(&mut bytes);
        if let (Some(last), used @ 1..) = (bytes.last_mut(), len % 8) {
            *last &= (1 << used) - 1;
        }
        let seed = seed_bits(&bytes, party)?;
        party.send_chunks(ChunkKind::HashSeed, &bytes)?;
        hand_out(block, seed, numbers, None, party)?;
        Ok(Self { step: Step::SeedHeld })
    }

    pub(crate) fn bob(block: Accepted, observed: Observed, numbers: BlockNumbers, party: &Party) -> Self {
        let limit = party.agreement.plan.plan().seed_bits().div_ceil(8);
        let assembly = Assembly::new(ChunkKind::HashSeed, limit);
        Self { step: Step::AwaitSeed { block, observed: Box::new(observed), assembly, numbers } }
    }

    /// Whether nothing may leave before the owner has stored the key.
    pub(crate) fn awaits_store(&self) -> bool {
        matches!(self.step, Step::SeedHeld | Step::WordHeld)
    }

    /// Whether this site waits for its peer, not for its owner.
    pub(crate) fn awaits_peer(&self) -> bool {
        matches!(self.step, Step::AwaitDone | Step::AwaitSeed { .. })
    }

    /// Whether there is a key whatever the peer says now, as far as this site can tell.
    pub(crate) fn is_decided(&self) -> bool {
        matches!(self.step, Step::WordRecorded | Step::HeldRecorded)
    }

    /// The key that was handed out is stored.
    pub(crate) fn stored(self, party: &mut Party) -> Self {
        let session = party.params.session;
        let (step, record) = match self.step {
            Step::SeedHeld => (Step::SeedRecorded, Record::SeedOut { session }),
            Step::WordHeld => (Step::HeldRecorded, Record::Held { session }),
            step => return Self { step },
        };
        party.records.push_back(record);
        Self { step }
    }

    /// All records are on disk.
    pub(crate) fn recorded(self, party: &mut Party) -> Result<State, Abort> {
        match self.step {
            Step::SeedRecorded => Ok(State::Amplifying(Self { step: Step::AwaitDone })),
            Step::HeldRecorded => {
                // With the pads used up Alice learns of the key in a later session.
                let _ = party.link.send(&Message::Done);
                party.events.push_back(Event::Confirmed);
                Ok(State::Done)
            }
            Step::WordRecorded => {
                party.events.push_back(Event::Confirmed);
                Ok(State::Done)
            }
            step => Ok(State::Amplifying(Self { step })),
        }
    }

    pub(crate) fn handle(self, message: Message, party: &mut Party) -> Result<State, Abort> {
        let step = match (self.step, message) {
            (Step::AwaitDone, Message::Done) => {
                party.records.push_back(Record::Settled { session: party.params.session, has_key: true });
                Step::WordRecorded
            }
            (Step::AwaitSeed { block, observed, mut assembly, numbers }, message @ Message::Chunk { .. }) => {
                match assembly.push(message, Stage::Amplifying.name())? {
                    None => Step::AwaitSeed { block, observed, assembly, numbers },
                    Some(bytes) => {
                        let seed = seed_bits(&bytes, party)?;
                        hand_out(block, seed, numbers, Some(*observed), party)?;
                        Step::WordHeld
                    }
                }
            }
            (_, other) => return unexpected(&other, Stage::Amplifying),
        };
        Ok(State::Amplifying(Self { step }))
    }
}

/// Hashes the block and gives the key to the owner.
fn hand_out(
    block: Accepted,
    seed: OneTimeSeed,
    numbers: BlockNumbers,
    observed: Option<Observed>,
    party: &mut Party,
) -> Result<(), Abort> {
    let transcript = party.link.transcript();
    let key = block.amplify(&party.agreement.plan, seed, party.params.session, transcript)?;
    let report = Box::new(party.report(transcript, numbers, observed));
    party.events.push_back(Event::Key { key, report });
    Ok(())
}

fn seed_bits(bytes: &[u8], party: &Party) -> Result<OneTimeSeed, Abort> {
    bits::from_bytes(bytes, party.agreement.plan.plan().seed_bits())
        .map(OneTimeSeed::new)
        .ok_or(Abort::Inconsistent { message: "hash seed" })
}
