//! The command as scripts see it: exit status, one JSON object on standard output, a reason on standard error.

#![expect(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

mod attacks;
mod bad_input;
mod bell;
mod demo;
mod documents;
mod first_contact;
mod numbers;
mod pictures;
mod plan;
mod reconcile;
mod recordings;
mod repeat;
mod report;
mod simulate;
mod trials;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

/// Runs the command.
fn diqkd(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_diqkd")).args(arguments).output().unwrap()
}

/// Runs the command with `--json` and gives its exit status and the object that it printed.
fn json(arguments: &[&str]) -> (i32, Value) {
    let output = diqkd(&[arguments, &["--json"]].concat());
    let text = String::from_utf8(output.stdout).unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    let value = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{arguments:?}: {e}: {text}{errors}"));
    (output.status.code().unwrap(), value)
}

/// A failing call: its exit status and what it said. Nothing may panic, and standard output stays empty.
fn failure(arguments: &[&str]) -> (i32, String) {
    let output = diqkd(arguments);
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!errors.contains("panicked"), "{arguments:?}: {errors}");
    assert!(output.stdout.is_empty(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stdout));
    (output.status.code().unwrap(), errors)
}

/// A fresh folder of this test process.
fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("diqkd-command-{name}-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// A file of the shared reference data, or `None` with a printed reason.
fn reference(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data").join(name);
    if !path.exists() {
        println!("skipped: the reference data are not here ({name})");
        return None;
    }
    Some(path)
}
