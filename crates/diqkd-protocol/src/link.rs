//! One site's end of the authenticated link: signing, verification, order, retransmission, transcript.
//!
//! Over a reliable stream (`retransmit_after_ms: None`) a frame that fails authentication or comes out of order ends
//! the session at once. Over a lossy channel refused frames are counted and dropped, lost ones sent again with the
//! same tag, early ones held back; the session ends when more are refused than the parameters tolerate.

use std::collections::{BTreeMap, VecDeque};

use diqkd_auth::{AuthError, Signer, Tag, Verifier};
use diqkd_core::{Role, SessionId};
use zeroize::Zeroizing;

use crate::abort::Abort;
use crate::params::SessionParams;
use crate::wire::{Frame, Message, TAG_BYTES};

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
    signer: Signer,
    verifier: Verifier,
    ack_key: Zeroizing<[u8; 32]>,
    next_sequence: u64,
    queue: VecDeque<(u64, Vec<u8>)>,
    again: VecDeque<Vec<u8>>,
    unacknowledged: VecDeque<Unacknowledged>,
    next_expected: u64,
    early: BTreeMap<u64, Message>,
    ack_due: bool,
    refused: u64,
    last_heard_ms: u64,
    sent: blake3::Hasher,
    received: blake3::Hasher,
}

/// The link's share of the pre-shared key.
pub(crate) struct LinkKeys {
    pub(crate) signer: Signer,
    pub(crate) verifier: Verifier,
    pub(crate) ack_key: Zeroizing<[u8; 32]>,
}

struct Unacknowledged {
    sequence: u64,
    bytes: Vec<u8>,
    due_ms: u64,
}

impl Link {
    pub(crate) fn new(
        params: &SessionParams,
        role: Role,
        config: LinkConfig,
        keys: LinkKeys,
        now_ms: u64,
    ) -> Self {
        let LinkKeys { signer, verifier, ack_key } = keys;
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
            signer,
            verifier,
            ack_key,
            next_sequence: 0,
            queue: VecDeque::new(),
            again: VecDeque::new(),
            unacknowledged: VecDeque::new(),
            next_expected: 0,
            early: BTreeMap::new(),
            ack_due: false,
            refused: 0,
            last_heard_ms: now_ms,
            sent: transcript.clone(),
            received: transcript,
        }
    }

    /// Signs a message and queues its frame.
    pub(crate) fn send(&mut self, message: &Message) -> Result<(), Abort> {
        let payload = message.encode();
        let kind = message.kind();
        let mut bytes = Frame::signable(self.role, self.session, self.next_sequence, kind, &payload);
        let (sequence, tag) = self.signer.sign(&bytes).map_err(exhausted)?;
        debug_assert_eq!(sequence, self.next_sequence);
        bytes.extend_from_slice(&tag.0);
        self.next_sequence += 1;
        absorb(&mut self.sent, message, &payload);
        self.queue.push_back((sequence, bytes));
        Ok(())
    }

    /// Takes one frame off the channel; messages become ready in the order in which they were sent.
    pub(crate) fn receive(&mut self, bytes: &[u8], now_ms: u64) -> Result<Vec<Message>, Abort> {
        let frame = match Frame::parse(bytes, self.role.peer(), self.session) {
            Ok(frame) => frame,
            Err(error) if self.tolerated == 0 => return Err(Abort::NotAFrame(error)),
            Err(_) => return self.refuse(),
        };
        match frame {
            Frame::Ack { next_expected, signed, tag } => {
                if self.ack_tag(signed) != tag {
                    return self.refuse();
                }
                while self.unacknowledged.front().is_some_and(|frame| frame.sequence < next_expected) {
                    self.unacknowledged.pop_front();
                }
                Ok(Vec::new())
            }
            Frame::Data { sequence, kind, payload, signed, tag } => {
                let lossy = self.config.retransmit_after_ms.is_some();
                if lossy && (sequence < self.next_expected || self.early.contains_key(&sequence)) {
                    self.ack_due = true;
                    return Ok(Vec::new());
                }
                if !lossy && sequence != self.next_expected {
                    return self.refuse();
                }
                if sequence - self.next_expected >= EARLY_FRAMES {
                    return Ok(Vec::new());
                }
                match self.verifier.verify(sequence, signed, &Tag(tag)) {
                    Ok(()) => {}
                    Err(AuthError::Exhausted { .. }) => {
                        return Err(Abort::KeyPoolExhausted { requested_bits: 128, remaining_bits: 0 });
                    }
                    Err(_) => return self.refuse(),
                }
                self.last_heard_ms = now_ms;
                let message = Message::decode(kind, payload).map_err(Abort::NotAMessage)?;
                self.early.insert(sequence, message);
                self.ack_due = lossy;
                Ok(self.ready())
            }
        }
    }

    /// The next bytes to put on the channel: one frame.
    pub(crate) fn poll_transmit(&mut self, now_ms: u64) -> Option<Vec<u8>> {
        if let Some(frame) = self.again.pop_front() {
            return Some(frame);
        }
        if (self.unacknowledged.len() as u64) < EARLY_FRAMES
            && let Some((sequence, bytes)) = self.queue.pop_front()
        {
            if let Some(after) = self.config.retransmit_after_ms {
                let due_ms = now_ms.saturating_add(after);
                self.unacknowledged.push_back(Unacknowledged { sequence, bytes: bytes.clone(), due_ms });
            }
            return Some(bytes);
        }
        std::mem::take(&mut self.ack_due).then(|| {
            let mut ack = Frame::ack(self.role, self.session, self.next_expected);
            let tag = self.ack_tag(&ack);
            ack.extend_from_slice(&tag);
            ack
        })
    }

    /// When [`Link::handle_timeout`] wants to be called next. Without `waiting` silence is no reason to.
    pub(crate) fn poll_timeout(&self, waiting: bool) -> Option<u64> {
        let idle = waiting.then(|| self.last_heard_ms.saturating_add(self.config.idle_limit_ms));
        let again = self.unacknowledged.iter().map(|frame| frame.due_ms).min();
        idle.into_iter().chain(again).min()
    }

    /// Sends again what is due.
    pub(crate) fn handle_timeout(&mut self, now_ms: u64, waiting: bool) -> Result<(), Abort> {
        let silent_ms = now_ms.saturating_sub(self.last_heard_ms);
        if waiting && silent_ms >= self.config.idle_limit_ms {
            return Err(Abort::PeerSilent { waited_ms: silent_ms, limit_ms: self.config.idle_limit_ms });
        }
        let Some(after) = self.config.retransmit_after_ms else { return Ok(()) };
        for frame in self.unacknowledged.iter_mut().filter(|frame| frame.due_ms <= now_ms) {
            frame.due_ms = now_ms.saturating_add(after);
            self.again.push_back(frame.bytes.clone());
        }
        Ok(())
    }

    /// Whether everything sent has been acknowledged, as far as this kind of link tells.
    pub(crate) fn is_flushed(&self) -> bool {
        self.queue.is_empty() && self.again.is_empty() && self.unacknowledged.is_empty()
    }

    /// Stops sending; what is queued is dropped.
    pub(crate) fn clear(&mut self) {
        self.queue.clear();
        self.again.clear();
        self.unacknowledged.clear();
    }

    /// Digest of all messages of both directions so far, the same at both sites when both have seen the same.
    pub(crate) fn transcript(&self) -> [u8; 32] {
        let (alice, bob) = match self.role {
            Role::Alice => (&self.sent, &self.received),
            Role::Bob => (&self.received, &self.sent),
        };
        let mut both = blake3::Hasher::new_derive_key(TRANSCRIPT_CONTEXT);
        both.update(alice.finalize().as_bytes()).update(bob.finalize().as_bytes());
        *both.finalize().as_bytes()
    }

    /// Frames signed so far; each used 128 bits of pre-shared key.
    pub(crate) fn frames_sent(&self) -> u64 {
        self.next_sequence
    }

    /// Frames accepted so far.
    pub(crate) fn frames_received(&self) -> u64 {
        self.next_expected
    }

    /// Frames refused so far.
    pub(crate) fn frames_refused(&self) -> u64 {
        self.refused
    }

    fn ack_tag(&self, header: &[u8]) -> [u8; TAG_BYTES] {
        let mut tag = [0; TAG_BYTES];
        tag.copy_from_slice(&blake3::keyed_hash(&self.ack_key, header).as_bytes()[..TAG_BYTES]);
        tag
    }

    fn refuse(&mut self) -> Result<Vec<Message>, Abort> {
        self.refused += 1;
        if self.refused > self.tolerated {
            return Err(Abort::Authentication { refused: self.refused, tolerated: self.tolerated });
        }
        Ok(Vec::new())
    }

    fn ready(&mut self) -> Vec<Message> {
        let mut ready = Vec::new();
        while let Some(message) = self.early.remove(&self.next_expected) {
            absorb(&mut self.received, &message, &message.encode());
            self.next_expected += 1;
            ready.push(message);
        }
        ready
    }
}

/// What is said about other sessions may cross what is said about this one, and does not count.
fn absorb(hasher: &mut blake3::Hasher, message: &Message, payload: &[u8]) {
    if matches!(message, Message::Unresolved(_) | Message::Outcomes(_)) {
        return;
    }
    hasher.update(&[message.kind()]).update(&(payload.len() as u64).to_le_bytes()).update(payload);
}

fn exhausted(error: diqkd_auth::PoolExhausted) -> Abort {
    Abort::KeyPoolExhausted { requested_bits: error.requested_bits, remaining_bits: error.remaining_bits }
}

const TRANSCRIPT_CONTEXT: &str = "diqkd transcript v1";

/// Frames on their way at once, and held back while an earlier one is missing: with the payload limit this bounds
/// memory. What lies further ahead is dropped unread and comes again.
const EARLY_FRAMES: u64 = 16;
