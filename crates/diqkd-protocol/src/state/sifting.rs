//! The sites find the rounds that both recorded: Alice sends her round ids, Bob answers which of them he lacks. The
//! block is the first n shared rounds; what either site has beyond is dropped unread. Then Alice reveals her settings
//! of the test rounds and sends the syndrome.

use diqkd_core::{LocalTable, Role, RoundList};
use diqkd_reconcile::Encoder;

use super::{State, reconciling::Reconciling, unexpected};
use crate::abort::Abort;
use crate::assembly::Assembly;
use crate::bits;
use crate::event::Stage;
use crate::padding::Part;
use crate::party::{BlockNumbers, Party};
use crate::wire::{ChunkKind, Message};

pub(crate) struct Sifting {
    table: LocalTable,
    list: Assembly,
}

impl Sifting {
    pub(crate) fn start(table: LocalTable, peer_rounds: u64, party: &mut Party) -> Result<Self, Abort> {
        let list = match party.role {
            Role::Alice => {
                party.send_chunks(ChunkKind::Rounds, table.rounds().as_bytes())?;
                Assembly::new(ChunkKind::Dropped, list_limit(table.len() as u64, party))
            }
            Role::Bob => Assembly::new(ChunkKind::Rounds, list_limit(peer_rounds, party)),
        };
        Ok(Self { table, list })
    }

    pub(crate) fn handle(mut self, message: Message, party: &mut Party) -> Result<State, Abort> {
        if party.role == Role::Bob && !matches!(message, Message::Chunk { kind: ChunkKind::Rounds, .. }) {
            return unexpected(&message, Stage::Sifting);
        }
        let name = message.name();
        let Some(bytes) = self.list.push(message, Stage::Sifting.name())? else {
            return Ok(State::Sifting(self));
        };
        let mut list = RoundList::new();
        list.extend_from_bytes(&bytes).map_err(|_| Abort::Inconsistent { message: name })?;
        match party.role {
            Role::Alice => self.drop_and_reveal(&list, party),
            Role::Bob => self.intersect(&list, party),
        }
    }

    /// Alice: sift, reveal the test settings, send the syndrome.
    fn drop_and_reveal(self, dropped: &RoundList, party: &mut Party) -> Result<State, Abort> {
        let mut dropped_iter = dropped.iter().peekable();
        let block = party.sift(&self.table, |index| dropped_iter.next_if_eq(&(index as u64)).is_none());
        let n = party.params.rounds;
        if (block.string().len() as u64) < n || dropped_iter.peek().is_some() {
            return Err(Abort::Inconsistent { message: "dropped rounds" });
        }
        let numbers =
            BlockNumbers { test_rounds: block.tests().count_ones() as u64, dropped_rounds: dropped.len() };
        party.send_chunks(ChunkKind::TestSettings, &bits::to_bytes(block.settings()))?;
        let syndrome = Encoder::new(&party.agreement.scheme)
            .syndrome(block.string())
            .map_err(|_| Abort::Inconsistent { message: "rounds" })?;
        let mut syndrome = bits::to_bytes(&syndrome);
        party.padding.apply(Part::Syndrome, &mut syndrome)?;
        party.send_chunks(ChunkKind::Syndrome, &syndrome)?;
        Ok(State::Reconciling(Reconciling::alice(block, numbers)))
    }

    /// Bob: intersect, answer, sift.
    fn intersect(self, alice: &RoundList, party: &mut Party) -> Result<State, Abort> {
        let n = party.params.rounds;
        let mut dropped = RoundList::new();
        let mut shared_own = diqkd_gf2::Bits::repeat(false, self.table.len());
        let mut shared = 0;
        let mut own = self.table.rounds().iter().enumerate().peekable();
        for (index, round) in alice.iter().enumerate() {
            if shared == n {
                break;
            }
            while own.next_if(|&(_, own_round)| own_round < round).is_some() {}
            if let Some((own_index, _)) = own.next_if(|&(_, own_round)| own_round == round) {
                shared_own.set(own_index, true);
                shared += 1;
            } else {
                dropped.push(index as u64).map_err(|_| Abort::Inconsistent { message: "rounds" })?;
            }
        }
        if shared < n {
            return Err(Abort::TooFewRounds { observed: shared, needed: n });
        }
        let block = party.sift(&self.table, |index| shared_own[index]);
        party.send_chunks(ChunkKind::Dropped, dropped.as_bytes())?;
        let numbers =
            BlockNumbers { test_rounds: block.tests().count_ones() as u64, dropped_rounds: dropped.len() };
        Ok(State::Reconciling(Reconciling::bob(block, numbers, party)))
    }
}

/// Gaps take ten bytes at most; a list of r ids below 2^63 never needs more.
fn list_limit(rounds: u64, party: &Party) -> usize {
    let most = rounds.min(party.params.rounds.saturating_mul(4).saturating_add(1 << 20));
    usize::try_from(most.saturating_mul(10)).unwrap_or(usize::MAX)
}
