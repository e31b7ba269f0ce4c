//! What travels between the two sites: frames, in batches that one tag authenticates, and the messages inside them.
//!
//! All bytes are hand-encoded, little-endian, versioned in the first byte and bounded in length before anything is
//! allocated; the layout is drawn in `docs/protocol.md`.

mod codec;
mod frame;
mod message;

pub(crate) use codec::{Reader, Writer};
pub use frame::{
    CHECK_BYTES, Frame, FrameError, HEADER_BYTES, MAX_BATCH_BYTES, MAX_BATCH_FRAMES, MAX_PAYLOAD_BYTES,
    TAG_BYTES,
};
pub(crate) use message::MOST_OUTCOMES;
pub use message::{ChunkKind, Message, MessageError};

/// Version of the wire format; the first byte of every frame.
pub const WIRE_VERSION: u8 = 4;
