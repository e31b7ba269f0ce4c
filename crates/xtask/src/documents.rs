//! Links between the documents lead somewhere.

use std::path::Path;

use crate::{CheckError, files_below, read, without_dots};

pub(crate) fn check(root: &Path) -> Result<Vec<String>, CheckError> {
    let mut pages = files_below(&root.join("docs"), &["md"])?;
    pages.extend(files_below(&root.join("crates"), &["md"])?);
    pages.push(root.join("README.md"));
    let summary = read(&root.join("docs/SUMMARY.md"))?;
    let docs = root.join("docs");
    let mut findings = Vec::new();
    for page in pages {
        let folder = page.parent().unwrap_or(root);
        let chapter = in_book(&summary, &docs, &page);
        for (number, line) in read(&page)?.lines().enumerate() {
            for target in link_targets(line) {
                let file = target.split('#').next().unwrap_or("");
                // Without a dot or a slash it is a name in the crate's documentation, which rustdoc checks.
                if file.contains("://") || !file.contains(['.', '/']) {
                    continue;
                }
                let goal = folder.join(file);
                let place =
                    || format!("{}:{}", page.strip_prefix(root).unwrap_or(&page).display(), number + 1);
                if !goal.exists() {
                    findings.push(format!("{}: link to {file}, which does not exist", place()));
                } else if chapter
                    && goal.extension().is_some_and(|e| e == "md")
                    && !in_book(&summary, &docs, &goal)
                {
                    findings
                        .push(format!("{}: link to {file}, which docs/SUMMARY.md does not list", place()));
                }
            }
        }
    }
    for chapter in files_below(&root.join("docs/book"), &["md"])? {
        let name = chapter.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if !summary.contains(&format!("(book/{name})")) {
            findings.push(format!("docs/SUMMARY.md: the book's chapter {name} is missing"));
        }
    }
    Ok(findings)
}

/// Whether a page is a chapter of the book: a link of a chapter to a page that is none leads nowhere in the built book.
fn in_book(summary: &str, docs: &Path, page: &Path) -> bool {
    let page = without_dots(page);
    page == docs.join("SUMMARY.md")
        || page.strip_prefix(docs).is_ok_and(|name| summary.contains(&format!("({})", name.display())))
}

/// The targets of `[text](target)`.
fn link_targets(line: &str) -> impl Iterator<Item = &str> {
    line.split("](").skip(1).filter_map(|rest| rest.split_once(')').map(|(target, _)| target.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_found() {
        let line = "see [a](docs/a.md) and [b](https://example.org/x)";
        assert_eq!(link_targets(line).collect::<Vec<_>>(), ["docs/a.md", "https://example.org/x"]);
    }
}
