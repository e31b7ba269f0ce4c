//! A byte string that arrives in chunks, never longer than announced by the parameters.

use crate::abort::Abort;
use crate::wire::{ChunkKind, Message};

#[derive(Debug)]
pub(crate) struct Assembly {
    kind: ChunkKind,
    limit: usize,
    bytes: Vec<u8>,
}

impl Assembly {
    /// Waits for a string of this kind of at most `limit` bytes.
    pub(crate) fn new(kind: ChunkKind, limit: usize) -> Self {
        Self { kind, limit, bytes: Vec::new() }
    }

    /// Takes a chunk; gives the string with the last one.
    pub(crate) fn push(&mut self, message: Message, state: &'static str) -> Result<Option<Vec<u8>>, Abort> {
        let name = message.name();
        match message {
            Message::Chunk { kind, last, bytes } if kind == self.kind => {
                if self.bytes.len() + bytes.len() > self.limit {
                    return Err(Abort::Inconsistent { message: name });
                }
                self.bytes.extend_from_slice(&bytes);
                Ok(last.then(|| std::mem::take(&mut self.bytes)))
            }
            _ => Err(Abort::Unexpected { message: name, state }),
        }
    }
}
