//! Checks for [`TimeTagger`] implementers.

use alloc::vec::Vec;

use diqkd_core::{Channel, TimeTag};

use crate::conformance::violation::Violation;
use crate::error::{Error, ErrorKind};
use crate::record::Tally;
use crate::time_tagger::{Filled, Restart, Status, TagBlock, TimeTagger};

/// How to drive the tagger under test.
#[derive(Clone, Copy, Debug)]
pub struct TaggerOptions {
    /// Number of events that the inputs make in one recording; `None` when it is not known.
    pub injected: Option<u64>,
    /// Whether every tagger that is opened delivers the same recording (a file, a simulation). Live hardware does not,
    /// and the checks that compare two readings are then skipped.
    pub repeatable: bool,
    /// Tags after which a recording without an end is enough.
    pub max_tags: u64,
    /// Calls without a tag after which a tagger counts as hanging.
    pub max_idle_calls: u64,
    /// A counting allocator of the test program; `None` skips the check.
    pub allocations: Option<AllocationProbe>,
    /// Lets time pass, for a reader that is too slow for the tagger's memory, for example
    /// `|| std::thread::sleep(Duration::from_secs(1))`; `None` skips the check.
    pub pause: Option<fn()>,
}

/// Runs its argument and returns how often it allocated memory, for example with the crate `allocation-counter`:
/// `|call| allocation_counter::measure(call).count_total`.
pub type AllocationProbe = fn(&mut dyn FnMut()) -> u64;

impl Default for TaggerOptions {
    fn default() -> Self {
        Self {
            injected: None,
            repeatable: true,
            max_tags: 1 << 20,
            max_idle_calls: 1 << 16,
            allocations: None,
            pause: None,
        }
    }
}

/// One promise of the contract of [`TimeTagger`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TaggerCheck {
    /// Times never decrease, channels exist, lengths and untouched memory are right, gaps are in order.
    MonotoneTime,
    /// Tags delivered plus tags missed are the tags injected.
    NoSilentLoss,
    /// The same when the reader pauses until the tagger's memory is full. Only with [`TaggerOptions::injected`] and
    /// [`TaggerOptions::pause`].
    SlowReader,
    /// The sequence of tags and events does not depend on the block size.
    BlockSize,
    /// Blocks of capacity 0 and of unequal lengths lose nothing.
    OddBlocks,
    /// No tag before start and after stop.
    Stopped,
    /// After the end of the data there is only the end of the data.
    FinalEnd,
    /// A second start continues, rewinds or fails as declared.
    Restart,
    /// A call that fails with a timeout loses nothing. Only where the tagger has timeouts.
    Timeouts,
    /// `fill` does not allocate. Only with [`TaggerOptions::allocations`].
    Allocation,
}

impl TaggerCheck {
    /// Every check.
    pub const ALL: [Self; 10] = [
        Self::MonotoneTime,
        Self::NoSilentLoss,
        Self::SlowReader,
        Self::BlockSize,
        Self::OddBlocks,
        Self::Stopped,
        Self::FinalEnd,
        Self::Restart,
        Self::Timeouts,
        Self::Allocation,
    ];

    /// Runs this check on taggers from `open`.
    ///
    /// # Errors
    /// The first violation.
    pub fn run<T: TimeTagger>(
        self,
        open: &mut impl FnMut() -> T,
        options: &TaggerOptions,
    ) -> Result<(), Violation> {
        match self {
            Self::MonotoneTime => {
                let capabilities = open().capabilities();
                if capabilities.resolution_ps == 0 || capabilities.channels == 0 {
                    return Err(Violation::Capabilities);
                }
                read_all(&mut open(), 256, options).map(drop)
            }
            Self::NoSilentLoss => no_silent_loss(&mut open(), options, None),
            Self::SlowReader => match options.pause {
                Some(pause) => no_silent_loss(&mut open(), options, Some(pause)),
                None => Ok(()),
            },
            Self::BlockSize => block_size(open, options),
            Self::OddBlocks => odd_blocks(open, options),
            Self::Stopped => stopped(open),
            Self::FinalEnd => final_end(open, options),
            Self::Restart => restart(open, options),
            Self::Timeouts => timeouts(open, options),
            Self::Allocation => allocation(open, options),
        }
    }
}

/// Runs every check of [`TaggerCheck::ALL`].
///
/// # Errors
/// The first violation.
pub fn check_tagger<T: TimeTagger>(
    mut open: impl FnMut() -> T,
    options: &TaggerOptions,
) -> Result<(), Violation> {
    TaggerCheck::ALL.into_iter().try_for_each(|check| check.run(&mut open, options))
}

/// Checks that a replay delivers exactly what the live tagger delivered: tags and events, whatever the block sizes.
///
/// # Errors
/// [`Violation::Different`], or what is wrong with either recording alone.
pub fn check_replay<L: TimeTagger, R: TimeTagger>(
    live: &mut L,
    replay: &mut R,
    options: &TaggerOptions,
) -> Result<(), Violation> {
    let reference = read_all(live, 256, options)?;
    read_all(replay, 100, options)?.compare(&reference, 100)
}

/// A recording read to its end, or to [`TaggerOptions::max_tags`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Recording {
    /// The tags.
    pub tags: Vec<TimeTag>,
    /// What happened, after how many tags; without `Streaming` and `EndOfData`.
    pub events: Vec<(u64, Status)>,
    /// The sums.
    pub tally: Tally,
    /// Whether the data ended.
    pub ended: bool,
    /// Calls that failed with a timeout.
    pub timeouts: u64,
}

impl Recording {
    /// Compares with a reference; a recording without an end is compared as far as both go.
    fn compare(&self, reference: &Self, block: usize) -> Result<(), Violation> {
        let tags = self.tags.iter().zip(&reference.tags).position(|(a, b)| a != b);
        let both_ended = self.ended && reference.ended;
        let lengths = (both_ended && self.tags.len() != reference.tags.len())
            .then(|| self.tags.len().min(reference.tags.len()));
        if let Some(index) = tags.or(lengths) {
            return Err(Violation::Different { block, index: index as u64 });
        }
        let common = self.tags.len().min(reference.tags.len()) as u64;
        let known = |events: &[(u64, Status)]| -> Vec<(u64, Status)> {
            events.iter().copied().filter(|(after, _)| both_ended || *after < common).collect()
        };
        let (mine, theirs) = (known(&self.events), known(&reference.events));
        if mine != theirs {
            let event = mine.iter().zip(&theirs).find(|(a, b)| a != b).map(|(a, b)| a.0.min(b.0));
            return Err(Violation::Different { block, index: event.unwrap_or(common) });
        }
        Ok(())
    }
}

/// Starts a tagger, reads it in blocks of `block` tags, checks every block on the way, and stops it.
///
/// # Errors
/// The first violation of the promises that concern single blocks.
pub fn read_all<T: TimeTagger>(
    tagger: &mut T,
    block: usize,
    options: &TaggerOptions,
) -> Result<Recording, Violation> {
    tagger.start().map_err(Violation::driver("start"))?;
    let recording = read_running(tagger, block, options)?;
    tagger.stop().map_err(Violation::driver("stop"))?;
    Ok(recording)
}

fn read_running<T: TimeTagger>(
    tagger: &mut T,
    block: usize,
    options: &TaggerOptions,
) -> Result<Recording, Violation> {
    let channels = tagger.capabilities().channels;
    let mut memory = Memory::new(block, block);
    let mut recording = Recording::default();
    let mut last_ps = None;
    let mut idle = 0;
    while !recording.ended && (recording.tags.len() as u64) < options.max_tags {
        let filled = match memory.fill(tagger)? {
            Some(filled) => filled,
            None => {
                recording.timeouts += 1;
                Filled { len: 0, status: Status::Streaming }
            }
        };
        idle = if filled.len == 0 { idle + 1 } else { 0 };
        if idle > options.max_idle_calls {
            return Err(Violation::NoProgress { calls: idle });
        }
        recording.tally.count(filled);
        for tag in memory.tags(filled.len) {
            let index = recording.tags.len() as u64;
            if tag.channel.0 >= channels {
                return Err(Violation::Channel { index, channel: tag.channel.0, channels });
            }
            if let Some(before_ps) = last_ps.filter(|&before| tag.time_ps < before) {
                return Err(Violation::TimeDecreased { index, time_ps: tag.time_ps, before_ps });
            }
            last_ps = Some(tag.time_ps);
            recording.tags.push(tag);
        }
        match filled.status {
            Status::Streaming => continue,
            Status::EndOfData => recording.ended = true,
            Status::Gap { from_ps, to_ps } if to_ps < from_ps => {
                return Err(Violation::Gap { from_ps, to_ps });
            }
            Status::SyncLost => last_ps = None,
            Status::Gap { .. } | Status::Overflow { .. } => {}
        }
        if filled.status != Status::EndOfData {
            recording.events.push((recording.tags.len() as u64, filled.status));
        }
    }
    Ok(recording)
}

/// Reads until everything that was injected is accounted for, the data end or nothing comes any more, with a pause
/// before the first and the second block if there is one.
fn no_silent_loss<T: TimeTagger>(
    tagger: &mut T,
    options: &TaggerOptions,
    pause: Option<fn()>,
) -> Result<(), Violation> {
    let Some(injected) = options.injected else { return Ok(()) };
    tagger.start().map_err(Violation::driver("start"))?;
    let mut memory = Memory::new(256, 256);
    let mut tally = Tally::default();
    let (mut idle, mut blocks) = (0, 0u64);
    // One idle call more, for a tag too many.
    while idle <= options.max_idle_calls && tally.tags.saturating_add(tally.missed) <= injected {
        if let Some(pause) = pause.filter(|_| blocks < 2) {
            pause();
        }
        blocks += 1;
        let nothing = Filled { len: 0, status: Status::Streaming };
        let filled = memory.fill(tagger)?.unwrap_or(nothing);
        idle = if filled.len == 0 { idle + 1 } else { 0 };
        tally.count(filled);
        if filled.status == Status::EndOfData {
            break;
        }
    }
    tagger.stop().map_err(Violation::driver("stop"))?;
    let Tally { tags: delivered, missed, .. } = tally;
    if delivered.saturating_add(missed) == injected {
        Ok(())
    } else {
        Err(Violation::Loss { injected, delivered, missed })
    }
}

/// Checks how a driver reports a device that fails: `tagger` is one whose device has been unplugged, or made to fail
/// in another way, and must say so with an error of the kind `expected`. It may deliver tags before, but neither end
/// the data nor stay silent.
///
/// # Errors
/// [`Violation::ErrorKind`] with what it said instead.
pub fn check_failure<T: TimeTagger>(
    tagger: &mut T,
    expected: ErrorKind,
    options: &TaggerOptions,
) -> Result<(), Violation> {
    let verdict = |found: Option<ErrorKind>| {
        if found == Some(expected) { Ok(()) } else { Err(Violation::ErrorKind { expected, found }) }
    };
    if let Err(error) = tagger.start() {
        return verdict(Some(error.kind()));
    }
    let mut memory = Memory::new(256, 256);
    let mut idle = 0;
    while idle <= options.max_idle_calls {
        match tagger.fill(memory.block()) {
            Err(error) if error.kind() == ErrorKind::Timeout && expected != ErrorKind::Timeout => idle += 1,
            Err(error) => return verdict(Some(error.kind())),
            Ok(Filled { status: Status::EndOfData, .. }) => return verdict(None),
            Ok(Filled { len, .. }) => idle = if len == 0 { idle + 1 } else { 0 },
        }
    }
    verdict(None)
}

fn block_size<T: TimeTagger>(open: &mut impl FnMut() -> T, options: &TaggerOptions) -> Result<(), Violation> {
    if !options.repeatable {
        return Ok(());
    }
    let reference = read_all(&mut open(), 4096, options)?;
    for block in [1, 2, 3, 7, 64, 1000] {
        read_all(&mut open(), block, options)?.compare(&reference, block)?;
    }
    Ok(())
}

fn odd_blocks<T: TimeTagger>(open: &mut impl FnMut() -> T, options: &TaggerOptions) -> Result<(), Violation> {
    let reference = if options.repeatable { Some(read_all(&mut open(), 16, options)?) } else { None };
    let mut tagger = open();
    tagger.start().map_err(Violation::driver("start"))?;
    for (times, channels) in [(0, 0), (8, 0), (0, 8)] {
        if let Some(filled) = Memory::new(times, channels).fill(&mut tagger)? {
            let nothing = Filled { len: 0, status: filled.status };
            if filled != nothing || !matches!(filled.status, Status::Streaming | Status::EndOfData) {
                return Err(Violation::Length { len: filled.len, capacity: 0 });
            }
        }
    }
    let rest = read_running(&mut tagger, 16, options)?;
    reference.map_or(Ok(()), |reference| rest.compare(&reference, 0))
}

fn stopped<T: TimeTagger>(open: &mut impl FnMut() -> T) -> Result<(), Violation> {
    let mut tagger = open();
    silent(&mut tagger)?;
    tagger.start().map_err(Violation::driver("start"))?;
    tagger.start().map_err(Violation::driver("start of a running tagger"))?;
    Memory::new(4, 4).fill(&mut tagger)?;
    tagger.stop().map_err(Violation::driver("stop"))?;
    tagger.stop().map_err(Violation::driver("stop of a stopped tagger"))?;
    silent(&mut tagger)
}

/// A stopped tagger may fail, but not deliver.
fn silent<T: TimeTagger>(tagger: &mut T) -> Result<(), Violation> {
    match Memory::new(4, 4).fill(tagger) {
        Ok(Some(filled)) if filled.len > 0 => Err(Violation::WhileStopped { len: filled.len }),
        Ok(_) | Err(Violation::Driver { .. }) => Ok(()),
        Err(other) => Err(other),
    }
}

fn final_end<T: TimeTagger>(open: &mut impl FnMut() -> T, options: &TaggerOptions) -> Result<(), Violation> {
    let mut tagger = open();
    tagger.start().map_err(Violation::driver("start"))?;
    if !read_running(&mut tagger, 64, options)?.ended {
        return Ok(());
    }
    let mut memory = Memory::new(8, 8);
    let end = Filled { len: 0, status: Status::EndOfData };
    for _ in 0..3 {
        if memory.fill(&mut tagger)?.is_some_and(|filled| filled != end) {
            return Err(Violation::AfterEnd);
        }
    }
    Ok(())
}

fn restart<T: TimeTagger>(open: &mut impl FnMut() -> T, options: &TaggerOptions) -> Result<(), Violation> {
    let mut tagger = open();
    tagger.start().map_err(Violation::driver("start"))?;
    let few = TaggerOptions { max_tags: options.max_tags.min(100), ..*options };
    let first = read_running(&mut tagger, 10, &few)?;
    tagger.stop().map_err(Violation::driver("stop"))?;
    let restarted = tagger.start();
    let holds = match (tagger.capabilities().restart, restarted) {
        (Restart::Unsupported, Err(error)) => error.kind() == ErrorKind::Unsupported,
        (Restart::Unsupported, Ok(())) => false,
        (_, Err(error)) => return Err(Violation::Driver { call: "second start", kind: error.kind() }),
        (Restart::Rewinds, Ok(())) => read_running(&mut tagger, 10, &few)?.compare(&first, 10).is_ok(),
        (Restart::Continues, Ok(())) => {
            let second = read_running(&mut tagger, 10, &few)?;
            let synchronous = first.tally.sync_losses + second.tally.sync_losses == 0;
            !synchronous
                || match (first.tags.last(), second.tags.first()) {
                    (Some(before), Some(after)) => before.time_ps <= after.time_ps,
                    _ => true,
                }
        }
    };
    if holds { Ok(()) } else { Err(Violation::Restart { declared: tagger.capabilities().restart }) }
}

fn timeouts<T: TimeTagger>(open: &mut impl FnMut() -> T, options: &TaggerOptions) -> Result<(), Violation> {
    let reading = read_all(&mut open(), 5, options)?;
    if reading.timeouts == 0 {
        return Ok(());
    }
    if let (Some(injected), true) = (options.injected, reading.ended) {
        let Tally { tags: delivered, missed, .. } = reading.tally;
        if delivered.saturating_add(missed) != injected {
            return Err(Violation::Loss { injected, delivered, missed });
        }
    }
    if options.repeatable { reading.compare(&read_all(&mut open(), 64, options)?, 5) } else { Ok(()) }
}

fn allocation<T: TimeTagger>(open: &mut impl FnMut() -> T, options: &TaggerOptions) -> Result<(), Violation> {
    let Some(allocations) = options.allocations else { return Ok(()) };
    let mut tagger = open();
    let mut memory = Memory::new(64, 64);
    tagger.start().map_err(Violation::driver("start"))?;
    let mut tags = 0;
    for _ in 0..options.max_idle_calls {
        let mut filled = Ok(Filled { len: 0, status: Status::Streaming });
        let count = allocations(&mut || filled = tagger.fill(memory.block()));
        if count > 0 {
            return Err(Violation::Allocation { count });
        }
        match filled {
            Ok(Filled { status: Status::EndOfData, .. }) => break,
            Ok(filled) => tags += filled.len as u64,
            Err(error) if error.kind().is_transient() => {}
            Err(error) => return Err(Violation::Driver { call: "fill", kind: error.kind() }),
        }
        if tags >= options.max_tags {
            break;
        }
    }
    Ok(())
}

/// A block whose untouched places are recognised.
struct Memory {
    time_ps: Vec<i64>,
    channel: Vec<u16>,
}

impl Memory {
    fn new(times: usize, channels: usize) -> Self {
        Self { time_ps: alloc::vec![MARK_PS; times], channel: alloc::vec![MARK; channels] }
    }

    fn block(&mut self) -> TagBlock<'_> {
        TagBlock { time_ps: &mut self.time_ps, channel: &mut self.channel }
    }

    /// One call with all places marked before; `None` when it failed with a timeout.
    fn fill<T: TimeTagger>(&mut self, tagger: &mut T) -> Result<Option<Filled>, Violation> {
        self.time_ps.fill(MARK_PS);
        self.channel.fill(MARK);
        let capacity = self.block().capacity();
        let (len, filled) = match tagger.fill(self.block()) {
            Ok(filled) => (filled.len, Some(filled)),
            Err(error) if error.kind().is_transient() => (0, None),
            Err(error) => return Err(Violation::Driver { call: "fill", kind: error.kind() }),
        };
        if len > capacity {
            return Err(Violation::Length { len, capacity });
        }
        let times = self.time_ps[len..].iter().position(|&time| time != MARK_PS);
        let channels = self.channel[len..].iter().position(|&channel| channel != MARK);
        match times.or(channels) {
            Some(_) if filled.is_none() => {
                let untouched = self.time_ps.iter().rev().take_while(|&&time| time == MARK_PS).count();
                Err(Violation::FailedAfterTags { written: self.time_ps.len() - untouched })
            }
            Some(place) => Err(Violation::Tail { place: len + place, len }),
            None => Ok(filled),
        }
    }

    fn tags(&self, len: usize) -> impl Iterator<Item = TimeTag> + '_ {
        let pairs = self.time_ps.iter().zip(&self.channel).take(len);
        pairs.map(|(&time_ps, &channel)| TimeTag { time_ps, channel: Channel(channel) })
    }
}

const MARK_PS: i64 = i64::MIN + 0x5a5a;
const MARK: u16 = 0xa5a5;
