//! A software stand-in for a station's trusted setting generator.

use rand::rngs::StdRng;
use rand_core::{Infallible, TryRng};

use diqkd_hal::{RngFault, RngHealth, SettingRng};

/// Setting bits from a software generator that watches itself for repetition.
///
/// For simulated stations. A real station takes its bits from hardware whose driver implements
/// [`diqkd_hal::SettingRng`].
pub struct SoftwareSettingRng {
    rng: StdRng,
    last: Option<u32>,
    repeats: u32,
}

impl SoftwareSettingRng {
    /// Takes its bits from `rng`.
    pub fn new(rng: StdRng) -> Self {
        Self { rng, last: None, repeats: 0 }
    }

    fn watch(&mut self, word: u32) -> u32 {
        self.repeats = if self.last == Some(word) { self.repeats.saturating_add(1) } else { 0 };
        self.last = Some(word);
        word
    }
}

impl TryRng for SoftwareSettingRng {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let word = self.rng.try_next_u32()?;
        Ok(self.watch(word))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let low = self.try_next_u32()?;
        let high = self.try_next_u32()?;
        Ok(u64::from(high) << 32 | u64::from(low))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        for chunk in bytes.chunks_mut(4) {
            let word = self.try_next_u32()?.to_le_bytes();
            chunk.copy_from_slice(&word[..chunk.len()]);
        }
        Ok(())
    }
}

impl SettingRng for SoftwareSettingRng {
    /// Stuck after three equal 32-bit words in a row: a false alarm of 2^-64 a word (repetition count test).
    fn health(&self) -> RngHealth {
        if self.repeats >= 2 { RngHealth::Failed(RngFault::Stuck) } else { RngHealth::Healthy }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand_core::Rng;

    #[test]
    fn repetition_is_noticed_and_chance_is_not() {
        let mut rng = SoftwareSettingRng::new(StdRng::seed_from_u64(1));
        for _ in 0..100_000 {
            rng.next_u32();
        }
        assert_eq!(rng.health(), RngHealth::Healthy);
        for _ in 0..3 {
            rng.watch(5);
        }
        assert_eq!(rng.health(), RngHealth::Failed(RngFault::Stuck));
    }
}
