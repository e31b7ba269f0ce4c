//! Blocks of lanes in strings of bits that are kept in words: what belongs to one block row or block column.
//!
//! A lift is 32 or a multiple of 64, so a block is half a word or whole words.

use alloc::vec::Vec;

/// Words that hold one block, 1 for half a word.
pub(crate) fn words(lift: usize) -> usize {
    lift.div_ceil(64)
}

/// Block `i` into `block`, [`words`] of them; bits that `string` does not have are 0, as are those beyond half a word.
pub(crate) fn get(lift: usize, string: &[u64], i: usize, block: &mut [u64]) {
    if lift == HALF {
        block[0] = u64::from(half(string, i));
        return;
    }
    let start = (i * block.len()).min(string.len());
    let there = &string[start..(start + block.len()).min(string.len())];
    let (known, rest) = block.split_at_mut(there.len());
    known.copy_from_slice(there);
    rest.fill(0);
}

/// Block `i` becomes `block`, or its first words do; the string grows where it has to.
pub(crate) fn put(lift: usize, string: &mut Vec<u64>, i: usize, block: &[u64]) {
    if lift == HALF {
        if string.len() <= i / 2 {
            string.resize(i / 2 + 1, 0);
        }
        let kept = string[i / 2] & LOW << (HALF * (1 - i % 2));
        string[i / 2] = kept | block[0] << (HALF * (i % 2));
        return;
    }
    let start = i * words(lift);
    if string.len() < start + block.len() {
        string.resize(start + block.len(), 0);
    }
    string[start..start + block.len()].copy_from_slice(block);
}

/// Half word `i`; 0 beyond the end.
#[inline]
pub(crate) fn half(string: &[u64], i: usize) -> u32 {
    string.get(i / 2).map_or(0, |word| (word >> (HALF * (i % 2))) as u32)
}

/// The lift whose blocks are half a word.
pub(crate) const HALF: usize = 32;
const LOW: u64 = u32::MAX as u64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_is_found() {
        for lift in [32, 64, 192] {
            let mut string = Vec::new();
            let block = |i: u64| -> Vec<u64> {
                (0..words(lift) as u64).map(|w| ((i + 1) * 0x1234_5678 + w) & LOW).collect()
            };
            for i in [3, 0, 4, 1, 2, 3] {
                put(lift, &mut string, i, &[0xffff_ffff, 0, 0][..words(lift)]);
                put(lift, &mut string, i, &block(i as u64));
            }
            assert_eq!(string.len(), (5 * lift).div_ceil(64));
            let mut found = alloc::vec![7; words(lift)];
            for i in 0..5 {
                get(lift, &string, i, &mut found);
                assert_eq!(found, block(i as u64), "{lift} {i}");
            }
            get(lift, &string, 6, &mut found);
            assert!(found.iter().all(|&word| word == 0));
        }
    }
}
