//! The conformance kit on the simulated stations.

use core::ops::ControlFlow;

use diqkd_core::{Channel, Role, TimeTag};
use diqkd_hal::conformance::{TaggerOptions, check_replay, check_station};
use diqkd_hal::mock::Playback;
use diqkd_hal::{TagBlock, TimeTagger, record};
use diqkd_sim::{Experiment, Preset, SeededChooser, SeededSettingRng, SimulatedParts, SimulatedStation};

fn open(preset: Preset, role: Role, rounds: u64) -> SimulatedStation {
    let experiment = Experiment::new(preset, rounds, 31);
    let chooser = |role| Box::new(SeededChooser::new(role, preset.test_probability(), 31));
    SimulatedStation::new(role, &experiment, chooser(Role::Alice), chooser(Role::Bob))
}

fn recording(preset: Preset, role: Role, rounds: u64) -> Vec<TimeTag> {
    let (mut time_ps, mut channel) = ([0; 512], [0; 512]);
    let mut tags = Vec::new();
    let block = TagBlock { time_ps: &mut time_ps, channel: &mut channel };
    let Ok(_) = record(&mut open(preset, role, rounds), block, |times, channels, _| {
        let pairs = times.iter().zip(channels);
        tags.extend(pairs.map(|(&time_ps, &channel)| TimeTag { time_ps, channel: Channel(channel) }));
        ControlFlow::Continue(())
    });
    tags
}

fn options(preset: Preset, role: Role) -> TaggerOptions {
    TaggerOptions {
        injected: Some(recording(preset, role, 300).len() as u64),
        allocations: Some(|call| allocation_counter::measure(call).count_total),
        ..TaggerOptions::default()
    }
}

fn rng() -> SeededSettingRng {
    SeededSettingRng::new(31, "conformance")
}

diqkd_hal::conformance_tests! {
    event_ready_alice: options(Preset::Oxford2022, Role::Alice) => open(Preset::Oxford2022, Role::Alice, 300),
    layout: Preset::Oxford2022.model().layout(),
    replay: Playback::new(recording(Preset::Oxford2022, Role::Alice, 300), vec![]),
    setting_rng: rng(),
    modulator: (SimulatedParts::new(Role::Alice, &Experiment::new(Preset::Oxford2022, 300, 31)), 0, 100_000),
}
diqkd_hal::conformance_tests! {
    event_ready_bob: options(Preset::Oxford2022, Role::Bob) => open(Preset::Oxford2022, Role::Bob, 300)
}
diqkd_hal::conformance_tests! {
    clocked_bob: options(Preset::Photonic, Role::Bob) => open(Preset::Photonic, Role::Bob, 300)
}

#[test]
fn recordings_follow_their_layouts() {
    for preset in Preset::ALL {
        let experiment = Experiment::new(preset, 20_000, 31);
        let layout = experiment.layout();
        assert_eq!(layout.check(open(preset, Role::Alice, 1).capabilities().channels), Ok(()));
        let report = check_station(&layout, recording(preset, Role::Alice, 20_000)).unwrap();
        assert!(report.rounds >= experiment.rounds_with_margin(), "{preset}: {report:?}");
        assert!(report.settings[1] > 0 && report.settings[2] == 0);
        assert!(report.stray_clicks > 0, "{preset}: nothing for the windows to reject");
    }
}

#[test]
fn a_replay_equals_the_live_station() {
    let tags = recording(Preset::Munich2022, Role::Bob, 1000);
    let mut live = open(Preset::Munich2022, Role::Bob, 1000);
    let mut replay = Playback::new(tags, vec![]);
    assert_eq!(check_replay(&mut live, &mut replay, &TaggerOptions::default()), Ok(()));
}
