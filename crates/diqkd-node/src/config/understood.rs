//! A configuration told back: field by field, as text.

use diqkd_core::TestProbability;
use diqkd_protocol::FlagSource;

use super::{Config, DeliveryConfig, Level, LinkEnd, Simulator, SourceKind, StationAddress, Tunables};

type Fields = Vec<(String, String)>;

pub(super) fn agreed(config: &Config) -> Fields {
    let mut fields = security(config);
    fields.push(("node.pipelines".to_owned(), config.pipelines.to_string()));
    for (index, source) in config.sources.iter().enumerate() {
        let name = |field: &str| format!("source[{index}].{field}");
        fields.push((name("name"), source.name.clone()));
        if let SourceKind::Simulator(simulator) = &source.kind {
            fields.extend(simulation(simulator).into_iter().map(|(field, value)| (name(&field), value)));
        }
    }
    for (index, delivery) in config.deliveries.iter().enumerate() {
        fields.extend(pair(index, delivery));
    }
    fields
}

pub(super) fn understood(config: &Config) -> Fields {
    let mut fields = Fields::new();
    let mut push = |name: &str, value: String| fields.push((name.to_owned(), value));
    push("node.role", config.role.to_string());
    push("node.name", config.name.clone());
    push("node.data", config.data.display().to_string());
    push("node.pipelines", config.pipelines.to_string());
    push("node.workers", config.workers.to_string());
    push("node.http", config.http.map_or_else(|| "none".to_owned(), |address| address.to_string()));
    push("pads.file", config.pads_file.display().to_string());
    fields.extend(security(config));
    for (index, source) in config.sources.iter().enumerate() {
        let mut push = |field: &str, value: String| fields.push((format!("source[{index}].{field}"), value));
        push("name", source.name.clone());
        push("priority", source.priority.to_string());
        push("rng_attestation", source.rng_attestation.clone());
        let layout = match &source.kind {
            SourceKind::Simulator(simulator) => {
                push("kind", "simulator".to_owned());
                for (field, value) in simulation(simulator) {
                    push(&field, value);
                }
                None
            }
            SourceKind::Recording { tags, layout } => {
                push("kind", "recording".to_owned());
                push("tags", tags.clone());
                Some(layout)
            }
            SourceKind::Station { at, layout } => {
                push("kind", "station".to_owned());
                match at {
                    StationAddress::Command(command) => push("command", command.join(" ")),
                    StationAddress::Unix(path) => push("unix", path.display().to_string()),
                    StationAddress::Tcp(address) => push("tcp", address.clone()),
                }
                Some(layout)
            }
        };
        if let Some(layout) = layout {
            push("layout", format!("{layout:?}"));
        }
    }
    for (index, link) in config.links.iter().enumerate() {
        fields.push((format!("link[{index}].name"), link.name.clone()));
        let (field, address) = match &link.end {
            LinkEnd::Listen(address) => ("listen", address),
            LinkEnd::Connect(address) => ("connect", address),
        };
        fields.push((format!("link[{index}].{field}"), address.clone()));
        if let Some(tls) = &link.tls {
            let files = [&tls.certificate, &tls.key, &tls.peer].map(|path| path.display().to_string());
            fields.push((format!("link[{index}].tls"), format!("{} for {}", files.join(", "), tls.name)));
        }
    }
    for (index, delivery) in config.deliveries.iter().enumerate() {
        fields.extend(pair(index, delivery));
        fields.push((format!("delivery[{index}].unix"), delivery.unix.display().to_string()));
        fields.push((format!("delivery[{index}].access"), delivery.access.name().to_owned()));
    }
    fields.extend(tunables(&config.tunables));
    fields
}

pub(super) fn tunables(tunables: &Tunables) -> Fields {
    let ms = |duration: std::time::Duration| duration.as_millis().to_string();
    [
        ("log.level", tunables.log_level.name().to_owned()),
        ("pads.low_water_bits", tunables.pads_low_water_bits.to_string()),
        ("keys.low_water", tunables.keys_low_water.to_string()),
        ("timing.backoff_min_ms", ms(tunables.backoff_min)),
        ("timing.backoff_max_ms", ms(tunables.backoff_max)),
        ("timing.link_dead_after_ms", ms(tunables.link_dead_after)),
        ("timing.peer_silence_s", tunables.peer_silence.as_secs().to_string()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .to_vec()
}

fn security(config: &Config) -> Fields {
    let params = &config.params;
    let of_65536 = |p: TestProbability| format!("{}/65536", p.threshold());
    let none = || "none".to_owned();
    let (gamma, flag_alice, flag_bob) = match params.variant.flags {
        FlagSource::Expanded => (of_65536(params.gamma), none(), none()),
        FlagSource::Local { alice, bob } => (none(), of_65536(alice), of_65536(bob)),
    };
    [
        ("security.rounds", params.rounds.to_string()),
        ("security.gamma", gamma),
        ("security.flag_alice", flag_alice),
        ("security.flag_bob", flag_bob),
        ("security.chsh_design", config.chsh_design.get().to_string()),
        ("security.qber_design", params.qber_design.get().to_string()),
        ("security.omega_threshold", params.omega_threshold.get().to_string()),
        ("security.eps_sound", format!("2^{}", params.eps_sound.log2())),
        (
            "security.eps_total",
            config.eps_total.map_or("none".to_owned(), |total| format!("2^{}", total.log2())),
        ),
        ("security.theorem", params.theorem.to_string()),
        ("security.padded", params.variant.padded.to_string()),
        ("security.answer_after_ms", params.variant.answer_after_ms.to_string()),
        ("security.key_length_bits", params.key_length_bits.to_string()),
        ("security.verification_tag_bits", params.verification_tag_bits.to_string()),
        ("security.max_codeword_bits", params.max_codeword_bits.to_string()),
        ("security.least_key_bits", params.least_key_bits.to_string()),
        ("security.max_batches", params.max_batches.to_string()),
        ("pads.refill", (config.pad_keys > 0).to_string()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .to_vec()
}

/// What both sites must say alike of a pair of applications.
fn pair(index: usize, delivery: &DeliveryConfig) -> Fields {
    let keys = delivery.keys_a_block.map_or_else(|| "all that are left".to_owned(), |keys| keys.to_string());
    [
        ("source", delivery.source.clone()),
        ("master", delivery.master.to_string()),
        ("master_sae", delivery.master_sae.clone()),
        ("slave_sae", delivery.slave_sae.clone()),
        ("keys_a_block", keys),
    ]
    .map(|(field, value)| (format!("delivery[{index}].{field}"), value))
    .to_vec()
}

fn simulation(simulator: &Simulator) -> Fields {
    let level = match simulator.level {
        Level::Tags => "tags",
        Level::Trials => "trials",
    };
    let faults: Vec<String> = simulator.faults.iter().map(ToString::to_string).collect();
    [
        ("preset", simulator.preset.to_string()),
        ("seed", simulator.seed.to_string()),
        ("level", level.to_owned()),
        ("attack", simulator.strategy.to_string()),
        ("faults", if faults.is_empty() { "none".to_owned() } else { faults.join("; ") }),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .to_vec()
}
