//! Honest experiments against their parameters. Bounds are at 5 standard deviations: each comparison raises a false
//! alarm with probability 6e-7 over the choice of the (fixed) seed, fewer than 1e-4 in the whole file.

use diqkd_core::{Role, Setting, TestProbability, Trial};
use diqkd_sim::{Experiment, Fault, FaultKind, Preset, SeededChooser, TrialCounts, TriggerModel};

/// Counts `N(a, b, x, y)` and the number of slots used.
struct Counts {
    n: [[[[u64; 2]; 2]; 4]; 4],
    slots: u64,
}

fn count(trials: impl Iterator<Item = Trial>) -> Counts {
    let mut counts = Counts { n: [[[[0; 2]; 2]; 4]; 4], slots: 0 };
    for t in trials {
        let cell = &mut counts.n[usize::from(t.x.index())][usize::from(t.y.index())];
        cell[usize::from(t.a.bit())][usize::from(t.b.bit())] += 1;
        counts.slots = t.round + 1;
    }
    counts
}

impl Counts {
    fn total(&self, x: usize, y: usize) -> f64 {
        self.n[x][y].iter().flatten().sum::<u64>() as f64
    }
}

fn assert_share(what: &str, seen: f64, of: f64, p: f64) {
    let sigma = (p * (1.0 - p) / of).sqrt();
    assert!((seen / of - p).abs() < 5.0 * sigma + 1e-12, "{what}: {} of {of}, expected {p}", seen / of);
}

const ROUNDS: u64 = 400_000;

#[test]
fn presets_show_their_probabilities() {
    for preset in Preset::ALL {
        let experiment = Experiment::new(preset, ROUNDS, 20);
        let gamma = preset.test_probability();
        let counts = count(experiment.seeded_trials(gamma));
        let behaviour = experiment.model.behaviour();
        let n = experiment.rounds_with_margin() as f64;

        let mut tests = 0.0;
        for x in 0..2u8 {
            for y in 0..2u8 {
                let (x_set, y_set) = (Setting::new(x).unwrap(), Setting::new(y).unwrap());
                let total = counts.total(usize::from(x), usize::from(y));
                let cell = counts.n[usize::from(x)][usize::from(y)];
                let equal = (cell[0][0] + cell[1][1]) as f64;
                let p = (1.0 + behaviour.correlator(x_set, y_set)) / 2.0;
                assert_share(&format!("{preset}: E({x},{y})"), equal, total, p);
                tests += total;
            }
        }
        assert_share(&format!("{preset}: gamma"), tests, n, gamma.get());
        let key = counts.n[0][2];
        assert_share(
            &format!("{preset}: Q"),
            (key[0][1] + key[1][0]) as f64,
            counts.total(0, 2),
            behaviour.qber(),
        );
        if let TriggerModel::EventReady { probability, lost, .. } = experiment.model.trigger {
            let p = probability * (1.0 - lost) * (1.0 - lost);
            assert_share(&format!("{preset}: heralds"), n, counts.slots as f64, p);
        } else {
            assert_eq!(counts.slots, experiment.rounds_with_margin());
        }
    }
}

#[test]
fn the_measured_s_and_q_of_oxford_are_the_published_ones() {
    let preset = Preset::Oxford2022;
    let half = TestProbability::nearest(0.5).unwrap();
    let counts = count(Experiment::new(preset, 4 * ROUNDS, 3).seeded_trials(half));
    let correlator = |x: usize, y: usize| {
        let cell = counts.n[x][y];
        (cell[0][0] + cell[1][1]) as f64 / counts.total(x, y) * 2.0 - 1.0
    };
    let s = correlator(0, 0) + correlator(0, 1) + correlator(1, 0) - correlator(1, 1);
    // Each correlator has variance (1 - E^2) / n with E = S/4 and n = 2e5.
    let sigma = (4.0 * (1.0 - (2.677f64 / 4.0).powi(2)) / 2e5).sqrt();
    assert!((s - 2.677).abs() < 5.0 * sigma, "{s}");
}

#[test]
fn honest_devices_do_not_signal() {
    for preset in Preset::ALL {
        let half = TestProbability::nearest(0.5).unwrap();
        let counts = count(Experiment::new(preset, ROUNDS, 21).seeded_trials(half));
        for own in 0..2 {
            // Alice's outcome at setting `own` for y = 0 and y = 1, Bob's likewise.
            let alice = |y: usize| (counts.n[own][y][1].iter().sum::<u64>() as f64, counts.total(own, y));
            let bob =
                |x: usize| ((counts.n[x][own][0][1] + counts.n[x][own][1][1]) as f64, counts.total(x, own));
            for side in [[alice(0), alice(1)], [bob(0), bob(1)]] {
                let [(k0, n0), (k1, n1)] = side;
                let pooled = (k0 + k1) / (n0 + n1);
                let z = (k0 / n0 - k1 / n1) / (pooled * (1.0 - pooled) * (1.0 / n0 + 1.0 / n1)).sqrt();
                assert!(z.abs() < 5.0, "{preset}, setting {own}: z = {z}");
            }
        }
    }
}

#[test]
fn one_seed_gives_one_world_and_another_seed_another() {
    let gamma = Preset::Munich2022.test_probability();
    let trials = |seed| -> Vec<Trial> {
        Experiment::new(Preset::Munich2022, 5000, seed).seeded_trials(gamma).collect()
    };
    assert_eq!(trials(1), trials(1));
    assert_ne!(trials(1), trials(2));
    assert_eq!(trials(1).len(), 5000 + 25 + 100);
}

#[test]
fn counts_of_slot_ranges_add_up_to_the_trials() {
    for preset in [Preset::Oxford2022, Preset::Photonic] {
        let gamma = preset.test_probability();
        let fault = |kind, slots| Fault { kind, slots, severity: 0.4 };
        let experiment = Experiment::new(preset, 20_000, 22)
            .with_fault(fault(FaultKind::SettingBias, 3000..6000))
            .with_fault(fault(FaultKind::Outage, 5000..9000))
            .with_fault(fault(FaultKind::LowRate, 8000..12_000));
        let trials: Vec<Trial> = experiment.seeded_trials(gamma).collect();
        let end = trials[trials.len() - 1].round + 1;
        let whole: TrialCounts = trials.into_iter().collect();
        assert_eq!(experiment.honest_counts(0..end, gamma), whole);
        assert_eq!(whole.trials(), experiment.rounds_with_margin());
        for pieces in [2, 7, 64] {
            let mut sum = TrialCounts::default();
            for i in 0..pieces {
                sum += &experiment.honest_counts(end * i / pieces..end * (i + 1) / pieces, gamma);
            }
            assert_eq!(sum, whole, "{preset} in {pieces} pieces");
        }
    }
}

#[test]
fn test_flags_are_shared_and_setting_bits_are_not() {
    let half = TestProbability::nearest(0.5).unwrap();
    let mut alice = SeededChooser::new(Role::Alice, half, 9);
    let mut bob = SeededChooser::new(Role::Bob, half, 9);
    let mut equal = 0;
    let mut tests = 0;
    for round in 0..10_000 {
        use diqkd_hal::SettingChooser;
        let (x, y) = (alice.choose(round), bob.choose(round));
        if y != Setting::BOB_KEY {
            tests += 1;
            equal += u32::from(x == y);
        } else {
            assert_eq!(x, Setting::ALICE_KEY);
        }
    }
    assert_share("tests", f64::from(tests), 10_000.0, 0.5);
    assert_share("equal bits", f64::from(equal), f64::from(tests), 0.5);
}
