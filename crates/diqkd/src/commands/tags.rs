//! `diqkd tags`: time-tag recordings.

mod correlate;
mod dump;
mod events;
mod index;
mod info;
mod reading;
mod sync;
mod trials;

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
    /// An index beside a recording, so that `dump` reads a range of times without what lies before it.
    Index(index::Index),
    /// Clock offset and drift between two recordings, from their photons alone.
    Sync(sync::Sync),
    /// A trial table from the recordings of two stations and a slot rule.
    Trials(trials::Trials),
    /// Coincidences of two recordings, for diagnostics.
    Correlate(correlate::Correlate),
}

#[cfg(fuzzing)]
pub(crate) use trials::fuzz as fuzz_trials;

impl Tags {
    pub(crate) fn run(self, console: &Console) -> Result<Answer, Failure> {
        match self {
            Self::Info(info) => info.run(),
            Self::Dump(dump) => dump.run(console),
            Self::Index(index) => index.run(),
            Self::Sync(sync) => sync.run(),
            Self::Trials(trials) => trials.run(),
            Self::Correlate(correlate) => correlate.run(),
        }
    }
}
