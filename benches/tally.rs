//! How many trials a second does one core count? Word-parallel against one trial at a time.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group};
use diqkd_bell::{Counts, TrialColumns};
use diqkd_core::{Outcome, Setting};

const TRIALS: usize = 1 << 24;

fn column(seed: u64) -> Vec<u64> {
    let mut state = seed;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    (0..TRIALS / 64).map(|_| next()).collect()
}

fn tally(c: &mut Criterion) {
    let columns = [1, 2, 3, 4, 5, 6].map(|seed| column(seed * 0x9e37_79b9_7f4a_7c15));
    let [x, y, a, b, y_high, select] = &columns;
    let mut group = c.benchmark_group("tally");
    group.throughput(Throughput::Elements(TRIALS as u64)).sample_size(20);
    group.bench_function("two settings a side", |bench| {
        bench.iter(|| Counts::tally(black_box(x), y, a, b, TRIALS));
    });
    group.bench_function("three settings for Bob, a selection", |bench| {
        let (y_high, select) = (Some(&y_high[..]), Some(&select[..]));
        let columns = TrialColumns { x, x_high: None, y, y_high, a, b, select, len: TRIALS };
        bench.iter(|| Counts::tally_columns(black_box(&columns)));
    });
    group.bench_function("one trial at a time", |bench| {
        bench.iter(|| {
            let mut counts = Counts::new();
            for i in 0..TRIALS {
                let bit = |column: &[u64]| column[i / 64] >> (i % 64) & 1 == 1;
                counts.record(
                    Setting::from_bit(bit(black_box(x))),
                    Setting::from_bit(bit(y)),
                    Outcome::from_bit(bit(a)),
                    Outcome::from_bit(bit(b)),
                );
            }
            counts
        });
    });
    group.finish();
}

criterion_group!(benches, tally);

fn main() {
    diqkd_benches::record::run("tally", benches);
}
