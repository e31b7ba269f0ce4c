//! A recording in a file, of any format that the time-tag library reads.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use diqkd_hal::{Capabilities, ErrorKind, ErrorType, Filled, Restart, Status, TagBlock, TimeTagger};
use diqkd_timetag::formats::{Decoder, FaultKind};

/// A tagger whose hardware is a file.
pub(crate) struct RecordedTags {
    file: File,
    decoder: Decoder,
    /// Bytes read, and which of them are not decoded yet.
    bytes: Vec<u8>,
    unread: std::ops::Range<usize>,
    at_end: bool,
    /// Room for the decoder, which may use more of what it is given than it fills.
    time_ps: Vec<i64>,
    channel: Vec<u16>,
}

/// Why a recording can't be replayed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RecordedError {
    #[error("the recording can't be read")]
    Io(#[from] io::Error),
    #[error("the recording is damaged")]
    Damaged,
    #[error("the recording says that tags were lost, and not how many")]
    Lost,
}

impl diqkd_hal::Error for RecordedError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Io(_) => ErrorKind::Disconnected,
            Self::Damaged => ErrorKind::Corrupt,
            Self::Lost => ErrorKind::Overflow,
        }
    }
}

impl RecordedTags {
    pub(crate) fn open(path: &Path) -> Result<Self, RecordedError> {
        Ok(Self {
            file: File::open(path)?,
            decoder: Decoder::new(),
            bytes: vec![0; PIECE_BYTES],
            unread: 0..0,
            at_end: false,
            time_ps: vec![0; STEP_TAGS],
            channel: vec![0; STEP_TAGS],
        })
    }
}

impl ErrorType for RecordedTags {
    type Error = RecordedError;
}

impl TimeTagger for RecordedTags {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            resolution_ps: 1,
            channels: u16::MAX,
            max_tag_rate_hz: 0,
            dead_time_ps: 0,
            restart: Restart::Unsupported,
        }
    }

    fn start(&mut self) -> Result<(), RecordedError> {
        Ok(())
    }

    fn fill(&mut self, block: TagBlock<'_>) -> Result<Filled, RecordedError> {
        let places = block.capacity().min(STEP_TAGS);
        if places == 0 {
            return Ok(Filled { len: 0, status: Status::Streaming });
        }
        if self.unread.is_empty() && !self.at_end {
            let len = self.file.read(&mut self.bytes)?;
            (self.unread, self.at_end) = (0..len, len == 0);
        }
        let (times, channels) = (&mut self.time_ps[..places], &mut self.channel[..places]);
        let step = if self.at_end {
            self.decoder.finish(times, channels)
        } else {
            self.decoder.push(&self.bytes[self.unread.clone()], times, channels)
        };
        self.unread.start += step.consumed;
        block.time_ps[..step.tags].copy_from_slice(&times[..step.tags]);
        block.channel[..step.tags].copy_from_slice(&channels[..step.tags]);
        let status = match step.fault.map(|fault| fault.kind) {
            None if self.at_end && step.tags == 0 && !step.more => Status::EndOfData,
            // A file that ends early is whole up to there.
            None | Some(FaultKind::RecordCount { .. } | FaultKind::TruncatedRecord { .. }) => {
                Status::Streaming
            }
            Some(FaultKind::TagsLost { count: 0 }) => return Err(RecordedError::Lost),
            Some(FaultKind::TagsLost { count }) => Status::Overflow { missed: count },
            Some(_) => return Err(RecordedError::Damaged),
        };
        Ok(Filled { len: step.tags, status })
    }

    fn stop(&mut self) -> Result<(), RecordedError> {
        Ok(())
    }
}

const PIECE_BYTES: usize = 1 << 16;
const STEP_TAGS: usize = 1 << 12;
