//! Which station this is, for provenance and for refusing changed firmware.

use crate::error::ErrorType;

/// Names the station.
pub trait StationIdentity: ErrorType {
    /// The identity, read from the device, not from a configuration file.
    ///
    /// # Errors
    /// The driver's error.
    fn identity(&mut self) -> Result<Identity<'_>, Self::Error>;
}

/// What names a station and the state it was qualified in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity<'a> {
    /// Serial number.
    pub serial: &'a str,
    /// Firmware version as the vendor writes it.
    pub firmware_version: &'a str,
    /// 256-bit digest of the running firmware image, as the device reports it.
    pub firmware_hash: [u8; 32],
    /// Identifier of the calibration in force.
    pub calibration_id: &'a str,
}

impl<T: StationIdentity + ?Sized> StationIdentity for &mut T {
    fn identity(&mut self) -> Result<Identity<'_>, Self::Error> {
        (**self).identity()
    }
}
