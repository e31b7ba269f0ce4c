//! `diqkd preshare`: a pre-shared key by post-quantum cryptography.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use diqkd_node::preshare::{self, PreshareError};
use diqkd_node::randomness::Randomness;
use serde_json::json;

use crate::answer::{Answer, Failure};
use crate::numbers::whole;

/// Agree on a pre-shared key where nobody can carry one, by ML-KEM and ML-DSA. Every key that it authenticates says so.
#[derive(Debug, Subcommand)]
pub(crate) enum Preshare {
    /// Make this site's signing key: NAME.secret stays here, NAME.public goes to the peer.
    Identity(Name),
    /// The fingerprint of a public key, to be compared with the peer, say by telephone.
    Fingerprint(Public),
    /// Alice: an offer for Bob. OFFER.secret stays here until his answer comes.
    Offer(Offer),
    /// Bob: the answer to Alice's offer, and the pre-shared key.
    Answer(AnswerArgs),
    /// Alice: the pre-shared key, once Bob's answer has come.
    Finish(Finish),
}

#[derive(Debug, Args)]
pub(crate) struct Name {
    /// What both files are called before .secret and .public.
    name: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Public {
    /// A file NAME.public.
    public: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Sites {
    /// This site's NAME.secret.
    #[arg(long, value_name = "NAME.secret")]
    identity: PathBuf,
    /// The peer's NAME.public, whose fingerprint was compared.
    #[arg(long, value_name = "NAME.public")]
    peer: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Offer {
    #[command(flatten)]
    sites: Sites,
    /// Length of the key; a node's session takes some 20,000 bytes, and blocks refill what they took.
    #[arg(long, value_name = "N", value_parser = whole, default_value = "1e6")]
    bytes: u64,
    /// The offer, to be sent to Bob by any way.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct AnswerArgs {
    #[command(flatten)]
    sites: Sites,
    /// Alice's offer.
    #[arg(long, value_name = "FILE")]
    offer: PathBuf,
    /// The answer, to be sent to Alice by any way.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// The pre-shared key, `pads.file` of a node.
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Finish {
    #[command(flatten)]
    sites: Sites,
    /// The offer, with OFFER.secret beside it.
    #[arg(long, value_name = "FILE")]
    offer: PathBuf,
    /// Bob's answer.
    #[arg(long, value_name = "FILE")]
    answer: PathBuf,
    /// The pre-shared key, `pads.file` of a node.
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
}

impl Preshare {
    pub(crate) fn run(self) -> Result<Answer, Failure> {
        let randomness = Randomness::from_system()
            .map_err(|e| Failure::because("the operating system gives no randomness", e))?;
        match self {
            Self::Identity(Name { name }) => {
                Ok(fingerprint(preshare::identity(&name, &randomness).map_err(failed)?))
            }
            Self::Fingerprint(Public { public }) => {
                Ok(fingerprint(preshare::fingerprint(&public).map_err(failed)?))
            }
            Self::Offer(Offer { sites, bytes, out }) => {
                preshare::offer(&sites.identity, &sites.peer, bytes, &out, &randomness).map_err(failed)?;
                Ok(wrote(&out, "send it to the peer"))
            }
            Self::Answer(AnswerArgs { sites, offer, out, key }) => {
                let Sites { identity, peer } = sites;
                preshare::answer(&identity, &peer, &offer, &out, &key, &randomness).map_err(failed)?;
                Ok(wrote(&out, "send it to the peer; the key is there"))
            }
            Self::Finish(Finish { sites, offer, answer, key }) => {
                let Sites { identity, peer } = sites;
                preshare::finish(&identity, &peer, &offer, &answer, &key).map_err(failed)?;
                Ok(wrote(&key, "the same as the peer's"))
            }
        }
    }
}

fn failed(error: PreshareError) -> Failure {
    Failure::because("there is no pre-shared key", error)
}

fn fingerprint(digest: [u8; 32]) -> Answer {
    let digits: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    Answer::new(format!("fingerprint {digits}"), json!({ "fingerprint": digits }))
}

fn wrote(path: &std::path::Path, then: &str) -> Answer {
    let path = path.display().to_string();
    Answer::new(format!("{path}: {then}"), json!({ "file": path }))
}
