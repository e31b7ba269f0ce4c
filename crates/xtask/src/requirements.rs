//! `docs/requirements.md` maps requirement numbers to evidence, and the evidence exists.
//!
//! A row reads `| R12 | what it asks | evidence; evidence |`; a piece of evidence is a path of the tree in backticks,
//! or `path::name` where `name` is a test function in that file.

use std::path::Path;

use crate::{CheckError, read};

pub(crate) fn check(root: &Path) -> Result<Vec<String>, CheckError> {
    let text = read(&root.join("docs/requirements.md"))?;
    let mut findings = Vec::new();
    let mut seen = std::collections::BTreeSet::new();
    for (number, line) in text.lines().enumerate() {
        let Some(row) = parse_row(line) else { continue };
        let place = format!("docs/requirements.md:{}", number + 1);
        if !seen.insert(row.requirement.clone()) {
            findings.push(format!("{place}: {} is listed twice", row.requirement));
        }
        if row.evidence.is_empty() {
            findings.push(format!("{place}: {} names no evidence in backticks", row.requirement));
        }
        for evidence in row.evidence {
            if let Some(problem) = missing(root, &evidence)? {
                findings.push(format!("{place}: {}: {problem}", row.requirement));
            }
        }
    }
    if seen.is_empty() {
        findings.push("docs/requirements.md maps no requirement".to_owned());
    }
    Ok(findings)
}

struct Row {
    requirement: String,
    evidence: Vec<String>,
}

fn parse_row(line: &str) -> Option<Row> {
    let mut cells = line.strip_prefix('|')?.split('|').map(str::trim);
    let requirement = cells.next()?;
    let digits = requirement.strip_prefix('R')?;
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let evidence = cells.nth(1)?.split('`').skip(1).step_by(2).map(str::to_owned).collect();
    Some(Row { requirement: requirement.to_owned(), evidence })
}

fn missing(root: &Path, evidence: &str) -> Result<Option<String>, CheckError> {
    let (path, test) = match evidence.split_once("::") {
        Some((path, test)) => (path, Some(test)),
        None => (evidence, None),
    };
    let full = root.join(path);
    if !full.exists() {
        return Ok(Some(format!("{path} does not exist")));
    }
    let Some(test) = test else { return Ok(None) };
    let found = read(&full)?.contains(&format!("fn {test}("));
    Ok((!found).then(|| format!("{path} has no test {test}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_read() {
        let row = parse_row("| R7 | types differ | `a/b.rs::works`; `docs/x.md` |").unwrap();
        assert_eq!(row.requirement, "R7");
        assert_eq!(row.evidence, ["a/b.rs::works", "docs/x.md"]);
        assert!(parse_row("| number | asks | evidence |").is_none());
        assert!(parse_row("text").is_none());
    }
}
