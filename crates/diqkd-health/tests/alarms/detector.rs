//! F4: detectors.

use diqkd_health::{Band, Cause, DetectorLimits, DetectorWatch, DetectorWindow, FailureMode, Signal};

use super::*;

const BINS: usize = 256;

/// Clicks of a window at a rate, through a non-paralysable dead time, with what a watch is told of them.
#[derive(Clone, Copy)]
struct Light {
    /// Photons a window.
    rate: f64,
    dark: f64,
    /// Dead time as a share of the window.
    dead: f64,
    /// Share of time in which the detector is blinded, in bursts of a sixteenth of a window.
    blinded: f64,
}

const HONEST: Light = Light { rate: 8000.0, dark: 20.0, dead: 1e-5, blinded: 0.0 };

fn watch() -> DetectorWatch {
    DetectorWatch::new(DetectorLimits {
        // 8000 photons arrive, 7.4 % find the detector dead.
        clicks: Band { low: 7200.0, high: 7600.0 },
        dark: Band { low: 15.0, high: 25.0 },
        dead_time: 1e-5,
        busy: 0.1,
        too_short: 1e-5,
        just_after: 0.06,
        alpha: alpha(),
    })
    .unwrap()
}

fn push(watch: &mut DetectorWatch, at: u64, rng: &mut StdRng, light: Light) -> Vec<Alarm> {
    let mut bins = [0u32; BINS];
    let (mut clicks, mut too_short, mut just_after) = (0, 0, 0);
    let (mut time, mut last) = (0.0, f64::NEG_INFINITY);
    let blinded: Vec<bool> = (0..16).map(|_| rng.random_bool(light.blinded)).collect();
    loop {
        time -= (1.0 - rng.random::<f64>()).ln() / light.rate;
        if time >= 1.0 {
            break;
        }
        let interval = time - last;
        if interval < light.dead || blinded[(time * 16.0) as usize] {
            continue;
        }
        too_short += u64::from(interval < 1e-5);
        just_after += u64::from((1e-5..2e-5).contains(&interval));
        bins[(time * BINS as f64) as usize] += 1;
        clicks += 1;
        last = time;
    }
    let dark_clicks = poisson(rng, light.dark);
    let window = DetectorWindow {
        exposure: 1.0,
        clicks,
        dark_exposure: 1.0,
        dark_clicks,
        too_short,
        just_after,
        bins: &bins,
    };
    watch.push(at, &window).unwrap()
}

/// All alarms within 30 windows of a fault at window 30.
fn fault(light: Light) -> Vec<Alarm> {
    let (mut watch, mut rng) = (watch(), rng(41));
    let mut alarms = Vec::new();
    for at in 0..60 {
        let new = push(&mut watch, at, &mut rng, if at < 30 { HONEST } else { light });
        assert!(at >= 30 || new.is_empty(), "{new:?}");
        alarms.extend(new);
    }
    assert!(alarms.iter().all(|alarm| alarm.mode() == FailureMode::F4 && alarm.since >= 28), "{alarms:?}");
    alarms
}

#[track_caller]
fn names(alarms: &[Alarm], signal: Signal, cause: Cause) {
    let found = alarms.iter().find(|alarm| (alarm.signal, alarm.cause) == (signal, cause));
    assert!(found.is_some_and(|alarm| alarm.raised <= 40), "{alarms:?}");
}

#[test]
fn saturation() {
    let alarms = fault(Light { rate: 40_000.0, ..HONEST });
    names(&alarms, Signal::Saturation, Cause::TooMuchLight);
    names(&alarms, Signal::ClickRate, Cause::TooMuchLight);
    let busy = alarms.iter().find(|alarm| alarm.signal == Signal::Saturation).unwrap();
    // 40000 photons through a dead time of 1e-5: busy for 0.4/1.4 of the time.
    assert!((busy.observed - 0.2857).abs() < 0.01 && (busy.threshold - 0.1).abs() < 1e-12, "{busy}");
}

/// Far into saturation the clicks come at regular intervals.
#[test]
fn regular_clicks() {
    names(&fault(Light { rate: 400_000.0, ..HONEST }), Signal::Fano, Cause::TooMuchLight);
}

#[test]
fn blinding_in_bursts() {
    let alarms = fault(Light { rate: 11_000.0, blinded: 0.3, ..HONEST });
    names(&alarms, Signal::Fano, Cause::DetectorBlind);
    names(&fault(Light { blinded: 0.9, ..HONEST }), Signal::ClickRate, Cause::DetectorBlind);
}

#[test]
fn dead_time_in_both_directions() {
    names(&fault(Light { dead: 1.6e-5, ..HONEST }), Signal::DeadTime, Cause::DeadTimeChanged);
    names(&fault(Light { dead: 0.8e-5, ..HONEST }), Signal::DeadTime, Cause::DeadTimeChanged);
}

#[test]
fn dark_counts_in_both_directions() {
    names(&fault(Light { dark: 60.0, ..HONEST }), Signal::DarkCounts, Cause::Background);
    names(&fault(Light { dark: 0.0, ..HONEST }), Signal::DarkCounts, Cause::DetectorBlind);
}

#[test]
fn an_honest_detector_stays_quiet() {
    let (mut watch, mut rng) = (watch(), rng(42));
    // A tenth of the updates of the other monitors: a window here is 8000 photons.
    let alarms: Vec<Alarm> =
        (0..UPDATES / 10).flat_map(|at| push(&mut watch, at, &mut rng, HONEST)).collect();
    println!("{} of {} updates", alarms.len(), UPDATES / 10);
    // 0.2 expected; more than 4 has probability 2e-6.
    assert!(alarms.len() <= 4, "{alarms:?}");
}
