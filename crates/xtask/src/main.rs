//! `cargo xtask tidy`: checks that a machine can make about the tree and its documents.
//! `cargo xtask notebooks`: the notebooks of `examples/notebooks/` out of their programs.
//! `cargo xtask book`: the book as pages, every link followed.
//! `cargo xtask sbom`: the bill of materials of the command.
//! `cargo xtask ensembles`: the degree distributions that `diqkd-reconcile` ships.

mod book;
mod documents;
mod ensembles;
mod graph;
mod notebooks;
mod requirements;
mod sbom;
mod trusted_base;
mod unsafe_code;

use std::path::{Component, Path, PathBuf};
use std::process::ExitCode;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.split_first().map(|(task, rest)| (task.as_str(), rest)) {
        Some(("tidy", [])) => tidy(),
        Some(("book", [])) => {
            done(book::build(&workspace_root()), "book", "every link of html/index.html and its pages holds")
        }
        Some(("notebooks", [])) => match notebooks::write(&workspace_root()) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("{error}");
                ExitCode::FAILURE
            }
        },
        Some(("sbom", options)) => match sbom::write(&workspace_root(), options) {
            Ok(bill) => {
                println!("{bill}");
                ExitCode::SUCCESS
            }
            Err(error) => {
                eprintln!("{error}");
                ExitCode::FAILURE
            }
        },
        Some(("ensembles", rest)) => match ensembles::run(rest) {
            Ok(()) => ExitCode::SUCCESS,
            Err(usage) => {
                eprintln!("{usage}");
                ExitCode::from(2)
            }
        },
        _ => {
            eprintln!(
                "usage: cargo xtask tidy | cargo xtask book | cargo xtask notebooks | cargo xtask sbom [OPTIONS OF cargo tree] | cargo xtask ensembles ..."
            );
            ExitCode::from(2)
        }
    }
}

fn tidy() -> ExitCode {
    let root = workspace_root();
    let mut findings = Vec::new();
    for check in [
        graph::check,
        unsafe_code::check,
        requirements::check,
        trusted_base::check,
        documents::check,
        notebooks::check,
    ] {
        match check(&root) {
            Ok(found) => findings.extend(found),
            Err(error) => findings.push(error.to_string()),
        }
    }
    let consistent = "crate graph, unsafe list, requirements, trusted base and documents are consistent";
    done(Ok(findings), "tidy", consistent)
}

/// Says what was found, or that all is well.
fn done(findings: Result<Vec<String>, CheckError>, task: &str, well: &str) -> ExitCode {
    let findings = findings.unwrap_or_else(|error| vec![error.to_string()]);
    for finding in &findings {
        eprintln!("{task}: {finding}");
    }
    if findings.is_empty() {
        println!("{task}: {well}");
        return ExitCode::SUCCESS;
    }
    ExitCode::FAILURE
}

fn workspace_root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_path_buf()
}

/// Why a check could not be made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CheckError {
    #[error("can't read {path}: {source}")]
    Read { path: PathBuf, source: std::io::Error },
    #[error("can't write {path}: {source}")]
    Write { path: PathBuf, source: std::io::Error },
    #[error("`cargo metadata` failed: {0}")]
    Metadata(String),
    #[error("`cargo tree` failed: {0}")]
    Tree(String),
    #[error("`mdbook build docs` failed: {0}")]
    Book(String),
}

/// The text of a file of the tree.
pub(crate) fn read(path: &Path) -> Result<String, CheckError> {
    std::fs::read_to_string(path).map_err(|source| CheckError::Read { path: path.to_path_buf(), source })
}

/// All files below a folder with one of the endings, build output left out.
pub(crate) fn files_below(folder: &Path, endings: &[&str]) -> Result<Vec<PathBuf>, CheckError> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        let entries =
            std::fs::read_dir(&folder).map_err(|source| CheckError::Read { path: folder.clone(), source })?;
        for entry in entries.flatten() {
            let path = entry.path();
            let name = entry.file_name();
            if path.is_dir() {
                if name != "target" && name != ".git" {
                    folders.push(path);
                }
            } else if path.extension().is_some_and(|e| endings.iter().any(|ending| e == *ending)) {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

/// A path without `.` and `..`.
pub(crate) fn without_dots(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => {
                plain.pop();
            }
            Component::CurDir => {}
            part => plain.push(part),
        }
    }
    plain
}
