//! `cargo xtask sbom [OPTIONS OF cargo tree]`: the bill of materials of the `diqkd` command, CycloneDX 1.5 in JSON.
//!
//! What is listed is what `cargo tree` says is compiled into the command, or runs while it is compiled, for a target and a set
//! of features (`--target T`, `--features F`); licences are those the packages declare, hashes those of `Cargo.lock`, with which
//! cargo compares what it downloads. No time and no random number is in it: the same tree gives the same bytes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::{CheckError, read};

/// The bill as text.
pub(crate) fn write(root: &Path, options: &[String]) -> Result<String, CheckError> {
    let output = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["tree", "--locked", "--package", "diqkd", "--edges", "normal,build", "--prefix", "depth"])
        .args(["--format", "|{p}|{l}"])
        .args(options)
        .current_dir(root)
        .output()
        .map_err(|error| CheckError::Tree(error.to_string()))?;
    if !output.status.success() {
        return Err(CheckError::Tree(String::from_utf8_lossy(&output.stderr).into_owned()));
    }
    let bill = bill(&String::from_utf8_lossy(&output.stdout), &read(&root.join("Cargo.lock"))?)?;
    Ok(format!("{bill:#}"))
}

fn bill(tree: &str, lock: &str) -> Result<Value, CheckError> {
    let hashes = checksums(lock);
    let mut packages = BTreeMap::new();
    let mut uses: BTreeMap<Package, BTreeSet<Package>> = BTreeMap::new();
    // The packages that lead to the line being read, from the root down.
    let mut above: Vec<Package> = Vec::new();
    for line in tree.lines().filter(|line| !line.trim().is_empty()) {
        let (depth, package, licence) =
            node(line).ok_or_else(|| CheckError::Tree(format!("can't make sense of its line `{line}`")))?;
        above.truncate(depth);
        if let Some(user) = above.last() {
            uses.entry(user.clone()).or_default().insert(package.clone());
        }
        uses.entry(package.clone()).or_default();
        above.push(package.clone());
        packages.insert(package, licence);
    }
    let root = above.first().ok_or_else(|| CheckError::Tree("it is empty".to_owned()))?;
    let component = |package: &Package, licence: &str| {
        let mut component = json!({
            "type": if package == root { "application" } else { "library" },
            "bom-ref": package.reference(),
            "name": package.name,
            "version": package.version,
            "scope": "required",
            "purl": package.reference(),
        });
        if !licence.is_empty() {
            component["licenses"] = json!([{ "expression": licence }]);
        }
        if let Some(hash) = hashes.get(package) {
            component["hashes"] = json!([{ "alg": "SHA-256", "content": hash }]);
        }
        component
    };
    let components: Vec<Value> = packages
        .iter()
        .filter(|(package, _)| *package != root)
        .map(|(package, licence)| component(package, licence))
        .collect();
    let dependencies: Vec<Value> = uses
        .iter()
        .map(|(user, used)| {
            let used: Vec<String> = used.iter().map(Package::reference).collect();
            json!({ "ref": user.reference(), "dependsOn": used })
        })
        .collect();
    Ok(json!({
        "$schema": "http://cyclonedx.org/schema/bom-1.5.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": { "component": component(root, packages.get(root).map_or("", String::as_str)) },
        "components": components,
        "dependencies": dependencies,
    }))
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Package {
    name: String,
    version: String,
}

impl Package {
    /// The package's address in the form of the Package URL specification. Build metadata has a `+`, which is escaped there.
    fn reference(&self) -> String {
        format!("pkg:cargo/{}@{}", self.name, self.version.replace('+', "%2B"))
    }
}

/// Depth, package and licence of `2|name v1.0.0 (proc-macro)|MIT (*)`.
fn node(line: &str) -> Option<(usize, Package, String)> {
    let mut parts = line.splitn(3, '|');
    let (depth, package, licence) = (parts.next()?, parts.next()?, parts.next()?);
    let mut words = package.split_whitespace();
    let name = words.next()?.to_owned();
    let version = words.next()?.strip_prefix('v')?.to_owned();
    // `A/B` is how old packages write `A OR B`.
    let licence = licence.trim_end_matches("(*)").trim().replace('/', " OR ");
    Some((depth.trim().parse().ok()?, Package { name, version }, licence))
}

/// The hashes of the lock file; packages of this tree have none.
fn checksums(lock: &str) -> BTreeMap<Package, String> {
    let value = |entry: &str, key: &str| {
        let line = entry.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(" = "))?;
        Some(line.trim().trim_matches('"').to_owned())
    };
    lock.split("[[package]]")
        .filter_map(|entry| {
            let package = Package { name: value(entry, "name")?, version: value(entry, "version")? };
            Some((package, value(entry, "checksum")?))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TREE: &str = "0|diqkd v0.1.0 (/somewhere)|Apache-2.0 OR MIT\n1|a v1.0.0|MIT/Apache-2.0\n2|b v2.0.0+up.1 (proc-macro)|\n\
        1|c v0.3.0|Zlib\n2|a v1.0.0|MIT/Apache-2.0 (*)\n";
    const LOCK: &str = "version = 4\n\n[[package]]\nname = \"a\"\nversion = \"1.0.0\"\nsource = \"r\"\nchecksum = \"00ff\"\n\
        dependencies = [\n \"b\",\n]\n\n[[package]]\nname = \"diqkd\"\nversion = \"0.1.0\"\n";

    #[test]
    fn a_tree_becomes_a_bill() {
        let bill = bill(TREE, LOCK).unwrap();
        assert_eq!((&bill["bomFormat"], &bill["specVersion"]), (&json!("CycloneDX"), &json!("1.5")));
        assert_eq!(bill["metadata"]["component"]["purl"], "pkg:cargo/diqkd@0.1.0");
        let names: Vec<&Value> = bill["components"].as_array().unwrap().iter().map(|c| &c["name"]).collect();
        assert_eq!(names, ["a", "b", "c"]);
        let a = &bill["components"][0];
        assert_eq!(a["licenses"], json!([{ "expression": "MIT OR Apache-2.0" }]));
        assert_eq!(a["hashes"], json!([{ "alg": "SHA-256", "content": "00ff" }]));
        assert_eq!(bill["components"][1]["purl"], "pkg:cargo/b@2.0.0%2Bup.1");
        assert!(bill["components"][1]["licenses"].is_null());
        let uses = |name: &str| {
            let entries = bill["dependencies"].as_array().unwrap();
            entries.iter().find(|entry| entry["ref"] == name).unwrap()["dependsOn"].clone()
        };
        assert_eq!(uses("pkg:cargo/diqkd@0.1.0"), json!(["pkg:cargo/a@1.0.0", "pkg:cargo/c@0.3.0"]));
        assert_eq!(uses("pkg:cargo/c@0.3.0"), json!(["pkg:cargo/a@1.0.0"]));
        assert_eq!(uses("pkg:cargo/a@1.0.0"), json!(["pkg:cargo/b@2.0.0%2Bup.1"]));
    }

    /// What the schema of CycloneDX asks of the fields that are used, and that the graph closes.
    #[test]
    fn the_bill_of_this_tree_is_whole_and_repeats() {
        let root = crate::workspace_root();
        let text = write(&root, &["--offline".to_owned()]).unwrap();
        assert_eq!(text, write(&root, &["--offline".to_owned()]).unwrap());
        let bill: Value = serde_json::from_str(&text).unwrap();
        let components = bill["components"].as_array().unwrap();
        let references: BTreeSet<&str> = components
            .iter()
            .chain([&bill["metadata"]["component"]])
            .map(|component| component["bom-ref"].as_str().unwrap())
            .collect();
        assert_eq!(references.len(), components.len() + 1, "references are unique");
        for component in components {
            let name = component["name"].as_str().unwrap();
            let ours = name.starts_with("diqkd-");
            assert_eq!(component["hashes"].is_null(), ours, "{name}");
            if let Some(hash) = component["hashes"][0]["content"].as_str() {
                assert!(hash.len() == 64 && hash.bytes().all(|b| b.is_ascii_hexdigit()), "{name}: {hash}");
            }
            assert!(component["licenses"][0]["expression"].is_string(), "{name} declares no licence");
        }
        let dependencies = bill["dependencies"].as_array().unwrap();
        assert_eq!(dependencies.len(), references.len());
        for entry in dependencies {
            assert!(references.contains(entry["ref"].as_str().unwrap()));
            for used in entry["dependsOn"].as_array().unwrap() {
                assert!(references.contains(used.as_str().unwrap()), "{used}");
            }
        }
        assert!(references.iter().any(|name| name.starts_with("pkg:cargo/blake3@")));
        assert!(!text.contains(&*root.to_string_lossy()), "the place of the checkout is nobody's business");
    }
}
