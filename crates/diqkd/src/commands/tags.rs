//! `diqkd tags`: time-tag recordings.

mod dump;
mod info;

use clap::Subcommand;

use crate::answer::{Answer, Failure};
use crate::console::Console;

/// Look into time-tag recordings.
#[derive(Debug, Subcommand)]
pub(crate) enum Tags {
    /// Format, header and counts of a recording.
    Info(info::Info),
    /// The tags as CSV: time_ps,channel.
    Dump(dump::Dump),
}

impl Tags {
    pub(crate) fn run(self, console: &Console) -> Result<Answer, Failure> {
        match self {
            Self::Info(info) => info.run(),
            Self::Dump(dump) => dump.run(console),
        }
    }
}
