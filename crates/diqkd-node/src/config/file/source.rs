//! Where rounds come from, as the file says it.

use std::path::{Path, PathBuf};

use diqkd_core::{Channel, Outcome};
use diqkd_hal::{ChannelMap, ClockBounds, StationLayout, Trigger, Window};
use diqkd_keystore::Provenance;
use diqkd_sim::{Fault, Preset, Strategy};
use serde::Deserialize;
use toml::Spanned;

use crate::config::error::{ConfigError, Text};
use crate::config::scalar::{ChannelNumber, Count, HostPort, Name, Value};
use crate::config::{Level, Simulator, SourceConfig, SourceKind, StationAddress};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Source {
    pub(super) name: Value<Name>,
    pub(super) kind: Spanned<String>,
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

pub(super) fn source_config(
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
