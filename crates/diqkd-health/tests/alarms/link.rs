//! F5: the classical link.

use diqkd_health::{Cause, FailureMode, LinkLimits, LinkWatch, Signal};

use super::*;

fn watch() -> LinkWatch {
    LinkWatch::new(LinkLimits { period: 1000, loss: 0.05, alpha: alpha() }, 0).unwrap()
}

#[test]
fn an_outage_raises_one_alarm() {
    let mut watch = watch();
    for beat in 1..=50 {
        watch.heard(1000 * beat);
        assert_eq!(watch.check(1000 * beat + 999), None);
    }
    let alarms: Vec<Alarm> = (50..200).filter_map(|beat| watch.check(1000 * beat + 500)).collect();
    let [alarm] = alarms[..] else { panic!("{alarms:?}") };
    assert_eq!(
        (alarm.signal, alarm.mode(), alarm.cause),
        (Signal::LinkSilence, FailureMode::F5, Cause::LinkDown)
    );
    // 0.05^4 = 6e-6 is the first power below 1e-4.
    assert_eq!((alarm.since, alarm.raised, alarm.threshold), (50_000, 54_500, 4.0));
    watch.heard(300_000);
    assert_eq!(watch.check(301_000), None);
    assert!(watch.check(305_000).is_some(), "a second outage raises a second alarm");
    assert!(LinkWatch::new(LinkLimits { period: 0, loss: 0.05, alpha: alpha() }, 0).is_err());
    assert!(LinkWatch::new(LinkLimits { period: 1, loss: 1.0, alpha: alpha() }, 0).is_err());
}

#[test]
fn a_lossy_link_stays_quiet() {
    let (mut watch, mut rng) = (watch(), rng(51));
    let alarms = (1..=UPDATES).filter_map(|beat| {
        if !rng.random_bool(0.05) {
            watch.heard(1000 * beat);
        }
        watch.check(1000 * beat + 1)
    });
    stays_quiet("link", alarms.collect::<Vec<_>>());
}
