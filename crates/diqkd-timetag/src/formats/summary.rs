//! Counts and sums over a recording.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::{Fault, Format, Header, MARKER, RecordType, Recording, TagSink};

/// What `diqkd tags info` reports. Fill it with [`read_all`](super::read_all), then [`complete`](Self::complete) it.
#[derive(Clone, Debug, PartialEq)]
pub struct TagSummary {
    /// The container.
    pub format: Option<Format>,
    /// The meaning of a record.
    pub record_type: Option<RecordType>,
    /// Records read: photons, overflows, markers and unknown ones.
    pub records: u64,
    /// Photons: tags on input channels, including the sync input of a T2 recording (channel 64).
    pub photons: u64,
    /// Overflow records and dummy events.
    pub overflows: u64,
    /// Markers; they are in no channel's count.
    pub markers: u64,
    /// Tags that the device says it lost, as far as it counts them.
    pub lost: u64,
    /// Photons by channel, numbered as [`formats`](super) says.
    pub channels: BTreeMap<u16, u64>,
    /// Time of the first photon in the file, ps.
    pub first_ps: Option<i64>,
    /// Time of the last photon in the file, ps.
    pub last_ps: Option<i64>,
    /// Sum of all photon times in ps, modulo 2^64.
    pub sum_ps_mod_2_64: u64,
    /// The resolution of a photon's time, ps.
    pub resolution_ps: Option<f64>,
    /// Whether the recording ended early.
    pub truncated: bool,
    /// The first faults, at most [`TagSummary::MAX_ERRORS`].
    pub errors: Vec<Fault>,
    /// Number of all faults.
    pub error_count: u64,
    /// The fault after which nothing could be interpreted.
    pub fatal: Option<Fault>,
    /// Counts of small channels; four of them, so that a channel's next increment does not wait for its last.
    small: [[u64; SMALL]; 4],
}

/// Channels that are counted in an array.
const SMALL: usize = 128;

impl Default for TagSummary {
    fn default() -> Self {
        Self {
            format: None,
            record_type: None,
            records: 0,
            photons: 0,
            overflows: 0,
            markers: 0,
            lost: 0,
            channels: BTreeMap::new(),
            first_ps: None,
            last_ps: None,
            sum_ps_mod_2_64: 0,
            resolution_ps: None,
            truncated: false,
            errors: Vec::new(),
            error_count: 0,
            fatal: None,
            small: [[0; SMALL]; 4],
        }
    }
}

impl TagSummary {
    /// Faults that are kept with their place; more are only counted.
    pub const MAX_ERRORS: usize = 64;

    /// Takes over what only the end of the recording tells.
    pub fn complete(&mut self, recording: &Recording) {
        self.records = recording.records;
        self.overflows = recording.overflows;
        self.markers = recording.markers;
        self.lost = recording.lost;
        self.truncated = recording.truncated;
        self.fatal = recording.fatal;
        let counts = self.small.iter_mut().flat_map(|counts| counts.iter_mut().enumerate());
        for (channel, count) in counts.filter(|(_, count)| **count > 0) {
            *self.channels.entry(channel as u16).or_default() += core::mem::take(count);
        }
    }
}

impl TagSummary {
    fn photons(&mut self, time_ps: &[i64], channel: &[u16]) {
        let (&[first, ..], &[.., last]) = (time_ps, time_ps) else { return };
        self.first_ps.get_or_insert(first);
        self.last_ps = Some(last);
        self.photons += channel.len() as u64;
        let sum = time_ps.iter().fold(0u64, |sum, &time_ps| sum.wrapping_add(time_ps as u64));
        self.sum_ps_mod_2_64 = self.sum_ps_mod_2_64.wrapping_add(sum);
        let (fours, rest) = channel.as_chunks::<4>();
        for four in fours {
            for (&channel, counts) in four.iter().zip(&mut self.small) {
                if let Some(count) = counts.get_mut(usize::from(channel)) {
                    *count += 1;
                }
            }
        }
        for &channel in rest {
            match self.small[0].get_mut(usize::from(channel)) {
                Some(count) => *count += 1,
                None => *self.channels.entry(channel).or_default() += 1,
            }
        }
    }
}

impl TagSink for TagSummary {
    fn header(&mut self, header: &Header) {
        self.format = Some(header.format);
        self.record_type = Some(header.record_type);
        self.resolution_ps = Some(header.resolution_ps());
    }

    fn tags(&mut self, time_ps: &[i64], channel: &[u16]) {
        let any = channel.iter().fold(0, |any, &channel| any | channel);
        if usize::from(any) < SMALL {
            self.photons(time_ps, channel);
            return;
        }
        for (time_ps, channel) in time_ps.iter().zip(channel).filter(|(_, channel)| **channel & MARKER == 0) {
            self.photons(core::slice::from_ref(time_ps), core::slice::from_ref(channel));
        }
    }

    fn fault(&mut self, fault: &Fault) {
        self.error_count += 1;
        if self.errors.len() < Self::MAX_ERRORS {
            self.errors.push(*fault);
        }
    }
}
