//! F3: setting generators.

use diqkd_health::{
    AlarmBudget, Cause, Draw, FailureMode, RandomnessLimits, RandomnessWatch, ReseedWatch, Signal,
};

use super::*;

fn watch(alarms_per_year: f64) -> RandomnessWatch {
    let budget = AlarmBudget { alarms_per_year, samples_per_second: 1e6 };
    RandomnessWatch::new(RandomnessLimits { h_min: 1.0, tau: 0.001, budget }).unwrap()
}

fn biased_word(rng: &mut StdRng, p_one: f64) -> u64 {
    (0..64).fold(0, |word, i| word | u64::from(rng.random_bool(p_one)) << i)
}

/// The first alarm after 1000 honest words.
fn fault(mut faulty: impl FnMut(&mut StdRng) -> u64) -> Alarm {
    let (mut watch, mut rng) = (watch(1.0), rng(31));
    let honest: Vec<u64> = (0..1000).map(|_| rng.random()).collect();
    assert_eq!(watch.push_words(&honest), []);
    for _ in 0..100_000 {
        let word = faulty(&mut rng);
        if let Some(alarm) = watch.push_words(&[word]).first() {
            assert_eq!(alarm.mode(), FailureMode::F3);
            return *alarm;
        }
    }
    panic!("no alarm");
}

const FAULT: u64 = 64_000;

#[test]
fn a_stuck_generator() {
    let alarm = fault(|_| u64::MAX);
    assert_eq!((alarm.signal, alarm.cause), (Signal::Repetition, Cause::GeneratorFailed));
    assert!(alarm.since.abs_diff(FAULT) < 8 && alarm.raised < FAULT + 64, "{alarm}");
    assert_eq!(alarm.raised - alarm.since + 1, alarm.threshold as u64);
}

#[test]
fn a_generator_that_lost_entropy() {
    let alarm = fault(|rng| rng.random::<u64>() | rng.random::<u64>());
    assert_eq!((alarm.signal, alarm.cause), (Signal::Proportion, Cause::GeneratorFailed));
    assert!(alarm.raised < FAULT + 4 * 1024 && alarm.since + 1024 > FAULT, "{alarm}");
}

#[test]
fn a_slight_bias() {
    let alarm = fault(|rng| biased_word(rng, 0.51));
    assert_eq!((alarm.signal, alarm.cause), (Signal::SettingBias, Cause::GeneratorBiased));
    assert!(alarm.raised < FAULT + 2_000_000 && (alarm.observed - 0.51).abs() < 0.003, "{alarm}");
}

/// A bit rate of a megahertz for a simulated day at a budget of 730 false alarms a year: two expected.
#[test]
fn an_honest_generator_keeps_its_budget() {
    let (mut watch, mut rng) = (watch(730.0 * 864.0), rng(32));
    // A hundred seconds, at a budget raised by 864.
    let mut count = 0;
    let mut block = vec![0u64; 64 * 1024];
    for _ in 0..100_000_000 / (64 * block.len()) + 1 {
        block.fill_with(|| rng.random());
        count += watch.push_words(&block).len();
    }
    println!("{count} false alarms, two expected");
    assert!(count <= TOLERATED);
    // The repetition test alone spends about a quarter of the budget, so that silence would be suspicious only at 1e-1.
    assert!(watch.monitor().samples() >= 100_000_000);
}

#[test]
fn a_generator_must_be_reseeded() {
    let mut watch = ReseedWatch::new(1000);
    assert_eq!(watch.draw(1000), Draw::Granted);
    let Draw::Refused(alarm) = watch.draw(1) else { panic!("the seed is used up") };
    assert_eq!((alarm.signal, alarm.cause), (Signal::Reseed, Cause::GeneratorExhausted));
    assert_eq!((alarm.observed, alarm.threshold, alarm.false_alarm), (1001.0, 1000.0, None));
    watch.reseeded();
    assert_eq!((watch.draw(1), watch.drawn_bits(), watch.reseeds()), (Draw::Granted, 1, 1));
    assert!(matches!(watch.draw(u64::MAX), Draw::Refused(_)));
}
