//! `cargo xtask book`: builds the pages of the book with `mdbook` and follows every link and picture in them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{CheckError, files_below, read, without_dots};

/// Builds `html/` and returns what is wrong with it.
pub(crate) fn build(root: &Path) -> Result<Vec<String>, CheckError> {
    let output =
        Command::new("mdbook").args(["build", "docs"]).current_dir(root).output().map_err(|error| {
            CheckError::Book(format!("{error}; install it: cargo install --locked mdbook"))
        })?;
    let said = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        return Err(CheckError::Book(said.into_owned()));
    }
    let mut findings: Vec<String> =
        said.lines().filter(|line| line.contains("WARN")).map(str::to_owned).collect();
    findings.extend(follow(&root.join("html"))?);
    Ok(findings)
}

/// Links of the pages below `folder` that lead nowhere: a file that is missing, or a place in a page that is.
fn follow(folder: &Path) -> Result<Vec<String>, CheckError> {
    let mut pages = BTreeMap::new();
    for path in files_below(folder, &["html"])? {
        pages.insert(path.clone(), read(&path)?);
    }
    let places: BTreeMap<&PathBuf, BTreeSet<&str>> =
        pages.iter().map(|(path, text)| (path, values(text, "id").collect())).collect();
    let mut findings = Vec::new();
    for (page, text) in &pages {
        let name = page.strip_prefix(folder).unwrap_or(page);
        // The page for addresses that do not exist is shown at any depth: its links are made for the top of a site.
        if name == Path::new("404.html") {
            continue;
        }
        for target in values(text, "href").chain(values(text, "src")) {
            let target = plain(target);
            if target.split(['/', '#', '?']).next().is_some_and(|start| start.contains(':')) {
                continue;
            }
            let (file, place) = target.split_once('#').unwrap_or((&target, ""));
            let goal = match file {
                "" => page.clone(),
                file => without_dots(&page.with_file_name("").join(file)),
            };
            if !goal.exists() {
                findings.push(format!("{}: link to {file}, which does not exist", name.display()));
            } else if !place.is_empty() && places.get(&goal).is_some_and(|known| !known.contains(place)) {
                findings.push(format!("{}: {file} has no place #{place}", name.display()));
            }
        }
    }
    findings.dedup();
    Ok(findings)
}

/// The values of an attribute, as they stand between quotation marks.
fn values<'a>(text: &'a str, attribute: &str) -> impl Iterator<Item = &'a str> {
    let start = format!(" {attribute}=\"");
    let mut rest = text;
    std::iter::from_fn(move || {
        let (_, after) = rest.split_once(&start)?;
        let (value, after) = after.split_once('"')?;
        rest = after;
        Some(value)
    })
}

/// An address without the escapes of HTML and of addresses.
fn plain(address: &str) -> String {
    let address = address.replace("&amp;", "&");
    let mut bytes = Vec::new();
    let mut rest = address.as_bytes();
    while let [first, tail @ ..] = rest {
        let escaped = tail.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        match (first, escaped.and_then(|digits| u8::from_str_radix(digits, 16).ok())) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            _ => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_that_lead_nowhere_are_found() {
        let folder = std::env::temp_dir().join(format!("diqkd-xtask-book-{}", std::process::id()));
        std::fs::create_dir_all(folder.join("part")).unwrap();
        std::fs::write(
            folder.join("index.html"),
            r##"<a href="part/page.html#here">a</a><a href="https://example.org/x">b</a><img src="none.svg">"##,
        )
        .unwrap();
        std::fs::write(
            folder.join("part/page.html"),
            r##"<h1 id="here">x</h1><a href="../index.html">a</a><a href="#there">b</a><a href="gone%20.html">c</a>"##,
        )
        .unwrap();
        let found = follow(&folder).unwrap();
        std::fs::remove_dir_all(&folder).unwrap();
        assert_eq!(
            found,
            [
                "index.html: link to none.svg, which does not exist",
                "part/page.html:  has no place #there",
                "part/page.html: link to gone .html, which does not exist",
            ]
        );
    }
}
