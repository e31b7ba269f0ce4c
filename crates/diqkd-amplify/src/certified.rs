//! Hashing to a length that somebody proved.

use diqkd_core::ExtractCertificate;
use diqkd_gf2::{BitRef, Bits};

use crate::error::Error;
use crate::family::Family;
use crate::plan::Plan;
use crate::seed::OneTimeSeed;

/// A [`Plan`] whose lengths come from a certificate of type `C`; it hashes with seeds that serve once.
///
/// No number makes one:
/// ```compile_fail,E0277
/// use diqkd_amplify::{CertifiedPlan, Family};
///
/// let plan = CertifiedPlan::new(450_000_u64, Family::Toeplitz);
/// ```
/// Nor does a plan for a length that was only stated:
/// ```compile_fail,E0308
/// use diqkd_amplify::{CertifiedPlan, Plan};
///
/// fn pass<C>(plan: Plan) -> CertifiedPlan<C> {
///     plan
/// }
/// ```
/// A proof does:
/// ```
/// use diqkd_amplify::{CertifiedPlan, Error, Family};
/// use diqkd_core::ExtractCertificate;
///
/// #[derive(Debug)]
/// struct Proof;
/// impl ExtractCertificate for Proof {
///     fn input_bits(&self) -> u64 { 1_000_000 }
///     fn key_bits(&self) -> u64 { 300_000 }
/// }
/// assert_eq!(CertifiedPlan::new(Proof, Family::Toeplitz)?.plan().out_bits(), 300_000);
/// assert_eq!(CertifiedPlan::shortened(Proof, 256, Family::Toeplitz)?.plan().out_bits(), 256);
/// let longer = CertifiedPlan::shortened(Proof, 300_001, Family::Toeplitz).unwrap_err();
/// assert_eq!(longer, Error::NotCertified { asked_bits: 300_001, certified_bits: 300_000 });
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct CertifiedPlan<C> {
    plan: Plan,
    certificate: C,
}

impl<C: ExtractCertificate> CertifiedPlan<C> {
    /// A plan that hashes the certificate's input to all bits that it allows.
    ///
    /// # Errors
    /// As for [`Plan::uncertified`].
    pub fn new(certificate: C, family: Family) -> Result<Self, Error> {
        let key_bits = certificate.key_bits();
        Self::shortened(certificate, key_bits, family)
    }

    /// A plan that hashes to `out_bits`, at most those of the certificate.
    ///
    /// # Errors
    /// [`Error::NotCertified`] for more; otherwise as for [`Plan::uncertified`].
    pub fn shortened(certificate: C, out_bits: u64, family: Family) -> Result<Self, Error> {
        let certified_bits = certificate.key_bits();
        if out_bits > certified_bits {
            return Err(Error::NotCertified { asked_bits: out_bits, certified_bits });
        }
        // What this machine can't address is refused by the plan.
        let addressed = |bits| usize::try_from(bits).unwrap_or(usize::MAX);
        let plan = Plan::uncertified(addressed(certificate.input_bits()), addressed(out_bits), family)?;
        Ok(Self { plan, certificate })
    }

    /// Lengths, seed and algorithm.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// What the length rests on.
    pub fn certificate(&self) -> &C {
        &self.certificate
    }

    /// The hash of `input` with a seed that must not serve again.
    ///
    /// # Errors
    /// [`Error::InputLength`] or [`Error::SeedLength`]; the seed is gone even then.
    pub fn hash_once(&self, input: &BitRef, seed: OneTimeSeed) -> Result<Bits, Error> {
        let mut key = Bits::new();
        self.plan.hash_once(input, seed, &mut self.plan.scratch(), &mut key)?;
        Ok(key)
    }
}

#[cfg(test)]
mod tests {
    use diqkd_gf2::bits_from_bytes;

    use super::*;

    #[derive(Clone, Copy, Debug)]
    struct Proof {
        input_bits: u64,
        key_bits: u64,
    }

    impl ExtractCertificate for Proof {
        fn input_bits(&self) -> u64 {
            self.input_bits
        }

        fn key_bits(&self) -> u64 {
            self.key_bits
        }
    }

    #[test]
    fn no_key_is_longer_than_its_certificate() {
        for family in [Family::Toeplitz, Family::ModifiedToeplitz] {
            let proof = Proof { input_bits: 40, key_bits: 8 };
            for asked_bits in [9, 40, u64::MAX] {
                let longer = CertifiedPlan::shortened(proof, asked_bits, family).err();
                assert_eq!(longer, Some(Error::NotCertified { asked_bits, certified_bits: 8 }));
            }
            let whole = CertifiedPlan::new(proof, family).unwrap();
            assert_eq!((whole.plan().in_bits(), whole.plan().out_bits()), (40, 8));
            assert_eq!(CertifiedPlan::shortened(proof, 3, family).unwrap().plan().out_bits(), 3);
        }
        let nothing = CertifiedPlan::new(Proof { input_bits: 40, key_bits: 0 }, Family::Toeplitz);
        assert_eq!(nothing.err(), Some(Error::Empty { in_bits: 40, out_bits: 0 }));
        let vast = Proof { input_bits: u64::MAX, key_bits: u64::MAX };
        assert!(matches!(CertifiedPlan::new(vast, Family::Toeplitz), Err(Error::TooLong { .. })));
    }

    #[test]
    fn the_hash_is_the_uncertified_one_and_of_the_certified_input_only() {
        let certified = CertifiedPlan::new(Proof { input_bits: 40, key_bits: 8 }, Family::Toeplitz).unwrap();
        let seed = || bits_from_bytes(&[0xc5, 3, 0x77, 1, 0x80, 0x35])[..47].to_bitvec();
        let input = bits_from_bytes(&[1, 2, 3, 4, 5]);
        let plan = Plan::uncertified(40, 8, Family::Toeplitz).unwrap();
        let mut expected = Bits::new();
        plan.hash(&input, &seed(), &mut plan.scratch(), &mut expected).unwrap();
        assert_eq!(certified.hash_once(&input, OneTimeSeed::new(seed())), Ok(expected));
        let short = certified.hash_once(&input[..39], OneTimeSeed::new(seed()));
        assert_eq!(short, Err(Error::InputLength { expected: 40, found: 39 }));
        let cut = OneTimeSeed::new(seed()[..46].to_bitvec());
        assert_eq!(certified.hash_once(&input, cut), Err(Error::SeedLength { expected: 47, found: 46 }));
    }
}
