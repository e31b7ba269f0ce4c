//! A seed that has been transformed.

use alloc::vec;
use alloc::vec::Vec;
use core::convert::Infallible;
use core::fmt;

use diqkd_gf2::{BitRef, Bits};

use crate::engine::Windows;
use crate::error::{Error, StreamError};
use crate::plan::Plan;
use crate::scratch::Scratch;

/// A plan with a seed whose share of the work is done; every hash then takes less time.
///
/// For several pieces of one block, or for conventional QKD. In a device-independent protocol a seed that has been
/// announced must not hash a later block: devices that know it can force the key. Use
/// [`OneTimeSeed`](crate::OneTimeSeed) there, of which no such thing can be made.
///
/// ```
/// use diqkd_amplify::{Family, Plan, PreparedSeed};
/// use diqkd_gf2::{Bits, bits_from_bytes};
///
/// let plan = Plan::uncertified(16, 8, Family::Toeplitz)?;
/// let seed = &bits_from_bytes(&[1, 2, 3])[..23];
/// let (mut scratch, mut one, mut other) = (plan.scratch(), Bits::new(), Bits::new());
/// let prepared = PreparedSeed::new(&plan, seed, &mut scratch)?;
/// let input = bits_from_bytes(&[8, 9]);
/// prepared.hash(&input, &mut scratch, &mut one)?;
/// plan.hash(&input, seed, &mut scratch, &mut other)?;
/// assert_eq!(one, other);
/// # Ok::<(), diqkd_amplify::Error>(())
/// ```
pub struct PreparedSeed {
    plan: Plan,
    words: Vec<u64>,
}

impl PreparedSeed {
    /// Does the seed's share of the work; `scratch` is of [`Plan::scratch`].
    ///
    /// # Errors
    /// [`Error::SeedLength`] or [`Error::ScratchSize`].
    pub fn new(plan: &Plan, seed: &BitRef, scratch: &mut Scratch) -> Result<Self, Error> {
        plan.check_seed(seed)?;
        let (expected, found) = (plan.scratch_words(), scratch.words().len());
        if expected != found {
            return Err(Error::ScratchSize { expected, found });
        }
        let mut words = vec![0; plan.engine().map_or(0, |engine| engine.prepared_words())];
        if let Some(engine) = plan.engine() {
            let mut source = seed;
            let Ok(()) = engine.prepare(&mut source, &mut words, scratch.words());
        }
        Ok(Self { plan: plan.clone(), words })
    }

    /// The plan; it makes the scratch.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Size of the prepared seed, bytes: about twice the seed where a transform is used.
    pub fn bytes(&self) -> usize {
        self.words.len() * size_of::<u64>()
    }

    /// As [`Plan::hash`] with the seed that was prepared.
    ///
    /// # Errors
    /// [`Error::InputLength`] or [`Error::ScratchSize`]; `output` is then unchanged.
    pub fn hash(&self, input: &BitRef, scratch: &mut Scratch, output: &mut Bits) -> Result<(), Error> {
        self.plan.check_input(input)?;
        self.plan.at_once(move || {
            let mut hasher = self.plan.start(scratch)?;
            let mut windows = Windows::<&BitRef>::Prepared(&self.words);
            hasher.take(input, &mut windows).map_err(StreamError::<Infallible>::into_plan)?;
            hasher.finish(output)
        })
    }
}

impl fmt::Debug for PreparedSeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PreparedSeed")
            .field("plan", &self.plan)
            .field("bytes", &self.bytes())
            .finish_non_exhaustive()
    }
}
