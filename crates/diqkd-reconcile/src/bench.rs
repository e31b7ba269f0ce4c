//! Efficiency, frame error rate and speed on random blocks.
//!
//! Nothing here reads a clock: the caller passes one. Blocks run on the threads of the current rayon pool if the
//! feature `rayon` is on; everything in a report except the speeds depends on the seed alone.

mod interval;

use alloc::vec;
use alloc::vec::Vec;
use core::time::Duration;

use diqkd_gf2::{Bits, bits_from_words};

use crate::class::ErrorClass;
use crate::decoder::Decoder;
use crate::encoder::Encoder;
use crate::error::Error;
use crate::options::DesignOptions;
use crate::scheme::Scheme;
use crate::splitmix::SplitMix64;

pub use interval::fer_interval;

/// A clock for speeds: time since any fixed moment.
pub type Clock<'a> = &'a (dyn Fn() -> Duration + Sync);

/// What to measure.
#[derive(Clone, Debug, PartialEq)]
pub struct BenchRequest {
    /// Length of a block, bits.
    pub block: u64,
    /// One or two classes of positions.
    pub classes: Vec<ErrorClass>,
    /// Number of random blocks.
    pub frames: u32,
    /// Replays the same blocks.
    pub seed: u64,
    /// How the scheme is designed; `target_failure` is the frame error rate aimed at.
    pub options: DesignOptions,
    /// The most passes a frame.
    pub max_iterations: u32,
}

impl BenchRequest {
    /// Random blocks on a binary symmetric channel, designed with default options.
    pub fn symmetric(qber: f64, block: u64, frames: u32, seed: u64) -> Self {
        let classes = vec![ErrorClass { fraction: 1.0, error_probability: qber }];
        Self { block, classes, frames, seed, options: DesignOptions::default(), max_iterations: 200 }
    }
}

/// What was measured.
#[derive(Clone, Debug, PartialEq)]
pub struct BenchReport {
    /// 1 less the leak cap per position.
    pub code_rate: f64,
    /// Leak cap over the mean entropy of the errors.
    pub f_ec: f64,
    /// The least f that any code of this length can have at this target failure (normal approximation).
    pub f_ec_bound: f64,
    /// Bits sent for an average block, retries in both directions included.
    pub leak_bits_mean: f64,
    /// The most that can be sent for a block, bits.
    pub leak_bits_cap: u64,
    /// Fraction of blocks that were not reconciled, undetected errors included.
    pub fer: f64,
    /// Lower end of the 95 % confidence interval of `fer`.
    pub fer_low: f64,
    /// Upper end of the 95 % confidence interval of `fer`.
    pub fer_high: f64,
    /// Blocks that converged to a wrong string.
    pub undetected: u32,
    /// Mean passes of a frame's first decoding.
    pub iterations_mean: f64,
    /// Megabits of string encoded a second and thread; `None` if the clock stood still.
    pub encode_mbit_s: Option<f64>,
    /// Megabits of string decoded a second and thread, retries included; `None` if the clock stood still.
    pub decode_mbit_s: Option<f64>,
    /// Blocks measured.
    pub frames: u32,
}

/// Designs a scheme and measures it.
///
/// # Errors
/// Those of [`Scheme::design`].
pub fn run(request: &BenchRequest, now: Clock<'_>) -> Result<BenchReport, Error> {
    let scheme = Scheme::design(request.block, &request.classes, &request.options)?;
    let tally = share_out(request.frames, |first, step| measure(request, &scheme, now, first, step))?;
    Ok(report(request, &scheme, &tally))
}

/// Runs `work(first, step)` for `first` in `0..step`, one per thread, and sums up.
#[cfg(feature = "rayon")]
fn share_out(frames: u32, work: impl Fn(u32, u32) -> Result<Tally, Error> + Sync) -> Result<Tally, Error> {
    use rayon::prelude::*;

    let step = (rayon::current_num_threads() as u32).clamp(1, frames.max(1));
    let tallies: Result<Vec<Tally>, Error> =
        (0..step).into_par_iter().map(|first| work(first, step)).collect();
    Ok(tallies?.into_iter().fold(Tally::default(), Tally::plus))
}

#[cfg(not(feature = "rayon"))]
fn share_out(_: u32, work: impl Fn(u32, u32) -> Result<Tally, Error>) -> Result<Tally, Error> {
    work(0, 1)
}

#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    failed: u32,
    undetected: u32,
    leak_bits: u64,
    iterations: u64,
    encoding: Duration,
    decoding: Duration,
}

impl Tally {
    fn plus(self, other: Self) -> Self {
        Self {
            failed: self.failed + other.failed,
            undetected: self.undetected + other.undetected,
            leak_bits: self.leak_bits + other.leak_bits,
            iterations: self.iterations + other.iterations,
            encoding: self.encoding + other.encoding,
            decoding: self.decoding + other.decoding,
        }
    }
}

fn measure(
    request: &BenchRequest,
    scheme: &Scheme,
    now: Clock<'_>,
    first: u32,
    step: u32,
) -> Result<Tally, Error> {
    let encoder = Encoder::new(scheme);
    let mut decoder = Decoder::new(scheme).with_max_iterations(request.max_iterations);
    let mut tally = Tally::default();
    for i in (first..request.frames).step_by(step as usize) {
        let Block { alice, bob, class } = Block::random(request, i);
        let start = now();
        let syndrome = encoder.syndrome(&alice)?;
        tally.encoding += now().saturating_sub(start);
        tally.leak_bits += syndrome.len() as u64;
        let start = now();
        let mut decoded = decoder.decode(&bob, &class, &syndrome)?;
        tally.iterations += decoded.iterations.iter().map(|&i| u64::from(i)).sum::<u64>();
        if scheme.retry_frames() > 0 {
            tally.leak_bits += u64::from(scheme.frames());
            if let Ok(extra) = encoder.retry(&alice, &decoded.failed) {
                tally.leak_bits += extra.len() as u64;
                decoded = decoder.decode_retry(&bob, &class, &syndrome, &decoded, &extra)?;
            }
        }
        tally.decoding += now().saturating_sub(start);
        tally.failed += u32::from(decoded.estimate != alice);
        tally.undetected += u32::from(decoded.failed.is_empty() && decoded.estimate != alice);
    }
    Ok(tally)
}

/// Alice's and Bob's random strings of `n` bits that differ with probability `qber`.
pub fn random_pair(n: usize, qber: f64, seed: u64) -> (Bits, Bits) {
    let Block { alice, bob, .. } = Block::random(&BenchRequest::symmetric(qber, n as u64, 1, seed), 0);
    (alice, bob)
}

/// Both strings and the class map of one random block.
struct Block {
    alice: Bits,
    bob: Bits,
    class: Bits,
}

impl Block {
    fn random(request: &BenchRequest, index: u32) -> Self {
        let mut rng = SplitMix64::new(request.seed ^ u64::from(index) << 32);
        let n = request.block as usize;
        let mut words = [(); 3].map(|()| Vec::with_capacity(n.div_ceil(64)));
        for start in (0..n).step_by(64) {
            let alice = rng.next();
            let (mut error, mut class) = (0, 0);
            for bit in 0..(n - start).min(64) {
                let second = request.classes.get(1).filter(|second| rng.chance(second.fraction));
                class |= u64::from(second.is_some()) << bit;
                let drawn = second.or(request.classes.first());
                error |= u64::from(drawn.is_some_and(|c| rng.chance(c.error_probability))) << bit;
            }
            for (words, word) in words.iter_mut().zip([alice, alice ^ error, class]) {
                words.push(word);
            }
        }
        let [alice, bob, class] = words.map(|words| bits_from_words(&words, n));
        Self { alice, bob, class }
    }
}

fn report(request: &BenchRequest, scheme: &Scheme, tally: &Tally) -> BenchReport {
    let frames = f64::from(request.frames.max(1));
    let bits = request.block as f64 * f64::from(request.frames);
    let speed = |time: Duration| (!time.is_zero()).then(|| bits / time.as_secs_f64() / 1e6);
    let (fer_low, fer_high) = fer_interval(tally.failed, request.frames);
    let cap = scheme.leak_cap().0;
    BenchReport {
        code_rate: 1.0 - cap as f64 / request.block as f64,
        f_ec: scheme.f_ec(),
        f_ec_bound: scheme.f_ec_bound(request.options.target_failure),
        leak_bits_mean: tally.leak_bits as f64 / frames,
        leak_bits_cap: cap,
        fer: f64::from(tally.failed) / frames,
        fer_low,
        fer_high,
        undetected: tally.undetected,
        iterations_mean: tally.iterations as f64 / frames / f64::from(scheme.frames()),
        encode_mbit_s: speed(tally.encoding),
        decode_mbit_s: speed(tally.decoding),
        frames: request.frames,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_replays_from_its_seed() {
        let request = BenchRequest { max_iterations: 60, ..BenchRequest::symmetric(0.03, 8192, 3, 9) };
        let still = || Duration::ZERO;
        let report = run(&request, &still).unwrap();
        assert_eq!(report, run(&request, &still).unwrap());
        assert!(report.encode_mbit_s.is_none());
        assert!(report.f_ec > report.f_ec_bound && report.f_ec_bound > 1.0);
        assert_eq!(report.leak_bits_mean, report.leak_bits_cap as f64);
    }
}
