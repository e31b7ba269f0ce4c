//! F3: a setting generator is stuck, has lost entropy or prefers a value.

use alloc::vec::Vec;

use diqkd_core::Epsilon;

use crate::drift::{Band, ShareDrift};
use crate::watch::quality::alarm;
use crate::{Alarm, AlarmBudget, AlarmCount, Cause, Cutoffs, HealthError, Monitor, SampleWidth, Signal};

/// What a healthy generator of single bits keeps.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RandomnessLimits {
    /// Min-entropy of a bit that the cut-offs assume.
    pub h_min: f64,
    /// How far the share of ones may be from 1/2.
    pub tau: f64,
    /// How many false alarms the three tests together may raise, at which bit rate.
    pub budget: AlarmBudget,
}

/// Watches a setting generator, 64 bits at a time: repetition count and adaptive proportion tests of SP 800-90B, and
/// the share of ones.
#[derive(Clone, Debug)]
pub struct RandomnessWatch {
    monitor: Monitor,
    bias: ShareDrift,
    ones: u64,
    bits: u64,
    alpha: Epsilon,
    alpha_bias: Epsilon,
}

impl RandomnessWatch {
    /// A watch that has seen no bit. Half of the budget is for the continuous tests, half for the bias, which is tested
    /// once in [`RandomnessWatch::BIAS_BITS`] bits.
    ///
    /// # Errors
    /// [`HealthError::OutOfRange`] for limits or a budget that are none.
    pub fn new(limits: RandomnessLimits) -> Result<Self, HealthError> {
        let half = AlarmBudget { alarms_per_year: 0.5 * limits.budget.alarms_per_year, ..limits.budget };
        let blocks =
            AlarmBudget { samples_per_second: half.samples_per_second / Self::BIAS_BITS as f64, ..half };
        let (alpha, alpha_bias) = (half.alpha()?, blocks.alpha()?);
        let band = Band { low: 0.5 - limits.tau, high: 0.5 + limits.tau };
        Ok(Self {
            monitor: Monitor::new(Cutoffs::new(SampleWidth::BIT, limits.h_min, alpha)?),
            bias: ShareDrift::new(band, alpha_bias)?,
            ones: 0,
            bits: 0,
            alpha,
            alpha_bias,
        })
    }

    /// Bits between two tests of the bias.
    pub const BIAS_BITS: u64 = 4096;

    /// Takes words of 64 bits, the first in bit 0. Positions are bits since the start.
    pub fn push_words(&mut self, words: &[u64]) -> Vec<Alarm> {
        let mut alarms = Vec::new();
        for block in words.chunks((Self::BIAS_BITS / 64) as usize) {
            let (rct, apt) = (self.monitor.rct().count, self.monitor.apt().count);
            for &word in block {
                self.monitor.push_word(word);
                self.ones += u64::from(word.count_ones());
            }
            self.bits += 64 * block.len() as u64;
            if self.monitor.rct().count > rct {
                alarms.extend(self.repetition());
            }
            if self.monitor.apt().count > apt {
                alarms.extend(self.proportion());
            }
            if self.bits >= Self::BIAS_BITS {
                let at = self.monitor.samples() - 1;
                let excursion = self.bias.push(at, self.ones, self.bits).ok().flatten();
                alarms.extend(excursion.map(|mut excursion| {
                    // A block begins where the one before it ended.
                    excursion.since = excursion.since.min(at);
                    alarm(excursion, at, Signal::SettingBias, Cause::GeneratorBiased, self.alpha_bias)
                }));
                (self.ones, self.bits) = (0, 0);
            }
        }
        alarms
    }

    /// The continuous tests.
    pub fn monitor(&self) -> &Monitor {
        &self.monitor
    }

    fn repetition(&self) -> Option<Alarm> {
        let cutoff = self.monitor.cutoffs().rct();
        let AlarmCount { last: Some(raised), .. } = self.monitor.rct() else { return None };
        Some(self.failed(Signal::Repetition, cutoff, raised.saturating_sub(cutoff - 1), raised))
    }

    fn proportion(&self) -> Option<Alarm> {
        let cutoffs = self.monitor.cutoffs();
        let AlarmCount { last: Some(raised), .. } = self.monitor.apt() else { return None };
        let window = u64::from(cutoffs.apt_window());
        Some(self.failed(Signal::Proportion, cutoffs.apt().into(), raised - raised % window, raised))
    }

    fn failed(&self, signal: Signal, cutoff: u64, since: u64, raised: u64) -> Alarm {
        Alarm {
            signal,
            observed: cutoff as f64,
            threshold: cutoff as f64,
            since,
            raised,
            cause: Cause::GeneratorFailed,
            false_alarm: Some(self.alpha),
        }
    }
}
