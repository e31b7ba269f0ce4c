//! Packed bit strings and their conversions; the bit order is drawn in the crate docs.

use alloc::vec::Vec;

use bitvec::domain::Domain;
use bitvec::order::Lsb0;
use bitvec::slice::BitSlice;
use bitvec::vec::BitVec;

/// An owned bit string: bit `i` is bit `i % 64` of word `i / 64`.
pub type Bits = BitVec<u64, Lsb0>;

/// A borrowed bit string; it may start inside a word.
pub type BitRef = BitSlice<u64, Lsb0>;

/// The bit string of `8 · bytes.len()` bits whose bit `i` is bit `i % 8` of byte `i / 8`.
pub fn bits_from_bytes(bytes: &[u8]) -> Bits {
    let words: Vec<u64> = bytes.chunks(8).map(little_endian_word).collect();
    let mut bits = Bits::from_vec(words);
    bits.truncate(bytes.len() * 8);
    bits
}

/// The `ceil(bits.len() / 8)` bytes of a bit string; unused high bits of the last byte are zero.
pub fn bytes_from_bits(bits: &BitRef) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(bits.len().div_ceil(64) * 8);
    for_each_word(bits, |word| bytes.extend_from_slice(&word.to_le_bytes()));
    bytes.truncate(bits.len().div_ceil(8));
    bytes
}

/// The first `len` bits of `words`; words that are missing count as zero.
pub fn bits_from_words(words: &[u64], len: usize) -> Bits {
    let mut bits = Bits::with_capacity(len);
    fill_from_words(&mut bits, words, len);
    bits
}

/// Replaces the content of `bits` by the first `len` bits of `words`; words that are missing count as zero.
///
/// Allocates only when the capacity of `bits` is below `len`.
pub fn fill_from_words(bits: &mut Bits, words: &[u64], len: usize) {
    bits.truncate(len);
    bits.force_align();
    bits.resize(len, false);
    let used = len.div_ceil(64).min(words.len());
    let (copied, rest) = bits.as_raw_mut_slice().split_at_mut(used);
    copied.copy_from_slice(&words[..used]);
    rest.fill(0);
    let raw = bits.as_raw_mut_slice();
    if !len.is_multiple_of(64)
        && let Some(last) = raw.get_mut(len / 64)
    {
        *last &= (1 << (len % 64)) - 1;
    }
}

/// Writes `bits` into `words` so that bit `i` lands on bit `i + offset`; every other bit of `words` becomes zero.
///
/// Bits that would land beyond the end of `words` are dropped.
pub fn copy_to_words(bits: &BitRef, words: &mut [u64], offset: usize) {
    if let (0, Domain::Region { head: None, body, tail }) = (offset, bits.domain()) {
        let (copied, rest) = words.split_at_mut(body.len().min(words.len()));
        copied.copy_from_slice(&body[..copied.len()]);
        rest.fill(0);
        if let (Some(word), Some(tail)) = (rest.first_mut(), tail) {
            *word = tail.load_value();
        }
        return;
    }
    words.fill(0);
    add_to_words(bits, words, offset);
}

/// Adds (exclusive or) bit `i` of `bits` to bit `i + offset` of `words`; bits that would land beyond the end of `words`
/// are dropped.
pub fn add_to_words(bits: &BitRef, words: &mut [u64], offset: usize) {
    let mut at = (offset / 64).min(words.len());
    let shift = offset % 64;
    if let Domain::Region { head: None, body, tail } = bits.domain() {
        at += add_shifted(body, &mut words[at..], shift);
        if let Some(element) = tail {
            add_word(element.load_value(), words, at, shift);
        }
        return;
    }
    for_each_word(bits, |word| {
        add_word(word, words, at, shift);
        at += 1;
    });
}

/// Adds a word to words `at` and `at + 1`, so far as there are such.
fn add_word(word: u64, words: &mut [u64], at: usize, shift: usize) {
    if let Some(low) = words.get_mut(at) {
        *low ^= word << shift;
    }
    if shift != 0
        && let Some(high) = words.get_mut(at + 1)
    {
        *high ^= word >> (64 - shift);
    }
}

/// Adds `from`, moved up by less than a word, to `words`; returns how many words that were, but for the bits moved out
/// of the last one.
fn add_shifted(from: &[u64], words: &mut [u64], shift: usize) -> usize {
    if shift == 0 {
        words.iter_mut().zip(from).for_each(|(word, from)| *word ^= from);
        return from.len();
    }
    let (Some(first), Some(&last)) = (from.first(), from.last()) else { return 0 };
    if let Some(word) = words.first_mut() {
        *word ^= first << shift;
    }
    for (word, pair) in words.iter_mut().skip(1).zip(from.array_windows::<2>()) {
        *word ^= pair[1] << shift | pair[0] >> (64 - shift);
    }
    if let Some(word) = words.get_mut(from.len()) {
        *word ^= last >> (64 - shift);
    }
    from.len()
}

/// Calls `take` with the `ceil(len / 64)` words of a bit string that may start inside a word.
fn for_each_word(bits: &BitRef, mut take: impl FnMut(u64)) {
    match bits.domain() {
        Domain::Enclave(element) => take(element.load_value() >> element.head().into_inner()),
        Domain::Region { head, body, tail } => {
            let (first, shift) = head.map_or((0, 0), |e| (e.load_value(), e.head().into_inner()));
            let last = tail.map(|e| (e.load_value(), e.tail().into_inner()));
            if shift == 0 {
                body.iter().for_each(|&word| take(word));
                if let Some((word, _)) = last {
                    take(word);
                }
                return;
            }
            let mut carry = first >> shift;
            for &word in body {
                take(carry | word << (64 - shift));
                carry = word >> shift;
            }
            match last {
                Some((word, used)) => {
                    take(carry | word << (64 - shift));
                    if used > shift {
                        take(word >> shift);
                    }
                }
                None => take(carry),
            }
        }
    }
}

/// Up to eight bytes as a word, missing bytes zero.
fn little_endian_word(bytes: &[u8]) -> u64 {
    let mut word = [0; 8];
    word[..bytes.len()].copy_from_slice(bytes);
    u64::from_le_bytes(word)
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use proptest::prelude::*;

    use super::*;

    fn bit_by_bit(bits: &BitRef, words: usize, offset: usize) -> Vec<u64> {
        let mut out = vec![0; words];
        for (i, bit) in bits.iter().by_vals().enumerate() {
            if let Some(word) = out.get_mut((i + offset) / 64) {
                *word |= u64::from(bit) << ((i + offset) % 64);
            }
        }
        out
    }

    proptest! {
        #[test]
        fn any_slice_lands_where_bit_by_bit_copying_puts_it(
            bytes in proptest::collection::vec(any::<u8>(), 0..60),
            cut in any::<(prop::sample::Index, prop::sample::Index)>(),
            offset in 0usize..200,
            words in 0usize..12,
        ) {
            let bits = bits_from_bytes(&bytes);
            let (a, b) = (cut.0.index(bits.len() + 1), cut.1.index(bits.len() + 1));
            let slice = &bits[a.min(b)..a.max(b)];
            let mut out = vec![u64::MAX; words];
            copy_to_words(slice, &mut out, offset);
            prop_assert_eq!(out, bit_by_bit(slice, words, offset));
        }

        #[test]
        fn bytes_and_words_round_trip(bytes in proptest::collection::vec(any::<u8>(), 0..60), drop in 0usize..8) {
            let mut bits = bits_from_bytes(&bytes);
            prop_assert_eq!(&bytes_from_bits(&bits), &bytes);
            let len = bits.len().saturating_sub(drop);
            let again = bits_from_words(bits.as_raw_slice(), len);
            bits.truncate(len);
            prop_assert_eq!(&again, &bits);
            let unused = 64 * again.as_raw_slice().len() - len;
            prop_assert!(len == 0 || again.as_raw_slice()[len.div_ceil(64) - 1].leading_zeros() as usize >= unused % 64);
            let mut refilled = bits_from_bytes(&[0xff; 9]).split_off(3);
            fill_from_words(&mut refilled, bits.as_raw_slice(), len);
            prop_assert_eq!(&refilled, &bits);
        }
    }
}
