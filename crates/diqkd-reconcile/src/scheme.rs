//! What both sides agree on before the data: code, frames, order of positions, priors, and the most that can leak.

mod design;
mod id;
mod retry;

use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;

use diqkd_core::{LeakBits, LeakLedger};

use crate::capped_leak::CappedLeak;
use crate::class::ErrorClass;
use crate::error::Error;
use crate::finite_length::normal_bound;
use crate::frame_code::FrameCode;
use crate::options::DesignOptions;

pub use id::SchemeId;
pub(crate) use retry::Retry;

/// A one-way reconciliation scheme with a leak fixed beforehand.
///
/// Alice sends one syndrome per frame. If the scheme has a retry reserve, Bob may name the frames that did not decode
/// and Alice sends a few more syndrome bits for each, once; more failures than the reserve covers lose the block.
/// A deterministic function of its inputs: both sides that call [`Scheme::design`] with the same arguments hold the
/// same scheme, which [`Scheme::id`] confirms. Cheap to clone.
///
/// ```
/// use diqkd_reconcile::{DesignOptions, ErrorClass, Scheme};
///
/// let gamma = 13.0 / 256.0;
/// let key = ErrorClass { fraction: 1.0 - gamma, error_probability: 0.0144 };
/// let test = ErrorClass { fraction: gamma, error_probability: 0.165 };
/// let scheme = Scheme::design(1_500_000, &[key, test], &DesignOptions::default())?;
/// assert!(scheme.leak_cap().0 < 250_000);
/// # Ok::<(), diqkd_reconcile::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Scheme {
    parts: Arc<Parts>,
}

#[derive(Debug)]
struct Parts {
    n_bits: u64,
    frames: u32,
    /// Distance in the string between neighbours in a frame; coprime to `n_bits`.
    stride: u64,
    priors: [i16; 2],
    entropy: f64,
    variance: f64,
    code: FrameCode,
    retry: Option<Retry>,
    id: SchemeId,
}

impl Scheme {
    /// Designs a scheme for a string of `n_bits` positions of one or two classes.
    ///
    /// The leak covers the mean entropy of the errors, their honest fluctuation at `options.target_failure`, and the
    /// distance of the codes from the Slepian-Wolf bound.
    ///
    /// # Errors
    /// [`Error::StringLength`], [`Error::ClassCount`], [`Error::Fractions`], [`Error::ErrorProbability`],
    /// [`Error::Option`] for inputs out of range; [`Error::TooNoisy`] where no code leaks less than the string.
    pub fn design(n_bits: u64, classes: &[ErrorClass], options: &DesignOptions) -> Result<Self, Error> {
        design::design(n_bits, classes, options).map(|parts| Self { parts: Arc::new(parts) })
    }

    /// Length of the string, bits.
    pub fn n_bits(&self) -> u64 {
        self.parts.n_bits
    }

    /// Number of frames, each decoded on its own.
    pub fn frames(&self) -> u32 {
        self.parts.frames
    }

    /// Positions of the longest frame; the others have at most one fewer.
    pub fn frame_bits(&self) -> usize {
        self.parts.n_bits.div_ceil(u64::from(self.parts.frames)) as usize
    }

    /// Length of what [`Encoder::syndrome`](crate::Encoder::syndrome) returns, bits.
    pub fn syndrome_bits(&self) -> usize {
        self.parts.frames as usize * self.parts.code.syndrome_bits()
    }

    /// The most frames that may be retried; 0 if the scheme has no retry round.
    pub fn retry_frames(&self) -> u32 {
        self.parts.retry.as_ref().map_or(0, |retry| retry.most_frames)
    }

    /// Bits that [`Encoder::retry`](crate::Encoder::retry) returns for each failed frame.
    pub fn retry_bits_per_frame(&self) -> usize {
        self.parts.retry.as_ref().map_or(0, |retry| retry.extra_bits())
    }

    /// Everything that may leave either laboratory, item by item: the syndromes, and with a retry round the bitmap of
    /// failed frames that Bob returns and the reserve of extra syndrome bits.
    pub fn leak(&self) -> CappedLeak {
        let mut ledger = LeakLedger::new();
        ledger.record("syndromes", LeakBits(self.syndrome_bits() as u64));
        if self.retry_frames() > 0 {
            ledger.record("bitmap of failed frames", LeakBits(u64::from(self.frames())));
            let reserve = u64::from(self.retry_frames()) * self.retry_bits_per_frame() as u64;
            ledger.record("retry reserve", LeakBits(reserve));
        }
        CappedLeak::new(ledger)
    }

    /// The sum of [`Scheme::leak`].
    pub fn leak_cap(&self) -> LeakBits {
        self.leak().total()
    }

    /// Mean entropy of an error under the designed classes, bits a position.
    pub fn entropy_per_bit(&self) -> f64 {
        self.parts.entropy
    }

    /// Efficiency: the leak cap over the mean entropy of the errors in the whole string; infinite without noise.
    pub fn f_ec(&self) -> f64 {
        self.leak_cap().0 as f64 / (self.parts.n_bits as f64 * self.parts.entropy)
    }

    /// The efficiency that no code for strings of this length and these classes beats by much at a probability of
    /// failure `failure`: mean entropy, its fluctuation and half a logarithm (the normal approximation, as stated in
    /// Y. Polyanskiy, H. V. Poor, S. Verdú, "Channel coding rate in the finite blocklength regime", 2010).
    pub fn f_ec_bound(&self, failure: f64) -> f64 {
        normal_bound(self.parts.n_bits, self.parts.entropy, self.parts.variance, failure)
    }

    /// Name of the scheme: equal on both sides exactly if all that matters is equal.
    pub fn id(&self) -> SchemeId {
        self.parts.id
    }

    pub(crate) fn code(&self) -> &FrameCode {
        &self.parts.code
    }

    pub(crate) fn retry(&self) -> Option<&Retry> {
        self.parts.retry.as_ref()
    }

    /// Strength of the prior "no error" of each class.
    pub(crate) fn priors(&self) -> [i16; 2] {
        self.parts.priors
    }

    /// Positions of frame `frame` in the order of its code bits.
    pub(crate) fn positions(&self, frame: u32) -> impl Iterator<Item = u64> + use<> {
        let (n, stride) = (self.parts.n_bits, self.parts.stride);
        let (start, count) = self.span(frame);
        let next = move |&at: &u64| Some(if at >= n - stride { at - (n - stride) } else { at + stride });
        core::iter::successors(Some(self.position(start)), next).take(count)
    }

    /// The positions of those code bits of frame `frame` that are 1 in `words`.
    pub(crate) fn positions_of_ones(&self, frame: u32, words: &[u64]) -> impl Iterator<Item = u64> {
        let (start, count) = self.span(frame);
        let ones = words.iter().enumerate().flat_map(|(i, &word)| {
            let mut rest = word;
            core::iter::from_fn(move || {
                let bit = (rest != 0).then(|| rest.trailing_zeros())?;
                rest &= rest - 1;
                Some(64 * i + bit as usize)
            })
        });
        ones.take_while(move |&k| k < count).map(move |k| self.position(start + k as u64))
    }

    /// The position that stands at an index of the reordered string.
    fn position(&self, index: u64) -> u64 {
        (u128::from(index) * u128::from(self.parts.stride) % u128::from(self.parts.n_bits)) as u64
    }

    /// Positions of frame `frame`.
    pub(crate) fn bits_of_frame(&self, frame: u32) -> usize {
        self.span(frame).1
    }

    /// First index and length of a frame in the reordered string.
    fn span(&self, frame: u32) -> (u64, usize) {
        let (n, frames, frame) = (self.parts.n_bits, u64::from(self.parts.frames), u64::from(frame));
        let (least, longer) = (n / frames, n % frames);
        (frame * least + frame.min(longer), (least + u64::from(frame < longer)) as usize)
    }

    /// The code bits of a frame out of a string in words; unused code bits are 0.
    pub(crate) fn frame_words(&self, string: &[u64], frame: u32) -> Vec<u64> {
        let mut words = vec![0; self.parts.code.whole().code_bits().div_ceil(64)];
        let mut positions = self.positions(frame);
        for word in &mut words {
            for (k, at) in positions.by_ref().take(64).enumerate() {
                *word |= (string[(at / 64) as usize] >> (at % 64) & 1) << k;
            }
        }
        words
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scheme(n_bits: u64, max_frame_bits: u32) -> Scheme {
        let options = DesignOptions { max_frame_bits, ..DesignOptions::default() };
        Scheme::design(n_bits, &[ErrorClass { fraction: 1.0, error_probability: 0.03 }], &options).unwrap()
    }

    #[test]
    fn every_position_is_in_exactly_one_frame() {
        for (n, frame) in [(20_000, 1 << 20), (100_003, 16_384), (65_536, 16_384)] {
            let scheme = scheme(n, frame);
            let mut seen = vec![0u8; n as usize];
            for f in 0..scheme.frames() {
                let before = seen.iter().map(|&s| u64::from(s)).sum::<u64>();
                scheme.positions(f).for_each(|at| seen[at as usize] += 1);
                let count = seen.iter().map(|&s| u64::from(s)).sum::<u64>() - before;
                assert!(count as usize <= scheme.frame_bits() && count as usize + 1 >= scheme.frame_bits());
            }
            assert!(seen.iter().all(|&s| s == 1), "n = {n}");
        }
    }

    #[test]
    fn a_burst_spreads_evenly_over_frames() {
        let scheme = scheme(100_003, 16_384);
        for f in 0..scheme.frames() {
            let share = scheme.positions(f).filter(|&at| (40_000..41_000).contains(&at)).count() as f64;
            let fair = 1000.0 / f64::from(scheme.frames());
            assert!((share / fair - 1.0).abs() < 0.1, "{share} of {fair}");
        }
    }
}
