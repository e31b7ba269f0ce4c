//! The photon detector behind a channel.

use diqkd_core::Channel;

use crate::error::ErrorType;

/// Reads and drives a single-photon detector.
///
/// Blanking takes effect on a grid of the detector's own; the answer of [`Detector::blank`] is the blind time that
/// really results, which contains the one that was asked for.
///
/// ```text
///   asked:        from_ps |==================| to_ps
///   applied:   |================================|
/// ```
pub trait Detector: ErrorType {
    /// Present operating values of the detector behind `channel`.
    ///
    /// # Errors
    /// [`ErrorKind::OutOfRange`](crate::ErrorKind::OutOfRange) when no detector is behind that channel; otherwise the
    /// driver's error.
    fn read(&mut self, channel: Channel) -> Result<DetectorReading, Self::Error>;

    /// Sets the bias in microvolts (a nanowire's current through a known resistor counts as a voltage).
    ///
    /// # Errors
    /// [`ErrorKind::OutOfRange`](crate::ErrorKind::OutOfRange) beyond the safe range; otherwise the driver's error.
    fn set_bias(&mut self, channel: Channel, bias_uv: i64) -> Result<(), Self::Error>;

    /// Makes the detector blind from `from_ps` to `to_ps` on the tagger's clock, for gating and against bright light.
    /// Returns the blind time that results.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported) without a gate,
    /// [`ErrorKind::OutOfRange`](crate::ErrorKind::OutOfRange) when `to_ps < from_ps` or the time has passed.
    fn blank(&mut self, channel: Channel, from_ps: i64, to_ps: i64) -> Result<(i64, i64), Self::Error>;
}

/// Operating values of a detector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DetectorReading {
    /// Bias in microvolts.
    pub bias_uv: i64,
    /// Temperature in millikelvin.
    pub temperature_mk: u32,
    /// Clicks in the last full second.
    pub count_rate_hz: u64,
    /// Dead time after a click in picoseconds.
    pub dead_time_ps: u64,
    /// Whether the detector is saturated, latched or blinded: clicks or their absence mean nothing.
    pub saturated: bool,
}

impl<T: Detector + ?Sized> Detector for &mut T {
    fn read(&mut self, channel: Channel) -> Result<DetectorReading, Self::Error> {
        (**self).read(channel)
    }

    fn set_bias(&mut self, channel: Channel, bias_uv: i64) -> Result<(), Self::Error> {
        (**self).set_bias(channel, bias_uv)
    }

    fn blank(&mut self, channel: Channel, from_ps: i64, to_ps: i64) -> Result<(i64, i64), Self::Error> {
        (**self).blank(channel, from_ps, to_ps)
    }
}
