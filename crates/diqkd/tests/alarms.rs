//! The simulator's faults F1 to F7 against the monitors: each raises an alarm of its own mode soon after its onset, none
//! before, and a healthy link raises none.
//!
//! Every monitor sees what a site sees: tags, settings, outcomes, and a clock that was recovered before the fault.

#![expect(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

use std::ops::ControlFlow;

use diqkd_core::{Channel, Epsilon, Outcome, Role, Setting, TestProbability, Trial};
use diqkd_hal::{ChannelUse, TagBlock, record};
use diqkd_health::{
    Alarm, AlarmBudget, Band, BellLimits, BellWatch, BellWindow, ClockLimits, ClockWatch, ClockWindow,
    DetectorLimits, DetectorWatch, DetectorWindow, FirmwareLimits, FirmwareWatch, FirmwareWindow, KeyRelease,
    LinkLimits, LinkWatch, QberWatch, RandomnessLimits, RandomnessWatch, TIMING_BINS, TrialRateWatch,
};
use diqkd_sim::{Experiment, Fault, FaultKind, Preset, SeededChooser, SimulatedStation};

/// Windows of a run; a fault begins after half of them.
const WINDOWS: usize = 40;
const ROUNDS: u64 = 40_000;

/// False-alarm probability a window of each monitor.
const ALPHA: f64 = 1e-7;

fn alpha() -> Epsilon {
    Epsilon::new(ALPHA).unwrap()
}

fn half() -> TestProbability {
    TestProbability::nearest(0.5).unwrap()
}

/// A window of slots, as both sites saw it.
#[derive(Clone, Default)]
struct Window {
    trials: Vec<Trial>,
    /// Time of Bob's heralds minus what the recovered clock says, in ps.
    residuals: Vec<f64>,
    alice_heralds: u64,
    alice_timing: [u64; TIMING_BINS],
    alice_clicks: u64,
    bob_clicks: u64,
    bob_tags: u64,
}

fn tags(role: Role, experiment: &Experiment) -> Vec<(i64, ChannelUse)> {
    let chooser = |role| Box::new(SeededChooser::new(role, half(), experiment.seed));
    let mut station = SimulatedStation::new(role, experiment, chooser(Role::Alice), chooser(Role::Bob));
    let layout = experiment.layout();
    let (mut time_ps, mut channel) = ([0; 4096], [0; 4096]);
    let mut tags = Vec::new();
    let block = TagBlock { time_ps: &mut time_ps, channel: &mut channel };
    let Ok(_) = record(&mut station, block, |times, channels, _| {
        let meanings = channels.iter().map(|&channel| layout.channels.meaning(Channel(channel)));
        tags.extend(times.iter().zip(meanings).filter_map(|(&time, meaning)| Some((time, meaning?))));
        ControlFlow::Continue(())
    });
    tags
}

/// The windows of a run with or without a fault.
fn windows(fault: Option<FaultKind>, seed: u64) -> Vec<Window> {
    let clean = Experiment::new(Preset::Oxford2022, ROUNDS, seed);
    // Two windows more are simulated than looked at, since the data may end a little early.
    let slots = clean.expected_slots() / (WINDOWS as u64 + 2);
    let experiment = fault.map_or(clean.clone(), |kind| {
        clean.clone().with_fault(Fault::typical(kind, WINDOWS as u64 / 2 * slots))
    });
    let mut windows = vec![Window::default(); WINDOWS];
    let place = |slot: u64| usize::try_from(slot / slots).ok().filter(|&place| place < WINDOWS);
    for trial in experiment.seeded_trials(half()) {
        let Some(place) = place(trial.round) else { break };
        windows[place].trials.push(trial);
    }
    let layout = experiment.layout();
    let (alice, bob) = (tags(Role::Alice, &experiment), tags(Role::Bob, &experiment));
    let mut alice_heralds = Vec::new();
    for (time, meaning) in alice {
        let Some((slot, inside)) = layout.slot_of(time) else { continue };
        let Some(place) = place(slot) else { break };
        match meaning {
            ChannelUse::Herald => {
                alice_heralds.push((time, place));
                windows[place].alice_heralds += 1;
            }
            ChannelUse::Click(_) => {
                let bin = inside * TIMING_BINS as i64 / layout.slot_period_ps;
                windows[place].alice_timing[bin as usize] += 1;
                windows[place].alice_clicks += 1;
            }
            ChannelUse::Setting(_) => {}
        }
    }
    let offset = clean.bob_clock().offset_ps();
    let bob_heralds: Vec<i64> =
        bob.iter().filter(|tag| tag.1 == ChannelUse::Herald).map(|tag| tag.0).collect();
    for (time, meaning) in &bob {
        let Some(place) = layout.slot_of(time - offset).and_then(|(slot, _)| place(slot)) else { continue };
        windows[place].bob_tags += 1;
        windows[place].bob_clicks += u64::from(matches!(meaning, ChannelUse::Click(_)));
    }
    let mut recovered = clean.bob_clock();
    for (time, place) in alice_heralds {
        let predicted = recovered.bob_ps(time);
        let after = bob_heralds.partition_point(|&herald| herald < predicted);
        let neighbours = [after.checked_sub(1), Some(after)];
        let nearest = neighbours
            .into_iter()
            .flatten()
            .filter_map(|i| bob_heralds.get(i))
            .map(|herald| herald - predicted)
            .min_by_key(|residual| residual.abs())
            .filter(|residual| residual.abs() < 2_000_000);
        windows[place].residuals.extend(nearest.map(|residual| residual as f64));
    }
    windows
}

/// All alarms of a run, with the window in which each was raised, and whether key release was held at the end.
fn watch(windows: &[Window]) -> (Vec<(usize, Alarm)>, KeyRelease) {
    let model = Preset::Oxford2022.model();
    let behaviour = model.behaviour();
    let expected = [false, true].map(|x| {
        [false, true].map(|y| {
            let won = [false, true].map(|a| {
                let [x_set, y_set] = [x, y].map(Setting::from_bit);
                let [a, b] = [a, a ^ (x && y)].map(Outcome::from_bit);
                behaviour.probability(a, b, x_set, y_set)
            });
            won[0] + won[1]
        })
    });
    let mean: f64 = expected.iter().flatten().sum::<f64>() / 4.0;
    // What is typical of this link, from its first five windows.
    let typical = |of: &dyn Fn(&Window) -> f64| windows[..5].iter().map(of).sum::<f64>() / 5.0;
    let clicks = typical(&|w| w.bob_clicks as f64);
    let rounds = typical(&|w| w.trials.len() as f64);
    let attempts = 1_000_000u64;
    let share = rounds / attempts as f64;
    let mut bell = BellWatch::new(BellLimits {
        floor: mean - 0.02,
        expected,
        tolerance: 0.02,
        expected_no_click: 1.0,
        alpha: alpha(),
    })
    .unwrap();
    let mut qber = QberWatch::new(0.04, alpha()).unwrap();
    let mut clock = ClockWatch::new(ClockLimits {
        offset_ps: 20_000.0,
        sigma_ps: 5_000.0,
        discard_share: 0.02,
        no_fix: 1e-3,
        alpha: alpha(),
    })
    .unwrap();
    let mut randomness = RandomnessWatch::new(RandomnessLimits {
        h_min: 1.0,
        tau: 0.01,
        budget: AlarmBudget { alarms_per_year: 0.01, samples_per_second: 1e3 },
    })
    .unwrap();
    let mut detector = DetectorWatch::new(DetectorLimits {
        clicks: Band { low: 0.85 * clicks, high: 1.15 * clicks },
        dark: Band { low: 0.0, high: 1.0 },
        dead_time: 0.0,
        busy: 1.0,
        too_short: 1.0,
        just_after: 0.0,
        alpha: alpha(),
    })
    .unwrap();
    let mut link = LinkWatch::new(LinkLimits { period: 1, loss: 1e-4, alpha: alpha() }, 0).unwrap();
    let mut firmware = FirmwareWatch::new(
        FirmwareLimits { canary_tests: 8_000, share_tolerance: 0.02, rate_tolerance: 0.1, alpha: alpha() },
        1,
    );
    let mut trial_rate =
        TrialRateWatch::new(Band { low: 0.85 * share, high: 1.15 * share }, alpha()).unwrap();

    let mut alarms = Vec::new();
    let mut bits = Vec::new();
    for (at, window) in windows.iter().enumerate() {
        let now = at as u64;
        let mut found = Vec::new();
        let (mut test, mut patterns) = (BellWindow::default(), [0u64; 16]);
        let (mut compared, mut errors) = (0, 0);
        for trial in &window.trials {
            let (x, y) = (usize::from(trial.x.index()), usize::from(trial.y.index()));
            let (a, b) = (usize::from(trial.a.bit()), usize::from(trial.b.bit()));
            if y < 2 {
                test.tests[x][y] += 1;
                test.wins[x][y] += u64::from(trial.wins_chsh());
                patterns[x + 2 * y + 4 * a + 8 * b] += 1;
                bits.push(x == 1);
            } else {
                compared += 1;
                errors += u64::from(a != b);
            }
        }
        found.extend(bell.push(now, &test).unwrap());
        found.extend(qber.push(now, errors, compared).unwrap());
        let fixes = window.residuals.len() as f64;
        let residual = (fixes >= 10.0).then(|| window.residuals.iter().sum::<f64>() / fixes);
        let synchronised = ClockWindow { residual_ps: residual, discarded: 0, rounds: window.alice_heralds };
        if window.bob_tags > 0 {
            // Without any tag it is the link that is silent, or the station.
            found.extend(clock.push(now, &synchronised).unwrap());
            link.heard(now + 1);
            found.extend(
                detector
                    .push(
                        now,
                        &DetectorWindow {
                            exposure: 1.0,
                            clicks: window.bob_clicks,
                            dark_exposure: 0.0,
                            dark_clicks: 0,
                            too_short: 0,
                            just_after: 0,
                            bins: &[],
                        },
                    )
                    .unwrap(),
            );
            let trials = window.trials.len() as u64;
            found.extend(trial_rate.push(now, trials, attempts).unwrap());
        }
        found.extend(link.check(now + 1));
        while bits.len() >= 64 {
            let word = bits.drain(..64).enumerate().fold(0, |word, (i, bit)| word | u64::from(bit) << i);
            found.extend(randomness.push_words(&[word]));
        }
        // Half way through the run the firmware is replaced, whether it fails or not.
        let recorded = FirmwareWindow {
            trials: patterns,
            timing: window.alice_timing,
            clicks: window.alice_clicks,
            exposure: window.alice_heralds as f64,
        };
        let id = if at < WINDOWS / 2 { 1 } else { 2 };
        found.extend(firmware.push(now, id, &recorded).unwrap());
        alarms.extend(found.into_iter().map(|alarm| (at, alarm)));
    }
    (alarms, firmware.key_release())
}

#[test]
fn every_fault_raises_its_alarm() {
    let onset = WINDOWS / 2;
    for kind in FaultKind::ALL {
        let (alarms, release) = watch(&windows(Some(kind), 50));
        assert!(alarms.iter().all(|(at, _)| *at >= onset), "{kind}: before the onset");
        let own = alarms.iter().find(|(_, alarm)| alarm.mode().to_string() == kind.code());
        let (at, alarm) = own.unwrap_or_else(|| panic!("{kind}: no alarm of its own"));
        println!("{kind} in window {} of its own: {alarm}", at - onset);
        assert!(*at < onset + 8, "{kind}: {at}");
        assert!(!alarm.next_step().is_empty() && alarm.false_alarm.is_some(), "{kind}");
        assert!(kind != FaultKind::TimingShift || release == KeyRelease::Held, "{release:?}");
    }
}

/// 10 runs of 40 windows, some ten monitors, a change of firmware each: 4e-4 false alarms expected.
#[test]
fn healthy_links_stay_quiet() {
    for seed in 60..70 {
        let (alarms, release) = watch(&windows(None, seed));
        assert!(alarms.is_empty(), "{seed}: {alarms:?}");
        assert_eq!(release, KeyRelease::Open, "the canary has passed");
    }
}
