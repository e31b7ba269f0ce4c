//! Reading a journal back after a crash, and writing it.

use super::record::{self, Record, RecordError};

/// Bytes of the longest record.
pub const RECORD_BYTES_MAX: usize = record::RECORD_BYTES_MAX;

/// What a journal holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recovered {
    /// The records, in order.
    pub records: Vec<Record>,
    /// Bytes up to the end of the last whole record: cut the file here before anything is appended.
    pub whole_bytes: u64,
    /// Bytes after that: a record whose writing a crash has interrupted, and which therefore had no consequences.
    pub torn_bytes: u64,
}

/// Reads a journal. A torn record at the end is left out; damage before the end is an error, because what is spent must
/// not be forgotten.
///
/// # Errors
/// [`JournalError`].
pub fn recover(bytes: &[u8]) -> Result<Recovered, JournalError> {
    let mut records = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let wanted = records.len() as u64;
        let error = match Record::decode(&bytes[at..]) {
            Ok((index, record, len)) if index == wanted => {
                records.push(record);
                at += len;
                continue;
            }
            Ok((found, ..)) => return Err(JournalError::Order { offset: at as u64, found, wanted }),
            Err(error @ (RecordError::Version { .. } | RecordError::Content { .. })) => {
                return Err(JournalError::Record { offset: at as u64, error });
            }
            Err(error) => error,
        };
        if (at + 1..bytes.len()).any(|later| is_whole(&bytes[later..])) {
            return Err(JournalError::Record { offset: at as u64, error });
        }
        break;
    }
    Ok(Recovered { records, whole_bytes: at as u64, torn_bytes: (bytes.len() - at) as u64 })
}

/// Whether a whole record, of whatever version, starts here.
fn is_whole(bytes: &[u8]) -> bool {
    matches!(Record::decode(bytes), Ok(_) | Err(RecordError::Version { .. } | RecordError::Content { .. }))
}

/// Numbers the records that are appended to a journal.
#[derive(Clone, Copy, Debug, Default)]
pub struct Writer {
    next_index: u64,
}

impl Writer {
    /// Continues a journal that holds `records` records.
    pub fn after(records: u64) -> Self {
        Self { next_index: records }
    }

    /// The bytes to append. They have to be on disk before the session is told so.
    pub fn append(&mut self, record: &Record) -> Vec<u8> {
        let bytes = record.encode(self.next_index);
        self.next_index += 1;
        bytes
    }
}

/// A journal that can't be trusted. What to do: restore it, or retire the pre-shared key whose use it records and start
/// with fresh key and an empty journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JournalError {
    /// Something that is not a record stands before whole records.
    #[error(
        "the journal is damaged at byte {offset}, before its end; restore it, or retire the pre-shared key that it \
         accounts for and begin a new journal with fresh key"
    )]
    Record {
        /// Where.
        offset: u64,
        /// What is wrong there.
        #[source]
        error: RecordError,
    },
    /// Records are missing or stand twice.
    #[error(
        "record {found} at byte {offset} of the journal where record {wanted} belongs; restore the journal"
    )]
    Order {
        /// Where.
        offset: u64,
        /// The number found.
        found: u64,
        /// The number expected.
        wanted: u64,
    },
}

#[cfg(test)]
mod tests {
    use super::super::record::tests::samples;
    use super::*;

    fn written() -> (Vec<Record>, Vec<u8>, Vec<usize>) {
        let mut writer = Writer::default();
        let records = samples();
        let mut bytes = Vec::new();
        let mut ends = vec![0];
        for record in &records {
            bytes.extend(writer.append(record));
            ends.push(bytes.len());
        }
        (records, bytes, ends)
    }

    #[test]
    fn a_torn_tail_is_left_out_wherever_it_is_torn() {
        let (records, bytes, ends) = written();
        for cut in 0..=bytes.len() {
            let whole = ends.iter().filter(|&&end| end <= cut).count() - 1;
            let found = recover(&bytes[..cut]).unwrap();
            assert_eq!(found.records, records[..whole], "cut at {cut}");
            assert_eq!(
                (found.whole_bytes, found.torn_bytes),
                (ends[whole] as u64, (cut - ends[whole]) as u64)
            );
        }
        // A page that was allocated and never written, and one that holds something else.
        for tail in [vec![0; 4096], vec![0xd1; 100]] {
            let torn = [&bytes[..], &tail].concat();
            assert_eq!(recover(&torn).unwrap().records, records);
        }
    }

    #[test]
    fn damage_before_the_end_is_never_taken_for_a_torn_tail() {
        let (_, bytes, ends) = written();
        for at in 0..ends[ends.len() - 2] {
            let mut damaged = bytes.clone();
            damaged[at] ^= 1;
            assert!(recover(&damaged).is_err(), "byte {at}");
        }
        let (second, third) = (ends[1], ends[2]);
        let lacking = [&bytes[..second], &bytes[third..]].concat();
        assert!(matches!(recover(&lacking), Err(JournalError::Order { found: 2, wanted: 1, .. })));
        let twice = [&bytes[..third], &bytes[second..]].concat();
        assert!(matches!(recover(&twice), Err(JournalError::Order { found: 1, wanted: 2, .. })));
    }

    #[test]
    fn a_continued_journal_is_one_journal() {
        let (records, bytes, ends) = written();
        let found = recover(&bytes[..ends[3] + 5]).unwrap();
        let mut writer = Writer::after(found.records.len() as u64);
        let mut continued = bytes[..found.whole_bytes as usize].to_vec();
        for record in &records[3..] {
            continued.extend(writer.append(record));
        }
        assert_eq!(recover(&continued).unwrap().records, records);
    }
}
