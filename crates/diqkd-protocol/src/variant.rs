//! Which of the proved protocols a session runs.

use diqkd_core::TestProbability;
use diqkd_entropy::{LocalFlags, SingleRound};

/// What a session does beyond spot-checking CHSH with one key basis and outcomes as they come. Everything here has its
/// bound in docs/theory; a theorem that has none for a variant refuses it ([`diqkd_entropy::Error::BoundNotAvailable`]).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Variant {
    /// Settings of key rounds.
    pub key_bases: KeyBases,
    /// Noisy preprocessing: how often Alice flips a key-round bit before everything else.
    pub flips: FlipProbability,
    /// Count the entropy of both of Alice's settings in test rounds: the same protocol and a longer key, under theorems that
    /// have the bound. With two key bases they are counted anyway.
    pub both_test_settings: bool,
    /// Who draws the test flags.
    pub flags: FlagSource,
    /// What is said about Alice's string (syndrome, failed frames, retry bits, tag) is one-time padded with pre-shared key,
    /// so that devices that are used again can't say there what they remember of earlier blocks. The leak is counted as if
    /// it were not padded.
    pub padded: bool,
    /// Bob's answer to the syndrome, and to retry bits, leaves so many milliseconds after they have arrived, however long his
    /// decoder took: its time depends on both strings. A decoder that takes longer ends the session. 0: as soon as it is there.
    pub answer_after_ms: u32,
}

impl Variant {
    /// The bound on one round that the certificate builds on.
    pub fn bound(self) -> SingleRound {
        let q = self.flips.get();
        match (self.key_bases, self.flips.is_never(), self.both_test_settings) {
            (KeyBases::Two, true, _) => SingleRound::TwoBases,
            (KeyBases::Two, false, _) => SingleRound::NoisyTwoBases { q },
            (KeyBases::One, true, false) => SingleRound::Chsh,
            (KeyBases::One, true, true) => SingleRound::ChshTwoBasisTests,
            (KeyBases::One, false, false) => SingleRound::NoisyPreprocessing { q },
            (KeyBases::One, false, true) => SingleRound::NoisyTwoBasisTests { q },
        }
    }
}

/// Who draws the test flags.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FlagSource {
    /// Both sites expand them from a pre-shared seed; the certificate lists what that rests on
    /// ([`diqkd_core::Assumption::ExpandedTestFlags`]).
    #[default]
    Expanded,
    /// Each site draws its own, independent of everything, and reveals them when both stations have stopped. Rounds with one
    /// flag up are dropped. The block has `rounds` rounds that are kept, and `gamma` is not used. One key basis only: the
    /// choice of the basis would still be expanded.
    Local {
        /// How often Alice's flag is up.
        alice: TestProbability,
        /// How often Bob's flag is up.
        bob: TestProbability,
    },
}

impl FlagSource {
    /// The probabilities of flags drawn at the sites, as the certificate has them.
    pub(crate) fn local(self) -> Option<Result<LocalFlags, diqkd_entropy::Error>> {
        match self {
            Self::Expanded => None,
            Self::Local { alice, bob } => Some(LocalFlags::new(alice.get(), bob.get())),
        }
    }

    /// The share of rounds with both flags alike.
    fn kept_share(self) -> f64 {
        match self {
            Self::Expanded => 1.0,
            Self::Local { alice, bob } => alice.get() * bob.get() + (1.0 - alice.get()) * (1.0 - bob.get()),
        }
    }

    /// Rounds to record so that `kept` of them are kept, but for once in 10^9 blocks.
    pub fn rounds_to_record(self, kept: u64) -> u64 {
        let share = self.kept_share();
        if share >= 1.0 {
            return kept;
        }
        // With m kept on average the number varies by sqrt(m (1 - share)); six such deviations below m have to be `kept`.
        let six = 6.0 * (1.0 - share).sqrt();
        let root = 0.5 * (six + (six * six + 4.0 * kept as f64).sqrt());
        (root * root / share).ceil() as u64
    }

    /// The field of the parameters.
    pub(crate) fn encode(self) -> Vec<u8> {
        match self {
            Self::Expanded => vec![0],
            Self::Local { alice, bob } => {
                let [a, b] = [alice, bob].map(|p| p.threshold().to_le_bytes());
                [&[1], &a[..], &b].concat()
            }
        }
    }
}

/// The settings from which key comes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KeyBases {
    /// `x = 0`, `y = 2` in every key round.
    #[default]
    One,
    /// `x` uniform in {0, 1}, `y = 2 + x`, from the seed of the test flags.
    Two,
}

/// A flip probability `threshold / 65536`, exact in the proof and in what Alice does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FlipProbability {
    threshold: u16,
}

impl FlipProbability {
    /// The nearest multiple of 1/65536 to `q`; `None` unless `q` lies between 0 and 1/2.
    pub fn nearest(q: f64) -> Option<Self> {
        (0.0..=0.5).contains(&q).then(|| Self { threshold: (q * DENOMINATOR).round() as u16 })
    }

    /// The probability.
    pub fn get(self) -> f64 {
        f64::from(self.threshold) / DENOMINATOR
    }

    /// The numerator over 65536.
    pub fn threshold(self) -> u16 {
        self.threshold
    }

    /// Whether nothing is ever flipped.
    pub fn is_never(self) -> bool {
        self.threshold == 0
    }

    /// Whether the bit of a round with this uniform word is flipped.
    pub fn flips(self, word: u16) -> bool {
        word < self.threshold
    }

    /// The error rate of bits with error rate `e` after flips at one end.
    pub(crate) fn after(self, e: f64) -> f64 {
        let q = self.get();
        q + e - 2.0 * q * e
    }
}

const DENOMINATOR: f64 = 65_536.0;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flips_are_exact() {
        let q = FlipProbability::nearest(0.03).unwrap();
        assert_eq!(q.get() * 65_536.0, f64::from(q.threshold()));
        let flipped = (0..=u16::MAX).filter(|&word| q.flips(word)).count();
        assert_eq!(flipped as f64 / 65_536.0, q.get());
        assert_eq!(FlipProbability::nearest(0.5).unwrap().get(), 0.5);
        assert!(FlipProbability::nearest(0.51).is_none() && FlipProbability::nearest(f64::NAN).is_none());
        assert!((q.after(0.01) - (0.01 * 0.97 + 0.99 * 0.03)).abs() < 1e-5);
    }

    #[test]
    fn every_variant_has_its_own_bound() {
        let flips = FlipProbability::nearest(0.1).unwrap();
        let mut names = Vec::new();
        for key_bases in [KeyBases::One, KeyBases::Two] {
            for flips in [FlipProbability::default(), flips] {
                for both_test_settings in [false, true] {
                    let variant = Variant { key_bases, flips, both_test_settings, ..Variant::default() };
                    assert_eq!(variant.bound().flip_probability(), flips.get());
                    names.push(variant.bound().name());
                }
            }
        }
        names.dedup();
        assert_eq!(
            names,
            ["chsh", "chsh-two-basis-tests", "npp", "npp-two-basis-tests", "two-basis", "npp-two-basis"]
        );
        assert_eq!(Variant::default().bound(), SingleRound::Chsh);
    }

    #[test]
    fn enough_rounds_are_recorded_for_flags_of_ones_own() {
        let p = |x: f64| TestProbability::nearest(x).unwrap();
        assert_eq!(FlagSource::Expanded.rounds_to_record(1000), 1000);
        for (alice, bob, kept) in [(0.2, 0.2, 1_500_000u64), (0.5, 0.5, 1000), (0.05, 0.4, 250_000)] {
            let source = FlagSource::Local { alice: p(alice), bob: p(bob) };
            let (share, rounds) = (source.kept_share(), source.rounds_to_record(kept) as f64);
            let deviations = (rounds * share - kept as f64) / (rounds * share * (1.0 - share)).sqrt();
            assert!((5.99..6.2).contains(&deviations), "{deviations}");
        }
    }
}
