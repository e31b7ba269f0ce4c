//! Sums over blocks, and the threads that share them.

use core::time::Duration;

use crate::error::Error;

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tally {
    pub(super) failed: u32,
    pub(super) undetected: u32,
    /// Bits about the key that either end of a conversation sent.
    pub(super) leak_bits: u64,
    /// Bits that Alice sent.
    pub(super) alice_bits: u64,
    /// Bits that Bob sent.
    pub(super) bob_bits: u64,
    pub(super) iterations: u64,
    pub(super) round_trips: u64,
    pub(super) most_round_trips: u32,
    pub(super) encoding: Duration,
    pub(super) decoding: Duration,
}

impl Tally {
    pub(super) fn plus(self, other: Self) -> Self {
        Self {
            failed: self.failed + other.failed,
            undetected: self.undetected + other.undetected,
            leak_bits: self.leak_bits + other.leak_bits,
            alice_bits: self.alice_bits + other.alice_bits,
            bob_bits: self.bob_bits + other.bob_bits,
            iterations: self.iterations + other.iterations,
            round_trips: self.round_trips + other.round_trips,
            most_round_trips: self.most_round_trips.max(other.most_round_trips),
            encoding: self.encoding + other.encoding,
            decoding: self.decoding + other.decoding,
        }
    }

    pub(super) fn count_trips(&mut self, trips: u32) {
        self.round_trips += u64::from(trips);
        self.most_round_trips = self.most_round_trips.max(trips);
    }
}

/// Runs `work(first, step)` for `first` in `0..step`, one per thread, and sums up.
#[cfg(feature = "rayon")]
pub(super) fn share_out(
    frames: u32,
    work: impl Fn(u32, u32) -> Result<Tally, Error> + Sync,
) -> Result<Tally, Error> {
    use alloc::vec::Vec;
    use rayon::prelude::*;

    let step = (rayon::current_num_threads() as u32).clamp(1, frames.max(1));
    let tallies: Result<Vec<Tally>, Error> =
        (0..step).into_par_iter().map(|first| work(first, step)).collect();
    Ok(tallies?.into_iter().fold(Tally::default(), Tally::plus))
}

#[cfg(not(feature = "rayon"))]
pub(super) fn share_out(_: u32, work: impl Fn(u32, u32) -> Result<Tally, Error>) -> Result<Tally, Error> {
    Ok(Tally::default().plus(work(0, 1)?))
}
