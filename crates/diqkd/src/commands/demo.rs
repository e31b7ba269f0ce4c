//! `diqkd demo`: the main job, with simulated stations.

mod progress;
mod report;

use std::path::PathBuf;

use clap::Args;
use diqkd_core::{Epsilon, TestProbability};
use diqkd_entropy::Theorem;
use diqkd_node::demo::{DemoOptions, run};
use diqkd_protocol::FlagSource;
use diqkd_sim::{Experiment, Preset, Strategy};
use serde_json::json;

use crate::answer::{Answer, Failure};
use crate::commands::fault_args::FaultArgs;
use crate::commands::keylength::pair;
use crate::console::Console;
use crate::numbers::whole;
use progress::Bars;

#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// Rounds of the block.
    #[arg(long, value_name = "N", value_parser = whole, default_value_t = 1_500_000)]
    rounds: u64,
    /// Instead of flags from a shared seed each site draws its own, up with these probabilities: both up is a test, both down
    /// a key round, others are dropped. --rounds counts kept rounds. Under reat and reat-basic.
    #[arg(long, value_name = "A,B", value_parser = flags)]
    local_flags: Option<FlagSource>,
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
        let flags = self.local_flags.unwrap_or(FlagSource::Expanded);
        let recorded = flags.rounds_to_record(self.rounds);
        let faults = self.faults.faults(Experiment::new(self.preset, recorded, 0).expected_slots())?;
        let failing: Vec<String> = faults.iter().map(ToString::to_string).collect();
        let options = DemoOptions {
            preset: self.preset,
            rounds: self.rounds,
            flags,
            seed: self.seed,
            strategy: self.attack,
            faults,
            eps_sound: self.eps_sound,
            theorem: self.theorem,
            out: self.out,
        };
        let bars = Bars::new(console, recorded);
        let ending = run(&options, &bars).map_err(|e| Failure::because("the demo failed", e))?;
        bars.finish();
        let mut answer = report::answer(&ending)?;
        answer.json.insert("faults".to_owned(), json!(failing));
        Ok(answer)
    }
}

/// Reads the probabilities of both sites' flags.
fn flags(text: &str) -> Result<FlagSource, String> {
    let (alice, bob) = pair(text)?;
    let probability = |p: f64| TestProbability::nearest(p).map_err(|error| error.to_string());
    Ok(FlagSource::Local { alice: probability(alice)?, bob: probability(bob)? })
}
