//! Efficiency, frame error rate and speed on random blocks, the same for every method.
//!
//! Nothing here reads a clock: the caller passes one. Blocks run on the threads of the current rayon pool if the
//! feature `rayon` is on; everything in a report except the speeds depends on the seed alone.

mod block;
mod conversation;
mod interval;
mod matrix;
mod method;
mod one_way;
mod report;
mod tally;

use alloc::vec;
use alloc::vec::Vec;
use core::time::Duration;

use crate::class::{ErrorClass, Mixture};
use crate::error::Error;
use crate::options::DesignOptions;

pub use block::random_pair;
pub use interval::fer_interval;
pub use matrix::run_matrix;
pub use method::Method;
pub use report::BenchReport;

/// A clock for speeds: time since any fixed moment.
pub type Clock<'a> = &'a (dyn Fn() -> Duration + Sync);

/// What to measure.
#[derive(Clone, Debug, PartialEq)]
pub struct BenchRequest {
    /// How blocks are reconciled.
    pub method: Method,
    /// Length of a block, bits.
    pub block: u64,
    /// One or two classes of positions. Interactive methods know their mean error probability alone.
    pub classes: Vec<ErrorClass>,
    /// What the decoder is told of the classes.
    pub priors: Priors,
    /// Number of random blocks.
    pub frames: u32,
    /// Replays the same blocks.
    pub seed: u64,
    /// How the scheme is designed; `target_failure` is the frame error rate aimed at.
    pub options: DesignOptions,
    /// The most passes a frame of a one-way scheme or of a matrix, before the second look that frames a few parities from
    /// success get (see [`Decoder::with_max_iterations`](crate::Decoder::with_max_iterations)).
    pub max_iterations: u32,
}

/// What a decoder is told of the classes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Priors {
    /// The error probability of each position's class.
    PerClass,
    /// The mean error probability for every position, to see what the classes are worth.
    Mean,
}

impl BenchRequest {
    /// Random blocks on a binary symmetric channel, reconciled one-way with default options.
    pub fn symmetric(qber: f64, block: u64, frames: u32, seed: u64) -> Self {
        Self {
            method: Method::Ldpc,
            block,
            classes: vec![ErrorClass { fraction: 1.0, error_probability: qber }],
            priors: Priors::PerClass,
            frames,
            seed,
            options: DesignOptions::default(),
            max_iterations: 200,
        }
    }
}

/// Designs what the method needs and measures it.
///
/// # Errors
/// Those of [`Scheme::design`](crate::Scheme::design), [`Cascade`](crate::interactive::Cascade),
/// [`Blind`](crate::interactive::Blind) and [`SymmetricBlind`](crate::interactive::SymmetricBlind).
pub fn run(request: &BenchRequest, now: Clock<'_>) -> Result<BenchReport, Error> {
    let mixture = Mixture::new(&request.classes)?;
    match request.method.interactive(request.block, mixture.mean_error_probability())? {
        Some(scheme) => conversation::run(request, &mixture, &*scheme, now),
        None => one_way::run(request, &mixture, now),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn still() -> Duration {
        Duration::ZERO
    }

    #[test]
    fn a_report_replays_from_its_seed() {
        let request = BenchRequest { max_iterations: 60, ..BenchRequest::symmetric(0.03, 8192, 3, 9) };
        let report = run(&request, &still).unwrap();
        assert_eq!(report, run(&request, &still).unwrap());
        assert!(report.encode_mbit_s.is_none());
        assert!(report.f_ec > report.f_ec_bound && report.f_ec_bound > 1.0);
        assert_eq!(report.leak_bits_mean, report.leak_bits_cap.unwrap() as f64);
        assert_eq!((report.round_trips_mean, report.bob_bits_mean), (1.0, 0.0));
    }

    #[test]
    fn every_interactive_method_reports_without_a_cap() {
        for method in [Method::Cascade, Method::CascadeOriginal, Method::Blind, Method::SymmetricBlind] {
            let request = BenchRequest { method, ..BenchRequest::symmetric(0.05, 10_000, 3, 4) };
            let report = run(&request, &still).unwrap();
            assert_eq!(report, run(&request, &still).unwrap());
            assert_eq!((report.leak_bits_cap, report.fer), (None, 0.0), "{method:?}");
            assert!(report.f_ec > 1.0 && report.f_ec < 1.3, "{method:?}: {}", report.f_ec);
            assert!(report.f_both_ways > report.f_ec && report.round_trips_mean > 1.0, "{method:?}");
        }
    }

    #[test]
    fn a_fixed_leak_rate_is_kept() {
        let mut request = BenchRequest::symmetric(0.03, 16_384, 1, 1);
        request.options.leak_rate = Some(0.3);
        let report = run(&request, &still).unwrap();
        let rate = report.leak_bits_mean / 16_384.0;
        assert!((0.3..0.31).contains(&rate), "{rate}");
    }

    /// Half of the positions err with 10 %, the others never: 0.2345 bits a position with the classes known, 0.2864
    /// without.
    #[test]
    fn two_classes_need_their_priors() {
        let class = |error_probability| ErrorClass { fraction: 0.5, error_probability };
        let mut request = BenchRequest::symmetric(0.0, 65_536, 3, 1);
        request.classes = vec![class(0.0), class(0.1)];
        request.options.leak_rate = Some(0.27);
        request.max_iterations = 100;
        assert_eq!(run(&request, &still).unwrap().fer, 0.0);
        request.priors = Priors::Mean;
        assert_eq!(run(&request, &still).unwrap().fer, 1.0);
    }
}
