//! What a site receives: frames that wait until their batch is whole and its tag verified.

use std::collections::BTreeMap;

use diqkd_auth::{AuthError, Tag, Verifier};

use super::WINDOW_FRAMES;
use crate::wire::{HEADER_BYTES, MAX_BATCH_FRAMES, Message, MessageError, TAG_BYTES};

pub(super) struct Inbox {
    verifier: Verifier,
    batches: u64,
    /// The first frame that is not verified.
    next_expected: u64,
    /// Frames from there on: header and payload, and the tag of those that end a batch.
    waiting: BTreeMap<u64, (Vec<u8>, Option<[u8; TAG_BYTES]>)>,
}

/// What became of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// It waits for the rest of its batch.
    Waits,
    /// It was there before.
    Known,
    /// It is too early to be held.
    Early,
    /// It is not the next one of a stream.
    OutOfOrder,
}

/// Why frames were thrown away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// A batch that does not carry its tag, or never ends. The genuine frames are still welcome.
    Batch,
    /// The peer has sent more batches than it may.
    Exhausted,
}

impl Inbox {
    pub(super) fn new(verifier: Verifier) -> Self {
        Self { verifier, batches: 0, next_expected: 0, waiting: BTreeMap::new() }
    }

    /// Takes a frame whose check was right.
    pub(super) fn take(
        &mut self,
        sequence: u64,
        signed: &[u8],
        seal: Option<[u8; TAG_BYTES]>,
        in_order: bool,
    ) -> Taken {
        if in_order && sequence != self.next_expected + self.waiting.len() as u64 {
            return Taken::OutOfOrder;
        }
        if sequence < self.next_expected || self.waiting.contains_key(&sequence) {
            return Taken::Known;
        }
        if sequence - self.next_expected >= WINDOW_FRAMES {
            return Taken::Early;
        }
        self.waiting.insert(sequence, (signed.to_vec(), seal));
        Taken::Waits
    }

    /// The messages of the next whole batch, once its tag is verified.
    pub(super) fn next_batch(&mut self) -> Result<Option<Result<Vec<Message>, MessageError>>, Refused> {
        let mut parts: Vec<&[u8]> = Vec::new();
        let mut tag = None;
        for (&sequence, (signed, seal)) in &self.waiting {
            if sequence != self.next_expected + parts.len() as u64 || tag.is_some() {
                break;
            }
            parts.push(signed);
            tag = *seal;
        }
        let count = parts.len();
        let Some(tag) = tag else {
            return if count < MAX_BATCH_FRAMES { Ok(None) } else { Err(self.throw_away(count)) };
        };
        let verified = if count > MAX_BATCH_FRAMES {
            Err(Refused::Batch)
        } else {
            self.verifier.verify_batch(self.batches, &parts, &Tag(tag)).map_err(|error| match error {
                AuthError::Exhausted { .. } => Refused::Exhausted,
                _ => Refused::Batch,
            })
        };
        if let Err(refused) = verified {
            self.throw_away(count);
            return Err(refused);
        }
        let messages = parts.into_iter().map(|signed| Message::decode(signed[1], &signed[HEADER_BYTES..]));
        let messages = messages.collect();
        self.throw_away(count);
        self.next_expected += count as u64;
        self.batches += 1;
        Ok(Some(messages))
    }

    /// Forgets the first `count` waiting frames.
    fn throw_away(&mut self, count: usize) -> Refused {
        for _ in 0..count {
            self.waiting.pop_first();
        }
        Refused::Batch
    }

    pub(super) fn next_expected(&self) -> u64 {
        self.next_expected
    }

    pub(super) fn batches(&self) -> u64 {
        self.batches
    }
}
