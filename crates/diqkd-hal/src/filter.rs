//! The spectral filter in front of a detector.

use diqkd_core::Channel;

use crate::error::ErrorType;

/// Reads and tunes the filter before a detector.
///
/// A filter has a grid of its own: the answer of [`Filter::tune`] is the passband that really results, which may differ
/// from the one asked for and is the one to record. While a filter moves, light passes that is neither the old nor the
/// new band: tune between recordings, or blank the detector with [`Detector::blank`](crate::Detector::blank).
pub trait Filter: ErrorType {
    /// The present passband before the detector of `channel`.
    ///
    /// # Errors
    /// [`ErrorKind::OutOfRange`](crate::ErrorKind::OutOfRange) when no filter is before that channel; otherwise the
    /// driver's error.
    fn passband(&mut self, channel: Channel) -> Result<Passband, Self::Error>;

    /// Moves the passband and returns, once the filter has settled, the one that results.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported) for a fixed filter,
    /// [`ErrorKind::OutOfRange`](crate::ErrorKind::OutOfRange) beyond what it reaches, [`ErrorKind::Timeout`](crate::ErrorKind::Timeout)
    /// when it does not settle; the filter is then where [`Filter::passband`] says.
    fn tune(&mut self, channel: Channel, wanted: Passband) -> Result<Passband, Self::Error>;
}

/// What a filter lets through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Passband {
    /// Optical frequency of the middle in megahertz; 1550 nm are 193 414 489.
    pub center_mhz: u64,
    /// Full width at half of the transmission in megahertz.
    pub width_mhz: u64,
}

impl<T: Filter + ?Sized> Filter for &mut T {
    fn passband(&mut self, channel: Channel) -> Result<Passband, Self::Error> {
        (**self).passband(channel)
    }

    fn tune(&mut self, channel: Channel, wanted: Passband) -> Result<Passband, Self::Error> {
        (**self).tune(channel, wanted)
    }
}
