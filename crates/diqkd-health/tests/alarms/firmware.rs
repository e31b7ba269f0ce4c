//! F6: a new firmware.

use diqkd_health::{
    Cause, FailureMode, FirmwareLimits, FirmwareWatch, FirmwareWindow, KeyRelease, Signal, TIMING_BINS,
    TimingWatch,
};

use super::*;

fn watch() -> FirmwareWatch {
    let limits =
        FirmwareLimits { canary_tests: 20_000, share_tolerance: 0.005, rate_tolerance: 0.02, alpha: alpha() };
    FirmwareWatch::new(limits, 1)
}

#[derive(Clone, Copy)]
struct Device {
    win: f64,
    p_zero: f64,
    rate: f64,
    /// Where in the slot the clicks come.
    centre: f64,
}

const HONEST: Device = Device { win: 0.84, p_zero: 0.5, rate: 3000.0, centre: 8.0 };

fn window(rng: &mut StdRng, device: Device) -> FirmwareWindow {
    let mut trials = [0; 16];
    for _ in 0..1000 {
        let (x, y) = (rng.random_bool(0.5), rng.random_bool(0.5));
        let a = !rng.random_bool(device.p_zero);
        let b = a ^ (x && y) ^ !rng.random_bool(device.win);
        trials[usize::from(x) + 2 * usize::from(y) + 4 * usize::from(a) + 8 * usize::from(b)] += 1;
    }
    let mut timing = [0; TIMING_BINS];
    let clicks = poisson(rng, device.rate);
    for _ in 0..clicks {
        let bin = (device.centre + 2.0 * normal(rng)).clamp(0.0, TIMING_BINS as f64 - 0.01);
        timing[bin as usize] += 1;
    }
    FirmwareWindow { trials, timing, clicks, exposure: 1.0 }
}

/// 100 windows with the former firmware, then the new one.
fn update(device: Device) -> (FirmwareWatch, Option<Alarm>) {
    let (mut watch, mut rng) = (watch(), rng(61));
    for at in 0..100 {
        assert_eq!(watch.push(at, 1, &window(&mut rng, HONEST)).unwrap(), None);
    }
    assert_eq!(watch.key_release(), KeyRelease::Open);
    let alarm = (100..130).find_map(|at| watch.push(at, 2, &window(&mut rng, device)).unwrap());
    (watch, alarm)
}

#[test]
fn regressions_hold_the_key() {
    for device in [
        Device { win: 0.79, ..HONEST },
        Device { p_zero: 0.55, ..HONEST },
        Device { rate: 3300.0, ..HONEST },
        Device { centre: 8.5, ..HONEST },
    ] {
        let (mut watch, alarm) = update(device);
        let alarm = alarm.expect("a regression");
        assert_eq!(
            (alarm.signal, alarm.mode(), alarm.cause),
            (Signal::FirmwareShift, FailureMode::F6, Cause::Firmware)
        );
        assert!(alarm.since == 100 && alarm.raised <= 119 && alarm.observed >= alarm.threshold, "{alarm}");
        assert_eq!(watch.key_release(), KeyRelease::Held);
        let mut rng = rng(62);
        assert_eq!(watch.push(131, 2, &window(&mut rng, device)).unwrap(), None, "one alarm is enough");
        assert_eq!(watch.key_release(), KeyRelease::Held);
        // Back to the former firmware; or approve.
        let mut back = watch.clone();
        assert_eq!(back.push(132, 1, &window(&mut rng, HONEST)).unwrap(), None);
        assert_eq!(back.key_release(), KeyRelease::Open);
        watch.approve();
        assert_eq!(watch.key_release(), KeyRelease::Open);
    }
}

#[test]
fn a_canary_that_passes_opens_the_release() {
    let (mut watch, mut rng) = (watch(), rng(63));
    for at in 0..50 {
        assert_eq!(watch.push(at, 1, &window(&mut rng, HONEST)).unwrap(), None);
    }
    for at in 50..70 {
        assert_eq!(watch.push(at, 2, &window(&mut rng, HONEST)).unwrap(), None);
        if at < 69 {
            assert_eq!(watch.key_release(), KeyRelease::Canary { tests_left: 1000 * (69 - at) });
        }
    }
    assert_eq!(watch.key_release(), KeyRelease::Open);
}

/// 200 harmless updates at a stated probability of 1e-4 each; within the tolerances.
#[test]
fn harmless_updates_stay_quiet() {
    let mut rng = rng(64);
    let device = Device { win: 0.843, p_zero: 0.502, rate: 3040.0, centre: 8.0 };
    let mut watch = watch();
    let (mut at, mut alarms) = (0, 0);
    for id in 1..=200u64 {
        for _ in 0..20 {
            let device = if id % 2 == 0 { device } else { HONEST };
            alarms += u32::from(watch.push(at, id, &window(&mut rng, device)).unwrap().is_some());
            at += 1;
        }
        assert_eq!(watch.key_release(), KeyRelease::Open, "{id}");
    }
    assert_eq!(alarms, 0, "0.02 expected");
}

#[test]
fn latencies_outside_the_audited_window() {
    let (mut watch, mut rng) = (TimingWatch::new(1e-3, alpha()).unwrap(), rng(65));
    let quiet = (0..UPDATES).filter_map(|at| {
        let outside = binomial(&mut rng, 500, 1e-3);
        watch.push(at, outside, 500).unwrap()
    });
    stays_quiet("timing window", quiet.collect::<Vec<_>>());
    let mut rng = super::rng(66);
    let alarm = (0..100).find_map(|at| {
        let outside = binomial(&mut rng, 500, if at < 20 { 1e-3 } else { 0.02 });
        watch.push(at, outside, 500).unwrap()
    });
    let alarm = alarm.unwrap();
    assert_eq!(
        (alarm.signal, alarm.mode(), alarm.cause),
        (Signal::TimingWindow, FailureMode::F6, Cause::TimingLoose)
    );
    assert!((20..26).contains(&alarm.raised) && alarm.since.abs_diff(20) <= 1, "{alarm}");
}
