//! What is on the wire about Alice's string, bit by bit, against the leak that the certificate counts.

use diqkd_protocol::wire::{ChunkKind, Frame, Message};

use super::*;

/// Bits of the messages that depend on Alice's string. Whole bytes: what pads the last byte is zero by format.
fn bits_about_the_string(wire: &[(Role, Vec<u8>)], params: &SessionParams) -> u64 {
    let mut bits = 0;
    for (sender, frame) in wire {
        let Ok(Frame::Data { kind, payload, .. }) = Frame::parse(frame, *sender, params.session) else {
            continue;
        };
        bits += match Message::decode(kind, payload).unwrap() {
            Message::Chunk { kind: ChunkKind::Syndrome | ChunkKind::RetryBits, bytes, .. } => {
                8 * bytes.len() as u64
            }
            // Constant, unless frames may be retried.
            Message::Chunk { kind: ChunkKind::FailedFrames, bytes, .. }
                if bytes.iter().any(|&byte| byte != 0) =>
            {
                8 * bytes.len() as u64
            }
            Message::VerificationTag { tag, .. } => {
                assert!(tag < 1 << params.verification_tag_bits);
                u64::from(params.verification_tag_bits)
            }
            _ => 0,
        };
    }
    bits
}

fn run(params: &SessionParams, seed: u64) -> (End, End, Vec<(Role, Vec<u8>)>, u64) {
    let mut alice = session(Role::Alice, params, LinkConfig::stream(), seed);
    let mut bob = session(Role::Bob, params, LinkConfig::stream(), seed + 1);
    let leak = alice.agreement().leak.total().0;
    let (a, b) = tables(&alice, Strategy::Honest, seed);
    alice.finish_recording(a);
    bob.finish_recording(b);
    let (alice_end, bob_end, wire) = over_a_stream(alice, bob);
    (alice_end, bob_end, wire, leak)
}

#[test]
fn the_wire_carries_no_more_than_the_leak() {
    let params = params(ROUNDS);
    let (_, bob_end, wire, leak) = run(&params, 21);
    assert!(matches!(bob_end, End::Key(..)), "{bob_end:?}");
    let sent = bits_about_the_string(&wire, &params);
    assert!(sent <= leak && sent + 8 > leak, "{sent} bits sent, {leak} counted");
}

#[test]
fn retries_stay_under_the_same_cap_and_give_the_same_key() {
    let params = SessionParams { max_codeword_bits: 1 << 15, ..params(ROUNDS) };
    let mut retried = 0;
    for seed in 0..12 {
        let (alice_end, bob_end, wire, leak) = run(&params, 100 * seed);
        let sent = bits_about_the_string(&wire, &params);
        assert!(sent <= leak + 8, "seed {seed}: {sent} bits sent, {leak} counted");
        if let End::Key(_, report) = &bob_end {
            retried += report.observed.as_ref().unwrap().retried_frames;
            assert_eq!(alice_end.key_bytes(), bob_end.key_bytes(), "seed {seed}");
        }
        if retried > 0 {
            return;
        }
    }
    panic!("no frame needed a second try in twelve blocks: the test shows nothing");
}
