//! The journal of a site's sessions in a file.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use diqkd_core::SessionId;
use diqkd_protocol::journal::{Journal, JournalError, Record, Refused, Writer, recover};
use diqkd_protocol::{Abort, Session};

use crate::error::{NodeError, with_causes};

/// An open journal: every record is on disk before the call returns. One process at a time may have it open; the lock of
/// the key store beside it sees to that.
pub struct JournalFile {
    path: PathBuf,
    file: File,
    writer: Writer,
    state: Journal,
    records: usize,
    torn: bool,
}

impl JournalFile {
    /// Opens the journal, or makes one. A record that a crash has cut off is removed.
    ///
    /// # Errors
    /// [`JournalFileError`].
    pub fn open(path: &Path) -> Result<Self, JournalFileError> {
        let io = |source| JournalFileError::Io { path: path.to_path_buf(), source };
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        let mut file = options.open(path).map_err(io)?;
        let mut bytes = Vec::new();
        (&mut file).take(MOST_BYTES + 1).read_to_end(&mut bytes).map_err(io)?;
        if bytes.len() as u64 > MOST_BYTES {
            return Err(JournalFileError::TooLong { path: path.to_path_buf(), most_bytes: MOST_BYTES });
        }
        let damaged = |source| JournalFileError::Damaged { path: path.to_path_buf(), source };
        let recovered = recover(&bytes).map_err(damaged)?;
        let refused = |source| JournalFileError::Refused { path: path.to_path_buf(), source };
        let state = Journal::replay(&recovered.records).map_err(refused)?;
        file.set_len(recovered.whole_bytes).map_err(io)?;
        file.seek(SeekFrom::Start(recovered.whole_bytes)).map_err(io)?;
        file.sync_all().map_err(io)?;
        sync_folder(path).map_err(io)?;
        let writer = Writer::after(recovered.records.len() as u64);
        let (records, torn) = (recovered.records.len(), recovered.torn_bytes > 0);
        Ok(Self { path: path.to_path_buf(), file, writer, state, records, torn })
    }

    /// Writes the journal anew where it has grown much longer than what it says. To be called when the key stores have done
    /// what it says of every session and no session runs: what was settled is forgotten, and a store that still held such a
    /// session's keys as prepared would erase them.
    ///
    /// # Errors
    /// [`JournalFileError::Io`].
    pub fn compact(&mut self) -> Result<(), JournalFileError> {
        if self.records > self.state.compact().len().saturating_mul(2) + SLACK_RECORDS {
            self.rewrite()?;
        }
        Ok(())
    }

    /// What the journal says.
    pub fn state(&self) -> &Journal {
        &self.state
    }

    /// Whether a record was torn when the journal was opened.
    pub(crate) fn was_torn(&self) -> bool {
        self.torn
    }

    /// Whether no session has ever been entered.
    pub(crate) fn is_empty(&self) -> bool {
        self.records == 0
    }

    /// Appends records; they are on disk when this returns. After an error of the disk it is not known which of them are:
    /// open the journal again.
    ///
    /// # Errors
    /// [`JournalFileError::Refused`] for a record that the journal does not allow, with those before it written and those
    /// after it not; [`JournalFileError::Io`].
    pub fn append(&mut self, records: &[Record]) -> Result<(), JournalFileError> {
        let mut bytes = Vec::new();
        let mut allowed = Ok(());
        for record in records {
            allowed = self.state.apply(record);
            if allowed.is_err() {
                break;
            }
            bytes.extend(self.writer.append(record));
            self.records += 1;
        }
        let written = self.file.write_all(&bytes).and_then(|()| self.file.sync_data());
        written.map_err(|source| JournalFileError::Io { path: self.path.clone(), source })?;
        allowed.map_err(|source| JournalFileError::Refused { path: self.path.clone(), source })
    }

    /// Forgets a session that is about to be run again on purpose; see [`Journal::forget`].
    ///
    /// # Errors
    /// [`JournalFileError::Io`].
    pub fn forget(&mut self, session: SessionId) -> Result<(), JournalFileError> {
        self.state.forget(session);
        self.rewrite()
    }

    /// Puts a new journal that says the same in the place of the old one, in one step.
    fn rewrite(&mut self) -> Result<(), JournalFileError> {
        let io = |source| JournalFileError::Io { path: self.path.clone(), source };
        let mut writer = Writer::default();
        let records = self.state.compact();
        let bytes: Vec<u8> = records.iter().flat_map(|record| writer.append(record)).collect();
        let beside = self.path.with_extension("new");
        let mut file = File::create(&beside).map_err(io)?;
        file.write_all(&bytes).and_then(|()| file.sync_all()).map_err(io)?;
        std::fs::rename(&beside, &self.path).and_then(|()| sync_folder(&self.path)).map_err(io)?;
        let refused = |source| JournalFileError::Refused { path: self.path.clone(), source };
        self.state = Journal::replay(&records).map_err(refused)?;
        self.file = file;
        self.writer = writer;
        self.records = records.len();
        Ok(())
    }
}

/// Has `record` put the records that a session waits for on disk. One that the journal does not allow ends the session.
pub(crate) fn write_due(
    session: &mut Session,
    record: impl FnOnce(&[Record]) -> Result<(), NodeError>,
) -> Result<(), NodeError> {
    let records: Vec<_> = std::iter::from_fn(|| session.poll_journal()).collect();
    if records.is_empty() {
        return Ok(());
    }
    match record(&records) {
        Ok(()) => session.journalled(),
        Err(NodeError::Journal(error @ JournalFileError::Refused { .. })) => {
            session.abort(Abort::Storage { what: with_causes(&error) });
        }
        Err(error) => return Err(error),
    }
    Ok(())
}

/// Makes the name of a new file durable.
pub(crate) fn sync_folder(path: &Path) -> std::io::Result<()> {
    #[cfg(unix)]
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        File::open(folder)?.sync_all()?;
    }
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}

/// Why a journal can't be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JournalFileError {
    /// The file can't be read or written.
    #[error("can't use the journal {path}; see to the disk, then start again: what is in the file decides")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is longer than any journal.
    #[error("{path} is longer than {most_bytes} bytes; this is no journal of sessions")]
    TooLong {
        /// The file.
        path: PathBuf,
        /// The limit.
        most_bytes: u64,
    },
    /// The file is damaged elsewhere than at its end.
    #[error("can't trust the journal {path}")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Where and how.
        source: JournalError,
    },
    /// A record contradicts the ones before it.
    #[error("the journal {path} does not allow it")]
    Refused {
        /// The file.
        path: PathBuf,
        /// What.
        source: Refused,
    },
}

/// Records beyond twice the necessary ones before a journal is written anew.
const SLACK_RECORDS: usize = 1024;
const MOST_BYTES: u64 = 1 << 30;

#[cfg(test)]
mod tests {
    use diqkd_auth::PoolId;
    use diqkd_core::Role;
    use diqkd_protocol::journal::Fate;

    use super::*;

    fn path(name: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("diqkd-journal-{name}-{}", std::process::id()));
        let _ = std::fs::remove_file(&path);
        path
    }

    fn opened(number: u8) -> Record {
        let (session, from) = (SessionId([number; 16]), 100 * u64::from(number));
        Record::Opened { session, role: Role::Alice, pool: PoolId([1; 16]), from, to: from + 100 }
    }

    #[test]
    fn records_survive_and_a_torn_one_is_cut_off() {
        let path = path("torn");
        let mut journal = JournalFile::open(&path).unwrap();
        journal.append(&[opened(1), Record::SeedOut { session: SessionId([1; 16]) }]).unwrap();
        let whole = std::fs::metadata(&path).unwrap().len();
        journal.append(&[opened(2)]).unwrap();
        drop(journal);
        OpenOptions::new().write(true).open(&path).unwrap().set_len(whole + 20).unwrap();

        let mut journal = JournalFile::open(&path).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().len(), whole);
        assert_eq!(journal.state().spent_position(PoolId([1; 16])), 200);
        assert_eq!(journal.state().fate(SessionId([1; 16])), Fate::SeedOut);
        assert!(matches!(journal.append(&[opened(1)]), Err(JournalFileError::Refused { .. })));
        journal.append(&[opened(2)]).unwrap();
        drop(journal);
        assert_eq!(JournalFile::open(&path).unwrap().state().spent_position(PoolId([1; 16])), 300);

        let mut bytes = std::fs::read(&path).unwrap();
        bytes[10] ^= 1;
        std::fs::write(&path, bytes).unwrap();
        assert!(matches!(JournalFile::open(&path), Err(JournalFileError::Damaged { .. })));
        std::fs::remove_file(&path).unwrap();
    }

    #[test]
    fn a_forgotten_session_leaves_its_pads_spent() {
        let path = path("forget");
        let mut journal = JournalFile::open(&path).unwrap();
        journal.append(&[opened(1), Record::SeedOut { session: SessionId([1; 16]) }, opened(2)]).unwrap();
        journal.forget(SessionId([1; 16])).unwrap();
        journal.append(&[opened(3)]).unwrap();
        drop(journal);
        let journal = JournalFile::open(&path).unwrap();
        assert_eq!(journal.state().spent_position(PoolId([1; 16])), 400);
        assert_eq!(journal.state().unresolved(9), []);
        std::fs::remove_file(&path).unwrap();
    }
}
