//! The sites find the rounds that both recorded: Alice sends her round ids, Bob answers which of them he lacks. Where each
//! site has drawn flags of its own, Alice sends hers with the ids and Bob his with the answer, and rounds with one flag up
//! are dropped. The block is the first n rounds that are left; what either site has beyond is dropped unread. Then Alice
//! reveals her settings of the test rounds and sends the syndrome.

use diqkd_core::{LocalTable, Role, RoundList};
use diqkd_gf2::Bits;
use diqkd_reconcile::Encoder;

use super::collecting::Recorded;
use super::{State, reconciling::Reconciling, unexpected};
use crate::abort::Abort;
use crate::assembly::Assembly;
use crate::bits;
use crate::event::Stage;
use crate::padding::Part;
use crate::party::{BlockNumbers, Party};
use crate::stage::Sifted;
use crate::wire::{ChunkKind, Message};

pub(crate) struct Sifting {
    own: Recorded,
    step: Step,
}

/// What this site waits for.
enum Step {
    /// Alice: the indices of rounds that Bob lacks. Bob: Alice's round ids.
    List(Assembly),
    /// The peer's flags; the list has come.
    Flags { list: RoundList, assembly: Assembly },
}

impl Sifting {
    pub(crate) fn start(own: Recorded, peer_rounds: u64, party: &mut Party) -> Result<Self, Abort> {
        let assembly = match party.role {
            Role::Alice => {
                party.send_chunks(ChunkKind::Rounds, own.table.rounds().as_bytes())?;
                if let Some(flags) = &own.flags {
                    party.send_chunks(ChunkKind::Flags, &bits::to_bytes(flags))?;
                }
                Assembly::new(ChunkKind::Dropped, list_limit(own.table.len() as u64, party))
            }
            Role::Bob => Assembly::new(ChunkKind::Rounds, list_limit(peer_rounds, party)),
        };
        Ok(Self { own, step: Step::List(assembly) })
    }

    pub(crate) fn handle(mut self, message: Message, party: &mut Party) -> Result<State, Abort> {
        if !matches!(message, Message::Chunk { .. }) {
            return unexpected(&message, Stage::Sifting);
        }
        let name = message.name();
        let (Step::List(assembly) | Step::Flags { assembly, .. }) = &mut self.step;
        let Some(bytes) = assembly.push(message, Stage::Sifting.name())? else {
            return Ok(State::Sifting(self));
        };
        let Self { own, step } = self;
        let (list, flags) = match step {
            Step::List(_) => {
                let mut list = RoundList::new();
                list.extend_from_bytes(&bytes).map_err(|_| Abort::Inconsistent { message: name })?;
                if own.flags.is_some() {
                    // Of Alice's rounds each has a flag; Bob says no more of them than she has.
                    let rounds = if party.role == Role::Alice { own.table.len() as u64 } else { list.len() };
                    let limit = usize::try_from(rounds.div_ceil(8)).unwrap_or(usize::MAX);
                    let step = Step::Flags { list, assembly: Assembly::new(ChunkKind::Flags, limit) };
                    return Ok(State::Sifting(Self { own, step }));
                }
                (list, None)
            }
            Step::Flags { list, .. } => (list, Some(bytes)),
        };
        match party.role {
            Role::Alice => reveal(&own, &list, flags.as_deref(), party),
            Role::Bob => intersect(&own, &list, flags.as_deref(), party),
        }
    }
}

/// Alice: sift, reveal the test settings, send the syndrome.
fn reveal(
    own: &Recorded,
    dropped: &RoundList,
    flags: Option<&[u8]>,
    party: &mut Party,
) -> Result<State, Abort> {
    let n = party.params.rounds;
    let kept = kept_by(own, dropped, flags, n).ok_or(Abort::Inconsistent { message: "dropped rounds" })?;
    let numbers = Numbers { dropped: dropped.len(), unlike: kept.unlike };
    let block = sift(own, &kept.rounds, party);
    let numbers = numbers.of(&block);
    party.send_chunks(ChunkKind::TestSettings, &bits::to_bytes(block.settings()))?;
    let syndrome = Encoder::new(&party.agreement.scheme)
        .syndrome(block.string())
        .map_err(|_| Abort::Inconsistent { message: "rounds" })?;
    let mut syndrome = bits::to_bytes(&syndrome);
    party.padding.apply(Part::Syndrome, &mut syndrome)?;
    party.send_chunks(ChunkKind::Syndrome, &syndrome)?;
    Ok(State::Reconciling(Reconciling::alice(block, numbers)))
}

/// Which of Alice's rounds are in the block, and how many are not because of their flags.
struct Kept {
    rounds: Bits,
    unlike: u64,
}

/// Alice's reading of Bob's answer; `None` unless it gives exactly `n` rounds and says nothing beyond.
fn kept_by(own: &Recorded, dropped: &RoundList, flags: Option<&[u8]>, n: u64) -> Option<Kept> {
    let theirs = flags.map(diqkd_gf2::bits_from_bytes);
    let mut dropped = dropped.iter().peekable();
    let mut kept = Kept { rounds: Bits::repeat(false, own.table.len()), unlike: 0 };
    let (mut count, mut answered) = (0, 0);
    for index in 0..own.table.len() {
        if count == n {
            break;
        }
        if dropped.next_if_eq(&(index as u64)).is_some() {
            continue;
        }
        let alike = match (&own.flags, &theirs) {
            (Some(own), Some(theirs)) => own[index] == *theirs.get(answered)?,
            _ => true,
        };
        answered += 1;
        count += u64::from(alike);
        kept.unlike += u64::from(!alike);
        kept.rounds.set(index, alike);
    }
    let said_no_more = flags.is_none_or(|bytes| bits::from_bytes(bytes, answered).is_some());
    (count == n && dropped.peek().is_none() && said_no_more).then_some(kept)
}

/// Bob: intersect, answer, sift.
fn intersect(
    own: &Recorded,
    alice: &RoundList,
    flags: Option<&[u8]>,
    party: &mut Party,
) -> Result<State, Abort> {
    let n = party.params.rounds;
    let inconsistent = |message| Abort::Inconsistent { message };
    let theirs = match flags {
        None => None,
        Some(bytes) => {
            let rounds = usize::try_from(alice.len()).unwrap_or(usize::MAX);
            Some(bits::from_bytes(bytes, rounds).ok_or(inconsistent("test flags"))?)
        }
    };
    let mut dropped = RoundList::new();
    let mut answer = Bits::new();
    let mut kept = Kept { rounds: Bits::repeat(false, own.table.len()), unlike: 0 };
    let mut count = 0;
    let mut own_rounds = own.table.rounds().iter().enumerate().peekable();
    for (index, round) in alice.iter().enumerate() {
        if count == n {
            break;
        }
        while own_rounds.next_if(|&(_, own_round)| own_round < round).is_some() {}
        let Some((own_index, _)) = own_rounds.next_if(|&(_, own_round)| own_round == round) else {
            dropped.push(index as u64).map_err(|_| inconsistent("rounds"))?;
            continue;
        };
        let alike = match (&own.flags, &theirs) {
            (Some(own), Some(theirs)) => {
                answer.push(own[own_index]);
                own[own_index] == theirs[index]
            }
            _ => true,
        };
        count += u64::from(alike);
        kept.unlike += u64::from(!alike);
        kept.rounds.set(own_index, alike);
    }
    if count < n {
        return Err(Abort::TooFewRounds { observed: count, needed: n });
    }
    let block = sift(own, &kept.rounds, party);
    let numbers = Numbers { dropped: dropped.len(), unlike: kept.unlike }.of(&block);
    party.send_chunks(ChunkKind::Dropped, dropped.as_bytes())?;
    if own.flags.is_some() {
        party.send_chunks(ChunkKind::Flags, &bits::to_bytes(&answer))?;
    }
    Ok(State::Reconciling(Reconciling::bob(block, numbers, party)))
}

fn sift(own: &Recorded, kept: &Bits, party: &mut Party) -> Sifted {
    let table: &LocalTable = &own.table;
    party.sift(table, own.flags.as_ref(), |index| kept[index])
}

/// How many rounds were left out.
struct Numbers {
    dropped: u64,
    unlike: u64,
}

impl Numbers {
    fn of(self, block: &Sifted) -> BlockNumbers {
        BlockNumbers {
            test_rounds: block.tests().count_ones() as u64,
            dropped_rounds: self.dropped,
            unlike_flags: self.unlike,
        }
    }
}

/// Gaps take ten bytes at most; a list of r ids below 2^63 never needs more.
fn list_limit(rounds: u64, party: &Party) -> usize {
    let most = rounds.min(party.params.rounds_to_record().saturating_mul(4).saturating_add(1 << 20));
    usize::try_from(most.saturating_mul(10)).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use diqkd_core::{LocalTrial, Outcome, Setting};

    fn bits(text: &str) -> Bits {
        text.bytes().map(|bit| bit == b'1').collect()
    }

    /// Alice with eight rounds and these flags.
    fn alice(flags: &str) -> Recorded {
        let mut table = LocalTable::new();
        for round in 0..8 {
            let trial = LocalTrial { round, setting: Setting::from_bit(false), outcome: Outcome::Plus };
            table.push(trial).unwrap();
        }
        Recorded { table, flags: Some(bits(flags)) }
    }

    #[test]
    fn alice_keeps_rounds_with_like_flags_and_believes_no_other_answer() {
        let own = alice("10110010");
        let mut dropped = RoundList::new();
        dropped.push(2).unwrap();
        // Bob's flags of rounds 0, 1, 3, 4, 5: alike in 0, 3, 4, 5.
        let kept = kept_by(&own, &dropped, Some(&bits::to_bytes(&bits("11100"))), 4).unwrap();
        assert_eq!((kept.rounds, kept.unlike), (bits("10011100"), 1));
        let kept_of =
            |answer: &str, n| kept_by(&own, &dropped, Some(&bits::to_bytes(&bits(answer))), n).is_some();
        assert!(!kept_of("11100", 6), "too few");
        assert!(!kept_of("111001", 4), "a flag beyond the block");
        assert!(!kept_of("1110000000000000", 4), "a byte beyond the block");
        assert!(kept_by(&own, &dropped, Some(&[]), 4).is_none());
        dropped.push(7).unwrap();
        let answer = bits::to_bytes(&bits("11100"));
        assert!(kept_by(&own, &dropped, Some(&answer), 4).is_none(), "a dropped round beyond the block");
    }
}
