//! Doors for the fuzz targets to files that the command alone reads. Only in builds with `--cfg fuzzing`.

use std::path::PathBuf;

use crate::commands;

/// A node's log, as `diqkd report` reads it: a report in all its forms, or what is wrong.
pub fn report(log: &[u8]) {
    commands::report::fuzz(&file("log", log));
}

/// A scenario of `diqkd entropy --bound sdp`, and where it is small its bound.
pub fn scenario(document: &[u8]) {
    commands::entropy::fuzz_scenario(&file("scenario", document));
}

/// A slot rule of `diqkd tags trials` on the same recording of a quTAU at both stations, the second one's clock being this
/// much ahead.
pub fn slot_rule(rule: &[u8], recording: &[u8], offset_ps: i64) {
    commands::tags::fuzz_trials(file("rule", rule), &file("recording", recording), offset_ps);
}

/// A file of this process that is overwritten by the next of its name.
fn file(name: &str, bytes: &[u8]) -> PathBuf {
    let path = std::env::temp_dir().join(format!("diqkd-fuzz-{}-{name}", std::process::id()));
    std::fs::write(&path, bytes).expect("a folder for temporary files that can be written to");
    path
}
