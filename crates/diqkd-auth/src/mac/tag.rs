//! Authentication tags.

use subtle::ConstantTimeEq;

/// A 128-bit authentication tag; public. Equality takes the same time for all values.
#[derive(Clone, Copy, Debug)]
pub struct Tag(pub [u8; 16]);

impl PartialEq for Tag {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for Tag {}
