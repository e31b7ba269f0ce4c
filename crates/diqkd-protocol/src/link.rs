//! One site's end of the authenticated link: batches, order, retransmission, transcript.
//!
//! What is sent until the owner asks for frames to transmit becomes one batch with one tag. Over a reliable stream
//! (`retransmit_after_ms: None`) a frame that fails its check, a batch that fails authentication, or a frame out of order
//! ends the session at once. Over a lossy channel refused frames are counted and dropped, lost ones sent again unchanged,
//! early ones held back; the session ends when more are refused than the parameters tolerate.

mod inbox;
mod outbox;

use diqkd_auth::{Signer, Verifier};
use diqkd_core::{Role, SessionId};
use zeroize::Zeroizing;

use crate::abort::Abort;
use crate::params::SessionParams;
use crate::wire::{CHECK_BYTES, Frame, Message};

use inbox::{Inbox, Taken};
use outbox::Outbox;

/// How a session treats its link. Tuning, not security: the same key comes out, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkConfig {
    /// Abort when nothing authentic has arrived for this long.
    pub idle_limit_ms: u64,
    /// Send an unacknowledged frame again after this long; `None` over a reliable stream.
    pub retransmit_after_ms: Option<u64>,
}

impl LinkConfig {
    /// For TCP and other reliable, ordered streams.
    pub fn stream() -> Self {
        Self { idle_limit_ms: 120_000, retransmit_after_ms: None }
    }

    /// For channels that lose, reorder, duplicate or damage frames.
    pub fn lossy() -> Self {
        Self { idle_limit_ms: 120_000, retransmit_after_ms: Some(200) }
    }
}

pub(crate) struct Link {
    session: SessionId,
    role: Role,
    config: LinkConfig,
    tolerated: u64,
    check_key: Zeroizing<[u8; 32]>,
    outbox: Outbox,
    inbox: Inbox,
    ack_due: bool,
    refused: u64,
    last_heard_ms: u64,
    /// When the frame arrived that was received last.
    arrived_ms: u64,
    hold: Option<Hold>,
    sent: blake3::Hasher,
    received: blake3::Hasher,
}

/// Nothing leaves before a time that was fixed when something arrived.
struct Hold {
    from_ms: u64,
    until_ms: u64,
    /// Whether the owner has not asked since.
    new: bool,
}

/// The link's share of the pre-shared key.
pub(crate) struct LinkKeys {
    pub(crate) signer: Signer,
    pub(crate) verifier: Verifier,
    pub(crate) check_key: Zeroizing<[u8; 32]>,
}

impl Link {
    pub(crate) fn new(
        params: &SessionParams,
        role: Role,
        config: LinkConfig,
        keys: LinkKeys,
        now_ms: u64,
    ) -> Self {
        let LinkKeys { signer, verifier, check_key } = keys;
        let mut transcript = blake3::Hasher::new_derive_key(TRANSCRIPT_CONTEXT);
        transcript.update(&params.digest());
        Self {
            session: params.session,
            role,
            config,
            tolerated: match config.retransmit_after_ms {
                Some(_) => u64::from(params.max_refused_frames),
                None => 0,
            },
            check_key,
            outbox: Outbox::new(signer),
            inbox: Inbox::new(verifier),
            ack_due: false,
            refused: 0,
            last_heard_ms: now_ms,
            arrived_ms: now_ms,
            hold: None,
            sent: transcript.clone(),
            received: transcript,
        }
    }

    /// Adds a message to the batch that is sent next.
    pub(crate) fn send(&mut self, message: &Message) -> Result<(), Abort> {
        let payload = message.encode();
        let frame =
            Frame::open(self.role, self.session, self.outbox.next_sequence(), message.kind(), &payload);
        self.outbox.push(frame)?;
        absorb(&mut self.sent, message, &payload);
        Ok(())
    }

    /// Takes one frame off the channel; messages become ready in the order in which they were sent.
    pub(crate) fn receive(&mut self, bytes: &[u8], now_ms: u64) -> Result<Vec<Message>, Abort> {
        self.arrived_ms = now_ms;
        let lossy = self.config.retransmit_after_ms.is_some();
        let frame = match Frame::parse(bytes, self.role.peer(), self.session) {
            Ok(frame) => frame,
            Err(error) if !lossy => return Err(Abort::NotAFrame(error)),
            Err(_) => return self.refuse(),
        };
        let (Frame::Data { checked, check, .. } | Frame::Ack { checked, check, .. }) = &frame;
        if check_of(&self.check_key, checked) != *check {
            return self.refuse();
        }
        match frame {
            Frame::Ack { next_expected, .. } => {
                self.outbox.acknowledged(next_expected);
                Ok(Vec::new())
            }
            Frame::Data { sequence, signed, seal, .. } => {
                let taken = self.inbox.take(sequence, signed, seal, !lossy);
                self.ack_due |= lossy && taken != Taken::Early;
                if taken == Taken::OutOfOrder {
                    return self.refuse();
                }
                let mut ready = Vec::new();
                loop {
                    match self.inbox.next_batch() {
                        Ok(None) => return Ok(ready),
                        Ok(Some(messages)) => {
                            self.last_heard_ms = now_ms;
                            for message in messages.map_err(Abort::NotAMessage)? {
                                absorb(&mut self.received, &message, &message.encode());
                                ready.push(message);
                            }
                        }
                        Err(inbox::Refused::Exhausted) => {
                            return Err(Abort::KeyPoolExhausted { requested_bits: 128, remaining_bits: 0 });
                        }
                        Err(inbox::Refused::Batch) => {
                            self.refuse()?;
                        }
                    }
                }
            }
        }
    }

    /// What follows from the frame that has arrived leaves `after_ms` after that, acknowledgements included.
    pub(crate) fn hold(&mut self, after_ms: u32) {
        if after_ms > 0 {
            let (from_ms, until_ms) = (self.arrived_ms, self.arrived_ms.saturating_add(after_ms.into()));
            self.hold = Some(Hold { from_ms, until_ms, new: true });
        }
    }

    /// Whether something is held back. The first who asks is told if it should have left before: its time would say how long it
    /// took to be made. Later the time is that of the owner's clock.
    ///
    /// # Errors
    /// [`Abort::AnswerLate`]; then nothing is held back any more.
    pub(crate) fn is_held(&mut self, now_ms: u64) -> Result<bool, Abort> {
        let Some(hold) = &mut self.hold else { return Ok(false) };
        let (took_ms, limit_ms) = (now_ms.saturating_sub(hold.from_ms), hold.until_ms - hold.from_ms);
        let (waits, late) = (now_ms < hold.until_ms, hold.new && took_ms > limit_ms);
        hold.new = false;
        if !waits {
            self.hold = None;
        }
        if late { Err(Abort::AnswerLate { took_ms, limit_ms }) } else { Ok(waits) }
    }

    /// The next bytes to put on the channel: one frame.
    pub(crate) fn poll_transmit(&mut self, now_ms: u64) -> Option<Vec<u8>> {
        if let Some(frame) = self.outbox.next(now_ms, self.config.retransmit_after_ms, &self.check_key) {
            return Some(frame);
        }
        std::mem::take(&mut self.ack_due).then(|| {
            let mut ack = Frame::ack(self.role, self.session, self.inbox.next_expected());
            let check = check_of(&self.check_key, &ack);
            ack.extend_from_slice(&check);
            ack
        })
    }

    /// When [`Link::handle_timeout`] wants to be called next. Without `waiting` silence is no reason to.
    pub(crate) fn poll_timeout(&self, waiting: bool) -> Option<u64> {
        let idle = waiting.then(|| self.last_heard_ms.saturating_add(self.config.idle_limit_ms));
        let held = self.hold.as_ref().map(|hold| hold.until_ms);
        idle.into_iter().chain(self.outbox.due_ms()).chain(held).min()
    }

    /// Sends again what is due.
    pub(crate) fn handle_timeout(&mut self, now_ms: u64, waiting: bool) -> Result<(), Abort> {
        let silent_ms = now_ms.saturating_sub(self.last_heard_ms);
        if waiting && silent_ms >= self.config.idle_limit_ms {
            return Err(Abort::PeerSilent { waited_ms: silent_ms, limit_ms: self.config.idle_limit_ms });
        }
        if let Some(after) = self.config.retransmit_after_ms {
            self.outbox.repeat_due(now_ms, after);
        }
        Ok(())
    }

    /// The session is over: a peer that has been silent for too long is not sent anything any more.
    pub(crate) fn give_up(&mut self, now_ms: u64) {
        if now_ms.saturating_sub(self.last_heard_ms) >= self.config.idle_limit_ms {
            self.outbox.close();
        }
    }

    /// Whether everything sent has been acknowledged, as far as this kind of link tells.
    pub(crate) fn is_flushed(&self) -> bool {
        self.outbox.is_empty()
    }

    /// Takes back what has no tag yet: it never leaves.
    pub(crate) fn take_back(&mut self) {
        self.outbox.take_back();
    }

    /// Stops sending altogether.
    pub(crate) fn close(&mut self) {
        self.outbox.close();
    }

    /// Digest of the parameters and of all messages of both directions so far, the same at both sites when both have seen
    /// the same.
    pub(crate) fn transcript(&self) -> [u8; 32] {
        let (alice, bob) = match self.role {
            Role::Alice => (&self.sent, &self.received),
            Role::Bob => (&self.received, &self.sent),
        };
        let mut both = blake3::Hasher::new_derive_key(TRANSCRIPT_CONTEXT);
        both.update(alice.finalize().as_bytes()).update(bob.finalize().as_bytes());
        *both.finalize().as_bytes()
    }

    /// Batches signed so far; each used 128 bits of pre-shared key.
    pub(crate) fn batches_sent(&self) -> u64 {
        self.outbox.batches()
    }

    /// Batches accepted so far.
    pub(crate) fn batches_received(&self) -> u64 {
        self.inbox.batches()
    }

    /// Frames sent so far.
    pub(crate) fn frames_sent(&self) -> u64 {
        self.outbox.next_sequence()
    }

    /// Frames accepted so far.
    pub(crate) fn frames_received(&self) -> u64 {
        self.inbox.next_expected()
    }

    /// Frames and batches refused so far.
    pub(crate) fn frames_refused(&self) -> u64 {
        self.refused
    }

    fn refuse(&mut self) -> Result<Vec<Message>, Abort> {
        self.refused += 1;
        if self.refused > self.tolerated {
            return Err(Abort::Authentication { refused: self.refused, tolerated: self.tolerated });
        }
        Ok(Vec::new())
    }
}

/// The check at the end of a frame.
fn check_of(key: &[u8; 32], checked: &[u8]) -> [u8; CHECK_BYTES] {
    let mut check = [0; CHECK_BYTES];
    check.copy_from_slice(&blake3::keyed_hash(key, checked).as_bytes()[..CHECK_BYTES]);
    check
}

/// What is said about other sessions may cross what is said about this one, and does not count.
fn absorb(hasher: &mut blake3::Hasher, message: &Message, payload: &[u8]) {
    if matches!(message, Message::Unresolved(_) | Message::Outcomes(_)) {
        return;
    }
    hasher.update(&[message.kind()]).update(&(payload.len() as u64).to_le_bytes()).update(payload);
}

const TRANSCRIPT_CONTEXT: &str = "diqkd transcript v2";

/// Frames in flight, and frames held until their batch is whole. At least two batches: what is acknowledged is whole
/// batches.
const WINDOW_FRAMES: u64 = 2 * crate::wire::MAX_BATCH_FRAMES as u64;
