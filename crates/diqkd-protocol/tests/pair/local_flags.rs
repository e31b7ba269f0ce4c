//! Flags that a site draws for itself.

use diqkd_core::{Role, Setting, TestProbability};
use diqkd_hal::SettingChooser;
use diqkd_protocol::LocalFlagChooser;
use rand::SeedableRng;
use rand::rngs::StdRng;

use crate::SettingBits;

#[test]
fn flags_come_as_often_as_stated_and_settings_fit_them() {
    let probability = TestProbability::nearest(0.2).unwrap();
    for (role, key_setting) in [(Role::Alice, Setting::ALICE_KEY), (Role::Bob, Setting::BOB_KEY)] {
        let rng = SettingBits(StdRng::seed_from_u64(5));
        let (mut chooser, raised) = LocalFlagChooser::new(role, probability, rng);
        let rounds: Vec<u64> = (0..100_000).map(|i| 3 * i).collect();
        let settings: Vec<Setting> = rounds.iter().map(|&round| chooser.choose(round)).collect();
        let up: Vec<u64> = raised.take().iter().collect();
        assert!(raised.take().is_empty());
        // 100,000 flags of 0.2: standard deviation 126; 20,000 fair bits: 71. Six of either are a false alarm of 2e-9.
        assert!(up.len().abs_diff(20_000) < 6 * 127, "{}", up.len());
        let ones = up.iter().filter(|&&round| settings[round as usize / 3].index() == 1).count();
        assert!((2 * ones).abs_diff(up.len()) < 12 * 72, "{ones} of {}", up.len());
        assert!(
            up.iter().all(|&round| settings[round as usize / 3].index() <= 1),
            "a test has a test setting"
        );
        let down = rounds.iter().zip(&settings).filter(|(round, _)| up.binary_search(round).is_err());
        assert!({ down }.all(|(_, &setting)| setting == key_setting));
    }
}
