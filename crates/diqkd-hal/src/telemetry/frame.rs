//! The frame around a message.

use super::crc::crc32;
use super::fields::FieldWriter;
use super::message::Message;

/// Version of the protocol that this code speaks.
pub const VERSION: u8 = 1;
/// The longest payload of any version.
pub const MAX_PAYLOAD_BYTES: usize = 64;
/// The longest frame of any version.
pub const MAX_FRAME_BYTES: usize = HEADER_BYTES + MAX_PAYLOAD_BYTES + CRC_BYTES;

pub(super) const MARK: [u8; 2] = [0xD1, 0x51];
pub(super) const HEADER_BYTES: usize = 8;
pub(super) const CRC_BYTES: usize = 4;

/// Writes a frame to the start of `out` and returns its length. `sequence` is one more than that of the frame before,
/// wrapping.
pub fn encode(message: &Message, sequence: u16, out: &mut [u8; MAX_FRAME_BYTES]) -> usize {
    let mut fields = FieldWriter::new(&mut out[HEADER_BYTES..HEADER_BYTES + MAX_PAYLOAD_BYTES]);
    message.write(&mut fields);
    let length = fields.len();
    out[..2].copy_from_slice(&MARK);
    out[2] = VERSION;
    out[3] = message.kind();
    out[4..6].copy_from_slice(&sequence.to_le_bytes());
    out[6..8].copy_from_slice(&(length as u16).to_le_bytes());
    let end = HEADER_BYTES + length;
    let crc = crc32(&out[2..end]);
    out[end..end + CRC_BYTES].copy_from_slice(&crc.to_le_bytes());
    end + CRC_BYTES
}
