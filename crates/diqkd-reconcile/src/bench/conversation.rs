//! Interactive schemes.

use alloc::boxed::Box;
use core::cell::Cell;
use core::time::Duration;

use diqkd_gf2::Bits;

use super::block::Block;
use super::report::{BenchReport, Setting};
use super::tally::{Tally, share_out};
use super::{BenchRequest, Clock};
use crate::class::Mixture;
use crate::error::Error;
use crate::interactive::{Alice, Bob, Interactive, Message, Reaction, converse};

pub(super) fn run(
    request: &BenchRequest,
    mixture: &Mixture,
    scheme: &dyn Interactive,
    now: Clock<'_>,
) -> Result<BenchReport, Error> {
    let tally = share_out(request.frames, |first, step| measure(request, scheme, now, first, step))?;
    let setting = Setting {
        block: request.block,
        frames: request.frames,
        frames_a_block: 1,
        mixture,
        target_failure: request.options.target_failure,
        cap: None,
    };
    Ok(setting.report(&tally))
}

fn measure(
    request: &BenchRequest,
    scheme: &dyn Interactive,
    now: Clock<'_>,
    first: u32,
    step: u32,
) -> Result<Tally, Error> {
    let mut tally = Tally::default();
    for i in (first..request.frames).step_by(step as usize) {
        let Block { alice, bob, .. } = Block::random(request, i);
        let (encoding, decoding) = (Watch::new(now), Watch::new(now));
        let mut alice_end = encoding.time(|| scheme.alice(&alice))?;
        let bob_end = decoding.time(|| scheme.bob(&bob))?;
        let outcome = converse(
            &mut TimedAlice { end: &mut *alice_end, watch: &encoding },
            Box::new(TimedBob { end: bob_end, watch: &decoding }),
        )?;
        tally.encoding += encoding.total.get();
        tally.decoding += decoding.total.get();
        tally.leak_bits += outcome.leak.bits();
        tally.alice_bits += outcome.leak.from_alice_bits();
        tally.bob_bits += outcome.leak.from_bob_bits();
        tally.iterations += outcome.iterations;
        tally.count_trips(outcome.round_trips);
        let right = outcome.satisfied && outcome.estimate == alice;
        tally.failed += u32::from(!right);
        tally.undetected += u32::from(outcome.satisfied && !right);
    }
    Ok(tally)
}

/// Adds up the time that one end takes.
struct Watch<'a> {
    now: Clock<'a>,
    total: Cell<Duration>,
}

impl<'a> Watch<'a> {
    fn new(now: Clock<'a>) -> Self {
        Self { now, total: Cell::new(Duration::ZERO) }
    }

    fn time<T>(&self, work: impl FnOnce() -> T) -> T {
        let start = (self.now)();
        let result = work();
        self.total.set(self.total.get() + (self.now)().saturating_sub(start));
        result
    }
}

struct TimedAlice<'a> {
    end: &'a mut dyn Alice,
    watch: &'a Watch<'a>,
}

impl Alice for TimedAlice<'_> {
    fn open(&mut self) -> Message {
        self.watch.time(|| self.end.open())
    }

    fn answer(&mut self, message: &Message) -> Result<Message, Error> {
        self.watch.time(|| self.end.answer(message))
    }
}

struct TimedBob<'a> {
    end: Box<dyn Bob + 'a>,
    watch: &'a Watch<'a>,
}

impl Bob for TimedBob<'_> {
    fn hear(&mut self, message: &Message) -> Result<Reaction, Error> {
        self.watch.time(|| self.end.hear(message))
    }

    fn estimate(&self) -> Bits {
        self.end.estimate()
    }

    fn satisfied(&self) -> bool {
        self.end.satisfied()
    }

    fn iterations(&self) -> u64 {
        self.end.iterations()
    }
}
