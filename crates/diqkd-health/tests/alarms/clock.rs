//! F2: drift of the clocks, lost synchronisation, rounds paired with an offset.

use diqkd_health::{
    Cause, ClockLimits, ClockWatch, ClockWindow, FailureMode, PairedColumns, Signal, find_misalignment,
};

use super::*;

fn watch() -> ClockWatch {
    ClockWatch::new(ClockLimits {
        offset_ps: 20.0,
        sigma_ps: 30.0,
        discard_share: 0.01,
        no_fix: 0.01,
        alpha: alpha(),
    })
    .unwrap()
}

fn honest(rng: &mut StdRng) -> ClockWindow {
    let residual = 15.0 + 30.0 * normal(rng);
    ClockWindow {
        residual_ps: (!rng.random_bool(0.01)).then_some(residual),
        discarded: binomial(rng, 500, 0.01),
        rounds: 500,
    }
}

/// Runs honestly for 100 windows, then with a fault; the first alarm.
fn fault(change: impl Fn(u64, &mut ClockWindow)) -> Alarm {
    let (mut watch, mut rng) = (watch(), rng(21));
    for at in 0..1000 {
        let mut window = honest(&mut rng);
        if at >= 100 {
            change(at - 100, &mut window);
        }
        if let Some(alarm) = watch.push(at, &window).unwrap().pop() {
            assert!(at >= 100 && alarm.mode() == FailureMode::F2, "{alarm}");
            return alarm;
        }
    }
    panic!("no alarm");
}

#[test]
fn a_creeping_offset() {
    let alarm = fault(|windows, window| {
        window.residual_ps = window.residual_ps.map(|residual| residual + 2.0 * windows as f64);
    });
    assert_eq!((alarm.signal, alarm.cause), (Signal::ClockOffset, Cause::ClockDrift));
    assert!(alarm.raised < 150 && alarm.observed > 20.0, "{alarm}");
}

#[test]
fn more_discarded_rounds() {
    let alarm = fault(|_, window| window.discarded += 10);
    assert_eq!((alarm.signal, alarm.cause), (Signal::DiscardShare, Cause::ClockDrift));
    assert!(alarm.raised < 120 && alarm.since.abs_diff(100) < 8, "{alarm}");
}

#[test]
fn no_fix_any_more() {
    let alarm = fault(|_, window| window.residual_ps = None);
    assert_eq!((alarm.signal, alarm.cause, alarm.since), (Signal::LostSync, Cause::NoClockFix, 100));
    // Three misses in a row have probability 1e-6; the third of alpha is 3e-5.
    assert_eq!(alarm.raised, 102);
}

#[test]
fn honest_clocks_stay_quiet() {
    let (mut watch, mut rng) = (watch(), rng(22));
    let mut alarms = Vec::new();
    for at in 0..UPDATES {
        alarms.extend(watch.push(at, &honest(&mut rng)).unwrap());
    }
    stays_quiet("clock", alarms);
}

/// Columns of a noisy box whose Bob's rows come `shift` rounds late.
fn columns(rounds: usize, shift: usize, rng: &mut StdRng) -> [Vec<u64>; 4] {
    let mut columns = [(); 4].map(|()| vec![0u64; (rounds + shift).div_ceil(64)]);
    for i in 0..rounds {
        let (x, y) = (rng.random_bool(0.5), rng.random_bool(0.5));
        let a = rng.random_bool(0.5);
        let b = a ^ (x && y) ^ rng.random_bool(0.16);
        for (column, bit, at) in [(0, x, i), (1, a, i), (2, y, i + shift), (3, b, i + shift)] {
            columns[column][at / 64] |= u64::from(bit) << (at % 64);
        }
    }
    columns
}

#[test]
fn rounds_paired_with_an_offset_are_found() {
    let mut rng = rng(23);
    for shift in [1usize, 7, 70] {
        let [x, a, y, b] = columns(3000, shift, &mut rng);
        let forward = PairedColumns { x: &x, a: &a, y: &y, b: &b, rounds: 3000 };
        let found = find_misalignment(&forward, 100, alpha()).unwrap().unwrap();
        assert_eq!((found.offset, found.alarm.signal), (shift as i64, Signal::Misalignment));
        assert!((found.in_use - 0.5).abs() < 0.05 && (found.alarm.observed - 0.84).abs() < 0.03, "{found:?}");
        // The game is the same with the sites exchanged.
        let backward = PairedColumns { x: &y, a: &b, y: &x, b: &a, rounds: 3000 };
        assert_eq!(find_misalignment(&backward, 100, alpha()).unwrap().unwrap().offset, -(shift as i64));
    }
    let short = PairedColumns { x: &[0], a: &[0], y: &[0], b: &[0], rounds: 65 };
    assert!(find_misalignment(&short, 1, alpha()).is_err());
}

#[test]
fn rounds_paired_rightly_stay_quiet() {
    let mut rng = rng(24);
    let alarms = (0..300).filter_map(|_| {
        let [x, a, y, b] = columns(400, 0, &mut rng);
        let columns = PairedColumns { x: &x, a: &a, y: &y, b: &b, rounds: 400 };
        find_misalignment(&columns, 30, alpha()).unwrap().map(|found| found.alarm)
    });
    assert_eq!(alarms.count(), 0, "of 300 blocks, 0.03 expected");
}
