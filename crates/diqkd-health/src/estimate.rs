//! The non-IID min-entropy estimators of SP 800-90B, section 6.3.
//!
//! As NIST's tool (`SP800-90B_EntropyAssessment`, `ea_non_iid -i`) does:
//! - values that occur are renumbered in order, and the source is assessed as it is (`Literal`); the estimators of
//!   sections 6.3.2 to 6.3.4 need an alphabet of two;
//! - with more than two values, the samples are also written out as bits, most significant first, and these assessed
//!   (`Bitstring`), all ten estimators applying;
//! - the min-entropy of a sample is `min(H_original, bits_per_sample * H_bitstring)`.
//!
//! One million bits take about half a second, 28 bytes of scratch a bit at the peak.

mod collision;
mod compression;
mod confidence;
mod contexts;
mod lag;
mod lz78y;
mod markov;
mod most_common;
mod multi_mcw;
mod multi_mmc;
mod prediction;
mod suffix_array;
mod tuples;

use alloc::vec::Vec;
use core::fmt;

use crate::{HealthError, SampleWidth};

/// An estimator of section 6.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Estimator {
    /// 6.3.1, most common value.
    MostCommonValue,
    /// 6.3.2, collision.
    Collision,
    /// 6.3.3, Markov.
    Markov,
    /// 6.3.4, compression.
    Compression,
    /// 6.3.5, t-tuple.
    TTuple,
    /// 6.3.6, longest repeated substring.
    Lrs,
    /// 6.3.7, multi most common in window prediction.
    MultiMcw,
    /// 6.3.8, lag prediction.
    Lag,
    /// 6.3.9, multi Markov model with counting prediction.
    MultiMmc,
    /// 6.3.10, LZ78Y prediction.
    Lz78y,
}

impl Estimator {
    /// A short name in snake case, as reports use it.
    pub fn name(self) -> &'static str {
        match self {
            Self::MostCommonValue => "most_common_value",
            Self::Collision => "collision",
            Self::Markov => "markov",
            Self::Compression => "compression",
            Self::TTuple => "t_tuple",
            Self::Lrs => "lrs",
            Self::MultiMcw => "multi_mcw",
            Self::Lag => "lag",
            Self::MultiMmc => "multi_mmc",
            Self::Lz78y => "lz78y",
        }
    }
}

impl fmt::Display for Estimator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What an estimator was applied to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reading {
    /// The samples as they are.
    Literal,
    /// The bits of the samples, most significant first.
    Bitstring,
}

/// The result of one estimator.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// Which one.
    pub estimator: Estimator,
    /// Applied to what.
    pub reading: Reading,
    /// Min-entropy in bits: of a sample for [`Reading::Literal`], of a bit for [`Reading::Bitstring`].
    pub h_min: f64,
}

/// The min-entropy of a source by all estimators that apply.
///
/// An estimate is no bound: a source may have less entropy than any estimator finds (the digits of pi pass).
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// Samples assessed.
    pub samples: u64,
    /// Bits of a sample.
    pub bits_per_sample: SampleWidth,
    /// Bits a sample: the least of the width and the literal estimates.
    pub h_original: f64,
    /// Bits a bit: the least of 1 and the bitstring estimates; `None` for at most two values.
    pub h_bitstring: Option<f64>,
    /// Bits a sample: `min(h_original, bits_per_sample * h_bitstring)`.
    pub min_entropy: f64,
    /// All estimates, literal ones first. A source of a single value has only the most common value estimate, 0; the
    /// t-tuple and longest-repetition estimates are absent where no tuple is repeated often enough.
    pub estimators: Vec<Estimate>,
}

/// Assesses `samples`, one a byte in its low bits; NIST asks for a million or more.
///
/// # Errors
/// [`HealthError::SampleTooWide`], [`HealthError::TooFewSamples`] below [`needed_samples`] and
/// [`HealthError::TooManySamples`] above [`most_samples`].
///
/// # References
/// NIST SP 800-90B (2018), sections 3.1.3 and 6.3.
pub fn estimate(samples: &[u8], bits_per_sample: SampleWidth) -> Result<Report, HealthError> {
    let count = samples.len() as u64;
    if count > most_samples(bits_per_sample) {
        return Err(HealthError::TooManySamples { samples: count, limit: most_samples(bits_per_sample) });
    }
    if let Some(position) = samples.iter().position(|&sample| !bits_per_sample.holds(sample)) {
        return Err(HealthError::SampleTooWide {
            position: position as u64,
            value: samples[position],
            width: bits_per_sample,
        });
    }
    if count < needed_samples(bits_per_sample) {
        return Err(HealthError::TooFewSamples { samples: count, needed: needed_samples(bits_per_sample) });
    }
    let width = f64::from(bits_per_sample.bits());
    let (symbols, alphabet) = renumbered(samples);
    let mut estimators = assess(&symbols, alphabet, Reading::Literal);
    drop(symbols);
    let h_original = least(&estimators, width);
    let h_bitstring = (alphabet > 2).then(|| {
        let of_bits = assess(&bits_of(samples, bits_per_sample), 2, Reading::Bitstring);
        let h = least(&of_bits, 1.0);
        estimators.extend(of_bits);
        h
    });
    Ok(Report {
        samples: count,
        bits_per_sample,
        h_original,
        h_bitstring,
        min_entropy: h_bitstring.map_or(h_original, |h| h_original.min(width * h)),
        estimators,
    })
}

/// The fewest samples of this width that [`estimate`] accepts: enough for every estimator to have a first guess.
pub fn needed_samples(bits_per_sample: SampleWidth) -> u64 {
    let for_compression = compression::NEEDED_BITS.div_ceil(bits_per_sample.bits() as usize);
    for_compression.max(multi_mcw::NEEDED_SAMPLES) as u64
}

/// The most samples of this width that [`estimate`] accepts: 16 Mi bits, for which it needs about 500 MB.
pub fn most_samples(bits_per_sample: SampleWidth) -> u64 {
    (1 << 24) / u64::from(bits_per_sample.bits())
}

fn assess(symbols: &[u8], alphabet: usize, reading: Reading) -> Vec<Estimate> {
    let mut estimates = Vec::with_capacity(10);
    let mut found = |estimator, h_min| estimates.push(Estimate { estimator, reading, h_min });
    found(Estimator::MostCommonValue, most_common::most_common(symbols));
    if alphabet < 2 {
        return estimates;
    }
    if alphabet == 2 {
        found(Estimator::Collision, collision::collision(symbols));
        found(Estimator::Markov, markov::markov(symbols));
        if symbols.len() >= compression::NEEDED_BITS {
            found(Estimator::Compression, compression::compression(symbols));
        }
    }
    let tuples = tuples::tuples(symbols);
    if let Some(h_min) = tuples.t_tuple {
        found(Estimator::TTuple, h_min);
    }
    if let Some(h_min) = tuples.lrs {
        found(Estimator::Lrs, h_min);
    }
    found(Estimator::MultiMcw, multi_mcw::multi_mcw(symbols, alphabet));
    found(Estimator::Lag, lag::lag(symbols, alphabet));
    found(Estimator::MultiMmc, multi_mmc::multi_mmc(symbols, alphabet));
    found(Estimator::Lz78y, lz78y::lz78y(symbols, alphabet));
    estimates
}

fn least(estimates: &[Estimate], most: f64) -> f64 {
    estimates.iter().map(|estimate| estimate.h_min).fold(most, f64::min)
}

/// The samples with the values that occur numbered from 0 in order, and how many values there are.
fn renumbered(samples: &[u8]) -> (Vec<u8>, usize) {
    let mut occurs = [false; 256];
    for &sample in samples {
        occurs[usize::from(sample)] = true;
    }
    let mut numbers = [0u8; 256];
    let mut alphabet = 0;
    for value in (0..256).filter(|&value| occurs[value]) {
        numbers[value] = alphabet as u8;
        alphabet += 1;
    }
    (samples.iter().map(|&sample| numbers[usize::from(sample)]).collect(), alphabet)
}

fn bits_of(samples: &[u8], width: SampleWidth) -> Vec<u8> {
    samples.iter().flat_map(|&sample| (0..width.bits()).rev().map(move |place| sample >> place & 1)).collect()
}
