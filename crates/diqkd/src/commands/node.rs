//! `diqkd node`: one site, left running.

mod check;
mod log;

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use diqkd_core::Epsilon;
use diqkd_node::site::{self, SiteEnd, Summary};
use diqkd_node::{Config, Control, NodeError};
use serde_json::json;

use crate::answer::{Answer, Failure};
use crate::console::Console;
use log::LogFormat;

/// Exit status: 0 stopped as asked (SIGTERM and SIGINT finish the running blocks first, a second one gives them up), 1 the
/// configuration, a file or an address can't be used, 3 the parameters certify no key or the peer's differ. SIGHUP reads the
/// configuration again. The log is on standard error.
#[derive(Debug, Args)]
pub(crate) struct Node {
    /// The configuration, in TOML; every field is explained in docs/node.md.
    #[arg(long, value_name = "FILE.toml")]
    config: PathBuf,
    /// Say how the configuration is understood, with its digest, and stop.
    #[arg(long)]
    check: bool,
    /// Stop after so many blocks that gave a key.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    blocks: Option<u64>,
    /// How the log is written: text, json.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    log: LogFormat,
}

impl Node {
    pub(crate) fn run(self, console: &Console) -> Result<Answer, Failure> {
        let config = Config::load(&self.config)
            .map_err(|e| Failure::because("the configuration can't be used; nothing was started", e))?;
        if self.check {
            return check::answer(&config);
        }
        let level = log::start(self.log)?;
        let control = Arc::new(Control::default());
        control
            .follow_signals()
            .map_err(|e| Failure::because("the signals of the process can't be followed", e))?;
        let ending = site::run(config, self.blocks, &control, &|tunables| level.set(tunables.log_level));
        answer(ending.map_err(failed)?, console)
    }
}

fn failed(error: NodeError) -> Failure {
    Failure::because("the node failed", error)
}

fn answer(end: SiteEnd, console: &Console) -> Result<Answer, Failure> {
    match end {
        SiteEnd::Done(Summary {
            blocks,
            aborted,
            rounds,
            key_bits,
            elapsed,
            sessions,
            eps_spent,
            eps_total,
        }) => {
            let seconds = elapsed.as_secs_f64();
            let rounds_per_s = rounds as f64 / seconds.max(1e-9);
            let budget = eps_total.zip(eps_spent).map_or_else(String::new, |(total, spent)| {
                format!("\n{sessions} sessions under this pre-shared key have spent {spent} of {total}")
            });
            let text = format!(
                "{blocks} blocks with key, {aborted} without\n{key_bits} certified bits from {rounds} rounds\n\
                 {seconds:.1} s, {rounds_per_s:.0} rounds/s{budget}"
            );
            // A daemon has nothing to say on standard output unless it is asked for an object.
            let text = if console.is_json() { text } else { format!("stopped: {text}") };
            let json = json!({
                "blocks": blocks, "aborted": aborted, "rounds": rounds, "key_bits": key_bits,
                "seconds": seconds, "rounds_per_s": rounds_per_s,
                "sessions": sessions,
                "eps_sound_spent": eps_spent.map_or(0.0, Epsilon::probability),
                "eps_sound_budget": eps_total.map(Epsilon::probability),
            });
            Ok(Answer::new(text, json))
        }
        SiteEnd::Refused { abort, field: None } => Ok(Answer::refused(
            format!("no key from these parameters: {abort}"),
            json!({}),
            abort.reason(),
            [abort.observed(), abort.threshold()],
        )),
        SiteEnd::Refused { abort, field: Some((field, ours, theirs)) } => Ok(Answer::refused(
            format!(
                "the sites differ in {field}: {ours} here, {theirs} there; make both alike and start again"
            ),
            json!({ "field": field, "ours": ours, "theirs": theirs }),
            abort.reason(),
            [None, None],
        )),
    }
}
