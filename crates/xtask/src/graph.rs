//! The crate graph: layers point down, L1 crates do not know each other, and the graph drawn in
//! `docs/architecture.md` is the graph that cargo sees.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use crate::{CheckError, read};

/// Crates by layer. A crate that is not listed here fails the check: a new crate is a decision.
const LAYERS: [(&str, u8); 18] = [
    ("diqkd-core", 0),
    ("diqkd-gf2", 0),
    ("diqkd-plot", 0),
    ("diqkd-hal", 1),
    ("diqkd-timetag", 1),
    ("diqkd-bell", 1),
    ("diqkd-entropy", 1),
    ("diqkd-reconcile", 1),
    ("diqkd-amplify", 1),
    ("diqkd-auth", 1),
    ("diqkd-health", 1),
    ("diqkd-protocol", 2),
    ("diqkd-sim", 2),
    ("diqkd-keystore", 2),
    ("diqkd-planner", 2),
    ("diqkd-archive", 2),
    ("diqkd-node", 4),
    ("diqkd", 5),
];

/// Packages outside the layers: programs that use the crates from above.
const OUTSIDE: [&str; 3] = ["xtask", "diqkd-examples", "diqkd-benches"];

pub(crate) fn check(root: &Path) -> Result<Vec<String>, CheckError> {
    let edges = cargo_edges(root)?;
    let layers: BTreeMap<&str, u8> = LAYERS.into_iter().collect();
    let mut findings = Vec::new();
    for (from, targets) in &edges {
        if OUTSIDE.contains(&from.as_str()) {
            continue;
        }
        let Some(&layer) = layers.get(from.as_str()) else {
            findings.push(format!("crate {from} has no layer; decide it in docs/architecture.md and xtask"));
            continue;
        };
        for to in targets {
            if layers.get(to.as_str()).is_none_or(|&below| below >= layer) {
                findings.push(format!("{from} (L{layer}) depends on {to}, which does not lie below it"));
            }
        }
    }
    let drawn = drawn_edges(&read(&root.join("docs/architecture.md"))?);
    let drawn_names: BTreeSet<&String> = drawn.keys().collect();
    for (from, targets) in edges.iter().filter(|(from, _)| !OUTSIDE.contains(&from.as_str())) {
        match drawn.get(from) {
            None => findings.push(format!("docs/architecture.md does not draw {from}")),
            Some(seen) if seen != targets => {
                findings
                    .push(format!("docs/architecture.md draws {from} -> {seen:?}, cargo sees {targets:?}"));
            }
            Some(_) => {}
        }
    }
    for name in drawn_names {
        if !edges.contains_key(name) {
            findings.push(format!("docs/architecture.md draws {name}, which is not a crate"));
        }
    }
    Ok(findings)
}

/// Normal dependencies between workspace members.
fn cargo_edges(root: &Path) -> Result<BTreeMap<String, BTreeSet<String>>, CheckError> {
    let output = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(root)
        .output()
        .map_err(|error| CheckError::Metadata(error.to_string()))?;
    if !output.status.success() {
        return Err(CheckError::Metadata(String::from_utf8_lossy(&output.stderr).into_owned()));
    }
    let metadata: serde_json::Value =
        serde_json::from_slice(&output.stdout).map_err(|error| CheckError::Metadata(error.to_string()))?;
    let packages = metadata["packages"].as_array().cloned().unwrap_or_default();
    let names: BTreeSet<String> =
        packages.iter().filter_map(|p| Some(p["name"].as_str()?.to_owned())).collect();
    let mut edges = BTreeMap::new();
    for package in &packages {
        let Some(name) = package["name"].as_str() else { continue };
        let dependencies = package["dependencies"].as_array().cloned().unwrap_or_default();
        let normal = dependencies.iter().filter(|d| d["kind"].is_null()).filter_map(|d| d["name"].as_str());
        let own = normal.filter(|d| names.contains(*d)).map(str::to_owned).collect();
        edges.insert(name.to_owned(), own);
    }
    Ok(edges)
}

/// The lines `name -> a, b, c` of the block fenced as `crate-graph`.
fn drawn_edges(architecture: &str) -> BTreeMap<String, BTreeSet<String>> {
    let block =
        architecture.split("```crate-graph").nth(1).and_then(|rest| rest.split("```").next()).unwrap_or("");
    let line = |line: &str| {
        let (from, to) = line.split_once("->")?;
        let to = to.split(',').map(str::trim).filter(|name| !name.is_empty() && *name != "-");
        Some((from.trim().to_owned(), to.map(str::to_owned).collect()))
    };
    block.lines().filter_map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_drawing_is_read() {
        let text = "x\n```crate-graph\na -> b, c\nb -> -\n```\ny -> z";
        let drawn = drawn_edges(text);
        assert_eq!(drawn.len(), 2);
        assert_eq!(drawn["a"].len(), 2);
        assert!(drawn["b"].is_empty());
    }
}
