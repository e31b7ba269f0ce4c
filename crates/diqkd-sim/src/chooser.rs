//! A seeded stand-in for the trusted controller.

use diqkd_core::{Role, Setting, TestProbability};
use diqkd_hal::SettingChooser;

use crate::noise::Noise;

/// Spot-checking settings from two seeds: a test flag that both sides share and a local bit in test rounds.
///
/// Stateless between rounds. For simulations and tests; a real run takes its bits from a
/// [`SettingRng`](diqkd_hal::SettingRng).
#[derive(Clone, Copy, Debug)]
pub struct SeededChooser {
    role: Role,
    test_probability: TestProbability,
    flags: Noise,
    bits: Noise,
}

impl SeededChooser {
    /// Both sides give the same `seed`; their local bits differ by role.
    pub fn new(role: Role, test_probability: TestProbability, seed: u64) -> Self {
        let purpose = match role {
            Role::Alice => "alice's setting bits",
            Role::Bob => "bob's setting bits",
        };
        let (flags, bits) = (Noise::new(seed, "test flags"), Noise::new(seed, purpose));
        Self { role, test_probability, flags, bits }
    }
}

impl SettingChooser for SeededChooser {
    fn choose(&mut self, round: u64) -> Setting {
        if self.test_probability.is_test((self.flags.word(round) >> 48) as u16) {
            return Setting::from_bit(self.bits.word(round) >> 63 == 1);
        }
        match self.role {
            Role::Alice => Setting::ALICE_KEY,
            Role::Bob => Setting::BOB_KEY,
        }
    }
}
