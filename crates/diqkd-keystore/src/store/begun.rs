//! A file whose making was interrupted counts as empty.
//!
//! The database writes its magic number last when it makes a file, after everything else of it is on disk, and nothing is
//! stored before. So a file without the magic number that holds nothing behind the header is one that never came to be: a
//! process that was killed while it made the store has to find it usable when it starts again. Anything else without the magic
//! number is not ours, or damaged, and stays as it is.

use core::ops::Bound;
use core::sync::atomic::{AtomicBool, Ordering};

use redb::{BackendError, StorageBackend};

/// Passes everything on; the first question for the length, which the database asks once it has locked the file, empties a file
/// that never came to be.
#[derive(Debug)]
pub(super) struct Begun<B> {
    backend: B,
    looked: AtomicBool,
}

type Io<T> = Result<T, std::io::Error>;

impl<B: StorageBackend> Begun<B> {
    pub(super) fn new(backend: B) -> Self {
        Self { backend, looked: AtomicBool::new(false) }
    }

    fn never_came_to_be(&self, len: u64) -> Io<bool> {
        if len == 0 || len > MOST_BYTES {
            return Ok(false);
        }
        let mut bytes = vec![0; len as usize];
        self.backend.read(0, &mut bytes)?;
        let (header, rest) = bytes.split_at(bytes.len().min(HEADER_BYTES));
        let begin = &header[..header.len().min(MAGIC.len())];
        let written = begin.iter().zip(MAGIC).take_while(|(byte, magic)| *byte == magic).count();
        let torn = written < MAGIC.len() && begin[written..].iter().all(|&byte| byte == 0);
        // The length was on disk before the magic number was begun.
        let in_order = written == 0 || header.len() == HEADER_BYTES;
        Ok(torn && in_order && rest.iter().all(|&byte| byte == 0))
    }
}

impl<B: StorageBackend> StorageBackend for Begun<B> {
    fn len(&self) -> Io<u64> {
        let len = self.backend.len()?;
        if !self.looked.swap(true, Ordering::Relaxed) && self.never_came_to_be(len)? {
            self.backend.set_len(0)?;
            return self.backend.len();
        }
        Ok(len)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> Io<()> {
        self.backend.read(offset, out)
    }

    fn set_len(&self, len: u64) -> Io<()> {
        self.backend.set_len(len)
    }

    fn sync_data(&self) -> Io<()> {
        self.backend.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> Io<()> {
        self.backend.write(offset, data)
    }

    fn close(&self) -> Io<()> {
        self.backend.close()
    }

    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.backend.try_lock_range(start, end)
    }

    fn try_lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.backend.try_lock_shared_range(start, end)
    }

    fn lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.backend.lock_range(start, end)
    }

    fn lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.backend.lock_shared_range(start, end)
    }

    fn unlock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.backend.unlock_range(start, end)
    }

    fn query_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.backend.query_lock_range(start, end)
    }
}

/// How a database begins.
const MAGIC: [u8; 9] = *b"redb\x1a\x0a\xa9\x0d\x0a";
/// All that is written before the first transaction.
const HEADER_BYTES: usize = 320;
/// A file that has just been made is shorter.
const MOST_BYTES: u64 = 1 << 17;
