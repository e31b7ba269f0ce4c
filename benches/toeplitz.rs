//! How many Mbit/s of input does Toeplitz hashing take in, against the length n (m = n/2, and longer inputs than twice
//! the output)?
//!
//! Peers in the same run: the plan on every backend, the plan with a prepared seed, and, up to 1e5 bits, the plain way
//! with words, one shifted row added for every input bit that is set. One thread.

use std::hint::black_box;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group};
use diqkd_amplify::{Family, Plan, PreparedSeed};
use diqkd_benches::noise;
use diqkd_gf2::{Backend, Bits, bits_from_words, copy_to_words};

fn toeplitz(c: &mut Criterion) {
    let mut group = c.benchmark_group("toeplitz");
    group.warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(2));
    for (n, m) in [
        (10_000usize, 5_000usize),
        (100_000, 50_000),
        (1_000_000, 500_000),
        (10_000_000, 5_000_000),
        (10_000_000, 100_000),
        (100_000_000, 50_000_000),
        (100_000_000, 1_000_000),
    ] {
        let (input, seed) = (noise(n, 1), noise(n + m - 1, 2));
        group.throughput(Throughput::Bits(n as u64));
        group.sample_size(if n > 100_000 { 10 } else { 20 });
        let name = |engine: &str| BenchmarkId::new(engine, format!("{n}-to-{m}"));

        for backend in Backend::available() {
            if backend == Backend::soft() && n > 100_000 {
                continue;
            }
            let plan =
                Plan::uncertified_on(n, m, Family::Toeplitz, backend).expect("both lengths are positive");
            let mut scratch = plan.scratch();
            let mut output = Bits::new();
            group.bench_function(name(&format!("plan-{backend}")), |b| {
                b.iter(|| plan.hash(black_box(&input), black_box(&seed), &mut scratch, &mut output));
            });
            if backend != Backend::detect() {
                continue;
            }
            println!("n = {n}, m = {m}: {}, {} bytes of scratch", plan.algorithm(), scratch.bytes());
            let prepared = PreparedSeed::new(&plan, &seed, &mut scratch).expect("the seed has its length");
            group.bench_function(name("prepared"), |b| {
                b.iter(|| prepared.hash(black_box(&input), &mut scratch, &mut output));
            });
            if n <= 100_000 {
                assert_eq!(output, shift_and_xor(&input, &seed, m), "the peers disagree");
                group.bench_function(name("shift-and-xor"), |b| {
                    b.iter(|| shift_and_xor(black_box(&input), black_box(&seed), m));
                });
            }
        }
    }
    group.finish();
}

/// `y` is the sum of the windows of `t` that begin at bit `n-1-j`, over the `j` with `x_j = 1`.
fn shift_and_xor(input: &Bits, seed: &Bits, m: usize) -> Bits {
    let words = m.div_ceil(64);
    let mut t = vec![0; seed.len().div_ceil(64) + 1];
    copy_to_words(seed, &mut t, 0);
    let mut y = vec![0; words];
    for j in input.iter_ones() {
        let from = input.len() - 1 - j;
        let (word, shift) = (from / 64, from % 64);
        for (y, pair) in y.iter_mut().zip(t[word..].windows(2)) {
            *y ^= (u128::from(pair[1]) << 64 | u128::from(pair[0])).wrapping_shr(shift as u32) as u64;
        }
    }
    bits_from_words(&y, m)
}

criterion_group!(benches, toeplitz);

fn main() {
    diqkd_benches::on_one_thread();
    diqkd_benches::record::run("toeplitz", benches);
}
