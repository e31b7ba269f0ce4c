//! The checks for setting generators, modulators and stations, each with parts that pass and parts that must not.

use std::convert::Infallible;

use diqkd_core::{Channel, Outcome, Setting, TimeTag};
use diqkd_hal::conformance::{
    RngOptions, Violation, check_failed_rng, check_modulator, check_setting_rng, check_source, check_station,
};
use diqkd_hal::mock::{Mock, MockError, SourceLog, SourceLogError, Transaction};
use diqkd_hal::{
    Alignment, Applied, ApplyError, ChannelMap, ClockBounds, ClockRequirement, ClockSource, ClockState,
    EntanglementSource, Error, ErrorKind, Filter, Herald, HeraldEvent, Interlock, InterlockState, Lock,
    Modulator, NotReady, Passband, Requirements, RngFault, RngHealth, SettingChooser, SettingRng,
    SourceState, StationIdentity, StationLayout, Tamper, TamperCause, TamperEvent, Trigger, Window,
    apply_round, preflight,
};
use rand_core::TryRng;

/// SplitMix64, optionally spoilt.
struct Generator {
    state: u64,
    spoil: fn(u64) -> u64,
    half_filled: bool,
    health: RngHealth,
}

impl Generator {
    fn new(spoil: fn(u64) -> u64) -> Self {
        Self { state: 1, spoil, half_filled: false, health: RngHealth::Healthy }
    }
}

impl TryRng for Generator {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok((self.try_next_u64()? >> 32) as u32)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.state ^ (self.state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        Ok((self.spoil)(z ^ (z >> 31)))
    }

    fn try_fill_bytes(&mut self, dst: &mut [u8]) -> Result<(), Infallible> {
        let whole = if self.half_filled { dst.len() / 8 * 8 } else { dst.len() };
        for chunk in dst[..whole].chunks_mut(8) {
            let word = self.try_next_u64()?.to_le_bytes();
            chunk.copy_from_slice(&word[..chunk.len()]);
        }
        Ok(())
    }
}

impl SettingRng for Generator {
    fn health(&self) -> RngHealth {
        self.health
    }
}

#[test]
fn a_good_generator_passes() {
    let report = check_setting_rng(&mut Generator::new(|word| word), &RngOptions::default()).unwrap();
    assert_eq!(report.bits, (1 << 22) + (1 << 15));
    assert!(report.bias_z.abs() < 5.0 && report.repeat_z.abs() < 5.0);
    assert!((10..60).contains(&report.longest_run));
}

#[test]
fn bad_generators_are_named_by_the_test_that_finds_them() {
    let found = |mut rng: Generator| match check_setting_rng(&mut rng, &RngOptions::default()) {
        Err(Violation::Randomness { test, .. }) => test,
        other => panic!("{other:?}"),
    };
    assert_eq!(found(Generator::new(|word| word | 1 << 17)), "balance");
    assert_eq!(found(Generator::new(|_| 0x5555_5555_5555_5555)), "repeated word");
    assert_eq!(found(Generator::new(|word| (word & 0x5555_5555_5555_5555) * 3)), "equal neighbours");
}

#[test]
fn half_filled_buffers_and_lying_health_are_found() {
    let mut rng = Generator { half_filled: true, ..Generator::new(|word| word) };
    assert!(matches!(
        check_setting_rng(&mut rng, &RngOptions::default()),
        Err(Violation::Tail { place: 0, len: 1 })
    ));
    let mut rng = Generator { health: RngHealth::Failed(RngFault::Stuck), ..Generator::new(|word| word) };
    assert_eq!(check_setting_rng(&mut rng, &RngOptions::default()), Err(Violation::Health));
    assert_eq!(check_failed_rng(&mut rng), Err(Violation::Health), "it delivers although it has failed");
    let mut silent = Mock::new([ErrorKind::Other; 3].map(Transaction::Fail));
    silent.rng_health = RngHealth::Failed(RngFault::Biased);
    assert_eq!(check_failed_rng(&mut silent), Ok(()));
}

#[test]
fn a_modulator_must_not_be_early_nor_apply_something_else() {
    let [zero, one] = [false, true].map(Setting::from_bit);
    let apply = |setting, at_ps, applied: Setting, time_ps| Transaction::Apply {
        setting,
        at_ps,
        applied: Applied { setting: applied, time_ps },
    };
    let mut good = Mock::new([apply(zero, 100, zero, 130), apply(one, 180, one, 180)]);
    assert_eq!(check_modulator(&mut good, &[zero, one], 100, 50), Ok(()));
    good.done().unwrap();
    let mut early = Mock::new([apply(zero, 100, zero, 99)]);
    let found = check_modulator(&mut early, &[zero], 100, 0);
    assert!(matches!(found, Err(Violation::Modulator { index: 0, at_ps: 100, .. })), "{found:?}");
    let mut other = Mock::new([apply(zero, 100, zero, 100), apply(one, 100, zero, 100)]);
    let found = check_modulator(&mut other, &[zero, one], 100, 0).unwrap_err();
    assert!(matches!(found, Violation::Modulator { index: 1, .. }), "{found:?}");
    assert!(found.to_string().contains("for setting 1 from 100 ps on, and it applied setting 0"), "{found}");
}

#[test]
fn a_source_is_held_to_its_contract() {
    let state = |time_ps, rate_hz, visibility, alignment| SourceState {
        time_ps,
        rate_hz,
        visibility: Some(visibility),
        alignment,
    };
    let drifted = state(5, 100.0, 0.8, Alignment::Drifted);
    let aligned = state(7, 100.0, 0.99, Alignment::Aligned);
    let play = |first, answer, last| {
        let script = [Transaction::Source(first), Transaction::Align(answer), Transaction::Source(last)];
        check_source(&mut Mock::new(script), 1)
    };
    assert_eq!(play(drifted, aligned, aligned), Ok(()));
    let broken = |index, found| match found {
        Err(Violation::Source { index: found, rule }) => {
            assert_eq!(found, index, "{rule}");
            rule
        }
        other => panic!("{other:?}"),
    };
    let unaligned = "an alignment that succeeded left it unaligned";
    assert_eq!(broken(1, play(drifted, drifted, aligned)), unaligned);
    assert_eq!(broken(2, play(drifted, aligned, SourceState { time_ps: 8, ..drifted })), unaligned);
    let early = SourceState { time_ps: 4, ..aligned };
    assert_eq!(broken(1, play(drifted, early, aligned)), "the time lies before that of an earlier reading");
    let bright = state(0, f64::NAN, 0.5, Alignment::Unknown);
    assert_eq!(broken(0, play(bright, aligned, aligned)), "the rate is negative or no number");
    let perfect = state(0, 1.0, 1.01, Alignment::Unknown);
    assert_eq!(broken(0, play(perfect, aligned, aligned)), "the visibility is not between 0 and 1");
    let mut failing = Mock::new([Transaction::Source(drifted), Transaction::Fail(ErrorKind::Other)]);
    let failed = Err(Violation::Driver { call: "align", kind: ErrorKind::Other });
    assert_eq!(check_source(&mut failing, 1), failed);
}

#[test]
fn the_log_of_a_source_is_played_back_and_read_with_care() {
    let text = "time_ps,rate_hz,visibility,alignment\n-4,52.1,0.98,aligned\n\n9,0,,unknown\n";
    let mut log: SourceLog = text.parse().unwrap();
    assert_eq!(check_source(&mut log.clone(), 5), Ok(()), "without a hook");
    let first = log.state().unwrap();
    assert_eq!((first.time_ps, first.rate_hz, first.alignment), (-4, 52.1, Alignment::Aligned));
    let last = log.state().unwrap();
    assert_eq!((last.visibility, last.alignment), (None, Alignment::Unknown));
    assert_eq!(log.state(), Ok(last), "the last reading stays");
    let line = |text: &str| text.parse::<SourceLog>().map_err(|SourceLogError { line }| line);
    assert_eq!(line(""), Err(1));
    assert_eq!(line("time_ps,rate_hz\n"), Err(1));
    let header = "time_ps,rate_hz,visibility,alignment\n";
    for bad in ["", "\n0,1,0.5", "1,2,0.5,bent", "1,2,0.5,aligned,3", "x,2,0.5,aligned", "1,2,x,aligned"] {
        assert!(line(&format!("{header}{bad}")).is_err_and(|line| line >= 2), "{bad}");
    }
    assert_eq!(line(&format!("{header}0,1,,aligned\n0,1,,bent\n")), Err(3));
}

#[test]
fn a_mock_plays_its_script_in_order_across_traits() {
    let event = HeraldEvent { time_ps: 5, state: 0 };
    let tamper = TamperEvent { cause: TamperCause::Light, sensor: 2, time_ps: None };
    let mut mock = Mock::new([
        Transaction::Herald(Some(event)),
        Transaction::Word(9),
        Transaction::Tamper(Some(tamper)),
        Transaction::Trip,
        Transaction::Fail(ErrorKind::Disconnected),
    ]);
    assert_eq!(Herald::poll(&mut mock), Ok(Some(event)));
    assert_eq!(mock.try_next_u32(), Ok(9));
    assert_eq!(Tamper::poll(&mut mock), Ok(Some(tamper)));
    assert_eq!(mock.trip(), Ok(()));
    assert_eq!(mock.trip().map_err(|error| error.kind()), Err(ErrorKind::Disconnected));
    assert_eq!(mock.identity().unwrap().serial, "mock");
    mock.done().unwrap();

    let mut wrong = Mock::new([Transaction::Trip]);
    let setting = Setting::from_bit(false);
    let error = MockError::Unexpected { call: "Modulator::apply", position: 0 };
    assert_eq!(wrong.apply(setting, 0), Err(error));
    assert_eq!(wrong.done(), Err(error));
    assert_eq!(Mock::new([Transaction::Trip]).done(), Err(MockError::Unplayed { left: 1 }));
}

#[test]
fn only_a_sound_station_passes_preflight() {
    let state = |source, lock, uncertainty_ps| {
        Transaction::Clock(ClockState { source, lock, offset_ps: None, uncertainty_ps })
    };
    let free = state(ClockSource::FreeRunning, Lock::NotApplicable, None);
    let script = |clock: &Transaction| {
        [Transaction::Tamper(None), Transaction::Interlock(InterlockState::Closed), clock.clone()]
    };
    let mut requirements = Requirements { firmware_hash: [0; 32], clock: ClockRequirement::Hardware };
    assert_eq!(preflight(&mut Mock::new(script(&free)), &requirements), Ok(()));
    let ntp = state(ClockSource::Ntp, Lock::Locked, Some(1_000_000_000));
    let refused =
        |mock: &mut Mock, demands: &Requirements| preflight(mock, demands).map_err(|error| error.kind());
    assert_eq!(refused(&mut Mock::new(script(&ntp)), &requirements), Err(ErrorKind::SyncLost));

    requirements.clock = ClockRequirement::Disciplined { max_uncertainty_ps: 100 };
    let rabbit = |ps| state(ClockSource::WhiteRabbit, Lock::Locked, Some(ps));
    assert_eq!(preflight(&mut Mock::new(script(&rabbit(100))), &requirements), Ok(()));
    assert_eq!(refused(&mut Mock::new(script(&rabbit(101))), &requirements), Err(ErrorKind::SyncLost));
    assert_eq!(refused(&mut Mock::new(script(&free)), &requirements), Err(ErrorKind::SyncLost));

    let event = TamperEvent { cause: TamperCause::Enclosure, sensor: 1, time_ps: None };
    let tampered = preflight(&mut Mock::new([Transaction::Tamper(Some(event))]), &requirements);
    assert_eq!(tampered, Err(NotReady::Tampered(event)));
    let open = [Transaction::Tamper(None), Transaction::Interlock(InterlockState::Open)];
    assert_eq!(
        preflight(&mut Mock::new(open), &requirements),
        Err(NotReady::Interlock(InterlockState::Open))
    );
    let dead = [Transaction::Tamper(None), Transaction::Fail(ErrorKind::Disconnected)];
    assert_eq!(refused(&mut Mock::new(dead), &requirements), Err(ErrorKind::Disconnected));
    requirements.firmware_hash = [1; 32];
    assert_eq!(refused(&mut Mock::new([]), &requirements), Err(ErrorKind::FirmwareMismatch));
}

#[test]
fn a_round_gets_the_setting_that_was_chosen_within_its_window() {
    struct Second;
    impl SettingChooser for Second {
        fn choose(&mut self, round: u64) -> Setting {
            Setting::from_bit(round % 2 == 1)
        }
    }
    let one = Setting::from_bit(true);
    let apply = |applied, time_ps| {
        Mock::new([Transaction::Apply {
            setting: one,
            at_ps: 720,
            applied: Applied { setting: applied, time_ps },
        }])
    };
    let round = |mut mock: Mock| apply_round(&LAYOUT, 7, 700, &mut Second, &mut mock);
    assert_eq!(round(apply(one, 739)), Ok(Applied { setting: one, time_ps: 739 }));
    let zero = Setting::from_bit(false);
    assert_eq!(
        round(apply(zero, 739)),
        Err(ApplyError::WrongSetting { round: 7, chosen: one, applied: zero })
    );
    let wrong_time = |applied_ps| Err(ApplyError::WrongTime { round: 7, window_ps: (720, 740), applied_ps });
    assert_eq!(round(apply(one, 740)), wrong_time(740));
    assert_eq!(round(apply(one, 719)), wrong_time(719));
    let failing = Mock::new([Transaction::Fail(ErrorKind::OutOfRange)]);
    assert_eq!(round(failing), Err(ApplyError::Modulator { kind: ErrorKind::OutOfRange }));
}

const LAYOUT: StationLayout = StationLayout {
    trigger: Trigger::EventReady,
    epoch_ps: 0,
    slot_period_ps: 100,
    channels: ChannelMap {
        herald: Some(Channel(0)),
        settings: [Channel(1), Channel(2), Channel(3), Channel(4)],
        detectors: [Channel(5), Channel(6)],
    },
    herald_ps: 10,
    setting_window: Window { start_ps: 20, end_ps: 40 },
    detection_window: Window { start_ps: 50, end_ps: 90 },
    no_click: Outcome::Minus,
    multi_click: Outcome::Plus,
    clock_bounds: ClockBounds { max_offset_ps: 0, max_drift_ppb: 0.0 },
    jitter_ps: 1.0,
};

fn tags(list: &[(i64, u16)]) -> Vec<TimeTag> {
    list.iter().map(|&(time_ps, channel)| TimeTag { time_ps, channel: Channel(channel) }).collect()
}

#[test]
fn a_station_that_follows_its_layout_passes() {
    let rounds = [(5, 6), (110, 0), (130, 2), (160, 5), (210, 0), (230, 1), (310, 0), (320, 1), (389, 6)];
    let report = check_station(&LAYOUT, tags(&rounds)).unwrap();
    assert_eq!((report.rounds, report.clicked, report.stray_clicks), (3, 2, 1));
    assert_eq!(report.settings, [2, 1, 0, 0]);
}

#[test]
fn each_broken_rule_of_a_slot_is_named() {
    let rule = |list: &[(i64, u16)]| match check_station(&LAYOUT, tags(list)) {
        Err(Violation::Slot { slot: 1, rule }) => rule,
        other => panic!("{other:?}"),
    };
    assert_eq!(rule(&[(110, 0)]), "the round has no setting marker");
    assert_eq!(rule(&[(130, 1)]), "a setting marker without a herald");
    assert_eq!(rule(&[(110, 0), (119, 1)]), "a setting marker outside of its window");
    assert_eq!(rule(&[(110, 0), (130, 1), (131, 2)]), "two setting markers");
    assert_eq!(rule(&[(130, 1), (131, 0)]), "a herald after the setting marker");
    assert_eq!(rule(&[(110, 0), (160, 5)]), "a counted click before the setting marker");
}

#[test]
fn settings_that_follow_earlier_clicks_are_found() {
    // Setting i+1 = click i, in 200 rounds with clicks by a fixed pattern.
    let mut list = Vec::new();
    let mut last = 0;
    for slot in 1..200i64 {
        let click = (slot * slot / 3 % 2) as u16;
        list.extend([(slot * 100 + 10, 0), (slot * 100 + 30, 1 + last), (slot * 100 + 60, 6 - click)]);
        last = click;
    }
    let found = check_station(&LAYOUT, tags(&list));
    assert!(
        matches!(found, Err(Violation::Randomness { test: "setting against earlier click", .. })),
        "{found:?}"
    );
}

/// Through a reference, as a driver that lends its filter to others would.
#[test]
fn a_tuned_filter_says_where_it_is() {
    let wanted = Passband { center_mhz: 193_414_489, width_mhz: 12_500 };
    let applied = Passband { center_mhz: 193_412_500, ..wanted };
    let mut mock = Mock::new([
        Transaction::Tune { channel: Channel(3), wanted, applied },
        Transaction::ReadFilter(Channel(3), applied),
        Transaction::ReadFilter(Channel(3), applied),
    ]);
    let filter: &mut dyn Filter<Error = MockError> = &mut &mut mock;
    assert_eq!(filter.tune(Channel(3), wanted), Ok(applied));
    assert_eq!(filter.passband(Channel(3)), Ok(applied));
    let elsewhere = filter.passband(Channel(4)).unwrap_err();
    assert_eq!(elsewhere, MockError::Unexpected { call: "Filter::passband", position: 2 });
}
