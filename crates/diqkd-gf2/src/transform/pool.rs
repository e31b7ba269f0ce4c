//! Work on disjoint pieces: one after the other, or on the threads of the current pool with the feature `rayon`.

/// How many words a task takes, for `words` of them: a multiple of `grain`, so few that every thread gets two pieces,
/// but no more than `most`.
#[cfg(feature = "rayon")]
pub(crate) fn piece(words: usize, grain: usize, most: usize) -> usize {
    let threads = rayon::current_num_threads();
    if threads == 1 { most } else { words.div_ceil(2 * threads).next_multiple_of(grain).clamp(grain, most) }
}

/// How many words a task takes.
#[cfg(not(feature = "rayon"))]
pub(crate) fn piece(_: usize, _: usize, most: usize) -> usize {
    most
}

/// Calls `work(first word, piece)` for the pieces of `words`, each of `piece` words but perhaps the last.
#[cfg(not(feature = "rayon"))]
pub(crate) fn for_each_chunk(words: &mut [u64], piece: usize, work: impl Fn(usize, &mut [u64])) {
    for (i, words) in words.chunks_mut(piece).enumerate() {
        work(i * piece, words);
    }
}

/// Calls `work(first word, piece)` for the pieces of `words`, each of `piece` words but perhaps the last.
#[cfg(feature = "rayon")]
pub(crate) fn for_each_chunk(
    words: &mut [u64],
    piece: usize,
    work: impl Fn(usize, &mut [u64]) + Send + Sync,
) {
    use rayon::prelude::*;

    if words.len() <= piece || rayon::current_num_threads() == 1 {
        for (i, words) in words.chunks_mut(piece).enumerate() {
            work(i * piece, words);
        }
    } else {
        words.par_chunks_mut(piece).enumerate().for_each(|(i, words)| work(i * piece, words));
    }
}

/// Calls `work(pieces of the four quarters)` for all pieces of the quarters of `words`.
#[cfg(not(feature = "rayon"))]
pub(crate) fn for_each_quad(words: &mut [u64], _: usize, work: impl Fn([&mut [u64]; 4])) {
    work(quarters(words));
}

/// Calls `work(pieces of the four quarters)` for all pieces of the quarters of `words`.
#[cfg(feature = "rayon")]
pub(crate) fn for_each_quad(words: &mut [u64], piece: usize, work: impl Fn([&mut [u64]; 4]) + Send + Sync) {
    use rayon::prelude::*;

    let [a, b, c, d] = quarters(words);
    if a.len() <= piece || rayon::current_num_threads() == 1 {
        return work([a, b, c, d]);
    }
    let left = a.par_chunks_mut(piece).zip(b.par_chunks_mut(piece));
    let right = c.par_chunks_mut(piece).zip(d.par_chunks_mut(piece));
    left.zip(right).for_each(|((a, b), (c, d))| work([a, b, c, d]));
}

/// The four quarters of a block.
#[inline(always)]
pub(crate) fn quarters(words: &mut [u64]) -> [&mut [u64]; 4] {
    let (low, high) = words.split_at_mut(words.len() / 2);
    let (a, b) = low.split_at_mut(low.len() / 2);
    let (c, d) = high.split_at_mut(high.len() / 2);
    [a, b, c, d]
}
