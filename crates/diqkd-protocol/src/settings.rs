//! The choice of test rounds and settings (spot-checking CHSH, test flags from a pre-shared expanded seed).
//!
//! For every round the flag is `word < gamma * 65536` with a 16-bit word of the keyed BLAKE3 output stream at position
//! `2 * round`; the seed is 32 bytes of pre-shared key that neither source nor devices see while rounds are running,
//! and that is used for one session only. In a test round the site's own generator draws the setting; in a key round
//! it is fixed (`x = 0`, `y = 2`), or, with two key bases, drawn from the same seed (`x` uniform, `y = 2 + x`). Every certificate lists what this rests on (`ExpandedTestFlags`).

use core::convert::Infallible;

use diqkd_core::{Role, Setting, TestProbability};
use diqkd_hal::{SettingChooser, SettingRng};
use rand_core::Rng;
use zeroize::Zeroizing;

use crate::variant::KeyBases;

/// The test flags of a session, by round.
pub struct TestFlags {
    stream: blake3::OutputReader,
    gamma: TestProbability,
    page: Zeroizing<Vec<u8>>,
    page_index: Option<u64>,
    bases: Option<blake3::OutputReader>,
}

impl TestFlags {
    /// The flags that `seed` expands to.
    pub fn new(seed: &[u8; 32], gamma: TestProbability) -> Self {
        let stream = blake3::Hasher::new_keyed(seed).update(b"diqkd test flags v1").finalize_xof();
        Self { stream, gamma, page: Zeroizing::new(vec![0; PAGE_BYTES]), page_index: None, bases: None }
    }

    /// The same flags with key rounds in two bases: the basis of a round is the lowest bit of the byte at position `round`
    /// of another keyed stream of the same seed.
    #[must_use]
    pub fn with_key_bases(self, seed: &[u8; 32], bases: KeyBases) -> Self {
        let stream = || blake3::Hasher::new_keyed(seed).update(b"diqkd key bases v1").finalize_xof();
        Self { bases: (bases == KeyBases::Two).then(stream), ..self }
    }

    /// The key basis of a round, should it be a key round.
    pub fn key_basis(&mut self, round: u64) -> bool {
        let Some(stream) = &mut self.bases else { return false };
        let mut byte = [0];
        stream.set_position(round);
        stream.fill(&mut byte);
        byte[0] & 1 == 1
    }

    /// Whether `round` is a test round. Cheapest for increasing rounds.
    pub fn is_test(&mut self, round: u64) -> bool {
        let page_index = round / ROUNDS_PER_PAGE;
        if self.page_index != Some(page_index) {
            // The stream is 2^64 bytes long: rounds from 2^63 on wrap, which no slot counter reaches.
            self.stream.set_position(page_index.wrapping_mul(PAGE_BYTES as u64));
            self.stream.fill(&mut self.page);
            self.page_index = Some(page_index);
        }
        let at = 2 * (round % ROUNDS_PER_PAGE) as usize;
        self.gamma.is_test(u16::from_le_bytes([self.page[at], self.page[at + 1]]))
    }
}

/// One site's trusted controller: test flag and private bit in, setting out.
///
/// The generator can't fail: one that can has to stop its station when it does, since a round without a setting, or
/// with a made-up one, is not a round.
pub struct SpotCheckChooser<R> {
    role: Role,
    flags: TestFlags,
    rng: R,
}

impl<R: SettingRng<Error = Infallible>> SpotCheckChooser<R> {
    /// A chooser for `role` with the session's flags and the site's own setting generator.
    pub fn new(role: Role, flags: TestFlags, rng: R) -> Self {
        Self { role, flags, rng }
    }
}

impl<R: SettingRng<Error = Infallible>> SettingChooser for SpotCheckChooser<R> {
    fn choose(&mut self, round: u64) -> Setting {
        if self.flags.is_test(round) {
            return Setting::from_bit(self.rng.next_u32() & 1 == 1);
        }
        key_setting(self.role, self.flags.key_basis(round))
    }
}

/// The setting of a key round in a basis.
pub(crate) fn key_setting(role: Role, basis: bool) -> Setting {
    match (role, basis) {
        (Role::Alice, basis) => Setting::from_bit(basis),
        (Role::Bob, false) => Setting::BOB_KEY,
        (Role::Bob, true) => Setting::BOB_SECOND_KEY,
    }
}

/// Whether a recorded setting is possible in a round with this flag.
pub(crate) fn setting_fits(role: Role, is_test: bool, basis: bool, setting: Setting) -> bool {
    if is_test { setting.index() < 2 } else { setting == key_setting(role, basis) }
}

const PAGE_BYTES: usize = 4096;
const ROUNDS_PER_PAGE: u64 = PAGE_BYTES as u64 / 2;

#[cfg(test)]
mod tests {
    use super::*;

    fn flags(threshold: u16) -> TestFlags {
        TestFlags::new(&[42; 32], TestProbability::from_threshold(threshold).unwrap())
    }

    #[test]
    fn flags_do_not_depend_on_the_order_of_questions() {
        let mut forward = flags(3328);
        let expected: Vec<bool> = (0..10_000).map(|round| forward.is_test(round)).collect();
        let mut backward = flags(3328);
        for round in (0..10_000u64).rev() {
            assert_eq!(backward.is_test(round), expected[round as usize], "{round}");
        }
    }

    #[test]
    fn the_flag_of_a_round_is_its_word_of_the_keyed_stream() {
        let mut bytes = [0; 2 * 5000];
        blake3::Hasher::new_keyed(&[42; 32]).update(b"diqkd test flags v1").finalize_xof().fill(&mut bytes);
        let mut flags = flags(20_000);
        for (round, word) in bytes.chunks(2).enumerate() {
            let word = u16::from_le_bytes([word[0], word[1]]);
            assert_eq!(flags.is_test(round as u64), word < 20_000);
        }
    }

    #[test]
    fn tests_come_as_often_as_gamma_says() {
        // 1e6 rounds at gamma = 13/256: standard deviation 219.6; six of them are a false alarm of 2e-9.
        let mut flags = flags(3328);
        let tests = (0..1_000_000).filter(|&round| flags.is_test(round)).count() as f64;
        assert!((tests - 1e6 * 13.0 / 256.0).abs() < 6.0 * 219.6, "{tests}");
    }

    #[test]
    fn only_fitting_settings_pass() {
        let fits = |role, is_test, basis, setting| {
            setting_fits(role, is_test, basis, Setting::new(setting).unwrap())
        };
        for (basis, alice, bob) in [(false, 0, 2), (true, 1, 3)] {
            for setting in 0..4 {
                assert_eq!(fits(Role::Alice, false, basis, setting), setting == alice);
                assert_eq!(fits(Role::Bob, false, basis, setting), setting == bob);
                assert_eq!(fits(Role::Bob, true, basis, setting), setting < 2);
            }
        }
    }

    #[test]
    fn two_key_bases_come_equally_often_and_one_always() {
        let mut one = flags(3328);
        assert!((0..1000).all(|round| !one.key_basis(round)));
        let mut two = flags(3328).with_key_bases(&[42; 32], KeyBases::Two);
        // 100,000 bits: standard deviation 158; six of them are a false alarm of 2e-9. Test flags stay as they are.
        let ones = (0..100_000).filter(|&round| two.key_basis(round)).count();
        assert!(ones.abs_diff(50_000) < 950, "{ones}");
        assert!((0..5000).all(|round| one.is_test(round) == two.is_test(round)));
    }
}
