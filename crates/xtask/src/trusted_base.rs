//! `docs/trusted-computing-base.md` says how many lines of code a key's security rests on; the numbers must be about
//! right.

use std::path::Path;

use crate::{CheckError, files_below, read};

/// Rows read `| crate | lines | what it is trusted for |`.
pub(crate) fn check(root: &Path) -> Result<Vec<String>, CheckError> {
    let text = read(&root.join("docs/trusted-computing-base.md"))?;
    let mut findings = Vec::new();
    let mut rows = 0;
    for line in text.lines() {
        let Some((name, stated)) = parse_row(line) else { continue };
        rows += 1;
        let folder = root.join("crates").join(name).join("src");
        if !folder.exists() {
            findings.push(format!("docs/trusted-computing-base.md lists {name}, which is not a crate"));
            continue;
        }
        let actual = code_lines(&folder)?;
        if actual.abs_diff(stated) * 5 > actual {
            findings.push(format!(
                "docs/trusted-computing-base.md: {name} has {actual} lines of code, not {stated}"
            ));
        }
    }
    if rows == 0 {
        findings.push("docs/trusted-computing-base.md lists no crate".to_owned());
    }
    Ok(findings)
}

fn parse_row(line: &str) -> Option<(&str, usize)> {
    let mut cells = line.strip_prefix('|')?.split('|').map(str::trim);
    let name = cells.next()?.strip_prefix('`')?.strip_suffix('`')?;
    let lines = cells.next()?.replace(',', "").parse().ok()?;
    Some((name, lines))
}

/// Lines that are neither empty nor comments, before the test module of each file.
fn code_lines(folder: &Path) -> Result<usize, CheckError> {
    let mut count = 0;
    for path in files_below(folder, &["rs"])? {
        let text = read(&path)?;
        let is_test = |line: &str| ["#[cfg(test)]", "#![cfg(test)]"].contains(&line.trim());
        let code = text.lines().take_while(|line| !is_test(line));
        count += code.map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("//")).count();
    }
    Ok(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_read() {
        assert_eq!(parse_row("| `diqkd-core` | 1,234 | words |"), Some(("diqkd-core", 1234)));
        assert_eq!(parse_row("| crate | lines | what |"), None);
    }
}
