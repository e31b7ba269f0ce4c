//! `diqkd demo`: the main job, with simulated stations.

mod progress;
mod report;

use std::path::PathBuf;

use clap::Args;
use diqkd_core::Epsilon;
use diqkd_entropy::Theorem;
use diqkd_node::demo::{DemoOptions, run};
use diqkd_sim::{Experiment, Preset, Strategy};
use serde_json::json;

use crate::answer::{Answer, Failure};
use crate::commands::fault_args::FaultArgs;
use crate::console::Console;
use progress::Bars;

#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// Rounds of the block.
    #[arg(long, value_name = "N", default_value_t = 1_500_000)]
    rounds: u64,
    /// Whose parameters: oxford-2022, munich-2022, ustc-2026, photonic.
    #[arg(long, value_name = "NAME", default_value = "oxford-2022")]
    preset: Preset,
    /// Replay a run; without it the operating system's randomness is used.
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Who runs the devices: honest, lhv, lhv-memory, biased-settings, detection-loophole, faked-state, coincidence-time, abort-leak, known-hash, collective.
    #[arg(long, value_name = "NAME", default_value = "honest")]
    attack: Strategy,
    #[command(flatten)]
    faults: FaultArgs,
    /// Total soundness, as 1e-10 or 2^-64.
    #[arg(long, value_name = "E", default_value = "1e-10")]
    eps_sound: Epsilon,
    /// The accumulation theorem: reat, reat-basic, df19, df19-fixed, geat, eat2018.
    #[arg(long, value_name = "NAME", default_value = "reat")]
    theorem: Theorem,
    /// Where the two key stores are written.
    #[arg(long, value_name = "DIR", default_value = "diqkd-demo")]
    out: PathBuf,
}

impl Demo {
    pub(crate) fn run(self, console: &Console) -> Result<Answer, Failure> {
        if self.rounds == 0 {
            return Err(Failure::Usage {
                what: "--rounds is 0, expected at least 1".to_owned(),
                source: None,
            });
        }
        let faults = self.faults.faults(Experiment::new(self.preset, self.rounds, 0).expected_slots())?;
        let failing: Vec<String> = faults.iter().map(ToString::to_string).collect();
        let options = DemoOptions {
            preset: self.preset,
            rounds: self.rounds,
            seed: self.seed,
            strategy: self.attack,
            faults,
            eps_sound: self.eps_sound,
            theorem: self.theorem,
            out: self.out,
        };
        let bars = Bars::new(console, options.rounds);
        let ending = run(&options, &bars).map_err(|e| Failure::because("the demo failed", e))?;
        bars.finish();
        let mut answer = report::answer(&ending)?;
        answer.json.insert("faults".to_owned(), json!(failing));
        Ok(answer)
    }
}
