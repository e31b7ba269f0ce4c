//! Alice sends a universal hash of her string, with a seed drawn now that both stations have stopped. Bob compares,
//! then scores the test rounds, and says whether both passed: one bit, nothing else.

use diqkd_auth::VerificationHash;
use diqkd_core::Role;

use super::{State, amplifying::Amplifying, unexpected};
use crate::abort::Abort;
use crate::event::Stage;
use crate::padding::Part;
use crate::party::{BlockNumbers, Party};
use crate::stage::{Corrected, Sifted};
use crate::wire::Message;

pub(crate) struct Verifying {
    block: Block,
    numbers: BlockNumbers,
}

enum Block {
    Alice(Sifted),
    Bob(Corrected),
}

impl Verifying {
    pub(crate) fn alice(block: Sifted, numbers: BlockNumbers, party: &mut Party) -> Result<Self, Abort> {
        debug_assert_eq!(party.role, Role::Alice);
        let mut seed = [0; 16];
        party.rng.fill_bytes(&mut seed);
        let tag = hash(seed, party)?.hash(block.string());
        let tag = padded(tag, party)?;
        party.link.send(&Message::VerificationTag { seed, tag })?;
        Ok(Self { block: Block::Alice(block), numbers })
    }

    pub(crate) fn bob(block: Corrected, numbers: BlockNumbers) -> Self {
        Self { block: Block::Bob(block), numbers }
    }

    pub(crate) fn handle(self, message: Message, party: &mut Party) -> Result<State, Abort> {
        match (self.block, message) {
            (Block::Alice(block), Message::Passed) => {
                let amplifying = Amplifying::alice(block.accepted_by_bob(), self.numbers, party)?;
                Ok(State::Amplifying(amplifying))
            }
            (Block::Bob(block), Message::VerificationTag { seed, tag }) => {
                let tag = padded(tag, party)?;
                let verified = block.verify(&hash(seed, party)?, tag)?;
                let (accepted, observed) = verified.test(&party.agreement.certificate)?;
                party.link.send(&Message::Passed)?;
                Ok(State::Amplifying(Amplifying::bob(accepted, observed, self.numbers, party)))
            }
            (_, other) => unexpected(&other, Stage::Verifying),
        }
    }
}

/// Puts the pad of the tag on, or takes it off.
fn padded(tag: u128, party: &mut Party) -> Result<u128, Abort> {
    let mut bytes = tag.to_le_bytes();
    // Bits that no tag has stay zero.
    let used = party.params.verification_tag_bits;
    party.padding.apply(Part::Tag, &mut bytes)?;
    Ok(u128::from_le_bytes(bytes) & (u128::MAX >> (128 - used)))
}

fn hash(seed: [u8; 16], party: &Party) -> Result<VerificationHash, Abort> {
    // The length was checked when the agreement was derived.
    VerificationHash::new(seed, party.params.verification_tag_bits)
        .map_err(|_| Abort::Inconsistent { message: "verification tag" })
}
