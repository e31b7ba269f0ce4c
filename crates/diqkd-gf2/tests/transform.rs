//! Middle products by transforms against those of tiles, on every backend.

#![expect(clippy::unwrap_used, reason = "a test that cannot build its input has failed")]

use diqkd_gf2::{Backend, OldSums, Tile, Transform};

/// Numbers that look random and are the same in every run.
fn words(seed: u64, count: usize) -> Vec<u64> {
    let mut state = seed;
    let next = |_| {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let v = (state ^ state >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let v = (v ^ v >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        v ^ v >> 31
    };
    (0..count).map(next).collect()
}

/// Words `0 .. w` of `y_i = XOR_j x_j t_(i+j)` for `w` words of `x` and `2w` words of `t`.
fn by_transform(transform: &Transform, x: &[u64], t: &[u64]) -> Vec<u64> {
    let k = transform.elements();
    let (mut work, mut a, mut b) = (vec![7; k], vec![7; k], vec![9; k]);
    work[..x.len()].copy_from_slice(x);
    transform.values(x.len(), &mut work, &mut a).unwrap();
    work.fill(0);
    work[..t.len()].copy_from_slice(t);
    transform.inverse_transposed(&mut work, &mut b).unwrap();
    transform.multiply(&mut b, &a).unwrap();
    transform.transposed(&mut b, x.len(), &mut work).unwrap();
    work.truncate(x.len());
    work
}

/// The same by a tile: `x` and the order of its bits reversed, `t` one place on.
fn by_tiles(x: &[u64], t: &[u64]) -> Vec<u64> {
    let w = x.len();
    let tile = Tile::cheapest(Backend::detect(), w, w);
    let s = tile.words();
    // y_i = XOR_j r_j t'_(i-j+64s) with r_j = x_(64w-1-j), t'_(i+64s-64w+1) = t_i
    let mut r = vec![0; s];
    for (r, x) in r.iter_mut().zip(x.iter().rev()) {
        *r = x.reverse_bits();
    }
    let mut shifted = vec![0; 2 * s];
    for (i, t) in t.iter().enumerate() {
        let at = s - w + i;
        if at < 2 * s {
            shifted[at] |= t << 1;
        }
        if at + 1 < 2 * s {
            shifted[at + 1] |= t >> 63;
        }
    }
    let mut y = vec![0; s];
    tile.apply(&r, &shifted, &mut y, &mut vec![0; tile.scratch_words()]).unwrap();
    y.truncate(w);
    y
}

#[test]
fn middle_products_match_tiles_on_every_backend() {
    for backend in Backend::available() {
        let logs = if backend == Backend::soft() { 6..=10 } else { 6..=16 };
        for log in logs {
            let transform = Transform::new(backend, log);
            let k = transform.elements();
            let lengths = [k / 2, k / 2 - 1, k / 4, k / 4 - 3, k / 16, 1];
            for &length in &lengths[..if log <= 14 { 6 } else { 2 }] {
                let (x, t) = (words(u64::from(log), length), words(77, 2 * length));
                let expected = by_tiles(&x, &t);
                assert_eq!(by_transform(&transform, &x, &t), expected, "{backend}, 2^{log}, {length} words");
            }
        }
    }
}

/// Single bits, each by its definition; the longest transforms are those of the longest plans.
#[test]
fn long_middle_products_match_the_definition() {
    for backend in Backend::available() {
        let logs = if backend == Backend::soft() { 11..=11 } else { 17..=20 };
        for log in logs.step_by(if backend == Backend::detect() { 1 } else { 3 }) {
            let transform = Transform::new(backend, log);
            let k = transform.elements();
            let (x, t) = (words(1, k / 2), words(2, k));
            let y = by_transform(&transform, &x, &t);
            for i in (0..32 * k).step_by(k + 17).chain([32 * k - 1]) {
                let window = (i / 64, i % 64);
                let shifted = |j: usize| {
                    let (low, high) = (t[window.0 + j], t.get(window.0 + j + 1).copied().unwrap_or_default());
                    ((u128::from(high) << 64 | u128::from(low)) >> window.1) as u64
                };
                let sum = x.iter().enumerate().fold(0, |sum, (j, x)| sum ^ x & shifted(j));
                assert_eq!(
                    y[window.0] >> window.1 & 1,
                    u64::from(sum.count_ones() & 1),
                    "{backend}, 2^{log}, bit {i}"
                );
            }
        }
    }
}

#[test]
fn several_sums_are_those_of_single_products() {
    for backend in Backend::available() {
        let transform = Transform::new(backend, 10);
        let k = transform.elements();
        let factors = |seed, count: u64| (0..count).map(|i| words(seed + i, k)).collect::<Vec<_>>();
        let (a, b) = (factors(10, 3), factors(20, 6));
        let mut sums = factors(30, 4);
        let mut expected = sums.clone();
        for (r, sum) in expected.iter_mut().enumerate() {
            for (j, a) in a.iter().enumerate() {
                let mut product = a.clone();
                transform.multiply(&mut product, &b[r + j]).unwrap();
                sum.iter_mut().zip(product).for_each(|(sum, product)| *sum ^= product);
            }
        }
        let a: Vec<_> = a.iter().map(Vec::as_slice).collect();
        let b: Vec<_> = b.iter().map(Vec::as_slice).collect();
        let old = sums.clone();
        let mut parts: Vec<_> = sums.iter_mut().map(Vec::as_mut_slice).collect();
        transform.add_products(OldSums::Kept, &mut parts, &a, &b).unwrap();
        assert_eq!(sums, expected, "{backend}");
        let mut parts: Vec<_> = sums.iter_mut().map(Vec::as_mut_slice).collect();
        transform.add_products(OldSums::Dropped, &mut parts, &a, &b).unwrap();
        let without = |(sum, old): (&u64, &u64)| sum ^ old;
        for ((sum, expected), old) in sums.iter().zip(&expected).zip(&old) {
            assert!(sum.iter().copied().eq(expected.iter().zip(old).map(without)), "{backend}");
        }
        let mut parts: Vec<_> = sums.iter_mut().map(Vec::as_mut_slice).collect();
        assert!(transform.add_products(OldSums::Kept, &mut parts, &a, &b[1..]).is_err());
    }
}

#[test]
fn bits_are_reversed() {
    for backend in Backend::available() {
        let transform = Transform::new(backend, 6);
        let bit = |words: &[u64], i: usize| words[i / 64] >> (i % 64) & 1;
        // Two sixteens of words that change places and every number of them between.
        for count in 0..50 {
            let from = words(1, count);
            let mut out = from.clone();
            transform.reverse(&mut out);
            assert!(
                (0..64 * count).all(|i| bit(&out, i) == bit(&from, 64 * count - 1 - i)),
                "{backend} {count}"
            );
        }
    }
}
