//! Bounds and p-values against simulated experiments with known truth, at fixed seeds.

use diqkd_bell::{ConfidenceMethod, Counts, SettingBias};
use diqkd_core::{Epsilon, Outcome, Setting};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

const EXPERIMENTS: u32 = 1000;

/// More failures than this among [`EXPERIMENTS`] at a true rate of at most 5 % have probability below 1e-6.
const TOLERATED: u32 = 50 + 35;

/// A trial of a noisy quantum box that wins at settings (x, y) with probability `win[x][y]`.
fn quantum_trial(counts: &mut Counts, rng: &mut StdRng, p_one: f64, win: [[f64; 2]; 2]) {
    let (x, y) = (rng.random_bool(p_one), rng.random_bool(p_one));
    let won = rng.random_bool(win[usize::from(x)][usize::from(y)]);
    let a = rng.random_bool(0.5);
    let b = a ^ (x && y) ^ !won;
    counts.record(Setting::from_bit(x), Setting::from_bit(y), Outcome::from_bit(a), Outcome::from_bit(b));
}

#[test]
fn lower_bounds_on_s_are_rarely_crossed() {
    let mut rng = StdRng::seed_from_u64(20_151_021);
    let eps = Epsilon::new(0.05).expect("a probability");
    let win = [[0.86, 0.80], [0.83, 0.85]];
    let s = 2.0 * win.iter().flatten().sum::<f64>() - 4.0;
    let (mut given_settings, mut game, mut any_time) = (0, 0, 0);
    for _ in 0..EXPERIMENTS {
        let (mut biased, mut uniform) = (Counts::new(), Counts::new());
        for _ in 0..300 {
            quantum_trial(&mut biased, &mut rng, 0.3, win);
            quantum_trial(&mut uniform, &mut rng, 0.5, win);
        }
        let test = uniform.bell_test();
        given_settings += u32::from(biased.chsh_lower(eps).is_ok_and(|bound| bound > s));
        game += u32::from(test.omega_lower(ConfidenceMethod::ClopperPearson, eps).chsh_s() > s);
        any_time += u32::from(test.omega_lower_any_time(eps).chsh_s() > s);
    }
    assert!(given_settings <= TOLERATED && game <= TOLERATED && any_time <= TOLERATED);
    assert!(game > 10, "the exact bound is not needlessly low: {game} of {EXPERIMENTS}");
}

#[test]
fn a_local_device_with_memory_that_predicts_settings_does_not_beat_the_p_values() {
    let mut rng = StdRng::seed_from_u64(20_151_116);
    let tau = 0.05;
    let bias = SettingBias::new(tau, tau).expect("a small bias");
    let (mut by_p, mut by_e) = (0, 0);
    for _ in 0..EXPERIMENTS {
        let mut counts = Counts::new();
        let mut ever = false;
        for i in 0..200u32 {
            let (x, y) = (rng.random_bool(0.5 - tau), rng.random_bool(0.5 - tau));
            // Loses at (1,1) only, the pair it expects least; while ahead it gambles on another strategy.
            let test = counts.bell_test();
            let ahead = test.wins() * 4 > test.tests() * 3 + 20;
            let b = ahead && y;
            counts.record(Setting::from_bit(x), Setting::from_bit(y), Outcome::Plus, Outcome::from_bit(b));
            ever |= i > 10 && counts.bell_test().e_value(bias).p_value().probability() <= 0.05;
        }
        by_p += u32::from(counts.bell_test().p_value(bias).probability() <= 0.05);
        by_e += u32::from(ever);
    }
    assert!(by_p <= TOLERATED, "{by_p}");
    assert!(by_e <= TOLERATED, "watched after every trial: {by_e}");
}
