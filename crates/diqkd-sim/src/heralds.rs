//! Which slots are rounds, 64 of them at a time.

use crate::noise::Noise;

/// Slots in a block.
pub(crate) const BLOCK: u64 = 64;

/// Thresholds on a slot's uniform number of 64 bits: it is a round at both sites below the first, at Alice alone between
/// the first and the second, at Bob alone between the second and the third. The greatest first threshold stands for
/// certainty: clocked slots.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Happenings(pub(crate) [u64; 3]);

/// The rounds of a block: bit `i` for its slot `i`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rounds {
    pub(crate) alice: u64,
    pub(crate) bob: u64,
}

impl Happenings {
    /// The rounds among slots `64 block` to `64 block + 63`.
    ///
    /// The slots' numbers are read bit by bit from the most significant on, for all 64 at once: word `k` of the block
    /// holds bit `63 - k` of each. Half of the comparisons that are open end with each word, so that about nine words
    /// settle a block where one a slot would be 64.
    #[inline]
    pub(crate) fn rounds(&self, heralds: Noise, block: u64) -> Rounds {
        let Self(thresholds) = self;
        if thresholds[0] == u64::MAX {
            return Rounds { alice: u64::MAX, bob: u64::MAX };
        }
        let (mut below, mut open) = ([0; 3], [u64::MAX; 3]);
        for first in (0..BLOCK).step_by(WORDS_A_STEP) {
            for k in first..first + WORDS_A_STEP as u64 {
                let word = heralds.word(block * BLOCK + k);
                for (threshold, (below, open)) in thresholds.iter().zip(below.iter_mut().zip(&mut open)) {
                    let bit = (threshold >> (63 - k) & 1).wrapping_neg();
                    *below |= *open & bit & !word;
                    *open &= !(bit ^ word);
                }
            }
            if open == [0; 3] {
                break;
            }
        }
        let [both, alice_alone, bob_alone] = below;
        Rounds { alice: alice_alone, bob: both | (bob_alone & !alice_alone) }
    }
}

impl Rounds {
    /// Whether slot `i` of the block is a round at Alice and at Bob.
    #[inline]
    pub(crate) fn sites(self, i: u64) -> (bool, bool) {
        (self.alice >> (i % BLOCK) & 1 == 1, self.bob >> (i % BLOCK) & 1 == 1)
    }

    /// The rounds at either site among slots `from` to before `end` of one block, counted from the block's first slot.
    #[inline]
    pub(crate) fn either(self, from: u64, end: u64) -> u64 {
        let slots = u64::MAX.checked_shr((BLOCK - (end - from)) as u32).unwrap_or(0);
        (self.alice | self.bob) & slots << (from % BLOCK)
    }
}

/// Words between two looks at whether all comparisons have ended.
const WORDS_A_STEP: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;

    /// The same rounds, slot by slot from its whole number.
    fn plainly(thresholds: [u64; 3], heralds: Noise, block: u64) -> Rounds {
        let mut rounds = Rounds::default();
        for slot in 0..BLOCK {
            let number = (0..64).fold(0, |n, k| n << 1 | (heralds.word(block * BLOCK + k) >> slot & 1));
            let [both, alice_alone, bob_alone] = thresholds.map(|threshold| number < threshold);
            rounds.alice |= u64::from(alice_alone) << slot;
            rounds.bob |= u64::from(both || (bob_alone && !alice_alone)) << slot;
        }
        rounds
    }

    #[test]
    fn rounds_are_those_of_the_slots_numbers() {
        let heralds = Noise::new(3, "heralds");
        let numbers =
            [[1 << 62, (1 << 62) + 1, (1 << 62) + 2], [0, 1, 2], [0; 3], [1 << 60, 3 << 60, 15 << 60]];
        // Thresholds that some slot's number meets to the last bit, and on either side of it.
        let met = (0..64).fold(0u64, |n, k| n << 1 | (heralds.word(5 * BLOCK + k) >> 17 & 1));
        for thresholds in numbers.into_iter().chain([[met - 1, met, met + 1], [met, met + 1, met + 2]]) {
            for block in 0..200 {
                let rounds = Happenings(thresholds).rounds(heralds, block);
                assert_eq!(rounds, plainly(thresholds, heralds, block), "{thresholds:x?}, block {block}");
            }
        }
    }

    #[test]
    fn clocked_slots_are_all_rounds() {
        let rounds = Happenings([u64::MAX; 3]).rounds(Noise::new(3, "heralds"), 9);
        assert_eq!(rounds, Rounds { alice: u64::MAX, bob: u64::MAX });
    }

    #[test]
    fn rounds_of_a_part_of_a_block() {
        let rounds = Rounds { alice: 0b1001_0110, bob: 1 << 63 };
        assert_eq!(rounds.either(640, 704), 0b1001_0110 | 1 << 63);
        assert_eq!(rounds.either(642, 647), 0b0001_0100);
        assert_eq!(rounds.either(703, 704), 1 << 63);
        assert_eq!(rounds.either(642, 642), 0);
        assert_eq!((rounds.sites(641), rounds.sites(703)), ((true, false), (false, true)));
    }
}
