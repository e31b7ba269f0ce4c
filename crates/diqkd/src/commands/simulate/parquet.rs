//! Writes tags as Apache Parquet: two required columns, `time_ps` (INT64) and `channel` (UINT16), plain encoding, not
//! compressed, in row groups of 2^18 tags. Everything that reads Parquet reads it; no library is needed to write it.
//!
//! A file is `PAR1`, the pages of all row groups, the footer (a struct in Thrift's compact protocol), its length, `PAR1`.
//! The numbers of fields and enumerations below are those of the format's definition, `parquet.thrift`.

/// A writer that appends to a buffer of the caller, who writes it out and clears it at will.
pub(super) struct ParquetWriter {
    time_ps: Vec<u8>,
    channel: Vec<u8>,
    groups: Vec<Group>,
    /// Bytes of the file so far.
    offset: u64,
}

struct Group {
    rows: u64,
    chunks: [Chunk; 2],
}

#[derive(Clone, Copy)]
struct Chunk {
    offset: u64,
    bytes: u64,
}

impl ParquetWriter {
    pub(super) fn new(out: &mut Vec<u8>) -> Self {
        out.extend_from_slice(MAGIC);
        Self { time_ps: Vec::new(), channel: Vec::new(), groups: Vec::new(), offset: MAGIC.len() as u64 }
    }

    pub(super) fn push(&mut self, time_ps: i64, channel: u16, out: &mut Vec<u8>) {
        self.time_ps.extend_from_slice(&time_ps.to_le_bytes());
        self.channel.extend_from_slice(&u32::from(channel).to_le_bytes());
        if self.channel.len() == 4 * ROWS_A_GROUP {
            self.flush(out);
        }
    }

    /// The footer.
    pub(super) fn finish(mut self, out: &mut Vec<u8>) {
        self.flush(out);
        let footer = self.footer();
        let length = footer.len() as u32;
        out.extend_from_slice(&footer);
        out.extend_from_slice(&length.to_le_bytes());
        out.extend_from_slice(MAGIC);
    }

    /// A row group of what is there: one page a column.
    fn flush(&mut self, out: &mut Vec<u8>) {
        let rows = self.channel.len() / 4;
        if rows == 0 {
            return;
        }
        let mut offset = self.offset;
        let chunks = [&mut self.time_ps, &mut self.channel].map(|values| {
            let mut page = Thrift::default();
            page.i32(1, DATA_PAGE);
            page.i32(2, values.len() as i32);
            page.i32(3, values.len() as i32);
            page.structure(5, |data| {
                data.i32(1, rows as i32);
                data.i32(2, PLAIN);
                data.i32(3, RLE);
                data.i32(4, RLE);
            });
            let header = page.end();
            let chunk = Chunk { offset, bytes: (header.len() + values.len()) as u64 };
            out.extend_from_slice(&header);
            out.extend_from_slice(values);
            values.clear();
            offset += chunk.bytes;
            chunk
        });
        self.offset = offset;
        self.groups.push(Group { rows: rows as u64, chunks });
    }

    fn footer(&self) -> Vec<u8> {
        let mut file = Thrift::default();
        file.i32(1, FORMAT_VERSION);
        file.list(2, STRUCT, 3);
        file.element(|root| {
            root.text(4, "tags");
            root.i32(5, 2);
        });
        for (name, physical) in COLUMNS {
            file.element(|column| {
                column.i32(1, physical);
                column.i32(3, REQUIRED);
                column.text(4, name);
                if physical == INT32 {
                    column.i32(6, CONVERTED_UINT_16);
                    column.structure(10, |logical| {
                        logical.structure(LOGICAL_INTEGER, |integer| {
                            integer.i8(1, 16);
                            integer.no(2);
                        });
                    });
                }
            });
        }
        file.i64(3, self.groups.iter().map(|group| group.rows).sum());
        file.list(4, STRUCT, self.groups.len());
        for Group { rows, chunks } in &self.groups {
            file.element(|group| {
                group.list(1, STRUCT, 2);
                for ((name, physical), Chunk { offset, bytes }) in COLUMNS.into_iter().zip(*chunks) {
                    group.element(|chunk| {
                        chunk.i64(2, offset);
                        chunk.structure(3, |meta| {
                            meta.i32(1, physical);
                            meta.list(2, I32, 2);
                            meta.zigzag(i64::from(PLAIN));
                            meta.zigzag(i64::from(RLE));
                            meta.list(3, BINARY, 1);
                            meta.bytes(name);
                            meta.i32(4, UNCOMPRESSED);
                            meta.i64(5, *rows);
                            meta.i64(6, bytes);
                            meta.i64(7, bytes);
                            meta.i64(9, offset);
                        });
                    });
                }
                group.i64(2, chunks.iter().map(|chunk| chunk.bytes).sum());
                group.i64(3, *rows);
            });
        }
        file.text(6, "diqkd");
        file.end()
    }
}

/// A struct in Thrift's compact protocol: fields in increasing order of their numbers.
#[derive(Default)]
struct Thrift {
    bytes: Vec<u8>,
    last_field: u8,
}

impl Thrift {
    /// Every field number here is at most 15 above the one before.
    fn field(&mut self, number: u8, kind: u8) {
        self.bytes.push((number - self.last_field) << 4 | kind);
        self.last_field = number;
    }

    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.bytes.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.bytes.push(value as u8);
    }

    fn zigzag(&mut self, value: i64) {
        self.varint((value << 1 ^ value >> 63) as u64);
    }

    fn i8(&mut self, number: u8, value: u8) {
        self.field(number, I8);
        self.bytes.push(value);
    }

    fn no(&mut self, number: u8) {
        self.field(number, FALSE);
    }

    fn i32(&mut self, number: u8, value: i32) {
        self.field(number, I32);
        self.zigzag(i64::from(value));
    }

    fn i64(&mut self, number: u8, value: u64) {
        self.field(number, I64);
        self.zigzag(value as i64);
    }

    fn text(&mut self, number: u8, text: &str) {
        self.field(number, BINARY);
        self.bytes(text);
    }

    fn bytes(&mut self, text: &str) {
        self.varint(text.len() as u64);
        self.bytes.extend_from_slice(text.as_bytes());
    }

    fn list(&mut self, number: u8, kind: u8, length: usize) {
        self.field(number, LIST);
        if length < 15 {
            self.bytes.push((length as u8) << 4 | kind);
        } else {
            self.bytes.push(0xf0 | kind);
            self.varint(length as u64);
        }
    }

    /// A struct as an element of a list.
    fn element(&mut self, write: impl FnOnce(&mut Self)) {
        let outer = std::mem::take(&mut self.last_field);
        write(self);
        self.bytes.push(STOP);
        self.last_field = outer;
    }

    fn structure(&mut self, number: u8, write: impl FnOnce(&mut Self)) {
        self.field(number, STRUCT);
        self.element(write);
    }

    fn end(mut self) -> Vec<u8> {
        self.bytes.push(STOP);
        self.bytes
    }
}

const MAGIC: &[u8] = b"PAR1";
const ROWS_A_GROUP: usize = 1 << 18;
const FORMAT_VERSION: i32 = 1;
const COLUMNS: [(&str, i32); 2] = [("time_ps", INT64), ("channel", INT32)];

// Types of Thrift's compact protocol.
const STOP: u8 = 0;
const FALSE: u8 = 2;
const I8: u8 = 3;
const I32: u8 = 5;
const I64: u8 = 6;
const BINARY: u8 = 8;
const LIST: u8 = 9;
const STRUCT: u8 = 12;

// Enumerations of Parquet.
const INT32: i32 = 1;
const INT64: i32 = 2;
const REQUIRED: i32 = 0;
const CONVERTED_UINT_16: i32 = 12;
const LOGICAL_INTEGER: u8 = 10;
const DATA_PAGE: i32 = 0;
const PLAIN: i32 = 0;
const RLE: i32 = 3;
const UNCOMPRESSED: i32 = 0;

#[cfg(test)]
mod tests {
    use super::*;

    /// SOURCE: a second encoder, written in Python from the format's definition; pyarrow 26.0.1 reads from these bytes
    /// the three tags below.
    const FILE: &str = "\
            504152311500153015302c15061500150615060000e803000000000000e8030000000000000080ca3961240000150015\
            1815182c150615001506150600000000000005000000060000001502193c48047461677315040015042500180774696d\
            655f7073001502250018076368616e6e656c25184cac1310120000001606191c192c26081c1504192500061918077469\
            6d655f7073150016061652165226080000265a1c1502192500061918076368616e6e656c15001606163a163a265a0000\
            168c0116060028056469716b64008400000050415231";

    #[test]
    fn a_small_file_is_written_as_others_read_it() {
        let mut out = Vec::new();
        let mut writer = ParquetWriter::new(&mut out);
        for (time_ps, channel) in [(1000, 0), (1000, 5), (40_000_000_000_000, 6)] {
            writer.push(time_ps, channel, &mut out);
        }
        writer.finish(&mut out);
        let written: String = out.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(written, FILE);
    }

    #[test]
    fn many_row_groups_lie_where_the_footer_says() {
        // Cleared after every tag, as a caller with little memory does.
        let (mut file, mut out) = (Vec::new(), Vec::new());
        let mut writer = ParquetWriter::new(&mut out);
        for i in 0..ROWS_A_GROUP as i64 * 16 + 5 {
            writer.push(i, 3, &mut out);
            file.append(&mut out);
        }
        let groups = writer.groups.len();
        assert_eq!((groups, writer.offset), (16, file.len() as u64));
        for (i, group) in writer.groups.iter().enumerate() {
            let [times, channels] = group.chunks;
            assert_eq!(times.offset + times.bytes, channels.offset);
            let first = (channels.offset - 8 * group.rows) as usize;
            let value = (i * ROWS_A_GROUP) as i64;
            assert_eq!(file[first..first + 8], value.to_le_bytes());
        }
        writer.finish(&mut out);
        assert!(out.ends_with(MAGIC));
    }
}
