//! What can be wrong before a session starts: the caller's parameters.

/// A session can't be set up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SetupError {
    /// The entropy bound refuses the parameters.
    #[error("the parameters of the entropy bound are invalid")]
    Entropy(#[from] diqkd_entropy::Error),
    /// The certificate does not survive its independent check.
    #[error("the certificate of the key length does not check; please report these parameters")]
    Certificate(#[from] diqkd_entropy::check::CheckError),
    /// No reconciliation scheme for these error rates.
    #[error("no reconciliation scheme for these parameters")]
    Reconcile(#[from] diqkd_reconcile::Error),
    /// The hash has no plan for these lengths.
    #[error("privacy amplification has no plan for these lengths")]
    Amplify(#[from] diqkd_amplify::Error),
    /// The pre-shared key is too short for the session.
    #[error("the pre-shared key is too short for this session")]
    Pool(#[from] diqkd_auth::PoolExhausted),
    /// The verification tag's length is impossible.
    #[error("the verification tag can't be set up")]
    Verification(#[from] diqkd_auth::VerificationError),
    /// Two variants that have no proof together.
    #[error("{what}")]
    Variant {
        /// Which, why, and what to do.
        what: &'static str,
    },
    /// The agreement was derived from other parameters.
    #[error("the agreement was derived from other parameters than the session's; derive it from these")]
    Agreement,
    /// A key length that is not a positive multiple of 8.
    #[error("key_length_bits is {bits}, expected a positive multiple of 8")]
    KeyLength {
        /// What was given.
        bits: u32,
    },
}
