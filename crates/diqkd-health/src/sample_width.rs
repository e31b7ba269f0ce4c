//! How many bits a sample has.

use core::fmt;

use diqkd_core::OutOfRange;

/// Bits per sample of a noise source, from 1 to 8; a sample occupies the low bits of a byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SampleWidth(u8);

impl SampleWidth {
    /// One bit a sample, as setting generators deliver.
    pub const BIT: Self = Self(1);

    /// # Errors
    /// [`OutOfRange`] unless `bits` is from 1 to 8.
    pub fn new(bits: u32) -> Result<Self, OutOfRange> {
        match u8::try_from(bits) {
            Ok(bits @ 1..=8) => Ok(Self(bits)),
            _ => Err(OutOfRange { quantity: "bits per sample", value: f64::from(bits), low: 1.0, high: 8.0 }),
        }
    }

    /// The number of bits.
    pub fn bits(self) -> u32 {
        u32::from(self.0)
    }

    /// Whether `sample` fits.
    pub fn holds(self, sample: u8) -> bool {
        u32::from(sample) >> self.bits() == 0
    }
}

impl fmt::Display for SampleWidth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
