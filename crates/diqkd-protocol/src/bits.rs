//! Bit strings on the wire: LSB first, whole bytes, unused bits of the last byte zero.

use diqkd_gf2::{Bits, bits_from_bytes};

pub(crate) use diqkd_gf2::bytes_from_bits as to_bytes;

/// The bit string of exactly `len` bits; `None` for another number of bytes or a set unused bit.
pub(crate) fn from_bytes(bytes: &[u8], len: usize) -> Option<Bits> {
    if bytes.len() != len.div_ceil(8) {
        return None;
    }
    let mut bits = bits_from_bytes(bytes);
    if bits.get(len..).is_some_and(|unused| unused.any()) {
        return None;
    }
    bits.truncate(len);
    Some(bits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn bytes_and_back(raw in proptest::collection::vec(any::<bool>(), 0..300)) {
            let bits: Bits = raw.iter().copied().collect();
            let bytes = to_bytes(&bits);
            prop_assert_eq!(from_bytes(&bytes, bits.len()), Some(bits));
        }
    }

    #[test]
    fn wrong_lengths_and_stray_bits_are_refused() {
        assert_eq!(from_bytes(&[0xff], 7), None);
        assert_eq!(from_bytes(&[0x7f], 7).map(|bits| bits.count_ones()), Some(7));
        assert_eq!(from_bytes(&[0, 0], 7), None);
    }
}
