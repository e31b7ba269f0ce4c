//! How much less time does a Toeplitz hash take on two threads than on one?
//!
//! ```sh
//! cargo bench -p diqkd-benches --bench threads
//! ```
//!
//! Bursts of hashes on pools of one and of two threads in turn, in one process. The first hashes of a burst do not count: a
//! thread that has slept needs some microseconds to begin. Least times say what the code can do, medians what was had
//! while other programs ran. Without `--bench` (as `cargo test` runs it) one burst each shows that it still works.

use std::fmt::Write as _;
use std::hint::black_box;
use std::time::Instant;

use diqkd_amplify::{Family, Plan};
use diqkd_benches::noise;
use diqkd_gf2::{Backend, Bits};
use rayon::{ThreadPool, ThreadPoolBuilder};

fn main() {
    let full = std::env::args().any(|argument| argument == "--bench");
    let pools = [1, 2].map(|n| ThreadPoolBuilder::new().num_threads(n).build().expect("some more threads"));
    let mut table = String::from(
        "Milliseconds, least and median.\n\n| n -> m | backend | one thread | two threads | ratio of least | of medians |\n|---|---|---|---|---|---|\n",
    );
    for (n, m) in [
        (1_000_000usize, 500_000usize),
        (2_000_000, 1_000_000),
        (10_000_000, 5_000_000),
        (100_000_000, 50_000_000),
        (100_000_000, 1_000_000),
    ] {
        if !full && n > 1_000_000 {
            break;
        }
        let (input, seed) = (noise(n, 1), noise(n + m - 1, 2));
        for backend in Backend::available().filter(|backend| *backend != Backend::soft()) {
            let plan =
                Plan::uncertified_on(n, m, Family::Toeplitz, backend).expect("both lengths are positive");
            let rounds = if full { (1_000_000_000 / n).clamp(4, 100) } else { 1 };
            let [one, two] = times(&pools, &plan, &input, &seed, rounds);
            let row = format!(
                "| {n} -> {m} | {backend} | {:.3}, {:.3} | {:.3}, {:.3} | {:.2} | {:.2} |",
                one.least,
                one.median,
                two.least,
                two.median,
                one.least / two.least,
                one.median / two.median
            );
            println!("{row}");
            writeln!(table, "{row}").expect("a string takes everything");
        }
    }
    if full {
        match diqkd_benches::record::keep("threads", &table) {
            Ok(path) => println!("record: {}", path.display()),
            Err(e) => eprintln!("no record of this run was written: {e}"),
        }
    }
}

/// Milliseconds.
struct Times {
    least: f64,
    median: f64,
}

fn times(pools: &[ThreadPool; 2], plan: &Plan, input: &Bits, seed: &Bits, rounds: usize) -> [Times; 2] {
    let (mut scratch, mut output, mut expected) = (plan.scratch(), Bits::new(), None);
    let burst = (20_000_000 / plan.in_bits()).clamp(2, 20);
    let mut milliseconds = [const { Vec::new() }; 2];
    for _ in 0..rounds {
        for (pool, milliseconds) in pools.iter().zip(&mut milliseconds) {
            pool.install(|| {
                for i in 0..burst + SKIPPED {
                    let start = Instant::now();
                    plan.hash(black_box(input), black_box(seed), &mut scratch, &mut output)
                        .expect("all lengths are the plan's");
                    if i >= SKIPPED {
                        milliseconds.push(start.elapsed().as_secs_f64() * 1e3);
                    }
                }
            });
            assert_eq!(
                &output,
                expected.get_or_insert_with(|| output.clone()),
                "the bits depend on the threads"
            );
        }
    }
    milliseconds.map(|mut all| {
        all.sort_by(f64::total_cmp);
        Times { least: all[0], median: all[all.len() / 2] }
    })
}

/// Hashes at the beginning of a burst that do not count.
const SKIPPED: usize = 2;
