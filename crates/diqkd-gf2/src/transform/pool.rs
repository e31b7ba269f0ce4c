//! Work on disjoint parts: one after the other, or on the threads of the current pool with the feature `rayon`.
//!
//! Every part of a transform takes a time that is known beforehand, so work is cut into as many parts as there are
//! threads and no more, unless another thread is to take some over: halves that stay halves as long as they can. Each place where threads wait for each other costs
//! about as much as some thousand elements.

use crate::side_by_side::{side_by_side, threads};

/// How many threads a piece of work may use.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Team(usize);

impl Team {
    /// One thread.
    pub(crate) const ALONE: Self = Self(1);

    /// One of `share` equal parts of the threads of the current pool.
    #[cfg(feature = "rayon")]
    pub(crate) fn one_of(share: usize) -> Self {
        Self((rayon::current_num_threads() / share).max(1))
    }

    /// The only thread.
    #[cfg(not(feature = "rayon"))]
    pub(crate) fn one_of(_: usize) -> Self {
        Self(1)
    }

    /// At least as many threads as this, if there is more than one at all: parts that nobody takes are done in a row.
    pub(crate) fn at_least(self, parts: usize) -> Self {
        if threads() == 1 { self } else { Self(self.0.max(parts)) }
    }

    pub(crate) fn is_alone(self) -> bool {
        self.0 == 1
    }

    /// Does all of `work` on a thread of the pool, so that it enters the pool once.
    #[cfg(feature = "rayon")]
    pub(crate) fn enter(self, work: impl FnOnce() + Send) {
        if self.is_alone() || rayon::current_thread_index().is_some() {
            work();
        } else {
            rayon::join(work, || ());
        }
    }

    /// Does `work`.
    #[cfg(not(feature = "rayon"))]
    pub(crate) fn enter(self, work: impl FnOnce() + Send) {
        work();
    }

    /// Does both, each with half of the threads.
    pub(crate) fn both(self, a: impl FnOnce(Self) + Send, b: impl FnOnce(Self) + Send) {
        if self.is_alone() {
            a(self);
            b(self);
        } else {
            side_by_side(|| a(Self(self.0 / 2)), || b(Self(self.0.div_ceil(2))));
        }
    }

    /// Calls `work(first word, part)` for parts of `words`, all of them but the last a multiple of `grain` words long.
    pub(crate) fn chunks(self, words: &mut [u64], grain: usize, work: &(impl Fn(usize, &mut [u64]) + Sync)) {
        self.chunks_from(0, words, grain, work);
    }

    fn chunks_from(
        self,
        from: usize,
        words: &mut [u64],
        grain: usize,
        work: &(impl Fn(usize, &mut [u64]) + Sync),
    ) {
        let Some(cut) = self.cut(words.len(), grain) else { return work(from, words) };
        let (left, right) = words.split_at_mut(cut);
        self.both(
            |team| team.chunks_from(from, left, grain, work),
            |team| team.chunks_from(from + cut, right, grain, work),
        );
    }

    /// Calls `work(parts)` for parts of four slices of equal length, as [`Team::chunks`].
    pub(crate) fn quads(
        self,
        [a, b, c, d]: [&mut [u64]; 4],
        grain: usize,
        work: &(impl Fn([&mut [u64]; 4]) + Sync),
    ) {
        let Some(cut) = self.cut(a.len(), grain) else { return work([a, b, c, d]) };
        let ((a, e), (b, f)) = (a.split_at_mut(cut), b.split_at_mut(cut));
        let ((c, g), (d, h)) = (c.split_at_mut(cut), d.split_at_mut(cut));
        self.both(|team| team.quads([a, b, c, d], grain, work), |team| team.quads([e, f, g, h], grain, work));
    }

    /// Where this many words are cut, in proportion to the threads on both sides; `None` if they stay together.
    pub(crate) fn cut(self, words: usize, grain: usize) -> Option<usize> {
        if self.is_alone() || words < 2 * grain {
            return None;
        }
        let grains = words / grain;
        Some((grains * (self.0 / 2) / self.0).max(1) * grain)
    }
}

/// The four quarters of a block.
#[inline(always)]
pub(crate) fn quarters(words: &mut [u64]) -> [&mut [u64]; 4] {
    let (low, high) = words.split_at_mut(words.len() / 2);
    let (a, b) = low.split_at_mut(low.len() / 2);
    let (c, d) = high.split_at_mut(high.len() / 2);
    [a, b, c, d]
}
