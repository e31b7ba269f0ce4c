//! When a repetition or a proportion is too unlikely for the assessed entropy.
//!
//! With `p = 2^-H` the most likely value of a sample:
//! - repetition count test: `C = 1 + ceil(-log2(alpha) / H)` equal samples in a row;
//! - adaptive proportion test: the least `C` with `P[1 + Binomial(W - 1, p) >= C] <= alpha`, in a window of `W = 1024`
//!   samples for binary sources and 512 for others. The standard writes `Binomial(W, p)`, although the first sample of
//!   a window always equals itself, which spends more than `alpha`: here the corrected form, at most one higher. It is
//!   capped at `W`, as a test that cannot fail would be none.
//!
//! The tail is summed from its far end in the log domain: `O(W)`, exact to about 1e-12 for any `alpha`.
//!
//! # References
//! NIST SP 800-90B (2018), sections 4.4.1 and 4.4.2; the correction as jitterentropy-library applies it
//! (`src/jitterentropy-health.c`, after comment 10b of UL on the standard).

use diqkd_core::{Epsilon, OutOfRange};

use crate::{HealthError, SampleWidth};

/// The cut-offs of the two continuous tests for an assessed entropy and a false-alarm probability.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cutoffs {
    h_min: f64,
    rct: u64,
    apt: u32,
    apt_window: u32,
}

impl Cutoffs {
    /// The cut-offs for a source of `width` with `h_min` bits of min-entropy a sample, each test raising a false alarm
    /// with probability `alpha` (the standard recommends `2^-20` to `2^-40`).
    ///
    /// # Errors
    /// [`HealthError::OutOfRange`] unless `0 < h_min <= width`.
    pub fn new(width: SampleWidth, h_min: f64, alpha: Epsilon) -> Result<Self, HealthError> {
        let most = f64::from(width.bits());
        if !(h_min > 0.0 && h_min <= most) {
            return Err(OutOfRange {
                quantity: "min-entropy per sample",
                value: h_min,
                low: 0.0,
                high: most,
            }
            .into());
        }
        let apt_window = if width == SampleWidth::BIT { BINARY_WINDOW } else { WINDOW };
        Ok(Self {
            h_min,
            // A quotient beyond 2^64 saturates.
            rct: (libm::ceil(-alpha.log2() / h_min) as u64).saturating_add(1),
            apt: proportion_cutoff(apt_window, h_min, alpha),
            apt_window,
        })
    }

    /// Equal samples in a row that raise an alarm of the repetition count test.
    pub fn rct(self) -> u64 {
        self.rct
    }

    /// Occurrences of the first sample of a window, itself included, that raise an alarm of the adaptive proportion
    /// test.
    pub fn apt(self) -> u32 {
        self.apt
    }

    /// Samples in a window of the adaptive proportion test.
    pub fn apt_window(self) -> u32 {
        self.apt_window
    }

    /// `log2` of the probability that a source of the assessed entropy raises an alarm in a window: at most
    /// `log2 alpha`, unless the cut-off had to be capped at the window.
    pub fn apt_false_alarm_log2(self) -> f64 {
        UpperTail::new(self.apt_window - 1, self.h_min)
            .take_while(|&(others, _)| others + 1 >= self.apt)
            .last()
            .map_or(0.0, |(_, ln_tail)| (ln_tail * core::f64::consts::LOG2_E).min(0.0))
    }
}

fn proportion_cutoff(window: u32, h_min: f64, alpha: Epsilon) -> u32 {
    let ln_alpha = alpha.log2() * core::f64::consts::LN_2;
    UpperTail::new(window - 1, h_min)
        .take_while(|&(_, ln_tail)| ln_tail <= ln_alpha)
        .last()
        .map_or(window, |(others, _)| others + 1)
}

/// `(k, ln P[Binomial(n, 2^-h) >= k])` for `k` from `n` down to 0.
struct UpperTail {
    n: u32,
    k: Option<u32>,
    ln_odds: f64,
    ln_pmf: f64,
    ln_tail: f64,
}

impl UpperTail {
    fn new(n: u32, h_min: f64) -> Self {
        let ln_p = -h_min * core::f64::consts::LN_2;
        let ln_q = libm::log(-libm::expm1(ln_p));
        Self { n, k: Some(n), ln_odds: ln_q - ln_p, ln_pmf: f64::from(n) * ln_p, ln_tail: f64::NEG_INFINITY }
    }
}

impl Iterator for UpperTail {
    type Item = (u32, f64);

    fn next(&mut self) -> Option<Self::Item> {
        let k = self.k?;
        let (high, low) = if self.ln_tail > self.ln_pmf {
            (self.ln_tail, self.ln_pmf)
        } else {
            (self.ln_pmf, self.ln_tail)
        };
        self.ln_tail = high + libm::log1p(libm::exp(low - high));
        self.ln_pmf += libm::log(f64::from(k) / f64::from(self.n - k + 1)) + self.ln_odds;
        self.k = k.checked_sub(1);
        Some((k, self.ln_tail))
    }
}

const BINARY_WINDOW: u32 = 1024;
const WINDOW: u32 = 512;

#[cfg(test)]
mod tests {
    use super::*;

    /// The tables that jitterentropy-library (`src/jitterentropy-health.c`) publishes for a window of 512, an entropy
    /// of 1/1 to 1/15 bit a sample, and alpha of `2^-30` and `2^-60`.
    #[test]
    fn published_proportion_cutoffs() {
        let intermittent = [325, 422, 459, 477, 488, 494, 499, 502, 505, 507, 508, 509, 510, 511, 512];
        let permanent = [355, 447, 479, 494, 502, 507, 510, 512, 512, 512, 512, 512, 512, 512, 512];
        for (log2, table) in [(-30.0, intermittent), (-60.0, permanent)] {
            let alpha = Epsilon::from_log2(log2).expect("negative");
            for (rate, expected) in (1u32..).zip(table) {
                assert_eq!(
                    proportion_cutoff(512, 1.0 / f64::from(rate), alpha),
                    expected,
                    "1/{rate} at 2^{log2}"
                );
            }
        }
    }

    /// The uncorrected formula of the standard gives 589.
    #[test]
    fn binary_source_of_full_entropy() {
        let alpha = Epsilon::from_log2(-20.0).expect("negative");
        let cutoffs = Cutoffs::new(SampleWidth::BIT, 1.0, alpha).expect("in range");
        assert_eq!((cutoffs.rct(), cutoffs.apt(), cutoffs.apt_window()), (21, 590, 1024));
        assert!(cutoffs.apt_false_alarm_log2() <= -20.0 && cutoffs.apt_false_alarm_log2() > -20.5);
        let half = Cutoffs::new(SampleWidth::BIT, 0.3, alpha).expect("in range");
        assert_eq!(half.rct(), 1 + 67);
        let capped = Cutoffs::new(SampleWidth::BIT, 0.01, alpha).expect("in range");
        assert!(capped.apt() == 1024 && (capped.apt_false_alarm_log2() + 10.23).abs() < 1e-9);
        assert!(Cutoffs::new(SampleWidth::BIT, 1.1, alpha).is_err());
        assert!(Cutoffs::new(SampleWidth::BIT, 0.0, alpha).is_err());
    }

    /// Windows of 4 samples, all 2^4 of a fair bit: the tail by counting.
    #[test]
    fn tail_by_counting() {
        for (k, ln) in UpperTail::new(4, 1.0) {
            let count = (0u32..16).filter(|w| w.count_ones() >= k).count() as f64;
            assert!((libm::exp(ln) - count / 16.0).abs() < 1e-14, "{k}");
        }
    }
}
