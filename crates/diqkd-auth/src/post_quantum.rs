//! A pre-shared key from post-quantum cryptography, where nobody can carry one.
//!
//! Each site has a signing key (ML-DSA-87, FIPS 204) whose public half the other knows. Alice signs an offer with a fresh
//! encapsulation key (ML-KEM-1024, FIPS 203), Bob answers with a signed ciphertext, and both expand what it hides. Nobody who
//! alters a message passes the signatures; nobody who only listens learns the key, as long as these schemes hold. That is an
//! assumption on computing power which a carried key doesn't need, so the key begins with [`KEY_MARK`]: whoever uses it can
//! tell, and says so in what the key is used for.
//!
//! ```text
//! offer    "DIQKDOFR"  version u16 = 1   length of the key u64   nonce 32   encapsulation key 1568   signature 4627
//! answer   "DIQKDANS"  version u16 = 1   digest of the offer 32  nonce 32   ciphertext 1568          signature 4627
//! ```
//! Integers are little-endian. A signature covers the digests of Alice's and Bob's public keys, in this order, and all before
//! it, under a context of its own for each message. The key is [`KEY_MARK`] and the output of BLAKE3 (derive-key context
//! `diqkd pre-shared key by ml-kem v1`) over shared secret and digests of offer and answer.

use alloc::vec;
use alloc::vec::Vec;

use ml_dsa::signature::Keypair;
use ml_dsa::{EncodedSignature, EncodedVerifyingKey, MlDsa87, Signature, SigningKey, VerifyingKey};
use ml_kem::kem::{Decapsulate, Encapsulate, Key, KeyExport};
use ml_kem::ml_kem_1024::{DecapsulationKey, EncapsulationKey};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

/// The first bytes of a key that came about like this; a carried key begins so once in 2^128.
pub const KEY_MARK: [u8; 16] = *b"diqkd ml-kem key";
/// The longest key that is agreed on, in bytes without the mark.
pub const MOST_KEY_BYTES: u64 = 1 << 30;

/// A site's signing key.
pub struct Identity(SigningKey<MlDsa87>);

/// A site's public key.
#[derive(Clone, Debug, PartialEq)]
pub struct PublicIdentity {
    key: VerifyingKey<MlDsa87>,
    digest: [u8; 32],
}

/// Why no key was agreed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AgreementError {
    /// Not a public key.
    #[error("{found} bytes, a public key has {PUBLIC_BYTES}")]
    PublicKey {
        /// How many there are.
        found: usize,
    },
    /// Not a message of this kind.
    #[error("not {what} of version 1, or cut off; have it sent again")]
    Format {
        /// Which message was expected.
        what: &'static str,
    },
    /// Not signed by the peer for this site.
    #[error(
        "{what} is not signed by the peer for this site; compare the fingerprints of both public keys with the peer"
    )]
    Signature {
        /// Which message.
        what: &'static str,
    },
    /// The answer belongs to another offer.
    #[error("the answer is to another offer")]
    OtherOffer,
    /// A key of this length is not made.
    #[error("a key of {bytes} bytes, expected 1 to {MOST_KEY_BYTES}")]
    Length {
        /// The length.
        bytes: u64,
    },
}

impl Identity {
    /// The signing key of a secret of 32 random bytes.
    pub fn from_secret(secret: &Zeroizing<[u8; 32]>) -> Self {
        Self(SigningKey::from_seed(&(**secret).into()))
    }

    /// What the peer has to know.
    pub fn public(&self) -> PublicIdentity {
        PublicIdentity::new(self.0.verifying_key())
    }

    fn sign(&self, message: &[u8], context: &'static [u8]) -> Vec<u8> {
        // The context is shorter than 256 bytes, which is all that can be wrong.
        let signed = self.0.expanded_key().sign_deterministic(message, context);
        signed.map_or_else(|_| Vec::new(), |signature| signature.encode().to_vec())
    }
}

impl PublicIdentity {
    fn new(key: VerifyingKey<MlDsa87>) -> Self {
        let digest = *blake3::hash(&key.encode()).as_bytes();
        Self { key, digest }
    }

    /// Reads a public key.
    ///
    /// # Errors
    /// [`AgreementError::PublicKey`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, AgreementError> {
        let encoded = EncodedVerifyingKey::<MlDsa87>::try_from(bytes)
            .map_err(|_| AgreementError::PublicKey { found: bytes.len() })?;
        Ok(Self::new(VerifyingKey::decode(&encoded)))
    }

    /// The public key, [`PUBLIC_BYTES`] bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.key.encode().to_vec()
    }

    /// BLAKE3 of the public key, to be compared with the peer by a way that nobody else controls.
    pub fn fingerprint(&self) -> [u8; 32] {
        self.digest
    }

    fn verify(&self, message: &[u8], context: &'static [u8], signature: &[u8]) -> bool {
        EncodedSignature::<MlDsa87>::try_from(signature)
            .ok()
            .and_then(|encoded| Signature::decode(&encoded))
            .is_some_and(|signature| self.key.verify_with_context(message, context, &signature))
    }
}

/// Alice's offer and what she keeps to herself until the answer comes.
pub struct Offer {
    secret: Zeroizing<[u8; 64]>,
    message: Vec<u8>,
}

impl Offer {
    /// An offer to agree on a key of `key_bytes` bytes.
    ///
    /// # Errors
    /// [`AgreementError::Length`].
    pub fn new(
        alice: &Identity,
        bob: &PublicIdentity,
        key_bytes: u64,
        rng: &mut impl CryptoRng,
    ) -> Result<Self, AgreementError> {
        check_length(key_bytes)?;
        let mut secret = Zeroizing::new([0; 64]);
        rng.fill_bytes(&mut *secret);
        let key = DecapsulationKey::from_seed((*secret).into());
        let mut message = OFFER.head();
        message.extend_from_slice(&key_bytes.to_le_bytes());
        message.extend_from_slice(&nonce(rng));
        message.extend_from_slice(&key.encapsulation_key().to_bytes());
        OFFER.seal(&mut message, alice, [&alice.public(), bob]);
        Ok(Self { secret, message })
    }

    /// What goes to Bob.
    pub fn message(&self) -> &[u8] {
        &self.message
    }

    /// What has to be kept until the answer comes, and erased after.
    pub fn secret(&self) -> &Zeroizing<[u8; 64]> {
        &self.secret
    }

    /// An offer that was kept.
    pub fn resume(secret: Zeroizing<[u8; 64]>, message: Vec<u8>) -> Self {
        Self { secret, message }
    }

    /// The key, once Bob's answer has come.
    ///
    /// # Errors
    /// [`AgreementError`]; the offer can't be used any more.
    pub fn accept(
        self,
        alice: &Identity,
        bob: &PublicIdentity,
        answer: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, AgreementError> {
        let sites = [&alice.public(), bob];
        let (length, ..) = read_offer(&self.message, &alice.public(), sites)?;
        let body = ANSWER.open(answer, bob, sites)?;
        let malformed = AgreementError::Format { what: ANSWER.name };
        let (offer, rest) = body.split_first_chunk::<32>().ok_or(malformed)?;
        if *offer != *blake3::hash(&self.message).as_bytes() {
            return Err(AgreementError::OtherOffer);
        }
        let (_, ciphertext) = rest.split_first_chunk::<32>().ok_or(malformed)?;
        let key = DecapsulationKey::from_seed((*self.secret).into());
        let shared = key.decapsulate_slice(ciphertext).map_err(|_| malformed)?;
        Ok(expand(&Zeroizing::new(shared.into()), &self.message, answer, length))
    }
}

/// Bob: the answer to Alice's offer, and the key.
///
/// # Errors
/// [`AgreementError`].
pub fn answer(
    bob: &Identity,
    alice: &PublicIdentity,
    offer: &[u8],
    rng: &mut impl CryptoRng,
) -> Result<(Vec<u8>, Zeroizing<Vec<u8>>), AgreementError> {
    let sites = [alice, &bob.public()];
    let (length, key) = read_offer(offer, alice, sites)?;
    let (ciphertext, shared) = key.encapsulate_with_rng(rng);
    let mut message = ANSWER.head();
    message.extend_from_slice(blake3::hash(offer).as_bytes());
    message.extend_from_slice(&nonce(rng));
    message.extend_from_slice(&ciphertext);
    ANSWER.seal(&mut message, bob, sites);
    let key = expand(&Zeroizing::new(shared.into()), offer, &message, length);
    Ok((message, key))
}

/// Length of the key and encapsulation key of an offer that Alice has signed.
fn read_offer(
    offer: &[u8],
    alice: &PublicIdentity,
    sites: [&PublicIdentity; 2],
) -> Result<(u64, EncapsulationKey), AgreementError> {
    let malformed = AgreementError::Format { what: OFFER.name };
    let body = OFFER.open(offer, alice, sites)?;
    let (length, rest) = body.split_first_chunk::<8>().ok_or(malformed)?;
    let (_, key) = rest.split_first_chunk::<32>().ok_or(malformed)?;
    let encoded = Key::<EncapsulationKey>::try_from(key).map_err(|_| malformed)?;
    let length = u64::from_le_bytes(*length);
    check_length(length)?;
    Ok((length, EncapsulationKey::new(&encoded).map_err(|_| malformed)?))
}

fn check_length(bytes: u64) -> Result<(), AgreementError> {
    if (1..=MOST_KEY_BYTES).contains(&bytes) { Ok(()) } else { Err(AgreementError::Length { bytes }) }
}

/// One of the two messages.
struct Kind {
    name: &'static str,
    magic: &'static [u8; 8],
    context: &'static [u8],
}

const OFFER: Kind =
    Kind { name: "the offer", magic: b"DIQKDOFR", context: b"diqkd offer of a pre-shared key v1" };
const ANSWER: Kind =
    Kind { name: "the answer", magic: b"DIQKDANS", context: b"diqkd answer to a pre-shared key v1" };

impl Kind {
    fn head(&self) -> Vec<u8> {
        [&self.magic[..], &VERSION.to_le_bytes()].concat()
    }

    /// Appends the signature.
    fn seal(&self, message: &mut Vec<u8>, signer: &Identity, sites: [&PublicIdentity; 2]) {
        let signature = signer.sign(&covered(sites, message), self.context);
        message.extend_from_slice(&signature);
    }

    /// What stands between head and signature, once the signature is verified.
    fn open<'m>(
        &self,
        message: &'m [u8],
        signer: &PublicIdentity,
        sites: [&PublicIdentity; 2],
    ) -> Result<&'m [u8], AgreementError> {
        let malformed = AgreementError::Format { what: self.name };
        let signed = message.len().checked_sub(SIGNATURE_BYTES).ok_or(malformed)?;
        let (message, signature) = message.split_at(signed);
        let body = message.strip_prefix(&self.head()[..]).ok_or(malformed)?;
        if !signer.verify(&covered(sites, message), self.context, signature) {
            return Err(AgreementError::Signature { what: self.name });
        }
        Ok(body)
    }
}

fn covered([alice, bob]: [&PublicIdentity; 2], message: &[u8]) -> Vec<u8> {
    [&alice.digest[..], &bob.digest, message].concat()
}

fn nonce(rng: &mut impl CryptoRng) -> [u8; 32] {
    let mut nonce = [0; 32];
    rng.fill_bytes(&mut nonce);
    nonce
}

fn expand(shared: &Zeroizing<[u8; 32]>, offer: &[u8], answer: &[u8], length: u64) -> Zeroizing<Vec<u8>> {
    let mut hasher = blake3::Hasher::new_derive_key("diqkd pre-shared key by ml-kem v1");
    hasher.update(&**shared).update(blake3::hash(offer).as_bytes()).update(blake3::hash(answer).as_bytes());
    let mut key = Zeroizing::new(vec![0; KEY_MARK.len() + length as usize]);
    let (mark, rest) = key.split_at_mut(KEY_MARK.len());
    mark.copy_from_slice(&KEY_MARK);
    hasher.finalize_xof().fill(rest);
    key
}

const VERSION: u16 = 1;
/// Length of a public key.
pub const PUBLIC_BYTES: usize = 2592;
const SIGNATURE_BYTES: usize = 4627;

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    fn identity(seed: u8) -> Identity {
        Identity::from_secret(&Zeroizing::new([seed; 32]))
    }

    #[test]
    fn both_sites_come_to_one_marked_key() {
        let (alice, bob) = (identity(1), identity(2));
        let mut rng = StdRng::seed_from_u64(1);
        let public = PublicIdentity::from_bytes(&bob.public().to_bytes()).unwrap();
        assert_eq!(public, bob.public());
        let offer = Offer::new(&alice, &public, 1000, &mut rng).unwrap();
        let offer = Offer::resume(offer.secret().clone(), offer.message().to_vec());
        let (answer_message, bobs) = answer(&bob, &alice.public(), offer.message(), &mut rng).unwrap();
        let alices = offer.accept(&alice, &public, &answer_message).unwrap();
        assert_eq!(alices, bobs);
        assert_eq!(alices.len(), 1016);
        assert_eq!(alices[..16], KEY_MARK);
        assert!(alices[16..].iter().filter(|&&byte| byte == 0).count() < 30);
    }

    #[test]
    fn what_the_peer_has_not_signed_for_this_site_is_refused() {
        let (alice, bob, eve) = (identity(1), identity(2), identity(3));
        let mut rng = StdRng::seed_from_u64(2);
        let offer = Offer::new(&alice, &bob.public(), 100, &mut rng).unwrap();
        let signature = |what| Some(AgreementError::Signature { what });
        // Meant for another site, signed by another one, or altered anywhere.
        let refused = |bob: &Identity, alice: &Identity, offer: &[u8]| {
            answer(bob, &alice.public(), offer, &mut StdRng::seed_from_u64(3)).err()
        };
        assert_eq!(refused(&eve, &alice, offer.message()), signature("the offer"));
        assert_eq!(refused(&bob, &eve, offer.message()), signature("the offer"));
        for at in (0..offer.message().len()).step_by(97) {
            let mut altered = offer.message().to_vec();
            altered[at] ^= 1;
            assert!(refused(&bob, &alice, &altered).is_some(), "byte {at}");
        }
        for cut in [0, 9, 10, 4000, offer.message().len() - 1] {
            assert!(refused(&bob, &alice, &offer.message()[..cut]).is_some(), "{cut} bytes");
        }
        // An answer to another offer, one by another site, and an offer sent back as an answer.
        let other = Offer::new(&alice, &bob.public(), 100, &mut rng).unwrap();
        let (to_other, _) = answer(&bob, &alice.public(), other.message(), &mut rng).unwrap();
        let again = || Offer::resume(offer.secret().clone(), offer.message().to_vec());
        assert_eq!(again().accept(&alice, &bob.public(), &to_other).err(), Some(AgreementError::OtherOffer));
        assert_eq!(again().accept(&alice, &eve.public(), &to_other).err(), signature("the offer"));
        let back = again().accept(&alice, &bob.public(), offer.message()).err();
        assert_eq!(back, Some(AgreementError::Format { what: "the answer" }));
    }

    #[test]
    fn lengths_are_bounded() {
        let (alice, bob) = (identity(1), identity(2));
        let mut rng = StdRng::seed_from_u64(4);
        for bytes in [0, MOST_KEY_BYTES + 1] {
            let offer = Offer::new(&alice, &bob.public(), bytes, &mut rng).err();
            assert_eq!(offer, Some(AgreementError::Length { bytes }));
        }
        assert_eq!(PublicIdentity::from_bytes(&[0; 32]).err(), Some(AgreementError::PublicKey { found: 32 }));
    }
}
