//! Commands in the documents: their options exist, and those of blocks marked `sh run` do what they say.

use std::path::Path;

use super::*;

fn documents() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut paths: Vec<PathBuf> = std::fs::read_dir(root.join("docs/book"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "md"))
        .collect();
    paths.extend(["README.md", "docs/reproductions.md"].map(|page| root.join(page)));
    paths.sort();
    paths.into_iter().map(|path| (path.clone(), std::fs::read_to_string(path).unwrap())).collect()
}

/// The lines of shell blocks with this tag that call the command, without the call itself; continued lines are one.
fn calls(text: &str, tag: &str) -> Vec<String> {
    let mut calls = Vec::new();
    for block in text.split("```").skip(1).step_by(2) {
        let Some((found, body)) = block.split_once('\n') else { continue };
        if !(found == tag || tag.is_empty() && found.starts_with("sh")) {
            continue;
        }
        for line in body.replace("\\\n", " ").lines() {
            let line =
                line.trim_start_matches("cargo run --release --bin ").replacen("diqkd -- ", "diqkd ", 1);
            if let Some(call) = line.strip_prefix("diqkd ") {
                calls.push(call.to_owned());
            }
        }
    }
    calls
}

#[test]
fn options_in_documents_exist() {
    let mut checked = 0;
    for (path, text) in documents() {
        for call in calls(&text, "") {
            let call = call.split(['#', '>', '|', ';']).next().unwrap();
            let words: Vec<&str> = call.split_whitespace().collect();
            let command: Vec<&str> = words
                .iter()
                .copied()
                .take_while(|word| word.bytes().all(|b| b.is_ascii_lowercase()))
                .collect();
            // The words after the command may be arguments of one: take as many as are commands.
            let help = (0..=command.len()).rev().find_map(|count| {
                let output = diqkd(&[&["help"], &command[..count]].concat());
                output.status.success().then(|| String::from_utf8(output.stdout).unwrap())
            });
            let help = help.unwrap();
            for option in words.iter().filter(|word| word.starts_with("--")) {
                assert!(help.contains(option), "{}: `diqkd {call}`: no option {option}", path.display());
                checked += 1;
            }
        }
    }
    assert!(checked > 40, "{checked}");
}

#[test]
fn the_week_runs_as_it_stands() {
    let folder = folder("week");
    let mut ran = 0;
    for (path, text) in documents() {
        for call in calls(&text, "sh run") {
            let (call, note) = call.split_once('#').unwrap_or((&call, ""));
            let expected =
                note.trim().strip_prefix("exit ").map_or(0, |status| status.trim().parse().unwrap());
            let output = std::process::Command::new(env!("CARGO_BIN_EXE_diqkd"))
                .args(call.split_whitespace())
                .current_dir(&folder)
                .output()
                .unwrap();
            let errors = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(expected), "{}: diqkd {call}: {errors}", path.display());
            ran += 1;
        }
    }
    assert!(ran >= 12, "{ran}");
    std::fs::remove_dir_all(folder).unwrap();
}
