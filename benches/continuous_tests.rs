//! How many bits a second does one core put through the repetition count and adaptive proportion tests? And the watch
//! around them, which adds the bias?

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group};
use diqkd_health::{AlarmBudget, Cutoffs, Monitor, RandomnessLimits, RandomnessWatch, SampleWidth};

const WORDS: usize = 1 << 18;

fn continuous_tests(c: &mut Criterion) {
    let mut state = 0x9e37_79b9_7f4a_7c15u64;
    let words: Vec<u64> = (0..WORDS)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state
        })
        .collect();
    let budget = AlarmBudget { alarms_per_year: 1.0, samples_per_second: 1e9 };
    let alpha = budget.alpha().expect("a budget");
    let mut group = c.benchmark_group("continuous tests");
    group.throughput(Throughput::Elements(64 * WORDS as u64)).sample_size(20);
    group.bench_function("words", |bench| {
        let mut monitor = Monitor::new(Cutoffs::new(SampleWidth::BIT, 1.0, alpha).expect("a claim"));
        bench.iter(|| {
            for &word in black_box(&words) {
                monitor.push_word(word);
            }
            monitor.rct().count + monitor.apt().count
        });
    });
    group.bench_function("words, with bias", |bench| {
        let limits = RandomnessLimits { h_min: 1.0, tau: 1e-3, budget };
        let mut watch = RandomnessWatch::new(limits).expect("limits");
        bench.iter(|| watch.push_words(black_box(&words)).len());
    });
    group.bench_function("bit by bit", |bench| {
        let mut monitor = Monitor::new(Cutoffs::new(SampleWidth::BIT, 1.0, alpha).expect("a claim"));
        bench.iter(|| {
            for &word in black_box(&words) {
                (0..64).for_each(|i| monitor.push((word >> i & 1) as u8));
            }
            monitor.rct().count + monitor.apt().count
        });
    });
    group.finish();
}

criterion_group!(benches, continuous_tests);

fn main() {
    diqkd_benches::record::run("continuous_tests", benches);
}
