//! Everything `diqkd rng check` reports about a source, from its samples in pieces of any size.

use alloc::vec::Vec;

use diqkd_core::Epsilon;

use crate::estimate::{Report, estimate, most_samples};
use crate::{AlarmCount, Bias, Cutoffs, HealthError, Monitor, SampleWidth};

/// What a source claims, and what the check may spend.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RngCheckParams {
    /// Bits of a sample.
    pub bits_per_sample: SampleWidth,
    /// Min-entropy in bits a sample that the source claims: sets the cut-offs of the continuous tests.
    pub claimed_h_min: f64,
    /// False-alarm probability of each continuous test.
    pub alpha: Epsilon,
    /// Failure probability of the bound on the bias.
    pub eps_bias: Epsilon,
}

/// A check in progress: feed samples with [`RngCheck::push`], then [`RngCheck::finish`].
///
/// The continuous tests and the bias cover all samples; the estimators the first [`most_samples`], which is all that is
/// kept (at most 16 MiB).
#[derive(Clone, Debug)]
pub struct RngCheck {
    params: RngCheckParams,
    monitor: Monitor,
    ones: u64,
    kept: Vec<u8>,
}

/// The result of a check.
#[derive(Clone, Debug, PartialEq)]
pub struct RngReport {
    /// Samples seen.
    pub samples: u64,
    /// The estimators and the min-entropy they find.
    pub estimate: Report,
    /// Alarms of the repetition count test.
    pub rct: AlarmCount,
    /// Alarms of the adaptive proportion test.
    pub apt: AlarmCount,
    /// The cut-offs of both tests.
    pub cutoffs: Cutoffs,
    /// Bias of the bits, all places of a sample taken together; its bound holds for independent bits.
    pub bias: Bias,
}

impl RngCheck {
    /// A check that has seen no sample.
    ///
    /// # Errors
    /// [`HealthError::OutOfRange`] unless the claim is above 0 and at most the width.
    pub fn new(params: RngCheckParams) -> Result<Self, HealthError> {
        let cutoffs = Cutoffs::new(params.bits_per_sample, params.claimed_h_min, params.alpha)?;
        Ok(Self { params, monitor: Monitor::new(cutoffs), ones: 0, kept: Vec::new() })
    }

    /// Takes the next samples, one a byte in its low bits.
    ///
    /// # Errors
    /// [`HealthError::SampleTooWide`] with the position in the whole stream; the samples before it are taken.
    pub fn push(&mut self, samples: &[u8]) -> Result<(), HealthError> {
        let width = self.params.bits_per_sample;
        let fitting = samples.iter().take_while(|&&sample| width.holds(sample)).count();
        let (taken, refused) = samples.split_at(fitting);
        for &sample in taken {
            self.monitor.push(sample);
            self.ones += u64::from(sample.count_ones());
        }
        let room = most_samples(width) as usize - self.kept.len();
        self.kept.extend_from_slice(&taken[..taken.len().min(room)]);
        refused.first().map_or(Ok(()), |&value| {
            Err(HealthError::SampleTooWide { position: self.monitor.samples(), value, width })
        })
    }

    /// The continuous tests so far.
    pub fn monitor(&self) -> &Monitor {
        &self.monitor
    }

    /// Runs the estimators and reports.
    ///
    /// # Errors
    /// [`HealthError::TooFewSamples`] below [`crate::needed_samples`].
    pub fn finish(self) -> Result<RngReport, HealthError> {
        let width = self.params.bits_per_sample;
        let estimate = estimate(&self.kept, width)?;
        let samples = self.monitor.samples();
        let bits = samples.saturating_mul(u64::from(width.bits()));
        Ok(RngReport {
            samples,
            estimate,
            rct: self.monitor.rct(),
            apt: self.monitor.apt(),
            cutoffs: self.monitor.cutoffs(),
            bias: Bias::from_counts(self.ones, bits, self.params.eps_bias)?,
        })
    }
}

impl RngReport {
    /// Bits of min-entropy a sample.
    pub fn min_entropy(&self) -> f64 {
        self.estimate.min_entropy
    }
}
