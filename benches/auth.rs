//! How many bytes a second do the authentication tag and the verification hash take in?
//!
//! Peer in the same run: the `polyval` crate, the same kind of polynomial over the same field.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group};
use diqkd_auth::{KeyPool, Signer, VerificationHash};
use diqkd_gf2::bits_from_bytes;
use polyval::Polyval;
use polyval::universal_hash::UniversalHash;

fn tags(c: &mut Criterion) {
    let mut group = c.benchmark_group("tags");
    for bytes in [1usize << 10, 1 << 16, 1 << 20] {
        let message: Vec<u8> = (0..bytes).map(|i| (i * 167 + i / 251) as u8).collect();
        let bits = bits_from_bytes(&message);
        group.throughput(Throughput::Bytes(bytes as u64));
        group.sample_size(20);
        group.bench_function(BenchmarkId::new("sign", bytes), |b| {
            b.iter_batched(
                || Signer::new([3; 16].into(), KeyPool::new(vec![9; 16])),
                |mut signer| signer.sign(black_box(&message)),
                criterion::BatchSize::SmallInput,
            );
        });
        let hash = VerificationHash::new([7; 16], 64).expect("64 bits are a length");
        group.bench_function(BenchmarkId::new("verification", bytes), |b| {
            b.iter(|| hash.hash(black_box(&bits)));
        });
        group.bench_function(BenchmarkId::new("polyval", bytes), |b| {
            b.iter(|| {
                let mut polyval = Polyval::new(&[5; 16].into());
                polyval.update_padded(black_box(&message));
                polyval.finalize()
            });
        });
    }
    group.finish();
}

criterion_group!(benches, tags);

fn main() {
    diqkd_benches::record::run("auth", benches);
}
