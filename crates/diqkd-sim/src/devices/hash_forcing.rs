//! Devices that know the privacy-amplification hash in advance and force the key to zero.

use diqkd_core::Outcome;

use super::collective::Purified;
use super::local::losing_at;
use super::{Devices, PastRound, Preparation};
use crate::click_table::Readout;
use crate::error::Error;
use crate::noise::{Noise, NoiseRng};

/// Devices for the case that a Toeplitz seed is known before the run, as when one is used twice.
///
/// They play the best quantum strategy (S = 2 sqrt 2, no errors) until so few rounds are left as the key has bits (and
/// 64 more), then deterministic outcomes that make the hash of Alice's whole string zero, with the best local answers
/// at Bob (wins at 3/4). The average S stays high enough for a certified key as long as the key is short against the
/// string, and the key is known to everybody. No entropy bound is violated: the hash was not independent of the string.
/// Run them with [`Experiment::trials_with_devices`](crate::Experiment::trials_with_devices) or
/// [`SimulatedStation::with_devices`](crate::SimulatedStation::with_devices).
#[derive(Clone, Debug)]
pub struct HashForcing {
    best: Purified,
    outcomes: [Outcome; 2],
    seed: HashSeed,
    input_bits: usize,
    key_bits: usize,
    /// The hash of what has been measured so far.
    syndrome: Vec<u64>,
    seen: usize,
    /// Alice's outcomes in the last rounds.
    tail: Vec<bool>,
}

/// Seed bits `t_0 ..` in words of 64, LSB first.
#[derive(Clone, Debug)]
enum HashSeed {
    Given(Vec<u64>),
    Drawn(Noise),
}

impl HashSeed {
    fn word(&self, i: usize) -> u64 {
        match self {
            Self::Given(words) => words.get(i).copied().unwrap_or(0),
            Self::Drawn(noise) => noise.word(i as u64),
        }
    }
}

impl HashForcing {
    /// Devices for the hash `y_i = XOR_j x_j t_(i-j+n-1)` of `input_bits` = n outcomes (bit 1 for the outcome -1, in
    /// the order of the rounds at both sites) to `key_bits` bits.
    ///
    /// `seed` holds `t_0 .. t_(n + key_bits - 2)`, packed LSB first; missing bits count as 0. `readout` is the kind of
    /// the stations' detectors, `no_click` and `multi_click` the rule of their layout.
    ///
    /// # Errors
    /// None in practice; the state is a state.
    pub fn new(
        input_bits: usize,
        key_bits: usize,
        seed: &[u64],
        readout: Readout,
        [no_click, multi_click]: [Outcome; 2],
    ) -> Result<Self, Error> {
        let rule = [no_click, multi_click];
        Self::of(input_bits, key_bits, HashSeed::Given(seed.to_vec()), readout, rule)
    }

    /// Devices for a hash that their maker drew.
    pub(crate) fn drawn(
        input_bits: usize,
        key_bits: usize,
        seed: Noise,
        readout: Readout,
        rule: [Outcome; 2],
    ) -> Result<Self, Error> {
        Self::of(input_bits, key_bits, HashSeed::Drawn(seed), readout, rule)
    }

    fn of(
        input_bits: usize,
        key_bits: usize,
        seed: HashSeed,
        readout: Readout,
        outcomes: [Outcome; 2],
    ) -> Result<Self, Error> {
        Ok(Self {
            best: Purified::new(2.0 * core::f64::consts::SQRT_2, 0.0, readout.ideal())?,
            outcomes,
            seed,
            input_bits,
            key_bits,
            syndrome: vec![0; key_bits.div_ceil(64)],
            seen: 0,
            tail: Vec::new(),
        })
    }

    fn tail_bits(&self) -> usize {
        self.key_bits.saturating_add(64).min(self.input_bits)
    }

    /// 64 seed bits from `t_from` on.
    fn seed_word(&self, from: usize) -> u64 {
        let (word, shift) = (from / 64, from % 64);
        let low = self.seed.word(word);
        if shift == 0 { low } else { low >> shift | self.seed.word(word + 1) << (64 - shift) }
    }

    /// Adds `x_j = 1` to the hash.
    fn add(&mut self, j: usize) {
        let from = self.input_bits - 1 - j;
        for i in 0..self.syndrome.len() {
            let word = self.seed_word(from + 64 * i);
            self.syndrome[i] ^= word;
        }
    }

    /// Last outcomes that bring the hash to zero: Gaussian elimination on the last columns, O(key_bits^3 / 64).
    fn solve(&self) -> Vec<bool> {
        let columns = self.tail_bits();
        let width = columns.div_ceil(64) + 1;
        // Row i: bit c is the coefficient of the c-th of the last outcomes, counted from the end; the last word holds
        // the right-hand side.
        let mut rows: Vec<Vec<u64>> = (0..self.key_bits)
            .map(|i| {
                let mut row: Vec<u64> = (0..width - 1).map(|w| self.seed_word(i + 64 * w)).collect();
                if let (Some(last), used @ 1..) = (row.last_mut(), columns % 64) {
                    *last &= (1 << used) - 1;
                }
                row.push(self.syndrome[i / 64] >> (i % 64) & 1);
                row
            })
            .collect();
        let mut pivots = Vec::new();
        for c in 0..columns {
            let rank = pivots.len();
            let bit = |row: &[u64]| row[c / 64] >> (c % 64) & 1 == 1;
            let Some(found) = (rank..rows.len()).find(|&r| bit(&rows[r])) else { continue };
            rows.swap(rank, found);
            let pivot = rows[rank].clone();
            for (r, row) in rows.iter_mut().enumerate() {
                if r != rank && bit(row) {
                    row.iter_mut().zip(&pivot).for_each(|(a, b)| *a ^= b);
                }
            }
            pivots.push(c);
        }
        let mut from_the_end = vec![false; columns];
        for (row, c) in rows.iter().zip(pivots) {
            from_the_end[c] = row[width - 1] & 1 == 1;
        }
        from_the_end.reverse();
        from_the_end
    }
}

impl Devices for HashForcing {
    fn prepare(&mut self, round: u64, rng: &mut NoiseRng) -> Preparation {
        let tail_start = self.input_bits - self.tail_bits();
        match self.seen.checked_sub(tail_start) {
            None => self.best.prepare(round, rng),
            Some(i) => {
                if self.tail.is_empty() && self.input_bits > 0 {
                    self.tail = self.solve();
                }
                Preparation::Local(losing_at(true, true, self.tail.get(i).copied().unwrap_or(false)))
            }
        }
    }

    fn observe(&mut self, past: &PastRound) {
        let [no_click, multi_click] = self.outcomes;
        if self.seen < self.input_bits - self.tail_bits() && past.alice.outcome(no_click, multi_click).bit() {
            self.add(self.seen);
        }
        self.seen += 1;
    }
}
