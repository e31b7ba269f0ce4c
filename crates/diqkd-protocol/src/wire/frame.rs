//! The frame: header, payload, authentication tag.
//!
//! ```text
//! offset  0        1      2       3         4          20           28          32              32+len
//!         version  kind   sender  zero      session    sequence     length      payload         tag
//!         u8 = 1   u8     0 | 1   u8 = 0    16 bytes   u64 LE       u32 LE      length bytes    16 bytes
//! ```
//! The tag covers everything before it. Kind 255 is an acknowledgement: no payload; its `sequence` is the next one
//! expected. It decides nothing about keys and may be sent any number of times, so its tag is a keyed BLAKE3 digest, not
//! a one-time one: whoever could forge it could only delay the session.

use diqkd_core::{Role, SessionId};

use super::WIRE_VERSION;

/// Bytes before the payload.
pub const HEADER_BYTES: usize = 32;
/// Bytes of the authentication tag.
pub const TAG_BYTES: usize = 16;
/// The longest payload of one frame.
pub const MAX_PAYLOAD_BYTES: usize = 1 << 20;

/// A frame as it was cut from the byte stream; nothing in it is trusted before its tag is verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame<'a> {
    /// A message with its tag.
    Data {
        /// Position in the sender's lane.
        sequence: u64,
        /// Message kind.
        kind: u8,
        /// Message body.
        payload: &'a [u8],
        /// Header and payload: what the tag covers.
        signed: &'a [u8],
        /// The tag.
        tag: [u8; TAG_BYTES],
    },
    /// Everything below `next_expected` has arrived.
    Ack {
        /// The next sequence number the sender of this frame waits for.
        next_expected: u64,
        /// The header: what the tag covers.
        signed: &'a [u8],
        /// The tag.
        tag: [u8; TAG_BYTES],
    },
}

impl<'a> Frame<'a> {
    /// Header and payload of a data frame, ready to be signed.
    pub(crate) fn signable(
        sender: Role,
        session: SessionId,
        sequence: u64,
        kind: u8,
        payload: &[u8],
    ) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEADER_BYTES + payload.len() + TAG_BYTES);
        write_header(&mut bytes, sender, session, sequence, kind, payload.len() as u32);
        bytes.extend_from_slice(payload);
        bytes
    }

    /// Header of an acknowledgement, ready for its tag.
    pub(crate) fn ack(sender: Role, session: SessionId, next_expected: u64) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEADER_BYTES + TAG_BYTES);
        write_header(&mut bytes, sender, session, next_expected, ACK_KIND, 0);
        bytes
    }

    /// Number of bytes of the whole frame that starts with this header: what a stream reader has to wait for.
    ///
    /// # Errors
    /// [`FrameError`] when the header is not of this version or announces more than [`MAX_PAYLOAD_BYTES`].
    pub fn length_from_header(header: &[u8; HEADER_BYTES]) -> Result<usize, FrameError> {
        if header[0] != WIRE_VERSION {
            return Err(FrameError::Version { found: header[0] });
        }
        let len = payload_len(header);
        if len > MAX_PAYLOAD_BYTES {
            return Err(FrameError::TooLong { len });
        }
        Ok(HEADER_BYTES + len + TAG_BYTES)
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
        if header[2] != sender_byte(sender) || header[3] != 0 {
            return Err(FrameError::Sender);
        }
        if header[4..20] != session.0 {
            return Err(FrameError::Session);
        }
        let mut sequence = [0; 8];
        sequence.copy_from_slice(&header[20..28]);
        let sequence = u64::from_le_bytes(sequence);
        let (signed, tag_bytes) = bytes.split_at(wanted - TAG_BYTES);
        let mut tag = [0; TAG_BYTES];
        tag.copy_from_slice(tag_bytes);
        if header[1] == ACK_KIND {
            return Ok(Self::Ack { next_expected: sequence, signed, tag });
        }
        Ok(Self::Data { sequence, kind: header[1], payload: &signed[HEADER_BYTES..], signed, tag })
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
    /// The frame does not come from the peer (a reflected frame, or a reserved byte set).
    #[error("frame does not come from the peer (bytes 2 and 3)")]
    Sender,
    /// The frame belongs to another session.
    #[error("frame of another session (bytes 4 to 19)")]
    Session,
}

const ACK_KIND: u8 = 255;

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
        let mut bytes = Frame::signable(Role::Alice, SESSION, 5, 3, b"payload");
        bytes.extend_from_slice(&[9; TAG_BYTES]);
        bytes
    }

    #[test]
    fn a_frame_reads_back() {
        let bytes = sample();
        let Ok(Frame::Data { sequence, kind, payload, signed, tag }) =
            Frame::parse(&bytes, Role::Alice, SESSION)
        else {
            panic!("not a data frame")
        };
        assert_eq!((sequence, kind, payload, tag), (5, 3, &b"payload"[..], [9; TAG_BYTES]));
        assert_eq!(signed, &bytes[..bytes.len() - TAG_BYTES]);
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
        let mut other = bytes;
        other[0] = 2;
        assert_eq!(Frame::parse(&other, Role::Alice, SESSION), Err(FrameError::Version { found: 2 }));
    }
}
