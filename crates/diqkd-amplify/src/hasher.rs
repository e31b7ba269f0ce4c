//! Hashing of an input that comes in pieces.

use diqkd_gf2::{BitRef, Bits, add_to_words, copy_to_words, fill_from_words};

use crate::engine::{Engine, Windows};
use crate::error::{Error, StreamError};
use crate::piece::Piece;
use crate::plan::Plan;
use crate::scratch::Scratch;
use crate::seed::SeedSource;

/// A hash in the making, by [`Plan::start`]: push the input in pieces of any length, then finish.
///
/// ```
/// use diqkd_amplify::{Family, Plan};
/// use diqkd_gf2::{Bits, bits_from_bytes};
///
/// let plan = Plan::uncertified(40, 8, Family::Toeplitz)?;
/// let (input, seed) = (bits_from_bytes(&[1, 2, 3, 4, 5]), &bits_from_bytes(&[7; 6])[..47]);
/// let (mut scratch, mut at_once, mut in_pieces) = (plan.scratch(), Bits::new(), Bits::new());
/// plan.hash(&input, seed, &mut scratch, &mut at_once)?;
///
/// let mut hasher = plan.start(&mut scratch)?;
/// for piece in input.chunks(7) {
///     hasher.push(piece, &mut &*seed).expect("the input is not too long");
/// }
/// hasher.finish(&mut in_pieces)?;
/// assert_eq!(in_pieces, at_once);
/// # Ok::<(), diqkd_amplify::Error>(())
/// ```
#[derive(Debug)]
pub struct Hasher<'a> {
    plan: &'a Plan,
    scratch: &'a mut Scratch,
    /// Bits of the input seen.
    taken: usize,
}

impl<'a> Hasher<'a> {
    pub(crate) fn new(plan: &'a Plan, scratch: &'a mut Scratch) -> Result<Self, Error> {
        let (expected, found) = (plan.scratch_words(), scratch.words().len());
        if expected != found {
            return Err(Error::ScratchSize { expected, found });
        }
        let words = scratch.words();
        if let Some(engine) = plan.engine() {
            engine.start(words);
        }
        words[plan.engine_words()..][..plan.kept_bits().div_ceil(64)].fill(0);
        Ok(Self { plan, scratch, taken: 0 })
    }

    /// Takes the next bits of the input, and the seed's bits that belong to them.
    ///
    /// `seed` has [`Plan::seed_bits`] bits, the same at every call.
    ///
    /// # Errors
    /// [`StreamError::Plan`] with [`Error::InputLength`] if the input is longer than the plan says; nothing is taken
    /// then. [`StreamError::Seed`] if the seed cannot be read; the hash is lost then.
    pub fn push<S: SeedSource>(&mut self, bits: &BitRef, seed: &mut S) -> Result<(), StreamError<S::Error>> {
        self.take(bits, &mut Windows::Read(seed))
    }

    pub(crate) fn take<S: SeedSource>(
        &mut self,
        mut bits: &BitRef,
        seed: &mut Windows<'_, S>,
    ) -> Result<(), StreamError<S::Error>> {
        let (expected, found) = (self.plan.in_bits(), self.taken.saturating_add(bits.len()));
        if found > expected {
            return Err(Error::InputLength { expected, found }.into());
        }
        let kept_bits = self.plan.kept_bits();
        let (engine_words, scratch) = (self.plan.engine_words(), self.scratch.words());
        let (work, rest) = scratch.split_at_mut(engine_words);
        let (kept, piece) = rest.split_at_mut(kept_bits.div_ceil(64));
        let head;
        (head, bits) = bits.split_at(kept_bits.saturating_sub(self.taken).min(bits.len()));
        add_to_words(head, kept, self.taken);
        self.taken += head.len();
        let Some(engine) = self.plan.engine() else { return Ok(()) };
        let piece_bits = 64 * piece.len();
        let padding = engine.pieces() * piece_bits - self.plan.columns();
        while !bits.is_empty() {
            let at = padding + self.taken - kept_bits;
            let (c, from) = (engine.pieces() - 1 - at / piece_bits, at % piece_bits);
            let here;
            (here, bits) = bits.split_at((piece_bits - from).min(bits.len()));
            self.taken += here.len();
            let begins = from == if c + 1 == engine.pieces() { padding } else { 0 };
            let ends = from + here.len() == piece_bits;
            if begins && ends {
                let piece = Piece { words: &mut *piece, bits: Some((from, here)) };
                engine.absorb(c, piece, seed, work).map_err(StreamError::Seed)?;
                continue;
            }
            if begins {
                copy_to_words(here, piece, from);
            } else {
                add_to_words(here, piece, from);
            }
            if ends {
                let piece = Piece { words: &mut *piece, bits: None };
                engine.absorb(c, piece, seed, work).map_err(StreamError::Seed)?;
            }
        }
        Ok(())
    }

    /// Replaces `output` by the hash; allocates nothing if it has room.
    ///
    /// # Errors
    /// [`Error::InputLength`] if bits of the input are missing; `output` is then unchanged.
    pub fn finish(self, output: &mut Bits) -> Result<(), Error> {
        let plan = self.plan;
        let (expected, found) = (plan.in_bits(), self.taken);
        if expected != found {
            return Err(Error::InputLength { expected, found });
        }
        let (work, rest) = self.scratch.words().split_at_mut(plan.engine_words());
        let kept = &rest[..plan.kept_bits().div_ceil(64)];
        let y = plan.engine().map_or(&[][..], |engine: &Engine| engine.finish(work));
        fill_from_words(output, y, plan.out_bits());
        if !kept.is_empty() {
            let last = output.len().div_ceil(64).min(kept.len());
            output.as_raw_mut_slice().iter_mut().zip(&kept[..last]).for_each(|(y, kept)| *y ^= kept);
        }
        Ok(())
    }
}
