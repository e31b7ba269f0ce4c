//! Finds frames in a stream of bytes that comes in any pieces and may be damaged anywhere.

use super::crc::crc32;
use super::frame::{CRC_BYTES, HEADER_BYTES, MARK, MAX_FRAME_BYTES, MAX_PAYLOAD_BYTES, VERSION};
use super::message::Message;

/// A message with its place in the stream.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Received {
    /// Number of its frame, wrapping.
    pub sequence: u16,
    /// Frames missing between the one before and this one. 0 where the controller began to count anew.
    pub lost: u16,
    /// What it says.
    pub message: Message,
}

/// What a reader met so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FrameCounts {
    /// Messages delivered.
    pub delivered: u64,
    /// Frames that never came, by their numbers.
    pub lost: u64,
    /// Marks behind which length or checksum was wrong.
    pub damaged: u64,
    /// Whole frames of a version or kind that this code does not know.
    pub unknown: u64,
    /// Whole frames whose payload is none of their kind: the controller's software is at fault.
    pub invalid: u64,
    /// Bytes outside of whole frames.
    pub skipped_bytes: u64,
}

/// Finds frames; holds at most one frame's bytes, never allocates. After damage it goes on at the next mark, also when
/// that lies inside what looked like a frame.
#[derive(Clone, Debug)]
pub struct FrameReader {
    held: [u8; MAX_FRAME_BYTES],
    len: usize,
    next_sequence: Option<u16>,
    counts: FrameCounts,
}

impl Default for FrameReader {
    fn default() -> Self {
        Self { held: [0; MAX_FRAME_BYTES], len: 0, next_sequence: None, counts: FrameCounts::default() }
    }
}

impl FrameReader {
    /// Takes the next bytes of the stream and delivers every message that they complete.
    pub fn push(&mut self, mut bytes: &[u8], mut deliver: impl FnMut(Received)) {
        while !bytes.is_empty() {
            let taken = bytes.len().min(MAX_FRAME_BYTES - self.len);
            self.held[self.len..self.len + taken].copy_from_slice(&bytes[..taken]);
            self.len += taken;
            bytes = &bytes[taken..];
            self.parse(&mut deliver);
        }
    }

    /// What was met so far.
    pub fn counts(&self) -> FrameCounts {
        self.counts
    }

    /// Takes all whole frames from the bytes held; less than a frame remains.
    fn parse(&mut self, deliver: &mut impl FnMut(Received)) {
        let mut at = 0;
        while at < self.len {
            at += match next(&self.held[at..self.len]) {
                Next::Incomplete => break,
                Next::Noise => {
                    self.counts.skipped_bytes += 1;
                    1
                }
                Next::Damaged => {
                    self.counts.damaged += 1;
                    self.counts.skipped_bytes += 1;
                    1
                }
                Next::Frame { version, kind, sequence, payload, len } => {
                    let message = if version == VERSION { Message::read(kind, payload) } else { None };
                    let lost = self.next_sequence.map_or(0, |next| sequence.wrapping_sub(next));
                    self.next_sequence = Some(sequence.wrapping_add(1));
                    // A number from before: the controller began anew, or the frame was doubled.
                    let lost = if lost > u16::MAX / 2 { 0 } else { lost };
                    self.counts.lost += u64::from(lost);
                    match message {
                        Some(Ok(message)) => {
                            self.counts.delivered += 1;
                            deliver(Received { sequence, lost, message });
                        }
                        Some(Err(_)) => self.counts.invalid += 1,
                        None => self.counts.unknown += 1,
                    }
                    len
                }
            };
        }
        self.held.copy_within(at..self.len, 0);
        self.len -= at;
    }
}

/// What the bytes begin with.
enum Next<'a> {
    /// Perhaps a frame, when more bytes have come.
    Incomplete,
    /// No mark.
    Noise,
    /// A mark, but no frame.
    Damaged,
    Frame {
        version: u8,
        kind: u8,
        sequence: u16,
        payload: &'a [u8],
        len: usize,
    },
}

fn next(bytes: &[u8]) -> Next<'_> {
    let seen = bytes.len().min(MARK.len());
    if bytes[..seen] != MARK[..seen] {
        return Next::Noise;
    }
    let Some((&[_, _, version, kind, s0, s1, l0, l1], _)) = bytes.split_first_chunk::<HEADER_BYTES>() else {
        return Next::Incomplete;
    };
    let length = usize::from(u16::from_le_bytes([l0, l1]));
    if length > MAX_PAYLOAD_BYTES {
        return Next::Damaged;
    }
    let end = HEADER_BYTES + length;
    let Some(&crc) = bytes.get(end..).and_then(|rest| rest.first_chunk::<CRC_BYTES>()) else {
        return Next::Incomplete;
    };
    if u32::from_le_bytes(crc) != crc32(&bytes[MARK.len()..end]) {
        return Next::Damaged;
    }
    let sequence = u16::from_le_bytes([s0, s1]);
    Next::Frame { version, kind, sequence, payload: &bytes[HEADER_BYTES..end], len: end + CRC_BYTES }
}
