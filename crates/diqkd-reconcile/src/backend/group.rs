//! Messages of a column group by group, for backends that take `LANES` at once.

use super::LANES;

/// `LANES` messages from index `at`.
#[inline]
pub(super) fn group(all: &[i8], at: usize) -> &[i8; LANES] {
    all[at..].first_chunk().expect("the lift is a multiple of the lanes")
}

#[inline]
pub(super) fn group_mut(all: &mut [i8], at: usize) -> &mut [i8; LANES] {
    all[at..].first_chunk_mut().expect("the lift is a multiple of the lanes")
}

/// A lane below `2·lift`, modulo `lift`.
#[inline]
pub(super) fn wrap(lane: usize, lift: usize) -> usize {
    if lane >= lift { lane - lift } else { lane }
}
