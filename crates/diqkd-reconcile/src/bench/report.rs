//! What was measured.

use core::time::Duration;

use super::interval::fer_interval;
use super::tally::Tally;
use crate::class::Mixture;
use crate::finite_length::normal_bound;

/// What was measured.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BenchReport {
    /// 1 less the leak per position: the cap of a one-way scheme, else the mean of what was said about the key.
    pub code_rate: f64,
    /// Leak over the mean entropy of the errors: the cap of a one-way scheme, else the mean of what was said about the
    /// key, lost blocks included.
    pub f_ec: f64,
    /// The least f that any one-way code of this length can have at the target failure (normal approximation).
    pub f_ec_bound: f64,
    /// All bits of both sides for an average block, lost blocks included, over the mean entropy of the errors.
    pub f_both_ways: f64,
    /// Bits sent for an average block: of a one-way scheme all, else those about the key (see
    /// [`InteractiveLeak::bits`](crate::interactive::InteractiveLeak::bits)).
    pub leak_bits_mean: f64,
    /// The most that can be sent for a block, bits; `None` if nothing bounds it beforehand.
    pub leak_bits_cap: Option<u64>,
    /// Bits that Bob sent for an average block, whatever they tell.
    pub bob_bits_mean: f64,
    /// Fraction of blocks that were not reconciled, undetected errors included.
    pub fer: f64,
    /// Lower end of the 95 % confidence interval of `fer`.
    pub fer_low: f64,
    /// Upper end of the 95 % confidence interval of `fer`.
    pub fer_high: f64,
    /// Blocks that seemed reconciled and were not: left to the verification tag to find.
    pub undetected: u32,
    /// Mean passes of belief propagation: of a frame's first decoding, or of all decodings of a conversation.
    pub iterations_mean: f64,
    /// Mean number of Alice's messages.
    pub round_trips_mean: f64,
    /// Most messages of Alice's for one block.
    pub round_trips_max: u32,
    /// Megabits of string encoded a second and thread; `None` if the clock stood still.
    pub encode_mbit_s: Option<f64>,
    /// Megabits of string decoded a second and thread, retries included; `None` if the clock stood still.
    pub decode_mbit_s: Option<f64>,
    /// Blocks measured.
    pub frames: u32,
}

/// What a report needs beside the tally.
pub(super) struct Setting<'a> {
    pub(super) block: u64,
    pub(super) frames: u32,
    /// Frames decoded on their own in each block.
    pub(super) frames_a_block: u32,
    pub(super) mixture: &'a Mixture,
    pub(super) target_failure: f64,
    pub(super) cap: Option<u64>,
}

impl Setting<'_> {
    pub(super) fn report(&self, tally: &Tally) -> BenchReport {
        let blocks = f64::from(self.frames.max(1));
        let bits = self.block as f64 * f64::from(self.frames);
        let speed = |time: Duration| (!time.is_zero()).then(|| bits / time.as_secs_f64() / 1e6);
        let (fer_low, fer_high) = fer_interval(tally.failed, self.frames);
        let entropy = self.block as f64 * self.mixture.entropy();
        let both = (tally.alice_bits + tally.bob_bits) as f64 / blocks;
        let sent = if self.cap.is_some() { both } else { tally.leak_bits as f64 / blocks };
        let leak = self.cap.map_or(sent, |cap| cap as f64);
        BenchReport {
            code_rate: 1.0 - leak / self.block as f64,
            f_ec: leak / entropy,
            f_ec_bound: normal_bound(
                self.block,
                self.mixture.entropy(),
                self.mixture.variance(),
                self.target_failure,
            ),
            f_both_ways: both / entropy,
            leak_bits_mean: sent,
            leak_bits_cap: self.cap,
            bob_bits_mean: tally.bob_bits as f64 / blocks,
            fer: f64::from(tally.failed) / blocks,
            fer_low,
            fer_high,
            undetected: tally.undetected,
            iterations_mean: tally.iterations as f64 / blocks / f64::from(self.frames_a_block),
            round_trips_mean: tally.round_trips as f64 / blocks,
            round_trips_max: tally.most_round_trips,
            encode_mbit_s: speed(tally.encoding),
            decode_mbit_s: speed(tally.decoding),
            frames: self.frames,
        }
    }
}
