//! `diqkd rng`: random number sources.

use std::io::Read;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use diqkd_core::Epsilon;
use diqkd_health::{RngCheck, RngCheckParams, SampleWidth};
use serde_json::{Value, json};

use crate::answer::{Answer, Failure, number};
use crate::input::Input;

/// Random number sources.
#[derive(Debug, Subcommand)]
pub(crate) enum Rng {
    /// SP 800-90B estimators, continuous tests and bias of a recording, one sample a byte.
    Check(Check),
}

#[derive(Debug, Args)]
pub(crate) struct Check {
    /// The samples, one a byte; `-` is standard input.
    file: PathBuf,
    /// Width of a sample in bits, 1 to 8.
    #[arg(long, value_name = "N", default_value_t = 1)]
    bits_per_sample: u32,
}

impl Rng {
    pub(crate) fn run(self) -> Result<Answer, Failure> {
        let Self::Check(Check { file, bits_per_sample }) = self;
        let width = SampleWidth::new(bits_per_sample)
            .map_err(|e| Failure::usage("--bits-per-sample is out of range", e))?;
        let epsilon =
            |log2| Epsilon::from_log2(log2).map_err(|e| Failure::because("epsilon out of range", e));
        let params = RngCheckParams {
            bits_per_sample: width,
            claimed_h_min: f64::from(bits_per_sample),
            alpha: epsilon(-20.0)?,
            eps_bias: Epsilon::new(0.01).map_err(|e| Failure::because("epsilon out of range", e))?,
        };
        let named = |what: &str| format!("{}: {what}", file.display());
        let refused = |e| Failure::because(named("not a recording of such samples"), e);
        let mut input = Input::open(&file)?;
        let mut check = RngCheck::new(params).map_err(refused)?;
        let mut buffer = vec![0; 1 << 16];
        loop {
            let read = input.read(&mut buffer).map_err(|e| Failure::because(named("can't be read"), e))?;
            if read == 0 {
                break;
            }
            check.push(&buffer[..read]).map_err(refused)?;
        }
        let report = check.finish().map_err(refused)?;
        let estimators: Vec<Value> = report
            .estimate
            .estimators
            .iter()
            .map(|e| json!({ "name": e.estimator.name(), "reading": format!("{:?}", e.reading), "h_min": number(Some(e.h_min)) }))
            .collect();
        let mut lines = vec![
            format!("samples       {} of {bits_per_sample} bits", report.samples),
            format!("min-entropy   {:.6} bits a sample", report.min_entropy()),
        ];
        for e in &report.estimate.estimators {
            lines.push(format!("              {:>9.6}  {} ({:?})", e.h_min, e.estimator.name(), e.reading));
        }
        lines.push(format!(
            "continuous    {} repetition alarms, {} proportion alarms",
            report.rct.count, report.apt.count
        ));
        lines.push(format!(
            "bias          {:.6}, at most {:.6} with 99 % confidence",
            report.bias.estimate, report.bias.upper
        ));
        Ok(Answer::new(
            lines.join("\n"),
            json!({
                "samples": report.samples,
                "min_entropy": report.min_entropy(),
                "estimators": estimators,
                "rct_alarms": report.rct.count,
                "apt_alarms": report.apt.count,
                "bias": report.bias.estimate,
                "bias_upper": report.bias.upper,
            }),
        ))
    }
}
