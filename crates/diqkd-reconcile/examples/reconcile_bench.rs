//! Measures a scheme: `reconcile_bench [qber=0.0144] [block=100000] [frames=10] [seed=1] [gamma=0] [test=0.165] ...`.

use std::time::Instant;

use diqkd_reconcile::ErrorClass;
use diqkd_reconcile::bench::{BenchRequest, run};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut request = BenchRequest::symmetric(0.0144, 100_000, 10, 1);
    let (mut gamma, mut test) = (0.0, 0.165);
    for arg in std::env::args().skip(1) {
        let (name, value) = arg.split_once('=').ok_or("expected name=value")?;
        let number: f64 = value.parse()?;
        match name {
            "qber" => request.classes[0].error_probability = number,
            "block" => request.block = number as u64,
            "frames" => request.frames = number as u32,
            "seed" => request.seed = number as u64,
            "gamma" => gamma = number,
            "test" => test = number,
            "margin" => request.options.margin = number,
            "failure" => request.options.target_failure = number,
            "frame" => request.options.max_frame_bits = number as u32,
            "iterations" => request.max_iterations = number as u32,
            _ => return Err("unknown name".into()),
        }
    }
    if gamma > 0.0 {
        request.classes[0].fraction = 1.0 - gamma;
        request.classes.push(ErrorClass { fraction: gamma, error_probability: test });
    }
    let start = Instant::now();
    println!("{:#?}", run(&request, &|| start.elapsed())?);
    Ok(())
}
