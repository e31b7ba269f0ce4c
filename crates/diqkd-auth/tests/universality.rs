//! The bound on collisions: proved in the docs, here counted on a small field and met by constructed strings.

use diqkd_auth::{VerificationError, VerificationHash, collision_epsilon};
use diqkd_gf2::{Bits, Gf128, bits_from_bytes, bits_from_words};
use proptest::prelude::*;

/// The same construction over GF(2^4), modulus `z^4 + z + 1`: blocks of 4 bits, then the length.
fn small_hash(key: u8, bits: usize, content: u32) -> u8 {
    let blocks = (0..bits.div_ceil(4)).map(|i| (content >> (4 * i) & 15) as u8);
    blocks.chain([bits as u8]).fold(0, |state, block| small_product(state ^ block, key))
}

fn small_product(a: u8, b: u8) -> u8 {
    let wide = (0..4).fold(0, |sum, i| sum ^ if b >> i & 1 == 1 { a << i } else { 0 });
    (4..7).rev().fold(wide, |v, i| if v >> i & 1 == 1 { v ^ 0b10011 << (i - 4) } else { v })
}

/// All pairs of strings of up to 7 bits, all differences: at most `l + 1` of the 16 keys, and that often.
#[test]
fn small_fields_obey_the_bound_and_reach_it() {
    let strings: Vec<(usize, u32)> =
        (0..=7).flat_map(|bits| (0..1 << bits).map(move |v| (bits, v))).collect();
    let mut most = [0; 3];
    for (i, a) in strings.iter().enumerate() {
        for b in &strings[..i] {
            let mut keys = [0; 16];
            for key in 0..16 {
                keys[usize::from(small_hash(key, a.0, a.1) ^ small_hash(key, b.0, b.1))] += 1;
            }
            let blocks = a.0.max(b.0).div_ceil(4);
            let worst = keys.into_iter().max().unwrap();
            assert!(worst <= blocks + 1, "{a:?} {b:?}: {worst} keys");
            most[blocks] = most[blocks].max(worst);
        }
    }
    assert_eq!(most[1..], [2, 3]);
}

/// Strings whose hashes differ by `k^2 (k + r_1) (k + r_2) (k + r_3)` collide under the keys `r_i` and no other.
#[test]
fn strings_built_to_collide_do_so_exactly_at_the_roots() {
    let roots = [0x1234_5678_9abc_def0_u128, u128::MAX / 3, 1 << 127].map(Gf128::new);
    let mut coefficients = vec![Gf128::ONE];
    for root in roots {
        let shifted = [coefficients.clone(), vec![Gf128::ZERO]].concat();
        let scaled = [vec![Gf128::ZERO], coefficients].concat();
        coefficients = shifted.into_iter().zip(scaled).map(|(a, b)| a + b * root).collect();
    }
    let m: Vec<u8> = (0..64).collect();
    let difference = coefficients.iter().flat_map(|c| c.to_bytes());
    let other: Vec<u8> = m.iter().zip(difference).map(|(a, b)| a ^ b).collect();
    let collide = |key: Gf128| {
        let hash = VerificationHash::new(key.to_bytes(), 128).unwrap();
        hash.hash(&bits_from_bytes(&m)) == hash.hash(&bits_from_bytes(&other))
    };
    assert!(roots.into_iter().all(collide));
    assert!((1..2000u128).all(|k| !collide(Gf128::new(k * 0x9e37_79b9))));
}

/// 2^15 fixed seeds, 6-bit tags, strings of two blocks: the mean of the collisions is 512. By Bernstein's inequality a
/// uniform tag leaves 512 ± 180 with probability below 1e-12; a hash that ignored a block or the length would collide
/// always.
#[test]
fn short_tags_collide_as_often_as_chance() {
    let a = bits_from_words(&[1, 2, 3, 4], 200);
    let altered = |word: usize| {
        let mut words = [1, 2, 3, 4];
        words[word] ^= 1 << 5;
        bits_from_words(&words, 200)
    };
    let longer = bits_from_words(&[1, 2, 3, 4], 201);
    for other in [altered(0), altered(1), altered(2), altered(3), longer, Bits::new()] {
        let collide = |seed: &u128| {
            let seed = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835).to_le_bytes();
            let hash = VerificationHash::new(seed, 6).unwrap();
            hash.hash(&a) == hash.hash(&other)
        };
        let collisions = (1..=1 << 15).filter(collide).count();
        assert!((332..=692).contains(&collisions), "{collisions}");
    }
}

#[test]
fn bounds_and_lengths_are_checked() {
    let length = |tag_bits| VerificationHash::new([1; 16], tag_bits).err();
    assert_eq!(length(0), Some(VerificationError::TagLength { tag_bits: 0 }));
    assert_eq!(length(129), Some(VerificationError::TagLength { tag_bits: 129 }));
    assert_eq!(collision_epsilon(1, 129), Err(VerificationError::TagLength { tag_bits: 129 }));
    assert_eq!(collision_epsilon(1, 1), Err(VerificationError::NoBound { bits_len: 1, tag_bits: 1 }));
    assert!((collision_epsilon(1, 2).unwrap().log2() - (-1.0)).abs() < 1e-12);
    assert!(collision_epsilon(u64::MAX, 128).unwrap().log2() < -70.0);
    // 1.5e6 bits are 11719 blocks.
    let exact = 11720f64.log2() - 64.0;
    let log2 = collision_epsilon(1_500_000, 64).unwrap().log2();
    assert!(log2 >= exact && log2 < exact + 1e-9);
}

proptest! {
    #[test]
    fn tags_are_truncations_and_ignore_where_a_string_starts(words: [u64; 8], skip in 0usize..64, len in 0usize..448, seed: [u8; 16], t in 1u32..=128) {
        let all = bits_from_words(&words, 512);
        let slice = &all[skip..skip + len];
        let full = VerificationHash::new(seed, 128).unwrap().hash(slice);
        prop_assert_eq!(VerificationHash::new(seed, t).unwrap().hash(&slice.to_bitvec()), full & (u128::MAX >> (128 - t)));
    }
}
