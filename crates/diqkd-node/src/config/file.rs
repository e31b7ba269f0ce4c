//! The file as it is written: tables, fields, defaults, and what must fit together.

use std::io::Read;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use diqkd_core::{Channel, Chsh, Epsilon, Outcome, Qber, Role, SessionId, TestProbability, WinProbability};
use diqkd_entropy::{LocalFlags, Theorem};
use diqkd_hal::{ChannelMap, ClockBounds, StationLayout, Trigger, Window};
use diqkd_keystore::Provenance;
use diqkd_protocol::{FlagSource, SessionParams, Variant};
use diqkd_sim::{Fault, Preset, Strategy};
use serde::Deserialize;
use toml::Spanned;

use super::error::{ConfigError, Text};
use super::scalar::{ChannelNumber, Count, HostPort, KeyLength, Name, Rounds, Value};
use super::{
    Config, Level, LinkConfig, LinkEnd, LinkTls, LogLevel, Simulator, SourceConfig, SourceKind,
    StationAddress, Tunables,
};
use crate::demo::plan::threshold;

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
        text.at(error.span(), what)
    })?;
    if file.version != 1 {
        let what = format!(
            "{} is not known, expected 1; this program reads version 1 of the configuration",
            file.version
        );
        return Err(text.about("version", what));
    }
    let folder = path.parent().unwrap_or(Path::new(""));
    let params = params(&text, &file.security)?;
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
    let pad_keys = pad_keys(&text, &file, &params)?;
    let sources = file
        .source
        .iter()
        .map(|source| {
            let config = source_config(&text, folder, source)?;
            let simulated = matches!(config.kind, SourceKind::Simulator(_));
            if params.variant.flags != FlagSource::Expanded && !simulated {
                let what = format!(
                    "a source of kind \"{}\" has no way to draw test flags of its own, only the simulator has; take \
                     security.gamma instead of flag_alice and flag_bob",
                    source.get_ref().kind.get_ref()
                );
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
    let http = file.node.http.as_ref().map(|address| loopback(&text, address)).transpose()?;
    let tunables = tunables(&text, &file, 8 * params.key_pool_bytes() as u64)?;
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
        pad_keys,
        pads_file: folder.join(&file.pads.file),
        sources,
        links,
        tunables,
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: u32,
    node: Node,
    security: Security,
    pads: Pads,
    #[serde(default)]
    source: Vec<Spanned<Source>>,
    #[serde(default)]
    link: Vec<Spanned<Link>>,
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
struct Security {
    rounds: Value<Rounds>,
    gamma: Option<Value<TestProbability>>,
    flag_alice: Option<Value<TestProbability>>,
    flag_bob: Option<Value<TestProbability>>,
    chsh_design: Value<Chsh>,
    qber_design: Value<Qber>,
    omega_threshold: Option<Value<WinProbability>>,
    eps_sound: Value<Epsilon>,
    eps_total: Option<Value<Epsilon>>,
    theorem: Value<Theorem>,
    key_length_bits: Value<KeyLength>,
    verification_tag_bits: Option<Value<Count<128>>>,
    max_codeword_bits: Option<Value<Count<16_777_216>>>,
    least_key_bits: Option<u64>,
    max_batches: Option<Value<Count<65_536>>>,
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
struct Source {
    name: Value<Name>,
    kind: Spanned<String>,
    priority: Option<u8>,
    rng_attestation: Option<String>,
    preset: Option<Value<Preset>>,
    seed: Option<u64>,
    level: Option<Value<Level>>,
    attack: Option<Value<Strategy>>,
    #[serde(default)]
    faults: Vec<Value<Fault>>,
    pace_hz: Option<Value<Count<1_000_000_000_000>>>,
    tags: Option<String>,
    command: Option<Vec<String>>,
    unix: Option<PathBuf>,
    tcp: Option<Value<HostPort>>,
    layout: Option<Layout>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Layout {
    trigger: Spanned<String>,
    epoch_ps: i64,
    slot_period_ps: i64,
    herald: Value<ChannelNumber>,
    settings: [Value<ChannelNumber>; 4],
    detectors: [Value<ChannelNumber>; 2],
    herald_ps: i64,
    setting_window_ps: [i64; 2],
    detection_window_ps: [i64; 2],
    no_click: u8,
    multi_click: u8,
    max_clock_offset_ps: i64,
    max_clock_drift_ppb: f64,
    jitter_ps: f64,
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

fn params(text: &Text<'_>, security: &Security) -> Result<SessionParams, ConfigError> {
    let rounds = security.rounds.0.0;
    let (gamma, flags) = test_flags(text, security)?;
    let omega_design = WinProbability::from_chsh(security.chsh_design.0)
        .map_err(|error| text.about("security.chsh_design", error.to_string()))?;
    let omega_threshold = match security.omega_threshold {
        Some(threshold) => threshold.0,
        None => threshold(omega_design, gamma, rounds)
            .map_err(|error| text.about("security.omega_threshold", error.to_string()))?,
    };
    if omega_threshold.get() > omega_design.get() {
        let what = format!(
            "{} is above what the honest stations win, {:.5} at chsh_design {}; no block would pass: lower it",
            omega_threshold.get(),
            omega_design.get(),
            security.chsh_design.0.get()
        );
        return Err(text.about("security.omega_threshold", what));
    }
    let max_codeword_bits = security.max_codeword_bits.map_or(1 << 21, |count| count.0.0 as u32);
    if max_codeword_bits < 1 << 14 {
        let what = format!("{max_codeword_bits} is too short, expected 16384 to 16777216");
        return Err(text.about("security.max_codeword_bits", what));
    }
    let max_batches = match security.max_batches {
        Some(count) => count.0.0 as u32,
        None => 0,
    };
    let mut params = SessionParams {
        session: SessionId([0; 16]),
        rounds,
        gamma,
        omega_threshold,
        qber_design: security.qber_design.0,
        omega_design,
        max_codeword_bits,
        eps_sound: security.eps_sound.0,
        verification_tag_bits: security.verification_tag_bits.map_or(64, |count| count.0.0 as u32),
        theorem: security.theorem.0,
        key_length_bits: security.key_length_bits.0.0,
        least_key_bits: 0,
        max_batches,
        max_refused_frames: 16,
        variant: Variant { flags, ..Variant::default() },
    };
    if params.max_batches == 0 {
        params.max_batches = u32::try_from(32 + params.rounds_to_record() / 16_384).unwrap_or(u32::MAX);
    }
    // A session that yields less than it uses up is not worth its rounds.
    params.least_key_bits = security.least_key_bits.unwrap_or(8 * params.key_pool_bytes() as u64);
    Ok(params)
}

/// How test rounds come about: a shared probability, or the probabilities of flags that each site draws for itself.
fn test_flags(text: &Text<'_>, security: &Security) -> Result<(TestProbability, FlagSource), ConfigError> {
    match (security.gamma, security.flag_alice, security.flag_bob) {
        (Some(gamma), None, None) => Ok((gamma.0, FlagSource::Expanded)),
        (None, Some(alice), Some(bob)) => {
            let (alice, bob) = (alice.0, bob.0);
            // For the threshold alone: the certificate has the exact value.
            let gamma = LocalFlags::new(alice.get(), bob.get())
                .map_err(|error| error.to_string())
                .and_then(|flags| {
                    TestProbability::nearest(flags.test_probability()).map_err(|error| error.to_string())
                })
                .map_err(|what| text.about("security.flag_alice", what))?;
            Ok((gamma, FlagSource::Local { alice, bob }))
        }
        (None, None, None) => {
            let what = "missing field `gamma`; state the test-round probability, or flag_alice and flag_bob for flags that \
                        each site draws for itself";
            Err(text.about("security.gamma", what))
        }
        (Some(_), ..) => {
            let what = "contradicts flag_alice and flag_bob: either both sites expand the flags of test rounds from the \
                        pre-shared key (gamma), or each draws its own; remove one";
            Err(text.about("security.gamma", what))
        }
        (None, Some(_), None) => {
            Err(text.about("security.flag_bob", "missing; flag_alice needs it beside it"))
        }
        (None, None, Some(_)) => {
            Err(text.about("security.flag_alice", "missing; flag_bob needs it beside it"))
        }
    }
}

/// Keys of a block that replace what its session took.
fn pad_keys(text: &Text<'_>, file: &File, params: &SessionParams) -> Result<u32, ConfigError> {
    if !file.pads.refill {
        return Ok(0);
    }
    let needed = (8 * params.key_pool_bytes() as u64).div_ceil(u64::from(params.key_length_bits));
    if needed > MOST_PAD_KEYS {
        let what = format!(
            "the pads of one session take {needed} keys of {} bits, at most {MOST_PAD_KEYS} are supported; make keys \
             longer or set pads.refill = false",
            params.key_length_bits
        );
        return Err(text.about("security.key_length_bits", what));
    }
    Ok(needed as u32)
}

fn source_config(
    text: &Text<'_>,
    folder: &Path,
    source: &Spanned<Source>,
) -> Result<SourceConfig, ConfigError> {
    let (start, source) = (source.span().start, source.get_ref());
    let missing = |field: &str, example: &str| {
        let what = format!(
            "missing; a source of kind \"{}\" needs it, as in `{field} = {example}`",
            source.kind.get_ref()
        );
        text.in_table(start, field, what)
    };
    let allowed: &[&str] = match source.kind.get_ref().as_str() {
        "simulator" => &["preset", "seed", "level", "attack", "faults", "pace_hz"],
        "recording" => &["tags", "layout"],
        "station" => &["command", "unix", "tcp", "layout"],
        other => {
            let what =
                format!("`{other}` is not known, expected \"simulator\", \"recording\" or \"station\"");
            return Err(text.at(Some(source.kind.span()), what));
        }
    };
    let given = [
        ("preset", source.preset.is_some()),
        ("seed", source.seed.is_some()),
        ("level", source.level.is_some()),
        ("attack", source.attack.is_some()),
        ("faults", !source.faults.is_empty()),
        ("pace_hz", source.pace_hz.is_some()),
        ("tags", source.tags.is_some()),
        ("command", source.command.is_some()),
        ("unix", source.unix.is_some()),
        ("tcp", source.tcp.is_some()),
        ("layout", source.layout.is_some()),
    ];
    if let Some((field, _)) = given.iter().find(|(field, given)| *given && !allowed.contains(field)) {
        let what = format!(
            "a source of kind \"{}\" has no such field, only {}; remove it",
            source.kind.get_ref(),
            allowed.join(", ")
        );
        return Err(text.in_table(start, field, what));
    }
    let layout = || -> Result<Box<StationLayout>, ConfigError> {
        let layout =
            source.layout.as_ref().ok_or_else(|| missing("layout", "{ trigger = \"event-ready\", ... }"))?;
        Ok(Box::new(station_layout(text, start, layout)?))
    };
    let kind = match source.kind.get_ref().as_str() {
        "simulator" => SourceKind::Simulator(Box::new(Simulator {
            preset: source.preset.ok_or_else(|| missing("preset", "\"oxford-2022\""))?.0,
            seed: source.seed.ok_or_else(|| missing("seed", "7"))?,
            level: source.level.map_or(Level::Tags, |level| level.0),
            strategy: source.attack.map_or(Strategy::Honest, |attack| attack.0),
            faults: source.faults.iter().map(|fault| fault.0.clone()).collect(),
            pace_hz: source.pace_hz.map(|pace| pace.0.0),
        })),
        "recording" => {
            let tags = source.tags.as_deref().ok_or_else(|| missing("tags", "\"run-{block}.ptu\""))?;
            let path = folder.join(tags);
            let tags =
                path.to_str().map(str::to_owned).ok_or_else(|| text.in_table(start, "tags", "no path"))?;
            SourceKind::Recording { tags, layout: layout()? }
        }
        _ => {
            let at = match (&source.command, &source.unix, &source.tcp) {
                (Some(command), None, None) if !command.is_empty() => {
                    StationAddress::Command(command.clone())
                }
                (None, Some(path), None) => StationAddress::Unix(folder.join(path)),
                (None, None, Some(Value(HostPort(address)))) => StationAddress::Tcp(address.clone()),
                _ => {
                    let what = "expected exactly one of `command` (a program and its arguments), `unix` (a path) and `tcp` \
                                (host:port)";
                    return Err(text.in_table(start, "command", what));
                }
            };
            SourceKind::Station { at, layout: layout()? }
        }
    };
    if let SourceKind::Simulator(simulator) = &kind
        && simulator.preset.test_probability().get() > 0.9
    {
        let what = format!("{} is a Bell test without key rounds, choose another preset", simulator.preset);
        return Err(text.in_table(start, "preset", what));
    }
    let rng_attestation = source.rng_attestation.clone().unwrap_or_default();
    if rng_attestation.len() > Provenance::MAX_ATTESTATION_BYTES {
        let what = format!(
            "{} bytes, at most {} are kept",
            rng_attestation.len(),
            Provenance::MAX_ATTESTATION_BYTES
        );
        return Err(text.in_table(start, "rng_attestation", what));
    }
    Ok(SourceConfig {
        name: source.name.0.0.clone(),
        priority: source.priority.unwrap_or(0),
        rng_attestation,
        kind,
    })
}

fn station_layout(text: &Text<'_>, start: usize, layout: &Layout) -> Result<StationLayout, ConfigError> {
    let wrong = |field: &str, what: String| text.in_table(start, field, what);
    let trigger = match layout.trigger.get_ref().as_str() {
        "event-ready" => Trigger::EventReady,
        "clocked" => Trigger::Clocked,
        other => {
            let what = format!("`{other}` is not known, expected \"event-ready\" or \"clocked\"");
            return Err(text.at(Some(layout.trigger.span()), what));
        }
    };
    let outcome = |field: &str, value: u8| match value {
        0 => Ok(Outcome::Plus),
        1 => Ok(Outcome::Minus),
        _ => Err(wrong("layout", format!("{field} is {value}, expected 0 (outcome +1) or 1 (outcome -1)"))),
    };
    let finite = |field: &str, value: f64| {
        if value.is_finite() && value >= 0.0 {
            Ok(value)
        } else {
            Err(wrong("layout", format!("{field} is {value}, expected a number from 0 on")))
        }
    };
    let window = |[start_ps, end_ps]: [i64; 2]| Window { start_ps, end_ps };
    let channel = |number: Value<ChannelNumber>| Channel(number.0.0);
    let parsed = StationLayout {
        trigger,
        epoch_ps: layout.epoch_ps,
        slot_period_ps: layout.slot_period_ps,
        channels: ChannelMap {
            herald: Some(channel(layout.herald)),
            settings: layout.settings.map(channel),
            detectors: layout.detectors.map(channel),
        },
        herald_ps: layout.herald_ps,
        setting_window: window(layout.setting_window_ps),
        detection_window: window(layout.detection_window_ps),
        no_click: outcome("no_click", layout.no_click)?,
        multi_click: outcome("multi_click", layout.multi_click)?,
        clock_bounds: ClockBounds {
            max_offset_ps: layout.max_clock_offset_ps,
            max_drift_ppb: finite("max_clock_drift_ppb", layout.max_clock_drift_ppb)?,
        },
        jitter_ps: finite("jitter_ps", layout.jitter_ps)?,
    };
    if layout.max_clock_offset_ps < 0 {
        return Err(wrong(
            "layout",
            format!("max_clock_offset_ps is {}, expected 0 or more", layout.max_clock_offset_ps),
        ));
    }
    parsed.check(u16::MAX).map_err(|error| {
        let cause = std::error::Error::source(&error).map_or_else(String::new, |cause| format!(": {cause}"));
        wrong("layout", format!("{error}{cause}"))
    })?;
    Ok(parsed)
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
const MOST_PAD_KEYS: u64 = 1024;
