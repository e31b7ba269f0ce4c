//! Which of the proved protocols a session runs.

use diqkd_entropy::SingleRound;

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
    /// What is said about Alice's string (syndrome, failed frames, retry bits, tag) is one-time padded with pre-shared key,
    /// so that devices that are used again can't say there what they remember of earlier blocks. The leak is counted as if
    /// it were not padded.
    pub padded: bool,
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
                    let variant = Variant { key_bases, flips, both_test_settings, padded: false };
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
}
