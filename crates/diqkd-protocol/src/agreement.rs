//! What follows from the parameters alone: reconciliation scheme, leak, epsilons, certified length, hash plan.
//!
//! Both sites compute it before the first round and get the same, bit for bit; nothing measured later changes it.

use diqkd_amplify::{CertifiedPlan, Family};
use diqkd_auth::{batch_forgery_epsilon, collision_epsilon};
use diqkd_core::{Assumption, LeakBits, PreSharedKey, SessionId};
use diqkd_entropy::check::{self, CheckedLength};
use diqkd_entropy::{
    Certificate, EpsilonSplit, KeyLength, LocalFlags, Params, key_length, key_length_with_local_flags,
};
use diqkd_reconcile::{CappedLeak, DesignOptions, ErrorClass, Scheme};

use crate::abort::Abort;
use crate::error::SetupError;
use crate::padding;
use crate::params::SessionParams;
use crate::security::SessionSecurity;
use crate::variant::KeyBases;
use crate::wire::{MAX_BATCH_BYTES, MAX_BATCH_FRAMES};

/// Everything that is fixed before the data.
#[derive(Debug)]
pub struct Agreement {
    /// How Alice's string is reconciled, with its leak cap.
    pub scheme: Scheme,
    /// Every bit that is said about Alice's string, at its cap.
    pub leak: CappedLeak,
    /// Length and proof parameters of the key that an accepted block yields.
    pub certificate: Certificate,
    /// The privacy-amplification hash, whose lengths are those of the certificate as separate code has proved it.
    pub plan: CertifiedPlan<CheckedLength>,
    /// What the key is secure against, and what that rests on.
    pub security: SessionSecurity,
    /// Digest of the parameters, without the name of the session.
    of: [u8; 32],
}

impl Agreement {
    /// Whether these parameters give this agreement.
    pub(crate) fn is_of(&self, params: &SessionParams) -> bool {
        self.of == digest_without_session(params)
    }

    /// Bytes of pre-shared key that a session with these parameters needs at hand.
    pub fn key_pool_bytes(&self, params: &SessionParams) -> usize {
        let padding = if params.variant.padded { padding::bytes(&self.scheme) } else { 0 };
        params.key_pool_bytes() + padding
    }

    /// Derives the agreement.
    ///
    /// # Errors
    /// The outer error for parameters that make no sense, the inner [`Abort`] where they certify no key.
    pub fn derive(params: &SessionParams) -> Result<Result<Self, Abort>, SetupError> {
        let local_flags = params.variant.flags.local().transpose()?;
        if local_flags.is_some() && params.variant.key_bases == KeyBases::Two {
            return Err(SetupError::Variant {
                what: "with two key bases the basis is expanded from the pre-shared seed, so flags drawn at the sites would \
                       spare no assumption; take one key basis or expanded flags",
            });
        }
        if params.variant.padded && params.pre_shared_key == PreSharedKey::PostQuantum {
            return Err(SetupError::Variant {
                what: "padding with a key that was agreed on by post-quantum cryptography hides nothing from whoever breaks that \
                       later; carry a pre-shared key, or do not pad",
            });
        }
        let gamma = local_flags.map_or(params.gamma.get(), LocalFlags::test_probability);
        let key_errors = params.variant.flips.after(params.qber_design.get());
        let classes = [
            ErrorClass { fraction: 1.0 - gamma, error_probability: key_errors },
            ErrorClass { fraction: gamma, error_probability: 1.0 - params.omega_design.get() },
        ];
        let eps_ev = collision_epsilon(params.rounds, params.verification_tag_bits)?;
        let attempts = 2 * (u64::from(params.max_batches) + u64::from(params.max_refused_frames));
        let eps_auth = batch_forgery_epsilon(MAX_BATCH_BYTES as u64, MAX_BATCH_FRAMES as u64, attempts);
        let without_leak = Params {
            rounds: params.rounds,
            gamma,
            omega_threshold: params.omega_threshold,
            leak_bits: LeakBits(u64::from(params.verification_tag_bits)),
            eps_sound: params.eps_sound,
            split: EpsilonSplit::Remaining { eps_ev, eps_auth },
            theorem: params.theorem,
            bound: params.variant.bound(),
            assumptions: local_flags
                .is_none()
                .then_some(Assumption::ExpandedTestFlags)
                .into_iter()
                .chain(params.pre_shared_key.assumption())
                .collect(),
        };
        let certify = |entropy: &Params| match local_flags {
            None => key_length(entropy),
            Some(flags) => key_length_with_local_flags(entropy, flags),
        };
        // Too few rounds for a key even if nothing leaked are too few for any code.
        if let KeyLength::NoKey(reason) = certify(&without_leak)? {
            return Ok(Err(Abort::NoPositiveKey(reason)));
        }
        let options = DesignOptions {
            target_failure: HONEST_FAILURE,
            max_frame_bits: params.max_codeword_bits,
            ..DesignOptions::default()
        };
        let scheme = Scheme::design(params.rounds, &classes, &options)?;
        let leak = scheme.leak().with_verification_tag(params.verification_tag_bits);

        let entropy = Params { leak_bits: leak.total(), ..without_leak };
        let certificate = match certify(&entropy)? {
            KeyLength::Key(certificate) => certificate,
            KeyLength::NoKey(reason) => return Ok(Err(Abort::NoPositiveKey(reason))),
        };
        if certificate.key_bits() < params.least_key_bits {
            let (certified_bits, least_bits) = (certificate.key_bits(), params.least_key_bits);
            return Ok(Err(Abort::NotWorthARun { rounds: params.rounds, certified_bits, least_bits }));
        }
        // The optimiser is not trusted: separate interval code has the last word.
        let plan = CertifiedPlan::new(check::check(&certificate)?, Family::Toeplitz)?;
        let security = SessionSecurity::new(params, &certificate);
        Ok(Ok(Self { scheme, leak, certificate, plan, security, of: digest_without_session(params) }))
    }
}

fn digest_without_session(params: &SessionParams) -> [u8; 32] {
    SessionParams { session: SessionId([0; 16]), ..params.clone() }.digest()
}

/// The failure the design of the code aims at for an honest block, by extrapolation. Counts support one in a hundred, which
/// is what an operator should plan with (`docs/bench/2026-11-codes.md`). A completeness figure, no part of a security claim.
const HONEST_FAILURE: f64 = 5e-4;
