//! Do two reconciled strings agree? A short tag under a public seed says so but for a known probability.
//!
//! The tag is the low `t` bits of the polynomial hash of `poly_hash`. Two different strings of at most `l` blocks of
//! 128 bits have equal tags iff `h_k(M) + h_k(M')` is one of the `2^(128-t)` elements whose low `t` bits are zero; each
//! of them is hit by at most `l + 1` keys, so a seed that is uniform and *independent of both strings* fails with
//! probability at most `(l + 1) 2^(128-t) / 2^128 = (l + 1) / 2^t`, the statement of docs/theory. Hence the seed is
//! drawn after both strings are fixed and never used again. The seed may be public; the `t` bits of the tag are leak.

use diqkd_core::Epsilon;
use diqkd_gf2::{BitRef, Gf128, PolyEval};

use crate::poly_hash;

/// A hash of bit strings to `t` bits under one seed.
pub struct VerificationHash {
    key: PolyEval,
    tag_bits: u32,
}

impl VerificationHash {
    /// The hash to `tag_bits` bits under `seed`.
    ///
    /// # Errors
    /// [`VerificationError::TagLength`] unless `1 <= tag_bits <= 128`.
    pub fn new(seed: [u8; 16], tag_bits: u32) -> Result<Self, VerificationError> {
        check(tag_bits)?;
        Ok(Self { key: PolyEval::new(Gf128::from_bytes(seed)), tag_bits })
    }

    /// The tag of `bits`, below `2^tag_bits`; the length of the string is part of what is hashed.
    ///
    /// ```
    /// use diqkd_auth::VerificationHash;
    /// use diqkd_gf2::bits_from_bytes;
    ///
    /// let mut seed = [0; 16];
    /// seed[0] = 2; // k = z
    /// let hash = VerificationHash::new(seed, 8)?;
    /// // one block b = 3 and the length 8: 3 z^2 + 8 z = 12 + 16
    /// assert_eq!(hash.hash(&bits_from_bytes(&[3])), 12 + 16);
    /// # Ok::<(), diqkd_auth::VerificationError>(())
    /// ```
    pub fn hash(&self, bits: &BitRef) -> u128 {
        poly_hash::of_bits(&self.key, bits) & (u128::MAX >> (128 - self.tag_bits))
    }

    /// Length of the tag, bits.
    pub fn tag_bits(&self) -> u32 {
        self.tag_bits
    }
}

/// The probability that two different strings of at most `bits_len` bits have equal tags of `tag_bits` bits:
/// `(ceil(bits_len / 128) + 1) / 2^tag_bits`, rounded upward.
///
/// # Errors
/// [`VerificationError::TagLength`] unless `1 <= tag_bits <= 128`; [`VerificationError::NoBound`] if the bound is 1 or
/// more.
///
/// ```
/// let eps = diqkd_auth::collision_epsilon(127 * 128, 64)?;
/// assert!(eps.log2() >= -57.0 && eps.log2() < -57.0 + 1e-9);
/// # Ok::<(), diqkd_auth::VerificationError>(())
/// ```
pub fn collision_epsilon(bits_len: u64, tag_bits: u32) -> Result<Epsilon, VerificationError> {
    check(tag_bits)?;
    Epsilon::from_log2(-f64::from(tag_bits))
        .ok()
        .and_then(|one| one.times(poly_hash::degree(bits_len)))
        .ok_or(VerificationError::NoBound { bits_len, tag_bits })
}

/// Why a verification hash or its bound cannot be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VerificationError {
    /// Tags have 1 to 128 bits.
    #[error("a verification tag of {tag_bits} bits was asked for; choose 1 to 128")]
    TagLength {
        /// What was asked for, bits.
        tag_bits: u32,
    },
    /// The tag is so short for the string that nothing is promised.
    #[error("a {tag_bits}-bit tag promises nothing about {bits_len} bits; choose a longer tag")]
    NoBound {
        /// Length of the string, bits.
        bits_len: u64,
        /// Length of the tag, bits.
        tag_bits: u32,
    },
}

fn check(tag_bits: u32) -> Result<(), VerificationError> {
    if (1..=128).contains(&tag_bits) { Ok(()) } else { Err(VerificationError::TagLength { tag_bits }) }
}
