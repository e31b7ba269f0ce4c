//! Tags to trials: every herald is accounted for, and nothing depends on how the tags are cut.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

use diqkd_core::{Channel, LocalTable, LocalTrial, Outcome, Setting};
use diqkd_timetag::slot::{
    InvalidRecording, RuleError, SettingFault, SlotError, SlotReport, SlotRule, Slotter, StationKind,
};
use proptest::prelude::*;
use rand::{RngExt, SeedableRng, rngs::StdRng};

const PERIOD: i64 = 1_000_000;
const HERALD: u16 = 0;

fn rule(station: StationKind) -> SlotRule {
    SlotRule {
        station,
        epoch_ps: 5_000,
        slot_period_ps: PERIOD,
        settings: [Channel(1), Channel(2), Channel(3), Channel(400)],
        detectors: [Channel(5), Channel(6)],
        setting_window_ps: 100_000..300_000,
        detection_window_ps: 400_000..800_000,
        dead_time_ps: 0,
        no_click: Outcome::Minus,
        multi_click: Outcome::Plus,
    }
}

fn event_ready() -> SlotRule {
    rule(StationKind::EventReady { herald: Channel(HERALD) })
}

fn run(rule: SlotRule, tags: &[(i64, u16)]) -> (LocalTable, SlotReport, Result<SlotReport, SlotError>) {
    let mut slotter = Slotter::new(rule).unwrap();
    let mut table = LocalTable::new();
    let (time_ps, channel): (Vec<i64>, Vec<u16>) = tags.iter().copied().unzip();
    slotter.push(&time_ps, &channel, &mut table).unwrap();
    let end = slotter.finish(&mut table);
    (table, slotter.report().clone(), end)
}

/// A herald at `phase` of `slot` with a setting and clicks.
fn round(slot: i64, phase: i64, setting: u16, clicks: &[(i64, u16)]) -> Vec<(i64, u16)> {
    let herald = 5_000 + slot * PERIOD + phase;
    let mut tags = vec![(herald, HERALD), (herald + 200_000, setting)];
    tags.extend(clicks.iter().map(|&(at, channel)| (herald + at, channel)));
    tags
}

#[test]
fn outcomes_follow_the_rule() {
    let mut tags = round(3, 50_000, 1, &[(450_000, 5)]);
    tags.extend(round(4, 50_000, 2, &[(500_000, 6), (600_000, 6)]));
    tags.extend(round(5, 50_000, 3, &[]));
    tags.extend(round(9, 50_000, 400, &[(400_000, 6), (799_999, 5)]));
    tags.extend(round(10, 50_000, 1, &[(399_999, 5), (800_000, 6)]));
    let (table, report, end) = run(event_ready(), &tags);
    let trial =
        |round, setting, outcome| LocalTrial { round, setting: Setting::new(setting).unwrap(), outcome };
    let expected = [
        trial(3, 0, Outcome::Plus),
        trial(4, 1, Outcome::Minus),
        trial(5, 2, Outcome::Minus),
        trial(9, 3, Outcome::Plus),
        trial(10, 0, Outcome::Minus),
    ];
    assert_eq!(table.iter().collect::<Vec<_>>(), expected);
    assert_eq!(end.unwrap(), report);
    assert_eq!((report.heralds, report.trials, report.discards.total()), (5, 5, 0));
    assert_eq!((report.no_click, report.multi_click, report.repeated_clicks), (2, 1, 1));
    assert_eq!(report.clicks_outside_windows, 2);
    assert_eq!(report.settings, [2, 1, 1, 1]);
}

#[test]
fn a_click_in_the_dead_time_does_not_count_wherever_the_last_one_lies() {
    let mut tags = round(3, 50_000, 1, &[(395_000, 5), (400_000, 5)]); // the first lies before the window
    tags.extend(round(4, 50_000, 1, &[(450_000, 6), (459_999, 6), (459_999, 5)])); // each detector has its own
    tags.extend(round(5, 50_000, 1, &[(450_000, 5), (458_000, 5), (462_000, 5)])); // a click in it does not prolong it
    tags.extend(round(6, 50_000, 1, &[(391_000, 5), (401_000, 5)])); // as long as the dead time is long enough
    tags.push((5_000 + 8 * PERIOD, 99));
    let (table, report, end) = run(SlotRule { dead_time_ps: 10_000, ..event_ready() }, &tags);
    assert!(end.is_ok());
    let outcomes: Vec<_> = (0..4).map(|i| table.outcome(i).unwrap()).collect();
    assert_eq!(outcomes, [Outcome::Minus, Outcome::Plus, Outcome::Plus, Outcome::Plus]);
    assert_eq!((report.no_click, report.multi_click), (1, 1));
    assert_eq!((report.clicks_in_dead_time, report.repeated_clicks), (3, 1));
    assert_eq!((report.clicks_outside_windows, report.trials), (2, 4));

    // Two clicks in 5 us less 50 ns less four windows of 400 ns.
    assert_eq!((report.span_ps, report.windows_ps), (4_950_000, 1_600_000));
    assert!((report.noise_hz().unwrap() - 2.0 / 3.35e-6).abs() < 1.0);
    let contradiction = Slotter::new(SlotRule { dead_time_ps: -1, ..event_ready() }).err();
    assert_eq!(contradiction, Some(RuleError::DeadTime { dead_time_ps: -1 }));
}

#[test]
fn heralds_are_discarded_by_their_times_alone() {
    let mut tags = vec![(-2_000_000, HERALD), (-1_800_000, 1)];
    tags.extend(round(1, 15_624, 1, &[(500_000, 5)])); // within 1/64 of the start
    tags.extend(round(2, 15_625, 1, &[(500_000, 5)]));
    tags.extend(round(4, 100_000, 2, &[(500_000, 5)]));
    tags.extend(round(4, 950_000, 2, &[(500_000, 5)])); // second in slot 4
    tags.extend(round(7, 300_000, 1, &[]));
    tags.insert(tags.len() - 1, (5_000 + 7 * PERIOD + 310_000, HERALD)); // two heralds at once
    tags.push((5_000 + 7 * PERIOD + 510_000, 2));
    tags.extend(round(9, 990_000, 1, &[])); // within 1/64 of the end
    tags.extend(round(12, 50_000, 1, &[(500_000, 5)])); // the end is not seen
    let (table, report, end) = run(event_ready(), &tags);
    assert!(end.is_ok());
    assert_eq!(table.rounds().iter().collect::<Vec<_>>(), [2, 4]);
    let discards = report.discards;
    assert_eq!(
        (discards.before_epoch, discards.near_edge, discards.second_in_slot, discards.overlapping),
        (1, 2, 1, 2)
    );
    assert_eq!((discards.open_at_end, discards.invalid_setting), (1, 0));
    assert_eq!(report.heralds, report.trials + discards.total());
}

#[test]
fn wrong_setting_markers_make_the_recording_invalid() {
    let herald = 5_000 + 3 * PERIOD + 50_000;
    let late = [(herald, HERALD), (herald + 300_000, 1)];
    let after_click = [(herald, HERALD), (herald + 450_000, 5), (herald + 460_000, 1)];
    let missing = [(herald, HERALD), (herald + 450_000, 5)];
    let double = [(herald, HERALD), (herald + 150_000, 1), (herald + 160_000, 1)];
    let early = [(herald, HERALD), (herald + 99_999, 1), (herald + 200_000, 1)];
    let stray = [(herald, HERALD), (herald + 200_000, 1), (herald + 850_000, 1)];
    for (tags, fault, at) in [
        (&late[..], SettingFault::Misplaced, herald + 300_000),
        (&after_click, SettingFault::Misplaced, herald + 460_000),
        (&missing, SettingFault::Missing, herald),
        (&double, SettingFault::Double, herald + 160_000),
        (&early, SettingFault::Misplaced, herald + 99_999),
        (&stray, SettingFault::Stray, herald + 850_000),
    ] {
        let mut tags = [round(1, 50_000, 1, &[]), tags.to_vec(), round(8, 50_000, 2, &[])].concat();
        tags.push((20 * PERIOD, 99));
        let (table, report, end) = run(event_ready(), &tags);
        let Err(SlotError::Invalid(InvalidRecording { fault: found, time_ps, .. })) = end else {
            panic!("{fault}: {end:?}")
        };
        assert_eq!((found, time_ps), (fault, at));
        assert_eq!(report.heralds, 3);
        assert_eq!(report.heralds, report.trials + report.discards.total());
        assert_eq!(report.discards.invalid_setting, u64::from(fault != SettingFault::Stray));
        assert_eq!(table.len() as u64, report.trials);
    }
    // A recording may begin between a herald and its marker.
    let tags = [vec![(6_000, 1), (7_000, 5)], round(1, 50_000, 1, &[]), vec![(3 * PERIOD, 9)]].concat();
    let (_, report, end) = run(event_ready(), &tags);
    assert!(end.is_ok());
    assert_eq!((report.settings_before_first_herald, report.trials, report.other_tags), (1, 1, 1));
}

#[test]
fn clocked_slots_with_a_marker_are_rounds() {
    let slot = |k: i64| 5_000 + k * PERIOD;
    let tags = [
        (slot(0) + 500_000, 5),
        (slot(1) + 200_000, 1),
        (slot(1) + 500_000, 5),
        (slot(3) + 50_000, HERALD),
        (slot(3) + 299_999, 3),
        (slot(4) + 100_000, 2),
        (slot(4) + 400_000, 6),
        (slot(4) + 900_000, 6),
        (slot(5), 7),
    ];
    let (table, report, end) = run(rule(StationKind::Clocked), &tags);
    assert!(end.is_ok(), "{end:?}");
    assert_eq!(table.rounds().iter().collect::<Vec<_>>(), [1, 3, 4]);
    assert_eq!(table.outcomes().iter().map(|bit| *bit).collect::<Vec<_>>(), [false, true, true]);
    assert_eq!((report.heralds, report.slots_without_setting, report.clicks_outside_windows), (3, 1, 2));

    for (tags, fault) in [
        ([(slot(1) + 200_000, 1), (slot(1) + 210_000, 1)], SettingFault::Double),
        ([(slot(1) + 200_000, 1), (slot(2) + 310_000, 1)], SettingFault::Stray),
        ([(slot(1) + 200_000, 1), (slot(1) + 310_000, 2)], SettingFault::Stray),
        ([(slot(1) + 200_000, 1), (slot(1) + 900_000, 2)], SettingFault::Stray),
    ] {
        let tags = [&tags[..], &[(slot(9), 7)]].concat();
        let (_, report, end) = run(rule(StationKind::Clocked), &tags);
        assert!(matches!(end, Err(SlotError::Invalid(ref invalid)) if invalid.fault == fault), "{end:?}");
        assert_eq!(report.heralds, report.trials + report.discards.total());
    }
}

#[test]
fn rules_that_contradict_themselves_are_refused() {
    let check = |change: fn(&mut SlotRule)| {
        let mut rule = event_ready();
        change(&mut rule);
        Slotter::new(rule).unwrap_err()
    };
    assert!(matches!(check(|rule| rule.slot_period_ps = 0), RuleError::SlotPeriod { .. }));
    assert!(matches!(
        check(|rule| rule.setting_window_ps = 5..5),
        RuleError::Window { window: "setting", .. }
    ));
    assert!(matches!(check(|rule| rule.setting_window_ps = -1..5), RuleError::Window { .. }));
    assert!(matches!(check(|rule| rule.detection_window_ps.end = PERIOD + 1), RuleError::Window { .. }));
    assert!(matches!(
        check(|rule| rule.setting_window_ps.end = 400_001),
        RuleError::SettingAfterDetection { .. }
    ));
    assert!(matches!(check(|rule| rule.detectors[1] = Channel(HERALD)), RuleError::SharedChannel { .. }));
}

#[test]
fn bad_input_is_named() {
    let mut slotter = Slotter::new(event_ready()).unwrap();
    let mut table = LocalTable::new();
    assert!(matches!(slotter.push(&[1, 2], &[1], &mut table), Err(SlotError::LengthMismatch { .. })));
    let error = slotter.push(&[10, 20, 19], &[9, 9, 9], &mut table).unwrap_err();
    assert_eq!(error, SlotError::OutOfOrder { index: 2, time_ps: 19, previous_ps: 20 });
    slotter.advance_to(100, &mut table).unwrap();
    assert!(matches!(slotter.push(&[99], &[9], &mut table), Err(SlotError::OutOfOrder { .. })));
    for time in [i64::MAX - 1, i64::MAX] {
        slotter.push(&[time], &[HERALD], &mut table).unwrap();
    }
    let _ = slotter.finish(&mut table);
    let report = slotter.report();
    assert_eq!((report.heralds, report.trials + report.discards.total()), (2, 2));
}

/// A recording with everything that can happen; `honest` leaves out wrong setting markers.
fn recording(seed: u64, honest: bool) -> Vec<(i64, u16)> {
    let mut rng = StdRng::seed_from_u64(seed);
    let mut tags = Vec::new();
    for slot in -2..60i64 {
        let start = 5_000 + slot * PERIOD;
        for _ in 0..rng.random_range(0..3) {
            tags.push((start + rng.random_range(0..PERIOD), rng.random_range(5..9)));
        }
        for _ in 0..[0, 0, 1, 1, 1, 2][rng.random_range(0..6)] {
            let herald = start + rng.random_range(0..PERIOD);
            tags.push((herald, HERALD));
            let wrong = !honest && rng.random_bool(0.05);
            let (at, times) =
                if wrong { (rng.random_range(0..900_000), rng.random_range(0..3)) } else { (200_000, 1) };
            for _ in 0..times {
                tags.push((herald + at, [1, 2, 3, 400][rng.random_range(0..4)]));
            }
        }
    }
    tags.sort_by_key(|tag| tag.0);
    tags
}

proptest! {
    #[test]
    fn every_herald_is_a_trial_or_counted(seed: u64, honest: bool) {
        let tags = recording(seed, honest);
        let (table, report, end) = run(event_ready(), &tags);
        prop_assert_eq!(report.heralds, tags.iter().filter(|tag| tag.1 == HERALD).count() as u64);
        prop_assert_eq!(report.heralds, report.trials + report.discards.total());
        prop_assert_eq!(report.trials, table.len() as u64);
        prop_assert_eq!(report.settings.iter().sum::<u64>(), report.trials);
        if honest {
            prop_assert!(end.is_ok(), "{:?}", end);
            prop_assert_eq!(report.discards.invalid_setting, 0);
        }
    }

    #[test]
    fn no_discard_depends_on_clicks(seed: u64) {
        let tags = recording(seed, true);
        let silent: Vec<_> = tags.iter().copied().filter(|tag| !(5..=6).contains(&tag.1)).collect();
        let last = tags.last().unwrap().0;
        let ended = |mut tags: Vec<(i64, u16)>| {
            tags.push((last + PERIOD, 99));
            run(event_ready(), &tags)
        };
        let (with, with_report, _) = ended(tags);
        let (without, without_report, _) = ended(silent);
        prop_assert_eq!(with.rounds(), without.rounds());
        prop_assert_eq!(with_report.discards, without_report.discards);
        prop_assert!(without.iter().all(|trial| trial.outcome == Outcome::Minus));
    }

    #[test]
    fn cutting_changes_nothing(seed: u64, longest in 0usize..9, clocked: bool) {
        let tags = recording(seed, false);
        let rule = if clocked { rule(StationKind::Clocked) } else { event_ready() };
        let (table, report, _) = run(rule.clone(), &tags);
        let mut rng = StdRng::seed_from_u64(!seed);
        let mut slotter = Slotter::new(rule).unwrap();
        let mut pieces = LocalTable::new();
        let mut at = 0;
        while at < tags.len() {
            let end = (at + rng.random_range(0..=longest) + 1).min(tags.len());
            let (time_ps, channel): (Vec<i64>, Vec<u16>) = tags[at..end].iter().copied().unzip();
            slotter.push(&time_ps, &channel, &mut pieces).unwrap();
            at = end;
        }
        let _ = slotter.finish(&mut pieces);
        prop_assert_eq!(pieces, table);
        prop_assert_eq!(slotter.report(), &report);
    }
}
