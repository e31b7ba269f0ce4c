//! The conformance kit against a driver that keeps the contract and against drivers that break it, one way each.

use std::sync::atomic::{AtomicU64, Ordering};

use diqkd_core::{Channel, TimeTag};
use diqkd_hal::conformance::{
    TaggerCheck, TaggerOptions, Violation, check_failure, check_replay, check_tagger,
};
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
    assert!(matches!(found, Err(Violation::FailedAfterTags { written: 1.. })), "{found:?}");
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

/// A tagger with memory for 64 tags, which its device fills by 1000 tags while the reader pauses.
struct Ring {
    left: u64,
    ready: u64,
    dropped: u64,
    honest: bool,
    running: bool,
}

impl Ring {
    fn new(honest: bool) -> Self {
        Self { left: 5000, ready: 0, dropped: 0, honest, running: false }
    }
}

static PAUSES: AtomicU64 = AtomicU64::new(0);

impl ErrorType for Ring {
    type Error = ErrorKind;
}

impl TimeTagger for Ring {
    fn capabilities(&self) -> Capabilities {
        recording().capabilities()
    }

    fn start(&mut self) -> Result<(), ErrorKind> {
        self.running = true;
        Ok(())
    }

    fn fill(&mut self, block: TagBlock<'_>) -> Result<Filled, ErrorKind> {
        let arriving = self.left.min(if PAUSES.swap(0, Ordering::Relaxed) > 0 { 1000 } else { 10 });
        self.left -= arriving;
        self.ready += arriving;
        self.dropped += self.ready.saturating_sub(64);
        self.ready = self.ready.min(64);
        let len = (self.ready as usize).min(block.capacity());
        block.time_ps[..len].fill(0);
        block.channel[..len].fill(0);
        self.ready -= len as u64;
        let missed = std::mem::take(&mut self.dropped);
        let status = match missed {
            1.. if self.honest => Status::Overflow { missed },
            _ if self.left == 0 && self.ready == 0 => Status::EndOfData,
            _ => Status::Streaming,
        };
        Ok(Filled { len, status })
    }

    fn stop(&mut self) -> Result<(), ErrorKind> {
        self.running = false;
        Ok(())
    }
}

#[test]
fn a_ring_buffer_that_drops_silently_is_found_by_a_slow_reader_only() {
    let options = TaggerOptions { injected: Some(5000), ..TaggerOptions::default() };
    let slow = TaggerOptions {
        pause: Some(|| {
            PAUSES.fetch_add(1, Ordering::Relaxed);
        }),
        ..options
    };
    assert_eq!(TaggerCheck::NoSilentLoss.run(&mut || Ring::new(false), &options), Ok(()));
    assert_eq!(TaggerCheck::SlowReader.run(&mut || Ring::new(false), &options), Ok(()), "skipped");
    let found = TaggerCheck::SlowReader.run(&mut || Ring::new(false), &slow);
    assert!(matches!(found, Err(Violation::Loss { injected: 5000, missed: 0, .. })), "{found:?}");
    assert_eq!(TaggerCheck::SlowReader.run(&mut || Ring::new(true), &slow), Ok(()));
}

#[test]
fn live_inputs_that_fall_silent_are_counted_and_not_called_a_hang() {
    struct Endless(Playback);
    impl ErrorType for Endless {
        type Error = ErrorKind;
    }
    impl TimeTagger for Endless {
        fn capabilities(&self) -> Capabilities {
            self.0.capabilities()
        }
        fn start(&mut self) -> Result<(), ErrorKind> {
            self.0.start()
        }
        fn fill(&mut self, block: TagBlock<'_>) -> Result<Filled, ErrorKind> {
            let filled = self.0.fill(block)?;
            let ended = filled.status == Status::EndOfData;
            Ok(if ended { Filled { status: Status::Streaming, ..filled } } else { filled })
        }
        fn stop(&mut self) -> Result<(), ErrorKind> {
            self.0.stop()
        }
    }
    let check = |injected: u64| {
        let options = TaggerOptions { injected: Some(injected), max_idle_calls: 9, ..options() };
        TaggerCheck::NoSilentLoss.run(&mut || Endless(recording()), &options)
    };
    let all = TAGS as u64 + MISSED;
    assert_eq!(check(all), Ok(()));
    assert!(matches!(check(all + 1), Err(Violation::Loss { .. })));
    assert!(matches!(check(all - 1), Err(Violation::Loss { .. })));
}

#[test]
fn a_failing_device_must_fail_as_what_it_is() {
    struct Broken(Option<ErrorKind>);
    impl ErrorType for Broken {
        type Error = ErrorKind;
    }
    impl TimeTagger for Broken {
        fn capabilities(&self) -> Capabilities {
            recording().capabilities()
        }
        fn start(&mut self) -> Result<(), ErrorKind> {
            Ok(())
        }
        fn fill(&mut self, _: TagBlock<'_>) -> Result<Filled, ErrorKind> {
            self.0.map_or(Ok(Filled { len: 0, status: Status::Streaming }), Err)
        }
        fn stop(&mut self) -> Result<(), ErrorKind> {
            Ok(())
        }
    }
    let check = |said| {
        let options = TaggerOptions { max_idle_calls: 100, ..TaggerOptions::default() };
        check_failure(&mut Broken(said), ErrorKind::Disconnected, &options)
    };
    assert_eq!(check(Some(ErrorKind::Disconnected)), Ok(()));
    for said in [None, Some(ErrorKind::Other), Some(ErrorKind::Timeout)] {
        let found = said.filter(|&kind| kind != ErrorKind::Timeout);
        assert_eq!(check(said), Err(Violation::ErrorKind { expected: ErrorKind::Disconnected, found }));
    }
    let whole = check_failure(&mut recording(), ErrorKind::Disconnected, &options());
    assert!(
        matches!(whole, Err(Violation::ErrorKind { found: None, .. })),
        "it ends as if nothing were wrong"
    );
}

#[test]
fn a_violation_says_where_it_is_and_what_to_change() {
    for (violation, expected) in [
        (Violation::TimeDecreased { index: 7, time_ps: 5, before_ps: 9 }, ["tag 7 is at 5 ps", "64 bits"]),
        (
            Violation::Loss { injected: 10, delivered: 8, missed: 1 },
            ["10 events were injected", "ring buffer"],
        ),
        (
            Violation::Loss { injected: 10, delivered: 12, missed: 0 },
            ["12 tags delivered", "delivered twice"],
        ),
        (Violation::Channel { index: 3, channel: 8, channels: 8 }, ["tag 3 is on channel 8", "from 0"]),
        (Violation::Different { block: 0, index: 4 }, ["entry 4", "empty block"]),
        (Violation::Restart { declared: Restart::Rewinds }, ["Rewinds", "really behaves"]),
    ] {
        let said = violation.to_string();
        assert!(expected.iter().all(|part| said.contains(part)), "{said}");
    }
}
