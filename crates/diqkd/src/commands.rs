//! The subcommands, one file each.

mod amplify;
mod bell;
mod certificate;
mod demo;
pub(crate) mod entropy;
mod fault_args;
pub(crate) mod help;
mod keylength;
mod keys;
mod node;
mod plan;
mod preshare;
mod reconcile;
pub(crate) mod report;
mod rng;
mod simulate;
pub(crate) mod tags;

use clap::Subcommand;

use crate::answer::{Answer, Failure};
use crate::console::Console;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run both parties with simulated stations: time tags in, the same secret key out at both ends.
    Demo(demo::Demo),
    /// Write recordings of two simulated stations: tags, setting markers, heralds.
    Simulate(simulate::Simulate),
    #[command(subcommand)]
    Tags(tags::Tags),
    /// Bell statistics of a counts table or of trials in order.
    Bell(bell::Bell),
    /// Certified entropy of one round.
    Entropy(entropy::Entropy),
    /// Finite-key length at a stated threshold and leak, with its certificate.
    Keylength(keylength::Keylength),
    /// Best test probability, threshold and least number of rounds for a setup.
    Plan(plan::Plan),
    #[command(subcommand)]
    Certificate(certificate::CertificateCommand),
    #[command(subcommand)]
    Reconcile(reconcile::Reconcile),
    /// One site as a daemon: records, talks to its peer, stores keys, block after block, until it is told to stop.
    Node(node::Node),
    #[command(subcommand)]
    Preshare(preshare::Preshare),
    #[command(subcommand)]
    Keys(keys::Keys),
    Report(report::Report),
    #[command(subcommand)]
    Rng(rng::Rng),
    /// Toeplitz hash of a file.
    Amplify(amplify::Amplify),
    Help(help::Help),
    Completions(help::Completions),
    Man(help::Man),
}

impl Command {
    pub(crate) fn run(self, console: &Console) -> Result<Answer, Failure> {
        match self {
            Self::Demo(demo) => demo.run(console),
            Self::Simulate(simulate) => simulate.run(console),
            Self::Tags(tags) => tags.run(console),
            Self::Bell(bell) => bell.run(),
            Self::Entropy(entropy) => entropy.run(),
            Self::Plan(plan) => plan.run(),
            Self::Keylength(keylength) => keylength.run(),
            Self::Certificate(certificate) => certificate.run(),
            Self::Reconcile(reconcile) => reconcile.run(console),
            Self::Node(node) => node.run(console),
            Self::Preshare(preshare) => preshare.run(),
            Self::Keys(keys) => keys.run(),
            Self::Report(report) => report.run(),
            Self::Rng(rng) => rng.run(),
            Self::Amplify(amplify) => amplify.run(console),
            Self::Help(help) => help.run(),
            Self::Completions(completions) => completions.run(),
            Self::Man(man) => man.run(),
        }
    }
}
