//! The pre-shared key on disk, and the journal by which none of it is ever used twice.
//!
//! ```text
//! FILE                    perhaps 16 bytes: the mark of a key that was agreed on; 32 bytes: key of the links; then bytes for
//!                         the sessions, used once from the front
//! DIR/pads-ID.journal     64-byte records, appended and synced before the bytes they reserve are used; ID names FILE
//! ```
//! A range is reserved by a record on disk; only then are its bytes read. A crash after that loses them, nothing gives them
//! back. Alice takes bytes from the front. Her proposals may overtake one another on their way to Bob, who therefore also takes
//! those that he has passed over, if no record of his holds them: she never proposes the same bytes twice.
//!
//! A crash may leave the last record cut off, or as zeros: it reserved nothing that anyone has used, and is removed. Any whole record that is damaged is an error: then nobody knows what has been used.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};

use diqkd_auth::post_quantum::KEY_MARK;
use diqkd_core::{Epsilon, EpsilonLedger, PreSharedKey, SessionId};
use zeroize::Zeroizing;

use record::{RECORD_BYTES, Record};

mod record;

/// Pre-shared key and journal.
pub(crate) struct Pads {
    file: File,
    length: u64,
    /// The mark of a key that post-quantum cryptography gave, or nothing.
    mark_bytes: u64,
    journal: File,
    journal_path: PathBuf,
    /// Nothing from here on has been reserved.
    next: u64,
    /// What has not been reserved before `next`, in order.
    passed_over: Vec<Range<u64>>,
    sessions: u64,
    /// What the sessions have spent, with and without a key.
    ledger: EpsilonLedger,
    torn: bool,
}

/// The answer to a request for pads.
pub(crate) enum Reservation {
    /// These bytes, for one session.
    Granted(Zeroizing<Vec<u8>>),
    /// Some of the bytes have been reserved before or do not exist.
    Taken,
    /// The budget of this pre-shared key does not cover another session.
    Overspent,
}

/// Why the pre-shared key can't be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PadsError {
    /// A file can't be read or written.
    #[error("can't use {}; check the path and its permissions", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The pre-shared key is too short to start with.
    #[error("{} has {found} bytes, expected at least {needed}; make the same file of random bytes for both sites", path.display())]
    TooShort {
        /// The file.
        path: PathBuf,
        /// Its length.
        found: u64,
        /// The least length.
        needed: u64,
    },
    /// A whole record is damaged.
    #[error(
        "{}: the record at byte {offset} is damaged, so nobody knows which bytes of the pre-shared key have been used; \
         restore the journal, or begin with a new pre-shared key at both sites", path.display()
    )]
    Damaged {
        /// The journal.
        path: PathBuf,
        /// Where.
        offset: u64,
    },
    /// The key can't pad what devices could remember.
    #[error(
        "{} was agreed on by post-quantum cryptography: who breaks that later reads what `security.padded` hides; carry a \
         pre-shared key to both sites, or set `security.padded = false`", path.display()
    )]
    Unpadded {
        /// The pre-shared key.
        path: PathBuf,
    },
    /// Another process has the journal open.
    #[error("{} is in use by another process; stop that one or give each node its own data folder", path.display())]
    InUse {
        /// The journal.
        path: PathBuf,
    },
}

/// How the sites came to the pre-shared key in `path`: its first bytes tell.
pub(crate) fn origin(path: &Path) -> Result<PreSharedKey, PadsError> {
    let origin = File::open(path).and_then(|mut file| origin_of(&mut file));
    origin.map_err(|source| PadsError::Io { path: path.to_path_buf(), source })
}

fn origin_of(file: &mut File) -> io::Result<PreSharedKey> {
    let mut mark = Zeroizing::new(Vec::new());
    file.take(KEY_MARK.len() as u64).read_to_end(&mut mark)?;
    Ok(if *mark == KEY_MARK { PreSharedKey::PostQuantum } else { PreSharedKey::Carried })
}

impl Pads {
    /// Opens the pre-shared key and its journal in `folder`, or begins one. All sessions under this key together, those of
    /// earlier processes among them, may spend `eps_total`.
    pub(crate) fn open(path: &Path, folder: &Path, eps_total: Epsilon) -> Result<Self, PadsError> {
        let io = |path: &Path| {
            let path = path.to_path_buf();
            move |source| PadsError::Io { path, source }
        };
        let mut file = File::open(path).map_err(io(path))?;
        let length = file.metadata().map_err(io(path))?.len();
        let mark_bytes = match origin_of(&mut file).map_err(io(path))? {
            PreSharedKey::PostQuantum => KEY_MARK.len() as u64,
            PreSharedKey::Carried => 0,
        };
        let needed = mark_bytes + LINK_KEY_BYTES;
        if length < needed {
            return Err(PadsError::TooShort { path: path.to_path_buf(), found: length, needed });
        }
        file.seek(SeekFrom::Start(mark_bytes)).map_err(io(path))?;
        let mut link_key = Zeroizing::new([0; LINK_KEY_BYTES as usize]);
        file.read_exact(&mut *link_key).map_err(io(path))?;
        // A digest of the key of the links alone: nothing on disk depends on the bytes that sessions use.
        let id = blake3::derive_key("diqkd pre-shared key name v1", &*link_key);
        let name: String = id[..8].iter().map(|byte| format!("{byte:02x}")).collect();
        std::fs::create_dir_all(folder).map_err(io(folder))?;
        let journal_path = folder.join(format!("pads-{name}.journal"));
        let mut journal =
            crate::store::private(OpenOptions::new().read(true).write(true).create(true).truncate(false))
                .open(&journal_path)
                .map_err(io(&journal_path))?;
        journal.try_lock().map_err(|_| PadsError::InUse { path: journal_path.clone() })?;
        // The journal's name has to survive a crash as well.
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(io(folder))?;
        let mut bytes = Vec::new();
        journal.read_to_end(&mut bytes).map_err(io(&journal_path))?;
        let mut pads = Self {
            file,
            length,
            mark_bytes,
            journal,
            journal_path,
            next: needed,
            passed_over: Vec::new(),
            sessions: 0,
            ledger: EpsilonLedger::new(eps_total),
            torn: false,
        };
        pads.recover(&bytes)?;
        Ok(pads)
    }

    /// The key of the links.
    pub(crate) fn link_key(&mut self) -> Result<Zeroizing<[u8; 32]>, PadsError> {
        let mut key = Zeroizing::new([0; LINK_KEY_BYTES as usize]);
        self.read_at(self.mark_bytes, &mut *key)?;
        Ok(key)
    }

    /// Nothing from here on has been reserved.
    pub(crate) fn next(&self) -> u64 {
        self.next
    }

    /// Bytes behind all that sessions have reserved.
    pub(crate) fn remaining_bytes(&self) -> u64 {
        self.length.saturating_sub(self.next)
    }

    /// Sessions that have been entered.
    pub(crate) fn sessions(&self) -> u64 {
        self.sessions
    }

    /// Their epsilons.
    pub(crate) fn ledger(&self) -> &EpsilonLedger {
        &self.ledger
    }

    /// How many more sessions the budget covers.
    pub(crate) fn sessions_left(&self, eps_sound: Epsilon) -> u64 {
        self.ledger.times_left(SESSION, eps_sound)
    }

    /// Whether a record was torn when the journal was opened.
    pub(crate) fn was_torn(&self) -> bool {
        self.torn
    }

    /// Reserves `length` bytes from `start` on for a session, enters its epsilon, and gives the bytes; nothing changes where
    /// they are not free or the budget does not cover the session. A length of 0 enters a session that takes its pads
    /// elsewhere.
    pub(crate) fn reserve(
        &mut self,
        session: SessionId,
        start: u64,
        length: u64,
        eps_sound: Epsilon,
    ) -> Result<Reservation, PadsError> {
        let Some(range) = self.free(start, length) else { return Ok(Reservation::Taken) };
        if !self.ledger.room_for(SESSION, eps_sound, 1) {
            return Ok(Reservation::Overspent);
        }
        let record = Record { session, start: range.start, end: range.end, eps_log2: eps_sound.log2() };
        let io = |source| PadsError::Io { path: self.journal_path.clone(), source };
        self.journal.write_all(&record.encode(self.sessions)).map_err(io)?;
        self.journal.sync_all().map_err(io)?;
        self.enter(&record, eps_sound);
        let mut bytes = Zeroizing::new(vec![0; length as usize]);
        self.read_at(start, &mut bytes)?;
        Ok(Reservation::Granted(bytes))
    }

    fn free(&self, start: u64, length: u64) -> Option<Range<u64>> {
        if length == 0 {
            return Some(self.next..self.next);
        }
        let end = start.checked_add(length)?;
        let is_free = end <= self.length && (start >= self.next || self.gap(start, end).is_some());
        is_free.then_some(start..end)
    }

    /// Which of the ranges passed over has these bytes.
    fn gap(&self, start: u64, end: u64) -> Option<usize> {
        self.passed_over.iter().rposition(|gap| gap.start <= start && end <= gap.end)
    }

    fn recover(&mut self, bytes: &[u8]) -> Result<(), PadsError> {
        let (records, rest) = bytes.as_chunks::<RECORD_BYTES>();
        let mut whole = 0;
        for (index, bytes) in records.iter().enumerate() {
            let read = Record::decode(bytes, index as u64);
            match read.and_then(|record| Some((Epsilon::from_log2(record.eps_log2).ok()?, record))) {
                Some((eps_sound, record)) => self.enter(&record, eps_sound),
                // Appended at once, a record is whole, cut off or, when power failed, still zeros. Damage to a whole one
                // came later, when its bytes may have been used.
                None if index + 1 == records.len() && rest.is_empty() && bytes.iter().all(|&b| b == 0) => {
                    break;
                }
                None => {
                    let offset = (index * RECORD_BYTES) as u64;
                    return Err(PadsError::Damaged { path: self.journal_path.clone(), offset });
                }
            }
            whole += RECORD_BYTES as u64;
        }
        self.torn = whole != bytes.len() as u64;
        let io = |source| PadsError::Io { path: self.journal_path.clone(), source };
        self.journal.set_len(whole).map_err(io)?;
        self.journal.sync_all().map_err(io)?;
        self.journal.seek(SeekFrom::Start(whole)).map_err(io)?;
        Ok(())
    }

    fn enter(&mut self, record: &Record, eps_sound: Epsilon) {
        let (start, end) = (record.start, record.end);
        if start >= self.next {
            let gap = std::mem::replace(&mut self.next, end)..start;
            self.passed_over.extend(Some(gap).filter(|gap| !gap.is_empty()));
        } else if let Some(index) = self.gap(start, end) {
            let gap = self.passed_over[index].clone();
            let rest = [gap.start..start, end..gap.end].into_iter().filter(|rest| !rest.is_empty());
            self.passed_over.splice(index..=index, rest);
        }
        self.sessions += 1;
        self.ledger.carry(SESSION, eps_sound);
    }

    fn read_at(&mut self, start: u64, bytes: &mut [u8]) -> Result<(), PadsError> {
        let read = self.file.seek(SeekFrom::Start(start)).and_then(|_| self.file.read_exact(bytes));
        read.map_err(|source| PadsError::Io { path: PathBuf::from("the pre-shared key"), source })
    }
}

/// Under what name sessions are in the ledger.
const SESSION: &str = "session";
const LINK_KEY_BYTES: u64 = 32;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    struct Place(PathBuf);

    impl Place {
        fn new(name: &str) -> Self {
            let folder = std::env::temp_dir().join(format!("diqkd-pads-{name}-{}", std::process::id()));
            let _ = std::fs::remove_dir_all(&folder);
            std::fs::create_dir_all(&folder).unwrap();
            let key: Vec<u8> = (0..1032u32).map(|i| (i % 251) as u8).collect();
            std::fs::write(folder.join("key"), key).unwrap();
            Self(folder)
        }

        fn open(&self) -> Result<Pads, PadsError> {
            self.open_with(Epsilon::LARGEST)
        }

        fn open_with(&self, eps_total: Epsilon) -> Result<Pads, PadsError> {
            Pads::open(&self.0.join("key"), &self.0, eps_total)
        }

        fn journal(&self) -> PathBuf {
            let mut files = std::fs::read_dir(&self.0).unwrap().map(|entry| entry.unwrap().path());
            files.find(|path| path.extension().is_some_and(|e| e == "journal")).unwrap()
        }
    }

    impl Drop for Place {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    fn eps() -> Epsilon {
        Epsilon::new(1e-10).unwrap()
    }

    /// The bytes that a request is granted.
    fn granted(pads: &mut Pads, n: u8, start: u64, length: u64) -> Option<Zeroizing<Vec<u8>>> {
        match pads.reserve(session(n), start, length, eps()).unwrap() {
            Reservation::Granted(bytes) => Some(bytes),
            Reservation::Taken | Reservation::Overspent => None,
        }
    }

    fn session(n: u8) -> SessionId {
        SessionId([n; 16])
    }

    #[test]
    fn no_byte_is_given_twice_also_after_a_restart() {
        let place = Place::new("twice");
        let mut pads = place.open().unwrap();
        assert_eq!(pads.next(), 32);
        let first = granted(&mut pads, 1, 32, 100).unwrap();
        assert_eq!(first[..3], [32, 33, 34]);
        assert!(granted(&mut pads, 2, 131, 10).is_none());
        assert!(place.open().is_err_and(|error| matches!(error, PadsError::InUse { .. })));
        drop(pads);
        let mut pads = place.open().unwrap();
        assert_eq!((pads.next(), pads.sessions()), (132, 1));
        assert!(granted(&mut pads, 3, 32, 1).is_none());
        assert!(granted(&mut pads, 3, 1000, 33).is_none());
        // The peer may be ahead.
        assert!(granted(&mut pads, 3, 200, 800).is_some());
        assert_eq!(pads.remaining_bytes(), 32);
        let spent = pads.ledger().total().unwrap().probability();
        assert!((2e-10..2.000_000_1e-10).contains(&spent), "{spent}");
    }

    #[test]
    fn proposals_that_were_overtaken_get_their_bytes_once() {
        let place = Place::new("overtaken");
        let mut pads = place.open().unwrap();
        // The third comes first, the first last.
        for (n, start) in [(3, 132), (2, 82)] {
            assert_eq!(granted(&mut pads, n, start, 50).unwrap()[0], start as u8);
        }
        for restarted in [false, true] {
            if restarted {
                drop(pads);
                pads = place.open().unwrap();
            }
            assert_eq!(pads.passed_over, std::slice::from_ref(&(32..82)));
            for (start, length) in [(82, 50), (132, 50), (81, 2), (32, 51), (31, 10), (0, 32), (u64::MAX, 2)]
            {
                assert!(granted(&mut pads, 1, start, length).is_none(), "{start} {length}");
            }
        }
        assert!(granted(&mut pads, 1, 40, 20).is_some());
        assert_eq!(pads.passed_over, [32..40, 60..82]);
        // A session that takes its pads elsewhere changes nothing.
        assert!(granted(&mut pads, 4, 0, 0).is_some());
        assert_eq!((pads.next(), &pads.passed_over[..]), (182, &[32..40, 60..82][..]));
        assert!(granted(&mut pads, 5, 32, 8).is_some() && granted(&mut pads, 6, 60, 22).is_some());
        drop(pads);
        let mut pads = place.open().unwrap();
        assert!(pads.passed_over.is_empty());
        assert!((32..182).all(|start| granted(&mut pads, 7, start, 1).is_none()));
        assert!(granted(&mut pads, 7, 182, 1).is_some());
    }

    #[test]
    fn a_marked_key_says_what_it_rests_on_and_is_used_behind_the_mark() {
        let place = Place::new("marked");
        let path = place.0.join("key");
        assert_eq!(origin(&path).unwrap(), PreSharedKey::Carried);
        let carried = std::fs::read(place.0.join("key")).unwrap();
        std::fs::write(place.0.join("key"), [&KEY_MARK[..], &carried].concat()).unwrap();
        assert_eq!(origin(&path).unwrap(), PreSharedKey::PostQuantum);
        let mut pads = place.open().unwrap();
        assert_eq!((pads.next(), pads.link_key().unwrap()[..4].to_vec()), (48, vec![0, 1, 2, 3]));
        assert_eq!(granted(&mut pads, 1, 48, 100).unwrap()[..3], [32, 33, 34]);
        drop(pads);
        std::fs::write(place.0.join("key"), [&KEY_MARK[..], &carried[..31]].concat()).unwrap();
        assert!(matches!(place.open(), Err(PadsError::TooShort { found: 47, needed: 48, .. })));
    }

    #[test]
    fn the_budget_holds_for_all_sessions_also_after_a_restart() {
        let place = Place::new("budget");
        let budget = Epsilon::new(3.000_001e-10).unwrap();
        let mut pads = place.open_with(budget).unwrap();
        assert_eq!(pads.sessions_left(eps()), 3);
        assert!(granted(&mut pads, 1, 32, 10).is_some());
        // One that takes its pads elsewhere counts the same.
        assert!(granted(&mut pads, 2, 0, 0).is_some());
        drop(pads);
        let mut pads = place.open_with(budget).unwrap();
        assert_eq!(pads.sessions_left(eps()), 1);
        assert!(granted(&mut pads, 3, 42, 10).is_some());
        for (start, length) in [(52, 10), (0, 0)] {
            let refused = pads.reserve(session(4), start, length, eps()).unwrap();
            assert!(matches!(refused, Reservation::Overspent));
        }
        assert_eq!((pads.next(), pads.sessions(), pads.sessions_left(eps())), (52, 3, 0));
        drop(pads);
        assert_eq!(std::fs::read(place.journal()).unwrap().len(), 3 * RECORD_BYTES);
        // A lower budget at the next start is spent; a higher one goes on.
        let mut lower = place.open_with(Epsilon::new(2e-10).unwrap()).unwrap();
        assert!(granted(&mut lower, 4, 52, 10).is_none());
        drop(lower);
        assert!(granted(&mut place.open_with(Epsilon::new(5e-10).unwrap()).unwrap(), 4, 52, 10).is_some());
    }

    #[test]
    fn a_damaged_record_stops_everything() {
        let place = Place::new("damage");
        let mut pads = place.open().unwrap();
        for n in 0..3 {
            let next = pads.next();
            granted(&mut pads, n, next, 10);
        }
        drop(pads);
        let mut bytes = std::fs::read(place.journal()).unwrap();
        for at in 0..bytes.len() {
            bytes[at] ^= 1;
            std::fs::write(place.journal(), &bytes).unwrap();
            bytes[at] ^= 1;
            let expected = at as u64 / 64 * 64;
            let refused = place.open().err();
            assert!(
                matches!(refused, Some(PadsError::Damaged { offset, .. }) if offset == expected),
                "{at}: {refused:?}"
            );
        }
        // Power failed before the data of the last record reached the disk.
        bytes[128..].fill(0);
        std::fs::write(place.journal(), bytes).unwrap();
        assert!(place.open().is_ok_and(|pads| pads.was_torn()));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn a_torn_tail_loses_only_what_nobody_used(cut in 1usize..64) {
            let place = Place::new(&format!("torn-{cut}"));
            let mut pads = place.open().unwrap();
            granted(&mut pads, 1, 32, 50);
            granted(&mut pads, 2, 82, 50);
            drop(pads);
            let mut bytes = std::fs::read(place.journal()).unwrap();
            // The record of the second session was written in part.
            bytes.truncate(64 + cut);
            std::fs::write(place.journal(), bytes).unwrap();
            let mut pads = place.open().unwrap();
            prop_assert!(pads.was_torn());
            prop_assert_eq!(pads.next(), 82);
            prop_assert!(granted(&mut pads, 3, 82, 50).is_some());
            drop(pads);
            prop_assert_eq!(place.open().unwrap().next(), 132);
        }
    }
}
