//! Has a stage become slower? One figure a stage, held against a limit.
//!
//! ```sh
//! cargo bench -p diqkd-benches --bench guard
//! ```
//!
//! A stage's time is divided by that of plain integer arithmetic measured in turn with it, so that the speed of the
//! machine cancels; on Linux it is processor time, of one thread, so that what else runs hardly counts. The limits are two to five times
//! what an AMD EPYC takes; a processor without AVX2 and PCLMULQDQ is not judged. The loss of a vector kernel or of an
//! algorithm goes beyond them. Ends with status 1 beyond a limit. Without `--bench` (as `cargo test` runs it) every stage runs once and nothing is judged.

use std::hint::black_box;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use diqkd_amplify::{Family, Plan};
use diqkd_auth::{KeyPool, Signer};
use diqkd_bell::Counts;
use diqkd_gf2::{Bits, bits_from_words};
use diqkd_reconcile::bench::random_pair;
use diqkd_reconcile::{Decoder, DesignOptions, Encoder, ErrorClass, Scheme};

/// A stage: what it does, the most it may take in units of the yardstick, and how to do it once.
struct Stage {
    name: &'static str,
    limit: f64,
    /// How often, to last about as long as the yardstick.
    times: u32,
    run: Box<dyn FnMut()>,
}

fn main() -> ExitCode {
    diqkd_benches::on_one_thread();
    let asked = std::env::args().any(|argument| argument == "--bench");
    let judge = asked && has_vectors();
    if asked && !judge {
        println!("not judged: this processor lacks AVX2 or PCLMULQDQ, and the limits are for those");
    }
    let mut slow = false;
    for mut stage in [tally(), encode(), decode(), amplify(), authenticate()] {
        let mut ratio = stage.ratio(if judge { 15 } else { 1 });
        // A disturbance passes, a slower stage stays.
        for _ in 0..2 {
            if judge && ratio > stage.limit {
                ratio = ratio.min(stage.ratio(15));
            }
        }
        let beyond = judge && ratio > stage.limit;
        slow |= beyond;
        println!(
            "{}: {ratio:.2} yardsticks, limit {}{}",
            stage.name,
            stage.limit,
            if beyond { ": TOO SLOW" } else { "" }
        );
    }
    if slow { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

impl Stage {
    /// Its time over that of the yardstick, measured in turn so many times.
    fn ratio(&mut self, times: u32) -> f64 {
        let (mut stage, mut unit) = (Duration::ZERO, Duration::ZERO);
        for _ in 0..times {
            stage += time(|| (0..self.times).for_each(|_| (self.run)()));
            unit += time(yardstick);
        }
        stage.as_secs_f64() / unit.as_secs_f64().max(1e-9)
    }
}

fn has_vectors() -> bool {
    #[cfg(target_arch = "x86_64")]
    let found = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("pclmulqdq");
    #[cfg(not(target_arch = "x86_64"))]
    let found = false;
    found
}

fn time(work: impl FnOnce()) -> Duration {
    let start = (Instant::now(), processor_time());
    work();
    match (start.1, processor_time()) {
        (Some(before), Some(after)) => after.saturating_sub(before),
        _ => start.0.elapsed(),
    }
}

/// Of all threads of this process, where Linux tells it.
fn processor_time() -> Option<Duration> {
    let mut sum = 0;
    for thread in std::fs::read_dir("/proc/self/task").ok()? {
        let told = std::fs::read_to_string(thread.ok()?.path().join("schedstat")).ok()?;
        sum += told.split(' ').next()?.parse::<u64>().ok()?;
    }
    Some(Duration::from_nanos(sum))
}

/// A chain of 2^25 multiplications: some tens of milliseconds on any machine.
fn yardstick() {
    let mut state = black_box(1u64);
    for i in 0..1u64 << 25 {
        state = (state ^ i).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
    black_box(state);
}

fn tally() -> Stage {
    const TRIALS: usize = 1 << 24;
    let columns = [1, 2, 3, 4].map(|seed| words(TRIALS / 64, seed));
    let run = Box::new(move || {
        let [x, y, a, b] = &columns;
        let _ = black_box(Counts::tally(black_box(x), y, a, b, TRIALS));
    });
    Stage { name: "tally of 2^24 trials", limit: 2.5, times: 8, run }
}

fn code() -> (Scheme, Bits, Bits) {
    let class = ErrorClass { fraction: 1.0, error_probability: 0.05 };
    let options = DesignOptions { leak_rate: Some(0.338), ..DesignOptions::default() };
    let scheme = Scheme::design(FRAME as u64, &[class], &options).expect("a usual frame");
    let (alice, bob) = random_pair(FRAME, 0.05, 1);
    (scheme, alice, bob)
}

fn encode() -> Stage {
    let (scheme, alice, _) = code();
    let encoder = Encoder::new(&scheme);
    let run = Box::new(move || {
        let _ = black_box(encoder.syndrome(black_box(&alice)));
    });
    Stage { name: "syndromes of 16,384 bits", limit: 2.5, times: 1000, run }
}

fn decode() -> Stage {
    let (scheme, alice, bob) = code();
    let syndrome = Encoder::new(&scheme).syndrome(&alice).expect("the right length");
    let class = Bits::repeat(false, FRAME);
    let mut decoder = Decoder::new(&scheme);
    let run = Box::new(move || {
        let _ = black_box(decoder.decode(black_box(&bob), &class, &syndrome));
    });
    Stage { name: "frames of 16,384 bits decoded at QBER 5 %, f 1.18", limit: 2.5, times: 80, run }
}

fn amplify() -> Stage {
    let plan = Plan::uncertified(INPUT, INPUT / 2, Family::Toeplitz).expect("both lengths are positive");
    let input = bits_from_words(&words(INPUT.div_ceil(64), 5), INPUT);
    let seed_bits = INPUT + INPUT / 2 - 1;
    let seed = bits_from_words(&words(seed_bits.div_ceil(64), 6), seed_bits);
    let (mut scratch, mut output) = (plan.scratch(), Bits::new());
    let run = Box::new(move || {
        let _ = black_box(plan.hash(black_box(&input), &seed, &mut scratch, &mut output));
    });
    Stage { name: "1e6 bits hashed to half", limit: 2.5, times: 64, run }
}

fn authenticate() -> Stage {
    let message: Vec<u8> = words(1 << 17, 7).into_iter().flat_map(u64::to_le_bytes).collect();
    let run = Box::new(move || {
        let mut signer = Signer::new([3; 16].into(), KeyPool::new(vec![9; 16]));
        let _ = black_box(signer.sign(black_box(&message)));
    });
    Stage { name: "1 MiB authenticated", limit: 2.5, times: 300, run }
}

fn words(count: usize, seed: u64) -> Vec<u64> {
    let mut state = seed;
    let next = |_| {
        state = (state ^ state >> 31).wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(seed);
        state ^ state >> 29
    };
    (0..count).map(next).collect()
}

const FRAME: usize = 16_384;
const INPUT: usize = 1_000_000;
