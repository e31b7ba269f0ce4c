//! `diqkd keys`: what a key store holds. Metadata only, never key bits.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use diqkd_core::KeyId;
use diqkd_keystore::{KeyRecord, KeyState};
use diqkd_node::randomness::Randomness;
use diqkd_node::{StoreOnDisk, now_unix_s};
use serde_json::{Value, json};

use crate::answer::{Answer, Failure};

/// Look into a key store; key bits are never shown.
#[derive(Debug, Subcommand)]
pub(crate) enum Keys {
    /// Every key, in order of id.
    List(Store),
    /// One key with its provenance.
    Show(Show),
    /// Walk the audit chain and compare it with the records.
    Verify(Store),
    /// Erase keys whose time has run out.
    Purge(Store),
}

#[derive(Debug, Args)]
pub(crate) struct Store {
    /// The folder of the store (with keys.redb and storage.key).
    folder: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Show {
    /// The folder of the store (with keys.redb and storage.key).
    folder: PathBuf,
    /// The key's id.
    id: String,
}

impl Keys {
    pub(crate) fn run(self) -> Result<Answer, Failure> {
        match self {
            Self::List(Store { folder }) => list(&folder),
            Self::Show(Show { folder, id }) => show(&folder, &id),
            Self::Verify(Store { folder }) => verify(&folder),
            Self::Purge(Store { folder }) => purge(&folder),
        }
    }
}

/// Opens a store that exists; looking makes none.
pub(crate) fn open(folder: &Path) -> Result<StoreOnDisk, Failure> {
    if !folder.join("keys.redb").exists() {
        return Err(Failure::new(format!(
            "{} holds no key store; name the folder of keys.redb",
            folder.display()
        )));
    }
    let randomness = Randomness::from_system()
        .map_err(|e| Failure::because("the operating system gives no randomness", e))?;
    StoreOnDisk::open(folder, &randomness).map_err(|e| Failure::because("the key store can't be opened", e))
}

fn refused(error: diqkd_keystore::Error) -> Failure {
    Failure::because("the key store refused", error)
}

fn list(folder: &Path) -> Result<Answer, Failure> {
    let store = open(folder)?;
    let now = now_unix_s();
    let mut records: Vec<KeyRecord> = Vec::new();
    loop {
        let page = store.keys().list(now, records.last().map(|record| record.id), PAGE).map_err(refused)?;
        if page.is_empty() {
            break;
        }
        records.extend(page);
    }
    let line = |record: &KeyRecord| {
        format!(
            "{}  {:>5} bits  {:<9}  {}  session {}",
            record.id,
            record.length_bits,
            record.state.name(),
            record.provenance.trust_label(),
            record.provenance.session
        )
    };
    let mut lines: Vec<String> = records.iter().map(line).collect();
    lines.push(format!("{} keys", records.len()));
    Ok(Answer::new(lines.join("\n"), json!({ "keys": records.iter().map(json).collect::<Vec<_>>() })))
}

fn show(folder: &Path, id: &str) -> Result<Answer, Failure> {
    let id = KeyId::parse(id).ok_or_else(|| Failure::Usage {
        what: format!("{id} is not a key id; expected 32 hexadecimal digits as `keys list` prints them"),
        source: None,
    })?;
    let record = open(folder)?.keys().show(id, now_unix_s()).map_err(refused)?;
    let provenance = &record.provenance;
    let mut lines = vec![
        format!("key         {} ({} bits, {})", record.id, record.length_bits, record.state.name()),
        format!("trust       {}", provenance.trust_label()),
        format!(
            "session     {}, block {}, position {}",
            provenance.session, provenance.block, provenance.position
        ),
        format!("soundness   {}", provenance.eps_sound),
    ];
    if !provenance.rng_attestation.is_empty() {
        lines.push(format!("settings by {}", provenance.rng_attestation));
    }
    lines.extend(
        provenance.assumptions.iter().map(|a| format!("assumes     {}: {}", a.label(), a.statement())),
    );
    Ok(Answer::new(lines.join("\n"), json!({ "keys": [json(&record)] })))
}

fn verify(folder: &Path) -> Result<Answer, Failure> {
    let audit = open(folder)?.keys().verify().map_err(refused)?;
    let head = audit.head.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    Ok(Answer::new(
        format!("{} audit entries verified; chain head {head}", audit.entries),
        json!({ "valid": true, "entries": audit.entries, "head": head, "keys": [] }),
    ))
}

fn purge(folder: &Path) -> Result<Answer, Failure> {
    let purged = open(folder)?.keys().purge(now_unix_s()).map_err(refused)?;
    Ok(Answer::new(format!("{purged} keys erased"), json!({ "purged": purged, "keys": [] })))
}

fn json(record: &KeyRecord) -> Value {
    let provenance = &record.provenance;
    let (consumer, at_unix_s) = match &record.state {
        KeyState::Delivered { consumer, at_unix_s } => (Some(consumer.as_str()), Some(*at_unix_s)),
        KeyState::Expired { at_unix_s } | KeyState::Destroyed { at_unix_s } => (None, Some(*at_unix_s)),
        _ => (None, None),
    };
    json!({
        "id": record.id.to_string(),
        "length_bits": record.length_bits,
        "state": record.state.name().to_string(),
        "consumer": consumer,
        "state_since_unix_s": at_unix_s,
        "inserted_unix_s": record.inserted_unix_s,
        "expires_unix_s": record.expires_unix_s,
        "trust": provenance.trust_label(),
        "session": provenance.session.to_string(),
        "block": provenance.block,
        "position": provenance.position,
        "eps_sound": provenance.eps_sound.probability(),
        "created_unix_s": provenance.created_unix_s,
        "rng_attestation": provenance.rng_attestation,
        "assumptions": provenance.assumptions.iter().map(|a| a.label()).collect::<Vec<_>>(),
    })
}

const PAGE: usize = 4096;
