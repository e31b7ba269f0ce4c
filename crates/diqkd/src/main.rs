//! The `diqkd` command: one composition of the libraries.

mod answer;
mod commands;
mod console;
mod input;
mod loopholes;

use std::process::ExitCode;

use clap::Parser;

use answer::Failure;
use commands::Command;
use console::Console;

/// Device-independent quantum key distribution: from time tags to keys, with certificates that can be re-checked.
///
/// Exit status: 0 done, 1 failed, 2 wrong usage, 3 the protocol said no.
#[derive(Debug, Parser)]
#[command(name = "diqkd", version, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
    /// Print exactly one JSON object on standard output.
    #[arg(long, global = true)]
    json: bool,
    /// Use at most this many threads where work is parallel.
    #[arg(long, global = true, value_name = "N")]
    threads: Option<std::num::NonZeroUsize>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if let Some(threads) = arguments.threads {
        // Fails only when a pool exists already, and this is the first line that could make one.
        let _ = rayon::ThreadPoolBuilder::new().num_threads(threads.get()).build_global();
    }
    let console = Console::new(arguments.json);
    match arguments.command.run(&console) {
        Ok(answer) => console.print(&answer),
        Err(failure) => report(&failure),
    }
}

fn report(failure: &Failure) -> ExitCode {
    eprintln!("error: {failure}");
    let mut cause = std::error::Error::source(failure);
    while let Some(inner) = cause {
        eprintln!("  because: {inner}");
        cause = inner.source();
    }
    failure.exit_code()
}
