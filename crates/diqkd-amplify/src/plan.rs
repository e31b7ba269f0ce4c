//! The Toeplitz product of a fixed size.

use diqkd_gf2::{Backend, BitRef, Bits, with_helper};

use crate::algorithm::{Algorithm, Method};
use crate::engine::Engine;
use crate::error::{Error, StreamError};
use crate::family::Family;
use crate::hasher::Hasher;
use crate::scratch::Scratch;
use crate::seed::OneTimeSeed;

/// A Toeplitz product of `n` bits to `m` bits whose algorithm is chosen; good for any number of hashes.
///
/// ```
/// use diqkd_amplify::{Family, Plan};
///
/// let plan = Plan::uncertified(1_500_000, 450_000, Family::ModifiedToeplitz)?;
/// assert_eq!(plan.seed_bits(), 1_499_999);
/// assert!(plan.scratch().bytes() < 2_000_000);
/// # Ok::<(), diqkd_amplify::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Plan {
    in_bits: usize,
    out_bits: usize,
    family: Family,
    /// `None` for a matrix without columns.
    engine: Option<Engine>,
}

impl Plan {
    /// A plan for inputs of `in_bits` (n) and outputs of `out_bits` (m), on the fastest backend of this processor.
    ///
    /// Nobody has certified this length: it is for research, for conventional QKD, and for whoever has computed it by
    /// other means. A device-independent key is made by a [`CertifiedPlan`](crate::CertifiedPlan).
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::Lengthens`] (modified family with m > n) or [`Error::TooLong`].
    pub fn uncertified(in_bits: usize, out_bits: usize, family: Family) -> Result<Self, Error> {
        Self::uncertified_on(in_bits, out_bits, family, Backend::detect())
    }

    /// As [`Plan::uncertified`], for a chosen backend.
    ///
    /// # Errors
    /// As [`Plan::uncertified`].
    pub fn uncertified_on(
        in_bits: usize,
        out_bits: usize,
        family: Family,
        backend: Backend,
    ) -> Result<Self, Error> {
        Self::uncertified_with(in_bits, out_bits, family, backend, Method::Cheapest)
    }

    /// As [`Plan::uncertified`], for a chosen backend and algorithm; all give the same hash.
    ///
    /// # Errors
    /// As [`Plan::uncertified`].
    pub fn uncertified_with(
        in_bits: usize,
        out_bits: usize,
        family: Family,
        backend: Backend,
        method: Method,
    ) -> Result<Self, Error> {
        if in_bits == 0 || out_bits == 0 {
            return Err(Error::Empty { in_bits, out_bits });
        }
        if in_bits.max(out_bits) > MAX_BITS {
            return Err(Error::TooLong { in_bits, out_bits });
        }
        let columns = match family {
            Family::Toeplitz => in_bits,
            Family::ModifiedToeplitz => {
                in_bits.checked_sub(out_bits).ok_or(Error::Lengthens { in_bits, out_bits })?
            }
        };
        let engine = (columns > 0).then(|| Engine::new(out_bits, columns, backend, method));
        Ok(Self { in_bits, out_bits, family, engine })
    }

    /// Length of the input, bits (n).
    pub fn in_bits(&self) -> usize {
        self.in_bits
    }

    /// Length of the output, bits (m).
    pub fn out_bits(&self) -> usize {
        self.out_bits
    }

    /// The hash family.
    pub fn family(&self) -> Family {
        self.family
    }

    /// Length of the seed, bits: `n + m - 1` for [`Family::Toeplitz`]; for [`Family::ModifiedToeplitz`] `n - 1`, or 0
    /// if `m = n`.
    pub fn seed_bits(&self) -> usize {
        match self.columns() {
            0 => 0,
            columns => columns + self.out_bits - 1,
        }
    }

    /// The algorithm chosen.
    pub fn algorithm(&self) -> Algorithm {
        self.engine.as_ref().map_or(Algorithm::Identity, Engine::algorithm)
    }

    /// Working memory for [`Plan::hash`]; the only allocation, a few times `m` bits and at most some times `n + m`.
    pub fn scratch(&self) -> Scratch {
        Scratch::new(self.scratch_words())
    }

    /// Size of the working memory, bytes.
    pub fn scratch_bytes(&self) -> usize {
        self.scratch_words() * size_of::<u64>()
    }

    /// Replaces `output` by the `m`-bit hash of `input`.
    ///
    /// `input`: `n` bits; `seed`: [`Plan::seed_bits`] bits. Nothing is allocated if `output` has room for `m` bits.
    ///
    /// # Errors
    /// [`Error::InputLength`], [`Error::SeedLength`] or [`Error::ScratchSize`]; `output` is then unchanged.
    pub fn hash(
        &self,
        input: &BitRef,
        seed: &BitRef,
        scratch: &mut Scratch,
        output: &mut Bits,
    ) -> Result<(), Error> {
        self.check_input(input)?;
        self.check_seed(seed)?;
        self.at_once(move || {
            let mut hasher = self.start(scratch)?;
            let mut source = seed;
            hasher.push(input, &mut source).map_err(StreamError::into_plan)?;
            hasher.finish(output)
        })
    }

    /// [`Plan::hash`] with a seed that must not serve again.
    ///
    /// # Errors
    /// As [`Plan::hash`]; the seed is gone even then.
    pub fn hash_once(
        &self,
        input: &BitRef,
        seed: OneTimeSeed,
        scratch: &mut Scratch,
        output: &mut Bits,
    ) -> Result<(), Error> {
        self.hash(input, seed.bits(), scratch, output)
    }

    /// Begins a hash whose input comes in pieces; memory does not depend on `n` where `m` is much smaller.
    ///
    /// # Errors
    /// [`Error::ScratchSize`].
    pub fn start<'a>(&'a self, scratch: &'a mut Scratch) -> Result<Hasher<'a>, Error> {
        Hasher::new(self, scratch)
    }

    /// Does all of a hash, with a second thread standing by if the engine has work for two.
    pub(crate) fn at_once<R: Send>(&self, hash: impl FnOnce() -> R + Send) -> R {
        match self.engine {
            Some(Engine::Blocks(_)) => with_helper(hash),
            _ => hash(),
        }
    }

    pub(crate) fn check_input(&self, input: &BitRef) -> Result<(), Error> {
        let (expected, found) = (self.in_bits, input.len());
        if found == expected { Ok(()) } else { Err(Error::InputLength { expected, found }) }
    }

    pub(crate) fn check_seed(&self, seed: &BitRef) -> Result<(), Error> {
        let (expected, found) = (self.seed_bits(), seed.len());
        if found == expected { Ok(()) } else { Err(Error::SeedLength { expected, found }) }
    }

    pub(crate) fn engine(&self) -> Option<&Engine> {
        self.engine.as_ref()
    }

    /// Columns of the Toeplitz part.
    pub(crate) fn columns(&self) -> usize {
        self.in_bits - self.kept_bits()
    }

    /// Bits of the input that are added to the output as they are.
    pub(crate) fn kept_bits(&self) -> usize {
        match self.family {
            Family::Toeplitz => 0,
            Family::ModifiedToeplitz => self.out_bits,
        }
    }

    /// Words of the scratch that the engine takes; the kept bits and a piece of the input follow.
    pub(crate) fn engine_words(&self) -> usize {
        self.engine.as_ref().map_or(0, Engine::scratch_words)
    }

    pub(crate) fn scratch_words(&self) -> usize {
        let piece = self.engine.as_ref().map_or(0, Engine::piece_words);
        self.engine_words() + self.kept_bits().div_ceil(64) + piece
    }
}

/// Up to this length no sum here overflows, and strings fit a `BitVec`.
const MAX_BITS: usize = usize::MAX >> 5;
