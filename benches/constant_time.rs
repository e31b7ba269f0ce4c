//! Does anything that takes secrets take longer for one secret than for another?
//!
//! ```sh
//! cargo bench -p diqkd-benches --bench constant_time
//! ```
//!
//! Two classes of secrets, drawn in random order into one and the same buffer; Welch's t of their times, without the slowest
//! tenth, which is what else runs on the machine (the method of O. Reparaz, J. Balasch, I. Verbauwhede, "Dude, is my code
//! constant time?", DATE 2017). Beyond 4.5 the times differ, once in 10^5 by chance. The last line is a comparison that stops at the
//! first difference, to show that the method sees one. Without `--bench` (as `cargo test` runs it) everything runs a few times.

use std::hint::black_box;
use std::time::Instant;

use diqkd_amplify::{Family, Plan};
use diqkd_auth::{KeyPool, Tag, VerificationHash, Verifier};
use diqkd_gf2::{Bits, bits_from_words};

fn main() {
    diqkd_benches::on_one_thread();
    let runs = if std::env::args().any(|argument| argument == "--bench") { 1.0 } else { 0.001 };
    println!("what: t (classes; times measured)");
    tags(runs);
    a_message_that_is_refused(runs);
    verification_keys(runs);
    verification_strings(runs);
    privacy_amplification(runs);
    control(runs);
}

/// Prepares the buffer for a class, then does what is measured.
fn measure(
    name: &str,
    classes: &str,
    times: f64,
    mut prepare: impl FnMut(bool, &mut Noise),
    mut run: impl FnMut(),
) {
    let times = (times as usize).max(16);
    let mut noise = Noise(0x9e37_79b9_7f4a_7c15);
    let mut found: [Vec<f64>; 2] = [Vec::new(), Vec::new()];
    for _ in 0..times {
        let class = noise.next() >> 63 == 1;
        prepare(class, &mut noise);
        let started = Instant::now();
        run();
        found[usize::from(class)].push(started.elapsed().as_nanos() as f64);
    }
    let mut all: Vec<f64> = found.iter().flatten().copied().collect();
    all.sort_by(f64::total_cmp);
    let most = all[all.len() * 9 / 10];
    let [a, b] = found.map(|times| moments(times.into_iter().filter(|time| *time <= most)));
    let t = (a.mean - b.mean) / (a.variance / a.count + b.variance / b.count).sqrt();
    println!("{name}: {t:.2} ({classes}; {times})");
}

struct Moments {
    count: f64,
    mean: f64,
    variance: f64,
}

fn moments(values: impl Iterator<Item = f64>) -> Moments {
    let (mut count, mut mean, mut sum) = (0.0, 0.0, 0.0);
    for value in values {
        count += 1.0;
        let before = value - mean;
        mean += before / count;
        sum += before * (value - mean);
    }
    Moments { count, mean, variance: sum / (count - 1.0) }
}

/// xorshift64*; the order of classes and the random class need no better.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }
}

/// A buffer that `prepare` writes and `run` reads.
type Shared<T> = std::cell::RefCell<T>;

fn tags(runs: f64) {
    let tag = Tag([7; 16]);
    let other = Shared::new([tag; 64]);
    let prepare = |last: bool, _: &mut Noise| {
        *other.borrow_mut() = [tag; 64].map(|Tag(mut bytes)| {
            bytes[if last { 15 } else { 0 }] ^= 1;
            Tag(bytes)
        });
    };
    measure("64 tags compared", "first byte differs, last byte", 200_000.0 * runs, prepare, || {
        for other in black_box(&other).borrow().iter() {
            black_box(black_box(&tag) == other);
        }
    });
}

fn a_message_that_is_refused(runs: f64) {
    let message = [3; 256];
    let pads = || KeyPool::new(vec![5; 16]);
    let genuine = diqkd_auth::Signer::new([9; 16].into(), pads()).sign(&message).map(|(_, tag)| tag.0);
    let genuine = genuine.expect("there is a pad");
    let mut verifier = Verifier::new([9; 16].into(), pads());
    let forged = Shared::new(Tag(genuine));
    let prepare = |last: bool, _: &mut Noise| {
        let mut bytes = genuine;
        bytes[if last { 15 } else { 0 }] ^= 1;
        *forged.borrow_mut() = Tag(bytes);
    };
    measure(
        "a forged message",
        "first byte of the tag differs, last byte",
        200_000.0 * runs,
        prepare,
        || {
            let refused = verifier.verify(0, black_box(&message), &forged.borrow());
            assert!(black_box(refused).is_err());
        },
    );
}

fn verification_keys(runs: f64) {
    let string = bits_from_words(&[0x0123_4567_89ab_cdef; 64], 4096);
    let seed = Shared::new([0; 16]);
    let prepare = |random: bool, noise: &mut Noise| {
        let words = [noise.next(), noise.next()].map(u64::to_le_bytes).concat();
        seed.borrow_mut()
            .iter_mut()
            .zip(words)
            .for_each(|(byte, word)| *byte = if random { word } else { 0 });
    };
    measure("the polynomial hash, 4096 bits", "key zero, random", 50_000.0 * runs, prepare, || {
        let hash = VerificationHash::new(*seed.borrow(), 64).expect("a length that is allowed");
        black_box(hash.hash(black_box(&string)));
    });
}

fn verification_strings(runs: f64) {
    const BITS: usize = 100_000;
    let hash = VerificationHash::new([0x5a; 16], 64).expect("a length that is allowed");
    let string = Shared::new(Bits::repeat(false, BITS));
    let prepare = |random: bool, noise: &mut Noise| fill(&mut string.borrow_mut(), random, noise);
    measure("the polynomial hash, 100000 bits", "string zero, random", 20_000.0 * runs, prepare, || {
        black_box(hash.hash(&string.borrow()));
    });
}

fn privacy_amplification(runs: f64) {
    const BITS: usize = 100_000;
    let plan = Plan::uncertified(BITS, BITS / 2, Family::Toeplitz).expect("both lengths are positive");
    let mut noise = Noise(1);
    let mut seed = Bits::repeat(false, plan.seed_bits());
    fill(&mut seed, true, &mut noise);
    let string = Shared::new(Bits::repeat(false, BITS));
    let (mut scratch, mut key) = (plan.scratch(), Bits::with_capacity(BITS));
    let prepare = |random: bool, noise: &mut Noise| fill(&mut string.borrow_mut(), random, noise);
    measure("the Toeplitz hash, 100000 bits to half", "string zero, random", 5_000.0 * runs, prepare, || {
        plan.hash(&string.borrow(), &seed, &mut scratch, &mut key).expect("the lengths fit");
        black_box(&key);
    });
}

fn control(runs: f64) {
    let one = [7u8; 1024];
    let other = Shared::new(one);
    let prepare = |last: bool, _: &mut Noise| {
        *other.borrow_mut() = one;
        other.borrow_mut()[if last { 1023 } else { 0 }] ^= 1;
    };
    measure(
        "a comparison that stops early",
        "first byte differs, last byte",
        20_000.0 * runs,
        prepare,
        || {
            black_box(one.iter().zip(other.borrow().iter()).all(|(a, b)| black_box(a) == black_box(b)));
        },
    );
}

fn fill(bits: &mut Bits, random: bool, noise: &mut Noise) {
    for word in bits.as_raw_mut_slice() {
        let drawn = noise.next();
        *word = if random { drawn } else { 0 };
    }
    let len = bits.len();
    if let Some(last) = bits.as_raw_mut_slice().last_mut().filter(|_| !len.is_multiple_of(64)) {
        *last &= (1 << (len % 64)) - 1;
    }
}
