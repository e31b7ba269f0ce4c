//! A guarded tagger delivers until a tamper sensor fires, and nothing after that.

use std::collections::VecDeque;

use diqkd_core::{Channel, TimeTag};
use diqkd_hal::mock::Playback;
use diqkd_hal::{
    Error, ErrorKind, ErrorType, GuardError, Guarded, TagBlock, Tamper, TamperCause, TamperEvent, TimeTagger,
};

/// Answers of a sensor, one a call; then silence.
struct Sensor(VecDeque<Result<Option<TamperEvent>, ErrorKind>>);

impl ErrorType for Sensor {
    type Error = ErrorKind;
}

impl Tamper for Sensor {
    fn poll(&mut self) -> Result<Option<TamperEvent>, ErrorKind> {
        self.0.pop_front().unwrap_or(Ok(None))
    }
}

const OPENED: TamperEvent = TamperEvent { cause: TamperCause::Enclosure, sensor: 2, time_ps: Some(70) };

fn station(
    answers: impl IntoIterator<Item = Result<Option<TamperEvent>, ErrorKind>>,
) -> Guarded<Playback, Sensor> {
    let tags = (0..100).map(|i| TimeTag { time_ps: 10 * i, channel: Channel(0) }).collect();
    Guarded::new(Playback::new(tags, Vec::new()), Sensor(answers.into_iter().collect()))
}

/// Tags delivered in blocks of ten, and the error that ended it.
fn drain(station: &mut impl TimeTagger<Error = GuardError<ErrorKind>>) -> (usize, GuardError<ErrorKind>) {
    if let Err(error) = station.start() {
        return (0, error);
    }
    let (mut time_ps, mut channel, mut tags) = ([0; 10], [0; 10], 0);
    loop {
        match station.fill(TagBlock { time_ps: &mut time_ps, channel: &mut channel }) {
            Ok(filled) if filled.len > 0 => tags += filled.len,
            Ok(_) => panic!("a guard that never stops: {tags} tags"),
            Err(error) => return (tags, error),
        }
    }
}

#[test]
fn no_tag_follows_a_tamper_event() {
    // At the start, and before the first three blocks, nothing has happened.
    let mut station = station([Ok(None), Ok(None), Ok(None), Ok(None), Ok(Some(OPENED))]);
    let (tags, error) = drain(&mut station);
    assert_eq!((tags, error, error.kind()), (30, GuardError::Tampered(OPENED), ErrorKind::Tamper));
    assert!(error.to_string().contains("tamper sensor 2 fired (enclosure)"));
    let (tags, again) = drain(&mut station);
    assert_eq!((tags, again), (0, error), "for good");
    assert_eq!(station.events(), Ok(&[OPENED][..]));
}

#[test]
fn an_event_from_before_the_start_forbids_it_and_a_blind_sensor_too() {
    assert_eq!(drain(&mut station([Ok(Some(OPENED))])), (0, GuardError::Tampered(OPENED)));
    let mut blind = station([Ok(None), Ok(None), Err(ErrorKind::Disconnected)]);
    let (tags, error) = drain(&mut blind);
    assert_eq!(
        (tags, error, error.kind()),
        (10, GuardError::Sensors(ErrorKind::Disconnected), ErrorKind::Tamper)
    );
}

#[test]
fn a_sensor_that_goes_on_firing_is_heard_for_a_while() {
    let mut station = station((0..1000).map(|_| Ok(Some(OPENED))));
    assert_eq!(station.events().map(<[_]>::len), Ok(Guarded::<Playback, Sensor>::MAX_EVENTS));
}
