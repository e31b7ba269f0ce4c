//! What a site sends: frames that wait for their batch's tag, frames on their way, frames that nobody acknowledged yet.

use std::collections::VecDeque;

use diqkd_auth::{PoolExhausted, Signer};

use super::{WINDOW_FRAMES, check_of};
use crate::abort::Abort;
use crate::wire::{Frame, MAX_BATCH_FRAMES};

pub(super) struct Outbox {
    signer: Signer,
    batches: u64,
    next_sequence: u64,
    /// Headers and payloads of the batch that is not sealed yet.
    open: Vec<Vec<u8>>,
    queue: VecDeque<(u64, Vec<u8>)>,
    again: VecDeque<Vec<u8>>,
    unacknowledged: VecDeque<Unacknowledged>,
}

struct Unacknowledged {
    sequence: u64,
    bytes: Vec<u8>,
    due_ms: u64,
}

impl Outbox {
    pub(super) fn new(signer: Signer) -> Self {
        Self {
            signer,
            batches: 0,
            next_sequence: 0,
            open: Vec::new(),
            queue: VecDeque::new(),
            again: VecDeque::new(),
            unacknowledged: VecDeque::new(),
        }
    }

    /// Adds a frame. One pad is there for every batch that is begun.
    pub(super) fn push(&mut self, frame: Vec<u8>) -> Result<(), Abort> {
        let begun = self.open.len().div_ceil(MAX_BATCH_FRAMES) as u64;
        let begins = self.open.len().is_multiple_of(MAX_BATCH_FRAMES);
        if begins && self.signer.remaining_messages() <= begun {
            return Err(Abort::KeyPoolExhausted { requested_bits: 128, remaining_bits: 0 });
        }
        self.open.push(frame);
        self.next_sequence += 1;
        Ok(())
    }

    /// The next frame to put on the channel. Seals what was pushed since the last call.
    pub(super) fn next(
        &mut self,
        now_ms: u64,
        retransmit_after_ms: Option<u64>,
        check_key: &[u8; 32],
    ) -> Option<Vec<u8>> {
        if !self.open.is_empty() {
            // A pad was there when each batch was begun.
            self.seal(check_key).ok()?;
        }
        if let Some(frame) = self.again.pop_front() {
            return Some(frame);
        }
        if self.unacknowledged.len() as u64 >= WINDOW_FRAMES {
            return None;
        }
        let (sequence, bytes) = self.queue.pop_front()?;
        if let Some(after) = retransmit_after_ms {
            let due_ms = now_ms.saturating_add(after);
            self.unacknowledged.push_back(Unacknowledged { sequence, bytes: bytes.clone(), due_ms });
        }
        Some(bytes)
    }

    fn seal(&mut self, check_key: &[u8; 32]) -> Result<(), PoolExhausted> {
        let mut sequence = self.next_sequence - self.open.len() as u64;
        let mut frames = std::mem::take(&mut self.open);
        for batch in frames.chunks_mut(MAX_BATCH_FRAMES) {
            let last = batch.len() - 1;
            Frame::mark_seal(&mut batch[last]);
            let parts: Vec<&[u8]> = batch.iter().map(Vec::as_slice).collect();
            let (_, tag) = self.signer.sign_batch(&parts)?;
            self.batches += 1;
            batch[last].extend_from_slice(&tag.0);
            for frame in batch {
                let check = check_of(check_key, frame);
                frame.extend_from_slice(&check);
                self.queue.push_back((sequence, std::mem::take(frame)));
                sequence += 1;
            }
        }
        Ok(())
    }

    /// Everything before `next_expected` has arrived.
    pub(super) fn acknowledged(&mut self, next_expected: u64) {
        while self.unacknowledged.front().is_some_and(|frame| frame.sequence < next_expected) {
            self.unacknowledged.pop_front();
        }
    }

    /// Queues again what has not been acknowledged for too long.
    pub(super) fn repeat_due(&mut self, now_ms: u64, after_ms: u64) {
        for frame in self.unacknowledged.iter_mut().filter(|frame| frame.due_ms <= now_ms) {
            frame.due_ms = now_ms.saturating_add(after_ms);
            self.again.push_back(frame.bytes.clone());
        }
    }

    /// When the next frame is to be repeated.
    pub(super) fn due_ms(&self) -> Option<u64> {
        self.unacknowledged.iter().map(|frame| frame.due_ms).min()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.open.is_empty()
            && self.queue.is_empty()
            && self.again.is_empty()
            && self.unacknowledged.is_empty()
    }

    /// Forgets the frames without a tag; their numbers are free again.
    pub(super) fn take_back(&mut self) {
        self.next_sequence -= self.open.len() as u64;
        self.open.clear();
    }

    /// Forgets everything.
    pub(super) fn close(&mut self) {
        self.take_back();
        self.queue.clear();
        self.again.clear();
        self.unacknowledged.clear();
    }

    pub(super) fn next_sequence(&self) -> u64 {
        self.next_sequence
    }

    pub(super) fn batches(&self) -> u64 {
        self.batches
    }
}
