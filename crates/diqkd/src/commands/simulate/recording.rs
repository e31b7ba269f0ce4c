//! One station's tags to a file, streamed.

use std::error::Error;
use std::fs::File;
use std::io::{self, Seek, Write};
use std::ops::ControlFlow;
use std::path::Path;

use diqkd_core::{Channel, Role, TestProbability};
use diqkd_sim::hal::{ChannelUse, Status, TagBlock, record};
use diqkd_sim::{Experiment, SeededChooser, SimulatedStation};
use diqkd_timetag::formats::{EventsWriteError, EventsWriter, PtuWriteError, PtuWriter, WordOrder};
use indicatif::ProgressBar;

use super::Format;
use super::parquet::ParquetWriter;
use crate::answer::Failure;

/// What was written.
#[derive(Debug)]
pub(super) struct Recorded {
    pub(super) role: Role,
    pub(super) tags: u64,
    /// Setting markers: rounds that this station saw.
    pub(super) markers: u64,
    pub(super) heralds: u64,
    pub(super) first_ps: Option<i64>,
    pub(super) last_ps: Option<i64>,
    pub(super) bytes: u64,
    /// Blind times of the tagger, which the formats have no record for.
    pub(super) gaps: Vec<[i64; 2]>,
}

/// Writes the recording of one station.
pub(super) fn write(
    experiment: &Experiment,
    gamma: TestProbability,
    role: Role,
    format: Format,
    path: &Path,
    bar: &ProgressBar,
) -> Result<Recorded, WriteError> {
    let chooser = |side| Box::new(SeededChooser::new(side, gamma, experiment.seed));
    let mut station = SimulatedStation::new(role, experiment, chooser(Role::Alice), chooser(Role::Bob));
    let channels = experiment.layout().channels;
    let mut file = File::create(path)?;
    let mut buffer = Vec::with_capacity(FLUSH_BYTES * 2);
    let mut encoder = Encoder::new(format, &mut buffer);
    let header = buffer.len();
    let mut recorded = Recorded {
        role,
        tags: 0,
        markers: 0,
        heralds: 0,
        first_ps: None,
        last_ps: None,
        bytes: 0,
        gaps: Vec::new(),
    };
    let mut broken = None;
    let (mut time_ps, mut channel) = (vec![0; BLOCK_TAGS], vec![0; BLOCK_TAGS]);
    let block = TagBlock { time_ps: &mut time_ps, channel: &mut channel };
    let Ok(_) = record(&mut station, block, |times, tags, status| {
        for (&time_ps, &tag) in times.iter().zip(tags) {
            match channels.meaning(Channel(tag)) {
                Some(ChannelUse::Setting(_)) => recorded.markers += 1,
                Some(ChannelUse::Herald) => recorded.heralds += 1,
                _ => {}
            }
            if let Err(error) = encoder.push(time_ps, format.channel(tag), &mut buffer) {
                broken = Some(error);
                return ControlFlow::Break(());
            }
        }
        recorded.tags += times.len() as u64;
        recorded.first_ps = recorded.first_ps.or(times.first().copied());
        recorded.last_ps = times.last().copied().or(recorded.last_ps);
        if let Status::Gap { from_ps, to_ps } = status {
            recorded.gaps.push([from_ps, to_ps]);
        }
        if buffer.len() >= FLUSH_BYTES {
            recorded.bytes += buffer.len() as u64;
            if let Err(error) = file.write_all(&buffer) {
                broken = Some(error.into());
                return ControlFlow::Break(());
            }
            buffer.clear();
        }
        if role == Role::Bob {
            bar.set_position(recorded.markers);
        }
        ControlFlow::Continue(())
    });
    if let Some(error) = broken {
        return Err(error);
    }
    if let Encoder::Parquet(writer) = encoder {
        writer.finish(&mut buffer);
    }
    recorded.bytes += buffer.len() as u64;
    file.write_all(&buffer)?;
    if format == Format::Ptu {
        // Now that the number of records is known, the header can say it.
        let records = (recorded.bytes - header as u64) / 4;
        buffer.clear();
        PtuWriter::new(Some(records), &mut buffer);
        file.rewind().and_then(|()| file.write_all(&buffer))?;
    }
    Ok(recorded)
}

/// From tags to bytes.
enum Encoder {
    Ptu(PtuWriter),
    Events(EventsWriter),
    Parquet(ParquetWriter),
}

impl Encoder {
    fn new(format: Format, out: &mut Vec<u8>) -> Self {
        match format {
            Format::A1 => Self::Events(EventsWriter::new(WordOrder::LowFirst)),
            Format::Ptu => Self::Ptu(PtuWriter::new(Some(0), out)),
            Format::Parquet => Self::Parquet(ParquetWriter::new(out)),
        }
    }

    fn push(&mut self, time_ps: i64, channel: u16, out: &mut Vec<u8>) -> Result<(), WriteError> {
        match self {
            Self::Ptu(writer) => writer.push(time_ps, channel, out).map_err(WriteError::Ptu),
            Self::Events(writer) => writer.push(time_ps, channel, out).map_err(WriteError::Events),
            Self::Parquet(writer) => {
                writer.push(time_ps, channel, out);
                Ok(())
            }
        }
    }
}

/// Why a recording was not written.
#[derive(Debug)]
pub(super) enum WriteError {
    File(io::Error),
    Ptu(PtuWriteError),
    Events(EventsWriteError),
}

impl WriteError {
    /// The same for the user.
    pub(super) fn of(self, path: &Path) -> Failure {
        let (what, source): (_, Box<dyn Error + Send + Sync>) = match self {
            Self::File(error) => (
                format!("can't write {}; check that its folder exists and may be written", path.display()),
                Box::new(error),
            ),
            Self::Ptu(error) => (too_long(path), Box::new(error)),
            Self::Events(error) => (too_long(path), Box::new(error)),
        };
        Failure::Failed { what, source: Some(source) }
    }
}

impl From<io::Error> for WriteError {
    fn from(error: io::Error) -> Self {
        Self::File(error)
    }
}

fn too_long(path: &Path) -> String {
    format!("a tag does not fit into {}; simulate fewer rounds", path.display())
}

const BLOCK_TAGS: usize = 1 << 12;
const FLUSH_BYTES: usize = 1 << 18;
