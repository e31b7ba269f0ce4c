//! Bytes of stored values: little-endian, version first, every length bounded.

use crate::error::Error;

/// Appends fields.
#[derive(Default)]
pub(crate) struct Writer(Vec<u8>);

impl Writer {
    pub(crate) fn u8(&mut self, value: u8) {
        self.0.push(value);
    }

    pub(crate) fn u32(&mut self, value: u32) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    pub(crate) fn u64(&mut self, value: u64) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    pub(crate) fn array<const N: usize>(&mut self, value: &[u8; N]) {
        self.0.extend_from_slice(value);
    }

    /// A text of at most 65535 bytes with its length.
    pub(crate) fn text(&mut self, value: &str) {
        let length = u16::try_from(value.len()).expect("texts are bounded before they are stored");
        self.0.extend_from_slice(&length.to_le_bytes());
        self.0.extend_from_slice(value.as_bytes());
    }

    pub(crate) fn raw(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    pub(crate) fn finish(self) -> Vec<u8> {
        self.0
    }
}

/// Takes fields off the front of a value of a table.
pub(crate) struct Reader<'a> {
    table: &'static str,
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) fn new(table: &'static str, bytes: &'a [u8]) -> Self {
        Self { table, rest: bytes }
    }

    pub(crate) fn corrupt(&self, what: &'static str) -> Error {
        Error::Corrupt { table: self.table, what }
    }

    pub(crate) fn take(&mut self, length: usize) -> Result<&'a [u8], Error> {
        let (taken, rest) =
            self.rest.split_at_checked(length).ok_or_else(|| self.corrupt("entry too short"))?;
        self.rest = rest;
        Ok(taken)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        let mut value = [0; N];
        value.copy_from_slice(self.take(N)?);
        Ok(value)
    }

    pub(crate) fn u8(&mut self) -> Result<u8, Error> {
        Ok(u8::from_le_bytes(self.array()?))
    }

    pub(crate) fn u32(&mut self) -> Result<u32, Error> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    pub(crate) fn u64(&mut self) -> Result<u64, Error> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    pub(crate) fn text(&mut self, max: usize) -> Result<&'a str, Error> {
        let length = usize::from(u16::from_le_bytes(self.array()?));
        if length > max {
            return Err(self.corrupt("text too long"));
        }
        core::str::from_utf8(self.take(length)?).map_err(|_| self.corrupt("text is not UTF-8"))
    }

    pub(crate) fn version(&mut self, expected: u8) -> Result<(), Error> {
        let found = self.u8()?;
        if found != expected {
            return Err(Error::Version { found, expected });
        }
        Ok(())
    }

    pub(crate) fn end(self) -> Result<(), Error> {
        if self.rest.is_empty() { Ok(()) } else { Err(self.corrupt("entry too long")) }
    }
}
