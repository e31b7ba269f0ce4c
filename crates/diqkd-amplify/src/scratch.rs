//! Working memory of a plan.

use alloc::vec;
use alloc::vec::Vec;
use core::fmt;

use zeroize::{Zeroize, ZeroizeOnDrop};

/// Working memory for [`Plan::hash`](crate::Plan::hash), made by [`Plan::scratch`](crate::Plan::scratch).
///
/// It holds parts of the input and of the output after use and is wiped when dropped.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct Scratch {
    words: Vec<u64>,
    /// Words before the first one that begins a line.
    skip: usize,
}

impl Scratch {
    pub(crate) fn new(words: usize) -> Self {
        let words = vec![0; words + LINE_WORDS - 1];
        let skip = lines(&words);
        Self { words, skip }
    }

    /// Size of the working memory, bytes.
    pub fn bytes(&self) -> usize {
        self.words.len() * size_of::<u64>()
    }

    pub(crate) fn words(&mut self) -> &mut [u64] {
        let len = self.words.len() - (LINE_WORDS - 1);
        &mut self.words[self.skip..][..len]
    }
}

impl fmt::Debug for Scratch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scratch").field("bytes", &self.bytes()).finish_non_exhaustive()
    }
}

/// Words of a line of the cache, and of the longest register: one that straddles two lines is loaded twice.
const LINE_WORDS: usize = 8;

/// How many words to leave out so that the rest begins with a line.
fn lines(words: &[u64]) -> usize {
    words.as_ptr().align_offset(LINE_WORDS * size_of::<u64>()).min(LINE_WORDS - 1)
}
