//! Files and standard input, streamed.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::answer::Failure;

/// A source that names itself in errors.
pub(crate) struct Input {
    path: PathBuf,
    reader: Box<dyn Read>,
}

impl Input {
    /// Opens a file; `-` is standard input.
    pub(crate) fn open(path: &Path) -> Result<Self, Failure> {
        let reader: Box<dyn Read> = if path == Path::new("-") {
            Box::new(io::stdin().lock())
        } else {
            Box::new(File::open(path).map_err(|error| Self::failed(path, error))?)
        };
        Ok(Self { path: path.to_path_buf(), reader })
    }

    /// Everything, up to `limit` bytes.
    pub(crate) fn read_limited(mut self, limit: u64, what: &str) -> Result<Vec<u8>, Failure> {
        let mut bytes = Vec::new();
        let read = self.reader.by_ref().take(limit + 1).read_to_end(&mut bytes);
        read.map_err(|error| Self::failed(&self.path, error))?;
        if bytes.len() as u64 > limit {
            return Err(Failure::new(format!(
                "{} is longer than the {limit} bytes that {what} may have; check that it is the right file",
                self.path.display()
            )));
        }
        Ok(bytes)
    }

    fn failed(path: &Path, error: io::Error) -> Failure {
        Failure::because(format!("can't read {}; check the path and its permissions", path.display()), error)
    }
}

impl Read for Input {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.reader.read(buffer)
    }
}
