//! Tables of tags in Apache Parquet (`.parquet`): what `diqkd simulate --format parquet` writes, and what data analysis writes
//! plainly.
//!
//! Source: the format's definition, `parquet.thrift` of apache/parquet-format. Checked against files of pyarrow.
//!
//! ```text
//! time_ps   INT64           ps, since the epoch of whoever wrote it
//! channel   INT32, INT64    as in this crate: MARKER + bits for markers, FALLING + the channel for falling edges
//! others                    not read
//! ```
//! Pages have to be plain and not compressed, columns may be optional as long as no value is missing. From pandas:
//! `to_parquet(..., compression=None, use_dictionary=False)`.
//!
//! The index of a Parquet file stands at its end: it needs a source that can seek, a file that is cut short has nothing to read,
//! and faults carry the number of the row in place of a byte. Memory is the index, some 200 bytes for each row group, at most
//! 4 MiB, and two blocks of 16384 rows.

mod index;
mod thrift;

use std::io::{Read, Seek, SeekFrom};
use std::string::String;
use std::vec::Vec;

use self::index::Index;
use self::thrift::{STRUCT, Thrift};
use super::{Fault, FaultKind, Format, Header, MARKER, RecordType, Recording, TagSink, TickLength};

/// Why a Parquet file can't be read. Tags before have been delivered.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ParquetError {
    /// The file can't be read.
    #[error("the file can't be read")]
    Io(#[from] std::io::Error),
    /// There is no index at the end.
    #[error(
        "the file does not end with PAR1: it is cut short or no Parquet file; the index is at the end, so get the whole file"
    )]
    NoIndex,
    /// Something that is there makes no sense.
    #[error("{place} at byte {offset} is damaged; get the file again, or write it again with pyarrow")]
    Damaged {
        /// What was being read.
        place: &'static str,
        /// Where it begins.
        offset: u64,
    },
    /// There is no such column, or it holds something else.
    #[error(
        "expected columns time_ps (INT64) and channel (INT32 or INT64) without lists, found {found}; rename or convert them"
    )]
    Columns {
        /// Names of the columns.
        found: String,
    },
    /// The pages use something that is not read.
    #[error(
        "column {column} is {what}; write it plainly: in pandas to_parquet(..., compression=None, use_dictionary=False)"
    )]
    NotPlain {
        /// Which column.
        column: &'static str,
        /// What it is.
        what: &'static str,
    },
    /// A row without a value.
    #[error("column {column} lacks the value of row {row}; drop such rows")]
    Missing {
        /// Which column.
        column: &'static str,
        /// The row, from 0.
        row: u64,
    },
}

/// Reads the tags of a Parquet file in the order of its rows.
///
/// # Errors
/// [`ParquetError`]; the tags before it have been delivered.
pub fn read_parquet(
    mut source: impl Read + Seek,
    sink: &mut impl TagSink,
) -> Result<Recording, ParquetError> {
    let index = Index::read(&mut source)?;
    let header = Header {
        format: Format::Parquet,
        record_type: RecordType::ParquetRow,
        tick: TickLength::whole(1),
        dtime_tick: None,
        promised_records: Some(index.groups.iter().map(|group| group.rows).sum()),
        data_offset: MAGIC.len() as u64,
    };
    sink.header(&header);
    let mut rows = Rows { row: 0, markers: 0, last_ps: i64::MIN, time_ps: Vec::new(), channel: Vec::new() };
    for group in index.groups {
        let [mut times, mut channels] = group.chunks;
        let mut left = group.rows;
        while left > 0 {
            times.begin_page(&mut source, rows.row)?;
            channels.begin_page(&mut source, rows.row)?;
            let count = left.min(times.in_page).min(channels.in_page).min(BLOCK);
            let (time_ps, channel) =
                (times.values(&mut source, count)?, channels.values(&mut source, count)?);
            rows.take(&time_ps, &channel, sink);
            left -= count;
        }
    }
    Ok(Recording {
        header: Some(header),
        records: rows.row,
        overflows: 0,
        markers: rows.markers,
        lost: 0,
        truncated: false,
        fatal: None,
    })
}

/// Rows that are read at a time.
const BLOCK: u64 = 16_384;
const MAGIC: &[u8; 4] = b"PAR1";
/// Statistics of a page stand in its header.
const MOST_PAGE_HEADER: u64 = 1 << 16;
const NAMES: [&str; 2] = ["time_ps", "channel"];

// Enumerations of the format.
const DATA_PAGE: i64 = 0;
const PLAIN: i64 = 0;
const RLE: i64 = 3;

/// A column's part of a row group, and how far it has been read.
#[derive(Clone, Copy)]
struct Column {
    name: &'static str,
    /// Bytes of a value.
    width: u64,
    optional: bool,
    /// The next byte to be read, and the first one after the part.
    next: u64,
    end: u64,
    /// Rows of the page that have not been read.
    in_page: u64,
}

/// The header of a page.
#[derive(Default)]
struct Page {
    kind: i64,
    bytes: i64,
    values: i64,
    encoding: i64,
    levels: i64,
}

impl Page {
    fn parse(thrift: &mut Thrift<'_>) -> Option<Self> {
        let mut page = Self::default();
        thrift.structure(|thrift, number, kind| {
            match (number, kind) {
                (1, _) => page.kind = thrift.integer()?,
                (3, _) => page.bytes = thrift.integer()?,
                (5, STRUCT) => thrift.structure(|thrift, number, _| {
                    match number {
                        1 => page.values = thrift.integer()?,
                        2 => page.encoding = thrift.integer()?,
                        3 => page.levels = thrift.integer()?,
                        _ => return Some(false),
                    }
                    Some(true)
                })?,
                _ => return Some(false),
            }
            Some(true)
        })?;
        Some(page)
    }
}

impl Column {
    /// Reads headers until there is a page with values.
    fn begin_page(&mut self, source: &mut (impl Read + Seek), row: u64) -> Result<(), ParquetError> {
        while self.in_page == 0 {
            let start = self.next;
            let damaged = ParquetError::Damaged { place: "a page", offset: start };
            let bytes = read_at(source, start, (self.end - start).min(MOST_PAGE_HEADER))?;
            let mut thrift = Thrift(&bytes);
            let Some(page) = Page::parse(&mut thrift) else { return Err(damaged) };
            let header = (bytes.len() - thrift.0.len()) as u64;
            if page.kind != DATA_PAGE {
                return Err(ParquetError::NotPlain { column: self.name, what: "in pages of version 2" });
            }
            if page.encoding != PLAIN {
                return Err(ParquetError::NotPlain { column: self.name, what: "encoded" });
            }
            let (Ok(size), Ok(rows)) = (u64::try_from(page.bytes), u64::try_from(page.values)) else {
                return Err(damaged);
            };
            let mut levels = 0;
            if self.optional {
                let at = start + header;
                let length = read_at(source, at, 4)?;
                levels = 4 + u64::from(u32::from_le_bytes([length[0], length[1], length[2], length[3]]));
                // One bit a row, at most a byte each in its clumsiest form.
                if page.levels != RLE || levels > size || levels > rows.saturating_mul(2).saturating_add(64) {
                    return Err(damaged);
                }
                let bytes = read_at(source, at + 4, levels - 4)?;
                match present(&bytes, rows) {
                    Some(found) if found == rows => {}
                    Some(found) => return Err(ParquetError::Missing { column: self.name, row: row + found }),
                    None => return Err(damaged),
                }
            }
            let whole =
                rows.checked_mul(self.width).and_then(|values| values.checked_add(levels)) == Some(size);
            if !whole || size > self.end - start - header {
                return Err(damaged);
            }
            self.next = start + header + levels;
            self.in_page = rows;
        }
        Ok(())
    }

    /// The next values of the page.
    fn values(&mut self, source: &mut (impl Read + Seek), count: u64) -> Result<Vec<i64>, ParquetError> {
        let bytes = read_at(source, self.next, count * self.width)?;
        self.next += count * self.width;
        self.in_page -= count;
        Ok(match self.width {
            8 => bytes.as_chunks().0.iter().map(|&value| i64::from_le_bytes(value)).collect(),
            _ => bytes.as_chunks().0.iter().map(|&value| i64::from(i32::from_le_bytes(value))).collect(),
        })
    }
}

/// Of `rows` definition levels of one bit, how many are 1 before the first 0.
fn present(bytes: &[u8], rows: u64) -> Option<u64> {
    let (mut thrift, mut found) = (Thrift(bytes), 0);
    while found < rows {
        // Both formats count their varints alike.
        let run = thrift.varint()?;
        let (&first, rest) = thrift.0.split_first()?;
        if run & 1 == 0 {
            if first & 1 == 0 {
                return Some(found);
            }
            thrift.0 = rest;
            found = found.checked_add(run >> 1)?;
        } else {
            let (packed, rest) = thrift.0.split_at_checked(usize::try_from(run >> 1).ok()?)?;
            thrift.0 = rest;
            for &byte in packed {
                let ones = u64::from((!byte).trailing_zeros().min(8));
                if ones < 8 && found + ones < rows {
                    return Some(found + ones);
                }
                found += 8;
            }
        }
        if run >> 1 == 0 {
            return None;
        }
    }
    Some(rows)
}

/// `length` bytes from a place; its callers bound the length.
fn read_at(source: &mut (impl Read + Seek), offset: u64, length: u64) -> Result<Vec<u8>, ParquetError> {
    source.seek(SeekFrom::Start(offset))?;
    let mut bytes = Vec::new();
    source.by_ref().take(length).read_to_end(&mut bytes)?;
    if bytes.len() as u64 != length {
        return Err(ParquetError::Damaged { place: "what the index names", offset });
    }
    Ok(bytes)
}

/// Rows on their way to the sink.
struct Rows {
    row: u64,
    markers: u64,
    last_ps: i64,
    time_ps: Vec<i64>,
    channel: Vec<u16>,
}

impl Rows {
    fn take(&mut self, times: &[i64], channels: &[i64], sink: &mut impl TagSink) {
        for (&time_ps, &channel) in times.iter().zip(channels) {
            let row = self.row;
            self.row += 1;
            let Ok(number) = u16::try_from(channel) else {
                self.deliver(sink);
                sink.fault(&Fault { offset: row, kind: FaultKind::NoSuchChannel { channel } });
                continue;
            };
            self.time_ps.push(time_ps);
            self.channel.push(number);
            let previous_ps = self.last_ps;
            if number & MARKER != 0 {
                self.markers += 1;
            } else {
                self.last_ps = time_ps;
                if time_ps < previous_ps {
                    self.deliver(sink);
                    sink.fault(&Fault {
                        offset: row,
                        kind: FaultKind::TimeBackwards { previous_ps, time_ps },
                    });
                }
            }
        }
        self.deliver(sink);
    }

    fn deliver(&mut self, sink: &mut impl TagSink) {
        if !self.time_ps.is_empty() {
            sink.tags(&self.time_ps, &self.channel);
        }
        self.time_ps.clear();
        self.channel.clear();
    }
}
