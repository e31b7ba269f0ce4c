//! Every algorithm, piece length, thread count and backend gives the same hash, and the one that is right.

#![expect(clippy::unwrap_used, reason = "a test that cannot build its input has failed")]

use diqkd_amplify::{Error, Family, Method, OneTimeSeed, Plan, PreparedSeed, SeedOrder, StreamError};
use diqkd_gf2::{Backend, BitRef, Bits, bits_from_words};
use proptest::prelude::*;

/// `len` bits that look random and are the same in every run.
fn bits(len: usize, seed: u64) -> Bits {
    let mut state = seed;
    let next = |_| {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let v = (state ^ state >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let v = (v ^ v >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        v ^ v >> 31
    };
    bits_from_words(&(0..len.div_ceil(64)).map(next).collect::<Vec<_>>(), len)
}

/// The sum of the windows of `t` that begin at bit `n-1-j`, over the `j` with `x_j = 1`.
fn shift_and_xor(x: &BitRef, t: &BitRef, m: usize) -> Bits {
    let mut words = t.to_bitvec().into_vec();
    words.push(0);
    let mut y = vec![0u64; m.div_ceil(64)];
    for j in x.iter_ones() {
        let from = x.len() - 1 - j;
        for (y, pair) in y.iter_mut().zip(words[from / 64..].windows(2)) {
            *y ^= ((u128::from(pair[1]) << 64 | u128::from(pair[0])) >> (from % 64)) as u64;
        }
    }
    bits_from_words(&y, m)
}

fn naive(family: Family, x: &BitRef, t: &BitRef, m: usize) -> Bits {
    let kept = if family == Family::Toeplitz { 0 } else { m };
    let (kept, hashed) = x.split_at(kept);
    let mut y = if hashed.is_empty() { Bits::repeat(false, m) } else { shift_and_xor(hashed, t, m) };
    y ^= kept;
    y
}

/// All ways to hash one input.
fn check(n: usize, m: usize, family: Family, methods: &[Method], cut: usize, seed: u64) {
    let x = bits(n, seed);
    let mut expected = None;
    for backend in Backend::available() {
        for &method in methods {
            let plan = Plan::uncertified_with(n, m, family, backend, method).unwrap();
            let t = bits(plan.seed_bits(), !seed);
            let expected = expected.get_or_insert_with(|| naive(family, &x, &t, m));
            let what = format!("{n} -> {m} {family} {}", plan.algorithm());
            let (mut scratch, mut y) = (plan.scratch(), Bits::new());
            plan.hash(&x, &t, &mut scratch, &mut y).unwrap();
            assert_eq!(y, *expected, "{what}");

            let mut hasher = plan.start(&mut scratch).unwrap();
            for piece in x.chunks(cut) {
                hasher.push(piece, &mut t.as_bitslice()).unwrap();
            }
            y.fill(false);
            hasher.finish(&mut y).unwrap();
            assert_eq!(y, *expected, "{what}, in pieces of {cut}");

            let prepared = PreparedSeed::new(&plan, &t, &mut scratch).unwrap();
            y.fill(false);
            prepared.hash(&x, &mut scratch, &mut y).unwrap();
            assert_eq!(y, *expected, "{what}, prepared");
        }
    }
}

const EVERY: [Method; 4] = [
    Method::Cheapest,
    Method::Tiles,
    Method::Transform { elements_log: 6 },
    Method::Transform { elements_log: 7 },
];

#[test]
fn all_small_shapes() {
    for n in (1..40).chain([63, 64, 65, 127, 128, 129]) {
        for m in (1..12).chain([63, 64, 65, 128]) {
            check(n, m, Family::Toeplitz, &EVERY[..3], 5, (n * 1000 + m) as u64);
            if m <= n {
                check(n, m, Family::ModifiedToeplitz, &EVERY[..3], 5, (n * 1000 + m) as u64);
            }
        }
    }
}

/// Blocks of 64 words: one row, one column, squares, and one bit on either side of every change.
#[test]
fn shapes_around_the_edges_of_blocks() {
    let transform = [Method::Transform { elements_log: 6 }];
    for around in [2048, 4096, 6144, 8192, 12_288] {
        for n in [around - 64, around - 1, around, around + 1, around + 65] {
            for m in [1, 65, 2047, 2048, 2049, 4095, 4097] {
                check(n, m, Family::Toeplitz, &transform, 1000, n as u64);
            }
        }
    }
    check(40_000, 13_000, Family::Toeplitz, &transform, 9_999, 1);
    check(13_000, 40_000, Family::Toeplitz, &transform, 64, 2);
    check(40_000, 13_000, Family::ModifiedToeplitz, &transform, 777, 3);
    check(500, 30_000, Family::Toeplitz, &transform, 777, 4);
    check(30_000, 500, Family::Toeplitz, &transform, 777, 5);
}

/// Where the cheapest algorithm is another one.
#[test]
fn shapes_around_the_changes_of_algorithm() {
    for (n, m) in [(1, 40_000), (40_000, 1), (65_536, 32_768), (99_999, 50_001), (250_000, 1_200)] {
        check(n, m, Family::Toeplitz, &[Method::Cheapest], 4_321, n as u64);
    }
}

#[test]
fn the_number_of_threads_does_not_matter() {
    // Several rows, and one row of an odd and of an even number of pieces.
    for (n, m) in [(300_000, 140_000), (300_000, 9_000), (250_000, 5_000)] {
        let x = bits(n, 1);
        let t = bits(n + m - 1, 2);
        let hash = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| {
                let mut results = Vec::new();
                // Short transforms in pairs, and one that is divided in each of its steps.
                for elements_log in [9, 12, 16] {
                    let method = Method::Transform { elements_log };
                    let plan =
                        Plan::uncertified_with(n, m, Family::Toeplitz, Backend::detect(), method).unwrap();
                    let (mut scratch, mut y) = (plan.scratch(), Bits::new());
                    plan.hash(&x, &t, &mut scratch, &mut y).unwrap();
                    let prepared = PreparedSeed::new(&plan, &t, &mut scratch).unwrap();
                    let mut same = Bits::new();
                    prepared.hash(&x, &mut scratch, &mut same).unwrap();
                    assert_eq!(y, same);
                    results.push(y);
                }
                results
            })
        };
        let one = hash(1);
        assert_eq!(one[0], one[1]);
        assert_eq!(one[0], one[2]);
        assert_eq!(one, hash(2), "{n} -> {m}");
        assert_eq!(one, hash(3), "{n} -> {m}");
    }
}

#[test]
fn hashing_allocates_nothing() {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().unwrap();
    for (n, m) in [(1_000, 400), (200_000, 90_000), (400_000, 64)] {
        let plan = Plan::uncertified(n, m, Family::Toeplitz).unwrap();
        let (x, t) = (bits(n, 1), bits(plan.seed_bits(), 2));
        let (mut scratch, mut y) = (plan.scratch(), Bits::with_capacity(m));
        // Within a pool: to enter one from another thread allocates.
        let counted =
            pool.install(|| allocation_counter::measure(|| plan.hash(&x, &t, &mut scratch, &mut y).unwrap()));
        assert_eq!(counted.count_total, 0, "{}", plan.algorithm());
    }
}

#[test]
fn a_stream_of_the_wrong_length_is_refused() {
    let plan = Plan::uncertified(100, 50, Family::ModifiedToeplitz).unwrap();
    let t = bits(plan.seed_bits(), 2);
    let mut scratch = plan.scratch();
    let mut y = bits(7, 1);
    let mut hasher = plan.start(&mut scratch).unwrap();
    hasher.push(&bits(60, 1), &mut t.as_bitslice()).unwrap();
    let refused = hasher.push(&bits(41, 1), &mut t.as_bitslice());
    assert!(matches!(refused, Err(StreamError::Plan(Error::InputLength { expected: 100, found: 101 }))));
    assert_eq!(hasher.finish(&mut y), Err(Error::InputLength { expected: 100, found: 60 }));
    assert_eq!(y, bits(7, 1));
    let mut other = Plan::uncertified(100_000, 50_000, Family::Toeplitz).unwrap().scratch();
    assert!(matches!(plan.start(&mut other), Err(Error::ScratchSize { .. })));
    assert!(matches!(PreparedSeed::new(&plan, &t, &mut other), Err(Error::ScratchSize { .. })));
    assert!(matches!(PreparedSeed::new(&plan, &t[1..], &mut scratch), Err(Error::SeedLength { .. })));
}

#[test]
fn a_seed_used_once_gives_the_same_hash() {
    let plan = Plan::uncertified(500, 100, Family::Toeplitz).unwrap();
    let (x, t) = (bits(500, 1), bits(599, 2));
    let (mut a, mut b) = (Bits::new(), Bits::new());
    plan.hash(&x, &t, &mut plan.scratch(), &mut a).unwrap();
    plan.hash_once(&x, OneTimeSeed::new(t), &mut plan.scratch(), &mut b).unwrap();
    assert_eq!(a, b);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn any_shape_any_pieces(n in 1usize..9000, m in 1usize..9000, cut in 1usize..5000, seed: u64) {
        check(n, m, Family::Toeplitz, &EVERY, cut, seed);
        check(n.max(m), n.min(m), Family::ModifiedToeplitz, &EVERY, cut, seed);
    }

    /// The matrix of a seed in another order, written out.
    #[test]
    fn seeds_of_other_programs(n in 1usize..60, m in 1usize..60, seed: u64) {
        let theirs = bits(n + m - 1, seed);
        let plan = Plan::uncertified(n, m, Family::Toeplitz).unwrap();
        let x = bits(n, !seed);
        let entry = |order, i: usize, j: usize| match order {
            SeedOrder::TopRightFirst => theirs[i + n - 1 - j],
            SeedOrder::BottomLeftFirst => theirs[m - 1 - i + j],
            _ if i >= j => theirs[i - j],
            SeedOrder::ColumnThenReversedRow => theirs[m + n - 1 - (j - i)],
            _ => theirs[m - 1 + (j - i)],
        };
        for order in [
            SeedOrder::TopRightFirst,
            SeedOrder::BottomLeftFirst,
            SeedOrder::ColumnThenReversedRow,
            SeedOrder::ColumnThenRow,
        ] {
            let mut y = Bits::new();
            let seed = order.to_top_right_first(&theirs, m);
            plan.hash(&x, &seed, &mut plan.scratch(), &mut y).unwrap();
            let expected: Bits = (0..m).map(|i| (0..n).fold(false, |y, j| y ^ (x[j] && entry(order, i, j)))).collect();
            prop_assert_eq!(y, expected, "{:?}", order);
        }
    }
}
