//! F1: margin and stability of the Bell test, error rate.

use diqkd_health::{BellLimits, BellWatch, BellWindow, Cause, FailureMode, QberWatch, Signal};

use super::*;

const EXPECTED_WINS: [[f64; 2]; 2] = [[0.84, 0.83], [0.85, 0.84]];

fn watch() -> BellWatch {
    BellWatch::new(BellLimits {
        floor: 0.82,
        expected: EXPECTED_WINS,
        tolerance: 0.01,
        expected_no_click: 0.02,
        alpha: alpha(),
    })
    .unwrap()
}

fn window(rng: &mut StdRng, win: [[f64; 2]; 2], no_click: f64) -> BellWindow {
    let tests = [[200; 2]; 2];
    let wins = win.map(|row| row.map(|p| binomial(rng, 200, p)));
    BellWindow { tests, wins, no_clicks: binomial(rng, 800, no_click) }
}

/// First alarms of both signals after a change at window 100.
fn fault(win: [[f64; 2]; 2], no_click: f64) -> Vec<Alarm> {
    let (mut watch, mut rng) = (watch(), rng(11));
    for at in 0..300 {
        let honest = at < 100;
        let (win, no_click) = if honest { (EXPECTED_WINS, 0.02) } else { (win, no_click) };
        let alarms = watch.push(at, &window(&mut rng, win, no_click)).unwrap();
        assert!(!honest || alarms.is_empty(), "{alarms:?}");
        if let Some(alarm) = alarms.first() {
            assert!(alarm.raised < 125 && alarm.since.abs_diff(100) < 10, "{alarm}");
            return alarms;
        }
    }
    panic!("no alarm");
}

#[test]
fn a_fall_of_all_settings_is_noise_or_loss() {
    let fallen = EXPECTED_WINS.map(|row| row.map(|p| p - 0.06));
    let noise = fault(fallen, 0.02)[0];
    assert_eq!((noise.mode(), noise.cause), (FailureMode::F1, Cause::Noise));
    assert!(noise.observed < noise.threshold && noise.observed > 0.72, "{noise}");
    let loss = fault(fallen, 0.08)[0];
    assert_eq!((loss.mode(), loss.cause), (FailureMode::F1, Cause::Loss));
}

#[test]
fn one_pair_of_settings_is_named() {
    let mut fallen = EXPECTED_WINS;
    fallen[1][0] -= 0.15;
    let alarms = fault(fallen, 0.02);
    assert!(alarms.iter().all(|alarm| alarm.cause == Cause::OneSetting), "{alarms:?}");
    let (mut watch, mut rng) = (watch(), rng(12));
    for at in 0..20 {
        let _ = watch.push(at, &window(&mut rng, fallen, 0.02)).unwrap();
    }
    assert_eq!(watch.worst_pair().0, (1, 0));
}

/// A rise is no security problem and yet a change: of the device, or of the data.
#[test]
fn a_rise_breaks_stability_but_not_the_margin() {
    let mut risen = EXPECTED_WINS;
    risen[0][1] += 0.1;
    let alarms = fault(risen, 0.02);
    assert!(alarms.iter().all(|alarm| alarm.signal == Signal::BellStability), "{alarms:?}");
    assert!(alarms[0].observed > alarms[0].threshold);
}

#[test]
fn an_honest_bell_test_stays_quiet() {
    let (mut watch, mut rng) = (watch(), rng(13));
    let mut alarms = Vec::new();
    for at in 0..UPDATES {
        alarms.extend(watch.push(at, &window(&mut rng, EXPECTED_WINS, 0.02)).unwrap());
    }
    stays_quiet("bell", alarms);
    // Four binomial variances: 2 sqrt(4 * 0.84 * 0.16 / 200).
    let stddev = watch.chsh_s_stddev().unwrap();
    assert!((stddev - 0.104).abs() < 0.04, "{stddev}");
}

#[test]
fn the_error_rate() {
    let (mut watch, mut rng) = (QberWatch::new(0.02, alpha()).unwrap(), rng(14));
    let quiet = (0..UPDATES).filter_map(|at| {
        let errors = binomial(&mut rng, 300, 0.018);
        watch.push(at, errors, 300).unwrap()
    });
    stays_quiet("qber", quiet.collect::<Vec<_>>());
    let mut rng = super::rng(15);
    let alarm = (0..200).find_map(|at| {
        let errors = binomial(&mut rng, 300, if at < 50 { 0.018 } else { 0.035 });
        watch.push(at, errors, 300).unwrap()
    });
    let alarm = alarm.unwrap();
    assert_eq!((alarm.signal, alarm.mode(), alarm.cause), (Signal::Qber, FailureMode::F1, Cause::Noise));
    assert!((51..85).contains(&alarm.raised) && alarm.since.abs_diff(50) < 12, "{alarm}");
    assert!((alarm.observed - 0.035).abs() < 0.008, "{alarm}");
}
