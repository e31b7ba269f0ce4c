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
}

impl Scratch {
    pub(crate) fn new(words: usize) -> Self {
        Self { words: vec![0; words] }
    }

    /// Size of the working memory, bytes.
    pub fn bytes(&self) -> usize {
        self.words.len() * size_of::<u64>()
    }

    pub(crate) fn words(&mut self) -> &mut [u64] {
        &mut self.words
    }
}

impl fmt::Debug for Scratch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scratch").field("bytes", &self.bytes()).finish_non_exhaustive()
    }
}
