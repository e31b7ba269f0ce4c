//! Both ends of Cascade: each runs the search and answers its questions out of its own string.

use alloc::vec::Vec;

use diqkd_gf2::{BitRef, Bits, bits_from_words};

use super::Cascade;
use super::search::Search;
use crate::error::Error;
use crate::interactive::{Alice, Bob, Reaction};

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
    fn open(&mut self) -> Bits {
        self.parities.answer(&self.search)
    }

    fn answer(&mut self, message: &BitRef) -> Result<Bits, Error> {
        check("Bob's answer", message, &self.search)?;
        self.search.tell(message);
        Ok(self.parities.answer(&self.search))
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
    fn hear(&mut self, message: &BitRef) -> Result<Reaction, Error> {
        check("Alice's parities", message, &self.search)?;
        let mut differences = self.parities.answer(&self.search);
        differences ^= message;
        self.search.tell(&differences);
        let more = !self.search.queries().is_empty();
        Ok(if more { Reaction::Ask(differences) } else { Reaction::Finish(differences) })
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

fn check(what: &'static str, message: &BitRef, search: &Search<'_>) -> Result<(), Error> {
    let (bits, expected) = (message.len(), search.queries().len());
    if bits == expected { Ok(()) } else { Err(Error::Length { what, bits, expected }) }
}
