//! What an operator writes down for a site: a TOML file, read strictly and understood completely before anything starts.
//!
//! Three kinds of field: those that both sites must have alike ([`Config::agreed`]; two sites compare them, name the first
//! that differs, and make no key), those of one site that need a restart, and [`Tunables`], which a running node takes over
//! from its file on SIGHUP.

mod error;
mod file;
mod scalar;
mod understood;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use diqkd_core::{Chsh, Epsilon, EpsilonLedger, Role};
use diqkd_hal::StationLayout;
use diqkd_protocol::SessionParams;
use diqkd_sim::{Fault, Preset, Strategy};

pub use error::ConfigError;

/// A node's configuration, complete and checked.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// The file.
    pub path: PathBuf,
    /// Whose side this is.
    pub role: Role,
    /// The site's name in logs and metrics.
    pub name: String,
    /// Where key stores and journals are.
    pub data: PathBuf,
    /// Blocks in flight at once, for each source.
    pub pipelines: u16,
    /// Threads that compute at once.
    pub workers: usize,
    /// Where health and metrics are served, on the loopback interface; `None`: nowhere.
    pub http: Option<SocketAddr>,
    /// Parameters of every session, all but its id.
    pub params: SessionParams,
    /// S that the session is laid out for.
    pub chsh_design: Chsh,
    /// Soundness of all sessions under one pre-shared key together; `None`: only the sum is kept.
    pub eps_total: Option<Epsilon>,
    /// Bytes of pre-shared key that a session takes.
    pub session_bytes: usize,
    /// Keys of each block that are set aside for the authentication of later ones.
    pub pad_keys: u32,
    /// The pre-shared key.
    pub pads_file: PathBuf,
    /// Where rounds come from.
    pub sources: Vec<SourceConfig>,
    /// How the peer is reached.
    pub links: Vec<LinkConfig>,
    /// Which applications take keys while the node runs.
    pub deliveries: Vec<DeliveryConfig>,
    /// What may change while the node runs.
    pub tunables: Tunables,
}

/// What a running node takes over from its file on SIGHUP. No security rests on any of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Tunables {
    /// Least severe lines of the log.
    pub log_level: LogLevel,
    /// Alarm below so many bits of key for authentication.
    pub pads_low_water_bits: u64,
    /// Alarm where a source has fewer deliverable keys; 0: never.
    pub keys_low_water: u64,
    /// First pause before a link is tried again; doubles up to `backoff_max`, with jitter.
    pub backoff_min: Duration,
    /// Longest pause before a link is tried again.
    pub backoff_max: Duration,
    /// A link that answers nothing for so long is given up and another one carries on.
    pub link_dead_after: Duration,
    /// A block whose peer is silent for so long is given up.
    pub peer_silence: Duration,
}

/// How much is logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogLevel {
    /// What needs an operator.
    Error,
    /// And what may.
    Warn,
    /// And every block.
    Info,
    /// And every step.
    Debug,
}

/// A quantum link: what records rounds at this site.
#[derive(Clone, Debug, PartialEq)]
pub struct SourceConfig {
    /// The label of the link; its keys are stored under it and never mixed with another's.
    pub name: String,
    /// Served before sources of lower priority where computing threads are short.
    pub priority: u8,
    /// Attestation of the generator that chooses this site's settings, kept with every key; empty when there is none.
    pub rng_attestation: String,
    /// What it is.
    pub kind: SourceKind,
}

/// What records rounds.
#[derive(Clone, Debug, PartialEq)]
pub enum SourceKind {
    /// Two virtual stations; the keys protect nothing.
    Simulator(Box<Simulator>),
    /// Recordings, one a block, that are replayed.
    Recording {
        /// Paths with `{block}` for the number of the block.
        tags: String,
        /// How tags become trials.
        layout: Box<StationLayout>,
    },
    /// A vendor's process over the station stream.
    Station {
        /// How it is reached.
        at: StationAddress,
        /// How tags become trials.
        layout: Box<StationLayout>,
    },
}

/// A simulated pair of stations; both sites must say the same.
#[derive(Clone, Debug, PartialEq)]
pub struct Simulator {
    /// Whose parameters.
    pub preset: Preset,
    /// Everything simulated follows from it.
    pub seed: u64,
    /// Whether tags are simulated or only trials.
    pub level: Level,
    /// Who runs the devices.
    pub strategy: Strategy,
    /// What fails, and when, in every block.
    pub faults: Vec<Fault>,
    /// Rounds a second at most; `None`: as fast as they come.
    pub pace_hz: Option<u64>,
}

/// How deep a simulation goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Time tags on two clocks.
    Tags,
    /// Settings and outcomes.
    Trials,
}

/// Where a vendor's process listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StationAddress {
    /// It is a child of the node; the stream is its standard input and output.
    Command(Vec<String>),
    /// A Unix socket.
    Unix(PathBuf),
    /// A TCP socket.
    Tcp(String),
}

/// A way to the peer.
#[derive(Clone, Debug, PartialEq)]
pub struct LinkConfig {
    /// Its name in logs and metrics.
    pub name: String,
    /// Which side dials.
    pub end: LinkEnd,
    /// Inside TLS 1.3; `None`: as it is.
    pub tls: Option<LinkTls>,
}

/// Files of a link's TLS, in PEM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkTls {
    /// This site's certificate, with those that lead to a root of the peer's.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
    /// The certificate that the peer's has to come from, or the peer's own.
    pub peer: PathBuf,
    /// The name in the certificate of the site that listens.
    pub name: String,
}

/// A pair of applications, one at each site, that get keys of a source out of the running nodes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryConfig {
    /// The source whose keys they are.
    pub source: String,
    /// The site whose application gets new keys; the other one asks for the same by their ids.
    pub master: Role,
    /// The name of the application at the master's site, which may be any of its SAE ids.
    pub master_sae: String,
    /// The name of the application at the other site.
    pub slave_sae: String,
    /// Keys of each block that are theirs, at most; `None`: all that earlier pairs of the file leave.
    pub keys_a_block: Option<u32>,
    /// The socket that is served at this site.
    pub unix: PathBuf,
    /// Who may open it.
    pub access: Access,
}

/// Who may open a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// The user of the node.
    Owner,
    /// And the group of the socket.
    Group,
}

/// Which end of a link this is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkEnd {
    /// Waits for the peer at `host:port`.
    Listen(String),
    /// Dials the peer at `host:port`.
    Connect(String),
}

impl Config {
    /// Reads a file.
    ///
    /// # Errors
    /// [`ConfigError`] with file, line, field, what was expected and what to do.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        file::load(path)
    }

    /// What both sites must have alike: name and value of each field, in a fixed order.
    pub fn agreed(&self) -> Vec<(String, String)> {
        understood::agreed(self)
    }

    /// Digest of [`Config::agreed`]; part of the id of every session.
    pub fn digest(&self) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new_derive_key("diqkd agreed configuration v1");
        for (name, value) in self.agreed() {
            for text in [name, value] {
                hasher.update(&(text.len() as u64).to_le_bytes()).update(text.as_bytes());
            }
        }
        *hasher.finalize().as_bytes()
    }

    /// Everything as it was understood, defaults filled in: table, name and value of each field.
    pub fn understood(&self) -> Vec<(String, String)> {
        understood::understood(self)
    }

    /// Bits of key that one session takes for its authentication, test flags and padding.
    pub fn pad_bits_a_session(&self) -> u64 {
        8 * self.session_bytes as u64
    }

    /// Blocks that [`Config::eps_total`] covers under one pre-shared key; `None` where the file states none.
    pub fn blocks_covered(&self) -> Option<u64> {
        self.eps_total.map(|total| EpsilonLedger::new(total).times_left("session", self.params.eps_sound))
    }

    /// The first field in which another file differs apart from [`Tunables`]; `None` when a running node can take it over.
    pub fn needs_restart(&self, other: &Self) -> Option<String> {
        let tuned =
            understood::tunables(&self.tunables).into_iter().map(|(name, _)| name).collect::<Vec<_>>();
        let fixed = |config: &Self| -> Vec<(String, String)> {
            config.understood().into_iter().filter(|(name, _)| !tuned.contains(name)).collect()
        };
        let (ours, theirs) = (fixed(self), fixed(other));
        first_difference(&ours, &theirs)
    }
}

/// The name of the first entry in which two lists differ.
pub(crate) fn first_difference(ours: &[(String, String)], theirs: &[(String, String)]) -> Option<String> {
    let differing = ours.iter().zip(theirs).find(|(ours, theirs)| ours != theirs);
    match differing {
        Some((ours, theirs)) if ours.0 == theirs.0 => Some(ours.0.clone()),
        Some((ours, theirs)) => Some(format!("{} or {}", ours.0, theirs.0)),
        None if ours.len() == theirs.len() => None,
        None => {
            let longer = if ours.len() > theirs.len() { ours } else { theirs };
            Some(longer[ours.len().min(theirs.len())].0.clone())
        }
    }
}

impl DeliveryConfig {
    /// The folder of the pair's keys within that of its source: another pair, or the same with the roles exchanged, has
    /// another one.
    pub fn folder(&self) -> String {
        format!("{}.{}+{}.{}", self.master, self.master_sae, self.master.peer(), self.slave_sae)
    }

    /// The application that is served at a site.
    pub fn sae_at(&self, role: Role) -> &str {
        if role == self.master { &self.master_sae } else { &self.slave_sae }
    }
}

impl Access {
    /// Its name in the file.
    pub fn name(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Group => "group",
        }
    }
}

impl LogLevel {
    /// Its name in the file.
    pub fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
        }
    }
}
