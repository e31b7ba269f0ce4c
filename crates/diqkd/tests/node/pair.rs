//! Two nodes with their configurations, and how to start, stop and compare them.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use diqkd_core::KeyId;
use diqkd_keystore::KeyState;
use diqkd_node::StoreOnDisk;
use diqkd_node::randomness::Randomness;

use crate::ports::free_port;

/// The two sites of a test in a folder of their own.
pub(crate) struct Pair {
    folder: PathBuf,
    pub(crate) alice: Settings,
    pub(crate) bob: Settings,
}

/// A configuration to be written.
#[derive(Clone)]
pub(crate) struct Settings {
    pub(crate) role: &'static str,
    pub(crate) rounds: u64,
    pub(crate) pipelines: u16,
    pub(crate) refill: bool,
    /// The field `gamma`, or what stands in its place.
    pub(crate) gamma: String,
    /// Further fields of `[security]`.
    pub(crate) security: String,
    pub(crate) http: u16,
    pub(crate) source: String,
    pub(crate) links: String,
    pub(crate) more: String,
}

impl Pair {
    pub(crate) fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("diqkd-node-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        // The keys of a simulation protect nothing.
        let mut secret = vec![0; 200_000];
        blake3::Hasher::new().update(name.as_bytes()).finalize_xof().fill(&mut secret);
        std::fs::write(folder.join("preshared.key"), secret).unwrap();
        let port = free_port();
        let settings = |role, end: &str| {
            Settings {
            role,
            rounds: 200_000,
            pipelines: 1,
            refill: true,
            gamma: "gamma = \"1/10\"".to_owned(),
            security: String::new(),
            http: free_port(),
            source: SIMULATOR.to_owned(),
            links: format!("[[link]]\nname = \"first\"\n{end} = \"127.0.0.1:{port}\"\n"),
            more: "[timing]\nbackoff_min_ms = 20\nbackoff_max_ms = 200\nlink_dead_after_ms = 2000\npeer_silence_s = 20\n"
                .to_owned(),
        }
        };
        Self { folder, alice: settings("alice", "listen"), bob: settings("bob", "connect") }
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Writes a configuration and gives its path. Designed for somewhat worse devices than the simulated ones, so that no
    /// test meets the one honest block in a hundred that fails.
    pub(crate) fn write(&self, settings: &Settings) -> PathBuf {
        let path = self.folder.join(format!("{}.toml", settings.role));
        std::fs::write(&path, settings.toml()).unwrap();
        path
    }

    /// Starts a node.
    pub(crate) fn start(&self, settings: &Settings, arguments: &[&str]) -> Node {
        let path = self.write(settings);
        self.run(settings, &path, arguments)
    }

    /// Starts a node with another text than its settings give.
    pub(crate) fn start_with(&self, settings: &Settings, text: &str) -> Node {
        let path = self.write(settings);
        std::fs::write(&path, text).unwrap();
        self.run(settings, &path, &[])
    }

    fn run(&self, settings: &Settings, path: &Path, arguments: &[&str]) -> Node {
        let log = std::fs::OpenOptions::new()
            .append(true)
            .create(true)
            .open(self.folder.join(format!("{}.log", settings.role)))
            .unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_diqkd"))
            .args(["node", "--json", "--config", path.to_str().unwrap()])
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap();
        Node { child, http: settings.http }
    }

    /// What a site has logged so far.
    pub(crate) fn log(&self, role: &str) -> String {
        std::fs::read_to_string(self.folder.join(format!("{role}.log"))).unwrap_or_default()
    }

    /// The keys of a site that may be delivered, as fingerprints.
    pub(crate) fn keys(&self, role: &str, source: &str) -> BTreeMap<KeyId, [u8; 32]> {
        let folder = self.folder.join(role).join(source);
        let store = StoreOnDisk::open(&folder, &Randomness::from_seed(1)).unwrap();
        let mut keys = BTreeMap::new();
        let mut after = None;
        loop {
            let page = store.keys().list(0, after, 4096).unwrap();
            let Some(last) = page.last() else { return keys };
            after = Some(last.id);
            for key in page.iter().filter(|key| key.state == KeyState::Available) {
                keys.insert(key.id, store.keys().fingerprint(key.id, &[7; 32]).unwrap());
            }
        }
    }

    /// Both sites hold the same keys; gives their number.
    pub(crate) fn same_keys(&self, source: &str) -> usize {
        let (alice, bob) = (self.keys("alice", source), self.keys("bob", source));
        assert_eq!(alice, bob, "{}\n{}", self.log("alice"), self.log("bob"));
        alice.len()
    }
}

impl Drop for Pair {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let _ = std::fs::remove_dir_all(&self.folder);
        }
    }
}

impl Settings {
    pub(crate) fn toml(&self) -> String {
        let Self { role, rounds, pipelines, refill, gamma, security, http, source, links, more } = self;
        format!(
            "version = 1\n\n[node]\nrole = \"{role}\"\nname = \"{role}\"\ndata = \"{role}\"\npipelines = {pipelines}\n\
             workers = 2\nhttp = \"127.0.0.1:{http}\"\n\n[security]\nrounds = {rounds}\n{gamma}\n\
             chsh_design = 2.656\nqber_design = 0.0165\neps_sound = \"1e-10\"\ntheorem = \"reat\"\nkey_length_bits = 256\n{security}\n\
             [pads]\nfile = \"preshared.key\"\nrefill = {refill}\n\n{source}\n{links}\n{more}"
        )
    }
}

/// A running node; killed when dropped.
pub(crate) struct Node {
    child: Child,
    http: u16,
}

impl Node {
    /// Waits for its end; gives exit status and what it printed.
    pub(crate) fn wait(mut self, limit: Duration) -> (ExitStatus, serde_json::Value) {
        let until = Instant::now() + limit;
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(Instant::now() < until, "the node did not end");
            std::thread::sleep(Duration::from_millis(10));
        };
        let mut text = String::new();
        self.child.stdout.take().unwrap().read_to_string(&mut text).unwrap();
        (status, serde_json::from_str(&text).unwrap_or_default())
    }

    /// Sends a signal by its number.
    pub(crate) fn signal(&self, name: &str) {
        let status = Command::new("kill").args([name, &self.child.id().to_string()]).status().unwrap();
        assert!(status.success());
    }

    /// kill -9.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// A page of the node: status and body; `None` while it does not answer.
    pub(crate) fn get(&self, path: &str) -> Option<(u16, String)> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.http)).ok()?;
        stream.write_all(format!("GET {path} HTTP/1.1\r\n\r\n").as_bytes()).ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        let status = answer.split(' ').nth(1)?.parse().ok()?;
        Some((status, answer.split_once("\r\n\r\n")?.1.to_owned()))
    }

    /// A number of the metrics.
    pub(crate) fn metric(&self, line: &str) -> Option<f64> {
        let (_, text) = self.get("/metrics")?;
        text.lines().find_map(|found| found.strip_prefix(line)?.trim().parse().ok())
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits until something holds.
pub(crate) fn until(limit: Duration, what: &str, mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + limit;
    while !holds() {
        assert!(Instant::now() < end, "not within {limit:?}: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

pub(crate) const SIMULATOR: &str = "[[source]]\nname = \"bench\"\nkind = \"simulator\"\npreset = \"oxford-2022\"\nseed = 7\nlevel = \"trials\"\n";

pub(crate) const PATIENCE: Duration = Duration::from_secs(120);
