//! What can be wrong with a recording, where, and what to do about it.

use core::fmt;

/// Something wrong at one place of a recording. Everything before it has been delivered.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fault {
    /// Offset in bytes from the start of the recording of the first byte of the faulty item.
    pub offset: u64,
    /// What is wrong.
    pub kind: FaultKind,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at byte {}: {}", self.offset, self.kind)
    }
}

impl core::error::Error for Fault {}

/// The kinds of faults.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum FaultKind {
    /// No known format begins like this.
    #[error(
        "the format is not recognised (expected PicoQuant PTU, HT2/HT3, PT2/PT3, qcrypto a0/a1/a2, Becker & Hickl \
         spc, Swabian or NIST records); name the format if the recording has no magic number"
    )]
    UnknownFormat,
    /// The format is a container with an index.
    #[error(
        "HDF5 and Parquet are no streams: their index is somewhere in the file; read it as a file with a name, HDF5 with the \
         feature `photon-hdf5` (`cargo build --features photon-hdf5`)"
    )]
    NoStream,
    /// A header tag claims an impossible or unreasonable payload.
    #[error(
        "a header tag claims {length} bytes of payload, expected 0 to {limit}; the header is corrupt, restore it"
    )]
    HeaderTagTooLong {
        /// The claimed length in bytes.
        length: i64,
        /// The greatest length that is accepted.
        limit: u64,
    },
    /// The header does not end.
    #[error("the header has not ended after {limit} bytes; it is corrupt, restore it from the original file")]
    HeaderTooLong {
        /// The greatest header that is accepted, in bytes.
        limit: u64,
    },
    /// A header tag has a type that the format does not define.
    #[error("header tag type {code:#010x} is unknown; the header is corrupt or newer than this reader")]
    UnknownTagType {
        /// The code.
        code: u32,
    },
    /// A header tag without which the records have no meaning is absent.
    #[error("the header lacks {name}; add the value to the header or export the recording again")]
    MissingHeaderTag {
        /// The tag's name.
        name: &'static str,
    },
    /// The record type is not one that this reader decodes.
    #[error("record type {code:#010x} is not supported; export the recording as T2 or T3 of a listed device")]
    UnsupportedRecordType {
        /// The code, or the measurement mode of older containers.
        code: u32,
    },
    /// A header field that fixes the meaning of the records has an impossible value.
    #[error("the header gives {name} = {value}, which is impossible; correct the header")]
    ImpossibleHeaderValue {
        /// The field.
        name: &'static str,
        /// The value.
        value: f64,
    },
    /// A record with a special code that the record type does not define. It is skipped.
    #[error(
        "record {record:#010x} has no meaning in this record type; it is skipped, check the file for damage"
    )]
    UnknownRecord {
        /// The record.
        record: u32,
    },
    /// A photon lies before the photon that precedes it in the file. It is delivered.
    #[error(
        "time runs backwards from {previous_ps} ps to {time_ps} ps; the tag is delivered, sort the recording or \
         restore it"
    )]
    TimeBackwards {
        /// Time of the preceding photon, ps.
        previous_ps: i64,
        /// Time of this photon, ps.
        time_ps: i64,
    },
    /// The accumulated time leaves the range of 64-bit picoseconds (106 days).
    #[error("time exceeds 2^63 ps (106 days); an overflow record is corrupt, cut the recording before it")]
    TimeOutOfRange,
    /// The device says that tags are missing here. Trials around this place can't be trusted.
    #[error(
        "the device lost tags here ({count}; 0: it does not say how many); lower the rate, and take no trials from \
         around this time"
    )]
    TagsLost {
        /// How many; 0 if the device does not say.
        count: u64,
    },
    /// A record names a channel that the device or this reader does not have. It is skipped.
    #[error("channel {channel} does not exist; the record is skipped, check the format's name and the file")]
    NoSuchChannel {
        /// The channel.
        channel: i64,
    },
    /// A record has a time that is negative or beyond 2^63 ps. It is skipped.
    #[error(
        "the time {ticks:#x} ticks is negative or beyond 2^63 ps; the record is skipped, check the file for damage"
    )]
    ImpossibleTime {
        /// The time as it stands in the record.
        ticks: u64,
    },
    /// Bytes were skipped to find the boundary of records again.
    #[error(
        "{skipped} bytes were skipped to find the next record; bytes were lost or added before, times from here on may \
         be off"
    )]
    Resynchronised {
        /// How many bytes.
        skipped: u64,
    },
    /// A text event is not hexadecimal digits.
    #[error("byte {byte:#04x} is not a hexadecimal digit; the line is skipped, check the file for damage")]
    NotHexadecimal {
        /// The byte.
        byte: u8,
    },
    /// A text event has the wrong number of digits.
    #[error(
        "the line has {digits} hexadecimal digits, expected {expected}; it is skipped, check the file for damage"
    )]
    LineLength {
        /// Digits found, at most 255.
        digits: u8,
        /// Digits expected.
        expected: u8,
    },
    /// The recording ends inside the header.
    #[error("the recording ends inside the header; the rest of the file is missing, fetch it again")]
    TruncatedHeader,
    /// The recording ends inside a record.
    #[error(
        "the recording ends {bytes} bytes into a record; the rest of the file is missing, fetch it again"
    )]
    TruncatedRecord {
        /// Bytes of the incomplete record that are present.
        bytes: u64,
    },
    /// The header promises another number of records than there are.
    #[error(
        "the header promises {promised} records, the file holds {found}; the records that exist were delivered, \
         fetch the file again if there are fewer"
    )]
    RecordCount {
        /// Number in the header.
        promised: u64,
        /// Number in the file.
        found: u64,
    },
}

impl FaultKind {
    /// Whether nothing after the fault can be interpreted. The decoder ignores what follows a fatal fault.
    pub fn is_fatal(&self) -> bool {
        matches!(
            self,
            Self::UnknownFormat
                | Self::NoStream
                | Self::HeaderTagTooLong { .. }
                | Self::HeaderTooLong { .. }
                | Self::UnknownTagType { .. }
                | Self::MissingHeaderTag { .. }
                | Self::UnsupportedRecordType { .. }
                | Self::ImpossibleHeaderValue { .. }
                | Self::TimeOutOfRange
                | Self::TruncatedHeader
        )
    }

    /// Whether a damaged record causes it, rather than the device or the end of the file.
    pub(crate) fn is_damage(&self) -> bool {
        matches!(
            self,
            Self::UnknownRecord { .. }
                | Self::TimeBackwards { .. }
                | Self::NoSuchChannel { .. }
                | Self::ImpossibleTime { .. }
        )
    }
}
