//! All photon times of a recording.

use std::io::Read;
use std::path::Path;

use diqkd_timetag::formats::{Fault, MARKER, TagSink, read_all};

use crate::answer::Failure;
use crate::input::Input;

/// Photon times of a recording in ps, in file order, of one channel or of all. For diagnostics of recordings that fit
/// into memory: 8 bytes a photon, at most [`MOST_TAGS`].
pub(super) fn photon_times(path: &Path, channel: Option<u16>) -> Result<Vec<i64>, Failure> {
    let mut input = Input::open(path)?;
    let mut photons = Photons { channel, times: Vec::new(), full: false, fault: None };
    let named = |what: &str| format!("{}: {what}", path.display());
    let recording = read_all(|buffer| input.read(buffer), &mut photons)
        .map_err(|e| Failure::because(named("reading failed"), e))?;
    if let Some(fault) = recording.fatal {
        return Err(Failure::because(named("the recording can't be read to its end"), fault));
    }
    if photons.full {
        return Err(Failure::new(named(&format!(
            "more than {MOST_TAGS} photons; choose a channel or cut the file"
        ))));
    }
    if let Some(fault) = photons.fault {
        eprintln!("warning: {}", named(&fault.to_string()));
    }
    Ok(photons.times)
}

struct Photons {
    channel: Option<u16>,
    times: Vec<i64>,
    full: bool,
    fault: Option<Fault>,
}

impl TagSink for Photons {
    fn tags(&mut self, time_ps: &[i64], channel: &[u16]) {
        for (&time, &channel) in time_ps.iter().zip(channel) {
            if channel & MARKER != 0 || self.channel.is_some_and(|wanted| wanted != channel) {
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
