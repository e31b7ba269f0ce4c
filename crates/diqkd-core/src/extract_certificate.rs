//! The right to hash a string to a key of some length.

/// A proof that strings of [`input_bits`](Self::input_bits) bits may be hashed to [`key_bits`](Self::key_bits) bits.
///
/// Privacy amplification makes a key of a length that it is told. That the length is safe is proved elsewhere, and this is
/// how the proof travels: hashing for a device-independent key (`diqkd_amplify::CertifiedPlan`) takes no number, but a value
/// of such a type. `diqkd_entropy::check::CheckedLength` is the one that the protocol takes; it comes from the independent
/// check of a certificate and from nowhere else. Whoever implements this for another type says by it that he has a proof.
pub trait ExtractCertificate {
    /// Length of the string, in bits; one bit a round.
    fn input_bits(&self) -> u64;

    /// The most bits to which it may be hashed.
    fn key_bits(&self) -> u64;
}
