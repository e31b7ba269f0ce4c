//! Photon-HDF5 files (`.h5`, `.hdf5`), with the feature `photon-hdf5`.
//!
//! Source: the specification of Photon-HDF5, versions 0.4 and 0.5 (photon-hdf5.github.io). Checked against files that
//! phconvert, its reference implementation, writes; not against a recording of a device.
//!
//! ```text
//! /photon_data                                    or photon_data0, photon_data1, ... for several spots
//!   timestamps                          integers  macro times, in units of
//!   timestamps_specs/timestamps_unit    float     seconds
//!   detectors                           integers  the channel of each; may be missing: all 0
//!   nanotimes, particles, ...                     not read
//! ```
//! The channel is the detector's number as it stands. The time is the macro time, as for Becker & Hickl cards:
//! `nanotimes` count from the laser pulse or back from it, which the file does not always say. The format has no
//! overflows and no markers of its own.
//!
//! HDF5 is a container with an index, not a stream: it needs a source that can seek, and faults carry the number of the
//! photon in place of a byte. Compression by deflate and LZF is read, by blosc not. Memory is a few chunks of the file, of
//! at most 64 MiB unpacked each, and two blocks of 16384 photons.

use std::io::{Read, Seek};
use std::string::{String, ToString};
use std::vec::Vec;

use hdf5_pure::{Dataset, Error, File, Group, ReadSeekSource, Source};

use super::{Fault, FaultKind, Format, Header, MARKER, RecordType, Recording, TagSink, TickLength};

/// Why a Photon-HDF5 file can't be read. Photons before have been delivered.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PhotonHdf5Error {
    /// The container is damaged or uses something that is not read.
    #[error("{place}: {what}; check the file with `h5dump`, or write it again with zlib or no compression")]
    Container {
        /// What was being read.
        place: &'static str,
        /// What the reader of the container says.
        what: String,
    },
    /// Something without which photons have no time is absent.
    #[error("the file has no `{name}`, it has {found}; name the spot, or export it as Photon-HDF5 again")]
    Missing {
        /// The path that was looked for.
        name: String,
        /// The groups that are there.
        found: String,
    },
    /// The unit of time stamps is impossible.
    #[error("timestamps_unit is {seconds} s, expected 1e-15 to 1 s; correct the file")]
    Unit {
        /// The unit, s.
        seconds: f64,
    },
    /// Every photon has one detector.
    #[error(
        "there are {timestamps} timestamps and {detectors} detectors, expected as many; export the file again"
    )]
    Lengths {
        /// Number of time stamps.
        timestamps: u64,
        /// Number of detectors.
        detectors: u64,
    },
}

/// Reads a Photon-HDF5 file: the photons of `spot`, or of the only spot where it is `None`.
///
/// # Errors
/// [`PhotonHdf5Error`]; the photons before it have been delivered.
pub fn read_photon_hdf5(
    source: impl Read + Seek + Send + 'static,
    spot: Option<u32>,
    sink: &mut impl TagSink,
) -> Result<Recording, PhotonHdf5Error> {
    let source = ReadSeekSource::new(source).map_err(|e| container("the file")(e.into()))?;
    let file_bytes = source.len();
    let file = File::from_source(source).map_err(container("the file"))?;
    let group = photon_data(&file, spot)?;
    let timestamps = group.dataset("timestamps").map_err(container("photon_data/timestamps"))?;
    let detectors = match group.datasets().map_err(container("photon_data"))? {
        names if names.iter().any(|name| name == "detectors") => {
            Some(group.dataset("detectors").map_err(container("photon_data/detectors"))?)
        }
        _ => None,
    };
    let unit = group.dataset(UNIT).map_err(container(UNIT_PLACE))?;
    check(&unit, file_bytes, UNIT_PLACE)?;
    let shape = unit.shape().map_err(container(UNIT_PLACE))?;
    let numbers = shape.iter().fold(1_u64, |all, &len| all.saturating_mul(len));
    if numbers != 1 {
        let what = std::format!("{numbers} numbers, expected one");
        return Err(PhotonHdf5Error::Container { place: UNIT_PLACE, what });
    }
    let unit = unit.read_f64().map_err(container(UNIT_PLACE))?;
    let seconds = unit.first().copied().unwrap_or(f64::NAN);
    let tick = TickLength::from_ps(seconds * 1e12).ok_or(PhotonHdf5Error::Unit { seconds })?;
    check(&timestamps, file_bytes, "photon_data/timestamps")?;
    if let Some(detectors) = &detectors {
        check(detectors, file_bytes, "photon_data/detectors")?;
    }
    let photons = rows(&timestamps)?;
    if let Some(given) = detectors.as_ref().map(rows).transpose()?.filter(|&given| given != photons) {
        return Err(PhotonHdf5Error::Lengths { timestamps: photons, detectors: given });
    }
    let header = Header {
        format: Format::PhotonHdf5,
        record_type: RecordType::PhotonHdf5,
        tick,
        dtime_tick: None,
        promised_records: Some(photons),
        data_offset: 0,
    };
    sink.header(&header);
    let mut block = Block { tick, last_ps: 0, time_ps: Vec::new(), channel: Vec::new() };
    let mut start = 0;
    while start < photons {
        let count = (photons - start).min(BLOCK);
        let ticks = timestamps.read_i64_rows(start, count).map_err(container("photon_data/timestamps"))?;
        let numbers = match &detectors {
            Some(detectors) => {
                detectors.read_u16_rows(start, count).map_err(container("photon_data/detectors"))?
            }
            None => Vec::new(),
        };
        for (i, &ticks) in ticks.iter().enumerate() {
            let number = numbers.get(i).copied().unwrap_or(0);
            if let Some(kind) = block.photon(ticks, number) {
                block.deliver(sink);
                sink.fault(&Fault { offset: start + i as u64, kind });
            }
        }
        block.deliver(sink);
        start += count;
    }
    Ok(Recording {
        header: Some(header),
        records: photons,
        overflows: 0,
        markers: 0,
        lost: 0,
        truncated: false,
        fatal: None,
    })
}

/// Photons that are read at a time.
const BLOCK: u64 = 16_384;
/// A chunk of a file, unpacked: the default of writers is 1 MB.
const LONGEST_CHUNK: u64 = 1 << 26;
const UNIT: &str = "timestamps_specs/timestamps_unit";
const UNIT_PLACE: &str = "photon_data/timestamps_specs/timestamps_unit";

/// Whether the chunks of a dataset are of a size that memory is given for before they are read.
fn check(dataset: &Dataset, file_bytes: u64, place: &'static str) -> Result<(), PhotonHdf5Error> {
    let Some(shape) = dataset.chunk_shape().map_err(container(place))? else { return Ok(()) };
    let element_bytes = dataset.element_size().map_err(container(place))?;
    let unpacked = shape.iter().fold(element_bytes, |all, &len| all.saturating_mul(len));
    if unpacked > LONGEST_CHUNK {
        let what = std::format!("chunks of {unpacked} bytes, expected at most {LONGEST_CHUNK}");
        return Err(PhotonHdf5Error::Container { place, what });
    }
    for chunk in dataset.chunks().map_err(container(place))? {
        let end = chunk.address.checked_add(chunk.storage_size);
        if end.is_none_or(|end| end > file_bytes) {
            let what = std::format!(
                "a chunk of {} bytes at {}, where the file has {file_bytes}",
                chunk.storage_size,
                chunk.address
            );
            return Err(PhotonHdf5Error::Container { place, what });
        }
    }
    Ok(())
}

fn container(place: &'static str) -> impl Fn(Error) -> PhotonHdf5Error {
    move |error| PhotonHdf5Error::Container { place, what: error.to_string() }
}

fn photon_data(file: &File, spot: Option<u32>) -> Result<Group, PhotonHdf5Error> {
    let name = spot.map_or_else(|| "photon_data".to_string(), |spot| std::format!("photon_data{spot}"));
    let groups = file.root().groups().map_err(container("the root group"))?;
    if groups.contains(&name) {
        return file.group(&name).map_err(container("photon_data"));
    }
    let mut spots = groups.iter().filter(|group| group.starts_with("photon_data"));
    match (spot, spots.next(), spots.next()) {
        (None, Some(only), None) => file.group(only).map_err(container("photon_data")),
        _ => Err(PhotonHdf5Error::Missing { name, found: groups.join(", ") }),
    }
}

fn rows(dataset: &Dataset) -> Result<u64, PhotonHdf5Error> {
    let shape = dataset.shape().map_err(container("the shape of a dataset"))?;
    Ok(shape.first().copied().unwrap_or(1))
}

struct Block {
    tick: TickLength,
    last_ps: i64,
    time_ps: Vec<i64>,
    channel: Vec<u16>,
}

impl Block {
    fn photon(&mut self, ticks: i64, number: u16) -> Option<FaultKind> {
        if number >= MARKER {
            return Some(FaultKind::NoSuchChannel { channel: number.into() });
        }
        let Some(time_ps) = u64::try_from(ticks).ok().and_then(|ticks| self.tick.to_ps(ticks)) else {
            return Some(FaultKind::ImpossibleTime { ticks: ticks as u64 });
        };
        self.time_ps.push(time_ps);
        self.channel.push(number);
        let previous_ps = core::mem::replace(&mut self.last_ps, time_ps);
        (time_ps < previous_ps).then_some(FaultKind::TimeBackwards { previous_ps, time_ps })
    }

    fn deliver(&mut self, sink: &mut impl TagSink) {
        if !self.time_ps.is_empty() {
            sink.tags(&self.time_ps, &self.channel);
        }
        self.time_ps.clear();
        self.channel.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::TagSummary;
    use hdf5_pure::FileBuilder;
    use std::io::Cursor;
    use std::vec;

    fn file(group: &str, timestamps: &[i64], detectors: &[u8], unit: f64) -> Vec<u8> {
        let mut file = FileBuilder::new();
        let mut data = file.create_group(group);
        data.create_dataset("timestamps").with_i64_data(timestamps).with_chunks(&[4096]).with_deflate(6);
        if !detectors.is_empty() {
            data.create_dataset("detectors").with_u8_data(detectors);
        }
        let mut specs = data.create_group("timestamps_specs");
        specs.create_dataset("timestamps_unit").with_f64_data(&[unit]);
        data.add_group(specs.finish());
        file.add_group(data.finish());
        file.finish().unwrap()
    }

    #[test]
    fn photons_of_several_blocks() {
        let timestamps: Vec<i64> = (0..50_000).map(|i| i * i / 7).collect();
        let detectors: Vec<u8> = (0..50_000u32).map(|i| (i % 3) as u8).collect();
        for group in ["photon_data", "photon_data0"] {
            let mut summary = TagSummary::default();
            let bytes = file(group, &timestamps, &detectors, 12.5e-9);
            let recording = read_photon_hdf5(Cursor::new(bytes), None, &mut summary).unwrap();
            summary.complete(&recording);
            let sum: i64 = timestamps.iter().map(|t| 12_500 * t).sum();
            assert_eq!((summary.photons, summary.sum_ps_mod_2_64), (50_000, sum as u64));
            assert_eq!(summary.channels, [(0, 16_667), (1, 16_667), (2, 16_666)].into());
            assert_eq!((summary.resolution_ps, summary.error_count), (Some(12_500.0), 0));
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        let mut summary = TagSummary::default();
        let read = |bytes: Vec<u8>, spot, summary: &mut TagSummary| {
            read_photon_hdf5(Cursor::new(bytes), spot, summary)
        };
        let good = file("photon_data", &[5, 3, -1, 9], &[], 1e-12);
        let recording = read(good.clone(), None, &mut summary).unwrap();
        summary.complete(&recording);
        assert_eq!((summary.records, summary.photons, summary.channels[&0]), (4, 3, 3));
        let offsets: Vec<u64> = summary.errors.iter().map(|fault| fault.offset).collect();
        assert_eq!(offsets, [1, 2]);

        let mut error = |bytes, spot| read(bytes, spot, &mut summary).unwrap_err();
        assert!(matches!(error(good.clone(), Some(3)), PhotonHdf5Error::Missing { .. }));
        assert!(matches!(error(file("other", &[1], &[], 1e-12), None), PhotonHdf5Error::Missing { .. }));
        assert!(matches!(error(file("photon_data", &[1], &[], 0.0), None), PhotonHdf5Error::Unit { .. }));
        assert_eq!(
            error(file("photon_data", &[1, 2], &[0], 1e-12), None),
            PhotonHdf5Error::Lengths { timestamps: 2, detectors: 1 }
        );
        assert!(matches!(error(vec![0; 100], None), PhotonHdf5Error::Container { .. }));
        for length in (0..good.len()).step_by(17) {
            let _ = read_photon_hdf5(Cursor::new(good[..length].to_vec()), None, &mut TagSummary::default());
        }
    }

    /// Found by the fuzz target: a chunk of which the file says that it has 1.2 GB was given memory before it was read.
    #[test]
    fn chunks_get_no_memory_that_the_file_has_not() {
        let good = include_bytes!("../../tests/data/photon_hdf5/chunks.h5");
        let mut summary = TagSummary::default();
        let read = |bytes: &[u8], summary: &mut TagSummary| {
            read_photon_hdf5(Cursor::new(bytes.to_vec()), None, summary)
        };
        let recording = read(good, &mut summary).unwrap();
        summary.complete(&recording);
        let sum: i64 = (0..40).map(|i| 12_500 * (i * i / 3)).sum();
        assert_eq!((summary.photons, summary.sum_ps_mod_2_64), (40, sum as u64));
        // The stored length of the second chunk, and the rows of all.
        for (place, value, said) in [
            (2488, 0x4644_4649_u32, "a chunk of 1178879561 bytes at 4576"),
            (1979, 1 << 28, "chunks of 2147483648 bytes"),
        ] {
            let mut bytes = good.to_vec();
            bytes[place..place + 4].copy_from_slice(&value.to_le_bytes());
            let error = read(&bytes, &mut TagSummary::default()).unwrap_err().to_string();
            assert!(error.contains(said), "{error}");
        }
    }
}
