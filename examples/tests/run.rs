//! Every example runs, and says a number that is known.

#![expect(clippy::unwrap_used, reason = "a test that cannot build its input has failed")]

use std::path::{Path, PathBuf};
use std::process::Command;

/// Runs a built example; cargo builds them beside the tests.
fn run(name: &str, arguments: &[&str]) -> String {
    let tests = std::env::current_exe().unwrap();
    let folder = tests.ancestors().nth(2).unwrap().join("examples");
    let output = Command::new(folder.join(name)).args(arguments).output();
    let output =
        output.unwrap_or_else(|error| panic!("{name}: {error}; `cargo test -p diqkd-examples` builds it"));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{name}: {text}{}", String::from_utf8_lossy(&output.stderr));
    text
}

fn says(name: &str, arguments: &[&str], expected: &[&str]) {
    let text = run(name, arguments);
    for words in expected {
        assert!(text.contains(words), "{name} does not say `{words}`:\n{text}");
    }
}

fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("diqkd-examples-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

#[test]
fn quickstart() {
    says("quickstart", &[], &["454725 bits, checked by separate code"]);
}

#[test]
fn finite_key_curve() {
    let folder = folder("curve");
    let path = folder.join("curve.svg");
    says("finite_key_curve", &[path.to_str().unwrap()], &["reat          454725 bits of 1.5e6 rounds"]);
    assert!(std::fs::read_to_string(path).unwrap().contains(">df19-fixed</text>"));
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn reconcile_your_bits() {
    says("reconcile_your_bits", &[], &["50000 bits", "0 frames did not converge, 0 bits still differ"]);
    let folder = folder("bits");
    let [alice, bob] = ["alice", "bob"].map(|name| folder.join(name));
    std::fs::write(&alice, "0110".repeat(2_500)).unwrap();
    std::fs::write(&bob, "0110".repeat(2_490) + &"1110".repeat(10)).unwrap();
    let files = [alice.to_str().unwrap(), bob.to_str().unwrap()];
    says("reconcile_your_bits", &files, &["10000 bits, 10 differ", "0 bits still differ"]);
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn amplify_stream() {
    says(
        "amplify_stream",
        &["2e6", "1e5"],
        &["2000000 bits to 100000, seed of 2099999 bits", "100000 bits, beginning "],
    );
}

#[test]
fn read_ptu() {
    says("read_ptu", &[], &["1000 photons", "channel 1: 500 photons", "delays from 10^7 ps: 999"]);
}

#[test]
fn vendor_hal() {
    says("vendor_hal", &[], &["both keep the contract; 20269 rounds"]);
}

#[test]
fn two_party_in_memory() {
    says("two_party_in_memory", &[], &["equal at both sites: true"]);
    says("two_party_in_memory", &["lhv"], &["no key", "equal at both sites: false"]);
}

#[test]
fn replay_archive() {
    says("replay_archive", &[], &["identical: true", "transcript"]);
}

#[test]
fn custom_bell_scenario() {
    says("custom_bell_scenario", &[], &["local bound      4.0000", "quantum maximum  5.1962"]);
}

#[test]
fn etsi014_client() {
    says(
        "etsi014_client",
        &[],
        &["8 keys of 256 bits are stored", "000000000001\": 256 bits, equal at both sites: true"],
    );
}

/// The cells of the notebooks, which the same numbers are checked in.
#[test]
fn notebooks_as_programs() {
    says(
        "notebook_counts_to_key",
        &[],
        &["S = 2.4225 +- 0.2038", "p = 0.039", "no key:", "454725 bits hold"],
    );
    says("notebook_finite_key_curves", &[], &["here 454725 by reat", "</svg>"]);
    says("notebook_reconciliation", &[], &["n = 32768, Q = 5 %: f = 1.", "0 undetected", "</svg>"]);
    says("notebook_clock_recovery", &[], &["found within 20 ppb: true", "</svg>"]);
    says(
        "notebook_attack_without_key",
        &[],
        &[
            "dropped  S = 4.000",
            "honest devices: granted true",
            "counted: granted false",
            "nothing leaked: 0 bits",
        ],
    );
}

/// The way in is a page: no example is longer than 80 lines, but for `reproductions`, which is a record. The tests of the node
/// run `station_process`.
#[test]
fn examples_are_short_and_none_is_forgotten() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let manifest = std::fs::read_to_string(folder.join("Cargo.toml")).unwrap();
    let this = std::fs::read_to_string(folder.join("tests/run.rs")).unwrap();
    let names: Vec<&str> =
        manifest.split("[[example]]\nname = \"").skip(1).filter_map(|part| part.split('"').next()).collect();
    assert!(names.len() >= 10);
    for name in names.into_iter().filter(|name| !["reproductions", "station_process"].contains(name)) {
        assert!(this.contains(&format!("\"{name}\",")), "{name} is not run");
        // Notebooks are longer: they have their text in them.
        if name.starts_with("notebook_") {
            continue;
        }
        let lines = std::fs::read_to_string(folder.join(name).with_extension("rs")).unwrap().lines().count();
        assert!(lines < 80, "{name}: {lines} lines");
    }
}
