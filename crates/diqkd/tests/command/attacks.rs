//! What the honest analysis says about devices of an adversary. No key is certified that should not be, with the error
//! probabilities stated.

use diqkd_bell::{BellTest, ConfidenceMethod, Counts, SettingBias};
use diqkd_core::{Epsilon, LeakBits, Outcome, Setting, TestProbability, Trial, WinProbability};
use diqkd_entropy::{
    Acceptance, EntropyBound, EpsilonSplit, KeyLength, Params, SingleRound, Theorem, key_length, single_round,
};
use diqkd_sim::{Experiment, Fault, FaultKind, Preset, Strategy};

use super::*;

const ROUNDS: u64 = 40_000;

/// Strategies that a local hidden variable describes.
const LOCAL: [Strategy; 6] = [
    Strategy::LocalHiddenVariables,
    Strategy::LocalWithMemory,
    Strategy::BiasedSettings,
    Strategy::DetectionLoophole,
    Strategy::FakedState,
    Strategy::CoincidenceTime,
];

fn half() -> TestProbability {
    TestProbability::nearest(0.5).unwrap()
}

fn counts(trials: impl Iterator<Item = Trial>) -> Counts {
    let mut counts = Counts::default();
    trials.for_each(|trial| counts.record(trial.x, trial.y, trial.a, trial.b));
    counts
}

/// The threshold that honest stations miss once in ten thousand blocks.
fn threshold(preset: Preset, tests: u64) -> WinProbability {
    let omega = (4.0 + preset.model().behaviour().chsh_s()) / 8.0;
    let sigma = (omega * (1.0 - omega) / tests as f64).sqrt();
    WinProbability::new(omega - 3.719 * sigma).unwrap()
}

#[test]
fn no_local_strategy_reaches_the_threshold_of_honest_stations() {
    let presets = [Preset::Oxford2022, Preset::Munich2022, Preset::Ustc2026, Preset::Photonic];
    let mut false_alarm = 0.0;
    for preset in presets {
        for strategy in LOCAL {
            for seed in 0..8 {
                let experiment = Experiment::new(preset, ROUNDS, seed).with_strategy(strategy);
                let test = counts(experiment.seeded_trials(half())).bell_test();
                let omega = threshold(preset, test.tests());
                let accept = Acceptance::ratio(ROUNDS, 0.5, omega);
                assert!(
                    !accept.accepts(test.wins(), test.tests()),
                    "{strategy} passes on {preset}: {test:?}"
                );
                // What a local model with memory does at best.
                let least = accept.min_wins(test.tests());
                let lucky = BellTest::new(test.tests(), least).unwrap().p_value(SettingBias::UNBIASED);
                false_alarm += lucky.probability();
            }
        }
    }
    assert!(false_alarm < 1e-60, "192 runs: together they are lucky with probability {false_alarm:e}");
}

#[test]
fn not_even_a_threshold_that_fits_the_data_gives_local_devices_a_key() {
    for strategy in LOCAL {
        let experiment = Experiment::new(Preset::Oxford2022, 200_000, 77).with_strategy(strategy);
        let test = counts(experiment.seeded_trials(half())).bell_test();
        // Local devices exceed 3/4 + 0.006 with 100 000 tests with probability below 1e-5.
        let seen = test.wins() as f64 / test.tests() as f64;
        let params = Params {
            rounds: 200_000,
            gamma: 0.5,
            omega_threshold: WinProbability::new(seen.clamp(0.75, 0.756)).unwrap(),
            leak_bits: LeakBits(0),
            eps_sound: Epsilon::new(1e-10).unwrap(),
            split: EpsilonSplit::Optimised,
            theorem: Theorem::Reat,
            bound: SingleRound::Chsh,
            assumptions: Vec::new(),
        };
        assert!(seen < 0.756, "{strategy}: {seen}");
        assert!(matches!(key_length(&params), Ok(KeyLength::NoKey(_))), "{strategy}, even without any leak");
    }
}

/// Devices that know the bias win the Bell test: what stands against them is the assumption of uniform settings, its
/// monitors, and the p-value that is told the bias.
#[test]
fn a_known_setting_bias_fools_the_plain_test_and_neither_the_monitor_nor_the_test_that_knows_it() {
    let bias = 0.3;
    let stuck = Fault { kind: FaultKind::SettingBias, slots: 0..u64::MAX, severity: 2.0 * bias };
    for seed in 0..10 {
        let experiment =
            Experiment::new(Preset::Oxford2022, ROUNDS, seed).with_strategy(Strategy::BiasedSettings);
        let counts = counts(experiment.with_fault(stuck.clone()).seeded_trials(half()));
        let test = counts.bell_test();
        let accept = Acceptance::ratio(ROUNDS, 0.5, threshold(Preset::Oxford2022, test.tests()));
        assert!(accept.accepts(test.wins(), test.tests()), "the plain test is fooled: {test:?}");
        // One in a million an honest generator exceeds 2 % here.
        let found = counts.setting_bias_bound(Epsilon::new(1e-6).unwrap()).unwrap();
        assert!(found.tau_a() > bias && found.tau_b() < 0.03, "{found:?}");
        // Ten seeds: false alarm 1e-5.
        let known = SettingBias::new(bias, 0.0).unwrap();
        assert!(test.p_value(known).probability() > 1e-6, "{:?}", test.p_value(known));
        assert!(test.p_value(SettingBias::UNBIASED).log10() < -100.0);
    }
}

#[test]
fn the_bell_command_shows_the_bias_of_a_stuck_line() {
    let folder = folder("attack-bias");
    let out = folder.to_str().unwrap();
    let given = ["--preset", "delft-2015", "--rounds", "5000", "--seed", "1", "--attack", "biased-settings"];
    let fault = ["--fault", "F3", "--onset", "0", "--severity", "0.6"];
    let (status, simulated) = json(&[&["simulate", "--out", out][..], &given, &fault].concat());
    assert_eq!(status, 0, "{simulated}");
    let path = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    let (a, b, rule, table, counts) =
        (path("alice.ptu"), path("bob.ptu"), path("rule.json"), path("t.csv"), path("c.csv"));
    let max_offset = simulated["max_offset_ps"].to_string();
    let rest = ["--rule", &rule, "--out", &table, "--counts", &counts, "--max-offset-ps", &max_offset];
    assert_eq!(json(&[&["tags", "trials", &a, &b][..], &rest].concat()).0, 0);
    // A Bell test has next to no key rounds; those few are left out.
    let text = std::fs::read_to_string(&counts).unwrap();
    let tests: Vec<&str> = text.lines().filter(|line| !line.starts_with("0,2,")).collect();
    std::fs::write(&counts, tests.join("\n") + "\n").unwrap();
    let (status, bell) = json(&["bell", &counts]);
    assert_eq!(status, 0, "{bell}");
    // 3500 of 5000 settings instead of 2500: 42 standard deviations.
    assert!(bell["settings_bias"]["z_x"].as_f64().unwrap().abs() > 20.0, "{bell}");
    assert!(bell["settings_bias"]["z_y"].as_f64().unwrap().abs() < 6.0, "{bell}");
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn the_certified_min_entropy_approaches_that_of_the_collective_attack_from_below() {
    let s = 2.677f64;
    let mut gaps = Vec::new();
    for (rounds, seed) in [(20_000, 1), (200_000, 2), (2_000_000, 3)] {
        let experiment =
            Experiment::new(Preset::Oxford2022, rounds, seed).with_strategy(Strategy::Collective);
        let mut trials = experiment.seeded_trials(half());
        let (mut right, mut keys, mut tests, mut wins) = (0u64, 0u64, 0u64, 0u64);
        while let Some(trial) = trials.next() {
            if trial.y == Setting::BOB_KEY {
                keys += 1;
                right += u64::from(trials.guess() == Some(trial.a));
            } else {
                tests += 1;
                wins += u64::from(trial.wins_chsh());
            }
        }
        // One in a thousand for the bound on S, 3.3 standard deviations for the guesses: 1.5e-3 for each size.
        let eps = Epsilon::new(1e-3).unwrap();
        let lower = BellTest::new(tests, wins).unwrap().omega_lower(ConfidenceMethod::ClopperPearson, eps);
        let certified = single_round(EntropyBound::MinEntropy, lower.chsh_s()).unwrap().entropy_bits;
        let guessed = right as f64 / keys as f64;
        let error = 3.3 * (guessed * (1.0 - guessed) / keys as f64).sqrt();
        let measured = -(guessed + error).log2();
        let upper = -(guessed - error).log2();
        assert!(certified <= upper, "{rounds}: certified {certified}, the adversary leaves {upper}");
        let exact = 1.0 - (1.0 + (2.0 - s * s / 4.0).sqrt()).log2();
        assert!(measured <= exact + 1e-12 && exact <= upper, "{rounds}: {measured} {exact} {upper}");
        gaps.push(exact - certified);
    }
    assert!(gaps.is_sorted_by(|a, b| a > b) && gaps[2] < 0.02, "{gaps:?}");
}

#[test]
fn a_hash_that_was_known_is_forced_and_any_other_is_not() {
    const ROUNDS: u64 = 20_000;
    for seed in 0..5 {
        let experiment = Experiment::new(Preset::Oxford2022, ROUNDS, seed).with_strategy(Strategy::KnownHash);
        let trials: Vec<Trial> = experiment.seeded_trials(half()).take(ROUNDS as usize).collect();
        let test = counts(trials.iter().copied()).bell_test();
        let omega = threshold(Preset::Oxford2022, test.tests());
        let accept = Acceptance::ratio(ROUNDS, 0.5, omega);
        assert!(accept.accepts(test.wins(), test.tests()), "the Bell test alone can't see it: {test:?}");
        let hash = |purpose: &str| -> u32 {
            let noise = diqkd_sim::Noise::new(seed, purpose);
            let t = |i: u64| noise.word(i / 64) >> (i % 64) & 1 == 1;
            let ones = |i: u64| {
                let bits = trials.iter().enumerate().filter(|(_, trial)| trial.a == Outcome::Minus);
                bits.fold(false, |y, (j, _)| y ^ t(i + ROUNDS - 1 - j as u64))
            };
            (0..256).map(|i| u32::from(ones(i))).sum()
        };
        assert_eq!(hash("known hash"), 0, "seed {seed}");
        // 256 fair bits: 128 +- 8, six standard deviations.
        assert!(hash("a seed drawn afterwards").abs_diff(128) < 48, "seed {seed}");
    }
}
