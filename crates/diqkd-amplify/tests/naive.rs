//! Every plan against the matrix written out bit by bit.

use diqkd_amplify::{Algorithm, Error, Family, Plan};
use diqkd_gf2::{Backend, BitRef, Bits, bits_from_words};
use proptest::prelude::*;

/// `y_i = XOR_j x_j t_(i-j+n-1)`.
fn toeplitz(x: &BitRef, t: &BitRef, m: usize) -> Vec<bool> {
    let n = x.len();
    (0..m).map(|i| (0..n).fold(false, |y, j| y ^ (x[j] && t[i + n - 1 - j]))).collect()
}

fn naive(family: Family, x: &BitRef, t: &BitRef, m: usize) -> Bits {
    match family {
        Family::Toeplitz => toeplitz(x, t, m).into_iter().collect(),
        Family::ModifiedToeplitz if x.len() == m => x.to_bitvec(),
        Family::ModifiedToeplitz => {
            toeplitz(&x[m..], t, m).into_iter().zip(&x[..m]).map(|(y, x)| y ^ *x).collect()
        }
    }
}

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

fn hash(plan: &Plan, x: &BitRef, t: &BitRef) -> Bits {
    let mut out = bits(77, 5);
    plan.hash(x, t, &mut plan.scratch(), &mut out).expect("the lengths are those of the plan");
    out
}

fn check(n: usize, m: usize, family: Family, seed: u64) {
    let x = bits(n, seed);
    for backend in Backend::available() {
        let plan = Plan::uncertified_on(n, m, family, backend).expect("a valid size");
        let t = bits(plan.seed_bits(), !seed);
        assert_eq!(
            hash(&plan, &x, &t),
            naive(family, &x, &t, m),
            "{n} -> {m}, {family}, {}",
            plan.algorithm()
        );
    }
}

#[test]
fn all_small_sizes() {
    for n in 1..=20 {
        for m in 1..=20 {
            check(n, m, Family::Toeplitz, 1);
            if m <= n {
                check(n, m, Family::ModifiedToeplitz, 2);
            }
        }
    }
}

#[test]
fn sizes_around_word_boundaries() {
    let edges = [1, 63, 64, 65, 127, 128, 129, 191, 511, 512, 513, 1023, 1025];
    for n in edges {
        for m in edges {
            check(n, m, Family::Toeplitz, 3);
            if m <= n {
                check(n, m, Family::ModifiedToeplitz, 4);
            }
        }
    }
}

/// Every input and every seed of small sizes: the kernel is right on the whole space, not only on samples.
#[test]
fn whole_spaces() {
    for n in 1..=5usize {
        for m in 1..=4usize {
            let plan = Plan::uncertified(n, m, Family::Toeplitz).unwrap();
            for x in 0..1u64 << n {
                for t in 0..1u64 << plan.seed_bits() {
                    let (x, t) = (bits_from_words(&[x], n), bits_from_words(&[t], plan.seed_bits()));
                    assert_eq!(hash(&plan, &x, &t), naive(Family::Toeplitz, &x, &t, m));
                }
            }
        }
    }
}

/// Universality: the seeds for which a non-zero input hashes to zero.
#[test]
fn collisions_are_as_rare_as_promised() {
    for n in 1..=7usize {
        for m in 1..=4.min(n) {
            for family in [Family::Toeplitz, Family::ModifiedToeplitz] {
                let plan = Plan::uncertified(n, m, family).unwrap();
                for x in 1..1u64 << n {
                    let input = bits_from_words(&[x], n);
                    let zeros =
                        |t: &u64| hash(&plan, &input, &bits_from_words(&[*t], plan.seed_bits())).not_any();
                    let collisions = (0..1 << plan.seed_bits()).filter(zeros).count();
                    let never = family == Family::ModifiedToeplitz && x >> m == 0;
                    let expected = if never { 0 } else { 1 << (plan.seed_bits() - m) };
                    assert_eq!(collisions, expected, "n {n} m {m} x {x:b} {family}");
                }
            }
        }
    }
}

/// Sizes that need several levels and several tiles; the matrix is too large for bit-by-bit work, so single rows are
/// checked against parities of words.
#[test]
fn rows_of_large_products() {
    for (n, m) in
        [(100_003, 33_001), (20_000, 90_001), (70_001, 70_000), (400_000, 801), (1_000_000, 300_000)]
    {
        let x = bits(n, 6);
        for backend in Backend::available() {
            let plan = Plan::uncertified_on(n, m, Family::Toeplitz, backend).unwrap();
            let t = bits(plan.seed_bits(), 7);
            let y = hash(&plan, &x, &t);
            let reversed: Bits = t.iter().by_vals().rev().collect();
            for i in (0..m).step_by(m / 50 + 1).chain([m - 1]) {
                // t_(i-j+n-1) is bit m-1-i+j of the reversed seed
                let row = &reversed[m - 1 - i..m - 1 - i + n];
                let parity = row
                    .chunks(64)
                    .zip(x.chunks(64))
                    .fold(false, |p, (a, b)| p ^ ((a.iter_ones().filter(|&k| b[k]).count() & 1) == 1));
                assert_eq!(y[i], parity, "row {i} of {n} -> {m}, {}", plan.algorithm());
            }
        }
    }
}

#[test]
fn large_sizes_use_the_transform_and_little_memory() {
    let plan = Plan::uncertified(10_000_000, 4_000_000, Family::Toeplitz).unwrap();
    assert!(matches!(plan.algorithm(), Algorithm::Transform { .. }), "{}", plan.algorithm());
    assert!(plan.scratch_bytes() < 8_500_000, "{}", plan.scratch_bytes());
    // Memory follows the output.
    let plan = Plan::uncertified(1_000_000_000, 1_000_000, Family::ModifiedToeplitz).unwrap();
    assert!(plan.scratch_bytes() < 9_000_000, "{}, {}", plan.scratch_bytes(), plan.algorithm());
    let plan = Plan::uncertified(1_000_000_000, 500_000_000, Family::Toeplitz).unwrap();
    assert!(plan.scratch_bytes() < 400_000_000, "{}", plan.scratch_bytes());
    // Few long transforms where both are long: many short ones take twice the time.
    assert!(
        matches!(plan.algorithm(), Algorithm::Transform { bits, .. } if bits > 1 << 23),
        "{}",
        plan.algorithm()
    );
}

#[test]
fn impossible_sizes_are_refused() {
    let refused = |n, m, family| Plan::uncertified(n, m, family).err();
    assert_eq!(refused(0, 1, Family::Toeplitz), Some(Error::Empty { in_bits: 0, out_bits: 1 }));
    assert_eq!(refused(1, 0, Family::Toeplitz), Some(Error::Empty { in_bits: 1, out_bits: 0 }));
    assert_eq!(refused(3, 4, Family::ModifiedToeplitz), Some(Error::Lengthens { in_bits: 3, out_bits: 4 }));
    let huge = usize::MAX;
    assert_eq!(refused(huge, 9, Family::Toeplitz), Some(Error::TooLong { in_bits: huge, out_bits: 9 }));
    assert_eq!(refused(9, huge, Family::Toeplitz), Some(Error::TooLong { in_bits: 9, out_bits: huge }));
}

#[test]
fn wrong_lengths_are_refused_and_leave_the_output_alone() {
    let plan = Plan::uncertified(100, 50, Family::Toeplitz).unwrap();
    let mut scratch = plan.scratch();
    let mut out = bits(10, 1);
    let (x, t) = (bits(100, 1), bits(149, 2));
    assert_eq!(
        plan.hash(&x[1..], &t, &mut scratch, &mut out),
        Err(Error::InputLength { expected: 100, found: 99 })
    );
    assert_eq!(
        plan.hash(&x, &t[1..], &mut scratch, &mut out),
        Err(Error::SeedLength { expected: 149, found: 148 })
    );
    let mut other = Plan::uncertified(100_000, 50_000, Family::Toeplitz).unwrap().scratch();
    assert!(matches!(plan.hash(&x, &t, &mut other, &mut out), Err(Error::ScratchSize { .. })));
    assert_eq!(out, bits(10, 1));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(120))]
    #[test]
    fn any_size(n in 1usize..1500, m in 1usize..1500, seed: u64) {
        check(n, m, Family::Toeplitz, seed);
        check(n.max(m), n.min(m), Family::ModifiedToeplitz, seed);
    }

    #[test]
    fn hashing_is_linear(n in 1usize..4000, m in 1usize..4000, seed: u64) {
        let plan = Plan::uncertified(n, m, Family::Toeplitz).unwrap();
        let (a, b, t) = (bits(n, seed), bits(n, seed ^ 1), bits(plan.seed_bits(), seed ^ 2));
        prop_assert_eq!(hash(&plan, &(a.clone() ^ &b), &t), hash(&plan, &a, &t) ^ hash(&plan, &b, &t));
    }

    #[test]
    fn strings_may_start_inside_a_word(n in 1usize..500, m in 1usize..500, skip in 1usize..64, seed: u64) {
        let plan = Plan::uncertified(n, m, Family::Toeplitz).unwrap();
        let (x, t) = (bits(n + skip, seed), bits(plan.seed_bits() + skip, !seed));
        let (x, t) = (&x[skip..], &t[skip..]);
        prop_assert_eq!(hash(&plan, x, t), naive(Family::Toeplitz, x, t, m));
    }
}
