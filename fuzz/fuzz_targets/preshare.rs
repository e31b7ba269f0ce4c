//! Public keys, offers and answers of `diqkd preshare`: from anybody, and from a peer whose signature is right and whose
//! message is not.
//!
//! The first byte says who: below 128 nobody has signed what follows it, from there on the peer has. Its lowest two bits
//! choose offer, answer, public key, or the whole agreement.

#![no_main]

use std::sync::OnceLock;

use diqkd_auth::post_quantum::{Identity, KEY_MARK, MOST_KEY_BYTES, Offer, PublicIdentity, answer};
use libfuzzer_sys::fuzz_target;
use ml_dsa::{MlDsa87, SigningKey};
use rand::SeedableRng;
use rand::rngs::StdRng;
use zeroize::Zeroizing;

const ALICE: [u8; 32] = [1; 32];
const BOB: [u8; 32] = [2; 32];

struct Sites {
    alice: Identity,
    bob: Identity,
    alice_signs: SigningKey<MlDsa87>,
    bob_signs: SigningKey<MlDsa87>,
    /// An honest offer with its secret, and the honest answer and key.
    secret: Zeroizing<[u8; 64]>,
    offer: Vec<u8>,
    answer: Vec<u8>,
    key: Vec<u8>,
}

fn sites() -> &'static Sites {
    static SITES: OnceLock<Sites> = OnceLock::new();
    SITES.get_or_init(|| {
        let [alice, bob] = [ALICE, BOB].map(|secret| Identity::from_secret(&Zeroizing::new(secret)));
        let [alice_signs, bob_signs] = [ALICE, BOB].map(|secret| SigningKey::from_seed(&secret.into()));
        let offer = Offer::new(&alice, &bob.public(), 64, &mut StdRng::seed_from_u64(1))
            .expect("a length that is allowed");
        let (message, key) = answer(&bob, &alice.public(), offer.message(), &mut StdRng::seed_from_u64(2))
            .expect("an honest offer");
        let (secret, offer) = (offer.secret().clone(), offer.message().to_vec());
        Sites { alice, bob, alice_signs, bob_signs, secret, offer, answer: message, key: key.to_vec() }
    })
}

/// Appends what a site signs: the digests of both public keys, and the message.
fn signed(signer: &SigningKey<MlDsa87>, message: &[u8], context: &[u8]) -> Vec<u8> {
    let sites = sites();
    let covered =
        [&sites.alice.public().fingerprint()[..], &sites.bob.public().fingerprint(), message].concat();
    let signature = signer.expanded_key().sign_deterministic(&covered, context).expect("a short context");
    [message, &signature.encode()].concat()
}

/// `honest` with the bytes of `edits` in it: place (u16), length of what is replaced (u8), length of what comes instead (u8),
/// and that.
fn edited(honest: &[u8], mut edits: &[u8]) -> Vec<u8> {
    let mut message = honest.to_vec();
    while let Some((&[low, high, old, new], rest)) = edits.split_first_chunk::<4>() {
        let from = usize::from(u16::from_le_bytes([low, high])).min(message.len());
        let to = (from + usize::from(old)).min(message.len());
        let (instead, rest) = rest.split_at(usize::from(new).min(rest.len()));
        message.splice(from..to, instead.iter().copied());
        edits = rest;
    }
    message
}

fuzz_target!(|data: &[u8]| {
    let Some((&who, edits)) = data.split_first() else { return };
    let sites = sites();
    let of_peer = who >= 128;
    let body = |message: &[u8]| message[..message.len() - SIGNATURE_BYTES].to_vec();
    let rng = &mut StdRng::seed_from_u64(3);
    match who & 3 {
        0 => {
            let offer = match of_peer {
                true => signed(&sites.alice_signs, &edited(&body(&sites.offer), edits), OFFER_CONTEXT),
                false => edited(&sites.offer, edits),
            };
            // The length that is asked for is allocated, up to its limit; that is a gibibyte and left out here.
            let asked = offer.get(10..18).and_then(|bytes| bytes.try_into().ok()).map(u64::from_le_bytes);
            if asked.is_some_and(|asked| (1 << 20..=MOST_KEY_BYTES).contains(&asked)) {
                return;
            }
            if let Ok((message, key)) = answer(&sites.bob, &sites.alice.public(), &offer, rng) {
                assert!(of_peer || offer == sites.offer, "nobody but the peer makes an offer");
                assert_eq!(key.len() as u64, KEY_MARK.len() as u64 + asked.expect("an offer has a length"));
                assert!(key.starts_with(&KEY_MARK) && !message.is_empty());
            }
        }
        1 => {
            let message = match of_peer {
                true => signed(&sites.bob_signs, &edited(&body(&sites.answer), edits), ANSWER_CONTEXT),
                false => edited(&sites.answer, edits),
            };
            let offer = Offer::resume(sites.secret.clone(), sites.offer.clone());
            if let Ok(key) = offer.accept(&sites.alice, &sites.bob.public(), &message) {
                assert!(of_peer || message == sites.answer, "nobody but the peer makes an answer");
                assert_eq!(*key == sites.key, message == sites.answer, "another answer, another key");
            }
        }
        2 => {
            let public = edited(&sites.alice.public().to_bytes(), edits);
            if let Ok(read) = PublicIdentity::from_bytes(&public) {
                assert_eq!(read.to_bytes(), public);
                let honest = answer(&sites.bob, &read, &sites.offer, rng).is_ok();
                assert_eq!(honest, read == sites.alice.public());
            }
        }
        _ => {
            let _ = PublicIdentity::from_bytes(edits);
            let _ = answer(&sites.bob, &sites.alice.public(), edits, rng);
            // What Alice kept of her offer comes from her disk.
            let mut secret = Zeroizing::new([0; 64]);
            secret.iter_mut().zip(edits).for_each(|(byte, given)| *byte = *given);
            let offer = Offer::resume(secret, edited(&sites.offer, edits));
            if let Ok(key) = offer.accept(&sites.alice, &sites.bob.public(), &sites.answer) {
                assert!(*key != sites.key, "the key needs the secret of the offer");
            }
        }
    }
});

const SIGNATURE_BYTES: usize = 4627;
const OFFER_CONTEXT: &[u8] = b"diqkd offer of a pre-shared key v1";
const ANSWER_CONTEXT: &[u8] = b"diqkd answer to a pre-shared key v1";
