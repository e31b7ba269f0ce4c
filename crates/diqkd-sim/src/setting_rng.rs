//! A seeded stand-in for a setting RNG, good or bad.

use core::fmt;

use diqkd_hal::{Error, ErrorKind, RngFault, RngHealth, SettingRng};
use rand_core::TryRng;

use crate::noise::{Noise, threshold};

/// A setting RNG that can be biased or get stuck, and that watches itself with the two continuous tests of NIST
/// SP 800-90B (4.4.1 and 4.4.2) on single bits, with false-alarm probabilities of at most 2^-40 a bit and 2^-40 a
/// window of 1024 bits.
///
/// Once a test fails the generator delivers no more bits.
#[derive(Clone, Debug)]
pub struct SeededSettingRng {
    noise: Noise,
    next: u64,
    one: u64,
    stuck_from: u64,
    monitor: Monitor,
}

impl SeededSettingRng {
    /// Fair, independent bits. Two generators of the same seed and purpose deliver the same bits.
    pub fn new(seed: u64, purpose: &str) -> Self {
        let noise = Noise::new(seed, purpose);
        Self { noise, next: 0, one: threshold(0.5), stuck_from: u64::MAX, monitor: Monitor::default() }
    }

    /// Bits that are 1 with this probability (clamped to 0..1).
    #[must_use]
    pub fn biased(self, one: f64) -> Self {
        Self { one: threshold(one), ..self }
    }

    /// From this bit on, every bit is 1.
    #[must_use]
    pub fn stuck_from(self, bit: u64) -> Self {
        Self { stuck_from: bit, ..self }
    }

    fn bit(&mut self) -> Result<bool, RngStopped> {
        if let Some(fault) = self.monitor.fault {
            return Err(RngStopped { fault });
        }
        let bit = self.next >= self.stuck_from || self.noise.word(self.next) < self.one;
        self.next += 1;
        self.monitor.see(bit);
        match self.monitor.fault {
            Some(fault) => Err(RngStopped { fault }),
            None => Ok(bit),
        }
    }

    fn bits(&mut self, count: u32) -> Result<u64, RngStopped> {
        (0..count).try_fold(0, |word, i| Ok(word | u64::from(self.bit()?) << i))
    }
}

/// The generator has failed one of its tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RngStopped {
    /// The test.
    pub fault: RngFault,
}

impl fmt::Display for RngStopped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { fault } = self;
        write!(f, "the setting generator stopped itself ({fault:?}); replace it or repeat its start-up tests")
    }
}

impl core::error::Error for RngStopped {}

impl Error for RngStopped {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Other
    }
}

impl TryRng for SeededSettingRng {
    type Error = RngStopped;

    fn try_next_u32(&mut self) -> Result<u32, RngStopped> {
        Ok(self.bits(32)? as u32)
    }

    fn try_next_u64(&mut self) -> Result<u64, RngStopped> {
        self.bits(64)
    }

    fn try_fill_bytes(&mut self, dst: &mut [u8]) -> Result<(), RngStopped> {
        for byte in dst {
            *byte = self.bits(8)? as u8;
        }
        Ok(())
    }
}

impl SettingRng for SeededSettingRng {
    fn health(&self) -> RngHealth {
        self.monitor.fault.map_or(RngHealth::Healthy, RngHealth::Failed)
    }

    fn attestation(&self) -> &str {
        "simulated: not random"
    }
}

/// Repetition count and adaptive proportion for one-bit samples of full entropy.
#[derive(Clone, Copy, Debug, Default)]
struct Monitor {
    last: bool,
    run: u32,
    window_bit: bool,
    window_seen: u32,
    window_equal: u32,
    fault: Option<RngFault>,
}

impl Monitor {
    fn see(&mut self, bit: bool) {
        self.run = if bit == self.last { self.run + 1 } else { 1 };
        self.last = bit;
        if self.run >= RUN_CUTOFF {
            self.fault = Some(RngFault::Stuck);
        }
        if self.window_seen == 0 {
            (self.window_bit, self.window_equal) = (bit, 0);
        }
        self.window_seen += 1;
        self.window_equal += u32::from(bit == self.window_bit);
        if self.window_equal >= WINDOW_CUTOFF {
            self.fault.get_or_insert(RngFault::Biased);
        }
        if self.window_seen == WINDOW {
            self.window_seen = 0;
        }
    }
}

/// 1 + ceil(40 / H) for H = 1 bit a sample.
const RUN_CUTOFF: u32 = 41;
const WINDOW: u32 = 1024;
/// The least count (the first bit included) that 1024 fair bits reach with probability at most 2^-40.
const WINDOW_CUTOFF: u32 = 626;

#[cfg(test)]
mod tests {
    use super::*;
    use diqkd_hal::conformance::{RngOptions, check_failed_rng, check_setting_rng};
    use statrs::distribution::{Binomial, DiscreteCDF};

    #[test]
    fn the_cutoff_has_the_stated_false_alarm_probability() {
        let fair = Binomial::new(0.5, u64::from(WINDOW) - 1).unwrap();
        let alarm = |cutoff: u32| fair.sf(u64::from(cutoff) - 2);
        assert!(alarm(WINDOW_CUTOFF) <= 2f64.powi(-40), "{:e}", alarm(WINDOW_CUTOFF));
        assert!(alarm(WINDOW_CUTOFF - 1) > 2f64.powi(-40), "{:e}", alarm(WINDOW_CUTOFF - 1));
    }

    #[test]
    fn the_good_generator_passes_the_kit() {
        let mut rng = SeededSettingRng::new(1, "kit");
        assert!(check_setting_rng(&mut rng, &RngOptions { words: 4096 }).is_ok());
    }

    #[test]
    fn stuck_and_biased_generators_stop_themselves() {
        let mut stuck = SeededSettingRng::new(2, "stuck").stuck_from(1000);
        let stopped = (0..).find_map(|_| stuck.bit().err());
        assert_eq!(stopped, Some(RngStopped { fault: RngFault::Stuck }));
        assert!(stuck.next <= 1000 + u64::from(RUN_CUTOFF));
        assert_eq!(check_failed_rng(&mut stuck), Ok(()));

        // At 0.7 a window of 1024 holds 717 ones on average, 6 standard deviations above the cutoff.
        let mut biased = SeededSettingRng::new(3, "biased").biased(0.7);
        let stopped = (0..20_000).find_map(|_| biased.bit().err());
        assert_eq!(stopped, Some(RngStopped { fault: RngFault::Biased }));
        assert_eq!(check_failed_rng(&mut biased), Ok(()));
    }
}
