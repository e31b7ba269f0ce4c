//! A tagger whose hardware is a PTU file, written as a vendor would write one against `diqkd-hal`.

use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;

use diqkd_hal::{Capabilities, ErrorKind, ErrorType, Filled, Restart, Status, TagBlock, TimeTagger};
use diqkd_timetag::formats::{Decoder, FaultKind, MARKER};

/// A tagger whose hardware is a PTU file. Markers follow the 65 input channels.
#[derive(Debug)]
pub struct PtuStation {
    path: PathBuf,
    file: Option<File>,
    decoder: Decoder,
    /// Bytes read and not yet decoded.
    bytes: [u8; 1 << 14],
    unread: std::ops::Range<usize>,
    at_end: bool,
    running: bool,
}

impl PtuStation {
    /// A station that will read this file once it is started.
    pub fn open(path: PathBuf) -> Self {
        let decoder = Decoder::new();
        Self { path, file: None, decoder, bytes: [0; 1 << 14], unread: 0..0, at_end: false, running: false }
    }

    fn read_more(&mut self) -> Result<(), VendorError> {
        let Some(file) = &mut self.file else { return Err(VendorError::Closed) };
        let len = file.read(&mut self.bytes).map_err(VendorError::Io)?;
        (self.unread, self.at_end) = (0..len, len == 0);
        Ok(())
    }
}

/// The vendor's own error, mapped to the kinds that generic code decides on.
#[derive(Debug)]
pub enum VendorError {
    /// The file can't be read.
    Io(io::Error),
    /// The device was not started.
    Closed,
    /// The file is damaged.
    Corrupt,
    /// Tags were lost, and the device does not say how many.
    Lost,
}

impl diqkd_hal::Error for VendorError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Io(error) if error.kind() == io::ErrorKind::TimedOut => ErrorKind::Timeout,
            Self::Io(_) | Self::Closed => ErrorKind::Disconnected,
            Self::Corrupt => ErrorKind::Corrupt,
            Self::Lost => ErrorKind::Overflow,
        }
    }
}

impl ErrorType for PtuStation {
    type Error = VendorError;
}

impl TimeTagger for PtuStation {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            resolution_ps: 1,
            channels: FIRST_MARKER + 16,
            max_tag_rate_hz: 0,
            dead_time_ps: 0,
            restart: Restart::Continues,
        }
    }

    fn start(&mut self) -> Result<(), VendorError> {
        if self.file.is_none() {
            self.file = Some(File::open(&self.path).map_err(VendorError::Io)?);
        }
        self.running = true;
        Ok(())
    }

    fn fill(&mut self, block: TagBlock<'_>) -> Result<Filled, VendorError> {
        let len = if self.running { block.capacity() } else { 0 };
        if len == 0 {
            return Ok(Filled { len, status: Status::Streaming });
        }
        // The decoder may use the whole of what it is given as scratch, but only the tags may change.
        let (mut time_ps, mut channel) = ([0; 256], [0; 256]);
        let places = len.min(time_ps.len());
        if self.unread.is_empty() && !self.at_end {
            self.read_more()?;
        }
        let (times, channels) = (&mut time_ps[..places], &mut channel[..places]);
        let step = if self.at_end {
            self.decoder.finish(times, channels)
        } else {
            self.decoder.push(&self.bytes[self.unread.clone()], times, channels)
        };
        self.unread.start += step.consumed;
        for i in 0..step.tags {
            block.time_ps[i] = time_ps[i];
            let marker = channel[i] & MARKER != 0;
            block.channel[i] = if marker { FIRST_MARKER + (channel[i] & 15) } else { channel[i] };
        }
        let status = match step.fault.map(|fault| fault.kind) {
            None if self.at_end && step.tags == 0 && !step.more => Status::EndOfData,
            // A file that ends early is whole up to there.
            None | Some(FaultKind::RecordCount { .. } | FaultKind::TruncatedRecord { .. }) => {
                Status::Streaming
            }
            Some(FaultKind::TagsLost { count: 0 }) => return Err(VendorError::Lost),
            Some(FaultKind::TagsLost { count }) => Status::Overflow { missed: count },
            Some(_) => return Err(VendorError::Corrupt),
        };
        Ok(Filled { len: step.tags, status })
    }

    fn stop(&mut self) -> Result<(), VendorError> {
        self.running = false;
        Ok(())
    }
}

const FIRST_MARKER: u16 = 65;
