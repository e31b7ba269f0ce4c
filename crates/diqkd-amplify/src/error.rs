//! What can be wrong with a plan or with the strings it is given.

/// Nothing was hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A plan of no input or no output.
    #[error("cannot hash {in_bits} bits to {out_bits} bits; both lengths must be at least 1")]
    Empty {
        /// Length of the input, bits.
        in_bits: usize,
        /// Length of the output, bits.
        out_bits: usize,
    },
    /// A longer key than the certificate allows.
    #[error("a key of {asked_bits} bits, but only {certified_bits} are certified; ask for at most as many")]
    NotCertified {
        /// The length asked for, bits.
        asked_bits: u64,
        /// The length of the certificate, bits.
        certified_bits: u64,
    },
    /// A plan of the modified family with more output than input.
    #[error(
        "a modified Toeplitz matrix shortens, but {out_bits} bits from {in_bits} are longer; use Family::Toeplitz"
    )]
    Lengthens {
        /// Length of the input, bits.
        in_bits: usize,
        /// Length of the output, bits.
        out_bits: usize,
    },
    /// More bits than this machine can address.
    #[error(
        "hashing {in_bits} bits to {out_bits} bits needs more memory than this machine can address; split the block"
    )]
    TooLong {
        /// Length of the input, bits.
        in_bits: usize,
        /// Length of the output, bits.
        out_bits: usize,
    },
    /// The input does not have the length of the plan.
    #[error("the input has {found} bits, the plan is for {expected}; make a plan for this length")]
    InputLength {
        /// Length that the plan was made for, bits.
        expected: usize,
        /// Length of the input, bits.
        found: usize,
    },
    /// The seed does not have the length of the plan.
    #[error("the seed has {found} bits, the plan needs {expected}; draw exactly Plan::seed_bits() bits")]
    SeedLength {
        /// Length that the plan needs, bits.
        expected: usize,
        /// Length of the seed, bits.
        found: usize,
    },
    /// The scratch was made by a plan of another size.
    #[error(
        "the scratch has {found} words, the plan needs {expected}; make it with this plan's Plan::scratch()"
    )]
    ScratchSize {
        /// What the plan needs, words.
        expected: usize,
        /// What the scratch has, words.
        found: usize,
    },
}

/// Why a hash of a stream ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StreamError<E> {
    /// The stream does not fit the plan.
    #[error(transparent)]
    Plan(#[from] Error),
    /// A part of the seed could not be read.
    #[error("the seed cannot be read")]
    Seed(#[source] E),
}

impl StreamError<core::convert::Infallible> {
    /// For a seed in memory, which can always be read.
    pub(crate) fn into_plan(self) -> Error {
        match self {
            Self::Plan(error) => error,
            Self::Seed(never) => match never {},
        }
    }
}
