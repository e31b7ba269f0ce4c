//! The file as it is written: tables, fields, defaults, and what must fit together.

mod delivery;
mod security;
mod source;

use std::io::Read;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use diqkd_core::Role;
use diqkd_protocol::FlagSource;
use serde::Deserialize;
use toml::Spanned;

use super::error::{ConfigError, Text};
use super::scalar::{Count, HostPort, Name, Value};
use super::{Config, LinkConfig, LinkEnd, LinkTls, LogLevel, SourceKind, Tunables};

pub(super) fn load(path: &Path) -> Result<Config, ConfigError> {
    let unreadable = |source| ConfigError::Unreadable { path: path.to_path_buf(), source };
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(unreadable)?;
    file.take(MOST_BYTES + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err(ConfigError::TooLong { path: path.to_path_buf(), limit: MOST_BYTES });
    }
    let text = String::from_utf8(bytes).map_err(|error| ConfigError::Field {
        path: path.to_path_buf(),
        line: 0,
        field: String::new(),
        what: format!(
            "byte {} is no UTF-8; a configuration is text in UTF-8",
            error.utf8_error().valid_up_to()
        ),
    })?;
    parse(path, &text)
}

pub(super) fn parse(path: &Path, text: &str) -> Result<Config, ConfigError> {
    let text = Text { path, text };
    let file: File = toml::from_str(text.text).map_err(|error| {
        let what = error.message().trim().replace('\n', "; ");
        text.at(error.span(), in_words_of_the_file(&what))
    })?;
    if file.version != 1 {
        let what = format!(
            "{} is not known, expected 1; this program reads version 1 of the configuration",
            file.version
        );
        return Err(text.about("version", what));
    }
    let folder = path.parent().unwrap_or(Path::new(""));
    let (params, session_bytes) = security::params(&text, &file.security)?;
    let eps_total = file.security.eps_total.map(|total| total.0);
    if let Some(total) = eps_total
        && total < params.eps_sound
    {
        let what = format!(
            "{total} is below security.eps_sound, which is {}; no block could begin: state at least as much",
            params.eps_sound
        );
        return Err(text.about("security.eps_total", what));
    }
    let pad_keys = match file.pads.refill {
        true => security::pad_keys(&text, params.key_length_bits, session_bytes)?,
        false => 0,
    };
    let sources = file
        .source
        .iter()
        .map(|source| {
            let config = source::source_config(&text, folder, source)?;
            let recorded = matches!(config.kind, SourceKind::Recording { .. });
            if params.variant.flags != FlagSource::Expanded && recorded {
                let what = "flags that the stations drew fit any session, so that nothing would keep one recording from being \
                            distilled into two keys; take security.gamma instead of flag_alice and flag_bob"
                    .to_owned();
                return Err(text.in_table(source.span().start, "kind", what));
            }
            Ok(config)
        })
        .collect::<Result<Vec<_>, _>>()?;
    if sources.is_empty() {
        return Err(text.about("source", "no [[source]]; a node needs at least one source of rounds"));
    }
    let links =
        file.link.iter().map(|link| link_config(&text, folder, link)).collect::<Result<Vec<_>, _>>()?;
    if links.is_empty() {
        return Err(text.about("link", "no [[link]]; a node needs at least one way to its peer"));
    }
    unique(
        &text,
        file.source.iter().map(|source| (source.span().start, source.get_ref().name.0.0.as_str())),
    )?;
    unique(&text, file.link.iter().map(|link| (link.span().start, link.get_ref().name.0.0.as_str())))?;
    let deliveries = delivery::deliveries(&text, folder, &file.delivery, &sources)?;
    let http = file.node.http.as_ref().map(|address| loopback(&text, address)).transpose()?;
    let tunables = tunables(&text, &file, 8 * session_bytes as u64)?;
    Ok(Config {
        path: path.to_path_buf(),
        role: file.node.role.0,
        name: file.node.name.0.0.clone(),
        data: folder.join(&file.node.data),
        pipelines: file.node.pipelines.map_or(2, |count| count.0.0 as u16),
        workers: file.node.workers.map_or_else(cores, |count| count.0.0 as usize),
        http,
        chsh_design: file.security.chsh_design.0,
        params,
        eps_total,
        session_bytes,
        pad_keys,
        pads_file: folder.join(&file.pads.file),
        sources,
        links,
        deliveries,
        tunables,
    })
}

/// What the parser says of a value of the wrong kind, in the words of who writes the file.
fn in_words_of_the_file(what: &str) -> String {
    const WORDS: [(&str, &str); 8] = [
        (
            "invalid type: map, expected a sequence",
            "a table in single brackets, expected double ones, as in `[[link]]`",
        ),
        ("expected u8", "expected a whole number from 0 to 255"),
        ("expected u32", "expected a whole number from 0 to 4294967295"),
        ("expected u64", "expected a whole number from 0 to 18446744073709551615"),
        ("expected i64", "expected a whole number"),
        ("expected f64", "expected a number"),
        ("expected path string", "expected a path, as in \"keys/preshared.key\""),
        ("expected a sequence", "expected a list, as in `[\"one\", \"two\"]`"),
    ];
    if let Some((found, _)) = what.split_once("expected struct ") {
        return format!("{found}expected a table, as in `[name]` or `{{ field = value }}`");
    }
    match WORDS.iter().find(|(theirs, _)| what.contains(theirs)) {
        Some((theirs, ours)) => what.replace(theirs, ours),
        None => what.to_owned(),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: u32,
    node: Node,
    security: security::Security,
    pads: Pads,
    #[serde(default)]
    source: Vec<Spanned<source::Source>>,
    #[serde(default)]
    link: Vec<Spanned<Link>>,
    #[serde(default)]
    delivery: Vec<Spanned<delivery::Delivery>>,
    #[serde(default)]
    keys: Keys,
    #[serde(default)]
    log: Log,
    #[serde(default)]
    timing: Timing,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Node {
    role: Value<Role>,
    name: Value<Name>,
    data: PathBuf,
    pipelines: Option<Value<Count<64>>>,
    workers: Option<Value<Count<256>>>,
    http: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Pads {
    file: PathBuf,
    #[serde(default = "yes")]
    refill: bool,
    low_water_bits: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Link {
    name: Value<Name>,
    listen: Option<Value<HostPort>>,
    connect: Option<Value<HostPort>>,
    tls: Option<Tls>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Tls {
    certificate: PathBuf,
    key: PathBuf,
    peer: PathBuf,
    name: String,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Keys {
    #[serde(default)]
    low_water: u64,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Log {
    level: Option<Value<LogLevel>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Timing {
    backoff_min_ms: Option<Value<Count<3_600_000>>>,
    backoff_max_ms: Option<Value<Count<3_600_000>>>,
    link_dead_after_ms: Option<Value<Count<3_600_000>>>,
    peer_silence_s: Option<Value<Count<604_800>>>,
}

fn yes() -> bool {
    true
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

fn link_config(text: &Text<'_>, folder: &Path, link: &Spanned<Link>) -> Result<LinkConfig, ConfigError> {
    let (start, link) = (link.span().start, link.get_ref());
    let end = match (&link.listen, &link.connect) {
        (Some(Value(HostPort(address))), None) => LinkEnd::Listen(address.clone()),
        (None, Some(Value(HostPort(address)))) => LinkEnd::Connect(address.clone()),
        _ => {
            let what = "expected exactly one of `listen` and `connect`, each host:port; one site listens, the other connects";
            return Err(text.in_table(start, "listen", what));
        }
    };
    let tls = link.tls.as_ref().map(|tls| LinkTls {
        certificate: folder.join(&tls.certificate),
        key: folder.join(&tls.key),
        peer: folder.join(&tls.peer),
        name: tls.name.clone(),
    });
    if tls.is_some() && !cfg!(all(unix, feature = "tls")) {
        let what =
            "this program was built without TLS; build it with `--features tls`, or take the table away";
        return Err(text.in_table(start, "tls", what));
    }
    Ok(LinkConfig { name: link.name.0.0.clone(), end, tls })
}

fn unique<'a>(text: &Text<'_>, names: impl Iterator<Item = (usize, &'a str)>) -> Result<(), ConfigError> {
    let mut seen = Vec::new();
    for (start, name) in names {
        if seen.contains(&name) {
            return Err(text.in_table(start, "name", format!("`{name}` is taken; give each its own name")));
        }
        seen.push(name);
    }
    Ok(())
}

fn loopback(text: &Text<'_>, address: &Spanned<String>) -> Result<SocketAddr, ConfigError> {
    let parsed: Option<SocketAddr> = address.get_ref().parse().ok();
    let is_loopback = |address: &SocketAddr| match address.ip() {
        IpAddr::V4(ip) => ip.is_loopback(),
        IpAddr::V6(ip) => ip.is_loopback(),
    };
    parsed.filter(is_loopback).ok_or_else(|| {
        let what = format!(
            "`{}` can't be used, expected an address of the loopback interface and a port, as in \"127.0.0.1:9101\"; \
             health and metrics are for this machine, put a proxy in front to show them elsewhere",
            address.get_ref()
        );
        text.at(Some(address.span()), what)
    })
}

fn tunables(text: &Text<'_>, file: &File, session_bits: u64) -> Result<Tunables, ConfigError> {
    let ms = |count: Option<Value<Count<3_600_000>>>, default| {
        count.map_or(default, |count| Duration::from_millis(count.0.0))
    };
    let tunables = Tunables {
        log_level: file.log.level.map_or(LogLevel::Info, |level| level.0),
        pads_low_water_bits: file.pads.low_water_bits.unwrap_or(4 * session_bits),
        keys_low_water: file.keys.low_water,
        backoff_min: ms(file.timing.backoff_min_ms, Duration::from_millis(200)),
        backoff_max: ms(file.timing.backoff_max_ms, Duration::from_secs(30)),
        link_dead_after: ms(file.timing.link_dead_after_ms, Duration::from_secs(10)),
        peer_silence: Duration::from_secs(file.timing.peer_silence_s.map_or(600, |count| count.0.0)),
    };
    if tunables.backoff_max < tunables.backoff_min {
        let what = "is below timing.backoff_min_ms; expected at least as much";
        return Err(text.about("timing.backoff_max_ms", what));
    }
    Ok(tunables)
}

const MOST_BYTES: u64 = 1 << 20;
