//! The index at the end of a Parquet file: its columns, and where their parts lie.

use std::io::{Read, Seek, SeekFrom};
use std::string::{String, ToString};
use std::vec::Vec;

use super::thrift::{STRUCT, Thrift};
use super::{Column, MAGIC, NAMES, ParquetError, read_at};

/// What the end of the file says.
pub(super) struct Index {
    pub(super) groups: Vec<Group>,
}

pub(super) struct Group {
    pub(super) rows: u64,
    pub(super) chunks: [Column; 2],
}

/// A column of the schema.
struct Leaf {
    name: String,
    kind: i64,
    repetition: i64,
    children: i64,
}

impl Index {
    pub(super) fn read(source: &mut (impl Read + Seek)) -> Result<Self, ParquetError> {
        let length = source.seek(SeekFrom::End(0))?;
        let Some(tail) = length.checked_sub(8).filter(|&tail| tail >= 4) else {
            return Err(ParquetError::NoIndex);
        };
        let ends = [read_at(source, 0, 4)?, read_at(source, tail, 8)?];
        let [first, last] = &ends;
        if first != MAGIC || last[4..] != MAGIC[..] {
            return Err(ParquetError::NoIndex);
        }
        let size = u64::from(u32::from_le_bytes([last[0], last[1], last[2], last[3]]));
        let Some(start) = tail.checked_sub(size).filter(|&start| start >= 4 && size <= MOST_INDEX) else {
            return Err(ParquetError::Damaged { place: "the length of the index", offset: tail });
        };
        let bytes = read_at(source, start, size)?;
        let damaged = || ParquetError::Damaged { place: "the index", offset: start };
        let (leaves, raw) = Self::parse(&bytes).ok_or_else(damaged)?;
        let places = columns_of(&leaves)?;
        let groups =
            raw.into_iter().map(|group| group.checked(&leaves, places, start)).collect::<Result<_, _>>()?;
        Ok(Self { groups })
    }

    fn parse(bytes: &[u8]) -> Option<(Vec<Leaf>, Vec<RawGroup>)> {
        let (mut leaves, mut groups) = (Vec::new(), Vec::new());
        Thrift(bytes).structure(|thrift, number, _| {
            match number {
                2 => {
                    let (length, kind) = thrift.list()?;
                    for _ in 0..length {
                        leaves.push(Leaf::parse(thrift, kind)?);
                    }
                }
                4 => {
                    let (length, kind) = thrift.list()?;
                    for _ in 0..length {
                        groups.push(RawGroup::parse(thrift, kind)?);
                    }
                }
                _ => return Some(false),
            }
            Some(true)
        })?;
        // The first is the table itself.
        (!leaves.is_empty()).then(|| (leaves.split_off(1), groups))
    }
}

impl Leaf {
    fn parse(thrift: &mut Thrift<'_>, kind: u8) -> Option<Self> {
        let mut leaf = Self { name: String::new(), kind: -1, repetition: REQUIRED, children: 0 };
        (kind == STRUCT).then_some(())?;
        thrift.structure(|thrift, number, _| {
            match number {
                1 => leaf.kind = thrift.integer()?,
                3 => leaf.repetition = thrift.integer()?,
                4 => leaf.name = String::from_utf8_lossy(thrift.bytes()?).into_owned(),
                5 => leaf.children = thrift.integer()?,
                _ => return Some(false),
            }
            Some(true)
        })?;
        Some(leaf)
    }
}

/// Where the two columns stand among all of them.
fn columns_of(leaves: &[Leaf]) -> Result<[usize; 2], ParquetError> {
    let find = |name: &str, kinds: &[i64]| {
        let place = leaves.iter().position(|leaf| leaf.name == name)?;
        let leaf = &leaves[place];
        (kinds.contains(&leaf.kind) && [REQUIRED, OPTIONAL].contains(&leaf.repetition)).then_some(place)
    };
    // Columns within columns would shift the places, and mean something else.
    let flat = leaves.iter().all(|leaf| leaf.children == 0);
    match (flat, find(NAMES[0], &[INT64]), find(NAMES[1], &[INT32, INT64])) {
        (true, Some(times), Some(channels)) => Ok([times, channels]),
        _ => {
            let names: Vec<&str> = leaves.iter().take(20).map(|leaf| leaf.name.as_str()).collect();
            Err(ParquetError::Columns {
                found: names.join(", ").chars().take(200).collect::<String>().to_string(),
            })
        }
    }
}

/// A row group as the index has it.
struct RawGroup {
    rows: i64,
    chunks: Vec<RawChunk>,
}

#[derive(Default)]
struct RawChunk {
    codec: i64,
    values: i64,
    bytes: i64,
    data_offset: i64,
    dictionary_offset: Option<i64>,
}

impl RawGroup {
    fn parse(thrift: &mut Thrift<'_>, kind: u8) -> Option<Self> {
        let mut group = Self { rows: 0, chunks: Vec::new() };
        (kind == STRUCT).then_some(())?;
        thrift.structure(|thrift, number, _| {
            match number {
                1 => {
                    let (length, kind) = thrift.list()?;
                    (kind == STRUCT).then_some(())?;
                    for _ in 0..length {
                        group.chunks.push(RawChunk::parse(thrift)?);
                    }
                }
                3 => group.rows = thrift.integer()?,
                _ => return Some(false),
            }
            Some(true)
        })?;
        Some(group)
    }

    /// The two columns of the group, which lie before the index.
    fn checked(self, leaves: &[Leaf], places: [usize; 2], index: u64) -> Result<Group, ParquetError> {
        let damaged = || ParquetError::Damaged { place: "the index", offset: index };
        let rows = u64::try_from(self.rows).map_err(|_| damaged())?;
        let mut chunks = [None; 2];
        for ((column, place), name) in chunks.iter_mut().zip(places).zip(NAMES) {
            let chunk = self.chunks.get(place).ok_or_else(damaged)?;
            if chunk.codec != UNCOMPRESSED {
                return Err(ParquetError::NotPlain { column: name, what: "compressed" });
            }
            if chunk.dictionary_offset.is_some_and(|offset| offset > 0) {
                return Err(ParquetError::NotPlain { column: name, what: "encoded with a dictionary" });
            }
            let unsigned = |value: i64| u64::try_from(value).ok();
            let next = unsigned(chunk.data_offset).ok_or_else(damaged)?;
            let end = unsigned(chunk.bytes).and_then(|bytes| next.checked_add(bytes)).ok_or_else(damaged)?;
            if unsigned(chunk.values) != Some(rows) || end > index {
                return Err(damaged());
            }
            *column = Some(Column {
                name,
                width: if leaves[place].kind == INT64 { 8 } else { 4 },
                optional: leaves[place].repetition == OPTIONAL,
                next,
                end,
                in_page: 0,
            });
        }
        match chunks {
            [Some(times), Some(channels)] => Ok(Group { rows, chunks: [times, channels] }),
            _ => Err(damaged()),
        }
    }
}

impl RawChunk {
    fn parse(thrift: &mut Thrift<'_>) -> Option<Self> {
        let mut chunk = Self::default();
        thrift.structure(|thrift, number, kind| {
            if (number, kind) != (3, STRUCT) {
                return Some(false);
            }
            thrift.structure(|thrift, number, _| {
                match number {
                    4 => chunk.codec = thrift.integer()?,
                    5 => chunk.values = thrift.integer()?,
                    7 => chunk.bytes = thrift.integer()?,
                    9 => chunk.data_offset = thrift.integer()?,
                    11 => chunk.dictionary_offset = Some(thrift.integer()?),
                    _ => return Some(false),
                }
                Some(true)
            })?;
            Some(true)
        })?;
        Some(chunk)
    }
}

const MOST_INDEX: u64 = 1 << 22;

// Enumerations of the format.
const INT32: i64 = 1;
const INT64: i64 = 2;
const REQUIRED: i64 = 0;
const OPTIONAL: i64 = 1;
const UNCOMPRESSED: i64 = 0;
