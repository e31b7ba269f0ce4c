//! The `diqkd` command: one composition of the libraries.

mod answer;
mod arguments;
mod commands;
mod console;
mod input;
mod loopholes;
mod numbers;
mod picture;

use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{CommandFactory, FromArgMatches};

use answer::Failure;
use arguments::Arguments;
use commands::help::{example_of, welcome};
use console::Console;

fn main() -> ExitCode {
    let matches = with_negative_values(Arguments::command()).try_get_matches();
    let arguments = match matches.and_then(|matches| Arguments::from_arg_matches(&matches)) {
        Ok(arguments) => arguments,
        Err(error) => return misused(&error),
    };
    if let Some(threads) = arguments.threads {
        // Fails only when a pool exists already, and this is the first line that could make one.
        let _ = rayon::ThreadPoolBuilder::new().num_threads(threads.get()).build_global();
    }
    let console = Console::new(arguments.json);
    let Some(command) = arguments.command else {
        return console.print(&welcome());
    };
    match command.run(&console) {
        Ok(answer) => console.print(&answer),
        Err(failure) => report(&failure),
    }
}

/// Lets `--rounds -5` reach the check of its value, which says what was expected; clap alone takes -5 for an option.
fn with_negative_values(command: clap::Command) -> clap::Command {
    let tolerant = |arg: clap::Arg| {
        let takes_value = !arg.is_positional() && arg.get_action().takes_values();
        if takes_value { arg.allow_negative_numbers(true) } else { arg }
    };
    command.mut_args(tolerant).mut_subcommands(with_negative_values)
}

/// What clap says, and a call that works where something is missing.
fn misused(error: &clap::Error) -> ExitCode {
    // Help and version go to standard output; if that is closed there is nobody to tell.
    let _ = error.print();
    if error.kind() == ErrorKind::MissingRequiredArgument {
        let arguments: Vec<String> = std::env::args().skip(1).collect();
        if let Some(example) = example_of(&arguments) {
            eprintln!("For example: {example}");
        }
    }
    ExitCode::from(if error.use_stderr() { 2 } else { 0 })
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
