//! How much is measured.

use std::time::Instant;

use clap::Args;
use diqkd_node::randomness::Randomness;
use diqkd_reconcile::Error;
use diqkd_reconcile::bench::{BenchReport, BenchRequest, Clock};

use super::point::Point;
use crate::answer::Failure;
use crate::console::Console;

#[derive(Debug, Args)]
pub(super) struct Running {
    /// Number of blocks a point.
    #[arg(long, value_name = "F", value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) frames: u32,
    /// The most passes of the decoder over a frame (default 200, on your own matrix 500); a frame a few parities from
    /// success gets more
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) max_iterations: Option<u32>,
    /// Replays the same blocks.
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
}

impl Running {
    pub(super) fn seed(&self) -> Result<u64, Failure> {
        Ok(match self.seed {
            Some(seed) => seed,
            None => Randomness::from_system()
                .map_err(|e| Failure::because("no randomness; give --seed", e))?
                .seed("reconcile bench"),
        })
    }

    /// Measures point by point.
    pub(super) fn measure(
        &self,
        console: &Console,
        points: Vec<(f64, BenchRequest)>,
        measure: impl Fn(&BenchRequest, Clock<'_>) -> Result<BenchReport, Error> + Sync,
    ) -> Result<Vec<Point>, Failure> {
        let bar = console.bar(points.len() as u64, "points");
        let started = Instant::now();
        let mut measured = Vec::with_capacity(points.len());
        for (qber, request) in points {
            bar.set_message(format!("QBER {qber}, n = {}", request.block));
            let report = measure(&request, &|| started.elapsed())
                .map_err(|e| Failure::usage("no reconciliation for these parameters", e))?;
            let threads = rayon::current_num_threads().min(request.frames as usize);
            measured.push(Point { qber, block: request.block, threads, report });
            bar.inc(1);
        }
        bar.finish_and_clear();
        Ok(measured)
    }
}
