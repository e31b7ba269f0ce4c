//! Checks for [`SettingRng`] implementers.

use crate::conformance::violation::Violation;
use crate::setting_rng::{RngHealth, SettingRng};

/// How much to read.
#[derive(Clone, Copy, Debug)]
pub struct RngOptions {
    /// Number of 64-bit words; at least 1024 are read.
    pub words: u64,
}

impl Default for RngOptions {
    fn default() -> Self {
        Self { words: 1 << 16 }
    }
}

/// What was seen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RngReport {
    /// Bits examined.
    pub bits: u64,
    /// Standard score of the number of ones.
    pub bias_z: f64,
    /// Standard score of the number of equal neighbours.
    pub repeat_z: f64,
    /// Longest run of equal bits.
    pub longest_run: u64,
}

/// Reads bits and checks that no elementary test rejects them: balance and equal neighbours within 7 standard
/// deviations (false alarm 3e-12 each), no run of equal bits longer than log2(bits) + 40 (1e-12), no word that repeats
/// directly, odd-sized requests that are filled to their last byte, and a health that says so.
///
/// This is a test of the driver (stuck lines, bits read twice, half-filled buffers), not of the entropy source: that
/// needs the full NIST SP 800-90B procedure on raw data.
///
/// # Errors
/// The first violation.
pub fn check_setting_rng<R: SettingRng>(rng: &mut R, options: &RngOptions) -> Result<RngReport, Violation> {
    require_delivering(rng)?;
    let mut bits = Bits::default();
    let mut previous = None;
    for _ in 0..options.words.max(1024) {
        let word = rng.try_next_u64().map_err(Violation::driver("try_next_u64"))?;
        if previous == Some(word) {
            return Err(Violation::Randomness { test: "repeated word", statistic: 1.0, limit: 0.0 });
        }
        previous = Some(word);
        bits.add(word, u64::BITS);
    }
    for _ in 0..1024 {
        let word = rng.try_next_u32().map_err(Violation::driver("try_next_u32"))?;
        bits.add(u64::from(word), u32::BITS);
    }
    odd_sizes(rng)?;
    require_delivering(rng)?;
    bits.judge()
}

/// Checks that a generator whose health is [`RngHealth::Failed`] delivers nothing.
///
/// # Errors
/// [`Violation::Health`] when it delivers, or when its health does not say `Failed`.
pub fn check_failed_rng<R: SettingRng>(failed: &mut R) -> Result<(), Violation> {
    let mut byte = [0];
    let delivers = failed.try_next_u32().is_ok()
        || failed.try_next_u64().is_ok()
        || failed.try_fill_bytes(&mut byte).is_ok();
    if delivers || !matches!(failed.health(), RngHealth::Failed(_)) { Err(Violation::Health) } else { Ok(()) }
}

fn require_delivering<R: SettingRng>(rng: &R) -> Result<(), Violation> {
    match rng.health() {
        RngHealth::Healthy | RngHealth::Degraded(_) => Ok(()),
        RngHealth::Starting | RngHealth::Failed(_) => Err(Violation::Health),
    }
}

/// Every byte of a request of any size must change within 32 requests (probability of a false alarm below 1e-70).
fn odd_sizes<R: SettingRng>(rng: &mut R) -> Result<(), Violation> {
    for size in [0, 1, 3, 7, 8, 9, 31, 64] {
        let mut seen = [0u8; 64];
        for _ in 0..32 {
            let mut bytes = [0; 64];
            rng.try_fill_bytes(&mut bytes[..size]).map_err(Violation::driver("try_fill_bytes"))?;
            if bytes[size..].iter().any(|&byte| byte != 0) {
                return Err(Violation::Tail { place: size, len: size });
            }
            for (all, byte) in seen.iter_mut().zip(bytes) {
                *all |= byte;
            }
        }
        if let Some(place) = seen[..size].iter().position(|&byte| byte == 0) {
            return Err(Violation::Tail { place, len: size });
        }
    }
    Ok(())
}

#[derive(Default)]
struct Bits {
    count: u64,
    ones: u64,
    repeats: u64,
    run: u64,
    longest_run: u64,
    last: Option<bool>,
}

impl Bits {
    fn add(&mut self, word: u64, width: u32) {
        for i in 0..width {
            let bit = word >> i & 1 == 1;
            self.count += 1;
            self.ones += u64::from(bit);
            let repeated = self.last == Some(bit);
            self.repeats += u64::from(repeated);
            self.run = if repeated { self.run + 1 } else { 1 };
            self.longest_run = self.longest_run.max(self.run);
            self.last = Some(bit);
        }
    }

    fn judge(&self) -> Result<RngReport, Violation> {
        // |z| > 7 without a square root (there is none in core): (2 k - n)^2 > 49 n.
        let excess = |k: u64, n: u64| (2.0 * k as f64 - n as f64, n as f64);
        for (test, k, n) in
            [("balance", self.ones, self.count), ("equal neighbours", self.repeats, self.count - 1)]
        {
            let (difference, n) = excess(k, n);
            if difference * difference > LIMIT_Z * LIMIT_Z * n {
                return Err(Violation::Randomness { test, statistic: difference / root(n), limit: LIMIT_Z });
            }
        }
        let limit = u64::from(self.count.ilog2()) + 40;
        if self.longest_run > limit {
            let statistic = self.longest_run as f64;
            return Err(Violation::Randomness { test: "longest run", statistic, limit: limit as f64 });
        }
        let z = |k, n| {
            let (difference, n) = excess(k, n);
            difference / root(n)
        };
        Ok(RngReport {
            bits: self.count,
            bias_z: z(self.ones, self.count),
            repeat_z: z(self.repeats, self.count - 1),
            longest_run: self.longest_run,
        })
    }
}

/// Square root of a number of at least 1, by Newton's method from above.
fn root(n: f64) -> f64 {
    let mut x = n;
    for _ in 0..64 {
        x = 0.5 * (x + n / x);
    }
    x
}

const LIMIT_Z: f64 = 7.0;
