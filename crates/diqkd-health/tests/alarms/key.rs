//! F7: too little key, too few trials.

use diqkd_health::{
    Band, Cause, FailureMode, KeySupplyLimits, KeySupplyWatch, Signal, TestForecast, TestPlan, TrialRateWatch,
};

use super::*;

fn limits() -> KeySupplyLimits {
    KeySupplyLimits { horizon: 200.0, most_made_bits: 1000, alpha: alpha() }
}

fn supply() -> KeySupplyWatch {
    KeySupplyWatch::new(limits()).unwrap()
}

#[test]
fn a_store_that_runs_empty() {
    let (mut watch, mut rng) = (supply(), rng(71));
    let mut stored = 100_000u64;
    for at in 0..1000 {
        let made = if rng.random_bool(0.5) { 1000 } else { 0 };
        let taken = if at < 100 { 480 } else { 1000 };
        stored = (stored + made).saturating_sub(taken);
        if let Some(alarm) = watch.push(at, made, taken, stored).unwrap() {
            assert_eq!(
                (alarm.signal, alarm.mode(), alarm.cause),
                (Signal::KeySupply, FailureMode::F7, Cause::Consumption)
            );
            assert!(
                at > 100 && stored > 0 && alarm.observed < 200.0 && alarm.since.abs_diff(100) < 60,
                "{alarm} with {stored}"
            );
            assert!(watch.more_needed_bits(stored) > 0.0);
            return;
        }
    }
    panic!("no alarm");
}

#[test]
fn a_balanced_store_stays_quiet() {
    let (mut watch, mut rng) = (supply(), rng(72));
    // On average as much is made as taken: the store lasts for ever.
    let alarms = (0..UPDATES).filter_map(|at| {
        let made = if rng.random_bool(0.5) { 1000 } else { 0 };
        watch.push(at, made, 500, 10_000).unwrap()
    });
    stays_quiet("key supply", alarms.collect::<Vec<_>>());
    assert!(watch.push(0, 1001, 0, 0).is_err());
    assert!(KeySupplyWatch::new(KeySupplyLimits { horizon: 0.0, ..limits() }).is_err());
}

#[test]
fn trials_in_both_directions() {
    let band = Band { low: 0.009, high: 0.011 };
    let (mut watch, mut rng) = (TrialRateWatch::new(band, alpha()).unwrap(), rng(73));
    let quiet = (0..UPDATES).filter_map(|at| {
        let trials = binomial(&mut rng, 1000, 0.010);
        watch.push(at, trials, 1000).unwrap()
    });
    stays_quiet("trial rate", quiet.collect::<Vec<_>>());
    for (p, cause) in [(0.006, Cause::Loss), (0.016, Cause::Background)] {
        let (mut watch, mut rng) = (TrialRateWatch::new(band, alpha()).unwrap(), super::rng(74));
        let alarm = (0..300).find_map(|at| {
            let trials = binomial(&mut rng, 1000, if at < 100 { 0.010 } else { p });
            watch.push(at, trials, 1000).unwrap()
        });
        let alarm = alarm.unwrap();
        assert_eq!((alarm.signal, alarm.mode(), alarm.cause), (Signal::TrialRate, FailureMode::F7, cause));
        assert!(alarm.raised < 150 && alarm.since.abs_diff(100) < 20, "{alarm}");
    }
}

fn plan(windows: u64) -> TestPlan {
    TestPlan { threshold: 0.82, eps: Epsilon::new(1e-10).unwrap(), windows, alpha: alpha() }
}

/// At a share of 0.84, ln(1e10) / D(0.84||0.82) = 16700 tests; 100 a window.
#[test]
fn a_deadline_that_can_not_be_met() {
    let (mut forecast, mut rng) = (TestForecast::new(plan(60)).unwrap(), rng(75));
    let mut raised = None;
    for window in 1..=60 {
        let wins = binomial(&mut rng, 100, 0.84);
        if let Some(alarm) = forecast.push(wins, 100).unwrap() {
            raised.get_or_insert((window, alarm));
        }
    }
    let (window, alarm) = raised.expect("6000 tests are too few");
    assert_eq!(
        (alarm.signal, alarm.mode(), alarm.cause),
        (Signal::Statistics, FailureMode::F7, Cause::TooFewTrials)
    );
    assert!(window < 60 && alarm.observed < alarm.threshold, "{alarm}");
    let needed = forecast.tests_needed().unwrap();
    assert!((5_000.0..60_000.0).contains(&needed), "{needed}");
    let left = forecast.windows_needed().unwrap();
    assert!((left - (needed - 6000.0) / 100.0).abs() < 1e-6);
}

#[test]
fn plans_that_are_kept_stay_quiet() {
    let mut rng = rng(76);
    let mut alarms = Vec::new();
    // 40000 tests where 16700 do: fluctuations of the wins do not make it hopeless.
    for _ in 0..UPDATES / 400 {
        let mut forecast = TestForecast::new(plan(400)).unwrap();
        for _ in 0..400 {
            let wins = binomial(&mut rng, 100, 0.84);
            alarms.extend(forecast.push(wins, 100).unwrap());
        }
    }
    stays_quiet("statistics", alarms);
    assert!(TestForecast::new(TestPlan { threshold: 1.0, ..plan(1) }).is_err());
}
