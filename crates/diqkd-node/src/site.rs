//! A site that is left running: block after block with its peer, until it is told to stop.
//!
//! For each source there are as many lanes as pipelines. Alice's end of a lane proposes a session, Bob's end takes part;
//! a lane runs one session at a time, lanes of one source record one after the other and distil at the same time.

mod block;
#[cfg(unix)]
mod delivering;
mod lane;
mod proposing;
mod standing;

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use diqkd_core::{Epsilon, PreSharedKey};
use diqkd_protocol::wire::WIRE_VERSION;
use diqkd_protocol::{Abort, Agreement, SessionParams};

use crate::config::{Config, Tunables};
use crate::control::Control;
use crate::error::NodeError;
use crate::gate::Gate;
use crate::metrics::Metrics;
use crate::pads::{self, Pads, PadsError};
use crate::randomness::Randomness;
use crate::source::Source;
use crate::trunk::{Agreed, Trunk, TrunkOptions};
use crate::vault::{Contents, Share, Vault};
#[cfg(fuzzing)]
pub(crate) use lane::fuzz_word;

/// What a node came to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Summary {
    /// Blocks that gave a key.
    pub blocks: u64,
    /// Blocks that gave none.
    pub aborted: u64,
    /// Rounds of blocks that gave a key.
    pub rounds: u64,
    /// Certified bits, those set aside for authentication among them.
    pub key_bits: u64,
    /// How long it ran.
    pub elapsed: Duration,
    /// Sessions begun under this pre-shared key, also by earlier processes.
    pub sessions: u64,
    /// The sum of their epsilons; `None` when there was no session.
    pub eps_spent: Option<Epsilon>,
    /// What they may spend together, where the configuration says so.
    pub eps_total: Option<Epsilon>,
}

/// How a node ended.
#[derive(Debug)]
pub enum SiteEnd {
    /// It did what it was told to.
    Done(Summary),
    /// The protocol said no before the first block.
    Refused {
        /// Why.
        abort: Box<Abort>,
        /// The field of the configuration in which the peer differs, with both values.
        field: Option<(String, String, String)>,
    },
}

/// Everything that the threads of a node share.
pub(crate) struct Site {
    config: Config,
    /// What follows from the parameters; all sessions share it.
    agreement: Arc<Agreement>,
    digest: [u8; 32],
    tunables: Arc<Mutex<Tunables>>,
    trunk: Trunk,
    pads: Mutex<Pads>,
    sources: Vec<(Source, Vault)>,
    gate: Gate,
    metrics: Metrics,
    control: Arc<Control>,
    /// Blocks with key after which the node ends.
    limit: Option<u64>,
    blocks: AtomicU64,
    running: AtomicU64,
    totals: Mutex<Summary>,
    /// Where free pads begin at the peer's site, as far as it told.
    peer_next: AtomicU64,
    exhausted: AtomicBool,
    /// The peer has said that its budget of epsilon is spent; until it is restarted.
    peer_overspent: AtomicBool,
    /// The peer's pre-shared key has no bytes for another session; until it is restarted.
    peer_exhausted: AtomicBool,
    refused: Mutex<Option<SiteEnd>>,
}

/// What follows from a configuration alone.
///
/// # Errors
/// [`NodeError::Setup`] for parameters that make no sense. The inner [`Abort`] where they certify no key.
pub fn foresee(params: &SessionParams) -> Result<Result<Agreement, Abort>, NodeError> {
    Ok(Agreement::derive(params)?)
}

/// What programs of other versions may make of the same configuration: compared when the sites meet, so that no session is
/// begun in vain.
fn derived(agreement: &Agreement) -> Vec<(String, String)> {
    [
        ("program.wire_version", WIRE_VERSION.to_string()),
        ("program.code", agreement.scheme.id().to_string()),
        ("program.key_bits", agreement.certificate.key_bits().to_string()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .to_vec()
}

/// Runs a node until it is told to stop, or until `blocks` blocks have given keys. `on_tunables` is told what has changed.
///
/// # Errors
/// [`NodeError`] when files, addresses or threads can't be had. Trouble with the peer is not among these: the node waits.
pub fn run(
    mut config: Config,
    blocks: Option<u64>,
    control: &Arc<Control>,
    on_tunables: &dyn Fn(&Tunables),
) -> Result<SiteEnd, NodeError> {
    on_tunables(&config.tunables);
    config.params.pre_shared_key = pads::origin(&config.pads_file)?;
    if config.params.variant.padded && config.params.pre_shared_key == PreSharedKey::PostQuantum {
        return Err(PadsError::Unpadded { path: config.pads_file.clone() }.into());
    }
    let agreement = match foresee(&config.params)? {
        Ok(agreement) => Arc::new(agreement),
        Err(abort) => return Ok(SiteEnd::Refused { abort: Box::new(abort), field: None }),
    };
    let started = Instant::now();
    let site = Arc::new(Site::open(config, agreement, blocks, Arc::clone(control))?);
    let http = site.config.http.map(|address| standing::serve(&site, address)).transpose()?;
    #[cfg(unix)]
    let deliveries = delivering::serve(&site)?;
    let ended = site.run(on_tunables);
    drop(http);
    #[cfg(unix)]
    drop(deliveries);
    let site = Arc::into_inner(site).ok_or(NodeError::Thread)?;
    let flushed = site.trunk.flush(FAREWELL);
    tracing::info!(everything_acknowledged = flushed, "stopped");
    site.trunk.stop();
    ended?;
    if let Some(refused) = site.refused.into_inner().unwrap_or_else(PoisonError::into_inner) {
        return Ok(refused);
    }
    let mut summary = site.totals.into_inner().unwrap_or_else(PoisonError::into_inner);
    summary.elapsed = started.elapsed();
    let pads = site.pads.into_inner().unwrap_or_else(PoisonError::into_inner);
    summary.sessions = pads.sessions();
    summary.eps_spent = pads.ledger().total();
    summary.eps_total = site.config.eps_total;
    Ok(SiteEnd::Done(summary))
}

impl Site {
    fn open(
        config: Config,
        agreement: Arc<Agreement>,
        limit: Option<u64>,
        control: Arc<Control>,
    ) -> Result<Self, NodeError> {
        let randomness = Randomness::from_system()?;
        std::fs::create_dir_all(&config.data)
            .map_err(|source| NodeError::Directory { path: config.data.clone(), source })?;
        let mut pads =
            Pads::open(&config.pads_file, &config.data, config.eps_total.unwrap_or(Epsilon::LARGEST))?;
        if pads.was_torn() {
            tracing::warn!(
                "the last record of the pads journal was torn by a crash and has been cut off; nothing was lost"
            );
        }
        if config.params.pre_shared_key == PreSharedKey::PostQuantum {
            tracing::info!(
                "the pre-shared key was agreed on by post-quantum cryptography; every key that it authenticates says so"
            );
        }
        let mut sources = Vec::new();
        for source in &config.sources {
            let folder: PathBuf = config.data.join(&source.name);
            let pairs = config.deliveries.iter().filter(|delivery| delivery.source == source.name);
            let contents = Contents {
                key_length_bits: config.params.key_length_bits,
                pad_keys: config.pad_keys,
                shares: pairs
                    .map(|pair| Share { name: pair.folder(), keys_a_block: pair.keys_a_block })
                    .collect(),
            };
            let vault = Vault::open(&folder, contents, &source.rng_attestation, &randomness)?;
            sources.push((Source::new(source, config.role), vault));
        }
        if pads.sessions() == 0 && sources.iter().any(|(_, vault)| vault.has_run()) {
            tracing::warn!(
                "no session is entered under this pre-shared key, but sessions have been run here: right where the key is new at \
                 both sites; where its journal was lost, begin with a new key at both"
            );
        }
        let tunables = Arc::new(Mutex::new(config.tunables.clone()));
        let options = TrunkOptions {
            role: config.role,
            key: pads.link_key()?,
            agreed: [config.agreed(), derived(&agreement)].concat(),
            links: config.links.clone(),
            channels: config.pipelines.saturating_mul(config.sources.len() as u16),
            tunables: Arc::clone(&tunables),
            randomness,
        };
        let trunk = Trunk::start(options)?;
        Ok(Self {
            digest: config.digest(),
            gate: Gate::new(config.workers),
            config,
            agreement,
            tunables,
            trunk,
            pads: Mutex::new(pads),
            sources,
            metrics: Metrics::default(),
            control,
            limit,
            blocks: AtomicU64::new(0),
            running: AtomicU64::new(0),
            totals: Mutex::new(Summary::default()),
            peer_next: AtomicU64::new(0),
            exhausted: AtomicBool::new(false),
            peer_overspent: AtomicBool::new(false),
            peer_exhausted: AtomicBool::new(false),
            refused: Mutex::new(None),
        })
    }

    fn run(self: &Arc<Self>, on_tunables: &dyn Fn(&Tunables)) -> Result<(), NodeError> {
        let mut lanes = Vec::new();
        for index in 0..self.sources.len() {
            for pipeline in 0..self.config.pipelines {
                let channel = index as u16 * self.config.pipelines + pipeline;
                let site = Arc::clone(self);
                let lane = lane::Lane::new(self.trunk.channel(channel));
                let name = format!("{} {pipeline}", self.sources[index].0.name);
                let thread = std::thread::Builder::new().name(name);
                lanes.push(
                    thread
                        .spawn(move || proposing::work(&site, index, pipeline, lane))
                        .map_err(|_| NodeError::Thread)?,
                );
            }
        }
        let mut watched = Instant::now() - WATCH_EVERY;
        let mut result = Ok(());
        while !lanes.is_empty() {
            std::thread::sleep(TICK);
            if self.control.take_reload() {
                self.reload(on_tunables);
            }
            self.check_agreed();
            if watched.elapsed() >= WATCH_EVERY {
                watched = Instant::now();
                if let Err(error) = self.watch_keys().and_then(|()| self.watch_pads()) {
                    // The first error is the cause of those that follow.
                    result = result.and(Err(error));
                    self.control.cancel();
                }
            }
            let (done, going): (Vec<_>, Vec<_>) = lanes.into_iter().partition(|lane| lane.is_finished());
            lanes = going;
            for lane in done {
                // A lane that failed takes the node with it: a disk that can't be written to helps nobody.
                if let Err(error) = lane.join().unwrap_or(Err(NodeError::Thread)) {
                    result = result.and(Err(error));
                    self.control.cancel();
                }
            }
        }
        result.and(self.watch_pads())
    }

    /// Whether no further block is to be begun.
    fn is_finishing(&self) -> bool {
        self.control.is_draining()
            || self.limit.is_some_and(|limit| self.blocks.load(Ordering::Relaxed) >= limit)
    }

    fn tunables(&self) -> Tunables {
        self.tunables.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn pads(&self) -> MutexGuard<'_, Pads> {
        self.pads.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn totals(&self) -> MutexGuard<'_, Summary> {
        self.totals.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A node that has never run a block with this peer ends where their configurations differ; one that has waits.
    fn check_agreed(&self) {
        if let Agreed::No { field, ours, theirs } = self.trunk.agreed()
            && self.blocks.load(Ordering::Relaxed) == 0
        {
            let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
            if refused.is_none() {
                let abort = Box::new(Abort::ParametersDiffer { field: "the agreed configuration" });
                *refused = Some(SiteEnd::Refused { abort, field: Some((field, ours, theirs)) });
            }
            self.control.cancel();
        }
    }

    fn reload(&self, on_tunables: &dyn Fn(&Tunables)) {
        match Config::load(&self.config.path) {
            Ok(new) => {
                if let Some(field) = self.config.needs_restart(&new) {
                    tracing::error!(%field, "configuration not taken over: this field needs a restart");
                    return;
                }
                on_tunables(&new.tunables);
                *self.tunables.lock().unwrap_or_else(PoisonError::into_inner) = new.tunables;
                tracing::info!("configuration taken over");
            }
            Err(error) => tracing::error!(%error, "configuration not taken over"),
        }
    }
}

const TICK: Duration = Duration::from_millis(20);
const WATCH_EVERY: Duration = Duration::from_secs(2);
/// How long a stopping node waits for the peer to have everything.
const FAREWELL: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_versions_may_differ_in_is_compared_and_explained() {
        let path =
            std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/node/lab/alice.toml");
        let config = Config::load(&path).unwrap();
        let fields = derived(&foresee(&config.params).unwrap().unwrap());
        let page = include_str!("../../../docs/node.md");
        assert!(fields.iter().all(|(name, value)| page.contains(name) && !value.is_empty()), "{fields:?}");
        assert_eq!(fields[0].1, WIRE_VERSION.to_string());
        assert!(fields[2].1.parse::<u64>().unwrap() > 100_000, "{fields:?}");
    }
}
