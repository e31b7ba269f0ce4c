//! Suffix array by induced sorting, and the longest common prefixes of neighbours in it.
//!
//! A suffix is of type S if it is less than the suffix one place on, else of type L; the leftmost of a run of S
//! suffixes (LMS) are sorted first, by recursion on their names if two LMS substrings are equal, and induce the order of
//! all others in two scans. `O(n)` time, 4 bytes a position and level for the array itself, halving at each level.
//!
//! # References
//! G. Nong, S. Zhang, W. H. Chan, Data Compression Conference 2009, 193; prefixes: J. Karkkainen, G. Manzini,
//! S. J. Puglisi, CPM 2009, LNCS 5577, 181.

use alloc::vec;
use alloc::vec::Vec;

/// The starts of all suffixes of `text`, in lexicographic order. `text` is shorter than `u32::MAX`, its symbols less
/// than `alphabet`.
pub(crate) fn suffix_array<T: Symbol>(text: &[T], alphabet: usize) -> Vec<u32> {
    let n = text.len();
    if n < 2 {
        return (0..n as u32).collect();
    }
    let types = Types::of(text);
    let buckets = Buckets::of(text, &types, alphabet);
    let lms: Vec<u32> = (1..n).filter(|&i| types.is_lms(i)).map(|i| i as u32).collect();
    let mut order = vec![EMPTY; n];
    induce(text, &types, &buckets, &lms, &mut order);
    if lms.len() < 2 {
        return order;
    }
    // LMS substrings are sorted now; equal ones share a name.
    let mut names = vec![EMPTY; n.div_ceil(2)];
    let mut previous: Option<usize> = None;
    let mut name = 0u32;
    for start in order.iter().map(|&i| i as usize).filter(|&i| types.is_lms(i)) {
        if previous.is_some_and(|p| !equal_lms(text, &types, p, start)) {
            name += 1;
        }
        // No two LMS positions are adjacent.
        names[start / 2] = name;
        previous = Some(start);
    }
    let sorted: Vec<u32> = if name as usize + 1 == lms.len() {
        order.iter().copied().filter(|&i| types.is_lms(i as usize)).collect()
    } else {
        let reduced: Vec<u32> = names.into_iter().filter(|&name| name != EMPTY).collect();
        suffix_array(&reduced, name as usize + 1).into_iter().map(|i| lms[i as usize]).collect()
    };
    order.fill(EMPTY);
    induce(text, &types, &buckets, &sorted, &mut order);
    order
}

/// Lengths of the common prefix of each suffix with its predecessor in `order`, by position in the text; 0 for the
/// first.
pub(crate) fn common_prefixes(text: &[u8], order: &[u32]) -> Vec<u32> {
    let n = text.len();
    let mut prefixes = vec![EMPTY; n];
    for pair in order.windows(2) {
        prefixes[pair[1] as usize] = pair[0];
    }
    let mut length = 0usize;
    for i in 0..n {
        let predecessor = prefixes[i];
        if predecessor == EMPTY {
            length = 0;
        } else {
            let (mine, other) = (&text[i + length..], &text[predecessor as usize + length..]);
            length += mine.iter().zip(other).take_while(|(a, b)| a == b).count();
        }
        prefixes[i] = length as u32;
        length = length.saturating_sub(1);
    }
    prefixes
}

/// A letter of a text.
pub(crate) trait Symbol: Copy + Ord {
    fn index(self) -> usize;
}

impl Symbol for u8 {
    fn index(self) -> usize {
        usize::from(self)
    }
}

impl Symbol for u32 {
    fn index(self) -> usize {
        self as usize
    }
}

/// Bit i is set if suffix i is of type S.
struct Types {
    bits: Vec<u64>,
}

impl Types {
    fn of<T: Symbol>(text: &[T]) -> Self {
        let n = text.len();
        let mut bits = vec![0u64; n.div_ceil(64)];
        let mut s_type = false;
        for i in (0..n - 1).rev() {
            s_type = text[i] < text[i + 1] || (text[i] == text[i + 1] && s_type);
            bits[i / 64] |= u64::from(s_type) << (i % 64);
        }
        Self { bits }
    }

    fn is_s(&self, i: usize) -> bool {
        self.bits[i / 64] >> (i % 64) & 1 == 1
    }

    fn is_lms(&self, i: usize) -> bool {
        i > 0 && self.is_s(i) && !self.is_s(i - 1)
    }
}

/// For each first letter: where its suffixes start, and where those of type S among them do.
struct Buckets {
    /// One more than the alphabet: the last entry is the length of the text.
    starts: Vec<u32>,
    s_starts: Vec<u32>,
}

impl Buckets {
    fn of<T: Symbol>(text: &[T], types: &Types, alphabet: usize) -> Self {
        let mut starts = vec![0u32; alphabet + 1];
        let mut s_starts = vec![0u32; alphabet];
        for (i, letter) in text.iter().enumerate() {
            starts[letter.index() + 1] += 1;
            s_starts[letter.index()] += u32::from(!types.is_s(i));
        }
        for letter in 0..alphabet {
            s_starts[letter] += starts[letter];
            starts[letter + 1] += starts[letter];
        }
        Self { starts, s_starts }
    }
}

/// Fills `order` (all `EMPTY`) from the LMS suffixes given in order: exact if they are sorted as suffixes, sorted as LMS
/// substrings otherwise.
fn induce<T: Symbol>(text: &[T], types: &Types, buckets: &Buckets, lms: &[u32], order: &mut [u32]) {
    let n = text.len();
    let place = |next: &mut Vec<u32>, i: usize, order: &mut [u32]| {
        let slot = &mut next[text[i].index()];
        order[*slot as usize] = i as u32;
        *slot += 1;
    };
    let mut next = buckets.s_starts.clone();
    for &i in lms {
        place(&mut next, i as usize, order);
    }
    next.clear();
    next.extend_from_slice(&buckets.starts[..buckets.s_starts.len()]);
    // The last suffix is of type L, preceded by the empty one.
    place(&mut next, n - 1, order);
    for at in 0..n {
        let i = order[at];
        if i != EMPTY && i > 0 && !types.is_s(i as usize - 1) {
            place(&mut next, i as usize - 1, order);
        }
    }
    next.clear();
    next.extend_from_slice(&buckets.starts[1..]);
    for at in (0..n).rev() {
        let i = order[at];
        if i != EMPTY && i > 0 && types.is_s(i as usize - 1) {
            let slot = &mut next[text[i as usize - 1].index()];
            *slot -= 1;
            order[*slot as usize] = i - 1;
        }
    }
}

/// Whether the LMS substrings from `a` and from `b` are equal, in letters and types.
fn equal_lms<T: Symbol>(text: &[T], types: &Types, a: usize, b: usize) -> bool {
    let n = text.len();
    for offset in 0.. {
        let (i, j) = (a + offset, b + offset);
        if i == n || j == n || text[i] != text[j] || types.is_s(i) != types.is_s(j) {
            return false;
        }
        if offset > 0 && (types.is_lms(i) || types.is_lms(j)) {
            return types.is_lms(i) && types.is_lms(j);
        }
    }
    false
}

const EMPTY: u32 = u32::MAX;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(text: &[u8]) -> Result<(), TestCaseError> {
        let mut naive: Vec<u32> = (0..text.len() as u32).collect();
        naive.sort_by_key(|&i| &text[i as usize..]);
        let order = suffix_array(text, 256);
        prop_assert_eq!(&order, &naive);
        let prefixes = common_prefixes(text, &order);
        for pair in order.windows(2) {
            let (a, b) = (&text[pair[0] as usize..], &text[pair[1] as usize..]);
            let common = a.iter().zip(b).take_while(|(x, y)| x == y).count();
            prop_assert_eq!(prefixes[pair[1] as usize] as usize, common);
        }
        Ok(())
    }

    #[test]
    fn all_short_binary_texts() {
        for n in 1..=12usize {
            for bits in 0u32..1 << n {
                let text: Vec<u8> = (0..n).map(|i| (bits >> i & 1) as u8).collect();
                check(&text).expect("equal to the naive order");
            }
        }
    }

    proptest! {
        #[test]
        fn longer_texts(text in prop_oneof![
            prop::collection::vec(0u8..2, 0..600),
            prop::collection::vec(0u8..3, 0..600),
            prop::collection::vec(any::<u8>(), 0..600),
            (prop::collection::vec(0u8..2, 1..20), 1usize..40).prop_map(|(piece, times)| piece.repeat(times)),
        ]) {
            check(&text)?;
        }
    }
}
