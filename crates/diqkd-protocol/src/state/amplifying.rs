//! Alice draws the seed of the hash and sends it; both hash. Bob's key is out when he has the seed, Alice's when Bob
//! says that he holds his: no value computed from the key is ever sent.

use diqkd_amplify::OneTimeSeed;

use super::{State, unexpected};
use crate::abort::Abort;
use crate::assembly::Assembly;
use crate::bits;
use crate::event::{Event, Stage};
use crate::party::{BlockNumbers, Party};
use crate::report::Observed;
use crate::secret_key::SecretKey;
use crate::stage::Accepted;
use crate::wire::{ChunkKind, Message};

pub(crate) struct Amplifying {
    numbers: BlockNumbers,
    step: Step,
}

enum Step {
    /// Alice has the key and waits for Bob's.
    AwaitDone { key: SecretKey, transcript: [u8; 32] },
    /// Bob waits for the seed.
    AwaitSeed { block: Accepted, observed: Box<Observed>, assembly: Assembly },
}

impl Amplifying {
    pub(crate) fn alice(block: Accepted, numbers: BlockNumbers, party: &mut Party) -> Result<Self, Abort> {
        let len = party.agreement.plan.seed_bits();
        let mut bytes = vec![0; len.div_ceil(8)];
        party.rng.fill_bytes(&mut bytes);
        if let (Some(last), used @ 1..) = (bytes.last_mut(), len % 8) {
            *last &= (1 << used) - 1;
        }
        let seed = seed_bits(&bytes, party)?;
        party.send_chunks(ChunkKind::HashSeed, &bytes)?;
        let transcript = party.link.transcript();
        let key = block.amplify(&party.agreement.plan, seed, party.params.session, transcript)?;
        Ok(Self { numbers, step: Step::AwaitDone { key, transcript } })
    }

    pub(crate) fn bob(block: Accepted, observed: Observed, numbers: BlockNumbers, party: &Party) -> Self {
        let limit = party.agreement.plan.seed_bits().div_ceil(8);
        let assembly = Assembly::new(ChunkKind::HashSeed, limit);
        Self { numbers, step: Step::AwaitSeed { block, observed: Box::new(observed), assembly } }
    }

    pub(crate) fn handle(self, message: Message, party: &mut Party) -> Result<State, Abort> {
        let numbers = self.numbers;
        let (key, report) = match (self.step, message) {
            (Step::AwaitDone { key, transcript }, Message::Done) => {
                (key, party.report(transcript, numbers, None))
            }
            (Step::AwaitSeed { block, observed, mut assembly }, message @ Message::Chunk { .. }) => {
                let Some(bytes) = assembly.push(message, Stage::Amplifying.name())? else {
                    return Ok(State::Amplifying(Self {
                        numbers,
                        step: Step::AwaitSeed { block, observed, assembly },
                    }));
                };
                let seed = seed_bits(&bytes, party)?;
                let transcript = party.link.transcript();
                let key = block.amplify(&party.agreement.plan, seed, party.params.session, transcript)?;
                party.link.send(&Message::Done)?;
                (key, party.report(transcript, numbers, Some(*observed)))
            }
            (_, other) => return unexpected(&other, Stage::Amplifying),
        };
        party.events.push_back(Event::Key { key, report: Box::new(report) });
        Ok(State::Done)
    }
}

fn seed_bits(bytes: &[u8], party: &Party) -> Result<OneTimeSeed, Abort> {
    bits::from_bytes(bytes, party.agreement.plan.seed_bits())
        .map(OneTimeSeed::new)
        .ok_or(Abort::Inconsistent { message: "hash seed" })
}
