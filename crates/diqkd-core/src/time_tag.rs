//! One detection, marker or herald as a time tagger reports it.

use core::fmt;

/// A tagger channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Channel(pub u16);

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// An event on a channel: time in picoseconds since the recording's epoch, on the tagger's own clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TimeTag {
    /// Picoseconds since the start of the recording, on the local clock. 2^63 ps are 106 days.
    pub time_ps: i64,
    /// The channel.
    pub channel: Channel,
}
