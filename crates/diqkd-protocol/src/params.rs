//! What both sites fix before the first round.

use diqkd_core::{Epsilon, PreSharedKey, Qber, SessionId, TestProbability, WinProbability};
use diqkd_entropy::Theorem;

use crate::variant::Variant;
use crate::wire::Writer;

/// The public parameters of a session of one block. Every field is fixed before the data; both sites compare all of
/// them before anything else is said. There is no `Default`: whoever runs a session says what security he wants.
#[derive(Clone, Debug, PartialEq)]
pub struct SessionParams {
    /// Names the session; never used twice with one pre-shared key.
    pub session: SessionId,
    /// Number of rounds n of the block, those that are kept.
    pub rounds: u64,
    /// Test-round probability gamma; not used where each site draws [flags of its own](crate::FlagSource::Local).
    pub gamma: TestProbability,
    /// Acceptance threshold on the winning probability: the block passes iff `wins >= omega_threshold * tests`.
    pub omega_threshold: WinProbability,
    /// Error rate of key rounds that the reconciliation is laid out for.
    pub qber_design: Qber,
    /// Winning probability that the reconciliation is laid out for: test rounds err with `1 - omega_design`.
    pub omega_design: WinProbability,
    /// Longest codeword of the reconciliation in bits, from 2^14 to 2^24: longer ones leak less and take more memory.
    pub max_codeword_bits: u32,
    /// Total soundness of the session: privacy amplification, verification and authentication together.
    pub eps_sound: Epsilon,
    /// Length of the verification tag in bits; it counts as leak.
    pub verification_tag_bits: u32,
    /// The entropy-accumulation theorem that certifies the length.
    pub theorem: Theorem,
    /// Length of each key that the block is cut into, in bits.
    pub key_length_bits: u32,
    /// Least certified length worth a run, in bits. A session that yields less key than it uses up of the pre-shared
    /// one ([`SessionParams::key_pool_bytes`]) leaves its owner with less than before.
    pub least_key_bits: u64,
    /// Most batches of frames either site may send; each has a tag, whose pad takes 128 bits of pre-shared key, and each
    /// costs epsilon.
    pub max_batches: u32,
    /// Most frames and batches that may fail authentication before the session aborts.
    pub max_refused_frames: u32,
    /// How the sites came to their pre-shared key; what rests on it is listed in certificate and report.
    pub pre_shared_key: PreSharedKey,
    /// Which of the proved protocols; [`Variant::default`] is spot-checking CHSH with one key basis.
    pub variant: Variant,
}

impl SessionParams {
    /// The fields in canonical order: name and little-endian encoding. Both sites compare these bytes.
    pub(crate) fn fields(&self) -> [(&'static str, Vec<u8>); 21] {
        let float = |value: f64| value.to_bits().to_le_bytes().to_vec();
        [
            ("session", self.session.0.to_vec()),
            ("rounds", self.rounds.to_le_bytes().to_vec()),
            ("gamma", self.gamma.threshold().to_le_bytes().to_vec()),
            ("omega_threshold", float(self.omega_threshold.get())),
            ("qber_design", float(self.qber_design.get())),
            ("omega_design", float(self.omega_design.get())),
            ("max_codeword_bits", self.max_codeword_bits.to_le_bytes().to_vec()),
            ("eps_sound", float(self.eps_sound.log2())),
            ("verification_tag_bits", self.verification_tag_bits.to_le_bytes().to_vec()),
            ("theorem", self.theorem.to_string().into_bytes()),
            ("key_length_bits", self.key_length_bits.to_le_bytes().to_vec()),
            ("least_key_bits", self.least_key_bits.to_le_bytes().to_vec()),
            ("max_batches", self.max_batches.to_le_bytes().to_vec()),
            ("max_refused_frames", self.max_refused_frames.to_le_bytes().to_vec()),
            ("pre_shared_key", vec![self.pre_shared_key as u8]),
            ("key_bases", vec![self.variant.key_bases as u8]),
            ("flips", self.variant.flips.threshold().to_le_bytes().to_vec()),
            ("both_test_settings", vec![u8::from(self.variant.both_test_settings)]),
            ("test_flags", self.variant.flags.encode()),
            ("padded", vec![u8::from(self.variant.padded)]),
            ("answer_after_ms", self.variant.answer_after_ms.to_le_bytes().to_vec()),
        ]
    }

    /// Rounds that a station should record for a block: [`SessionParams::rounds`], and where each site draws flags of its own
    /// as many more as are dropped for them, but for once in 10^9 blocks.
    pub fn rounds_to_record(&self) -> u64 {
        self.variant.flags.rounds_to_record(self.rounds)
    }

    /// Canonical encoding of the whole set: for each field its length as `u16` and its bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut w = Writer::new();
        for (_, bytes) in self.fields() {
            w.u16(bytes.len() as u16).bytes(&bytes);
        }
        w.finish()
    }

    /// BLAKE3 digest of the canonical encoding.
    pub fn digest(&self) -> [u8; 32] {
        blake3::derive_key("diqkd session parameters v1", &self.encode())
    }

    /// What a site says first: the digest, and the fields, so that a difference has a name.
    pub(crate) fn hello(&self) -> Vec<u8> {
        [&self.digest()[..], &self.encode()].concat()
    }

    /// The first field in which a peer's hello differs; `None` when the sets are equal.
    pub(crate) fn first_difference(&self, hello: &[u8]) -> Option<&'static str> {
        let Some((digest, mut rest)) = hello.split_first_chunk::<32>() else { return Some(DIGEST) };
        for (name, ours) in self.fields() {
            let theirs = rest.split_at_checked(2).and_then(|(len, after)| {
                after.split_at_checked(usize::from(u16::from_le_bytes([len[0], len[1]])))
            });
            match theirs {
                Some((field, after)) if field == ours => rest = after,
                _ => return Some(name),
            }
        }
        if !rest.is_empty() {
            return Some("number of parameters");
        }
        (*digest != self.digest()).then_some(DIGEST)
    }

    /// Bytes of pre-shared key that a session with these parameters needs at hand, without those of a
    /// [padded](Variant::padded) one: see [`Agreement::key_pool_bytes`](crate::Agreement::key_pool_bytes).
    pub fn key_pool_bytes(&self) -> usize {
        crate::lanes::fixed_bytes() + 2 * 16 * self.max_batches as usize
    }
}

const DIGEST: &str = "digest of the parameters";

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use diqkd_core::Chsh;

    pub(crate) fn oxford(rounds: u64) -> SessionParams {
        SessionParams {
            session: SessionId([1; 16]),
            rounds,
            gamma: TestProbability::nearest(13.0 / 256.0).unwrap(),
            omega_threshold: WinProbability::new(0.83).unwrap(),
            qber_design: Qber::new(0.0144).unwrap(),
            omega_design: WinProbability::from_chsh(Chsh::new(2.677).unwrap()).unwrap(),
            max_codeword_bits: 1 << 21,
            eps_sound: Epsilon::new(1e-10).unwrap(),
            verification_tag_bits: 64,
            theorem: Theorem::Reat,
            key_length_bits: 256,
            least_key_bits: 1,
            max_batches: 256,
            max_refused_frames: 16,
            pre_shared_key: PreSharedKey::Carried,
            variant: Variant::default(),
        }
    }

    #[test]
    fn a_difference_is_named() {
        let ours = oxford(1000);
        assert_eq!(ours.first_difference(&ours.hello()), None);
        let mut theirs = ours.clone();
        theirs.omega_threshold = WinProbability::new(0.82).unwrap();
        assert_eq!(ours.first_difference(&theirs.hello()), Some("omega_threshold"));
        theirs = ours.clone();
        theirs.theorem = Theorem::Df19;
        assert_eq!(ours.first_difference(&theirs.hello()), Some("theorem"));
        let mut longer = ours.hello();
        longer.push(0);
        assert_eq!(ours.first_difference(&longer), Some("number of parameters"));
        assert_eq!(ours.first_difference(&[0; 32]), Some("session"));
        for short in [&[][..], &[0; 31]] {
            assert_eq!(ours.first_difference(short), Some("digest of the parameters"));
        }
        let mut hashed = ours.hello();
        hashed[3] ^= 1;
        assert_eq!(ours.first_difference(&hashed), Some("digest of the parameters"));
        assert_ne!(ours.digest(), theirs.digest());
    }
}
