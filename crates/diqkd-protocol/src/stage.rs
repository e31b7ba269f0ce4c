//! The block on its way to a key: each stage is a type, consumed by value, so that none can be skipped.
//!
//! Alice: `Sifted -> Accepted` (when Bob says so) `-> SecretKey`. Bob: `Sifted -> Corrected -> Verified -> Accepted ->
//! SecretKey`. The Bell test comes after correction because Bob scores the rounds himself: Alice never announces an
//! outcome.

use diqkd_amplify::{CertifiedPlan, OneTimeSeed};
use diqkd_auth::VerificationHash;
use diqkd_bell::Counts;
use diqkd_core::{Outcome, SessionId, Setting};
use diqkd_entropy::Certificate;
use diqkd_entropy::check::CheckedLength;
use diqkd_gf2::{BitRef, Bits};
use zeroize::{Zeroize, Zeroizing};

use crate::abort::Abort;
use crate::report::Observed;
use crate::secret_key::SecretKey;

/// One site's rounds of the block, after both sites know which they are.
pub struct Sifted {
    /// Outcome bits, one a round.
    string: SecretBits,
    /// Test flags, one a round.
    tests: Bits,
    /// This site's setting bits of the test rounds, one a test round, in order.
    settings: Bits,
}

impl Sifted {
    pub(crate) fn new(string: Bits, tests: Bits, settings: Bits) -> Self {
        Self { string: SecretBits(string), tests, settings }
    }

    /// The outcome bits.
    pub(crate) fn string(&self) -> &BitRef {
        &self.string.0
    }

    /// The test flags.
    pub(crate) fn tests(&self) -> &BitRef {
        &self.tests
    }

    /// The setting bits of the test rounds.
    pub(crate) fn settings(&self) -> &BitRef {
        &self.settings
    }

    /// Bob's first guess at Alice's string: his outcomes, flipped in test rounds with `x AND y`.
    pub(crate) fn guess(&self, peer_settings: &BitRef) -> SecretBits {
        let mut guess = self.string.0.clone();
        for (test, round) in self.tests.iter_ones().enumerate() {
            if peer_settings[test] && self.settings[test] {
                let bit = guess[round];
                guess.set(round, !bit);
            }
        }
        SecretBits(guess)
    }

    /// Bob's block with his decoder's estimate of Alice's string.
    pub(crate) fn correct(self, estimate: Bits, peer_settings: Bits, retried_frames: u32) -> Corrected {
        Corrected { own: self, estimate: SecretBits(estimate), peer_settings, retried_frames }
    }

    /// Alice's block once Bob has announced that verification and Bell test passed.
    pub(crate) fn accepted_by_bob(self) -> Accepted {
        Accepted { string: self.string }
    }
}

/// Bob's block with an estimate of Alice's string that nobody has verified.
///
/// No key comes from it:
/// ```compile_fail,E0599
/// # use diqkd_amplify::CertifiedPlan;
/// # use diqkd_entropy::check::CheckedLength;
/// # use diqkd_protocol::*;
/// fn skip(block: Corrected, plan: &CertifiedPlan<CheckedLength>, seed: diqkd_amplify::OneTimeSeed) {
///     let _ = block.amplify(plan, seed, diqkd_core::SessionId([0; 16]), [0; 32]);
/// }
/// ```
pub struct Corrected {
    own: Sifted,
    estimate: SecretBits,
    peer_settings: Bits,
    retried_frames: u32,
}

impl Corrected {
    /// Compares with Alice's tag.
    ///
    /// # Errors
    /// [`Abort::VerificationMismatch`].
    pub fn verify(self, hash: &VerificationHash, tag: u128) -> Result<Verified, Abort> {
        // One comparison of two values that are public from here on.
        if hash.hash(&self.estimate.0) != tag {
            return Err(Abort::VerificationMismatch);
        }
        Ok(Verified { block: self })
    }
}

/// Bob's block; his copy of Alice's string is hers, but for the verification epsilon.
///
/// No key comes from it before the Bell test:
/// ```compile_fail,E0599
/// # use diqkd_amplify::CertifiedPlan;
/// # use diqkd_entropy::check::CheckedLength;
/// # use diqkd_protocol::*;
/// fn skip(block: Verified, plan: &CertifiedPlan<CheckedLength>, seed: diqkd_amplify::OneTimeSeed) {
///     let _ = block.amplify(plan, seed, diqkd_core::SessionId([0; 16]), [0; 32]);
/// }
/// ```
pub struct Verified {
    block: Corrected,
}

impl Verified {
    /// Scores the test rounds and holds them against the threshold that was fixed before the data.
    ///
    /// # Errors
    /// [`Abort::BellViolationTooLow`], with the observations.
    pub fn test(self, certificate: &Certificate) -> Result<(Accepted, Observed), Abort> {
        let observed = self.observe(certificate);
        if !certificate.accepts(observed.wins, observed.tests) {
            return Err(Abort::BellViolationTooLow {
                wins: observed.wins,
                tests: observed.tests,
                needed: observed.min_wins,
                omega_threshold: certificate.omega_threshold().get(),
            });
        }
        Ok((Accepted { string: self.block.estimate }, observed))
    }

    fn observe(&self, certificate: &Certificate) -> Observed {
        let Corrected { own, estimate, peer_settings, retried_frames } = &self.block;
        let mut counts = Counts::new();
        let (mut wins, mut test) = (0, 0);
        for round in own.tests.iter_ones() {
            let (x, y) = (peer_settings[test], own.settings[test]);
            let (a, b) = (estimate.0[round], own.string.0[round]);
            counts.record(
                Setting::from_bit(x),
                Setting::from_bit(y),
                Outcome::from_bit(a),
                Outcome::from_bit(b),
            );
            wins += u64::from((a ^ b) == (x && y));
            test += 1;
        }
        let mut errors: Bits = estimate.0.clone();
        errors ^= own.string.0.as_bitslice();
        errors &= !own.tests.clone();
        let tests = test as u64;
        Observed {
            counts,
            wins,
            tests,
            min_wins: certificate.min_wins(tests),
            key_errors: errors.count_ones() as u64,
            key_rounds: own.tests.len() as u64 - tests,
            retried_frames: *retried_frames,
        }
    }
}

/// A block that passed verification and Bell test: the only thing a key is made of.
///
/// ```
/// # use diqkd_amplify::CertifiedPlan;
/// # use diqkd_entropy::check::CheckedLength;
/// # use diqkd_protocol::*;
/// fn make(block: Accepted, plan: &CertifiedPlan<CheckedLength>, seed: diqkd_amplify::OneTimeSeed) -> Result<SecretKey, Abort> {
///     block.amplify(plan, seed, diqkd_core::SessionId([0; 16]), [0; 32])
/// }
/// ```
/// One block makes one key:
/// ```compile_fail,E0382
/// # use diqkd_amplify::CertifiedPlan;
/// # use diqkd_entropy::check::CheckedLength;
/// # use diqkd_protocol::*;
/// fn twice(block: Accepted, plan: &CertifiedPlan<CheckedLength>, seeds: [diqkd_amplify::OneTimeSeed; 2]) {
///     for seed in seeds {
///         let _ = block.amplify(plan, seed, diqkd_core::SessionId([0; 16]), [0; 32]);
///     }
/// }
/// ```
/// One seed makes one key:
/// ```compile_fail,E0382
/// # use diqkd_amplify::CertifiedPlan;
/// # use diqkd_entropy::check::CheckedLength;
/// # use diqkd_protocol::*;
/// fn twice(blocks: [Accepted; 2], plan: &CertifiedPlan<CheckedLength>, seed: diqkd_amplify::OneTimeSeed) {
///     for block in blocks {
///         let _ = block.amplify(plan, seed, diqkd_core::SessionId([0; 16]), [0; 32]);
///     }
/// }
/// ```
pub struct Accepted {
    string: SecretBits,
}

impl Accepted {
    /// Hashes the block to the certified length. A length that is only stated makes no key:
    /// ```compile_fail,E0308
    /// # use diqkd_protocol::*;
    /// fn state_it(block: Accepted, seed: diqkd_amplify::OneTimeSeed) {
    ///     let plan = diqkd_amplify::Plan::uncertified(1000, 900, diqkd_amplify::Family::Toeplitz).unwrap();
    ///     let _ = block.amplify(&plan, seed, diqkd_core::SessionId([0; 16]), [0; 32]);
    /// }
    /// ```
    /// Nor does a length that somebody else certified than the check of this project:
    /// ```compile_fail,E0308
    /// # use diqkd_amplify::CertifiedPlan;
    /// # use diqkd_protocol::*;
    /// fn vouch<C>(block: Accepted, plan: &CertifiedPlan<C>, seed: diqkd_amplify::OneTimeSeed) {
    ///     let _ = block.amplify(plan, seed, diqkd_core::SessionId([0; 16]), [0; 32]);
    /// }
    /// ```
    ///
    /// # Errors
    /// [`Abort::Inconsistent`] when seed and plan do not fit.
    pub fn amplify(
        self,
        plan: &CertifiedPlan<CheckedLength>,
        seed: OneTimeSeed,
        session: SessionId,
        transcript: [u8; 32],
    ) -> Result<SecretKey, Abort> {
        let key =
            plan.hash_once(&self.string.0, seed).map_err(|_| Abort::Inconsistent { message: "hash seed" })?;
        let length_bits = key.len();
        Ok(SecretKey::new(Zeroizing::new(key.into_vec()), length_bits, session, transcript))
    }
}

/// Bits that are wiped when dropped.
pub(crate) struct SecretBits(Bits);

impl SecretBits {
    pub(crate) fn as_bits(&self) -> &BitRef {
        &self.0
    }
}

impl Zeroize for SecretBits {
    fn zeroize(&mut self) {
        self.0.as_raw_mut_slice().zeroize();
    }
}

impl Drop for SecretBits {
    fn drop(&mut self) {
        self.zeroize();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use diqkd_gf2::bits_from_bytes;

    #[test]
    fn strings_that_differ_in_one_bit_are_no_key() {
        let hash = VerificationHash::new([7; 16], 64).unwrap();
        let string = bits_from_bytes(&[0xa5; 40]);
        let tag = hash.hash(&string);
        let verify = |estimate: Bits| {
            let block = Sifted::new(string.clone(), Bits::repeat(false, string.len()), Bits::new());
            block.correct(estimate, Bits::new(), 0).verify(&hash, tag).map(|_| ())
        };
        assert_eq!(verify(string.clone()), Ok(()));
        for bit in [0, 100, string.len() - 1] {
            let mut estimate = string.clone();
            let flipped = !estimate[bit];
            estimate.set(bit, flipped);
            assert_eq!(verify(estimate), Err(Abort::VerificationMismatch), "bit {bit}");
        }
    }
}
