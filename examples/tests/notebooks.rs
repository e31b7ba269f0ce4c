//! The notebooks run on their kernel, and their cells say what is known. Where the kernel or Jupyter is absent the test skips
//! and says so; that the cells compile and say the same as programs is tested without them.
//!
//! Executing takes minutes, as the kernel compiles the libraries anew: it is done where `DIQKD_NOTEBOOKS` is set. Otherwise the
//! outputs that are kept in the repository are looked at.

#![expect(clippy::unwrap_used, reason = "a test that cannot build its input has failed")]

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// Notebook, and what its outputs say. A panic or a failed `?` in a cell is no error for nbconvert: these words would be missing.
const NOTEBOOKS: [(&str, &[&str]); 5] = [
    ("1_counts_to_key", &["S = 2.4225 +- 0.2038", "p = 0.0391", "no key: 245 rounds", "454725 bits hold"]),
    ("2_finite_key_curves", &["here 454725 by reat", "limit of long runs: 0.4"]),
    ("3_reconciliation", &["n = 32768, Q = 5 %: f = 1.", "0 undetected"]),
    ("4_clock_recovery", &["common events at alice", "found within 20 ppb: true"]),
    (
        "5_attack_without_key",
        &[
            "dropped  S = 4.000",
            "honest devices: granted true",
            "counted: granted false",
            "nothing leaked: 0 bits",
        ],
    ),
];

fn notebook(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("notebooks").join(name).with_extension("ipynb")
}

/// All that the cells have put out as text, and the number of pictures; an error of a cell fails.
fn outputs(path: &Path) -> (String, usize) {
    let document: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let (mut text, mut pictures) = (String::new(), 0);
    for cell in document["cells"].as_array().unwrap() {
        for output in cell["outputs"].as_array().into_iter().flatten() {
            assert_ne!(output["output_type"], "error", "{}: {output}", path.display());
            pictures += usize::from(!output["data"]["image/svg+xml"].is_null());
            match &output["text"] {
                Value::Array(lines) => text.extend(lines.iter().filter_map(Value::as_str)),
                other => text.push_str(other.as_str().unwrap_or("")),
            }
        }
    }
    (text, pictures)
}

fn check(path: &Path, expected: &[&str]) {
    let (text, pictures) = outputs(path);
    for words in expected {
        assert!(text.contains(words), "{} does not say `{words}`:\n{text}", path.display());
    }
    assert_eq!(pictures, 1, "{}", path.display());
}

#[test]
fn kept_outputs_say_what_is_known() {
    for (name, expected) in NOTEBOOKS {
        check(&notebook(name), expected);
    }
}

#[test]
fn notebooks_execute() {
    if std::env::var_os("DIQKD_NOTEBOOKS").is_none() {
        println!("skipped: set DIQKD_NOTEBOOKS to execute the notebooks; it takes minutes");
        return;
    }
    let kernels = Command::new("jupyter").args(["kernelspec", "list"]).output();
    let has_kernel = kernels.is_ok_and(|output| {
        String::from_utf8_lossy(&output.stdout).lines().any(|line| line.trim_start().starts_with("rust "))
    });
    if !has_kernel {
        println!("skipped: no `jupyter` with a kernel `rust` here (cargo install --locked evcxr_jupyter)");
        return;
    }
    for (name, expected) in NOTEBOOKS {
        // Beside the original, so that paths of the libraries hold.
        let copy = notebook(name).with_file_name(format!("executed-{name}.ipynb"));
        let status = Command::new("jupyter")
            .args([
                "nbconvert",
                "--to",
                "notebook",
                "--execute",
                "--ExecutePreprocessor.timeout=1800",
                "--output",
            ])
            .arg(&copy)
            .arg(notebook(name))
            .status()
            .unwrap();
        assert!(status.success(), "{name}: {status}");
        check(&copy, expected);
        std::fs::remove_file(copy).unwrap();
    }
}
