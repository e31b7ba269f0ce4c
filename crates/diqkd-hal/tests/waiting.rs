//! A driver that really waits, behind the generic asynchronous code.

use core::future::poll_fn;
use core::ops::ControlFlow;
use core::pin::pin;
use core::task::{Context, Poll, Waker};

use diqkd_core::{Channel, Setting, TimeTag};
use diqkd_hal::asynch::{Herald, Modulator, Ready, TimeTagger, record};
use diqkd_hal::mock::{Mock, MockError, Playback, Transaction};
use diqkd_hal::{Applied, Capabilities, ErrorKind, ErrorType, Filled, HeraldEvent, Status, TagBlock, Tally};

/// Polls to the end; returns how often the future was pending.
fn run<T>(future: impl Future<Output = T>) -> (T, u32) {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    let mut pending = 0;
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(value) => return (value, pending),
            Poll::Pending => pending += 1,
        }
    }
}

/// Ready at the second poll.
async fn once_pending() {
    let mut waited = false;
    poll_fn(|_| if core::mem::replace(&mut waited, true) { Poll::Ready(()) } else { Poll::Pending }).await;
}

struct Slow(Playback);

impl ErrorType for Slow {
    type Error = ErrorKind;
}

impl TimeTagger for Slow {
    fn capabilities(&self) -> Capabilities {
        diqkd_hal::TimeTagger::capabilities(&self.0)
    }

    async fn start(&mut self) -> Result<(), ErrorKind> {
        diqkd_hal::TimeTagger::start(&mut self.0)
    }

    async fn fill(&mut self, block: TagBlock<'_>) -> Result<Filled, ErrorKind> {
        once_pending().await;
        diqkd_hal::TimeTagger::fill(&mut self.0, block)
    }

    async fn stop(&mut self) -> Result<(), ErrorKind> {
        diqkd_hal::TimeTagger::stop(&mut self.0)
    }
}

impl Herald for Slow {
    async fn next(&mut self) -> Result<HeraldEvent, ErrorKind> {
        once_pending().await;
        Ok(HeraldEvent { time_ps: 3, state: 0 })
    }
}

fn playback() -> Playback {
    let tags = (0..10).map(|i| TimeTag { time_ps: i, channel: Channel(0) }).collect();
    Playback::new(tags, vec![(4, Status::Overflow { missed: 2 })])
}

fn read(tagger: &mut impl TimeTagger<Error = ErrorKind>) -> (Vec<i64>, Tally, u32) {
    let (mut time_ps, mut channel) = ([0; 3], [0; 3]);
    let mut times = Vec::new();
    let block = TagBlock { time_ps: &mut time_ps, channel: &mut channel };
    let (tally, pending) = run(record(tagger, block, |block, _, _| {
        times.extend_from_slice(block);
        ControlFlow::Continue(())
    }));
    (times, tally.expect("no error is injected"), pending)
}

#[test]
fn waiting_changes_when_but_not_what() {
    let (times, tally, pending) = read(&mut Slow(playback()));
    assert_eq!(times, (0..10).collect::<Vec<i64>>());
    assert_eq!((tally.tags, tally.missed, pending), (10, 2, 4));
    let ready = read(&mut Ready(playback()));
    assert_eq!(ready, (times, tally, 0));
    assert_eq!(read(&mut &mut Ready(playback())), ready);
}

#[test]
fn errors_come_through() {
    let (mut time_ps, mut channel) = ([0; 3], [0; 3]);
    let block = TagBlock { time_ps: &mut time_ps, channel: &mut channel };
    let script = [Transaction::Start, Transaction::Fail(ErrorKind::Corrupt), Transaction::Stop];
    let (failed, _) = run(record(&mut Ready(Mock::new(script)), block, |_, _, _| ControlFlow::Continue(())));
    assert_eq!(failed, Err(MockError::Injected { kind: ErrorKind::Corrupt }));
}

#[test]
fn heralds_and_settings_can_be_awaited() {
    let (event, pending) = run(Slow(playback()).next());
    assert_eq!((event, pending), (Ok(HeraldEvent { time_ps: 3, state: 0 }), 1));
    let setting = Setting::from_bit(true);
    let applied = Applied { setting, time_ps: 9 };
    let mut modulator = Ready(Mock::new([Transaction::Apply { setting, at_ps: 5, applied }]));
    assert_eq!(run(modulator.apply(setting, 5)).0, Ok(applied));
}
