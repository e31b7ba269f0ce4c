//! Signers and verifiers: replay, reordering, forgery, exhaustion; tags against the `ghash` crate.

use diqkd_auth::{AuthError, KeyPool, Signer, Tag, Verifier, batch_forgery_epsilon, forgery_epsilon};
use diqkd_gf2::Gf128;
use ghash::GHash;
use ghash::universal_hash::UniversalHash;
use proptest::prelude::*;
use zeroize::Zeroizing;

const KEY: [u8; 16] = *b"a key of 16 byte";

fn lane(messages: usize) -> Vec<u8> {
    (0..16 * messages).map(|i| (i * i + 7 * i) as u8).collect()
}

fn ends(messages: usize) -> (Signer, Verifier) {
    let pool = || KeyPool::new(lane(messages));
    (Signer::new(Zeroizing::new(KEY), pool()), Verifier::new(Zeroizing::new(KEY), pool()))
}

/// The tag by an independent GHASH, which numbers the bits of a byte the other way round.
fn tag_by_ghash(sequence: usize, message: &[u8]) -> Tag {
    let mirror = |block: [u8; 16]| block.map(u8::reverse_bits);
    let mut ghash = GHash::new(&mirror(KEY).into());
    for chunk in message.chunks(16) {
        let mut block = [0; 16];
        block[..chunk.len()].copy_from_slice(chunk);
        ghash.update(&[mirror(block).into()]);
    }
    ghash.update(&[mirror((8 * message.len() as u128).to_le_bytes()).into()]);
    let mut tag = mirror(ghash.finalize().into());
    tag.iter_mut().zip(&lane(sequence + 1)[16 * sequence..]).for_each(|(tag, pad)| *tag ^= pad);
    Tag(tag)
}

#[test]
fn messages_arrive_in_any_order_and_once() {
    let (mut signer, mut verifier) = ends(4);
    let messages: [&[u8]; 4] = [b"", b"one", b"two, somewhat longer than a block", b"three"];
    let signed = messages.map(|m| signer.sign(m).unwrap());
    assert_eq!(signed.map(|(sequence, _)| sequence), [0, 1, 2, 3]);
    for i in [2, 0, 3, 1] {
        let (sequence, tag) = signed[i];
        assert_eq!(verifier.verify(sequence, messages[i], &tag), Ok(()));
        assert_eq!(verifier.verify(sequence, messages[i], &tag), Err(AuthError::Replayed { sequence }));
    }
    assert_eq!((verifier.accepted_messages(), verifier.remaining_messages(), verifier.failures()), (4, 0, 0));
    assert_eq!((signer.consumed_bits(), verifier.consumed_bits()), (512, 512));
}

#[test]
fn forgeries_are_counted_and_burn_nothing() {
    let (mut signer, mut verifier) = ends(3);
    let message = b"exactly sixteen, and then thirty-two bytes";
    let (sequence, tag) = signer.sign(message).unwrap();
    let (other, other_tag) = signer.sign(b"another").unwrap();
    let longer = [&message[..], &[0]].concat();
    let swapped = [&message[16..32], &message[..16], &message[32..]].concat();
    let mut flipped = tag;
    flipped.0[15] ^= 0x80;
    let forgeries: [(u64, &[u8], Tag); 8] = [
        (sequence, &longer, tag),
        (sequence, &message[..message.len() - 1], tag),
        (sequence, &swapped, tag),
        (sequence, b"", tag),
        (sequence, message, flipped),
        (sequence, message, other_tag),
        (other, message, tag),
        (2, message, tag),
    ];
    for (i, (sequence, message, tag)) in forgeries.iter().enumerate() {
        assert_eq!(
            verifier.verify(*sequence, message, tag),
            Err(AuthError::Forged { sequence: *sequence }),
            "{i}"
        );
        assert_eq!(verifier.failures(), i as u64 + 1);
    }
    assert_eq!(verifier.verify(sequence, message, &tag), Ok(()));
    assert_eq!(verifier.verify(other, b"another", &other_tag), Ok(()));
    assert_eq!(verifier.attempts(), 10);
}

#[test]
fn trailing_zeros_change_the_tag() {
    let tag_of = |message: &[u8]| ends(1).0.sign(message).unwrap().1;
    for len in 0..40 {
        let zeros = [0; 40];
        assert_ne!(tag_of(&zeros[..len]), tag_of(&zeros[..len + 1]));
    }
}

#[test]
fn a_batch_is_its_frames_in_their_order_and_nothing_else() {
    let frames: [&[u8]; 4] = [b"syndrome of frame 1", b"", b"0123456789abcdef", b"last"];
    let (mut signer, mut verifier) = ends(2);
    let (sequence, tag) = signer.sign_batch(&frames).unwrap();
    assert_eq!(signer.remaining_messages(), 1);
    let forged: [&[&[u8]]; 9] = [
        &[],
        &frames[..3],
        &frames[1..],
        &[frames[1], frames[0], frames[2], frames[3]],
        &[frames[0], frames[2], frames[3]],
        &[frames[0], b"", b"0123456789abcdef", b"last", b""],
        &[frames[0], b"", b"0123456789abcde", b"flast"],
        &[frames[0], b"\0", b"0123456789abcdef", b"last"],
        &[b"syndrome of frame 10123456789abcdeflast"],
    ];
    for frames in forged {
        assert_eq!(verifier.verify_batch(sequence, frames, &tag), Err(AuthError::Forged { sequence }));
    }
    assert_eq!(verifier.verify(sequence, &frames.concat(), &tag), Err(AuthError::Forged { sequence }));
    assert_eq!(verifier.verify_batch(sequence, &frames, &tag), Ok(()));
    assert_eq!(verifier.verify_batch(sequence, &frames, &tag), Err(AuthError::Replayed { sequence }));
    let (sequence, tag) = signer.sign(b"one").unwrap();
    assert_eq!(verifier.verify_batch(sequence, &[b"one"], &tag), Err(AuthError::Forged { sequence }));
    assert_eq!(verifier.verify(sequence, b"one", &tag), Ok(()));
}

/// The coefficients written out, by Horner's rule one at a time.
#[test]
fn a_batch_is_one_polynomial() {
    let coefficients = [
        u128::from_le_bytes(*b"sixteen bytes ok"),
        u128::from(b'x'),
        8 * 17,
        0, // the length of an empty frame
        1 << 127 | 2,
    ];
    let key = Gf128::from_bytes(KEY);
    let hash = coefficients.into_iter().fold(Gf128::ZERO, |s, c| (s + Gf128::new(c)) * key);
    let (_, tag) = ends(1).0.sign_batch(&[b"sixteen bytes okx", b""]).unwrap();
    let pad = u128::from_le_bytes(lane(1).try_into().unwrap());
    assert_eq!(tag, Tag((hash.get() ^ pad).to_le_bytes()));
    // 17 bytes in two parts: 3 + 2 coefficients, bounded by 1 + 4 + 1
    assert_eq!(batch_forgery_epsilon(17, 2, 1), forgery_epsilon(16 * 5, 1));
    assert!(batch_forgery_epsilon(u64::MAX, u64::MAX, u64::MAX).log2() > -1e-300);
}

#[test]
fn an_exhausted_lane_stops_both_ends() {
    let mut pads = lane(1);
    pads.extend([9; 15]);
    let mut signer = Signer::new(Zeroizing::new(KEY), KeyPool::new(pads.clone()));
    let mut verifier = Verifier::new(Zeroizing::new(KEY), KeyPool::new(pads));
    assert_eq!(signer.remaining_messages(), 1);
    let (_, tag) = signer.sign(b"x").unwrap();
    let exhausted = signer.sign(b"y").unwrap_err();
    assert_eq!((exhausted.requested_bits, exhausted.remaining_bits), (128, 120));
    assert_eq!(verifier.verify(1, b"y", &tag), Err(AuthError::Exhausted { sequence: 1, messages: 1 }));
    let far = u64::MAX;
    assert_eq!(verifier.verify(far, b"y", &tag), Err(AuthError::Exhausted { sequence: far, messages: 1 }));
    assert_eq!((verifier.failures(), verifier.verify(0, b"x", &tag)), (0, Ok(())));
}

#[test]
fn the_epsilon_is_never_below_the_exact_bound() {
    for (bytes, attempts, keys_log2) in
        [(0, 1, 0.0), (1, 1, 1.0), (16, 8, 4.0), (17, 1, 3f64.log2()), (240, 1, 4.0)]
    {
        let log2 = forgery_epsilon(bytes, attempts).log2();
        assert!(log2 >= keys_log2 - 128.0 && log2 < keys_log2 - 128.0 + 1e-9, "{bytes} bytes: 2^{log2}");
    }
    assert!(forgery_epsilon(u64::MAX, u64::MAX).log2() < 0.0);
    assert_eq!(forgery_epsilon(5, 0), forgery_epsilon(5, 1));
}

proptest! {
    #[test]
    fn tags_agree_with_the_ghash_crate(messages in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..400), 1..6)) {
        let (mut signer, mut verifier) = ends(messages.len());
        for (i, message) in messages.iter().enumerate() {
            let (sequence, tag) = signer.sign(message).unwrap();
            prop_assert_eq!(tag, tag_by_ghash(i, message));
            prop_assert_eq!(verifier.verify(sequence, message, &tag), Ok(()));
        }
    }

    #[test]
    fn any_flipped_bit_is_noticed(mut message in proptest::collection::vec(any::<u8>(), 1..200), at: prop::sample::Index) {
        let (mut signer, mut verifier) = ends(1);
        let (sequence, tag) = signer.sign(&message).unwrap();
        let bit = at.index(8 * message.len());
        message[bit / 8] ^= 1 << (bit % 8);
        prop_assert_eq!(verifier.verify(sequence, &message, &tag), Err(AuthError::Forged { sequence }));
    }
}
