//! The conformance kit against a driver that keeps the contract and against drivers that break it, one way each.

use diqkd_core::{Channel, TimeTag};
use diqkd_hal::conformance::{TaggerCheck, TaggerOptions, Violation, check_replay, check_tagger};
use diqkd_hal::mock::Playback;
use diqkd_hal::{Capabilities, ErrorKind, ErrorType, Filled, Restart, Status, TagBlock, TimeTagger};

const TAGS: usize = 300;
const MISSED: u64 = 11;

fn recording() -> Playback {
    let tags = (0..TAGS as i64).map(|i| TimeTag { time_ps: i / 2 * 100, channel: Channel((i % 3) as u16) });
    let events = vec![
        (40, Status::Overflow { missed: MISSED }),
        (100, Status::Gap { from_ps: 4950, to_ps: 5000 }),
        (100, Status::SyncLost),
    ];
    Playback::new(tags.collect(), events)
}

fn options() -> TaggerOptions {
    TaggerOptions {
        injected: Some(TAGS as u64 + MISSED),
        allocations: Some(allocations),
        ..TaggerOptions::default()
    }
}

diqkd_hal::conformance_tests! { playback: options() => recording() }
diqkd_hal::conformance_tests! { playback_with_timeouts: options() => recording().with_timeouts(3) }
diqkd_hal::conformance_tests! { borrowed_and_boxed: options() => Box::new(recording()) as Box<dyn TimeTagger<Error = ErrorKind>> }

#[derive(Clone, Copy, PartialEq)]
enum Sin {
    TimeGoesBack,
    UnknownChannel,
    WritesBeyondLength,
    LongLength,
    ReversedGap,
    LosesSilently,
    LosesWithSmallBlocks,
    EatsEmptyBlocks,
    DeliversWhileStopped,
    WakesAfterEnd,
    ClaimsToRewind,
    TimeoutLoses,
    NoChannels,
    Hangs,
}

/// A good driver with one sin.
struct Sinner {
    inner: Playback,
    sin: Sin,
    calls: u64,
    running: bool,
    ended: bool,
}

impl Sinner {
    fn new(sin: Sin) -> Self {
        Self { inner: recording(), sin, calls: 0, running: false, ended: false }
    }
}

impl ErrorType for Sinner {
    type Error = ErrorKind;
}

impl TimeTagger for Sinner {
    fn capabilities(&self) -> Capabilities {
        let honest = self.inner.capabilities();
        match self.sin {
            Sin::UnknownChannel => Capabilities { channels: 2, ..honest },
            Sin::NoChannels => Capabilities { channels: 0, ..honest },
            Sin::ClaimsToRewind => Capabilities { restart: Restart::Rewinds, ..honest },
            _ => honest,
        }
    }

    fn start(&mut self) -> Result<(), ErrorKind> {
        self.running = true;
        self.inner.start()
    }

    fn fill(&mut self, mut block: TagBlock<'_>) -> Result<Filled, ErrorKind> {
        self.calls += 1;
        if self.sin == Sin::DeliversWhileStopped && !self.running {
            block.time_ps[0] = 0;
            block.channel[0] = 0;
            return Ok(Filled { len: 1, status: Status::Streaming });
        }
        if self.sin == Sin::Hangs && self.running && self.calls > 3 {
            return Ok(Filled { len: 0, status: Status::Streaming });
        }
        if self.sin == Sin::WakesAfterEnd && self.ended {
            return Ok(Filled { len: 0, status: Status::Streaming });
        }
        if self.sin == Sin::EatsEmptyBlocks && self.running && block.capacity() == 0 {
            let (mut time_ps, mut channel) = ([0; 4], [0; 4]);
            let _ = self.inner.fill(TagBlock { time_ps: &mut time_ps, channel: &mut channel })?;
            return Ok(Filled { len: 0, status: Status::Streaming });
        }
        let capacity = block.capacity();
        let mut filled = self.inner.fill(block.reborrow())?;
        self.ended |= filled.status == Status::EndOfData;
        match self.sin {
            Sin::TimeGoesBack if self.calls == 2 && filled.len > 1 => block.time_ps[filled.len - 1] = -1,
            Sin::WritesBeyondLength if filled.len < capacity => block.time_ps[capacity - 1] = 0,
            Sin::LongLength if filled.status == Status::EndOfData => filled.len = capacity + 1,
            Sin::ReversedGap => {
                if let Status::Gap { from_ps, to_ps } = filled.status {
                    filled.status = Status::Gap { from_ps: to_ps, to_ps: from_ps };
                }
            }
            Sin::LosesSilently => {
                if let Status::Overflow { missed } = filled.status {
                    filled.status = Status::Overflow { missed: missed - 1 };
                }
            }
            Sin::LosesWithSmallBlocks if capacity < 5 && filled.len > 0 && self.calls == 7 => filled.len -= 1,
            Sin::TimeoutLoses if self.calls == 2 => return Err(ErrorKind::Timeout),
            _ => {}
        }
        if matches!(self.sin, Sin::LosesWithSmallBlocks | Sin::TimeoutLoses) {
            block.time_ps[filled.len..].fill(i64::MIN + 0x5a5a);
            block.channel[filled.len..].fill(0xa5a5);
        }
        Ok(filled)
    }

    fn stop(&mut self) -> Result<(), ErrorKind> {
        self.running = false;
        if self.sin == Sin::ClaimsToRewind { Ok(()) } else { self.inner.stop() }
    }
}

#[test]
fn every_sin_is_found_by_its_check() {
    use TaggerCheck as Check;
    let cases = [
        (Sin::TimeGoesBack, Check::MonotoneTime),
        (Sin::UnknownChannel, Check::MonotoneTime),
        (Sin::WritesBeyondLength, Check::MonotoneTime),
        (Sin::LongLength, Check::MonotoneTime),
        (Sin::ReversedGap, Check::MonotoneTime),
        (Sin::NoChannels, Check::MonotoneTime),
        (Sin::Hangs, Check::MonotoneTime),
        (Sin::LosesSilently, Check::NoSilentLoss),
        (Sin::LosesWithSmallBlocks, Check::BlockSize),
        (Sin::EatsEmptyBlocks, Check::OddBlocks),
        (Sin::DeliversWhileStopped, Check::Stopped),
        (Sin::WakesAfterEnd, Check::FinalEnd),
        (Sin::ClaimsToRewind, Check::Restart),
    ];
    for (i, (sin, check)) in cases.into_iter().enumerate() {
        let found = check.run(&mut || Sinner::new(sin), &options());
        assert!(found.is_err(), "sin {i} passes {check:?}");
        assert!(check_tagger(|| Sinner::new(sin), &options()).is_err());
    }
}

#[test]
fn a_timeout_that_drops_the_block_is_found() {
    let found = TaggerCheck::Timeouts.run(&mut || Sinner::new(Sin::TimeoutLoses), &options());
    assert!(found.is_err(), "{found:?}");
}

fn allocations(call: &mut dyn FnMut()) -> u64 {
    allocation_counter::measure(call).count_total
}

#[test]
fn an_allocation_is_found() {
    struct Allocating(Playback);
    impl ErrorType for Allocating {
        type Error = ErrorKind;
    }
    impl TimeTagger for Allocating {
        fn capabilities(&self) -> Capabilities {
            self.0.capabilities()
        }
        fn start(&mut self) -> Result<(), ErrorKind> {
            self.0.start()
        }
        fn fill(&mut self, block: TagBlock<'_>) -> Result<Filled, ErrorKind> {
            std::hint::black_box(vec![0; block.capacity()]);
            self.0.fill(block)
        }
        fn stop(&mut self) -> Result<(), ErrorKind> {
            self.0.stop()
        }
    }
    let found = TaggerCheck::Allocation.run(&mut || Allocating(recording()), &options());
    assert_eq!(found, Err(Violation::Allocation { count: 1 }));
    assert_eq!(TaggerCheck::Allocation.run(&mut recording, &options()), Ok(()));
}

#[test]
fn live_hardware_is_cut_off_and_not_compared() {
    let options =
        TaggerOptions { injected: None, repeatable: false, max_tags: 50, ..TaggerOptions::default() };
    assert_eq!(check_tagger(recording, &options), Ok(()));
}

#[test]
fn a_replay_must_equal_the_live_recording() {
    assert_eq!(check_replay(&mut recording(), &mut recording().with_timeouts(2), &options()), Ok(()));
    let tags = (0..TAGS as i64).map(|i| TimeTag { time_ps: i / 2 * 100, channel: Channel((i % 3) as u16) });
    let eventless = Playback::new(tags.collect(), vec![]);
    let found = check_replay(&mut recording(), &mut eventless.clone(), &options());
    assert!(matches!(found, Err(Violation::Different { .. })), "{found:?}");
}
