//! What of Thrift's compact protocol the index of a Parquet file needs: structs are walked, fields that nobody asked for are
//! skipped. Lengths are checked against the bytes that are there before anything is made of them.

/// Bytes that are read from the front; `None` where they end early or make no sense.
pub(super) struct Thrift<'a>(pub(super) &'a [u8]);

/// Types of the protocol. Booleans of a struct are in the type itself.
const TRUE: u8 = 1;
const FALSE: u8 = 2;
const I8: u8 = 3;
const I64: u8 = 6;
const DOUBLE: u8 = 7;
const BINARY: u8 = 8;
const LIST: u8 = 9;
const SET: u8 = 10;
const MAP: u8 = 11;
pub(super) const STRUCT: u8 = 12;

/// Structs within structs; the index of a file has six.
const MOST_DEPTH: u32 = 32;

impl<'a> Thrift<'a> {
    /// Walks a struct: `field` takes the number of a field and its type, and says whether it has read it.
    pub(super) fn structure(
        &mut self,
        mut field: impl FnMut(&mut Self, i16, u8) -> Option<bool>,
    ) -> Option<()> {
        let mut number = 0i16;
        loop {
            let head = self.byte()?;
            let kind = head & 15;
            if head == 0 {
                return Some(());
            }
            number = match head >> 4 {
                0 => i16::try_from(self.zigzag()?).ok()?,
                step => number.checked_add(i16::from(step))?,
            };
            if !field(self, number, kind)? {
                self.skip(kind, MOST_DEPTH)?;
            }
        }
    }

    /// The length and the type of a list; at least a byte an element follows.
    pub(super) fn list(&mut self) -> Option<(usize, u8)> {
        let head = self.byte()?;
        let length = match head >> 4 {
            15 => usize::try_from(self.varint()?).ok()?,
            short => usize::from(short),
        };
        (length <= self.0.len()).then_some((length, head & 15))
    }

    pub(super) fn integer(&mut self) -> Option<i64> {
        self.zigzag()
    }

    pub(super) fn bytes(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.varint()?).ok()?;
        let (bytes, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(bytes)
    }

    fn byte(&mut self) -> Option<u8> {
        let (&first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(first)
    }

    pub(super) fn varint(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }

    fn zigzag(&mut self) -> Option<i64> {
        let value = self.varint()?;
        Some((value >> 1) as i64 ^ -((value & 1) as i64))
    }

    fn skip(&mut self, kind: u8, depth: u32) -> Option<()> {
        let depth = depth.checked_sub(1)?;
        match kind {
            TRUE | FALSE => {}
            I8 => {
                self.byte()?;
            }
            4..=I64 => {
                self.varint()?;
            }
            DOUBLE => self.0 = self.0.get(8..)?,
            BINARY => {
                self.bytes()?;
            }
            LIST | SET => {
                let (length, kind) = self.list()?;
                for _ in 0..length {
                    self.element(kind, depth)?;
                }
            }
            MAP => {
                let length = self.varint()?;
                if length > 0 {
                    let kinds = self.byte()?;
                    for _ in 0..length {
                        self.element(kinds >> 4, depth)?;
                        self.element(kinds & 15, depth)?;
                    }
                }
            }
            STRUCT => loop {
                let head = self.byte()?;
                if head == 0 {
                    break;
                }
                if head >> 4 == 0 {
                    self.varint()?;
                }
                self.skip(head & 15, depth)?;
            },
            _ => return None,
        }
        Some(())
    }

    /// An element of a list or a map: there, a boolean is a byte.
    fn element(&mut self, kind: u8, depth: u32) -> Option<()> {
        match kind {
            TRUE | FALSE => self.byte().map(|_| ()),
            kind => self.skip(kind, depth),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found_and_others_skipped() {
        // 1: i32 = -2; 2: list of two binaries; 4: struct { 1: true }; 20: i64 = 300 (long form of the number).
        let bytes = [0x15, 3, 0x19, 0x28, 1, b'a', 2, b'b', b'c', 0x2c, 0x11, 0, 0x06, 40, 0xd8, 4, 0];
        let mut found = std::vec::Vec::new();
        let mut reader = Thrift(&bytes);
        let whole = reader.structure(|thrift, number, _| {
            Some(
                matches!(number, 1 | 20) && {
                    found.push((number, thrift.integer()?));
                    true
                },
            )
        });
        assert_eq!((whole, found.as_slice()), (Some(()), &[(1, -2), (20, 300)][..]));
        for length in 0..bytes.len() {
            assert_eq!(Thrift(&bytes[..length]).structure(|_, _, _| Some(false)), None, "{length}");
        }
        // Structs within structs without end.
        assert_eq!(Thrift(&[0x1c; 100_000]).structure(|_, _, _| Some(false)), None);
        // A list that claims more than there is.
        assert_eq!(Thrift(&[0xf8, 0xff, 0xff, 0xff, 0x7f]).list(), None);
    }
}
