//! Both ends of Cascade: each runs the search and answers its questions out of its own string.

use alloc::vec::Vec;

use diqkd_gf2::{Bits, bits_from_words};

use super::Cascade;
use super::search::Search;
use crate::error::Error;
use crate::interactive::{Alice, Bob, Message, Reaction};

/// A string that can be asked for the parities that the search wants.
struct Parities<'a> {
    cascade: &'a Cascade,
    string: Vec<u64>,
    /// Prefix parities of the passes so far.
    prefixes: Vec<Vec<bool>>,
}

impl<'a> Parities<'a> {
    fn new(cascade: &'a Cascade, string: Vec<u64>) -> Self {
        Self { cascade, string, prefixes: Vec::new() }
    }

    fn answer(&mut self, search: &Search<'_>) -> Bits {
        let parity = |query: &super::search::Query| {
            while self.prefixes.len() <= query.pass {
                let order = &self.cascade.passes[self.prefixes.len()];
                self.prefixes.push(order.prefix_parities(&self.string));
            }
            let prefix = &self.prefixes[query.pass];
            prefix[query.end as usize] ^ prefix[query.start as usize]
        };
        search.queries().iter().map(parity).collect()
    }
}

pub(super) struct AliceEnd<'a> {
    parities: Parities<'a>,
    search: Search<'a>,
}

impl<'a> AliceEnd<'a> {
    pub(super) fn new(cascade: &'a Cascade, string: Vec<u64>) -> Self {
        Self { parities: Parities::new(cascade, string), search: Search::new(cascade) }
    }
}

impl Alice for AliceEnd<'_> {
    fn open(&mut self) -> Message {
        Message::of_values(self.parities.answer(&self.search))
    }

    fn answer(&mut self, message: &Message) -> Result<Message, Error> {
        let (_, differences) = message.parts("Bob's answer", 0, self.search.queries().len())?;
        self.search.tell(differences);
        Ok(Message::of_values(self.parities.answer(&self.search)))
    }
}

pub(super) struct BobEnd<'a> {
    parities: Parities<'a>,
    search: Search<'a>,
}

impl<'a> BobEnd<'a> {
    pub(super) fn new(cascade: &'a Cascade, string: Vec<u64>) -> Self {
        Self { parities: Parities::new(cascade, string), search: Search::new(cascade) }
    }
}

impl Bob for BobEnd<'_> {
    fn hear(&mut self, message: &Message) -> Result<Reaction, Error> {
        let (values, _) = message.parts("Alice's parities", self.search.queries().len(), 0)?;
        let mut differences = self.parities.answer(&self.search);
        differences ^= values;
        self.search.tell(&differences);
        let more = !self.search.queries().is_empty();
        let answer = Message::of_differences(differences);
        Ok(if more { Reaction::Ask(answer) } else { Reaction::Finish(answer) })
    }

    fn estimate(&self) -> Bits {
        let mut words = self.parities.string.clone();
        for &at in self.search.errors() {
            words[at as usize / 64] ^= 1 << (at % 64);
        }
        bits_from_words(&words, self.parities.cascade.n_bits)
    }

    fn satisfied(&self) -> bool {
        self.search.queries().is_empty()
    }

    fn iterations(&self) -> u64 {
        0
    }
}
