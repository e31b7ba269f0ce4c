//! Why a configuration can't be used: where, what was expected, what to do.

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// A configuration that can't be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The file can't be read.
    #[error("can't read the configuration {}; check the path and its permissions", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is longer than any configuration.
    #[error("{} is longer than the {limit} bytes that a configuration may have; check that it is the right file", path.display())]
    TooLong {
        /// The file.
        path: PathBuf,
        /// The limit.
        limit: u64,
    },
    /// A field is wrong, missing or unknown.
    #[error("{}", Located(path, *line, field, what))]
    Field {
        /// The file.
        path: PathBuf,
        /// The line, from 1; 0 when the whole file is meant.
        line: usize,
        /// Table and field; empty when the text is no TOML.
        field: String,
        /// What was found, what was expected, what to do.
        what: String,
    },
}

struct Located<'a>(&'a Path, usize, &'a str, &'a str);

impl fmt::Display for Located<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(path, line, field, what) = self;
        write!(f, "{}", path.display())?;
        if *line > 0 {
            write!(f, ":{line}")?;
        }
        if !field.is_empty() {
            write!(f, ": {field}")?;
        }
        write!(f, ": {what}")
    }
}

/// The text of a configuration, to find places in.
pub(super) struct Text<'a> {
    pub(super) path: &'a Path,
    pub(super) text: &'a str,
}

impl Text<'_> {
    /// An error at a place in the text.
    pub(super) fn at(&self, span: Option<Range<usize>>, what: impl Into<String>) -> ConfigError {
        let (line, field) = span.map_or((0, String::new()), |span| self.place(span.start));
        ConfigError::Field { path: self.path.to_path_buf(), line, field, what: what.into() }
    }

    /// An error of a field that is not where it should be, or of several.
    pub(super) fn about(&self, field: &str, what: impl Into<String>) -> ConfigError {
        let line = self.line_of(field).unwrap_or(0);
        ConfigError::Field { path: self.path.to_path_buf(), line, field: field.to_owned(), what: what.into() }
    }

    /// An error of a field of the table that begins at `start`, present or not.
    pub(super) fn in_table(&self, start: usize, field: &str, what: impl Into<String>) -> ConfigError {
        let (first, table) = self.place(start);
        let own = |(_, text): &(usize, &str)| header(text).is_none();
        let line = self
            .text
            .lines()
            .enumerate()
            .skip(first)
            .take_while(own)
            .find(|(_, text)| text.split_once('=').is_some_and(|(key, _)| key.trim() == field))
            .map_or(first, |(index, _)| index + 1);
        let field = format!("{}.{field}", table.split('.').next().unwrap_or_default());
        ConfigError::Field { path: self.path.to_path_buf(), line, field, what: what.into() }
    }

    /// Line, and table and field, of a byte.
    fn place(&self, byte: usize) -> (usize, String) {
        let before = self.text.get(..byte).unwrap_or(self.text);
        let line = before.matches('\n').count();
        let mut table = String::new();
        for text in self.text.lines().take(line + 1) {
            if let Some(name) = header(text) {
                name.clone_into(&mut table);
            }
        }
        let own = self.text.lines().nth(line).unwrap_or_default();
        let field = match (header(own), own.split_once('=')) {
            (Some(name), _) => name.to_owned(),
            (None, Some((key, _))) if table.is_empty() => key.trim().to_owned(),
            (None, Some((key, _))) => format!("{table}.{}", key.trim()),
            (None, None) => table,
        };
        (line + 1, field)
    }

    /// The line, from 1, of a field written `table.field`, or of its table.
    fn line_of(&self, field: &str) -> Option<usize> {
        let (table, key) = field.rsplit_once('.').unwrap_or(("", field));
        let mut current = "";
        let mut of_table = None;
        for (index, text) in self.text.lines().enumerate() {
            if let Some(name) = header(text) {
                current = name;
                if name == table {
                    of_table = of_table.or(Some(index + 1));
                }
            } else if current == table && text.split_once('=').is_some_and(|(k, _)| k.trim() == key) {
                return Some(index + 1);
            }
        }
        of_table
    }
}

/// The name in the header of a table.
fn header(line: &str) -> Option<&str> {
    let name = line.trim().strip_prefix('[')?.trim_start_matches('[');
    name.split_once(']').map(|(name, _)| name.trim())
}
