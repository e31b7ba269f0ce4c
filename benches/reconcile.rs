//! How fast does reconciliation encode and decode on one core? Speed alone: efficiency and error rates are the
//! business of `reconcile_accuracy`.
//!
//! ```sh
//! cargo bench -p diqkd-benches --bench reconcile
//! ```

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group};
use diqkd_reconcile::bench::random_pair;
use diqkd_reconcile::interactive::{Blind, Cascade, Interactive, SymmetricBlind, converse};
use diqkd_reconcile::{Bits, Decoder, DesignOptions, Encoder, ErrorClass, Scheme};

/// One-way codes, by length and noise; the code is the one for one block in a hundred lost.
fn one_way(c: &mut Criterion) {
    let mut group = c.benchmark_group("one-way");
    group.sample_size(10);
    for (n, qber) in [(16_384, 0.02), (65_536, 0.02), (65_536, 0.05), (1_000_000, 0.02)] {
        let class = ErrorClass { fraction: 1.0, error_probability: qber };
        let scheme = Scheme::design(n as u64, &[class], &DesignOptions::default()).expect("a usual block");
        let (alice, bob) = random_pair(n, qber, 1);
        let encoder = Encoder::new(&scheme);
        let syndrome = encoder.syndrome(&alice).expect("the right length");
        let class = Bits::repeat(false, n);
        let mut decoder = Decoder::new(&scheme);
        let label = format!("n {n}, QBER {qber}, f {:.3}", scheme.f_ec());
        group.throughput(Throughput::Elements(n as u64));
        group.bench_function(format!("encode/{label}"), |b| b.iter(|| encoder.syndrome(black_box(&alice))));
        group.bench_function(format!("decode/{label}"), |b| {
            b.iter(|| decoder.decode(black_box(&bob), &class, &syndrome));
        });
    }
    group.finish();
}

/// Both ends of interactive schemes.
fn interactive(c: &mut Criterion) {
    const N: usize = 10_000;
    let mut group = c.benchmark_group("interactive");
    group.sample_size(10).throughput(Throughput::Elements(N as u64));
    let qber = 0.05;
    let expect = "a usual block";
    let schemes: [(&str, Box<dyn Interactive>); 4] = [
        ("cascade-original", Box::new(Cascade::original(N as u64, qber, 1).expect(expect))),
        ("cascade", Box::new(Cascade::modified(N as u64, qber, 1).expect(expect))),
        ("blind", Box::new(Blind::design(N as u64, qber).expect(expect))),
        ("symmetric-blind", Box::new(SymmetricBlind::design(N as u64, qber).expect(expect))),
    ];
    let (alice, bob) = random_pair(N, qber, 1);
    for (name, scheme) in schemes {
        group.bench_function(name, |b| {
            b.iter(|| {
                let mut alice = scheme.alice(black_box(&alice)).expect("the right length");
                converse(&mut *alice, scheme.bob(&bob).expect("the right length"))
            });
        });
    }
    group.finish();
}

criterion_group!(benches, one_way, interactive);

fn main() {
    diqkd_benches::record::run("reconcile", benches);
}
