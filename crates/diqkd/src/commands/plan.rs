//! `diqkd plan`: what a setup can hope for.

mod feasibility;
mod picture;
mod rotation;
mod run;
mod table;

use clap::{Args, Subcommand};

use crate::answer::{Answer, Failure};

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(crate) struct Plan {
    #[command(subcommand)]
    question: Option<Question>,
    #[command(flatten)]
    run: Option<run::Run>,
}

#[derive(Debug, Subcommand)]
enum Question {
    /// Key length against the number of rounds, the CHSH value and the error rate.
    Table(table::Table),
    /// Whether a link meets a need: verdict, reasons, and what could be done instead.
    Feasibility(feasibility::Feasibility),
    /// How often keys may be changed.
    Rotation(rotation::RotationQuestion),
}

impl Plan {
    pub(crate) fn run(self) -> Result<Answer, Failure> {
        match (self.question, self.run) {
            (Some(Question::Table(table)), _) => table.run(),
            (Some(Question::Feasibility(feasibility)), _) => feasibility.run(),
            (Some(Question::Rotation(rotation)), _) => rotation.run(),
            (None, Some(run)) => run.run(),
            (None, None) => Err(Failure::Usage {
                what: "give --chsh, --qber, --eps-sound and --eps-complete, or one of table, feasibility, rotation"
                    .to_owned(),
                source: None,
            }),
        }
    }
}
