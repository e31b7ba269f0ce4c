//! Sensors of the surroundings: temperature, humidity, pressure, vibration, magnetic field, light.

use crate::error::ErrorType;

/// Reads the sensors around a station.
///
/// The contract: every reading is delivered once, those of one sensor in the order of their times. Readings serve
/// monitors and operators, who look for what drifts along with the correlations; none of them enters a key length or
/// decides whether a round counts.
pub trait Environment: ErrorType {
    /// The next undelivered reading, or `None` when there is none yet.
    ///
    /// # Errors
    /// The driver's error.
    fn poll(&mut self) -> Result<Option<EnvironmentReading>, Self::Error>;
}

/// One reading of one sensor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EnvironmentReading {
    /// Number of the sensor, as in the station's documentation.
    pub sensor: u16,
    /// What it measures.
    pub quantity: Quantity,
    /// The value in the unit of [`Quantity::unit`].
    pub value: i64,
    /// Picoseconds on the tagger's clock.
    pub time_ps: i64,
}

/// What a sensor measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Quantity {
    /// Temperature in microkelvin.
    Temperature,
    /// Relative humidity in parts per million.
    Humidity,
    /// Air or vacuum pressure in micropascal.
    Pressure,
    /// Root-mean-square acceleration in micrometre per second squared.
    Vibration,
    /// Magnetic flux density in picotesla.
    MagneticField,
    /// Illuminance in microlux.
    Illuminance,
    /// Optical power in picowatt.
    OpticalPower,
}

impl Quantity {
    /// Every quantity.
    pub const ALL: [Self; 7] = [
        Self::Temperature,
        Self::Humidity,
        Self::Pressure,
        Self::Vibration,
        Self::MagneticField,
        Self::Illuminance,
        Self::OpticalPower,
    ];

    /// A short name in snake case, as metrics and reports use it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Temperature => "temperature",
            Self::Humidity => "humidity",
            Self::Pressure => "pressure",
            Self::Vibration => "vibration",
            Self::MagneticField => "magnetic_field",
            Self::Illuminance => "illuminance",
            Self::OpticalPower => "optical_power",
        }
    }

    /// The unit of [`EnvironmentReading::value`].
    pub fn unit(self) -> &'static str {
        match self {
            Self::Temperature => "uK",
            Self::Humidity => "ppm",
            Self::Pressure => "uPa",
            Self::Vibration => "um/s^2",
            Self::MagneticField => "pT",
            Self::Illuminance => "ulx",
            Self::OpticalPower => "pW",
        }
    }
}

impl<T: Environment + ?Sized> Environment for &mut T {
    fn poll(&mut self) -> Result<Option<EnvironmentReading>, Self::Error> {
        (**self).poll()
    }
}
