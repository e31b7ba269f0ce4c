//! Schemes in which both sides keep talking: for conventional QKD and as baselines, never for a device-independent key.
//!
//! How much they send depends on the errors, so it is known only afterwards and no cap can be certified beforehand. An
//! [`Outcome`] therefore has no conversion to [`CappedLeak`](crate::CappedLeak).
//!
//! Both ends exchange [`Message`]s and nothing else; [`converse`] carries them and counts every bit where it leaves:
//!
//! ```
//! use diqkd_reconcile::Bits;
//! use diqkd_reconcile::interactive::{Cascade, Interactive, converse};
//!
//! let alice: Bits = (0..10_000u32).map(|i| i.wrapping_mul(0x9e37_79b9) >> 31 == 1).collect();
//! let mut bob = alice.clone();
//! for i in (0..10_000).step_by(50) {
//!     bob.set(i, !alice[i]);
//! }
//! let cascade = Cascade::modified(10_000, 0.02, 1)?;
//! let outcome = converse(&mut *cascade.alice(&alice)?, cascade.bob(&bob)?)?;
//! assert_eq!(outcome.estimate, alice);
//! assert!(outcome.leak.bits() < 1700);
//! # Ok::<(), diqkd_reconcile::Error>(())
//! ```

mod blind;
mod cascade;
mod symmetric;

use alloc::boxed::Box;

use diqkd_gf2::{BitRef, Bits};

use crate::error::Error;

pub use blind::Blind;
pub use cascade::Cascade;
pub use symmetric::SymmetricBlind;

/// A scheme with two ends that talk.
pub trait Interactive: Sync {
    /// Alice's end for one string.
    ///
    /// # Errors
    /// [`Error::Length`] unless the string has the length of the scheme.
    fn alice(&self, string: &BitRef) -> Result<Box<dyn Alice + '_>, Error>;

    /// Bob's end for one string.
    ///
    /// # Errors
    /// [`Error::Length`] unless the string has the length of the scheme.
    fn bob(&self, string: &BitRef) -> Result<Box<dyn Bob + '_>, Error>;
}

/// Alice's end: she opens and then answers.
pub trait Alice {
    /// Her first message.
    fn open(&mut self) -> Message;

    /// Her answer to a message of Bob's.
    ///
    /// # Errors
    /// [`Error::Length`] for a message that Bob's end cannot have sent.
    fn answer(&mut self, message: &Message) -> Result<Message, Error>;
}

/// Bob's end: he listens and says how to go on.
pub trait Bob {
    /// His reaction to a message of Alice's.
    ///
    /// # Errors
    /// [`Error::Length`] for a message that Alice's end cannot have sent.
    fn hear(&mut self, message: &Message) -> Result<Reaction, Error>;

    /// What he takes for Alice's string, as far as he knows.
    fn estimate(&self) -> Bits;

    /// Whether he has reason to believe it: every parity that he was told fits.
    fn satisfied(&self) -> bool;

    /// Passes of belief propagation so far; 0 for a scheme without.
    fn iterations(&self) -> u64;
}

/// What one end says, both parts on the same channel: who reads the one reads the other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Message {
    /// Parities and bits of the speaker's string. Each may tell one bit of the key.
    pub values: Bits,
    /// How parities and bits of both strings differ, and whether decoding went well: functions of the error pattern
    /// alone, the same for every key.
    pub differences: Bits,
}

impl Message {
    /// Of the speaker's string alone.
    pub fn of_values(values: Bits) -> Self {
        Self { values, differences: Bits::new() }
    }

    /// Of the errors alone.
    pub fn of_differences(differences: Bits) -> Self {
        Self { values: Bits::new(), differences }
    }

    /// Bits on the wire.
    pub fn bits(&self) -> u64 {
        (self.values.len() + self.differences.len()) as u64
    }

    /// The values, if there are `values` of them and `differences` of the others.
    fn parts(
        &self,
        what: &'static str,
        values: usize,
        differences: usize,
    ) -> Result<(&BitRef, &BitRef), Error> {
        for (bits, expected) in [(self.values.len(), values), (self.differences.len(), differences)] {
            if bits != expected {
                return Err(Error::Length { what, bits, expected });
            }
        }
        Ok((&self.values, &self.differences))
    }
}

/// What Bob says next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reaction {
    /// A message that Alice answers.
    Ask(Message),
    /// His last words: he has found her string or given up.
    Finish(Message),
}

/// Bits that left the laboratories. Deliberately neither a [`LeakBits`](diqkd_core::LeakBits) nor a
/// [`CappedLeak`](crate::CappedLeak).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct InteractiveLeak {
    values: u64,
    from_alice: u64,
    from_bob: u64,
}

impl InteractiveLeak {
    /// [`Message::values`] of both ends: no more is said about the key, as long as the errors do not depend on it. The
    /// literature's efficiency of interactive schemes counts these.
    pub fn bits(&self) -> u64 {
        self.values
    }

    /// Bits of Alice's messages, whatever they tell.
    pub fn from_alice_bits(&self) -> u64 {
        self.from_alice
    }

    /// Bits of Bob's messages, whatever they tell.
    pub fn from_bob_bits(&self) -> u64 {
        self.from_bob
    }
}

/// How a conversation ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Outcome {
    /// What Bob takes for Alice's string. Not verified.
    pub estimate: Bits,
    /// Whether every parity that Bob was told fits the estimate; if not, the block is lost.
    pub satisfied: bool,
    /// Every bit that was said, in both directions, for lost blocks too.
    pub leak: InteractiveLeak,
    /// Messages of Alice's: the first opens, each other is an answer that Bob has to wait for.
    pub round_trips: u32,
    /// Passes of belief propagation at Bob's end.
    pub iterations: u64,
}

/// Lets both ends talk until Bob finishes.
///
/// # Errors
/// [`Error::Length`] if the ends do not belong to the same scheme.
pub fn converse(alice: &mut dyn Alice, mut bob: Box<dyn Bob + '_>) -> Result<Outcome, Error> {
    let mut leak = InteractiveLeak::default();
    let mut said = alice.open();
    let mut round_trips = 0;
    loop {
        round_trips += 1;
        leak.values += said.values.len() as u64;
        leak.from_alice += said.bits();
        let reaction = bob.hear(&said)?;
        let (Reaction::Ask(reply) | Reaction::Finish(reply)) = &reaction;
        leak.values += reply.values.len() as u64;
        leak.from_bob += reply.bits();
        match reaction {
            Reaction::Ask(question) => said = alice.answer(&question)?,
            Reaction::Finish(_) => break,
        }
    }
    Ok(Outcome {
        estimate: bob.estimate(),
        satisfied: bob.satisfied(),
        leak,
        round_trips,
        iterations: bob.iterations(),
    })
}
