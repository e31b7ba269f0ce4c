//! A warm room moves the analysers: the sensor leaves its range, errors rise with it, the source is aligned between two
//! recordings, and it says that its contrast is back.

use diqkd_core::{Epsilon, Role, TestProbability};
use diqkd_hal::{Alignment, EntanglementSource, Environment, Quantity, realign};
use diqkd_health::{Band, EnvironmentCorrelation, EnvironmentLimits, EnvironmentWatch, QberWatch, Signal};
use diqkd_sim::{Experiment, Fault, FaultKind, Preset, SimulatedParts};

const WINDOWS: u64 = 60;
const ONSET: u64 = 30;

#[test]
fn a_warm_room_is_blamed_and_the_source_aligned() {
    let alpha = Epsilon::new(1e-7).unwrap();
    let clean = Experiment::new(Preset::Oxford2022, 60_000, 5);
    let slots = clean.expected_slots() / (WINDOWS + 2);
    let slots_a_reading = 1_000_000_000 / clean.model.timing.slot_period_ps as u64;
    assert!(slots >= slots_a_reading, "no reading in a window of {slots} slots");
    let fault = Fault { kind: FaultKind::Misalignment, slots: ONSET * slots..u64::MAX, severity: 0.3 };
    let experiment = clean.with_fault(fault);

    let mut key_rounds = [(0, 0); WINDOWS as usize];
    for trial in experiment.seeded_trials(TestProbability::nearest(0.05).unwrap()) {
        let Some((errors, compared)) = key_rounds.get_mut((trial.round / slots) as usize) else { break };
        if trial.x.index() == 0 && trial.y.index() == 2 {
            *compared += 1;
            *errors += u64::from(trial.a != trial.b);
        }
    }

    let mut parts = SimulatedParts::new(Role::Alice, &experiment);
    let band = Band { low: 293.05e6, high: 293.25e6 };
    let mut room = EnvironmentWatch::new(EnvironmentLimits { band, sigma: 0.05e6, alpha }).unwrap();
    let mut qber = QberWatch::new(0.03, alpha).unwrap();
    let mut blame = EnvironmentCorrelation::default();
    let (mut warm, mut noisy) = (None, None);
    for (window, (errors, compared)) in (0..).zip(key_rounds) {
        parts.advance_to((window + 1) * slots - 1);
        let (mut sum_uk, mut readings) = (0.0, 0);
        while let Ok(Some(reading)) = Environment::poll(&mut parts) {
            assert_eq!((reading.sensor, reading.quantity), (0, Quantity::Temperature));
            warm = warm.or(room.push(window, reading.value as f64).unwrap());
            sum_uk += reading.value as f64;
            readings += 1;
        }
        assert!(readings > 0 && compared > 100, "window {window}");
        blame.push(sum_uk / f64::from(readings), errors as f64 / compared as f64);
        noisy = noisy.or(qber.push(window, errors, compared).unwrap());
    }

    let (warm, noisy) = (warm.unwrap(), noisy.unwrap());
    assert_eq!((warm.signal, warm.since), (Signal::EnvironmentHigh, ONSET));
    assert_eq!((noisy.signal, noisy.since), (Signal::Qber, ONSET));
    assert!(warm.cause.calls_for_alignment() && noisy.cause.calls_for_alignment());
    let blamed = blame.correlation().unwrap();
    assert!(blamed.coefficient > 0.5 && blamed.p_value < 1e-4, "{blamed:?}");

    let before = EntanglementSource::state(&mut parts).unwrap();
    let after = realign(&mut parts, noisy.cause.calls_for_alignment()).unwrap().unwrap();
    assert_eq!((before.alignment, after.alignment), (Alignment::Drifted, Alignment::Aligned));
    assert!(after.visibility.unwrap() > before.visibility.unwrap() + 0.2);
    assert_eq!(realign(&mut parts, false).unwrap(), None, "an aligned source is left alone");
}
