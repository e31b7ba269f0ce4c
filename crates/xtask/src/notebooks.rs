//! `cargo xtask notebooks`: the notebooks of `examples/notebooks/`, made of programs.
//!
//! A program there is cut at lines `// %%`: a cell of code, `// %% [markdown]`: a cell of text, `// %% [program]`: what only the
//! program needs. So the compiler checks every cell without a kernel. Lines `//: ` of a cell are the kernel's own commands.
//! Outputs of cells that did not change are kept.

use std::path::Path;

use serde_json::{Value, json};

use crate::{CheckError, files_below, read};

/// Writes every notebook.
pub(crate) fn write(root: &Path) -> Result<(), CheckError> {
    for (path, cells) in programs(root)? {
        let notebook = path.with_extension("ipynb");
        let old = cells_of(&notebook).unwrap_or_default();
        let cells: Vec<Value> = cells
            .into_iter()
            .map(|cell| match old.iter().find(|old| same(old, &cell)) {
                Some(old) => old.clone(),
                None => cell.json(),
            })
            .collect();
        let metadata = json!({
            "kernelspec": { "display_name": "Rust", "language": "rust", "name": "rust" },
            "language_info": { "name": "rust", "file_extension": ".rs", "mimetype": "text/rust" },
        });
        let document = json!({ "cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5 });
        let text = format!("{document:#}\n");
        std::fs::write(&notebook, text).map_err(|source| CheckError::Write { path: notebook, source })?;
    }
    Ok(())
}

/// Notebooks that are not what their programs say. Their outputs are looked at by the tests of the examples.
pub(crate) fn check(root: &Path) -> Result<Vec<String>, CheckError> {
    let mut findings = Vec::new();
    for (path, cells) in programs(root)? {
        let notebook = path.with_extension("ipynb");
        let place = notebook.strip_prefix(root).unwrap_or(&notebook).display().to_string();
        let Some(found) = cells_of(&notebook) else {
            findings.push(format!("{place}: no notebook; run `cargo xtask notebooks`"));
            continue;
        };
        if found.len() != cells.len() || !found.iter().zip(&cells).all(|(found, cell)| same(found, cell)) {
            findings
                .push(format!("{place}: is not what {} says; run `cargo xtask notebooks`", path.display()));
        }
    }
    Ok(findings)
}

struct Cell {
    is_code: bool,
    source: String,
}

impl Cell {
    fn json(self) -> Value {
        let lines: Vec<&str> = self.source.split_inclusive('\n').collect();
        // The identifier follows from the text, so that a notebook is the same wherever it is made.
        let id = self.source.bytes().fold(0xcbf2_9ce4_8422_2325u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        let id = format!("{id:016x}");
        if self.is_code {
            json!({ "cell_type": "code", "execution_count": null, "id": id, "metadata": {}, "outputs": [], "source": lines })
        } else {
            json!({ "cell_type": "markdown", "id": id, "metadata": {}, "source": lines })
        }
    }
}

fn same(found: &Value, cell: &Cell) -> bool {
    let kind = if cell.is_code { "code" } else { "markdown" };
    found["cell_type"] == kind && source_of(found) == cell.source
}

/// A source is a list of lines, or one text.
fn source_of(cell: &Value) -> String {
    match &cell["source"] {
        Value::Array(lines) => lines.iter().filter_map(Value::as_str).collect(),
        other => other.as_str().unwrap_or("").to_owned(),
    }
}

fn cells_of(notebook: &Path) -> Option<Vec<Value>> {
    let text = std::fs::read_to_string(notebook).ok()?;
    let document: Value = serde_json::from_str(&text).ok()?;
    document["cells"].as_array().cloned()
}

fn programs(root: &Path) -> Result<Vec<(std::path::PathBuf, Vec<Cell>)>, CheckError> {
    let paths = files_below(&root.join("examples/notebooks"), &["rs"])?;
    paths.into_iter().map(|path| read(&path).map(|text| (path, cells(&text)))).collect()
}

fn cells(text: &str) -> Vec<Cell> {
    let mut cells: Vec<(Option<bool>, Vec<&str>)> = vec![(None, Vec::new())];
    for line in text.lines() {
        match line.trim_start().strip_prefix("// %%") {
            Some(kind) => {
                let is_code = match kind.trim() {
                    "[markdown]" => Some(false),
                    "[program]" => None,
                    _ => Some(true),
                };
                cells.push((is_code, Vec::new()));
            }
            None => {
                if let Some((_, lines)) = cells.last_mut() {
                    lines.push(line);
                }
            }
        }
    }
    let cells = cells.into_iter().filter_map(|(is_code, lines)| Some((is_code?, lines)));
    cells.map(|(is_code, lines)| Cell { is_code, source: source(is_code, &lines) }).collect()
}

/// Lines without the indentation of the program, text without its comment marks.
fn source(is_code: bool, lines: &[&str]) -> String {
    let full = || lines.iter().filter(|line| !line.trim().is_empty());
    let indent = full().map(|line| line.len() - line.trim_start().len()).min().unwrap_or(0);
    let lines = lines.iter().map(|line| {
        let line = line.get(indent..).unwrap_or("");
        if is_code {
            line.strip_prefix("//: ").unwrap_or(line)
        } else {
            line.strip_prefix("//").map_or(line, |text| text.strip_prefix(' ').unwrap_or(text))
        }
    });
    let mut text = lines.collect::<Vec<_>>().join("\n").trim_matches('\n').to_owned();
    // The kernel shows the value of a last expression, also that of a block, which is (): a semicolon keeps it still.
    if is_code && text.ends_with('}') && !text.lines().any(|line| line.starts_with("fn ")) {
        text.push(';');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_cut_into_cells() {
        let program = "//! about\n// %% [markdown]\n// # Title\n//\n// text\n// %%\n//: :dep x = \"1\"\nuse x;\n\
            // %% [program]\nfn main() {\n    // %%\n    let a = 1;\n\n    if a == 1 {\n        a;\n    }\n    // %% [program]\n}\n";
        let cells = cells(program);
        let sources: Vec<&str> = cells.iter().map(|cell| cell.source.as_str()).collect();
        assert_eq!(
            sources,
            ["# Title\n\ntext", ":dep x = \"1\"\nuse x;", "let a = 1;\n\nif a == 1 {\n    a;\n};"]
        );
        assert_eq!(cells.iter().map(|cell| cell.is_code).collect::<Vec<_>>(), [false, true, true]);
        assert!(same(&cells.into_iter().next().unwrap().json(), &super::cells(program)[0]));
    }
}
