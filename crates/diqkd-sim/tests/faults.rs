//! Each fault shows where it should, from its onset on, and not before. Bounds at 5 standard deviations.

use core::ops::ControlFlow;

use diqkd_core::{Channel, Role, TestProbability, Trial};
use diqkd_hal::conformance::{TaggerCheck, TaggerOptions};
use diqkd_hal::{ChannelUse, Status, TagBlock, record};
use diqkd_sim::{Experiment, Fault, FaultKind, Preset, SeededChooser, SimulatedStation};

fn half() -> TestProbability {
    TestProbability::nearest(0.5).expect("one half is dyadic")
}

const ROUNDS: u64 = 100_000;

/// The trials before and after the onset in the middle.
fn split(preset: Preset, kind: FaultKind) -> (Vec<Trial>, Vec<Trial>, Fault) {
    let experiment = Experiment::new(preset, ROUNDS, 40);
    let fault = Fault::typical(kind, experiment.expected_slots() / 2);
    let trials = experiment.with_fault(fault.clone()).seeded_trials(half());
    let (before, after) = trials.partition(|trial| trial.round < fault.slots.start);
    (before, after, fault)
}

fn chsh_s(trials: &[Trial]) -> f64 {
    let correlator = |x: u8, y: u8| {
        let cell = trials.iter().filter(|t| (t.x.index(), t.y.index()) == (x, y));
        let (equal, n) = cell.fold((0.0, 0.0), |(e, n), t| (e + f64::from(u8::from(t.a == t.b)), n + 1.0));
        2.0 * equal / n - 1.0
    };
    correlator(0, 0) + correlator(0, 1) + correlator(1, 0) - correlator(1, 1)
}

/// Five standard deviations of S from `n` trials, half of them tests.
fn s_bound(trials: &[Trial]) -> f64 {
    5.0 * 4.0 / (trials.len() as f64 / 2.0).sqrt()
}

/// A recording: tags as time and channel, gaps from and to.
#[derive(Default)]
struct Tape {
    tags: Vec<(i64, u16)>,
    gaps: Vec<(i64, i64)>,
}

fn tape(role: Role, experiment: &Experiment) -> Tape {
    let chooser = |role| Box::new(SeededChooser::new(role, half(), experiment.seed));
    let mut station = SimulatedStation::new(role, experiment, chooser(Role::Alice), chooser(Role::Bob));
    let (mut time_ps, mut channel) = ([0; 4096], [0; 4096]);
    let mut tape = Tape::default();
    let block = TagBlock { time_ps: &mut time_ps, channel: &mut channel };
    let Ok(_) = record(&mut station, block, |times, channels, status| {
        tape.tags.extend(times.iter().copied().zip(channels.iter().copied()));
        if let Status::Gap { from_ps, to_ps } = status {
            tape.gaps.push((from_ps, to_ps));
        }
        ControlFlow::Continue(())
    });
    tape
}

#[test]
fn f1_lowers_s_by_its_severity() {
    let honest = Preset::Oxford2022.model().behaviour().chsh_s();
    let (before, after, fault) = split(Preset::Oxford2022, FaultKind::Misalignment);
    assert!((chsh_s(&before) - honest).abs() < s_bound(&before));
    assert!((chsh_s(&after) - honest * (1.0 - fault.severity)).abs() < s_bound(&after));
}

#[test]
fn f2_makes_bobs_clock_jump_and_drift() {
    let clean = Experiment::new(Preset::Oxford2022, 1000, 41);
    let faulty =
        clean.clone().with_fault(Fault { kind: FaultKind::ClockStep, slots: 1000..2000, severity: 0.5 });
    let at = |slot: i64| clean.model.timing.epoch_ps + slot * clean.model.timing.slot_period_ps;
    let gained = |slot| faulty.bob_clock().lead_ps(at(slot)) - clean.bob_clock().lead_ps(at(slot));
    assert_eq!(gained(999), 0.0);
    assert!((gained(1000) - 500_000.0).abs() < 1e-3);
    // 5 ppm for 1000 microseconds are 5 ns, and stay.
    assert!((gained(2000) - 505_000.0).abs() < 1e-3);
    assert!((gained(90_000) - 505_000.0).abs() < 1e-2);
    assert!(tape(Role::Bob, &faulty).tags.is_sorted_by_key(|tag| tag.0));
}

#[test]
fn f3_biases_alices_settings() {
    let (before, after, fault) = split(Preset::Oxford2022, FaultKind::SettingBias);
    let ones = |trials: &[Trial]| {
        let tests: Vec<_> = trials.iter().filter(|t| t.y.index() < 2).collect();
        let ones = tests.iter().filter(|t| t.x.index() == 1).count() as f64;
        (ones / tests.len() as f64, 5.0 * 0.5 / (tests.len() as f64).sqrt())
    };
    let (share, bound) = ones(&before);
    assert!((share - 0.5).abs() < bound);
    let (share, bound) = ones(&after);
    assert!((share - 0.5 * (1.0 - fault.severity)).abs() < bound, "{share}");
}

#[test]
fn f4_lights_bobs_detectors() {
    for preset in [Preset::Oxford2022, Preset::Photonic] {
        let experiment = Experiment::new(preset, 20_000, 42);
        let onset = experiment.expected_slots() / 2;
        let experiment = experiment.with_fault(Fault::typical(FaultKind::Saturation, onset));
        let layout = experiment.layout();
        let mut clock = experiment.bob_clock();
        let onset_ps = clock.bob_ps(layout.epoch_ps + onset as i64 * layout.slot_period_ps);
        let is_click =
            |channel| matches!(layout.channels.meaning(Channel(channel)), Some(ChannelUse::Click(_)));
        let clicks = |role, onset_ps: i64| {
            let times =
                tape(role, &experiment).tags.into_iter().filter(|tag| is_click(tag.1)).map(|tag| tag.0);
            let (before, after): (Vec<i64>, Vec<i64>) = times.partition(|&time_ps| time_ps < onset_ps);
            after.len() as f64 / before.len() as f64
        };
        assert!(clicks(Role::Bob, onset_ps) > 1.3, "{preset}");
        let alice = clicks(Role::Alice, layout.epoch_ps + onset as i64 * layout.slot_period_ps);
        assert!((alice - 1.0).abs() < 0.1, "{preset}: nothing changes at Alice, {alice}");
    }
    let (before, after, _) = split(Preset::Oxford2022, FaultKind::Saturation);
    assert!(chsh_s(&after) < chsh_s(&before) - 0.3);
}

#[test]
fn f5_leaves_a_reported_gap_and_loses_nothing_else() {
    let experiment = Experiment::new(Preset::Oxford2022, 5000, 43);
    let fault = Fault { kind: FaultKind::Outage, slots: 5000..9000, severity: 1.0 };
    let faulty = experiment.with_fault(fault.clone());
    let Tape { tags: bob, gaps } = tape(Role::Bob, &faulty);
    let [(from_ps, to_ps)] = gaps[..] else { panic!("one gap, not {gaps:?}") };
    assert!((to_ps - from_ps - 4_000_000_000).abs() < 100_000, "4000 slots of a microsecond");
    assert!(bob.iter().all(|tag| tag.0 < from_ps || tag.0 >= to_ps));
    let trials: Vec<Trial> = faulty.seeded_trials(half()).collect();
    assert_eq!(trials.len() as u64, faulty.rounds_with_margin());
    assert!(trials.iter().all(|t| !fault.slots.contains(&t.round)));

    let open = || {
        let chooser = |role| Box::new(SeededChooser::new(role, half(), 43));
        SimulatedStation::new(Role::Bob, &faulty, chooser(Role::Alice), chooser(Role::Bob))
    };
    let options = TaggerOptions { injected: Some(bob.len() as u64), ..TaggerOptions::default() };
    for check in TaggerCheck::ALL {
        assert_eq!(check.run(&mut { open }, &options), Ok(()), "{check:?}");
    }
}

#[test]
fn f6_shifts_alices_clicks_out_of_their_window() {
    let experiment = Experiment::new(Preset::Oxford2022, 20_000, 44);
    let onset = experiment.expected_slots() / 2;
    let faulty = experiment.with_fault(Fault::typical(FaultKind::TimingShift, onset));
    let layout = faulty.layout();
    let alice = tape(Role::Alice, &faulty).tags;
    let mut mean = [(0.0, 0.0); 2];
    for &(time_ps, channel) in &alice {
        let click = matches!(layout.channels.meaning(Channel(channel)), Some(ChannelUse::Click(_)));
        if let (true, Some((slot, place))) = (click, layout.slot_of(time_ps))
            && place >= layout.detection_window.start_ps
        {
            let (sum, n) = &mut mean[usize::from(slot >= onset)];
            (*sum, *n) = (*sum + place as f64, *n + 1.0);
        }
    }
    let [before, after] = mean.map(|(sum, n)| sum / n);
    // Half of the window of 500 ns, less what falls beyond the slot.
    assert!((150_000.0..250_000.0).contains(&(after - before)), "{before} {after}");
}

#[test]
fn f7_makes_rounds_rare() {
    let (before, after, fault) = split(Preset::Oxford2022, FaultKind::LowRate);
    let rate =
        |trials: &[Trial]| trials.len() as f64 / (trials[trials.len() - 1].round - trials[0].round) as f64;
    let ratio = rate(&after) / rate(&before);
    assert!((ratio / (1.0 - fault.severity) - 1.0).abs() < 0.1, "{ratio}");
    let (before, after, _) = split(Preset::Photonic, FaultKind::LowRate);
    assert!(chsh_s(&after) < chsh_s(&before), "a clocked station without pairs sees no violation");
}

#[test]
fn a_dead_source_ends_the_data() {
    let dead = Fault { kind: FaultKind::LowRate, slots: 0..u64::MAX, severity: 1.0 };
    let experiment = Experiment::new(Preset::Oxford2022, 10, 46).with_fault(dead);
    assert_eq!(experiment.seeded_trials(half()).count(), 0);
}

#[test]
fn several_faults_at_once_compose() {
    let all = FaultKind::ALL.map(|kind| Fault { kind, slots: 1000..3000, severity: 0.5 });
    let mut experiment = Experiment::new(Preset::Oxford2022, 2000, 45);
    experiment.faults = all.into();
    let trials: Vec<Trial> = experiment.seeded_trials(half()).collect();
    assert_eq!(trials.len() as u64, experiment.rounds_with_margin());
    assert_eq!(tape(Role::Bob, &experiment).gaps.len(), 1);
}
