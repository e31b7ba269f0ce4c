//! `diqkd reconcile`: how well and how fast strings are made equal.

use std::time::Instant;

use clap::{Args, Subcommand};
use diqkd_node::randomness::Randomness;
use diqkd_reconcile::DesignOptions;
use diqkd_reconcile::bench::{BenchReport, BenchRequest, run};
use serde_json::{Value, json};

use crate::answer::{Answer, Failure, number};

/// LDPC reconciliation of random frames.
#[derive(Debug, Subcommand)]
pub(crate) enum Reconcile {
    /// Efficiency, frame error rate and speed on a binary symmetric channel.
    Bench(Bench),
}

#[derive(Debug, Args)]
pub(crate) struct Bench {
    /// Probability that the two copies of a bit differ.
    #[arg(long, value_name = "Q")]
    qber: f64,
    /// Length of a block in bits.
    #[arg(long, value_name = "N")]
    block: u64,
    /// Number of blocks.
    #[arg(long, value_name = "F")]
    frames: u32,
    /// Frame error rate that the code is chosen for.
    #[arg(long, value_name = "P", default_value_t = 0.01)]
    fer_target: f64,
    /// Replays the same blocks.
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
}

impl Reconcile {
    pub(crate) fn run(self) -> Result<Answer, Failure> {
        match self {
            Self::Bench(bench) => bench.run(),
        }
    }
}

impl Bench {
    fn run(self) -> Result<Answer, Failure> {
        let options = DesignOptions { target_failure: self.fer_target, ..DesignOptions::default() };
        let seed = match self.seed {
            Some(seed) => seed,
            None => Randomness::from_system()
                .map_err(|e| Failure::because("no randomness; give --seed", e))?
                .seed("reconcile bench"),
        };
        let request =
            BenchRequest { options, ..BenchRequest::symmetric(self.qber, self.block, self.frames, seed) };
        let started = Instant::now();
        let report = run(&request, &|| started.elapsed())
            .map_err(|e| Failure::usage("no reconciliation for these parameters", e))?;
        Ok(Answer::new(text(&report), json(&report)))
    }
}

fn json(report: &BenchReport) -> Value {
    json!({
        "code_rate": report.code_rate,
        "f_ec": number(Some(report.f_ec)),
        "f_ec_bound": number(Some(report.f_ec_bound)),
        "leak_bits_mean": report.leak_bits_mean,
        "leak_bits_cap": report.leak_bits_cap,
        "fer": report.fer,
        "fer_low": report.fer_low,
        "fer_high": report.fer_high,
        "undetected": report.undetected,
        "iterations_mean": report.iterations_mean,
        "encode_mbit_s": number(report.encode_mbit_s),
        "decode_mbit_s": number(report.decode_mbit_s),
        "frames": report.frames,
    })
}

fn text(report: &BenchReport) -> String {
    let speed = |mbit_s: Option<f64>| mbit_s.map_or("-".to_owned(), |v| format!("{v:.2} Mbit/s a thread"));
    [
        format!("f_ec        {:.4} (normal approximation {:.4})", report.f_ec, report.f_ec_bound),
        format!("code rate   {:.4}", report.code_rate),
        format!("leak        {:.0} bits a block (cap {})", report.leak_bits_mean, report.leak_bits_cap),
        format!(
            "FER         {:.3e}, 95 % from {:.3e} to {:.3e}, {} blocks",
            report.fer, report.fer_low, report.fer_high, report.frames
        ),
        format!("undetected  {}", report.undetected),
        format!("iterations  {:.1}", report.iterations_mean),
        format!("encode      {}", speed(report.encode_mbit_s)),
        format!("decode      {}", speed(report.decode_mbit_s)),
    ]
    .join("\n")
}
