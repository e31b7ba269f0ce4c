//! Every alarm twice: a fault raises it soon, with the right cause, date and failure mode; a long honest run raises it
//! no more often than its stated probability allows.

#![expect(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

mod bell;
mod clock;
mod detector;
mod firmware;
mod key;
mod link;
mod randomness;

use diqkd_core::Epsilon;
use diqkd_health::Alarm;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

/// False-alarm probability an update in all tests here.
const ALPHA: f64 = 1e-4;

/// Updates of an honest run: at most [`EXPECTED`] false alarms are expected.
const UPDATES: u64 = 20_000;
const EXPECTED: f64 = ALPHA * UPDATES as f64;

/// A Poisson number of mean 2 exceeds this with probability 2e-7.
const TOLERATED: usize = 13;

fn alpha() -> Epsilon {
    Epsilon::new(ALPHA).unwrap()
}

fn rng(seed: u64) -> StdRng {
    StdRng::seed_from_u64(seed)
}

fn binomial(rng: &mut StdRng, n: u64, p: f64) -> u64 {
    (0..n).map(|_| u64::from(rng.random_bool(p))).sum()
}

fn poisson(rng: &mut StdRng, mean: f64) -> u64 {
    let (mut count, mut time) = (0, 0.0);
    loop {
        time -= (1.0 - rng.random::<f64>()).ln();
        if time > mean {
            return count;
        }
        count += 1;
    }
}

/// A normal deviate of standard deviation 1.
fn normal(rng: &mut StdRng) -> f64 {
    let radius = (-2.0 * (1.0 - rng.random::<f64>()).ln()).sqrt();
    radius * (std::f64::consts::TAU * rng.random::<f64>()).cos()
}

/// Counts the alarms of an honest run, prints them and holds them against the promise.
#[track_caller]
fn stays_quiet(name: &str, alarms: impl IntoIterator<Item = Alarm>) {
    let alarms: Vec<Alarm> = alarms.into_iter().collect();
    println!("{name}: {} false alarms in {UPDATES} updates, at most {EXPECTED} expected", alarms.len());
    assert!(alarms.len() <= TOLERATED, "{alarms:?}");
    assert!(alarms.iter().all(|alarm| alarm.false_alarm == Some(alpha())));
}
