//! The taggers: tags against the world behind them.

use core::ops::ControlFlow;
use std::collections::BTreeMap;

use diqkd_core::{Channel, Role, Setting, Trial};
use diqkd_hal::{ChannelUse, StationLayout, Status, TagBlock, Trigger, record};
use diqkd_sim::{Clicks, Experiment, Preset, SeededChooser, SimulatedStation, Strategy};

fn station(role: Role, experiment: &Experiment, preset: Preset) -> SimulatedStation {
    let chooser = |role| Box::new(SeededChooser::new(role, preset.test_probability(), experiment.seed));
    SimulatedStation::new(role, experiment, chooser(Role::Alice), chooser(Role::Bob))
}

fn read(mut tagger: SimulatedStation, block: usize) -> Vec<(i64, u16)> {
    let (mut time_ps, mut channel) = (vec![0; block], vec![0; block]);
    let mut tags = Vec::new();
    let block = TagBlock { time_ps: &mut time_ps, channel: &mut channel };
    let Ok(tally) = record(&mut tagger, block, |times, channels, status| {
        assert!(matches!(status, Status::Streaming | Status::EndOfData), "an honest station loses nothing");
        tags.extend(times.iter().copied().zip(channels.iter().copied()));
        ControlFlow::Continue(())
    });
    assert_eq!(tally.tags, tags.len() as u64);
    tags
}

/// A plain slot rule on times that have been brought to Alice's clock: setting and clicks of each round.
fn rounds(
    layout: &StationLayout,
    tags: impl Iterator<Item = (i64, u16)>,
) -> BTreeMap<u64, (Setting, Clicks)> {
    #[derive(Default)]
    struct Seen {
        herald: bool,
        setting: Option<Setting>,
        clicks: Clicks,
    }
    let mut slots: BTreeMap<u64, Seen> = BTreeMap::new();
    for (time_ps, channel) in tags {
        let (slot, place) = layout.slot_of(time_ps).expect("no tag comes before the epoch");
        let seen = slots.entry(slot).or_default();
        match layout.channels.meaning(Channel(channel)).expect("every channel is mapped") {
            ChannelUse::Herald => {
                assert!(!seen.herald && (place - layout.herald_ps).abs() < 2000, "herald at {place}");
                seen.herald = true;
            }
            ChannelUse::Setting(setting) => {
                assert!(layout.setting_window.contains(place));
                assert!(seen.herald || layout.trigger == Trigger::Clocked, "a setting before its herald");
                assert_eq!(seen.setting.replace(setting), None);
            }
            ChannelUse::Click(outcome) if layout.detection_window.contains(place) => {
                assert!(seen.setting.is_some(), "a click counts before its setting");
                let click = Clicks::only(outcome);
                seen.clicks =
                    Clicks { plus: seen.clicks.plus | click.plus, minus: seen.clicks.minus | click.minus };
            }
            ChannelUse::Click(_) => {}
        }
    }
    let is_round = |seen: &Seen| seen.herald || layout.trigger == Trigger::Clocked;
    for seen in slots.values().filter(|seen| is_round(seen)) {
        assert!(seen.setting.is_some(), "every round has a setting");
    }
    slots.into_iter().filter_map(|(slot, seen)| Some((slot, (seen.setting?, seen.clicks)))).collect()
}

/// Bob's tags on Alice's clock by the ground truth.
fn on_alices_clock(experiment: &Experiment, tags: &[(i64, u16)]) -> Vec<(i64, u16)> {
    let mut clock = experiment.bob_clock();
    let mut alice_ps = tags[0].0 - clock.offset_ps();
    tags.iter()
        .map(|&(bob_ps, channel)| {
            for _ in 0..3 {
                alice_ps = bob_ps - clock.clone().lead_ps(alice_ps).round() as i64;
            }
            clock.lead_ps(alice_ps - 1_000_000);
            (alice_ps, channel)
        })
        .collect()
}

#[test]
fn tags_and_trials_are_the_same_world() {
    for preset in Preset::ALL {
        for strategy in [Strategy::Honest, Strategy::DetectionLoophole] {
            let experiment = Experiment::new(preset, 3000, 12).with_strategy(strategy);
            let layout = experiment.layout();
            let alice = rounds(&layout, read(station(Role::Alice, &experiment, preset), 4096).into_iter());
            let bob = read(station(Role::Bob, &experiment, preset), 4096);
            let bob = rounds(&layout, on_alices_clock(&experiment, &bob).into_iter());
            let found: Vec<Trial> = (alice.iter())
                .filter_map(|(&round, &(x, a))| {
                    let &(y, b) = bob.get(&round)?;
                    let [a, b] = [a, b].map(|clicks| clicks.outcome(layout.no_click, layout.multi_click));
                    Some(Trial { round, x, y, a, b })
                })
                .collect();
            let expected: Vec<Trial> = experiment.seeded_trials(preset.test_probability()).collect();
            assert_eq!(found, expected, "{preset}, {strategy}");
        }
    }
}

#[test]
fn losses_and_extras_leave_one_sided_rounds() {
    let preset = Preset::Oxford2022;
    let experiment = Experiment::new(preset, 40_000, 13);
    let layout = experiment.layout();
    let alice = rounds(&layout, read(station(Role::Alice, &experiment, preset), 4096).into_iter());
    let both = experiment.rounds_with_margin() as f64;
    // Per round at both sites: lost + (1 - p) / p * extra = 0.002 + 3 * 0.0005 rounds at Alice alone.
    let alone = alice.len() as f64 - both;
    assert!((alone - 0.0035 * both).abs() < 5.0 * (0.0035 * both).sqrt(), "{alone}");
}

#[test]
fn the_block_size_changes_nothing() {
    for preset in [Preset::Oxford2022, Preset::Photonic] {
        let experiment = Experiment::new(preset, 500, 14);
        for role in [Role::Alice, Role::Bob] {
            let whole = read(station(role, &experiment, preset), 100_000);
            for block in [1, 2, 7, 64, 1000] {
                assert_eq!(read(station(role, &experiment, preset), block), whole, "{preset} {role} {block}");
            }
            assert!(whole.is_sorted_by_key(|tag| tag.0));
            assert!(whole[0].0 > 0);
        }
    }
}

#[test]
fn bobs_clock_is_far_off_and_drifts() {
    let preset = Preset::Oxford2022;
    let experiment = Experiment::new(preset, 100_000, 15);
    let layout = experiment.layout();
    let tags = read(station(Role::Bob, &experiment, preset), 4096);
    let heralds: Vec<i64> = tags.into_iter().filter(|tag| tag.1 == 0).map(|tag| tag.0).collect();
    let nearest = |time_ps: i64| heralds.iter().map(|t| (t - time_ps).abs()).min();

    let mut clock = experiment.bob_clock();
    let offset_ps = clock.offset_ps();
    assert!(offset_ps.abs() > 1_000_000_000 && offset_ps.abs() < layout.clock_bounds.max_offset_ps);
    assert!(clock.drift_ppb().abs() < layout.clock_bounds.max_drift_ppb);

    let last = experiment.seeded_trials(preset.test_probability()).last().map(|trial| trial.round as i64);
    let elapsed_ps = last.expect("there are trials") * layout.slot_period_ps + layout.herald_ps;
    let alice_ps = layout.epoch_ps + elapsed_ps;
    assert!(nearest(clock.bob_ps(alice_ps)) < Some(1000));
    assert!(nearest(alice_ps + offset_ps) > Some(10_000), "an offset alone does not match the clocks");
    let drift_ppb = (clock.bob_ps(alice_ps) - alice_ps - offset_ps) as f64 / elapsed_ps as f64 * 1e9;
    assert!((drift_ppb - 3700.0).abs() < 10.0, "{drift_ppb}");
}

#[test]
fn no_devices_click_on_a_detector_that_is_not_there() {
    let preset = Preset::Oxford2022;
    for strategy in Strategy::ALL {
        let experiment = Experiment::new(preset, 500, 4).with_strategy(strategy);
        let [first, second] = experiment.layout().channels.detectors;
        for role in [Role::Alice, Role::Bob] {
            let tags = read(station(role, &experiment, preset), 256);
            let on = |detector: Channel| tags.iter().filter(|&&(_, channel)| channel == detector.0).count();
            assert!(on(first) > 0 && on(second) == 0, "{strategy}: {role}");
        }
    }
}
