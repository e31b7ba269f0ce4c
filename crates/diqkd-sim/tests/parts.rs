//! The simulated parts behind the generic code of the HAL, sound and faulty.

use diqkd_core::{Channel, Role, Setting};
use diqkd_hal::conformance::{check_modulator, check_source};
use diqkd_hal::{
    Alignment, ApplyError, ClockRequirement, Detector, EntanglementSource, ErrorKind, Herald, Interlock,
    Requirements, StationIdentity, Tamper, TamperCause, apply_round, preflight,
};
use diqkd_sim::{Experiment, Fault, FaultKind, Preset, SeededChooser, SimulatedParts, TriggerModel};

const SLOTS: u64 = 20_000;

fn parts(role: Role, kind: Option<FaultKind>) -> SimulatedParts {
    let clean = Experiment::new(Preset::Oxford2022, 1000, 50);
    let experiment = match kind {
        Some(kind) => clean.with_fault(Fault { kind, slots: 1000..u64::MAX, severity: 0.5 }),
        None => clean,
    };
    SimulatedParts::new(role, &experiment)
}

fn requirements(role: Role) -> Requirements {
    let mut sound = parts(role, None);
    let identity = sound.identity().expect("a sound station has an identity");
    Requirements { firmware_hash: identity.firmware_hash, clock: ClockRequirement::Hardware }
}

#[test]
fn sound_stations_pass_preflight_and_faulty_ones_say_why() {
    let refusal = |role, kind| {
        let mut station = parts(role, Some(kind));
        assert_eq!(preflight(&mut station, &requirements(role)), Ok(()), "before the onset");
        station.advance_to(2000);
        preflight(&mut station, &requirements(role)).map_err(|error| error.kind())
    };
    assert_eq!(refusal(Role::Bob, FaultKind::ClockStep), Err(ErrorKind::SyncLost));
    assert_eq!(refusal(Role::Alice, FaultKind::ClockStep), Ok(()));
    assert_eq!(refusal(Role::Alice, FaultKind::TimingShift), Err(ErrorKind::FirmwareMismatch));
    assert_eq!(refusal(Role::Bob, FaultKind::Saturation), Err(ErrorKind::Tamper));
    let mut station = parts(Role::Alice, None);
    station.trip().unwrap();
    assert!(preflight(&mut station, &requirements(Role::Alice)).is_err());
}

#[test]
fn a_tamper_event_is_reported_once() {
    let mut station = parts(Role::Bob, Some(FaultKind::Saturation));
    station.advance_to(5000);
    station.advance_to(6000);
    let event = Tamper::poll(&mut station).unwrap().unwrap();
    assert_eq!(event.cause, TamperCause::Light);
    assert!(event.time_ps.is_some());
    assert_eq!(Tamper::poll(&mut station), Ok(None));
}

#[test]
fn modulators_keep_their_contract_unless_a_line_is_stuck() {
    let settings: Vec<Setting> = (0..200).map(|i| Setting::from_bit(i % 2 == 0)).collect();
    for role in [Role::Alice, Role::Bob] {
        assert_eq!(check_modulator(&mut parts(role, None), &settings, 3_500_000_000_000, 1_000_000), Ok(()));
    }
    let mut stuck = parts(Role::Alice, Some(FaultKind::SettingBias));
    assert!(check_modulator(&mut stuck, &settings, 3_500_000_000_000, 1_000_000).is_err());
    let third = Setting::new(2).unwrap();
    assert_eq!(check_modulator(&mut parts(Role::Bob, None), &[third], 0, 0), Ok(()));
    assert!(check_modulator(&mut parts(Role::Alice, None), &[third], 0, 0).is_err());
}

#[test]
fn the_herald_unit_and_the_controller_play_rounds() {
    let experiment = Experiment::new(Preset::Oxford2022, 1000, 50);
    let layout = experiment.layout();
    let mut chooser = SeededChooser::new(Role::Alice, Preset::Oxford2022.test_probability(), 1);
    let mut play = |mut station: SimulatedParts| {
        station.advance_to(SLOTS);
        let (mut rounds, mut wrong) = (0, 0);
        while let Some(event) = Herald::poll(&mut station).unwrap() {
            let (slot, _) = layout.slot_of(event.time_ps).unwrap();
            let start_ps = event.time_ps - layout.herald_ps;
            match apply_round(&layout, slot, start_ps, &mut chooser, &mut station) {
                Ok(applied) => assert!(layout.setting_window.contains(applied.time_ps - start_ps)),
                Err(ApplyError::WrongSetting { .. }) => wrong += 1,
                Err(other) => panic!("{other}"),
            }
            rounds += 1;
        }
        (rounds, wrong)
    };
    let (rounds, wrong) = play(parts(Role::Alice, None));
    let TriggerModel::EventReady { probability, .. } = experiment.model.trigger else {
        panic!("event-ready")
    };
    let expected = probability * SLOTS as f64;
    assert!((f64::from(rounds) - expected).abs() < 5.0 * expected.sqrt(), "{rounds}");
    assert_eq!(wrong, 0);
    assert!(play(parts(Role::Alice, Some(FaultKind::SettingBias))).1 > 0);
}

#[test]
fn heralds_are_those_of_the_trials() {
    let experiment = Experiment::new(Preset::Oxford2022, 1000, 50);
    let layout = experiment.layout();
    let mut station = parts(Role::Alice, None);
    station.advance_to(u64::from(u16::MAX));
    let heralded: Vec<u64> = std::iter::from_fn(|| Herald::poll(&mut station).unwrap())
        .filter_map(|event| layout.slot_of(event.time_ps).map(|(slot, _)| slot))
        .collect();
    let trials = experiment.seeded_trials(Preset::Oxford2022.test_probability());
    assert!(trials.map(|trial| trial.round).all(|round| heralded.binary_search(&round).is_ok()));
}

#[test]
fn a_misaligned_source_says_so_until_it_is_aligned() {
    let state = |station: &mut SimulatedParts| EntanglementSource::state(station).unwrap();
    let mut station = parts(Role::Bob, Some(FaultKind::Misalignment));
    let sound = state(&mut station);
    assert_eq!((sound.alignment, sound.rate_hz), (Alignment::Aligned, 250_000.0));
    assert!((sound.visibility.unwrap() - (1.0 - 2.0 * 0.0144)).abs() < 1e-9, "{sound:?}");
    station.advance_to(2000);
    let drifted = state(&mut station);
    assert_eq!(drifted.alignment, Alignment::Drifted);
    assert!((drifted.visibility.unwrap() - 0.5 * sound.visibility.unwrap()).abs() < 1e-9, "{drifted:?}");
    assert_eq!(check_source(&mut station, 3), Ok(()));
    assert_eq!(state(&mut station).visibility, sound.visibility);
    let mut slow = parts(Role::Alice, Some(FaultKind::LowRate));
    slow.advance_to(1000);
    assert_eq!(state(&mut slow).rate_hz, 125_000.0);
    for preset in Preset::ALL {
        let mut station = SimulatedParts::new(Role::Alice, &Experiment::new(preset, 10, 1));
        assert_eq!(check_source(&mut station, 2), Ok(()), "{preset}");
    }
}

#[test]
fn detectors_answer_for_their_channels() {
    let mut station = parts(Role::Bob, Some(FaultKind::Saturation));
    let layout = Experiment::new(Preset::Oxford2022, 1000, 50).layout();
    let [first, second] = layout.channels.detectors;
    let dark = station.read(first).unwrap();
    assert!(!dark.saturated && dark.count_rate_hz > 100_000);
    assert_eq!(station.read(second).unwrap().count_rate_hz, 0, "one detector");
    station.advance_to(1000);
    let lit = station.read(first).unwrap();
    assert!(lit.saturated && lit.count_rate_hz > dark.count_rate_hz);
    assert_eq!(station.read(Channel(0)), Err(ErrorKind::OutOfRange));
    station.set_bias(first, 18_000).unwrap();
    assert_eq!(station.read(first).unwrap().bias_uv, 18_000);
    assert_eq!(station.set_bias(first, -1), Err(ErrorKind::OutOfRange));
    let (from_ps, to_ps) = station.blank(first, 1001, 2001).unwrap();
    assert!(from_ps <= 1001 && to_ps >= 2001);
    assert_eq!(station.blank(first, 2, 1), Err(ErrorKind::OutOfRange));
    let mut blind = parts(Role::Bob, Some(FaultKind::Outage));
    blind.advance_to(1000);
    assert_eq!(blind.read(first), Err(ErrorKind::Disconnected));
}
