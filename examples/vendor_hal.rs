//! Two stations behind one driver: a simulated tagger, and one that reads a PTU file and was written as a vendor would.
//!
//! ```sh
//! cargo run --release --example vendor_hal              # simulates a station, records it, reads it back
//! cargo run --release --example vendor_hal -- FILE.ptu  # surveys a recording of your own
//! ```

use std::fs::File;
use std::io::{self, Read};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use diqkd_core::{Channel, Role, TimeTag};
use diqkd_hal::conformance::{TaggerOptions, check_replay, check_station, check_tagger};
use diqkd_hal::{
    Capabilities, ErrorKind, ErrorType, Filled, Restart, StationLayout, Status, TagBlock, Tally, TimeTagger,
    record,
};
use diqkd_sim::{Experiment, Preset, SeededChooser, SimulatedStation};
use diqkd_timetag::formats::{Decoder, FaultKind, MARKER, PtuWriter};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    if let Some(path) = std::env::args_os().nth(1) {
        let (tally, _) = survey("the recording", &mut PtuStation::open(path.into()))?;
        return if tally.tags > 0 { Ok(()) } else { Err("the recording has no tags".into()) };
    }
    let experiment = Experiment::new(Preset::Oxford2022, 20_000, 1);
    let layout = experiment.layout();
    let simulated = || {
        let chooser = |side| Box::new(SeededChooser::new(side, Preset::Oxford2022.test_probability(), 1));
        SimulatedStation::new(Role::Alice, &experiment, chooser(Role::Alice), chooser(Role::Bob))
    };
    let path = std::env::temp_dir().join(format!("vendor-hal-{}.ptu", std::process::id()));
    let compared = compare(&simulated, &layout, &path);
    std::fs::remove_file(&path)?;
    compared
}

/// Records the one station into a file, opens the file as the other, and holds both to the same promises.
fn compare(
    simulated: &dyn Fn() -> SimulatedStation,
    layout: &StationLayout,
    path: &Path,
) -> Result<(), Box<dyn std::error::Error>> {
    let (live, tags) = survey("simulated", &mut simulated())?;
    write(path, &tags)?;
    let from_file = || PtuStation::open(path.to_owned());
    let (replayed, _) = survey("from the file", &mut from_file())?;
    assert_eq!(live, replayed);

    let options = TaggerOptions { injected: Some(live.tags), ..TaggerOptions::default() };
    check_tagger(simulated, &options)?;
    check_tagger(from_file, &options)?;
    check_replay(&mut simulated(), &mut from_file(), &options)?;
    let report = check_station(layout, tags)?;
    println!("both keep the contract; {} rounds, {} of them with a click", report.rounds, report.clicked);
    Ok(())
}

/// The generic driver: knows the trait and nothing of what is behind it.
fn survey<T: TimeTagger>(
    name: &str,
    tagger: &mut T,
) -> Result<(Tally, Vec<TimeTag>), Box<dyn std::error::Error>> {
    let (mut time_ps, mut channel) = ([0; 4096], [0; 4096]);
    let block = TagBlock { time_ps: &mut time_ps, channel: &mut channel };
    let mut tags = Vec::new();
    let tally = record(tagger, block, |times, channels, _| {
        let pairs = times.iter().zip(channels);
        tags.extend(pairs.map(|(&time_ps, &channel)| TimeTag { time_ps, channel: Channel(channel) }));
        ControlFlow::Continue(())
    })
    .map_err(|error| diqkd_hal::Error::kind(&error))?;
    println!("{name:<14} {} tags, {} missed, {} gaps", tally.tags, tally.missed, tally.gaps);
    Ok((tally, tags))
}

fn write(path: &Path, tags: &[TimeTag]) -> Result<(), Box<dyn std::error::Error>> {
    let mut bytes = Vec::new();
    let mut writer = PtuWriter::new(None, &mut bytes);
    for tag in tags {
        writer.push(tag.time_ps, tag.channel.0, &mut bytes)?;
    }
    Ok(std::fs::write(path, bytes)?)
}

/// A tagger whose hardware is a PTU file. Markers follow the 65 input channels.
struct PtuStation {
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
    fn open(path: PathBuf) -> Self {
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
enum VendorError {
    Io(io::Error),
    Closed,
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
