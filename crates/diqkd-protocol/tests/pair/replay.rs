//! One seed replays a whole session byte for byte, and every altered byte is noticed.

use super::*;

fn recorded(seed: u64) -> (Session, Session) {
    let params = params(ROUNDS);
    let mut alice = session(Role::Alice, &params, LinkConfig::stream(), seed);
    let mut bob = session(Role::Bob, &params, LinkConfig::stream(), seed + 1);
    let (a, b) = tables(&alice, Strategy::Honest, seed);
    alice.finish_recording(a);
    bob.finish_recording(b);
    (alice, bob)
}

#[test]
fn one_seed_replays_a_session_byte_for_byte() {
    let run = |seed| {
        let (alice, bob) = recorded(seed);
        let (alice_end, bob_end, wire) = over_a_stream(alice, bob);
        (alice_end.key_bytes().unwrap(), bob_end.key_bytes().unwrap(), wire)
    };
    let first = run(5);
    assert_eq!(first, run(5));
    assert_ne!(first.0, run(6).0);
}

#[test]
fn an_altered_replayed_or_misplaced_frame_ends_the_session() {
    let (alice, bob) = recorded(5);
    let (_, _, wire) = over_a_stream(alice, bob);
    let from_alice: Vec<&Vec<u8>> =
        wire.iter().filter(|(sender, _)| *sender == Role::Alice).map(|(_, frame)| frame).collect();

    let end_of = |frames: &[Vec<u8>]| {
        let mut bob = session(Role::Bob, &params(ROUNDS), LinkConfig::stream(), 6);
        let mut end = None;
        for frame in frames {
            bob.handle_frame(frame, 0);
        }
        events(&mut bob, &mut end);
        end
    };
    assert!(end_of(&[from_alice[0].clone()]).is_none(), "the genuine frame is accepted");
    for position in [0, 1, 2, 4, 20, 28, 40, from_alice[0].len() - 1] {
        let mut altered = from_alice[0].clone();
        altered[position] ^= 1;
        assert!(matches!(end_of(&[altered]), Some(End::Aborted(_))), "byte {position}");
    }
    assert!(matches!(
        end_of(&[from_alice[0].clone(), from_alice[0].clone()]),
        Some(End::Aborted(Abort::Authentication { .. }))
    ));
    assert!(matches!(end_of(&[from_alice[1].clone()]), Some(End::Aborted(Abort::Authentication { .. }))));
    let from_bob =
        wire.iter().find(|(sender, _)| *sender == Role::Bob).map(|(_, frame)| frame.clone()).unwrap();
    assert!(matches!(end_of(&[from_bob]), Some(End::Aborted(Abort::NotAFrame(_)))), "a reflected frame");
}
