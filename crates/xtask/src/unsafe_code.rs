//! `unsafe` stands only where the architecture says: the `backend/` folders of three crates, and the smoke test's
//! allocator.

use std::path::Path;

use crate::{CheckError, files_below, read};

/// The last one is this file, which has to spell the word.
const ALLOWED: [&str; 5] = [
    "crates/diqkd-gf2/src/backend",
    "crates/diqkd-reconcile/src/backend",
    "crates/diqkd-timetag/src/backend",
    "crates/no-std-smoke",
    "crates/xtask/src/unsafe_code.rs",
];

pub(crate) fn check(root: &Path) -> Result<Vec<String>, CheckError> {
    let mut findings = Vec::new();
    for folder in ["crates", "examples", "benches"] {
        for path in files_below(&root.join(folder), &["rs"])? {
            let relative = path.strip_prefix(root).unwrap_or(&path);
            if ALLOWED.iter().any(|allowed| relative.starts_with(allowed)) {
                continue;
            }
            for (number, line) in read(&path)?.lines().enumerate() {
                if uses_unsafe(line) {
                    findings.push(format!(
                        "unsafe outside the listed folders: {}:{}",
                        relative.display(),
                        number + 1
                    ));
                }
            }
        }
    }
    Ok(findings)
}

/// Whether a line of code opens an unsafe block, function, impl or attribute.
fn uses_unsafe(line: &str) -> bool {
    let code = line.split("//").next().unwrap_or("");
    let keyword = concat!("un", "safe");
    ["{", " {", " fn", " impl", " extern", "("]
        .iter()
        .any(|after| code.contains(&format!("{keyword}{after}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_is_told_from_comments_and_lint_names() {
        assert!(uses_unsafe(concat!("    un", "safe { call() }")));
        assert!(uses_unsafe(concat!("pub un", "safe fn f() {}")));
        assert!(!uses_unsafe(concat!("// un", "safe { call() }")));
        assert!(!uses_unsafe(concat!("#![forbid(un", "safe_code)]")));
    }
}
