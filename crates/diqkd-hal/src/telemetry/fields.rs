//! Payload fields one after another.

use super::frame::MAX_PAYLOAD_BYTES;

/// Writes fields to a payload that has room for every message.
pub(super) struct FieldWriter<'a> {
    payload: &'a mut [u8],
    len: usize,
}

impl<'a> FieldWriter<'a> {
    pub(super) fn new(payload: &'a mut [u8]) -> Self {
        Self { payload, len: 0 }
    }

    pub(super) fn put<const N: usize>(&mut self, bytes: [u8; N]) {
        debug_assert!(self.len + N <= MAX_PAYLOAD_BYTES, "a message longer than a payload");
        if let Some(place) = self.payload.get_mut(self.len..self.len + N) {
            place.copy_from_slice(&bytes);
            self.len += N;
        }
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }
}

/// Reads fields; `None` once the payload is too short.
pub(super) struct FieldReader<'a>(pub(super) &'a [u8]);

impl FieldReader<'_> {
    pub(super) fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (field, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*field)
    }

    pub(super) fn u8(&mut self) -> Option<u8> {
        self.take().map(|[byte]| byte)
    }

    pub(super) fn u16(&mut self) -> Option<u16> {
        self.take().map(u16::from_le_bytes)
    }

    pub(super) fn u32(&mut self) -> Option<u32> {
        self.take().map(u32::from_le_bytes)
    }

    pub(super) fn u64(&mut self) -> Option<u64> {
        self.take().map(u64::from_le_bytes)
    }

    pub(super) fn i64(&mut self) -> Option<i64> {
        self.take().map(i64::from_le_bytes)
    }

    /// The variant of a code.
    pub(super) fn code<T: Copy>(&mut self, variants: &[T]) -> Option<T> {
        variants.get(usize::from(self.u8()?)).copied()
    }

    /// A value where `known` says that there is one; its place is there in any case.
    pub(super) fn optional<T>(known: bool, value: Option<T>) -> Option<Option<T>> {
        value.map(|value| known.then_some(value))
    }
}
