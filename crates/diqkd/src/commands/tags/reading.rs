//! How the recordings of a command are opened and read.

use std::io::Read;
use std::path::Path;

use clap::Args;
use diqkd_timetag::formats::{
    FALLING, Fault, Format, MARKER, OnDamage, RECOGNISE_BYTES, ReadOptions, Recording, TagSink, read_parquet,
    read_with, recognise,
};

#[cfg(feature = "photon-hdf5")]
use diqkd_timetag::formats::read_photon_hdf5;

use crate::answer::Failure;
use crate::input::Input;

/// Options of every command that reads recordings.
#[derive(Clone, Debug, Args)]
pub(crate) struct Reading {
    /// Format of the recordings, where their first bytes do not tell: ptu, ht2, ht3, pt2, pt3, a0, a1, a1x, a2, a1-49,
    /// a2-49, spc130, spc600-256, spc600-4096, swabian, qutag, qutau, nist, photon-hdf5, parquet.
    #[arg(long, value_name = "NAME", value_parser = format)]
    pub(super) format: Option<Format>,
    /// After damage, look for the next record at every byte: for recordings that have lost bytes.
    #[arg(long)]
    pub(super) resync: bool,
}

impl Reading {
    /// Reads a recording into a sink.
    pub(super) fn read(&self, path: &Path, sink: &mut impl TagSink) -> Result<Recording, Failure> {
        let format = self.format.or_else(|| container(path));
        if let Some(format @ (Format::Parquet | Format::PhotonHdf5)) = format {
            return Self::read_container(path, format, sink);
        }
        let mut input = Input::open(path)?;
        self.read_from(path, |buffer| input.read(buffer), sink)
    }

    /// Reads a recording from a source that stands for the path.
    pub(super) fn read_from(
        &self,
        path: &Path,
        source: impl FnMut(&mut [u8]) -> std::io::Result<usize>,
        sink: &mut impl TagSink,
    ) -> Result<Recording, Failure> {
        let damage = if self.resync { OnDamage::Resynchronise } else { OnDamage::Report };
        let options = ReadOptions { format: self.format, damage, ..ReadOptions::default() };
        read_with(options, source, sink)
            .map_err(|e| Failure::because(format!("{}: reading failed", path.display()), e))
    }

    /// Reads a container with an index, which can't be read as a stream.
    fn read_container(path: &Path, format: Format, sink: &mut impl TagSink) -> Result<Recording, Failure> {
        let file = std::fs::File::open(path)
            .map_err(|e| Failure::because(format!("{}: can't be opened", path.display()), e))?;
        let unreadable = || format!("{}: no tags can be read from it as {format}", path.display());
        if format == Format::Parquet {
            return read_parquet(file, sink).map_err(|e| Failure::because(unreadable(), e));
        }
        #[cfg(feature = "photon-hdf5")]
        {
            read_photon_hdf5(file, None, sink).map_err(|e| Failure::because(unreadable(), e))
        }
        #[cfg(not(feature = "photon-hdf5"))]
        {
            Err(Failure::new(format!(
                "{}: Photon-HDF5 is read by a command built with it: `cargo install --locked --path crates/diqkd \
                 --features photon-hdf5`",
                path.display()
            )))
        }
    }

    /// The times of a recording that `wanted` selects by channel, in ps, in order. For diagnostics and clocks of
    /// recordings that fit into memory: 8 bytes a tag, at most [`MOST_TAGS`].
    pub(super) fn times(&self, path: &Path, wanted: impl Fn(u16) -> bool) -> Result<Vec<i64>, Failure> {
        let mut times = Times { wanted, times: Vec::new(), full: false, fault: None };
        let named = |what: &str| format!("{}: {what}", path.display());
        let recording = self.read(path, &mut times)?;
        if let Some(fault) = recording.fatal {
            return Err(Failure::because(named("the recording can't be read to its end"), fault));
        }
        if times.full {
            return Err(Failure::new(named(&format!(
                "more than {MOST_TAGS} tags; choose a channel or cut the file"
            ))));
        }
        if let Some(fault) = times.fault {
            eprintln!("warning: {}", named(&fault.to_string()));
        }
        // A few late events are normal in recordings of several inputs.
        if !times.times.is_sorted() {
            times.times.sort_unstable();
        }
        Ok(times.times)
    }

    /// The photon times of a recording, of one channel or of all.
    pub(super) fn photon_times(&self, path: &Path, channel: Option<u16>) -> Result<Vec<i64>, Failure> {
        self.times(path, |found| match channel {
            Some(wanted) => found == wanted,
            None => found & MARKER == 0,
        })
    }
}

/// The format by the first bytes of a file that can be opened again: what comes through a pipe is read once.
fn container(path: &Path) -> Option<Format> {
    std::fs::metadata(path).ok().filter(std::fs::Metadata::is_file)?;
    let mut first = Vec::new();
    std::fs::File::open(path).ok()?.take(RECOGNISE_BYTES as u64).read_to_end(&mut first).ok()?;
    recognise(&first)
}

/// A channel as the commands print it: a number, `m` and bits for a marker, a minus sign for a falling edge.
pub(crate) fn channel(text: &str) -> Result<u16, String> {
    let (flag, number) = match (text.strip_prefix('m'), text.strip_prefix('-')) {
        (Some(bits), _) => (MARKER, bits),
        (_, Some(number)) => (FALLING, number),
        _ => (0, text),
    };
    number.parse::<u16>().ok().filter(|number| *number < FALLING).map(|number| flag | number).ok_or_else(
        || {
            format!(
                "`{text}` is no channel; expected a number, m and a number for markers, - for falling edges"
            )
        },
    )
}

/// The channel as text.
pub(super) fn channel_name(channel: u16) -> String {
    match channel {
        _ if channel & MARKER != 0 => format!("m{}", channel & !MARKER),
        _ if channel & FALLING != 0 => format!("-{}", channel & !FALLING),
        _ => channel.to_string(),
    }
}

fn format(name: &str) -> Result<Format, String> {
    Format::from_name(name).ok_or_else(|| {
        let names: Vec<_> = Format::ALL.iter().map(|format| format.name()).collect();
        format!("no format has this name; expected one of {}", names.join(", "))
    })
}

struct Times<W> {
    wanted: W,
    times: Vec<i64>,
    full: bool,
    fault: Option<Fault>,
}

impl<W: Fn(u16) -> bool> TagSink for Times<W> {
    fn tags(&mut self, time_ps: &[i64], channel: &[u16]) {
        for (&time, &channel) in time_ps.iter().zip(channel) {
            if !(self.wanted)(channel) {
                continue;
            }
            if self.times.len() == MOST_TAGS {
                self.full = true;
                return;
            }
            self.times.push(time);
        }
    }

    fn fault(&mut self, fault: &Fault) {
        self.fault.get_or_insert(*fault);
    }
}

/// 1 GiB of times.
const MOST_TAGS: usize = 1 << 27;
