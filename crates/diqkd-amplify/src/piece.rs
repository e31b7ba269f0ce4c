//! A piece of the input on its way to an engine.

use diqkd_gf2::{BitRef, copy_to_words};

/// The bits of a piece, wherever they are.
pub(crate) struct Piece<'a> {
    /// Space for the piece, which holds it if there are no bits.
    pub(crate) words: &'a mut [u64],
    /// The whole piece but for zeros before it, as part of what the caller has in memory.
    pub(crate) bits: Option<(usize, &'a BitRef)>,
}

impl Piece<'_> {
    /// Words of the piece.
    pub(crate) fn len(&self) -> usize {
        self.words.len()
    }

    /// The piece in its space.
    pub(crate) fn words(&mut self) -> &[u64] {
        if let Some((zeros, bits)) = self.bits.take() {
            copy_to_words(bits, self.words, zeros);
        }
        self.words
    }

    /// Copies the piece to where it is needed.
    pub(crate) fn copy(&self, words: &mut [u64]) {
        match self.bits {
            Some((zeros, bits)) => copy_to_words(bits, words, zeros),
            None => words.copy_from_slice(self.words),
        }
    }
}
