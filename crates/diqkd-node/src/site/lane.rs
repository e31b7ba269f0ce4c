//! What two lanes of one pipeline say to each other besides the frames of a session.
//!
//! ```text
//! propose  kind 1   nonce 16 bytes   block u64   pads: 0, start u64 | 1, ids of 16 bytes each
//! accept   kind 2   session 16 bytes
//! decline  kind 3   session 16 bytes   reason u8   number u64
//! frame    kind 4   a whole frame of the session
//! over     kind 5   session 16 bytes
//! ```
//! None of it is trusted with anything but time: a session authenticates what it needs itself, and pads are reserved at each
//! site by what that site knows.

use std::time::Duration;

use diqkd_core::{KeyId, SessionId};

use crate::link_lost::LinkLost;
use crate::trunk::Channel;

/// One end of a lane.
pub(crate) struct Lane {
    channel: Channel,
    /// What was read while something else was waited for.
    put_back: Option<Word>,
}

/// Something said on a lane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Word {
    /// Alice suggests a session.
    Propose { nonce: [u8; 16], block: u64, pads: PadsOffer },
    /// Bob has reserved the pads and is ready to record.
    Accept(SessionId),
    /// Bob can't.
    Decline { session: SessionId, why: Decline },
    /// A frame of the session.
    Frame(Vec<u8>),
    /// The speaker has left the session.
    Over(SessionId),
}

/// Which secret bytes a session takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PadsOffer {
    /// From this byte of the pre-shared key on.
    File { start: u64 },
    /// Keys of earlier blocks.
    Keys(Vec<KeyId>),
}

/// Why Bob declines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decline {
    /// These bytes are not free here; free ones begin at `next`, if there are any.
    PadsTaken { next: u64 },
    /// Some of these keys are not free here.
    KeysTaken,
    /// This site's budget of epsilon does not cover another session.
    Overspent,
    /// This site is finishing.
    Draining,
    /// This site has trouble of its own: its log says which.
    Trouble,
    /// The blocks that are running here are all that this site has left to make, if they give keys.
    Busy,
}

impl Lane {
    pub(crate) fn new(channel: Channel) -> Self {
        Self { channel, put_back: None }
    }

    /// Begins anew after the peer was restarted.
    pub(crate) fn renew(&mut self) {
        self.channel.renew();
        self.put_back = None;
    }

    pub(crate) fn say(&self, word: &Word) -> Result<(), LinkLost> {
        self.channel.send(&word.encode())
    }

    /// The next word; `None` when none came within `wait`. What can't be read is skipped.
    pub(crate) fn hear(&mut self, wait: Duration) -> Result<Option<Word>, LinkLost> {
        if let Some(word) = self.put_back.take() {
            return Ok(Some(word));
        }
        Ok(self.channel.receive(wait)?.and_then(|bytes| Word::decode(&bytes)))
    }

    /// To be heard again next.
    pub(crate) fn put_back(&mut self, word: Word) {
        self.put_back = Some(word);
    }
}

impl Word {
    fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        match self {
            Self::Propose { nonce, block, pads } => {
                bytes.push(1);
                bytes.extend_from_slice(nonce);
                bytes.extend_from_slice(&block.to_le_bytes());
                match pads {
                    PadsOffer::File { start } => {
                        bytes.push(0);
                        bytes.extend_from_slice(&start.to_le_bytes());
                    }
                    PadsOffer::Keys(ids) => {
                        bytes.push(1);
                        bytes.extend(ids.iter().flat_map(|id| id.0));
                    }
                }
            }
            Self::Accept(session) => {
                bytes.push(2);
                bytes.extend_from_slice(&session.0);
            }
            Self::Decline { session, why } => {
                bytes.push(3);
                bytes.extend_from_slice(&session.0);
                let (reason, number) = match why {
                    Decline::PadsTaken { next } => (0, *next),
                    Decline::KeysTaken => (1, 0),
                    Decline::Draining => (2, 0),
                    Decline::Trouble => (3, 0),
                    Decline::Overspent => (4, 0),
                    Decline::Busy => (5, 0),
                };
                bytes.push(reason);
                bytes.extend_from_slice(&number.to_le_bytes());
            }
            Self::Frame(frame) => {
                bytes.push(4);
                bytes.extend_from_slice(frame);
            }
            Self::Over(session) => {
                bytes.push(5);
                bytes.extend_from_slice(&session.0);
            }
        }
        bytes
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let (&kind, rest) = bytes.split_first()?;
        match kind {
            1 => {
                let (nonce, rest) = rest.split_first_chunk::<16>()?;
                let (block, rest) = rest.split_first_chunk::<8>()?;
                let (&pads, rest) = rest.split_first()?;
                let pads = match pads {
                    0 => PadsOffer::File { start: u64::from_le_bytes(rest.try_into().ok()?) },
                    1 => {
                        let (ids, []) = rest.as_chunks::<16>() else { return None };
                        PadsOffer::Keys(ids.iter().copied().map(KeyId).collect())
                    }
                    _ => return None,
                };
                Some(Self::Propose { nonce: *nonce, block: u64::from_le_bytes(*block), pads })
            }
            2 => Some(Self::Accept(SessionId(rest.try_into().ok()?))),
            3 => {
                let (session, rest) = rest.split_first_chunk::<16>()?;
                let (&reason, rest) = rest.split_first()?;
                let next = u64::from_le_bytes(rest.try_into().ok()?);
                let why = match (reason, next) {
                    (0, next) => Decline::PadsTaken { next },
                    (1, 0) => Decline::KeysTaken,
                    (2, 0) => Decline::Draining,
                    (3, 0) => Decline::Trouble,
                    (4, 0) => Decline::Overspent,
                    (5, 0) => Decline::Busy,
                    _ => return None,
                };
                Some(Self::Decline { session: SessionId(*session), why })
            }
            4 => Some(Self::Frame(rest.to_vec())),
            5 => Some(Self::Over(SessionId(rest.try_into().ok()?))),
            _ => None,
        }
    }
}

/// A word that is read is written the same.
#[cfg(fuzzing)]
pub(crate) fn fuzz_word(bytes: &[u8]) {
    if let Some(word) = Word::decode(bytes) {
        assert_eq!(word.encode(), bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn words_read_back_and_cut_ones_do_not() {
        let session = SessionId([7; 16]);
        let words = [
            Word::Propose { nonce: [1; 16], block: 0, pads: PadsOffer::File { start: 1 << 40 } },
            Word::Propose {
                nonce: [2; 16],
                block: 1 << 50,
                pads: PadsOffer::Keys(vec![KeyId([3; 16]), KeyId([4; 16])]),
            },
            Word::Accept(session),
            Word::Decline { session, why: Decline::PadsTaken { next: 99 } },
            Word::Decline { session, why: Decline::KeysTaken },
            Word::Decline { session, why: Decline::Draining },
            Word::Decline { session, why: Decline::Trouble },
            Word::Decline { session, why: Decline::Overspent },
            Word::Decline { session, why: Decline::Busy },
            Word::Frame(vec![1, 2, 3]),
            Word::Over(session),
        ];
        for word in words {
            let bytes = word.encode();
            assert_eq!(Word::decode(&bytes), Some(word.clone()));
            for cut in 0..bytes.len() {
                assert_ne!(Word::decode(&bytes[..cut]), Some(word.clone()), "{word:?} {cut}");
            }
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_word_or_none(bytes in prop::collection::vec(any::<u8>(), 0..96)) {
            if let Some(word) = Word::decode(&bytes) {
                prop_assert_eq!(word.encode(), bytes);
            }
        }
    }
}
