//! The frame: header, payload, for the last of a batch the authentication tag, check.
//!
//! ```text
//! offset  0        1      2       3         4          20           28          32              32+len
//!         version  kind   sender  seal      session    sequence     length      payload         (tag)     check
//!         u8 = 4   u8     0 | 1   u8 0|1    16 bytes   u64 LE       u32 LE      length bytes    16 bytes  16 bytes
//! ```
//! A batch is the frames from the one after the last seal to the next one with `seal` = 1, which ends with the tag: one
//! tag for headers and payloads of all frames of the batch, in their order. Nothing in a batch is believed before that.
//!
//! The check is a keyed BLAKE3 digest of everything before it in the frame. It finds damaged and foreign frames early, so
//! that one bad frame does not cost a batch; no security rests on it. Kind 255 is an acknowledgement: no payload, no seal;
//! its `sequence` is the next one expected, and its check is all it has. It decides nothing about keys and may be sent any
//! number of times: whoever could forge it could only delay the session.

use diqkd_core::{Role, SessionId};

use super::WIRE_VERSION;

/// Bytes before the payload.
pub const HEADER_BYTES: usize = 32;
/// Bytes of the authentication tag.
pub const TAG_BYTES: usize = 16;
/// Bytes of the check at the end of every frame.
pub const CHECK_BYTES: usize = 16;
/// The longest payload of one frame.
pub const MAX_PAYLOAD_BYTES: usize = 1 << 20;
/// Most frames of a batch.
pub const MAX_BATCH_FRAMES: usize = 16;
/// Most bytes of a batch, headers and payloads.
pub const MAX_BATCH_BYTES: usize = MAX_BATCH_FRAMES * (HEADER_BYTES + MAX_PAYLOAD_BYTES);

/// A frame as it was cut from the byte stream; nothing in it is trusted before its batch is verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame<'a> {
    /// A message.
    Data {
        /// Position among the sender's frames, from 0.
        sequence: u64,
        /// Message kind.
        kind: u8,
        /// Message body.
        payload: &'a [u8],
        /// Header and payload: what the tag of the batch covers.
        signed: &'a [u8],
        /// The tag, at the end of a batch.
        seal: Option<[u8; TAG_BYTES]>,
        /// What the check covers.
        checked: &'a [u8],
        /// The check.
        check: [u8; CHECK_BYTES],
    },
    /// Everything below `next_expected` has arrived.
    Ack {
        /// The next sequence number the sender of this frame waits for.
        next_expected: u64,
        /// What the check covers.
        checked: &'a [u8],
        /// The check.
        check: [u8; CHECK_BYTES],
    },
}

impl<'a> Frame<'a> {
    /// Header and payload of a data frame, ready to become part of a batch.
    pub(crate) fn open(sender: Role, session: SessionId, sequence: u64, kind: u8, payload: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEADER_BYTES + payload.len() + TAG_BYTES + CHECK_BYTES);
        write_header(&mut bytes, sender, session, sequence, kind, payload.len() as u32);
        bytes.extend_from_slice(payload);
        bytes
    }

    /// Says in the header of a frame that it is the last of its batch and carries the tag.
    pub(crate) fn mark_seal(frame: &mut [u8]) {
        if let Some(seal) = frame.get_mut(SEAL_AT) {
            *seal = 1;
        }
    }

    /// Header of an acknowledgement, ready for its check.
    pub(crate) fn ack(sender: Role, session: SessionId, next_expected: u64) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEADER_BYTES + CHECK_BYTES);
        write_header(&mut bytes, sender, session, next_expected, ACK_KIND, 0);
        bytes
    }

    /// Number of bytes of the whole frame that starts with this header: what a stream reader has to wait for.
    ///
    /// # Errors
    /// [`FrameError`] when the header is not of this version, or announces more than [`MAX_PAYLOAD_BYTES`] or a seal that
    /// is neither 0 nor 1.
    pub fn length_from_header(header: &[u8; HEADER_BYTES]) -> Result<usize, FrameError> {
        if header[0] != WIRE_VERSION {
            return Err(FrameError::Version { found: header[0] });
        }
        let len = payload_len(header);
        if len > MAX_PAYLOAD_BYTES {
            return Err(FrameError::TooLong { len });
        }
        let tag = match header[SEAL_AT] {
            0 => 0,
            1 => TAG_BYTES,
            found => return Err(FrameError::Seal { found }),
        };
        Ok(HEADER_BYTES + len + tag + CHECK_BYTES)
    }

    /// Reads one whole frame that `sender` sent in `session`.
    ///
    /// # Errors
    /// [`FrameError`] for any other version, session, sender or length.
    pub fn parse(bytes: &'a [u8], sender: Role, session: SessionId) -> Result<Self, FrameError> {
        let header: &[u8; HEADER_BYTES] =
            bytes.first_chunk().ok_or(FrameError::Length { found: bytes.len(), wanted: HEADER_BYTES })?;
        let wanted = Self::length_from_header(header)?;
        if bytes.len() != wanted {
            return Err(FrameError::Length { found: bytes.len(), wanted });
        }
        if header[2] != sender_byte(sender) {
            return Err(FrameError::Sender);
        }
        if header[4..20] != session.0 {
            return Err(FrameError::Session);
        }
        let mut sequence = [0; 8];
        sequence.copy_from_slice(&header[20..28]);
        let sequence = u64::from_le_bytes(sequence);
        let (checked, check_bytes) = bytes.split_at(wanted - CHECK_BYTES);
        let mut check = [0; CHECK_BYTES];
        check.copy_from_slice(check_bytes);
        if header[1] == ACK_KIND {
            if checked.len() != HEADER_BYTES {
                return Err(FrameError::Length { found: bytes.len(), wanted: HEADER_BYTES + CHECK_BYTES });
            }
            return Ok(Self::Ack { next_expected: sequence, checked, check });
        }
        let (signed, tag) = checked.split_at(HEADER_BYTES + payload_len(header));
        let seal = tag.first_chunk().copied();
        Ok(Self::Data {
            sequence,
            kind: header[1],
            payload: &signed[HEADER_BYTES..],
            signed,
            seal,
            checked,
            check,
        })
    }
}

/// Why bytes are not a frame of this session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// Another wire version.
    #[error("wire version {found} at byte 0, expected {WIRE_VERSION}; both sites must run the same version")]
    Version {
        /// The version found.
        found: u8,
    },
    /// The header announces a payload above the limit.
    #[error("payload of {len} bytes announced at byte 28, at most {MAX_PAYLOAD_BYTES} allowed")]
    TooLong {
        /// The announced length.
        len: usize,
    },
    /// Fewer or more bytes than the header announces.
    #[error("frame of {found} bytes, expected {wanted}")]
    Length {
        /// Bytes present.
        found: usize,
        /// Bytes expected.
        wanted: usize,
    },
    /// The frame does not come from the peer (a reflected frame).
    #[error("frame does not come from the peer (byte 2)")]
    Sender,
    /// A seal that is neither there nor not.
    #[error("seal {found} at byte 3, expected 0 or 1")]
    Seal {
        /// What was found.
        found: u8,
    },
    /// The frame belongs to another session.
    #[error("frame of another session (bytes 4 to 19)")]
    Session,
}

const ACK_KIND: u8 = 255;
const SEAL_AT: usize = 3;

fn write_header(bytes: &mut Vec<u8>, sender: Role, session: SessionId, sequence: u64, kind: u8, len: u32) {
    bytes.extend_from_slice(&[WIRE_VERSION, kind, sender_byte(sender), 0]);
    bytes.extend_from_slice(&session.0);
    bytes.extend_from_slice(&sequence.to_le_bytes());
    bytes.extend_from_slice(&len.to_le_bytes());
}

fn payload_len(header: &[u8; HEADER_BYTES]) -> usize {
    let mut len = [0; 4];
    len.copy_from_slice(&header[28..32]);
    u32::from_le_bytes(len) as usize
}

fn sender_byte(role: Role) -> u8 {
    match role {
        Role::Alice => 0,
        Role::Bob => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SESSION: SessionId = SessionId([7; 16]);

    fn sample() -> Vec<u8> {
        let mut bytes = Frame::open(Role::Alice, SESSION, 5, 3, b"payload");
        Frame::mark_seal(&mut bytes);
        bytes.extend_from_slice(&[9; TAG_BYTES]);
        bytes.extend_from_slice(&[8; CHECK_BYTES]);
        bytes
    }

    #[test]
    fn a_frame_reads_back() {
        let bytes = sample();
        let Ok(Frame::Data { sequence, kind, payload, signed, seal, checked, check }) =
            Frame::parse(&bytes, Role::Alice, SESSION)
        else {
            panic!("not a data frame")
        };
        assert_eq!((sequence, kind, payload), (5, 3, &b"payload"[..]));
        assert_eq!((seal, check), (Some([9; TAG_BYTES]), [8; CHECK_BYTES]));
        assert_eq!(signed, &bytes[..bytes.len() - TAG_BYTES - CHECK_BYTES]);
        assert_eq!(checked, &bytes[..bytes.len() - CHECK_BYTES]);
    }

    #[test]
    fn every_cut_and_every_foreign_header_is_refused() {
        let bytes = sample();
        for cut in 0..bytes.len() {
            assert!(Frame::parse(&bytes[..cut], Role::Alice, SESSION).is_err(), "{cut}");
        }
        assert_eq!(Frame::parse(&bytes, Role::Bob, SESSION), Err(FrameError::Sender));
        assert_eq!(Frame::parse(&bytes, Role::Alice, SessionId([8; 16])), Err(FrameError::Session));
        let mut long = bytes.clone();
        long[28..32].copy_from_slice(&u32::MAX.to_le_bytes());
        assert!(matches!(Frame::parse(&long, Role::Alice, SESSION), Err(FrameError::TooLong { .. })));
        let mut unsealed = bytes.clone();
        unsealed[3] = 0;
        assert!(matches!(Frame::parse(&unsealed, Role::Alice, SESSION), Err(FrameError::Length { .. })));
        unsealed[3] = 2;
        assert_eq!(Frame::parse(&unsealed, Role::Alice, SESSION), Err(FrameError::Seal { found: 2 }));
        let mut acknowledgement = bytes.clone();
        acknowledgement[1] = ACK_KIND;
        assert!(Frame::parse(&acknowledgement, Role::Alice, SESSION).is_err());
        let mut other = bytes;
        other[0] = 1;
        assert_eq!(Frame::parse(&other, Role::Alice, SESSION), Err(FrameError::Version { found: 1 }));
    }
}
