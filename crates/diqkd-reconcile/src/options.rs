//! What a user may tune before a scheme is designed.

use crate::error::Error;

/// Tuning of [`Scheme::design`](crate::Scheme::design). Both sides must use the same values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DesignOptions {
    /// Probability that an honest block with exactly the designed classes is not reconciled, from 1e-9 to 0.5. It
    /// sets how many deviations of the noise the leak covers; it is a completeness figure and no part of a security
    /// claim. The leak comes from a model that is fitted to simulations with failure rates of 5e-4 to 0.5; below that
    /// it extrapolates, and a code may have failures of its own that no leak removes. For frames of 30,000 bits of leak and more it is
    /// shown down to 0.01: below that their need spreads wider than the model has it. Such rates are aims, not promises.
    pub target_failure: f64,
    /// Leak added in proportion, from 0 to 1, for stations that drift.
    pub margin: f64,
    /// Fixes the leak per position, from 0.001 to 0.99, instead of deriving it from the noise; `target_failure` and
    /// `margin` then have no effect.
    pub leak_rate: Option<f64>,
    /// The longest frame, bits, from 2^14 to 2^24. Longer frames leak less and take more memory: about 8 bytes a bit.
    pub max_frame_bits: u32,
}

impl Default for DesignOptions {
    /// One failure in a hundred, no extra margin, frames of up to 2^21 bits.
    fn default() -> Self {
        Self { target_failure: 0.01, margin: 0.0, leak_rate: None, max_frame_bits: 1 << 21 }
    }
}

impl DesignOptions {
    pub(crate) fn check(&self) -> Result<(), Error> {
        let checked = [
            ("target_failure", self.target_failure, 1e-9, 0.5),
            ("margin", self.margin, 0.0, 1.0),
            ("leak_rate", self.leak_rate.unwrap_or(0.5), 0.001, 0.99),
            ("max_frame_bits", f64::from(self.max_frame_bits), 16384.0, 16_777_216.0),
        ];
        for (name, value, low, high) in checked {
            if !(low..=high).contains(&value) {
                return Err(Error::Option { name, value, low, high });
            }
        }
        Ok(())
    }
}
