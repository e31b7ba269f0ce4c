//! The times of common events of two recordings, read side by side as far as somebody asks for them.

use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use diqkd_timetag::formats::{Fault, TagSink};

use super::reading::Reading;
use crate::answer::Failure;

/// One recording's events from some time on, in order: those that are still needed, and the others one block at a time.
#[derive(Debug)]
pub(super) struct Events {
    blocks: Receiver<Vec<i64>>,
    times: Vec<i64>,
    /// The first one that is still needed.
    start: usize,
    ended: bool,
}

/// Reads two recordings at the same time, of each the channels that are `wanted`, for as long as `follow` asks for more.
/// Memory is what `follow` keeps and a few blocks.
///
/// Whatever `follow` finds, a recording that can't be read to its end is an error.
pub(super) fn side_by_side<R>(
    reading: &Reading,
    recordings: [(&Path, &(dyn Fn(u16) -> bool + Sync)); 2],
    follow: impl FnOnce(&mut Events, &mut Events) -> R,
) -> Result<R, Failure> {
    thread::scope(|scope| {
        let [(mut a, read_a), (mut b, read_b)] = recordings.map(|(path, wanted)| {
            let (sender, blocks) = sync_channel(BLOCKS);
            let reader = scope.spawn(move || send(reading, path, wanted, sender));
            (Events { blocks, times: Vec::new(), start: 0, ended: false }, reader)
        });
        let result = follow(&mut a, &mut b);
        drop((a, b));
        for reader in [read_a, read_b] {
            reader.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        }
        Ok(result)
    })
}

impl Events {
    /// The events at hand, in order.
    pub(super) fn times(&self) -> &[i64] {
        &self.times[self.start..]
    }

    /// Whether all events have been read.
    pub(super) fn has_ended(&self) -> bool {
        self.ended
    }

    /// Reads the next block; `false` if there is none.
    pub(super) fn read_on(&mut self) -> bool {
        match self.blocks.recv() {
            Ok(block) => {
                // Now and then, so that each event is moved a few times at most.
                if self.start > self.times.len() / 2 {
                    self.times.drain(..self.start);
                    self.start = 0;
                }
                self.times.extend_from_slice(&block);
            }
            Err(_) => self.ended = true,
        }
        !self.ended
    }

    /// Reads on until `count` events are at hand or there are no more.
    pub(super) fn read_up_to(&mut self, count: usize) {
        while self.times().len() < count && self.read_on() {}
    }

    /// Forgets the first `count` events at hand.
    pub(super) fn forget(&mut self, count: usize) {
        self.start = (self.start + count).min(self.times.len());
    }
}

/// Sends the events of a recording in order until it ends; once nobody listens any more it is read for its faults alone.
fn send(
    reading: &Reading,
    path: &Path,
    wanted: &(dyn Fn(u16) -> bool + Sync),
    sender: SyncSender<Vec<i64>>,
) -> Result<(), Failure> {
    let mut sink = Sender { wanted, sender: Some(sender), held: Vec::new(), sent_ps: i64::MIN, fault: None };
    let recording = reading.read(path, &mut sink)?;
    let named = |what: &str| format!("{}: {what}", path.display());
    if let Some(fault) = recording.fatal {
        return Err(Failure::because(named("the recording can't be read to its end"), fault));
    }
    sink.send(i64::MAX);
    if let Some(fault) = sink.fault {
        eprintln!("warning: {}", named(&fault.to_string()));
    }
    Ok(())
}

struct Sender<'a> {
    wanted: &'a (dyn Fn(u16) -> bool + Sync),
    sender: Option<SyncSender<Vec<i64>>>,
    /// Events that have not been sent, because more may come before them or because they are few.
    held: Vec<i64>,
    /// The last one sent.
    sent_ps: i64,
    fault: Option<Fault>,
}

impl Sender<'_> {
    /// Sends what is held of times up to `until_ps`.
    fn send(&mut self, until_ps: i64) {
        // A few late events are normal in recordings of several inputs.
        if !self.held.is_sorted() {
            self.held.sort_unstable();
        }
        let late = self.held.partition_point(|&time| time < self.sent_ps);
        let count = self.held.partition_point(|&time| time <= until_ps);
        let block = self.held.drain(..count).skip(late).collect::<Vec<_>>();
        if let Some(&last) = block.last() {
            self.sent_ps = last;
            if self.sender.as_ref().is_some_and(|sender| sender.send(block).is_err()) {
                self.sender = None;
            }
        }
    }
}

impl TagSink for Sender<'_> {
    fn tags(&mut self, time_ps: &[i64], channel: &[u16]) {
        if self.sender.is_none() {
            return;
        }
        let tags = time_ps.iter().zip(channel);
        self.held.extend(tags.filter(|&(_, &channel)| (self.wanted)(channel)).map(|(&time, _)| time));
        if self.held.len() >= 2 * BLOCK {
            let newest = self.held.iter().max().copied().unwrap_or_default();
            self.send(newest.saturating_sub(LATE_PS));
        }
    }

    fn fault(&mut self, fault: &Fault) {
        self.fault.get_or_insert(*fault);
    }
}

/// By how much an event may come late in a file and still be put in its place; later ones are left out.
const LATE_PS: i64 = 1_000_000_000;
/// Events of a block, at least half of them, and blocks under way.
const BLOCK: usize = 1 << 15;
const BLOCKS: usize = 4;
