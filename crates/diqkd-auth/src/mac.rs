//! Wegman-Carter authentication of one direction of a channel.
//!
//! The tag of message number `s` is `h_k(M) + p_s`: the polynomial hash of `poly_hash` under one key `k` for the whole
//! lane, masked by the pad `p_s`, bytes `16 s .. 16 s + 16` of the lane, which serves this number only. The idea, a
//! universal hash under a one-time pad, is that of M. N. Wegman and J. L. Carter, "New hash functions and their use in
//! authentication and set equality", J. Comput. Syst. Sci. 22, 265 (1981).
//!
//! **Claim.** Let `k` and all pads be uniform and independent of the adversary, who chooses the messages (each may
//! depend on all earlier tags and answers), sees every tag, and hands the verifier `q` triples (number, message, tag)
//! in any order, at any time. Messages have at most `l` blocks of 128 bits. Then the verifier accepts a message that
//! was not signed under its number with probability at most `q (l + 1) / 2^128`.
//!
//! *Proof.* Every signed tag carries a fresh uniform pad, so all tags together are uniform and independent of `k`.
//! Consider the run in which the verifier rejects everything that was not signed: up to the first forgery it is the
//! real run, and its transcript is a function of the tags alone, hence independent of `k`. It suffices to bound, for
//! each of the at most `q` forged triples `(s, M', T')` of that run, the probability that it would be accepted, and to
//! add up. (a) If number `s` was signed before, with `(M, T)`: for `M' != M` acceptance means
//! `h_k(M') + h_k(M) = T' + T`, which by almost XOR-universality at most `l + 1` of the `2^128` keys satisfy, and `k` is
//! uniform given the transcript; for `M' = M` it means `T' = T`, which is no forgery. (b) If `s` was not signed yet,
//! acceptance means `p_s = h_k(M') + T'` for a pad that is uniform given `k` and the transcript: `2^-128`. ∎
//!
//! A rejected triple therefore costs the legitimate parties nothing but its share of the bound: the pad stays good, and
//! the number is still open. The two directions of a channel need separate pads. If keys and pads are not uniform but
//! come from a protocol with error `eps`, that `eps` is added once for each time the pool was filled.

mod signer;
mod tag;
mod verifier;

use diqkd_core::Epsilon;

use crate::poly_hash::{degree, list_degree};

pub use signer::Signer;
pub use tag::Tag;
pub use verifier::{AuthError, Verifier};

/// The probability that at least one of `attempts` forged messages of at most `max_message_bytes` bytes is accepted:
/// `attempts (ceil(max_message_bytes / 16) + 1) / 2^128`, rounded upward. No attempt counts as one.
///
/// Count every call of [`Verifier::verify`] that is not refused as a replay or as beyond the pool.
///
/// ```
/// use diqkd_auth::forgery_epsilon;
///
/// assert!((forgery_epsilon(48, 1).log2() - (-126.0)).abs() < 1e-9);
/// ```
pub fn forgery_epsilon(max_message_bytes: u64, attempts: u64) -> Epsilon {
    // ceil(bytes / 16) = ceil(8 bytes / 128), without the overflow.
    let keys = degree(0) + max_message_bytes.div_ceil(16);
    Epsilon::from_log2(-128.0).ok().and_then(|one| one.times(keys)?.times(attempts.max(1))).expect(
        "fewer than 2^61 keys for each of fewer than 2^64 attempts: the sum stays below 2^125 / 2^128",
    )
}

/// [`forgery_epsilon`] for batches of at most `max_parts` parts and `max_bytes` bytes together:
/// `attempts (max_bytes / 16 + 2 max_parts + 1) / 2^128`, rounded upward. Use it if single messages are signed under the
/// same key, too, as long as they are no longer.
///
/// ```
/// use diqkd_auth::batch_forgery_epsilon;
///
/// // 64 blocks, 64 lengths, up to 64 blocks that are not full, and the count
/// assert!(batch_forgery_epsilon(1024, 64, 1).log2() < -120.3);
/// ```
pub fn batch_forgery_epsilon(max_bytes: u64, max_parts: u64, attempts: u64) -> Epsilon {
    let keys = u64::try_from(list_degree(max_bytes, max_parts)).ok();
    Epsilon::from_log2(-128.0)
        .ok()
        .and_then(|one| one.times(keys?)?.times(attempts.max(1)))
        .unwrap_or_else(|| Epsilon::from_log2(-f64::MIN_POSITIVE).expect("a number below zero"))
}
