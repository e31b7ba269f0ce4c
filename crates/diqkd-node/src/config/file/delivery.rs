//! Which applications take keys while the node runs.

use std::path::{Path, PathBuf};

use diqkd_core::Role;
use serde::Deserialize;
use toml::Spanned;

use crate::config::error::{ConfigError, Text};
use crate::config::scalar::{Count, SaeId, Value};
use crate::config::{Access, DeliveryConfig, SourceConfig};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Delivery {
    source: String,
    master: Value<Role>,
    master_sae: Value<SaeId>,
    slave_sae: Value<SaeId>,
    keys_a_block: Option<Value<Count<1_048_576>>>,
    unix: PathBuf,
    access: Option<Value<Access>>,
}

pub(super) fn deliveries(
    text: &Text<'_>,
    folder: &Path,
    tables: &[Spanned<Delivery>],
    sources: &[SourceConfig],
) -> Result<Vec<DeliveryConfig>, ConfigError> {
    let mut parsed: Vec<DeliveryConfig> = Vec::new();
    for table in tables {
        let (start, table) = (table.span().start, table.get_ref());
        let wrong = |field: &str, what: String| text.in_table(start, field, what);
        if cfg!(not(unix)) {
            let what = "keys are delivered on Unix sockets, which this system has not; take the table away";
            return Err(wrong("unix", what.to_owned()));
        }
        if !sources.iter().any(|source| source.name == table.source) {
            let names: Vec<&str> = sources.iter().map(|source| source.name.as_str()).collect();
            let what = format!("no source is called `{}`, expected {}", table.source, names.join(" or "));
            return Err(wrong("source", what));
        }
        if table.master_sae.0.0 == table.slave_sae.0.0 {
            let what = "the same as master_sae; the applications of both sites need names of their own";
            return Err(wrong("slave_sae", what.to_owned()));
        }
        if table.unix.as_os_str().is_empty() {
            return Err(wrong("unix", "empty, expected a path, as in \"vpn.sock\"".to_owned()));
        }
        let delivery = DeliveryConfig {
            source: table.source.clone(),
            master: table.master.0,
            master_sae: table.master_sae.0.0.clone(),
            slave_sae: table.slave_sae.0.0.clone(),
            keys_a_block: table.keys_a_block.map(|keys| keys.0.0 as u32),
            unix: folder.join(&table.unix),
            access: table.access.map_or(Access::Owner, |access| access.0),
        };
        if delivery.unix.as_os_str().len() > LONGEST_SOCKET {
            let what = format!(
                "the path {} has {} bytes, the path of a socket at most {LONGEST_SOCKET}; choose a shorter one",
                delivery.unix.display(),
                delivery.unix.as_os_str().len()
            );
            return Err(wrong("unix", what));
        }
        for earlier in &parsed {
            if earlier.unix == delivery.unix {
                let what = format!("`{}` is taken; give each its own socket", table.unix.display());
                return Err(wrong("unix", what));
            }
            if earlier.source != delivery.source {
                continue;
            }
            // Folders that differ in case alone are one on some systems.
            if earlier.folder().eq_ignore_ascii_case(&delivery.folder()) {
                let what = "this pair has a [[delivery]] of this source already; state each pair once";
                return Err(wrong("master_sae", what.to_owned()));
            }
            if earlier.keys_a_block.is_none() {
                let what = format!(
                    "nothing is left for it: {} and {} get all keys of {}; give them keys_a_block, or put them last",
                    earlier.master_sae, earlier.slave_sae, earlier.source
                );
                return Err(wrong("source", what));
            }
        }
        parsed.push(delivery);
    }
    Ok(parsed)
}

/// What every system takes.
const LONGEST_SOCKET: usize = 103;
