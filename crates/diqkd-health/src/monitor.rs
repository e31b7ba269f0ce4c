//! The two continuous tests over a stream of samples.
//!
//! Words of 64 one-bit samples are tested without looking at single samples: a run that could reach the cut-off is
//! found by `log2 C` shifts of the word of equal neighbours, the occurrences in a window by a population count. Only a
//! word that raises an alarm is walked bit by bit, to find the position. Constant memory, no allocation.

use crate::Cutoffs;

/// Alarms of one continuous test.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AlarmCount {
    /// Alarms raised: one for each run (repetition count) or window (adaptive proportion) that reached the cut-off.
    pub count: u64,
    /// Index from 0 of the sample at which the first alarm was raised.
    pub first: Option<u64>,
    /// Index of the sample at which the latest alarm was raised.
    pub last: Option<u64>,
}

impl AlarmCount {
    fn raise(&mut self, position: u64) {
        self.count += 1;
        self.first.get_or_insert(position);
        self.last = Some(position);
    }
}

/// The repetition count test and the adaptive proportion test of SP 800-90B, sections 4.4.1 and 4.4.2.
///
/// A run that goes on after it raised an alarm raises no second one, however long it is; a window likewise.
#[derive(Clone, Debug)]
pub struct Monitor {
    cutoffs: Cutoffs,
    samples: u64,
    last: u8,
    run: u64,
    rct: AlarmCount,
    reference: u8,
    in_window: u32,
    occurrences: u32,
    apt: AlarmCount,
}

impl Monitor {
    /// A monitor that has seen no sample.
    pub fn new(cutoffs: Cutoffs) -> Self {
        Self {
            cutoffs,
            samples: 0,
            last: 0,
            run: 0,
            rct: AlarmCount::default(),
            reference: 0,
            in_window: 0,
            occurrences: 0,
            apt: AlarmCount::default(),
        }
    }

    /// Tests one sample.
    pub fn push(&mut self, sample: u8) {
        if sample == self.last && self.run > 0 {
            self.run += 1;
        } else {
            self.last = sample;
            self.run = 1;
        }
        if self.run == self.cutoffs.rct() {
            self.rct.raise(self.samples);
        }
        if self.in_window == 0 {
            self.reference = sample;
        }
        self.in_window += 1;
        if sample == self.reference {
            self.occurrences += 1;
            if self.occurrences == self.cutoffs.apt() {
                self.apt.raise(self.samples);
            }
        }
        self.close_full_window();
        self.samples += 1;
    }

    /// Tests 64 one-bit samples, the first in bit 0.
    pub fn push_word(&mut self, word: u64) {
        if self.run == 0 || self.last > 1 || (self.in_window > 0 && self.reference > 1) {
            for i in 0..64 {
                self.push((word >> i & 1) as u8);
            }
            return;
        }
        self.repetitions(word);
        self.proportions(word);
        self.samples += 64;
    }

    /// Alarms of the repetition count test so far.
    pub fn rct(&self) -> AlarmCount {
        self.rct
    }

    /// Alarms of the adaptive proportion test so far.
    pub fn apt(&self) -> AlarmCount {
        self.apt
    }

    /// Samples tested so far.
    pub fn samples(&self) -> u64 {
        self.samples
    }

    /// The cut-offs in force.
    pub fn cutoffs(&self) -> Cutoffs {
        self.cutoffs
    }

    fn repetitions(&mut self, word: u64) {
        let cutoff = self.cutoffs.rct();
        // Bit i: sample i equals the one before it.
        let equal = !(word ^ (word << 1 | u64::from(self.last)));
        let continued = u64::from(equal.trailing_ones());
        let carried_over = self.run < cutoff && self.run + continued >= cutoff;
        if carried_over || has_ones_in_a_row(equal, cutoff - 1) {
            self.raise_repetitions(equal);
        }
        let tail = u64::from(equal.leading_ones());
        self.run = if tail == 64 { self.run + 64 } else { tail + 1 };
        self.last = (word >> 63) as u8;
    }

    #[cold]
    fn raise_repetitions(&mut self, equal: u64) {
        let mut run = self.run;
        for i in 0..64 {
            run = if equal >> i & 1 == 1 { run + 1 } else { 1 };
            if run == self.cutoffs.rct() {
                self.rct.raise(self.samples + i);
            }
        }
    }

    fn proportions(&mut self, word: u64) {
        let mut done = 0;
        while done < 64 {
            let rest = word >> done;
            if self.in_window == 0 {
                self.reference = (rest & 1) as u8;
            }
            let take = (64 - done).min(self.cutoffs.apt_window() - self.in_window);
            let matching = if self.reference == 1 { rest } else { !rest };
            let matching = matching & (u64::MAX >> (64 - take));
            let occurrences = self.occurrences + matching.count_ones();
            if self.occurrences < self.cutoffs.apt() && occurrences >= self.cutoffs.apt() {
                let place = nth_one(matching, self.cutoffs.apt() - self.occurrences);
                self.apt.raise(self.samples + u64::from(done + place));
            }
            self.occurrences = occurrences;
            self.in_window += take;
            self.close_full_window();
            done += take;
        }
    }

    fn close_full_window(&mut self) {
        if self.in_window == self.cutoffs.apt_window() {
            self.in_window = 0;
            self.occurrences = 0;
        }
    }
}

/// Whether `word` has at least `length >= 1` adjacent ones, by doubling: after each step bit i says that the `have`
/// bits from i up are ones.
fn has_ones_in_a_row(word: u64, length: u64) -> bool {
    if length > 64 {
        return false;
    }
    let (mut ones, mut have) = (word, 1);
    while have < length && ones != 0 {
        let step = have.min(length - have);
        ones &= ones >> step;
        have += step;
    }
    ones != 0
}

/// Place of the `n`-th one, counted from 1; 64 if there are fewer.
fn nth_one(mut word: u64, n: u32) -> u32 {
    for _ in 1..n {
        word &= word.wrapping_sub(1);
    }
    word.trailing_zeros()
}

#[cfg(test)]
mod tests {
    use diqkd_core::Epsilon;
    use proptest::prelude::*;

    use super::*;
    use crate::SampleWidth;

    fn monitor(h_min: f64, log2_alpha: f64) -> Monitor {
        let alpha = Epsilon::from_log2(log2_alpha).expect("negative");
        Monitor::new(Cutoffs::new(SampleWidth::BIT, h_min, alpha).expect("in range"))
    }

    #[test]
    fn a_stuck_bit_raises_one_alarm_a_run_and_one_a_window() {
        let mut one_by_one = monitor(1.0, -30.0);
        (0..10 * 1024).for_each(|_| one_by_one.push(1));
        assert_eq!(one_by_one.rct(), AlarmCount { count: 1, first: Some(30), last: Some(30) });
        let apt = u64::from(one_by_one.cutoffs().apt());
        let last = Some(9 * 1024 + apt - 1);
        assert_eq!(one_by_one.apt(), AlarmCount { count: 10, first: Some(apt - 1), last });
    }

    /// An alternating source never repeats, yet has no entropy: neither test is made to see it.
    #[test]
    fn alternating_bits_stay_quiet() {
        let mut quiet = monitor(1.0, -20.0);
        (0..10_000).for_each(|_| quiet.push_word(0x5555_5555_5555_5555));
        assert_eq!((quiet.rct().count, quiet.apt().count, quiet.samples()), (0, 0, 640_000));
    }

    fn biased_word() -> impl Strategy<Value = u64> {
        prop_oneof![
            any::<u64>(),
            (any::<u64>(), any::<u64>(), any::<u64>()).prop_map(|(a, b, c)| a | b | c),
            Just(u64::MAX),
            Just(0)
        ]
    }

    proptest! {
        #[test]
        fn words_equal_samples(
            words in prop::collection::vec(biased_word(), 1..80), offset in 0usize..70,
            h_min in 0.02f64..1.0, log2_alpha in -40.0f64..-0.5,
        ) {
            let (mut by_word, mut by_sample) = (monitor(h_min, log2_alpha), monitor(h_min, log2_alpha));
            for i in 0..offset {
                by_word.push(u8::from(i % 14 >= 7));
                by_sample.push(u8::from(i % 14 >= 7));
            }
            for &word in &words {
                by_word.push_word(word);
                (0..64).for_each(|i| by_sample.push((word >> i & 1) as u8));
            }
            prop_assert_eq!(by_word.rct(), by_sample.rct());
            prop_assert_eq!(by_word.apt(), by_sample.apt());
            prop_assert_eq!(by_word.samples(), by_sample.samples());
        }
    }
}
