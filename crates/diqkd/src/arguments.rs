//! What the command is called with.

use clap::Parser;

use crate::commands::Command;
use crate::commands::help::topic_list;

/// Device-independent quantum key distribution: from time tags to keys, with certificates that can be re-checked.
///
/// Exit status: 0 done, 1 failed, 2 wrong usage, 3 the protocol said no.
#[derive(Debug, Parser)]
#[command(name = "diqkd", version, max_term_width = 100, disable_help_subcommand = true)]
#[command(after_help = format!("Topics: diqkd help TOPIC, where TOPIC is one of {}.", topic_list()))]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    /// Print exactly one JSON object on standard output.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Use at most this many threads where work is parallel.
    #[arg(long, global = true, value_name = "N")]
    pub(crate) threads: Option<std::num::NonZeroUsize>,
}
